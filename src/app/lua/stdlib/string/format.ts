/** `string.format`. */
import { checkNumber, checkString } from '../../runtime/arguments.ts';
import { ArgumentError, type LuaError, runtimeError } from '../../runtime/errors.ts';
import type { LuaRuntime } from '../../runtime/runtime.ts';
import { addressOf, rawToText } from '../../runtime/types.ts';
import { LuaCdata, type LuaValue } from '../../runtime/values.ts';
import { formatFloat, formatSigned, type FormatSpecification, formatText, formatUnsigned } from './number-format.ts';

const INT64_MIN = -(1n << 63n);
const UINT64_LIMIT = 2 ** 64;
const INT64_LIMIT = 2 ** 63;

/** The values are `string.format`'s own arguments. */
export function* format(runtime: LuaRuntime, values: readonly LuaValue[]): Generator<object, string, unknown> {
  const template = checkString(values, 1);
  let result = '';
  let at = 0;
  let argument = 1;
  for (;;) {
    const percent = template.indexOf('%', at);
    if (percent < 0) return result + template.slice(at);
    result += template.slice(at, percent);
    if (template[percent + 1] === '%') {
      result += '%';
      at = percent + 2;
      continue;
    }
    const [specification, end] = parseSpecification(template, percent);
    at = end;
    argument++;
    if (argument > values.length) throw new ArgumentError(argument, 'no value');
    const { letter } = specification;
    if (letter === 's' || letter === 'q') {
      const value = values[argument - 1];
      const text = typeof value === 'string' ? value : yield* runtime.toText(value, rawToText);
      result += letter === 'q' ? quoted(text) : formatText(specification, text);
    } else result += formatValue(specification, values, argument);
  }
}

const FLAGS = '-+ #0';
const CONVERSIONS = 'diouxXceEfFgGaApqs';

/** The conversion that begins at this percent sign, and its end. */
function parseSpecification(template: string, start: number): [FormatSpecification, number] {
  let at = start + 1;
  let flags = '';
  while (at < template.length && FLAGS.includes(template[at]!)) flags += template[at++]!;
  const [, width = '', point, precision = ''] = /^(\d{0,2})(\.(\d{0,2}))?/.exec(template.slice(at, at + 5))!;
  at += width.length + (point?.length ?? 0);
  const letter = template[at++] ?? '';
  if (letter === '' || !CONVERSIONS.includes(letter)) throw invalidOption(template.slice(start, at));
  const specification: FormatSpecification = {
    isLeft: flags.includes('-'),
    hasSign: flags.includes('+'),
    hasSpace: flags.includes(' '),
    isAlternate: flags.includes('#'),
    hasZeros: flags.includes('0'),
    width: Number(width),
    precision: point === undefined ? null : Number(precision),
    letter,
  };
  return [specification, at];
}

function invalidOption(text: string): LuaError {
  return runtimeError(`invalid option '${text}' to 'format'`);
}

function formatValue(specification: FormatSpecification, values: readonly LuaValue[], argument: number): string {
  switch (specification.letter) {
    case 'd':
    case 'i':
      return formatSigned(specification, toSigned(checkNumber(values, argument)));
    case 'o':
    case 'u':
    case 'x':
    case 'X':
      return formatUnsigned(specification, toUnsigned(checkNumber(values, argument)));
    case 'c':
      return formatText(
        { ...specification, precision: null },
        String.fromCharCode(Math.trunc(checkNumber(values, argument)) & 0xff),
      );
    case 'p':
      return formatText({ ...specification, precision: null }, pointerText(values[argument - 1]));
    default:
      return formatFloat(specification, checkNumber(values, argument));
  }
}

function pointerText(value: LuaValue): string {
  return typeof value === 'object' && !(value instanceof LuaCdata && value.isNull) ? addressOf(value) : 'NULL';
}

/** As C converts a double to int64_t; what does not fit is the smallest integer. */
function toSigned(value: number): number | bigint {
  if (Number.isSafeInteger(value)) return value;
  const whole = Math.trunc(value);
  if (Number.isSafeInteger(whole)) return whole;
  return whole >= -INT64_LIMIT && whole < INT64_LIMIT ? BigInt(whole) : INT64_MIN;
}

/** The same as uint64_t: from 2^63 on the upper half, and negative numbers by their bits. */
function toUnsigned(value: number): number | bigint {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  const whole = Math.trunc(value);
  if (whole >= INT64_LIMIT && whole < UINT64_LIMIT) return BigInt(whole);
  return BigInt.asUintN(64, BigInt(toSigned(value)));
}

/** As a literal that Lua reads back. */
function quoted(text: string): string {
  let result = '"';
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    const code = character.charCodeAt(0);
    if (character === '"' || character === '\\' || character === '\n') result += `\\${character}`;
    else if (code < 32 || code === 127) {
      const next = text.charCodeAt(at + 1);
      result += next >= 48 && next <= 57 ? `\\${String(code).padStart(3, '0')}` : `\\${code}`;
    } else result += character;
  }
  return `${result}"`;
}
