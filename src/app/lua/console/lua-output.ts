/** Values as `\set output lua` shows them: on one line, or in block style with each entry on a line of its own. */
import { Integer64 } from '../ffi/numbers.ts';
import { LuaTable } from '../runtime/table.ts';
import { numberToText, rawToText } from '../runtime/types.ts';
import { LuaCdata, type LuaValue } from '../runtime/values.ts';

export type LuaOutputStyle = 'line' | 'block';

const INDENT = '  ';
const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\f': '\\f',
  '\b': '\\b',
  '\x07': '\\a',
  '"': '\\"',
  "'": "\\'",
};
/** A key that stands without brackets and quotes. */
const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Items that may be nil between others before keys are written out. */
const HOLES_MAX = 10;

/** All values of one answer, without the ending. */
export function formatLuaValues(values: readonly LuaValue[], style: LuaOutputStyle): string {
  return values.map((value) => formatValue(value, style, 0, new Set())).join(', ');
}

function formatValue(value: LuaValue, style: LuaOutputStyle, depth: number, above: Set<LuaTable>): string {
  switch (typeof value) {
    case 'undefined':
      return 'nil';
    case 'boolean':
      return String(value);
    case 'number':
      return value === 0 ? '0' : Number.isNaN(value) ? '-nan' : exactNumber(value);
    case 'string':
      return quote(value);
    default:
      if (value instanceof LuaTable) return formatTable(value, style, depth, above);
      if (value instanceof Integer64) return String(value.value);
      if (value instanceof LuaCdata && value.isNull) return 'box.NULL';
      return quote(rawToText(value));
  }
}

function exactNumber(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : numberToText(value);
}

function formatTable(table: LuaTable, style: LuaOutputStyle, depth: number, above: Set<LuaTable>): string {
  if (above.has(table)) return 'nil';
  above.add(table);
  const items = itemsOf(table);
  const entries =
    items !== null
      ? items.map((item) => formatValue(item, style, depth + 1, above))
      : [...entriesOf(table)].map(([key, item]) => `${formatKey(key)} = ${formatValue(item, style, depth + 1, above)}`);
  above.delete(table);
  if (style === 'line') return `{${entries.join(', ')}}`;
  const inner = INDENT.repeat(depth + 1);
  return `{\n${entries.map((entry) => inner + entry).join(',\n')}\n${INDENT.repeat(depth)}}`;
}

function formatKey(key: LuaValue): string {
  if (typeof key === 'string') return PLAIN_KEY.test(key) ? key : `[${quote(key)}]`;
  if (typeof key === 'number') return `[${exactNumber(key)}]`;
  return `[${key instanceof Integer64 ? String(key.value) : quote(rawToText(key))}]`;
}

function* entriesOf(table: LuaTable): Generator<readonly [LuaValue, LuaValue]> {
  let entry = table.next(undefined);
  while (entry !== null && entry !== undefined) {
    yield entry;
    entry = table.next(entry[0]);
  }
}

/** The values of a table whose keys are 1 to n, with few holes; else null. */
function itemsOf(table: LuaTable): LuaValue[] | null {
  let last = 0;
  let count = 0;
  for (const [key] of entriesOf(table)) {
    if (typeof key !== 'number' || key < 1 || !Number.isInteger(key)) return null;
    last = Math.max(last, key);
    count++;
  }
  if (last - count > HOLES_MAX) return null;
  return Array.from({ length: last }, (_, at) => table.get(at + 1));
}

function quote(text: string): string {
  let quoted = '';
  for (const character of text) {
    const code = character.charCodeAt(0);
    const escape = ESCAPES[character];
    if (escape !== undefined) quoted += escape;
    else if (code < 0x20 || code >= 0x7f) quoted += `\\x${code.toString(16).padStart(2, '0')}`;
    else quoted += character;
  }
  return `"${quoted}"`;
}
