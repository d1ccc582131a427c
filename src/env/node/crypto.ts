/** Digests from Node's OpenSSL. */
import { createHash } from 'node:crypto';
import type { Crypto } from '../index.ts';

export function createCrypto(): Crypto {
  return {
    sha1: (...parts) => digest('sha1', parts),
    sha256: (...parts) => digest('sha256', parts),
    md5: (...parts) => digest('md5', parts),
  };
}

function digest(algorithm: string, parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}
