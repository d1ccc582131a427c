/**
 * Values as the console prints them: YAML in the shape that Tarantool's console gives it. A result is an item of a list,
 * a tuple is a flow array in which every string is quoted, a list of tuples or rows has one line for each.
 * What no YAML parser could read back (functions, cycles) is shown in angle brackets.
 */

const RESERVED = /^(?:true|false|null|nan|inf|yes|no|on|off|y|n|~)$/i;
const NUMBER_LIKE = /^[-+]?(?:\d[\d_]*\.?\d*(?:e[-+]?\d+)?|\.\d+|0x[\da-f]+|0o[0-7]+|0b[01]+)$/i;
const PLAIN = /^[\p{L}\p{N}_/(.<][^\p{Cc}]*$/u;
const INNER_INDICATOR = /: |:$| #|^\s|\s$/;
const FLOW_INDICATOR = /[,[\]{}]/;
const CONTROL = /\p{Cc}/u;

/** A result, or none for undefined, as a document. */
export function formatResult(value: unknown): string {
  return value === undefined ? '---\n...\n' : `---\n- ${block(value, 2, new Set())}\n...\n`;
}

/** An error in place of a result. */
export function formatFailure(message: string): string {
  return `---\n- error: ${plainOrQuoted(message)}\n...\n`;
}

type Ancestors = Set<object>;
type Entry = readonly [key: unknown, value: unknown];

/** The value at the end of a line whose content begins at column `indent`; its further lines are indented so far. */
function block(value: unknown, indent: number, ancestors: Ancestors): string {
  if (typeof value === 'string') return plainOrQuoted(value);
  const entries = entriesOf(value);
  if (entries !== null && entries.length > 0) {
    return inside(value as object, ancestors, () => blockMap(entries, indent, ancestors));
  }
  if (!isListOfRows(value)) return flow(value, ancestors);
  const margin = `\n${' '.repeat(indent)}`;
  return inside(value, ancestors, () =>
    value
      .map((item) => `- ${Array.isArray(item) ? flow(item, ancestors) : block(item, indent + 2, ancestors)}`)
      .join(margin),
  );
}

function blockMap(entries: readonly Entry[], indent: number, ancestors: Ancestors): string {
  const margin = `\n${' '.repeat(indent)}`;
  const lines = entries.map(([key, item]) => {
    const name = typeof key === 'string' ? plainOrQuoted(key) : flow(key, ancestors);
    const inner = entriesOf(item);
    const isBelow = isListOfRows(item) || (inner !== null && inner.length > 0);
    if (!isBelow || ancestors.has(item as object)) return `${name}: ${block(item, indent, ancestors)}`;
    return `${name}:${margin}  ${block(item, indent + 2, ancestors)}`;
  });
  return lines.join(margin);
}

/** The value on one line, as inside a tuple. */
function flow(value: unknown, ancestors: Ancestors): string {
  if (Array.isArray(value)) {
    return inside(value, ancestors, () => `[${value.map((item) => flow(item, ancestors)).join(', ')}]`);
  }
  const entries = entriesOf(value);
  if (entries !== null) {
    const pair = ([key, item]: Entry): string => `${flow(key, ancestors)}: ${flow(item, ancestors)}`;
    return inside(value as object, ancestors, () => `{${entries.map(pair).join(', ')}}`);
  }
  return typeof value === 'string' ? quoted(value) : scalar(value);
}

function inside(value: object, ancestors: Ancestors, format: () => string): string {
  if (ancestors.has(value)) return '<circular>';
  ancestors.add(value);
  const text = format();
  ancestors.delete(value);
  return text;
}

/** Arrays of nothing but tuples or rows; an array that has a scalar is a tuple itself. */
function isListOfRows(value: unknown): value is readonly unknown[] {
  return (
    Array.isArray(value) && value.length > 0 && value.every((item) => Array.isArray(item) || entriesOf(item) !== null)
  );
}

/** Of maps and of objects that are shown as maps; null for everything else. Values may come from another realm. */
function entriesOf(value: unknown): readonly Entry[] | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const tag = tagOf(value);
  if (tag === '[object Map]') return [...(value as ReadonlyMap<unknown, unknown>)];
  if (tag !== '[object Object]' || hasOwnText(value)) return null;
  return Object.entries(value);
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value);
}

/** Whether its class says how to print it: a class other than Object, which is the one without a prototype. */
function hasOwnText(value: object): boolean {
  let owner = Object.getPrototypeOf(value) as object | null;
  while (owner !== null) {
    const above = Object.getPrototypeOf(owner) as object | null;
    if (Object.hasOwn(owner, 'toString')) return above !== null;
    owner = above;
  }
  return false;
}

function scalar(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
    case 'function':
      return `<function ${value.name === '' ? 'without a name' : value.name}>`;
    case 'undefined':
      return 'null';
    case 'object':
      return value === null ? 'null' : objectScalar(value);
    default:
      return String(value);
  }
}

function objectScalar(value: object): string {
  if (ArrayBuffer.isView(value)) {
    return `!!binary ${base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))}`;
  }
  if (tagOf(value) === '[object Date]') return (value as { toISOString(): string }).toISOString();
  const text = String(value);
  if (NUMBER_LIKE.test(text)) return text;
  return FLOW_INDICATOR.test(text) ? quoted(text) : plainOrQuoted(text);
}

function base64(bytes: Uint8Array): string {
  let characters = '';
  for (const byte of bytes) characters += String.fromCharCode(byte);
  return btoa(characters);
}

function plainOrQuoted(text: string): string {
  const isPlain = PLAIN.test(text) && !RESERVED.test(text) && !NUMBER_LIKE.test(text) && !INNER_INDICATOR.test(text);
  return isPlain ? text : quoted(text);
}

function quoted(text: string): string {
  if (!CONTROL.test(text)) return `'${text.replaceAll("'", "''")}'`;
  // JSON leaves the controls above 0x7e as they are.
  return JSON.stringify(text).replace(/[\x7f-\x9f]/g, (control) => `\\x${control.charCodeAt(0).toString(16)}`);
}
