/**
 * Arguments of host functions, checked as Lua's own library checks them. `number` counts from 1; each function throws
 * ArgumentError with LuaJIT's words.
 */
import { ArgumentError } from './errors.ts';
import { LuaTable } from './table.ts';
import { numberToText, toNumber, typeOf } from './types.ts';
import { LuaCdata, LuaFunction, type LuaValue } from './values.ts';

/** `x expected, got y`. */
export function typeError(
  value: LuaValue,
  number: number,
  expected: string,
  isAbsent = value === undefined,
): ArgumentError {
  const got = isAbsent ? 'no value' : value instanceof LuaCdata ? 'cdata' : typeOf(value);
  return new ArgumentError(number, `${expected} expected, got ${got}`);
}

export function checkTable(values: readonly LuaValue[], number: number): LuaTable {
  const value = values[number - 1];
  if (!(value instanceof LuaTable)) throw typeError(value, number, 'table', values.length < number);
  return value;
}

export function checkFunction(values: readonly LuaValue[], number: number): LuaFunction {
  const value = values[number - 1];
  if (!(value instanceof LuaFunction)) throw typeError(value, number, 'function', values.length < number);
  return value;
}

/** A number, or a text that stands for one. */
export function checkNumber(values: readonly LuaValue[], number: number): number {
  const value = values[number - 1];
  if (typeof value === 'number') return value;
  const converted = toNumber(value);
  if (converted === undefined) throw typeError(value, number, 'number', values.length < number);
  return converted;
}

/** The same without its fraction. */
export function checkInteger(values: readonly LuaValue[], number: number): number {
  return Math.trunc(checkNumber(values, number));
}

const INT32_MIN = -(2 ** 31);
const INT32_LIMIT = 2 ** 31;

/** The same as C converts a double to an int: what does not fit is the smallest one. */
export function checkInt32(values: readonly LuaValue[], number: number): number {
  const value = Math.trunc(checkNumber(values, number));
  return value >= INT32_MIN && value < INT32_LIMIT ? value : INT32_MIN;
}

export function optionalInt32(values: readonly LuaValue[], number: number, otherwise: number): number {
  return values[number - 1] === undefined ? otherwise : checkInt32(values, number);
}

/** A text, or a number as text. */
export function checkString(values: readonly LuaValue[], number: number): string {
  const value = values[number - 1];
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return numberToText(value);
  throw typeError(value, number, 'string', values.length < number);
}

export function optionalNumber(values: readonly LuaValue[], number: number, otherwise: number): number {
  return values[number - 1] === undefined ? otherwise : checkNumber(values, number);
}

export function optionalInteger(values: readonly LuaValue[], number: number, otherwise: number): number {
  return values[number - 1] === undefined ? otherwise : checkInteger(values, number);
}

export function optionalString(values: readonly LuaValue[], number: number, otherwise: string): string {
  return values[number - 1] === undefined ? otherwise : checkString(values, number);
}

/** Any value, nil too, but not none. */
export function checkAny(values: readonly LuaValue[], number: number): LuaValue {
  if (values.length < number) throw new ArgumentError(number, 'value expected');
  return values[number - 1];
}
