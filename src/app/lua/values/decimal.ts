/** The library `decimal` and its values: numbers of 38 digits with the operators of numbers. */
import type { ByteWriter } from '../../../base/index.ts';
import { Decimal, writeDecimal } from '../../../codec/msgpack/index.ts';
import { memberError } from '../ffi/member-error.ts';
import { Integer64 } from '../ffi/numbers.ts';
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import { toNumber } from '../runtime/types.ts';
import {
  type ArithmeticOperator,
  LuaCdata,
  type LuaFunction,
  type LuaValue,
  plainFunction,
  type SerializedCdata,
} from '../runtime/values.ts';
import {
  absolute,
  decimalLogarithm,
  divide,
  exponential,
  multiply,
  naturalLogarithm,
  power,
  precisionOf,
  remainder,
  rescale,
  round,
  squareRoot,
  trim,
} from './decimal-arithmetic.ts';

export class DecimalValue extends LuaCdata {
  /** LuaJIT's name of a structure that has none. */
  override readonly typeName = 'struct 114';
  readonly value: Decimal;

  constructor(value: Decimal) {
    super();
    this.value = value;
  }

  override toText(): string {
    return this.value.toString();
  }

  override index(key: LuaValue): LuaValue {
    throw memberError(this.typeName, key);
  }

  override setIndex(key: LuaValue): void {
    throw memberError(this.typeName, key);
  }

  override equals(other: LuaValue): boolean {
    if (other === undefined || (other instanceof LuaCdata && other.isNull)) return false;
    return this.value.equals(operand(other, 2));
  }

  override compare(other: LuaValue): number {
    if (other === undefined) throw runtimeError('attempt to compare decimal with nil');
    return this.value.compare(operand(other, 2));
  }

  override arithmetic(operator: ArithmeticOperator, left: LuaValue, right: LuaValue): LuaValue {
    const one = operand(left, 1);
    const two = operand(right, 2);
    const result = calculate(operator, one, two);
    if (result === null) throw runtimeError('decimal operation failed');
    return new DecimalValue(result);
  }

  override writeMsgpack(writer: ByteWriter): boolean {
    writeDecimal(writer, this.value);
    return true;
  }

  override serialized(): SerializedCdata {
    return { text: this.value.toString() };
  }
}

function calculate(operator: ArithmeticOperator, left: Decimal, right: Decimal): Decimal | null {
  switch (operator) {
    case 'add':
      return left.add(right);
    case 'sub':
      return left.mantissa === 0n && right.mantissa === 0n ? left.add(right.negated()) : left.subtract(right);
    case 'mul':
      return multiply(left, right);
    case 'div':
      return divide(left, right);
    case 'mod':
      return remainder(left, right);
    case 'pow':
      return power(left, right);
    case 'unm':
      return left.mantissa === 0n ? absolute(left) : left.negated();
  }
}

/** A value as a decimal; `number` is the argument that the message names. Throws LuaError. */
function operand(value: LuaValue, number: number): Decimal {
  if (value instanceof DecimalValue) return value.value;
  let decimal: Decimal | null;
  if (typeof value === 'number') decimal = Decimal.fromDouble(value);
  else if (typeof value === 'string') decimal = Decimal.parse(value);
  else if (value instanceof Integer64) decimal = Decimal.fromInteger(value.value);
  else decimal = decimalOfCdata(value, number);
  if (decimal === null) throw runtimeError(`incorrect value to convert to decimal as ${number} argument`);
  return decimal;
}

/** Other C numbers, such as `ffi.cast('int', 1)`. */
function decimalOfCdata(value: LuaValue, number: number): Decimal | null {
  const form = value instanceof LuaCdata && !value.isNull ? value.serialized() : null;
  if (form === null || !('value' in form) || typeof form.value !== 'number') {
    throw runtimeError(`expected decimal, number or string as ${number} argument`);
  }
  return Decimal.fromDouble(form.value);
}

/** An argument that has to be a decimal already. */
function checkDecimal(value: LuaValue): Decimal {
  if (!(value instanceof LuaCdata)) throw runtimeError('expected cdata as 1 argument');
  if (!(value instanceof DecimalValue)) throw runtimeError('expected decimal as 1 argument');
  return value.value;
}

/** What is no number counts as 0. */
function places(value: LuaValue): number {
  return Math.trunc(toNumber(value) ?? 0);
}

export function createDecimalLibrary(): LuaTable {
  const operation = (name: string, compute: (value: Decimal) => Decimal | null): LuaFunction =>
    plainFunction((...values) => {
      if (values.length < 1) throw runtimeError(`usage: decimal.${name}(decimal)`);
      const result = compute(operand(values[0], 1));
      if (result === null) throw runtimeError('decimal operation failed');
      return new DecimalValue(result);
    });
  const measure = (name: string, compute: (value: Decimal) => number): LuaFunction =>
    plainFunction((...values) => {
      if (values.length < 1) throw runtimeError(`usage: decimal.${name}(decimal)`);
      return compute(checkDecimal(values[0]));
    });
  const scaling = (name: string, compute: (value: Decimal, places: number) => Decimal): LuaFunction =>
    plainFunction((...values) => {
      if (values.length < 2) throw runtimeError(`usage: decimal.${name}(decimal, scale)`);
      return new DecimalValue(compute(checkDecimal(values[0]), places(values[1])));
    });
  const library = new LuaTable();
  const functions: Readonly<Record<string, LuaFunction>> = {
    new: plainFunction((...values) => {
      if (values.length < 1) throw runtimeError('usage: decimal.new(value)');
      return new DecimalValue(operand(values[0], 1));
    }),
    is_decimal: plainFunction((...values) => {
      if (values.length < 1) throw runtimeError('usage: decimal.is_decimal(value)');
      return values[0] instanceof DecimalValue;
    }),
    abs: operation('abs', absolute),
    exp: operation('exp', exponential),
    ln: operation('ln', naturalLogarithm),
    log10: operation('log10', decimalLogarithm),
    sqrt: operation('sqrt', squareRoot),
    precision: measure('precision', precisionOf),
    scale: measure('scale', (value) => Math.max(0, value.scale)),
    round: scaling('round', round),
    rescale: scaling('rescale', rescale),
    trim: plainFunction((...values) => {
      if (values.length < 1) throw runtimeError('usage: decimal.trim(decimal)');
      return new DecimalValue(trim(checkDecimal(values[0])));
    }),
  };
  for (const [name, code] of Object.entries(functions)) library.setString(name, code);
  return library;
}
