import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c } from './crc32c.ts';

/** Bit by bit, from the polynomial's definition. */
function slowCrc(bytes: Uint8Array, seed: number): number {
  let crc = seed;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return crc >>> 0;
}

test('agrees with the definition at every length, offset and seed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), fc.nat(0xffffffff), (bytes, start, seed) => {
      const from = Math.min(start, bytes.length);
      expect(crc32c(bytes, from, bytes.length, seed)).toBe(slowCrc(bytes.subarray(from), seed));
    }),
    { numRuns: 500 },
  );
});

test('with the inversions of RFC 3720 it gives that document its check values', () => {
  const standard = (bytes: Uint8Array): number => ~crc32c(bytes, 0, bytes.length, 0xffffffff) >>> 0;
  expect(standard(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(standard(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(standard(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e);
  expect(standard(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
});

test('can be computed in parts', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, index) => (index * 31) & 0xff);
  expect(crc32c(bytes, 333, 1000, crc32c(bytes, 0, 333))).toBe(crc32c(bytes, 0, 1000));
});
