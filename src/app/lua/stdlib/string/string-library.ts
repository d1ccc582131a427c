/** Lua's `string` library over byte strings, and the metatable by which strings have its functions as methods. */
import { checkInt32, checkString, optionalInt32, typeError } from '../../runtime/arguments.ts';
import { ArgumentError, memoryError, runtimeError } from '../../runtime/errors.ts';
import { type LuaRuntime, STRING_BYTES_MAX } from '../../runtime/runtime.ts';
import { LuaTable, tableOf } from '../../runtime/table.ts';
import { LuaFunction, type LuaValue, plainFunction, suspendableFunction } from '../../runtime/values.ts';
import { format } from './format.ts';
import { find, gmatch, gsub, match } from './searching.ts';
import { stringExtensions } from './string-extensions.ts';

/** What fits on LuaJIT's stack. */
const SLICE_MAX = 8000;

export function createStringLibrary(runtime: LuaRuntime): LuaTable {
  const library = tableOf({
    byte: plainFunction((...values) => bytes(values)),
    char: plainFunction((...values) => characters(values)),
    dump: plainFunction((...values) => {
      if (!(values[0] instanceof LuaFunction)) throw typeError(values[0], 1, 'function', values.length < 1);
      throw runtimeError('unable to dump given function');
    }),
    find: plainFunction((...values) => find(values)),
    format: suspendableFunction((...values) => format(runtime, values)),
    gmatch: plainFunction((...values) => gmatch(values)),
    gsub: suspendableFunction((...values) => gsub(runtime, values)),
    len: plainFunction((text) => (typeof text === 'string' ? text.length : checkString([text], 1).length)),
    lower: plainFunction((...values) => changeCase(checkString(values, 1), /[A-Z]+/g, 'lower')),
    match: plainFunction((...values) => match(values)),
    rep: plainFunction((...values) => repeat(values)),
    reverse: plainFunction((...values) => [...checkString(values, 1)].reverse().join('')),
    sub: plainFunction((...values) => slice(values)),
    upper: plainFunction((...values) => changeCase(checkString(values, 1), /[a-z]+/g, 'upper')),
    ...stringExtensions(),
  });
  runtime.stringMetatable = new LuaTable();
  runtime.stringMetatable.setString('__index', library);
  return library;
}

/** Only ASCII's letters change: others are bytes of anything. */
function changeCase(text: string, letters: RegExp, to: 'lower' | 'upper'): string {
  return text.replace(letters, (found) => (to === 'lower' ? found.toLowerCase() : found.toUpperCase()));
}

/** A position from the end is made one from the start; 0 and below for what lies before it. */
function fromStart(position: number, length: number): number {
  return position < 0 ? position + length + 1 : position;
}

function slice(values: readonly LuaValue[]): string {
  const text = checkString(values, 1);
  const first = Math.max(fromStart(checkInt32(values, 2), text.length), 1);
  const last = fromStart(optionalInt32(values, 3, -1), text.length);
  return first > last ? '' : text.slice(first - 1, last);
}

function bytes(values: readonly LuaValue[]): LuaValue | readonly LuaValue[] {
  const text = checkString(values, 1);
  const start = optionalInt32(values, 2, 1);
  const last = Math.min(fromStart(optionalInt32(values, 3, start), text.length), text.length);
  const first = Math.max(fromStart(start, text.length), 1);
  if (first === last) return text.charCodeAt(first - 1);
  if (last - first >= SLICE_MAX) throw runtimeError('string slice too long');
  const result: number[] = [];
  for (let at = first; at <= last; at++) result.push(text.charCodeAt(at - 1));
  return result;
}

function characters(values: readonly LuaValue[]): string {
  let result = '';
  for (let number = 1; number <= values.length; number++) {
    const code = checkInt32(values, number);
    if (code < 0 || code > 255) throw new ArgumentError(number, 'invalid value');
    result += String.fromCharCode(code);
  }
  return result;
}

function repeat(values: readonly LuaValue[]): string {
  const text = checkString(values, 1);
  const count = checkInt32(values, 2);
  const separator = values[2] === undefined ? '' : checkString(values, 3);
  if (count <= 0) return '';
  if ((text.length + separator.length) * count > STRING_BYTES_MAX) throw memoryError();
  return separator === '' ? text.repeat(count) : (text + separator).repeat(count - 1) + text;
}
