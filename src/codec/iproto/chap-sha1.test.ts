/** The password proof, against Node's SHA-1 and the hash that a fresh Tarantool stores for guest. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chapSha1Check, chapSha1Hash, chapSha1Scramble, SCRAMBLE_BYTES, type Sha1 } from './chap-sha1.ts';

const sha1: Sha1 = (...parts) => {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

test("guest's hash is that of an empty password", () => {
  expect(Buffer.from(chapSha1Hash(sha1, '')).toString('base64')).toBe('vhvewKp0tNyweZQ+cFKAlsyphfg=');
});

test('only the right password passes, and only the first 20 bytes of the salt count', () => {
  const salt = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(fc.string(), fc.string(), salt, fc.nat(31), (password, other, saltBytes, changed) => {
      const hash = chapSha1Hash(sha1, password);
      const scramble = chapSha1Scramble(sha1, saltBytes, password);
      expect(scramble.length).toBe(SCRAMBLE_BYTES);
      expect(chapSha1Check(sha1, saltBytes, scramble, hash)).toBe(true);
      expect(chapSha1Check(sha1, saltBytes, scramble, chapSha1Hash(sha1, other))).toBe(password === other);
      const altered = saltBytes.with(changed, saltBytes[changed]! ^ 1);
      expect(chapSha1Check(sha1, altered, scramble, hash)).toBe(changed >= 20);
    }),
  );
});
