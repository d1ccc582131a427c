/** Tarantool's additions to the `string` library. Messages and limits are those of 2.6.0. */
import { byteTextOfHex, hexOfByteText } from '../../../../base/index.ts';
import { LuaError } from '../../runtime/errors.ts';
import { captureFrames, positionOf } from '../../runtime/stack.ts';
import { LuaTable } from '../../runtime/table.ts';
import { typeOf } from '../../runtime/types.ts';
import { type LuaFunction, type LuaValue, plainFunction } from '../../runtime/values.ts';

type Arguments = readonly LuaValue[];

export function stringExtensions(): Record<string, LuaFunction> {
  const functions: Record<string, (values: Arguments) => LuaValue> = {
    split,
    ljust: (values) => justify('ljust', values, (room, filler) => ['', filler.repeat(room)]),
    rjust: (values) => justify('rjust', values, (room, filler) => [filler.repeat(room), '']),
    center: (values) =>
      justify('center', values, (room, filler) => {
        const left = Math.floor(room / 2);
        return [filler.repeat(left), filler.repeat(room - left)];
      }),
    startswith,
    endswith,
    hex: (values) => hexOfByteText(textArgument('hex', values, 1)),
    fromhex,
    strip: (values) => strip('strip', values, true, true),
    lstrip: (values) => strip('lstrip', values, true, false),
    rstrip: (values) => strip('rstrip', values, false, true),
  };
  return Object.fromEntries(
    Object.entries(functions).map(([name, code]) => [name, plainFunction((...values) => code(values))]),
  );
}

/** These functions are written in Lua there: levels are counted from the function that finds the mistake. */
function badArgument(name: string, number: number, expected: string, got: string, level: number): LuaError {
  const frames = captureFrames();
  const message = `bad argument #${number} to 'string.${name}' (${expected} expected, got ${got})`;
  return new LuaError(positionOf(frames[level]) + message, frames);
}

function textArgument(name: string, values: Arguments, number: number): string {
  const value = values[number - 1];
  if (typeof value !== 'string') throw badArgument(name, number, 'string', typeOf(value), 1);
  return value;
}

function split(values: Arguments): LuaValue {
  const text = textArgument('split', values, 1);
  const [, separator, most] = values;
  if (separator !== undefined) {
    if (typeof separator !== 'string') throw badArgument('split', 2, 'string', typeOf(separator), 1);
    if (separator === '') throw badArgument('split', 2, 'non-empty string', 'empty string', 2);
  }
  if (most !== undefined && (typeof most !== 'number' || most < 0)) {
    throw badArgument('split', 3, 'positive integer', typeOf(most), 1);
  }
  return new LuaTable(
    separator === undefined ? splitAtBlanks(text, most ?? Infinity) : splitAt(text, separator, most ?? Infinity),
  );
}

function splitAt(text: string, separator: string, most: number): string[] {
  const parts: string[] = [];
  let start = 0;
  while (parts.length < most) {
    const at = text.indexOf(separator, start);
    if (at < 0) break;
    parts.push(text.slice(start, at));
    start = at + separator.length;
  }
  parts.push(text.slice(start));
  return parts;
}

/** Blanks in a row count once, those at the ends not at all, but for the end of a last part that is not split. */
function splitAtBlanks(text: string, most: number): string[] {
  const parts: string[] = [];
  const blanks = /[ \t\n\v\f\r]+/y;
  let start = 0;
  while (start < text.length) {
    blanks.lastIndex = start;
    if (blanks.test(text)) start = blanks.lastIndex;
    if (start >= text.length) break;
    if (parts.length >= most) {
      parts.push(text.slice(start));
      break;
    }
    const length = text.slice(start).search(/[ \t\n\v\f\r]/);
    const end = length < 0 ? text.length : start + length;
    parts.push(text.slice(start, end));
    start = end;
  }
  return parts;
}

function justify(
  name: string,
  values: Arguments,
  fill: (room: number, filler: string) => readonly [string, string],
): string {
  const text = textArgument(name, values, 1);
  const [, width, filler = ' '] = values;
  if (typeof width !== 'number' || width < 0) {
    throw badArgument(name, 2, 'positive integer', typeOf(width), 1);
  }
  if (typeof filler !== 'string' || filler.length !== 1) {
    throw badArgument(name, 3, 'char', typeOf(filler), 1);
  }
  const [left, right] = fill(Math.max(0, Math.trunc(width - text.length)), filler);
  return left + text + right;
}

/** The bounds of a slice as numbers from 1; the end is not beyond the text's. */
function bounds(name: string, values: Arguments, length: number): readonly [number, number] {
  const [first, last] = [values[2], values[3]].map((value, at) => {
    if (value !== undefined && typeof value !== 'number') {
      throw badArgument(name, at + 3, 'integer', typeOf(value), 1);
    }
    return value;
  });
  const start = first === undefined ? 1 : first < 0 ? length + first + 1 : first;
  const end = last === undefined ? length : last < 0 ? length + last + 1 : Math.min(last, length);
  return [start, end];
}

function startswith(values: Arguments): boolean {
  const text = textArgument('startswith', values, 1);
  const head = textArgument('startswith', values, 2);
  const [start, end] = bounds('startswith', values, text.length);
  if (head === '') return true;
  return start >= 1 && head.length <= end - start + 1 && text.startsWith(head, start - 1);
}

function endswith(values: Arguments): boolean {
  const [, tail] = values;
  if (typeof tail !== 'string') {
    const got = `a ${typeOf(tail)} value`;
    throw new LuaError(`builtin/string.lua:248: attempt to get length of local 'tail' (${got})`, captureFrames());
  }
  const text = textArgument('endswith', values, 1);
  const [start, end] = bounds('endswith', values, text.length);
  if (tail === '') return true;
  return tail.length <= end - start + 1 && text.slice(0, Math.max(end, 0)).endsWith(tail);
}

function fromhex(values: Arguments): string {
  const text = textArgument('fromhex', values, 1);
  if (text.length % 2 !== 0) throw badArgument('fromhex', 1, 'even amount of chars', 'odd amount', 1);
  if (!/^[0-9a-fA-F]*$/.test(text)) throw badArgument('fromhex', 1, 'hex string', 'non hex chars', 1);
  return byteTextOfHex(text);
}

function strip(name: string, values: Arguments, isLeft: boolean, isRight: boolean): string {
  const text = textArgument(name, values, 1);
  const [, characters = ' \t\n\v\f\r'] = values;
  if (typeof characters !== 'string') throw badArgument(name, 2, 'string', typeOf(characters), 1);
  let start = 0;
  let end = text.length;
  while (isLeft && start < end && characters.includes(text[start]!)) start++;
  while (isRight && end > start && characters.includes(text[end - 1]!)) end--;
  return text.slice(start, end);
}
