/** Tarantool's `utf8` library. Bytes that are no UTF-8 show as U+FFFD where text is made of them. */
import { bytesOfByteText, fromByteText, toByteText } from '../../../base/index.ts';
import type { Collator } from '../../../tuple/index.ts';
import { utf8Bytes } from '../compiler/lexer.ts';
import { checkInt32, checkString, optionalInt32 } from '../runtime/arguments.ts';
import { UsageError } from '../runtime/errors.ts';
import { type LuaTable, tableOf } from '../runtime/table.ts';
import { type LuaFunction, type LuaResult, type LuaValue, NO_VALUES, plainFunction } from '../runtime/values.ts';

type Values = readonly LuaValue[];

/** The orders behind `cmp` and `casecmp`. */
export type Utf8Orders = Readonly<{ exact: Collator; caseless: Collator }>;

export function createUtf8Library(orders: () => Utf8Orders): LuaTable {
  return tableOf({
    casecmp: comparison('casecmp', () => orders().caseless),
    char: plainFunction((...values) => {
      if (values.length === 0) throw new UsageError('Usage: utf8.char(<char code>');
      return values.map((_, at) => utf8Bytes(checkInt32(values, at + 1) >>> 0)).join('');
    }),
    cmp: comparison('cmp', () => orders().exact),
    isalpha: classTest('isalpha', /^\p{L}$/u),
    isdigit: classTest('isdigit', /^\p{Nd}$/u),
    islower: classTest('islower', /^\p{Lowercase}$/u),
    isupper: classTest('isupper', /^\p{Uppercase}$/u),
    len: plainFunction((...values) => length(values)),
    lower: caseChange('lower', (text) => text.toLowerCase()),
    next: plainFunction((...values) => next(values)),
    sub: plainFunction((...values) => slice(values)),
    upper: caseChange('upper', (text) => text.toUpperCase()),
  });
}

function textOfBytes(bytes: string): string {
  return fromByteText(bytes);
}

function bytesOfText(text: string): string {
  return toByteText(text);
}

/** Bytes between those that are no UTF-8, which stay as they are. */
const WELL_FORMED_RUN = /(?:[\0-\x7f]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+/g;

function caseChange(name: string, change: (text: string) => string): LuaFunction {
  return plainFunction((...values) => {
    if (values.length !== 1 || !isText(values[0])) throw new UsageError(`Usage: utf8.${name}(<string>)`);
    return checkString(values, 1).replace(WELL_FORMED_RUN, (run) => bytesOfText(change(textOfBytes(run))));
  });
}

function comparison(name: string, order: () => Collator): LuaFunction {
  return plainFunction((...values) => {
    if (values.length !== 2) throw new UsageError(`Usage: utf8.${name}(<string1>, <string2>)`);
    const left = bytesOfByteText(checkString(values, 1));
    const right = bytesOfByteText(checkString(values, 2));
    return Math.sign(order().compare(left, 0, left.length, right, 0, right.length));
  });
}

function classTest(name: string, pattern: RegExp): LuaFunction {
  return plainFunction((...values) => {
    if (values.length !== 1) throw new UsageError(`Usage: utf8.${name}(<string> or <one symbol code>)`);
    const [value] = values;
    if (typeof value === 'string') return pattern.test(textOfBytes(value));
    const code = checkInt32(values, 1);
    return code >= 0 && code <= 0x10ffff && pattern.test(String.fromCodePoint(code));
  });
}

/** The code point at this place and the place behind it; null if the bytes there are none. */
function decodeAt(bytes: string, at: number): Readonly<{ code: number; end: number }> | null {
  const first = bytes.charCodeAt(at);
  if (first < 0x80) return { code: first, end: at + 1 };
  const count =
    first >= 0xf0 && first <= 0xf4 ? 3 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xc2 && first < 0xe0 ? 1 : 0;
  if (count === 0) return null;
  let code = first & (0x3f >> count);
  for (let step = 1; step <= count; step++) {
    const byte = bytes.charCodeAt(at + step);
    if (!(byte >= 0x80 && byte < 0xc0)) return null;
    code = (code << 6) | (byte & 0x3f);
  }
  const isShortest = code >= [0x80, 0x800, 0x10000][count - 1]!;
  const isSurrogate = code >= 0xd800 && code < 0xe000;
  return isShortest && !isSurrogate && code <= 0x10ffff ? { code, end: at + count + 1 } : null;
}

/** What C functions take for a text. */
function isText(value: LuaValue): boolean {
  return typeof value === 'string' || typeof value === 'number';
}

/** Number of code points between two bytes, or nil and the place of the first byte that is no UTF-8. */
function length(values: Values): LuaResult {
  if (values.length < 1 || values.length > 3 || !isText(values[0]))
    throw new UsageError('Usage: utf8.len(<string>, [i, [j]])');
  const bytes = checkString(values, 1);
  const start = fromStart(optionalInt32(values, 2, 1), bytes.length);
  const end = Math.max(fromStart(optionalInt32(values, 3, -1), bytes.length), 0);
  if (start < 1 || start > bytes.length + 1 || end > bytes.length) {
    return [undefined, 'position is out of string'];
  }
  let count = 0;
  for (let at = start - 1; at < end; count++) {
    const decoded = decodeAt(bytes, at);
    if (decoded === null) return [undefined, at + 1];
    at = decoded.end;
  }
  return count;
}

function fromStart(position: number, size: number): number {
  return position < 0 ? position + size + 1 : position;
}

/** The place behind the code point at a place, and the code point; nothing at the end. */
function next(values: Values): LuaResult {
  if (values.length < 1 || values.length > 2 || !isText(values[0]))
    throw new UsageError('Usage: utf8.next(<string>, [<byte offset>])');
  const bytes = checkString(values, 1);
  const at = Math.max(fromStart(optionalInt32(values, 2, 1), bytes.length), 1) - 1;
  if (at >= bytes.length) return NO_VALUES;
  const decoded = decodeAt(bytes, at);
  return decoded === null ? NO_VALUES : [decoded.end + 1, decoded.code];
}

/** Code points from one number to another; a byte that is no UTF-8 counts as one. */
function slice(values: Values): string {
  if (values.length < 2 || values.length > 3) throw new UsageError('Usage: utf8.sub(<string>, [i, [j]])');
  const bytes = checkString(values, 1);
  const starts: number[] = [];
  for (let at = 0; at < bytes.length; at = decodeAt(bytes, at)?.end ?? at + 1) starts.push(at);
  const first = Math.max(fromStart(checkInt32(values, 2), starts.length), 1);
  const last = Math.min(fromStart(optionalInt32(values, 3, -1), starts.length), starts.length);
  return first > last ? '' : bytes.slice(starts[first - 1], starts[last] ?? bytes.length);
}
