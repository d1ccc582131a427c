import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Crypto } from '../env/index.ts';
import { instanceUuid, replicasetUuid } from './identity.ts';

const digest =
  (algorithm: string) =>
  (...parts: readonly Uint8Array[]): Uint8Array => {
    const hash = createHash(algorithm);
    for (const part of parts) hash.update(part);
    return new Uint8Array(hash.digest());
  };
const crypto: Pick<Crypto, 'md5'> = { md5: digest('md5') };

it('gives the uuids that the guide prints', () => {
  expect(instanceUuid(crypto, 'i1')).toBe('68d4a766-4144-3248-aeb4-e212356716e4');
  expect(replicasetUuid(crypto, 'r1')).toBe('e0df68c5-e7f9-395f-86b3-30ad9e1b7b07');
  expect(replicasetUuid(crypto, 'r2')).toBe('eff4449e-feb2-3d73-87bc-75807cb23191');
});
