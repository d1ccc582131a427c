/** Digests depend on their input only: the real ones serve the simulation. */
import { createCipheriv, createDecipheriv, createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import {
  type Cipher,
  type CipherAlgorithm,
  type Crypto,
  CryptoError,
  type DigestAlgorithm,
} from '../../src/env/index.ts';

export function createSimulatedCrypto(): Crypto {
  return {
    sha1: (...parts) => digest('sha1', parts),
    sha256: (...parts) => digest('sha256', parts),
    md5: (...parts) => digest('md5', parts),
    digest: (algorithm, bytes) => attempt(() => digest(algorithm, [bytes])),
    hmac: (algorithm, key, bytes) => attempt(() => keyedDigest(algorithm, key, bytes)),
    pbkdf2: (password, salt, iterations, sizeBytes) =>
      new Uint8Array(pbkdf2Sync(password, salt, iterations, sizeBytes, 'sha256')),
    cipher: openCipher,
  };
}

function digest(algorithm: string, parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

function keyedDigest(algorithm: DigestAlgorithm, key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac(algorithm, key).update(bytes).digest());
}

function openCipher(
  algorithm: CipherAlgorithm,
  direction: 'encrypt' | 'decrypt',
  key: Uint8Array,
  vector: Uint8Array,
): Cipher {
  const open = direction === 'encrypt' ? createCipheriv : createDecipheriv;
  const cipher = attempt(() => open(algorithm, key, vector.length === 0 ? null : vector));
  return {
    update: (bytes) => new Uint8Array(cipher.update(bytes)),
    final: () => attempt(() => new Uint8Array(cipher.final())),
  };
}

function attempt<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw new CryptoError(error instanceof Error ? error.message : String(error));
  }
}
