/**
 * Arithmetic of decimals beyond sums, to 38 significant digits, rounded half away from zero. Results keep the scale that
 * IBM's General Decimal Arithmetic asks for, so that they print the same: a quotient that is exact is not padded.
 * Null stands for what has no result, or one of 10^38 or more.
 */
import { Decimal, DECIMAL_DIGITS_MAX } from '../../../codec/msgpack/index.ts';

/** Digits behind the point while transcendental functions are calculated. */
const WORKING_DIGITS = 100;
const ONE = 10n ** BigInt(WORKING_DIGITS);
/** e^88 is above 10^38; e^-88 is below what 38 places show. */
const EXPONENT_MAX = 88n;
/** Places that a natural logarithm has at most. */
const LOGARITHM_PLACES = 37;
/** Beyond it the power of a base other than 0, 1 and -1 is not between 10^-38 and 10^38. */
const INTEGER_POWER_MAX = 10n ** 40n;
const POWER_DIGITS = 90;
/** Up to it the zeros of a base such as 1.00 count for the result's scale. */
const PLAIN_POWER_MAX = 1000n;

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function powerOfTen(exponent: number): bigint {
  return 10n ** BigInt(exponent);
}

function digitsOf(value: bigint): number {
  return value === 0n ? 1 : magnitude(value).toString().length;
}

function isNegative(value: Decimal): boolean {
  return value.mantissa < 0n || value.isNegativeZero;
}

function divideHalfUp(value: bigint, divisor: bigint): bigint {
  const quotient = (magnitude(value) * 2n + divisor) / (divisor * 2n);
  return value < 0n ? -quotient : quotient;
}

export function absolute(value: Decimal): Decimal {
  return isNegative(value) ? value.negated() : value;
}

export function multiply(left: Decimal, right: Decimal): Decimal | null {
  const isMinus = isNegative(left) !== isNegative(right);
  return Decimal.rounded(left.mantissa * right.mantissa, left.scale + right.scale, isMinus);
}

export function divide(left: Decimal, right: Decimal): Decimal | null {
  if (right.mantissa === 0n) return null;
  const isMinus = isNegative(left) !== isNegative(right);
  const divisor = magnitude(right.mantissa);
  let dividend = right.mantissa < 0n ? -left.mantissa : left.mantissa;
  let scale = left.scale - right.scale;
  if (dividend === 0n) return Decimal.rounded(0n, scale, isMinus);
  const places = exactPlaces(dividend, divisor);
  if (places !== null) {
    const quotient = (dividend * powerOfTen(places)) / divisor;
    if (digitsOf(quotient) <= DECIMAL_DIGITS_MAX) return Decimal.rounded(quotient, scale + places);
  }
  // One digit more than is kept, and a last one that tells whether anything follows: rounding then sees the whole.
  const shift = Math.max(0, DECIMAL_DIGITS_MAX + 2 + digitsOf(divisor) - digitsOf(dividend));
  dividend *= powerOfTen(shift);
  scale += shift;
  const quotient = dividend / divisor;
  const rest = dividend % divisor === 0n ? 0n : dividend < 0n ? -1n : 1n;
  return Decimal.rounded(quotient * 10n + rest, scale + 1);
}

/** Places behind the point of an exact quotient, null if it has no end. */
function exactPlaces(dividend: bigint, divisor: bigint): number | null {
  let rest = divisor / greatestCommonDivisor(magnitude(dividend), divisor);
  let twos = 0;
  let fives = 0;
  for (; rest % 2n === 0n; rest /= 2n) twos++;
  for (; rest % 5n === 0n; rest /= 5n) fives++;
  return rest === 1n ? Math.max(twos, fives) : null;
}

function greatestCommonDivisor(one: bigint, two: bigint): bigint {
  let [a, b] = [one, two];
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

/** The rest with the dividend's sign. */
export function remainder(left: Decimal, right: Decimal): Decimal | null {
  if (right.mantissa === 0n) return null;
  const scale = Math.max(left.scale, right.scale);
  const dividend = left.mantissa * powerOfTen(scale - left.scale);
  const divisor = right.mantissa * powerOfTen(scale - right.scale);
  if (dividend !== 0n && digitsOf(dividend / divisor) > DECIMAL_DIGITS_MAX) return null;
  return Decimal.rounded(dividend % divisor, scale, isNegative(left));
}

/**
 * As it is if it has no more places than that, or the count is not one of 0 to 38. A digit more by a carry takes the last
 * place away: 99.95 with one place is 100.
 */
export function round(value: Decimal, places: number): Decimal {
  if (places < 0 || places > DECIMAL_DIGITS_MAX || places >= value.scale) return value;
  const dropped = value.scale - places;
  const mantissa = divideHalfUp(value.mantissa, powerOfTen(dropped));
  const digits = Math.max(1, digitsOf(value.mantissa) - dropped);
  if (digitsOf(mantissa) > digits) return new Decimal(mantissa / 10n, places - 1);
  return new Decimal(mantissa, places, isNegative(value));
}

/** With exactly so many places; as it is if that takes too many digits. */
export function rescale(value: Decimal, places: number): Decimal {
  if (places < 0 || places > DECIMAL_DIGITS_MAX) return value;
  if (places < value.scale) return round(value, places);
  const added = places - value.scale;
  if (digitsOf(value.mantissa) + added > DECIMAL_DIGITS_MAX) return value;
  return new Decimal(value.mantissa * powerOfTen(added), places, value.isNegativeZero);
}

/** Without zeros at the end behind the point. */
export function trim(value: Decimal): Decimal {
  let { mantissa, scale } = value;
  for (; scale > 0 && mantissa % 10n === 0n; scale--) mantissa /= 10n;
  return new Decimal(mantissa, scale, value.isNegativeZero);
}

/** Digits, those behind the point of a fraction included. */
export function precisionOf(value: Decimal): number {
  const digits = digitsOf(value.mantissa);
  return value.scale > 0 ? Math.max(digits, value.scale) : digits - value.scale;
}

export function squareRoot(value: Decimal): Decimal | null {
  if (value.mantissa < 0n) return null;
  // The scale of an exact root is half of the square's.
  const ideal = Math.ceil(value.scale / 2);
  if (value.mantissa === 0n) return new Decimal(0n, Math.max(0, ideal), value.isNegativeZero);
  const scale = Math.max(ideal, 0) + 2 * DECIMAL_DIGITS_MAX;
  const radicand = value.mantissa * powerOfTen(2 * scale - value.scale);
  const root = integerRoot(radicand);
  if (root * root !== radicand) return Decimal.rounded(root * 10n + 1n, scale + 1);
  return withScaleFrom(root, scale, ideal);
}

/** An exact value without zeros at its end, but with so many places if it can. */
function withScaleFrom(mantissa: bigint, scale: number, ideal: number): Decimal | null {
  let short = mantissa;
  let places = scale;
  for (; places > ideal && short % 10n === 0n; places--) short /= 10n;
  return Decimal.rounded(short, places);
}

function integerRoot(value: bigint): bigint {
  let estimate = powerOfTen((digitsOf(value) >> 1) + 1);
  for (;;) {
    const next = (estimate + value / estimate) >> 1n;
    if (next >= estimate) return estimate;
    estimate = next;
  }
}

/** A fixed-point number of WORKING_DIGITS places to 38 digits. */
function fromFixed(value: bigint): Decimal | null {
  return Decimal.rounded(value, WORKING_DIGITS);
}

function toFixed(value: Decimal): bigint {
  return value.mantissa * powerOfTen(WORKING_DIGITS - value.scale);
}

/** e to the power of a fixed-point number. */
function exponentialOf(value: bigint): bigint {
  const halvings = 20n;
  const reduced = value >> halvings;
  let term = ONE;
  let sum = ONE;
  for (let index = 1n; term !== 0n; index++) {
    term = (term * reduced) / ONE / index;
    sum += term;
  }
  for (let index = 0n; index < halvings; index++) sum = (sum * sum) / ONE;
  return sum;
}

/** The natural logarithm of a positive fixed-point number. */
function logarithmOf(value: bigint): bigint {
  let reduced = value;
  let doublings = 0n;
  for (; reduced > (ONE * 4n) / 3n; doublings++) reduced /= 2n;
  for (; reduced < (ONE * 2n) / 3n; doublings--) reduced *= 2n;
  return 2n * inverseTangent(reduced - ONE, reduced + ONE) + doublings * 2n * inverseTangent(1n, 3n);
}

/** The inverse hyperbolic tangent of a fraction. */
function inverseTangent(numerator: bigint, denominator: bigint): bigint {
  const ratio = (numerator * ONE) / denominator;
  const square = (ratio * ratio) / ONE;
  let power = ratio;
  let sum = ratio;
  for (let index = 3n; power !== 0n; index += 2n) {
    power = (power * square) / ONE;
    sum += power / index;
  }
  return sum;
}

export function exponential(value: Decimal): Decimal | null {
  if (value.mantissa === 0n) return new Decimal(1n, 0);
  const fixed = toFixed(value);
  if (fixed >= EXPONENT_MAX * ONE) return null;
  if (fixed <= -EXPONENT_MAX * ONE) return new Decimal(0n, DECIMAL_DIGITS_MAX);
  return padded(fromFixed(exponentialOf(fixed)));
}

export function naturalLogarithm(value: Decimal): Decimal | null {
  if (value.mantissa <= 0n) return null;
  const logarithm = logarithmOf(toFixed(value));
  if (logarithm === 0n) return new Decimal(0n, 0);
  const result = fromFixed(logarithm);
  return result === null ? null : round(result, LOGARITHM_PLACES);
}

export function decimalLogarithm(value: Decimal): Decimal | null {
  if (value.mantissa <= 0n) return null;
  const { mantissa } = value;
  const zeros = digitsOf(mantissa) - 1;
  if (mantissa === powerOfTen(zeros)) return new Decimal(BigInt(zeros - value.scale), 0);
  return fromFixed((logarithmOf(toFixed(value)) * ONE) / logarithmOf(10n * ONE));
}

/** With all 38 digits, as results are written that are not exact. */
function padded(value: Decimal | null): Decimal | null {
  if (value === null || value.mantissa === 0n) return value;
  const missing = Math.min(DECIMAL_DIGITS_MAX - digitsOf(value.mantissa), DECIMAL_DIGITS_MAX - value.scale);
  return missing <= 0 ? value : new Decimal(value.mantissa * powerOfTen(missing), value.scale + missing);
}

export function power(base: Decimal, exponent: Decimal): Decimal | null {
  if (exponent.mantissa === 0n) return base.mantissa === 0n ? null : new Decimal(1n, 0);
  const whole = trim(exponent);
  if (base.mantissa === 0n) return exponent.mantissa < 0n ? null : new Decimal(0n, 0);
  if (whole.scale <= 0) return integerPower(base, whole.mantissa * powerOfTen(-whole.scale));
  if (base.mantissa < 0n) return null;
  const fixed = (logarithmOf(toFixed(base)) * toFixed(exponent)) / ONE;
  if (fixed >= EXPONENT_MAX * ONE) return null;
  if (fixed <= -EXPONENT_MAX * ONE) return new Decimal(0n, DECIMAL_DIGITS_MAX);
  return padded(fromFixed(exponentialOf(fixed)));
}

/** By squaring; mantissas are cut to far more digits than the result has. */
function integerPower(base: Decimal, exponent: bigint): Decimal | null {
  const unit = trim(base);
  const isUnit = unit.scale === 0 && magnitude(unit.mantissa) === 1n;
  if (!isUnit && magnitude(exponent) > INTEGER_POWER_MAX) return null;
  let result = { mantissa: 1n, scale: 0 };
  let factor: { mantissa: bigint; scale: number } = magnitude(exponent) > PLAIN_POWER_MAX ? unit : base;
  for (let rest = magnitude(exponent); rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = shortened(result.mantissa * factor.mantissa, result.scale + factor.scale);
    factor = shortened(factor.mantissa * factor.mantissa, factor.scale * 2);
  }
  if (exponent < 0n) {
    const inverse = divide(new Decimal(1n, 0), new Decimal(result.mantissa, result.scale));
    return inverse !== null && inverse.mantissa === 0n ? null : inverse;
  }
  const rounded = Decimal.rounded(result.mantissa, result.scale);
  return rounded !== null && rounded.mantissa === 0n && result.scale > 2 * DECIMAL_DIGITS_MAX ? null : rounded;
}

function shortened(mantissa: bigint, scale: number): { mantissa: bigint; scale: number } {
  const excess = digitsOf(mantissa) - POWER_DIGITS;
  return excess <= 0
    ? { mantissa, scale }
    : { mantissa: divideHalfUp(mantissa, powerOfTen(excess)), scale: scale - excess };
}
