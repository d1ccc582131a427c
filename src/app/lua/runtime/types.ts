/** Names of types, and values as text and as numbers. */
import { parseNumeral } from '../compiler/lexer.ts';
import { LuaTable } from './table.ts';
import { LuaCdata, LuaCoroutine, LuaFunction, type LuaTypeName, LuaUserdata, type LuaValue } from './values.ts';

export function typeOf(value: LuaValue): LuaTypeName {
  switch (typeof value) {
    case 'undefined':
      return 'nil';
    case 'boolean':
      return 'boolean';
    case 'number':
      return 'number';
    case 'string':
      return 'string';
    default:
      if (value instanceof LuaTable) return 'table';
      if (value instanceof LuaFunction) return 'function';
      if (value instanceof LuaCdata) return 'cdata';
      return value instanceof LuaUserdata ? 'userdata' : 'thread';
  }
}

/** The type's name in messages: for cdata the C type in quotes. */
export function typeForMessage(value: LuaValue): string {
  return value instanceof LuaCdata ? `'${value.typeName}'` : typeOf(value);
}

const SIGNIFICANT_DIGITS = 14;
const PLAIN_INTEGER_MAX = 1e14;

/** As `%.14g` prints it. */
export function numberToText(value: number): string {
  if (Number.isInteger(value) && value < PLAIN_INTEGER_MAX && value > -PLAIN_INTEGER_MAX) {
    return Object.is(value, -0) ? '-0' : String(value);
  }
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const [mantissa, exponentText] = value.toExponential(SIGNIFICANT_DIGITS - 1).split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= SIGNIFICANT_DIGITS) {
    const digits = String(Math.abs(exponent)).padStart(2, '0');
    return `${withoutTrailingZeros(mantissa)}e${exponent < 0 ? '-' : '+'}${digits}`;
  }
  return withoutTrailingZeros(value.toFixed(SIGNIFICANT_DIGITS - 1 - exponent));
}

function withoutTrailingZeros(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}

/** The number that a text stands for: with blanks around it and a sign, decimal or hexadecimal; else undefined. */
export function textToNumber(text: string): number | undefined {
  const match = /^[ \t\n\v\f\r]*([+-]?)(.*?)[ \t\n\v\f\r]*$/s.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = ''] = match;
  const value = /^(inf|infinity)$/i.test(digits) ? Infinity : /^nan$/i.test(digits) ? NaN : parseNumeral(digits);
  return value === undefined ? undefined : sign === '-' ? -value : value;
}

/** A number, or a text that stands for one; else undefined. */
export function toNumber(value: LuaValue): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? textToNumber(value) : undefined;
}

const addresses = new WeakMap<object, string>();
let nextAddress = 0x40000000;

/** A number that stands for the object's identity, as pointers are printed. */
export function addressOf(value: object): string {
  let address = addresses.get(value);
  if (address === undefined) {
    nextAddress += 0x28;
    address = `0x${nextAddress.toString(16).padStart(8, '0')}`;
    addresses.set(value, address);
  }
  return address;
}

/** What `tostring` gives where no metatable has a say. */
export function rawToText(value: LuaValue): string {
  switch (typeof value) {
    case 'undefined':
      return 'nil';
    case 'boolean':
      return String(value);
    case 'number':
      return numberToText(value);
    case 'string':
      return value;
    default:
      if (value instanceof LuaCdata) return value.toText();
      if (value instanceof LuaCoroutine) return `thread: ${addressOf(value)}`;
      return `${typeOf(value)}: ${addressOf(value)}`;
  }
}
