/**
 * LuaJIT's `bit` library: 32 bits for numbers, 64 for 64-bit integers. The first of the two kinds decides for shifts, any
 * of the second for the others.
 */
import { Integer64, truncated, wrap } from '../ffi/numbers.ts';
import { checkNumber } from '../runtime/arguments.ts';
import { type LuaTable, tableOf } from '../runtime/table.ts';
import { type LuaFunction, type LuaValue, plainFunction } from '../runtime/values.ts';

type Values = readonly LuaValue[];

export function createBitLibrary(): LuaTable {
  return tableOf({
    tobit: plainFunction((...values) => toBits(values, 1)),
    tohex: plainFunction((...values) => toHexadecimal(values)),
    bnot: unary(
      (word) => ~word,
      (word) => ~word,
    ),
    bswap: unary(swapBytes, (word) => {
      const low = BigInt(swapBytes(Number(BigInt.asIntN(32, word))) >>> 0);
      return (low << 32n) | BigInt(swapBytes(Number(BigInt.asIntN(32, word >> 32n))) >>> 0);
    }),
    band: folding(
      (left, right) => left & right,
      (left, right) => left & right,
    ),
    bor: folding(
      (left, right) => left | right,
      (left, right) => left | right,
    ),
    bxor: folding(
      (left, right) => left ^ right,
      (left, right) => left ^ right,
    ),
    lshift: shift(
      (word, count) => word << count,
      (word, count) => word << count,
    ),
    rshift: shift(
      (word, count) => (word >>> count) | 0,
      (word, count) => BigInt.asUintN(64, word) >> count,
    ),
    arshift: shift(
      (word, count) => word >> count,
      (word, count) => BigInt.asIntN(64, word) >> count,
    ),
    rol: shift(
      (word, count) => (word << count) | (word >>> (32 - count)),
      (word, count) => rotate64(word, count),
    ),
    ror: shift(
      (word, count) => (word >>> count) | (word << (32 - count)),
      (word, count) => rotate64(word, 64n - count),
    ),
  });
}

/** A number's low 32 bits, rounded to the nearest integer, to the even one in the middle. */
function toBits(values: Values, number: number): number {
  const value = values[number - 1];
  if (value instanceof Integer64) return Number(BigInt.asIntN(32, value.value));
  const given = checkNumber(values, number);
  return Number.isInteger(given) ? given | 0 : roundToEven(given) | 0;
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

function toBits64(values: Values, number: number): bigint {
  const value = values[number - 1];
  return value instanceof Integer64 ? value.value : truncated(checkNumber(values, number));
}

function unary(narrow: (word: number) => number, wide: (word: bigint) => bigint): LuaFunction {
  return plainFunction((...values) => {
    const [value] = values;
    if (value instanceof Integer64) return new Integer64(wrap(wide(value.value), value.isUnsigned), value.isUnsigned);
    return narrow(toBits(values, 1)) | 0;
  });
}

function folding(
  narrow: (left: number, right: number) => number,
  wide: (left: bigint, right: bigint) => bigint,
): LuaFunction {
  return plainFunction((...values) => {
    if (values.some((value) => value instanceof Integer64)) {
      const isUnsigned = values.some((value) => value instanceof Integer64 && value.isUnsigned);
      let result = toBits64(values, 1);
      for (let number = 2; number <= values.length; number++) result = wide(result, toBits64(values, number));
      return new Integer64(wrap(result, isUnsigned), isUnsigned);
    }
    let result = toBits(values, 1);
    for (let number = 2; number <= values.length; number++) result = narrow(result, toBits(values, number));
    return result;
  });
}

function shift(
  narrow: (word: number, count: number) => number,
  wide: (word: bigint, count: bigint) => bigint,
): LuaFunction {
  return plainFunction((...values) => {
    const [value] = values;
    if (value instanceof Integer64) {
      const count = toBits64(values, 2) & 63n;
      return new Integer64(wrap(wide(value.value, count), value.isUnsigned), value.isUnsigned);
    }
    const word = toBits(values, 1);
    return narrow(word, toBits(values, 2) & 31) | 0;
  });
}

function swapBytes(word: number): number {
  return (word >>> 24) | ((word >>> 8) & 0xff00) | ((word & 0xff00) << 8) | (word << 24);
}

function rotate64(word: bigint, count: bigint): bigint {
  const bits = BigInt.asUintN(64, word);
  return (bits << count) | (bits >> (64n - count));
}

const DIGITS_MAX = 254;

function toHexadecimal(values: Values): string {
  const [value] = values;
  const isWide = value instanceof Integer64;
  const bits = isWide ? BigInt.asUintN(64, value.value) : BigInt(toBits(values, 1) >>> 0);
  const given = values[1] === undefined ? (isWide ? 16 : 8) : toBits(values, 2);
  const count = Math.min(Math.abs(given), DIGITS_MAX);
  if (count === 0) return '';
  const digits = bits.toString(16).padStart(count, '0').slice(-count);
  return given < 0 ? digits.toUpperCase() : digits;
}
