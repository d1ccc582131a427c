import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textToNumber } from '../../runtime/types.ts';
import { formatFloat, formatSigned, type FormatSpecification, formatUnsigned } from './number-format.ts';

const PLAIN: FormatSpecification = {
  isLeft: false,
  hasSign: false,
  hasSpace: false,
  isAlternate: false,
  hasZeros: false,
  width: 0,
  precision: null,
  letter: 'd',
};
const doubles = fc.double({ noNaN: true });

describe('numbers as printf writes them', () => {
  it('gives enough digits to read the same number back', () => {
    fc.assert(
      fc.property(doubles, fc.constantFrom('g', 'e', 'a'), (value, letter) => {
        const precision = letter === 'a' ? null : 17;
        expect(textToNumber(formatFloat({ ...PLAIN, letter, precision }, value))).toBe(value);
      }),
    );
  });

  it('fills the field and no more', () => {
    fc.assert(
      fc.property(doubles, fc.nat(40), fc.nat(20), fc.constantFrom(...'efgEG'), (value, width, precision, letter) => {
        const narrow = formatFloat({ ...PLAIN, letter, precision }, value);
        const right = formatFloat({ ...PLAIN, letter, precision, width }, value);
        expect(right).toBe(narrow.padStart(width));
        expect(formatFloat({ ...PLAIN, letter, precision, width, isLeft: true }, value)).toBe(narrow.padEnd(width));
      }),
    );
  });

  it('writes integers in any base', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (value) => {
        expect(BigInt(`0x${formatUnsigned({ ...PLAIN, letter: 'x' }, value)}`)).toBe(value);
        expect(BigInt(`0o${formatUnsigned({ ...PLAIN, letter: 'o' }, value)}`)).toBe(value);
        expect(formatUnsigned({ ...PLAIN, letter: 'u' }, value)).toBe(String(value));
      }),
    );
    expect(formatSigned({ ...PLAIN, width: 6, hasZeros: true }, -42)).toBe('-00042');
    expect(formatSigned({ ...PLAIN, hasSign: true, precision: 3 }, 7)).toBe('+007');
  });
});
