import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../../codec/msgpack/index.ts';
import {
  decimalLogarithm,
  divide,
  exponential,
  multiply,
  naturalLogarithm,
  power,
  remainder,
  rescale,
  round,
  squareRoot,
} from './decimal-arithmetic.ts';

function decimal(text: string): Decimal {
  const value = Decimal.parse(text);
  if (value === null) throw new Error(`${text} is no decimal`);
  return value;
}

const DECIMALS = fc
  .tuple(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.integer({ min: 0, max: 12 }))
  .map(([mantissa, scale]) => new Decimal(mantissa, scale));
const POSITIVE = fc
  .tuple(fc.bigInt({ min: 1n, max: 10n ** 15n }), fc.integer({ min: 0, max: 12 }))
  .map(([mantissa, scale]) => new Decimal(mantissa, scale));

function text(value: Decimal | null): string | null {
  return value === null ? null : value.toString();
}

describe('arithmetic of decimals', () => {
  it('multiplies and divides exactly where 38 digits allow it', () => {
    fc.assert(
      fc.property(DECIMALS, POSITIVE, (left, right) => {
        const product = multiply(left, right);
        expect(product).not.toBeNull();
        expect(divide(product!, right)!.equals(left)).toBe(true);
      }),
    );
  });

  it('has quotient and rest make up the dividend', () => {
    fc.assert(
      fc.property(DECIMALS, POSITIVE, (left, right) => {
        const rest = remainder(left, right)!;
        const quotient = divide(left.subtract(rest)!, right)!;
        expect(round(quotient, 0).equals(quotient)).toBe(true);
        expect(Number(rest.toString()) * Math.sign(Number(left.toString()))).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('takes the root of a square', () => {
    fc.assert(
      fc.property(POSITIVE, (value) => {
        const square = multiply(value, value)!;
        fc.pre(square.equals(new Decimal(value.mantissa ** 2n, value.scale * 2)));
        expect(squareRoot(square)!.equals(value)).toBe(true);
      }),
    );
  });

  it('gives known constants to 38 digits', () => {
    expect(text(exponential(decimal('1')))).toBe('2.7182818284590452353602874713526624978');
    expect(text(naturalLogarithm(decimal('10')))).toBe('2.3025850929940456840179914546843642076');
    expect(text(decimalLogarithm(decimal('2')))).toBe('0.30102999566398119521373889472449302677');
    expect(text(squareRoot(decimal('2')))).toBe('1.4142135623730950488016887242096980786');
    expect(text(power(decimal('2'), decimal('0.5')))).toBe('1.4142135623730950488016887242096980786');
    expect(text(divide(decimal('2'), decimal('-3')))).toBe('-0.66666666666666666666666666666666666667');
  });

  it('keeps the scale that the operands ask for', () => {
    expect(text(divide(decimal('1.50'), decimal('1.5')))).toBe('1.0');
    expect(text(power(decimal('1.50'), decimal('2')))).toBe('2.2500');
    expect(text(squareRoot(decimal('144.00')))).toBe('12.0');
    expect(text(round(decimal('99.995'), 2))).toBe('100.0');
    expect(text(rescale(decimal('1.5'), 3))).toBe('1.500');
  });

  it('has no result where there is none', () => {
    const zero = decimal('0');
    const one = decimal('1');
    expect([divide(one, zero), remainder(one, zero), power(zero, zero), squareRoot(decimal('-1'))]).toEqual(
      Array(4).fill(null),
    );
    expect([naturalLogarithm(zero), exponential(decimal('88')), multiply(decimal('1e20'), decimal('1e20'))]).toEqual(
      Array(3).fill(null),
    );
  });
});
