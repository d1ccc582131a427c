/**
 * Adding and subtracting numbers of any encoding, as update operations do: with a decimal the result is one; else with a
 * double or float it is a float if that is exact, else a double; else an integer of -2^63 to 2^64 - 1.
 */
import type { ByteWriter } from '../base/index.ts';
import {
  Decimal,
  EXTENSION_TYPE,
  extensionType,
  isValidExtension,
  KIND,
  kindAt,
  payloadLength,
  payloadStart,
  readBigInt,
  readNumber,
  writeBigInt,
  writeDecimal,
  writeDouble,
  writeInteger,
} from '../codec/msgpack/index.ts';

export type Arithmetic =
  /** A number when it is safe, else a bigint. */
  | Readonly<{ kind: 'integer'; value: number | bigint }>
  | Readonly<{ kind: 'float' | 'double'; value: number }>
  | Readonly<{ kind: 'decimal'; value: Decimal }>;

const INTEGER_MIN = -(2n ** 63n);
const INTEGER_MAX = 2n ** 64n - 1n;
const FLOAT_MAX = 2 ** 128 - 2 ** 104;

/** The number at `position`; null for anything else. */
export function readArithmetic(bytes: Uint8Array, position: number): Arithmetic | null {
  switch (kindAt(bytes, position)) {
    case KIND.unsigned:
    case KIND.signed: {
      const value = readNumber(bytes, position);
      return { kind: 'integer', value: Number.isSafeInteger(value) ? value : readBigInt(bytes, position) };
    }
    case KIND.float:
      return { kind: 'float', value: readNumber(bytes, position) };
    case KIND.double:
      return { kind: 'double', value: readNumber(bytes, position) };
    case KIND.extension: {
      if (extensionType(bytes, position) !== EXTENSION_TYPE.decimal || !isValidExtension(bytes, position)) return null;
      const value = Decimal.fromPayload(bytes, payloadStart(bytes, position), payloadLength(bytes, position));
      return { kind: 'decimal', value };
    }
    default:
      return null;
  }
}

export type ArithmeticFailure = 'integer overflow' | 'decimal overflow' | 'not convertible';

/** `left` plus or minus `right`. */
export function computeArithmetic(
  code: '+' | '-',
  left: Arithmetic,
  right: Arithmetic,
): Arithmetic | ArithmeticFailure {
  if (left.kind === 'decimal' || right.kind === 'decimal') return computeDecimal(code, left, right);
  if (left.kind === 'integer' && right.kind === 'integer') return computeInteger(code, left.value, right.value);
  const a = Number(left.value);
  const b = Number(right.value);
  const value = code === '+' ? a + b : a - b;
  return { kind: fitsFloat(value) ? 'float' : 'double', value };
}

/** Whether a float holds the value exactly. */
export function fitsFloat(value: number): boolean {
  return Math.abs(value) <= FLOAT_MAX && Math.fround(value) === value;
}

function computeInteger(
  code: '+' | '-',
  left: number | bigint,
  right: number | bigint,
): Arithmetic | ArithmeticFailure {
  if (typeof left === 'number' && typeof right === 'number') {
    const value = code === '+' ? left + right : left - right;
    if (Number.isSafeInteger(value)) return { kind: 'integer', value };
  }
  const a = BigInt(left);
  const b = BigInt(right);
  const value = code === '+' ? a + b : a - b;
  return value < INTEGER_MIN || value > INTEGER_MAX ? 'integer overflow' : { kind: 'integer', value };
}

function computeDecimal(code: '+' | '-', left: Arithmetic, right: Arithmetic): Arithmetic | ArithmeticFailure {
  const a = toDecimal(left);
  const b = toDecimal(right);
  if (a === null || b === null) return 'not convertible';
  const value = code === '+' ? a.add(b) : a.subtract(b);
  return value === null ? 'decimal overflow' : { kind: 'decimal', value };
}

function toDecimal(number: Arithmetic): Decimal | null {
  if (number.kind === 'decimal') return number.value;
  if (number.kind === 'integer') return Decimal.fromInteger(BigInt(number.value));
  return Decimal.fromDouble(number.value);
}

/** Appends a number in its shortest form; a float as a double where `asDouble`. */
export function writeArithmetic(writer: ByteWriter, number: Arithmetic, asDouble: boolean): void {
  switch (number.kind) {
    case 'integer':
      if (typeof number.value === 'bigint') writeBigInt(writer, number.value);
      else writeInteger(writer, number.value);
      return;
    case 'float':
      return writeFloating(writer, number.value, !asDouble);
    case 'double':
      return writeDouble(writer, number.value);
    case 'decimal':
      return writeDecimal(writer, number.value);
  }
}

/** Appends a float or a double. */
export function writeFloating(writer: ByteWriter, value: number, isFloat: boolean): void {
  if (!isFloat) return writeDouble(writer, value);
  writer.ensure(5);
  writer.bytes[writer.position] = 0xca;
  writer.view.setFloat32(writer.position + 1, value);
  writer.position += 5;
}
