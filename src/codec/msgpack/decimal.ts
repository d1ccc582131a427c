/**
 * Decimal numbers as Tarantool stores them: extension 1, whose payload is the scale as a MessagePack integer and the
 * digits as packed BCD, the last nibble being the sign (A, C, E, F plus; B, D minus).
 * A Decimal has at most 38 significant digits and a scale of -37 to 38; what does not fit is rounded half away from zero
 * to as many digits as fit, and refused above 10^38. The scale is kept: 1.20 and 1.2 are equal, yet written differently.
 */
import { assert, type ByteWriter } from '../../base/index.ts';
import { readNumber, writeExtensionHeader, writeInteger } from './numbers.ts';
import { KIND, kindAt, skipValue } from './skip.ts';

export const DECIMAL_DIGITS_MAX = 38;
const SCALE_MAX = DECIMAL_DIGITS_MAX;
const EXPONENT_MAX = DECIMAL_DIGITS_MAX - 1;
const DECIMAL_TYPE = 1;
const TEXT = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
/** Exponents beyond this cannot be told apart: the value is zero, or refused, either way. */
const EXPONENT_OF_TEXT_MAX = 100_000;
const DOUBLE_DIGITS = 15;

function powerOfTen(exponent: number): bigint {
  return 10n ** BigInt(exponent);
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function divideHalfUp(value: bigint, divisor: bigint): bigint {
  const quotient = (magnitude(value) * 2n + divisor) / (divisor * 2n);
  return value < 0n ? -quotient : quotient;
}

/** A decimal number: mantissa * 10^-scale. */
export class Decimal {
  readonly mantissa: bigint;
  readonly scale: number;
  /** Only zero needs it: the sign of any other value is its mantissa's. */
  readonly isNegativeZero: boolean;

  /** For values known to fit; others go through `rounded`. */
  constructor(mantissa: bigint, scale: number, isNegativeZero = false) {
    this.mantissa = mantissa;
    this.scale = scale;
    this.isNegativeZero = isNegativeZero && mantissa === 0n;
  }

  /** The value rounded to what a decimal can hold, null if it is 10^38 or more. */
  static rounded(mantissa: bigint, scale: number, isNegativeZero = false): Decimal | null {
    const digits = mantissa === 0n ? 1 : magnitude(mantissa).toString().length;
    const excess = Math.max(digits - DECIMAL_DIGITS_MAX, scale - SCALE_MAX, 0);
    if (excess > 0) {
      const isNegative = mantissa < 0n || isNegativeZero;
      const shortened = excess > digits ? 0n : divideHalfUp(mantissa, powerOfTen(excess));
      return Decimal.rounded(shortened, scale - excess, isNegative);
    }
    if (mantissa === 0n) return new Decimal(0n, Math.max(scale, -EXPONENT_MAX), isNegativeZero);
    if (digits - 1 - scale > EXPONENT_MAX) return null;
    return new Decimal(mantissa, scale);
  }

  /** The number that a text spells: digits, a point, an exponent; null for anything else and for 10^38 or more. */
  static parse(text: string): Decimal | null {
    const match = TEXT.exec(text);
    if (match === null) return null;
    const [, sign, whole = '', fraction = '', exponentText = '0'] = match;
    if (whole === '' && fraction === '') return null;
    const exponent = Number(exponentText);
    const digits = BigInt(whole + fraction);
    const limited = Math.max(-EXPONENT_OF_TEXT_MAX, Math.min(EXPONENT_OF_TEXT_MAX, exponent));
    return Decimal.rounded(sign === '-' ? -digits : digits, fraction.length - limited, sign === '-');
  }

  /** A double to 15 significant digits, as Tarantool converts; null for NaN, infinities and 10^38 or more. */
  static fromDouble(value: number): Decimal | null {
    if (!Number.isFinite(value)) return null;
    const [significand, exponentText] = Math.abs(value)
      .toExponential(DOUBLE_DIGITS - 1)
      .split('e') as [string, string];
    const digits = significand.replace('.', '').replace(/0+$/, '') || '0';
    const exponent = Number(exponentText);
    const isNegative = value < 0 || Object.is(value, -0);
    let mantissa = BigInt(digits);
    let scale = digits.length - 1 - exponent;
    if (scale < 0 && exponent < DOUBLE_DIGITS) {
      mantissa *= powerOfTen(-scale);
      scale = 0;
    }
    return Decimal.rounded(isNegative ? -mantissa : mantissa, scale, isNegative);
  }

  /** The shortest decimal that reads back as this finite double, with no limit to the scale: for comparing only. */
  static fromShortest(value: number): Decimal {
    const [significand, exponentText = '0'] = String(value).split('e') as [string, string?];
    const [whole, fraction = ''] = significand.split('.') as [string, string?];
    const scale = fraction.length - Number(exponentText);
    const mantissa = BigInt(whole + fraction);
    return scale < 0 ? new Decimal(mantissa * powerOfTen(-scale), 0) : new Decimal(mantissa, scale);
  }

  static fromInteger(value: bigint): Decimal {
    return new Decimal(value, 0);
  }

  /** Reads a payload that `isDecimalPayload` accepts. */
  static fromPayload(bytes: Uint8Array, start: number, length: number): Decimal {
    const end = start + length;
    let mantissa = 0n;
    const digitsAt = skipValue(bytes, start);
    const count = (end - digitsAt) * 2 - 1;
    for (let index = 0; index < count; index++) mantissa = mantissa * 10n + BigInt(nibbleAt(bytes, digitsAt, index));
    const isNegative = isMinus(bytes[end - 1]!);
    return new Decimal(isNegative ? -mantissa : mantissa, readNumber(bytes, start), isNegative);
  }

  /** The sum, rounded to 38 digits; null if it is 10^38 or more. */
  add(other: Decimal): Decimal | null {
    const scale = Math.max(this.scale, other.scale);
    const mantissa = this.#mantissaAt(scale) + other.#mantissaAt(scale);
    return Decimal.rounded(mantissa, scale, this.isNegativeZero && other.isNegativeZero);
  }

  /** The difference, as `add`. */
  subtract(other: Decimal): Decimal | null {
    return this.add(other.negated());
  }

  negated(): Decimal {
    return new Decimal(-this.mantissa, this.scale, this.mantissa === 0n && !this.isNegativeZero);
  }

  /** Negative, 0 or positive as this number is below, equal to or above the other. */
  compare(other: Decimal): number {
    const scale = Math.max(this.scale, other.scale);
    const one = this.#mantissaAt(scale);
    const two = other.#mantissaAt(scale);
    return one < two ? -1 : one > two ? 1 : 0;
  }

  equals(other: Decimal): boolean {
    return this.compare(other) === 0;
  }

  #mantissaAt(scale: number): bigint {
    return scale === this.scale ? this.mantissa : this.mantissa * powerOfTen(scale - this.scale);
  }

  /** Without an exponent, all digits of the scale written: `1.20`, `100000`. */
  toString(): string {
    const sign = this.mantissa < 0n || this.isNegativeZero ? '-' : '';
    const digits = magnitude(this.mantissa).toString();
    if (this.scale <= 0) return sign + digits + '0'.repeat(-this.scale);
    const padded = digits.padStart(this.scale + 1, '0');
    return `${sign}${padded.slice(0, -this.scale)}.${padded.slice(-this.scale)}`;
  }

  toNumber(): number {
    return Number(this.toString());
  }
}

/** Appends a decimal as an extension, header and all. */
export function writeDecimal(writer: ByteWriter, value: Decimal): void {
  assert(value.scale <= SCALE_MAX && value.scale >= -EXPONENT_MAX, 'a written decimal has a scale that can be read');
  const digits = magnitude(value.mantissa).toString();
  const packedBytes = (digits.length >> 1) + 1;
  const scaleBytes = value.scale < -0x20 ? 2 : 1;
  writeExtensionHeader(writer, DECIMAL_TYPE, scaleBytes + packedBytes);
  writeInteger(writer, value.scale);
  const nibbles = digits.padStart(packedBytes * 2 - 1, '0');
  const sign = value.mantissa < 0n || value.isNegativeZero ? 0x0d : 0x0c;
  for (let index = 0; index < packedBytes; index++) {
    const high = nibbles.charCodeAt(index * 2) - 0x30;
    const low = index === packedBytes - 1 ? sign : nibbles.charCodeAt(index * 2 + 1) - 0x30;
    writer.writeByte((high << 4) | low);
  }
}

function nibbleAt(bytes: Uint8Array, digitsAt: number, index: number): number {
  const byte = bytes[digitsAt + (index >> 1)]!;
  return (index & 1) === 0 ? byte >> 4 : byte & 0x0f;
}

function isMinus(lastByte: number): boolean {
  const sign = lastByte & 0x0f;
  return sign === 0x0d || sign === 0x0b;
}

/** Whether `length` bytes at `start` are a well-formed decimal. */
export function isDecimalPayload(bytes: Uint8Array, start: number, length: number): boolean {
  if (length < 2) return false;
  const kind = kindAt(bytes, start);
  if (kind !== KIND.unsigned && kind !== KIND.signed) return false;
  const digitsAt = skipValue(bytes, start);
  if (digitsAt >= start + length) return false;
  const scale = readNumber(bytes, start);
  if (scale > SCALE_MAX || scale < -EXPONENT_MAX) return false;
  const count = (start + length - digitsAt) * 2 - 1;
  for (let index = 0; index < count; index++) if (nibbleAt(bytes, digitsAt, index) > 9) return false;
  if ((bytes[start + length - 1]! & 0x0f) <= 9) return false;
  return count - leadingZeros(bytes, digitsAt, count) <= DECIMAL_DIGITS_MAX;
}

function leadingZeros(bytes: Uint8Array, digitsAt: number, count: number): number {
  let zeros = 0;
  while (zeros < count && nibbleAt(bytes, digitsAt, zeros) === 0) zeros++;
  return zeros;
}

/** Compares two well-formed payloads by value, without decoding them. */
export function compareDecimalPayloads(
  aBytes: Uint8Array,
  aStart: number,
  aLength: number,
  bBytes: Uint8Array,
  bStart: number,
  bLength: number,
): number {
  const aDigits = skipValue(aBytes, aStart);
  const bDigits = skipValue(bBytes, bStart);
  const aCount = (aStart + aLength - aDigits) * 2 - 1;
  const bCount = (bStart + bLength - bDigits) * 2 - 1;
  const aZeros = leadingZeros(aBytes, aDigits, aCount);
  const bZeros = leadingZeros(bBytes, bDigits, bCount);
  const aSign = aZeros === aCount ? 0 : isMinus(aBytes[aStart + aLength - 1]!) ? -1 : 1;
  const bSign = bZeros === bCount ? 0 : isMinus(bBytes[bStart + bLength - 1]!) ? -1 : 1;
  if (aSign !== bSign || aSign === 0) return aSign - bSign;
  const aWhole = aCount - aZeros - readNumber(aBytes, aStart);
  const bWhole = bCount - bZeros - readNumber(bBytes, bStart);
  if (aWhole !== bWhole) return aWhole < bWhole ? -aSign : aSign;
  const length = Math.max(aCount - aZeros, bCount - bZeros);
  for (let index = 0; index < length; index++) {
    const aDigit = aZeros + index < aCount ? nibbleAt(aBytes, aDigits, aZeros + index) : 0;
    const bDigit = bZeros + index < bCount ? nibbleAt(bBytes, bDigits, bZeros + index) : 0;
    if (aDigit !== bDigit) return aDigit < bDigit ? -aSign : aSign;
  }
  return 0;
}

/** Powers of ten that a double holds exactly. */
const EXACT_POWERS = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** The double nearest to a well-formed payload; nothing is allocated up to 15 digits. */
export function decimalPayloadToNumber(bytes: Uint8Array, start: number, length: number): number {
  const digitsAt = skipValue(bytes, start);
  const count = (start + length - digitsAt) * 2 - 1;
  const zeros = leadingZeros(bytes, digitsAt, count);
  const scale = readNumber(bytes, start);
  if (count - zeros > DOUBLE_DIGITS || Math.abs(scale) >= EXACT_POWERS.length) {
    return Decimal.fromPayload(bytes, start, length).toNumber();
  }
  let value = 0;
  for (let index = zeros; index < count; index++) value = value * 10 + nibbleAt(bytes, digitsAt, index);
  if (value === 0) return 0;
  value = scale >= 0 ? value / EXACT_POWERS[scale]! : value * EXACT_POWERS[-scale]!;
  return isMinus(bytes[start + length - 1]!) ? -value : value;
}
