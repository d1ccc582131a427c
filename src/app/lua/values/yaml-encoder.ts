/** Lua values as YAML, byte for byte as Tarantool 2.6.0 prints them. */
import { bytesOfByteText, toByteText } from '../../../base/index.ts';
import { Integer64 } from '../ffi/numbers.ts';
import { LuaTable } from '../runtime/table.ts';
import { textToNumber } from '../runtime/types.ts';
import { LuaCdata, type LuaValue } from '../runtime/values.ts';
import { encodeBase64 } from './base64.ts';
import { serializedNumber } from './number-text.ts';
import { luaError, MAP, type Serializer } from './serializer.ts';
import type { SerializerOptions } from './serializer-options.ts';
import { emitYaml, type ScalarStyle, type YamlNode } from './yaml-emitter.ts';

const ASCII = /^[\x00-\x7f]*$/;
/** Characters that make a text binary: unassigned ones and those for control, of the higher planes and a few others. */
const UNPRINTABLE = /[\u0080-\u009f\ufeff\ufffe\uffff]|(?![\u0000-\uffff])\p{C}/u;
const RESERVED_WORDS = new Set(['~', 'null', 'true', 'false', 'yes', 'no']);
const BINARY_BASE64 = { isWrapped: false, isPadded: true, isUrlSafe: false };
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export type YamlTag = Readonly<{ handle: string; prefix: string }>;

/** The document of a value. */
export function encodeYaml(
  value: LuaValue,
  options: Readonly<SerializerOptions>,
  serializer: Serializer,
  tag: YamlTag | null = null,
): string {
  const header = tag === null ? '' : `%TAG ${tag.handle} ${tag.prefix}\n`;
  const text = emitYaml(new YamlBuilder(value, options, serializer).build(), header);
  return ASCII.test(text) ? text : toByteText(text);
}

/** What is known of a table that occurs in the value: once, more often, or by the name of its anchor. */
type Occurrence = 'once' | 'again' | Readonly<{ name: string }>;

class YamlBuilder {
  readonly #root: LuaValue;
  readonly #options: Readonly<SerializerOptions>;
  readonly #serializer: Serializer;
  readonly #occurrences = new Map<LuaTable, Occurrence>();
  #anchors = 0;

  constructor(root: LuaValue, options: Readonly<SerializerOptions>, serializer: Serializer) {
    this.#root = root;
    this.#options = options;
    this.#serializer = serializer;
  }

  build(): YamlNode {
    this.#count(this.#root);
    return this.#node(this.#root, false);
  }

  #count(value: LuaValue): void {
    if (!(value instanceof LuaTable)) return;
    const known = this.#occurrences.get(value);
    if (known !== undefined) {
      this.#occurrences.set(value, 'again');
      return;
    }
    this.#occurrences.set(value, 'once');
    for (const item of value.array) this.#count(item);
    for (let place = value.hashEntryFrom(0); place >= 0; place = value.hashEntryFrom(place + 1)) {
      this.#count(value.hashValueAt(place));
      this.#count(value.hashKeyAt(place));
    }
  }

  #node(value: LuaValue, isFlow: boolean): YamlNode {
    switch (typeof value) {
      case 'undefined':
        return scalar('null', 'plain');
      case 'boolean':
        return scalar(value ? 'true' : 'false', 'plain');
      case 'number':
        return this.#number(value);
      case 'string':
        return textNode(value, isFlow);
      default:
        if (value instanceof LuaTable) return this.#table(value, isFlow);
        if (value instanceof Integer64) return scalar(String(value.value), 'plain');
        return this.#other(value, isFlow);
    }
  }

  #number(value: number): YamlNode {
    const options = this.#options;
    if (!Number.isFinite(value) && !options.encodeInvalidNumbers) {
      if (options.encodeInvalidAsNil) return scalar('null', 'plain');
      throw luaError('number must not be NaN or Inf');
    }
    return scalar(serializedNumber(value, options.encodeNumberPrecision, '-nan'), 'plain');
  }

  #other(value: LuaValue, isFlow: boolean): YamlNode {
    const form = value instanceof LuaCdata ? value.serialized() : null;
    if (form === null) return this.#node(this.#serializer.unsupported(value, this.#options), isFlow);
    return 'value' in form ? this.#node(form.value, isFlow) : scalar(unicode(form.text) ?? form.text, 'plain');
  }

  #table(value: LuaTable, isFlow: boolean): YamlNode {
    const options = this.#options;
    const table = value.metatable === null ? value : this.#serializer.replaced(value, options);
    if (!(table instanceof LuaTable)) return this.#node(table, isFlow);
    const form = this.#serializer.form(table, options);
    const isOwnFlow = isFlow || this.#serializer.isCompact(table, options);
    const occurrence = this.#occurrences.get(table);
    if (typeof occurrence === 'object') return { kind: 'alias', anchor: occurrence.name };
    let anchor = '';
    if (occurrence === 'again') {
      anchor = String(this.#anchors++);
      this.#occurrences.set(table, { name: anchor });
    }
    if (form === MAP) return { kind: 'mapping', pairs: this.#pairs(table, isOwnFlow), isFlow: isOwnFlow, anchor };
    const items: YamlNode[] = [];
    for (let index = 1; index <= form; index++) items.push(this.#node(table.get(index), isOwnFlow));
    return { kind: 'sequence', items, isFlow: isOwnFlow, anchor };
  }

  #pairs(table: LuaTable, isFlow: boolean): (readonly [YamlNode, YamlNode])[] {
    const pairs: (readonly [YamlNode, YamlNode])[] = [];
    table.array.forEach((item, index) => {
      if (item !== undefined) pairs.push([this.#node(index + 1, isFlow), this.#node(item, isFlow)]);
    });
    for (let place = table.hashEntryFrom(0); place >= 0; place = table.hashEntryFrom(place + 1)) {
      // The key comes first: it may take the name of an anchor.
      const key = this.#node(table.hashKeyAt(place), isFlow);
      pairs.push([key, this.#node(table.hashValueAt(place), isFlow)]);
    }
    return pairs;
  }
}

function scalar(text: string, style: ScalarStyle, tag = ''): YamlNode {
  return { kind: 'scalar', text, style, tag, anchor: '' };
}

function textNode(bytes: string, isFlow: boolean): YamlNode {
  if (RESERVED_WORDS.has(bytes) || textToNumber(bytes) !== undefined) return quotable(bytes);
  const text = unicode(bytes);
  if (text === null) return scalar(encodeBase64(bytes, BINARY_BASE64), 'plain', '!!binary');
  if (isFlow) return scalar(text, 'single');
  return scalar(text, text.includes('\n\n') ? 'literal' : 'plain');
}

/** A word that would be read as something else without quotes. */
function quotable(word: string): YamlNode {
  return scalar(word, 'single');
}

/** The text in Unicode; null if it is no UTF-8, or holds what must not be printed. */
function unicode(bytes: string): string | null {
  if (ASCII.test(bytes)) return bytes;
  try {
    const text = strictDecoder.decode(bytesOfByteText(bytes));
    return UNPRINTABLE.test(text) ? null : text;
  } catch {
    return null;
  }
}
