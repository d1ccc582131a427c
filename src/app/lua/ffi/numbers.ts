/**
 * 64-bit integers as cdata, with LuaJIT's arithmetic: an operation with an unsigned side is unsigned, results wrap, and
 * numbers are cut to integers. Checked on the LuaJIT inside Tarantool 2.6.0.
 */
import type { ByteWriter } from '../../../base/index.ts';
import { writeBigInt } from '../../../codec/msgpack/index.ts';
import { numberToText } from '../runtime/types.ts';
import { type ArithmeticOperator, LuaCdata, type LuaValue } from '../runtime/values.ts';
import { memberError } from './member-error.ts';

const BITS = 64;
const INT64_MIN = -(1n << 63n);

export class Integer64 extends LuaCdata {
  /** Within the range of its type. */
  readonly value: bigint;
  readonly isUnsigned: boolean;

  constructor(value: bigint, isUnsigned: boolean) {
    super();
    this.value = value;
    this.isUnsigned = isUnsigned;
  }

  override get typeName(): string {
    return this.isUnsigned ? 'uint64_t' : 'int64_t';
  }

  override toText(): string {
    return `${this.value}${this.isUnsigned ? 'ULL' : 'LL'}`;
  }

  override index(key: LuaValue): LuaValue {
    throw memberError(this.typeName, key);
  }

  override setIndex(key: LuaValue): void {
    throw memberError(this.typeName, key);
  }

  override writeMsgpack(writer: ByteWriter): boolean {
    writeBigInt(writer, this.value);
    return true;
  }

  override toNumber(): number {
    return Number(this.value);
  }

  override equals(other: LuaValue): boolean | undefined {
    const sides = operands(this, other);
    return sides === null ? undefined : sides.left === sides.right;
  }

  override compare(other: LuaValue): number | undefined {
    const sides = operands(this, other);
    if (sides === null) return undefined;
    return sides.left < sides.right ? -1 : sides.left > sides.right ? 1 : 0;
  }

  override arithmetic(operator: ArithmeticOperator, left: LuaValue, right: LuaValue): LuaValue {
    const sides = operands(left, right);
    if (sides === null) return undefined;
    return new Integer64(wrap(calculate(operator, sides), sides.isUnsigned), sides.isUnsigned);
  }
}

type Operands = Readonly<{ left: bigint; right: bigint; isUnsigned: boolean }>;

/** Both sides as integers of the type of the result; null if one side is no number. */
function operands(left: LuaValue, right: LuaValue): Operands | null {
  const isUnsigned = (left instanceof Integer64 && left.isUnsigned) || (right instanceof Integer64 && right.isUnsigned);
  const a = integerOf(left);
  const b = integerOf(right);
  return a === null || b === null ? null : { left: wrap(a, isUnsigned), right: wrap(b, isUnsigned), isUnsigned };
}

function integerOf(value: LuaValue): bigint | null {
  if (value instanceof Integer64) return value.value;
  return typeof value === 'number' ? truncated(value) : null;
}

/** A number without its fraction, as C converts a double; what has no integer is the smallest one. */
export function truncated(value: number): bigint {
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : INT64_MIN;
}

export function wrap(value: bigint, isUnsigned: boolean): bigint {
  return isUnsigned ? BigInt.asUintN(BITS, value) : BigInt.asIntN(BITS, value);
}

function calculate(operator: ArithmeticOperator, { left, right, isUnsigned }: Operands): bigint {
  switch (operator) {
    case 'add':
      return left + right;
    case 'sub':
      return left - right;
    case 'mul':
      return left * right;
    case 'unm':
      return -left;
    case 'div':
      return right === 0n ? (isUnsigned ? -INT64_MIN : INT64_MIN) : left / right;
    case 'mod':
      return modulo(left, right, isUnsigned);
    case 'pow':
      return power(left, right, isUnsigned);
  }
}

/** As C has it: the result has the dividend's sign. */
function modulo(left: bigint, right: bigint, isUnsigned: boolean): bigint {
  if (right === 0n) return isUnsigned ? -INT64_MIN : INT64_MIN;
  return left % right;
}

function power(base: bigint, exponent: bigint, isUnsigned: boolean): bigint {
  if (exponent < 0n) {
    if (base === 0n) return isUnsigned ? (1n << 64n) - 1n : (1n << 63n) - 1n;
    if (base === 1n) return 1n;
    return base === -1n ? (exponent % 2n === 0n ? 1n : -1n) : 0n;
  }
  let result = 1n;
  let factor = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = wrap(result * factor, isUnsigned);
    factor = wrap(factor * factor, isUnsigned);
  }
  return result;
}

/** `2i`: a complex number without a real part; it can be printed and compared, nothing else. */
export class ImaginaryNumber extends LuaCdata {
  override readonly typeName = 'complex';
  readonly value: number;

  constructor(value: number) {
    super();
    this.value = value;
  }

  override toText(): string {
    return `0${this.value < 0 ? '-' : '+'}${numberToText(Math.abs(this.value))}i`;
  }

  override equals(other: LuaValue): boolean | undefined {
    return other instanceof ImaginaryNumber ? other.value === this.value : undefined;
  }
}

/** From here on integers are 64-bit cdata. */
const NUMBER_LIMIT = 1e14;

/** An integer as Lua has it: a number where that is exact; `exact` is asked for else. */
export function luaInteger(value: number, exact: () => bigint, isUnsigned: boolean): LuaValue {
  return value < NUMBER_LIMIT && value > -NUMBER_LIMIT ? value : new Integer64(exact(), isUnsigned);
}
