import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64, toHexadecimal } from './base64.ts';
import { guavaHash, murmur3 } from './hashes.ts';

const PLAIN = { isWrapped: false, isPadded: true, isUrlSafe: false };
const EVERY_BYTE = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));

describe('hashes', () => {
  it('are those of MurmurHash3 and of Guava', () => {
    expect(murmur3('', 13)).toBe(2512092562);
    expect(murmur3('abc', 13)).toBe(3408160902);
    expect(murmur3('abc', 5)).toBe(3497614365);
    expect([10863919174838991n, 10863919174838992n, 2016238256797177344n].map((state) => guavaHash(state, 11))).toEqual(
      [6, 8, 7],
    );
  });
});

describe('base64', () => {
  it('keeps every byte', () => {
    expect(encodeBase64(EVERY_BYTE, PLAIN)).toBe(Buffer.from(EVERY_BYTE, 'latin1').toString('base64'));
    expect(decodeBase64(encodeBase64(EVERY_BYTE, PLAIN))).toBe(EVERY_BYTE);
    expect(decodeBase64(encodeBase64(EVERY_BYTE, { ...PLAIN, isUrlSafe: true, isPadded: false }))).toBe(EVERY_BYTE);
  });

  it('breaks lines of 72 characters', () => {
    const lines = encodeBase64(EVERY_BYTE, { ...PLAIN, isWrapped: true }).split('\n');
    expect(lines.map((line) => line.length)).toEqual([72, 72, 72, 72, 56]);
    expect(encodeBase64('x'.repeat(54), { ...PLAIN, isWrapped: true })).toHaveLength(72);
  });

  it('skips what is no letter', () => {
    expect(decodeBase64('Y W\nJj!')).toBe('abc');
    expect(toHexadecimal(decodeBase64('YQ==YQ=='))).toBe('610610');
  });
});
