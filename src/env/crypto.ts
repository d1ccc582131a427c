/** The port of cryptography: digests, keyed digests, key derivation and ciphers. */

export interface Crypto {
  sha1(...parts: readonly Uint8Array[]): Uint8Array;
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  md5(...parts: readonly Uint8Array[]): Uint8Array;
  /** Throws CryptoError if there is no such algorithm, or it is forbidden. */
  digest(algorithm: DigestAlgorithm, bytes: Uint8Array): Uint8Array;
  /** The same, keyed (RFC 2104). */
  hmac(algorithm: DigestAlgorithm, key: Uint8Array, bytes: Uint8Array): Uint8Array;
  /** PBKDF2 (RFC 8018) with HMAC of SHA-256. */
  pbkdf2(password: Uint8Array, salt: Uint8Array, iterations: number, sizeBytes: number): Uint8Array;
  /** Key and initial vector have the sizes that the cipher asks for. Throws CryptoError as `digest`. */
  cipher(algorithm: CipherAlgorithm, direction: 'encrypt' | 'decrypt', key: Uint8Array, vector: Uint8Array): Cipher;
}

export type DigestAlgorithm = 'md4' | 'md5' | 'ripemd160' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

export type CipherMode = 'cbc' | 'cfb' | 'ecb' | 'ofb';
export type CipherAlgorithm = `${'aes-128' | 'aes-192' | 'aes-256' | 'des'}-${CipherMode}`;

/** A text on its way through a cipher. */
export interface Cipher {
  update(bytes: Uint8Array): Uint8Array;
  /** The rest, once. Throws CryptoError if what was decrypted is not well formed. */
  final(): Uint8Array;
}

/** The message is the library's own. */
export class CryptoError extends Error {
  override readonly name = 'CryptoError';
}
