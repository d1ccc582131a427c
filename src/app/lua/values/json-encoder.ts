/** Lua values as JSON, byte for byte as Tarantool 2.6.0 writes them. Strings are copied as the bytes they are. */
import { CScalar } from '../ffi/c-scalar.ts';
import { Integer64 } from '../ffi/numbers.ts';
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import { LuaCdata, type LuaValue } from '../runtime/values.ts';
import { serializedNumber } from './number-text.ts';
import { luaError, MAP, type Serializer } from './serializer.ts';
import type { SerializerOptions } from './serializer-options.ts';

const ESCAPED = /[\x00-\x1f"\\/\x7f]/;

const ESCAPED_ALL = /[\x00-\x1f"\\/\x7f]/g;
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

export function quoteJson(text: string): string {
  return ESCAPED.test(text) ? `"${text.replace(ESCAPED_ALL, escaped)}"` : `"${text}"`;
}

function escaped(character: string): string {
  return SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

export class JsonEncoder {
  readonly #serializer: Serializer;
  readonly #options: Readonly<SerializerOptions>;

  constructor(serializer: Serializer, options: Readonly<SerializerOptions>) {
    this.#serializer = serializer;
    this.#options = options;
  }

  /** Throws LuaError or BoxError for what has no form in JSON. */
  encode(value: LuaValue, level = 0): string {
    switch (typeof value) {
      case 'string':
        return quoteJson(value);
      case 'number':
        return this.#number(value);
      case 'boolean':
        return value ? 'true' : 'false';
      case 'undefined':
        return 'null';
      default:
        if (value instanceof LuaTable) return this.#table(value, level);
        if (value instanceof Integer64) return String(value.value);
        return this.#other(value, level);
    }
  }

  #number(value: number): string {
    const options = this.#options;
    if (!Number.isFinite(value) && !options.encodeInvalidNumbers) {
      if (options.encodeInvalidAsNil) return 'null';
      throw luaError('number must not be NaN or Inf');
    }
    return serializedNumber(value, options.encodeNumberPrecision, 'nan');
  }

  #other(value: LuaValue, level: number): string {
    const form = value instanceof LuaCdata ? value.serialized() : null;
    if (form === null) return this.encode(this.#serializer.unsupported(value, this.#options), level);
    return 'value' in form ? this.encode(form.value, level) : quoteJson(form.text);
  }

  #table(value: LuaTable, level: number): string {
    const serializer = this.#serializer;
    const options = this.#options;
    let table = value;
    if (value.metatable !== null) {
      const replaced = serializer.replaced(value, options);
      if (!(replaced instanceof LuaTable)) return this.encode(replaced, level);
      table = replaced;
    }
    const form = serializer.form(table, options);
    if (level >= options.encodeMaxDepth) {
      if (!options.encodeDeepAsNil) throw runtimeError('Too high nest level');
      return 'null';
    }
    if (form === MAP) return this.#map(table, level + 1);
    let text = '[';
    for (let index = 1; index <= form; index++) {
      if (index > 1) text += ',';
      text += this.encode(table.get(index), level + 1);
    }
    return `${text}]`;
  }

  #map(table: LuaTable, level: number): string {
    let text = '{';
    const { array } = table;
    for (let index = 0; index < array.length; index++) {
      if (array[index] === undefined) continue;
      if (text.length > 1) text += ',';
      text += `"${index + 1}":${this.encode(array[index], level)}`;
    }
    for (let place = table.hashEntryFrom(0); place >= 0; place = table.hashEntryFrom(place + 1)) {
      if (text.length > 1) text += ',';
      text += `${this.#key(table.hashKeyAt(place))}:${this.encode(table.hashValueAt(place), level)}`;
    }
    return `${text}}`;
  }

  #key(key: LuaValue): string {
    if (typeof key === 'string') return quoteJson(key);
    if (key instanceof Integer64) return `"${key.value}"`;
    const isInteger = typeof key === 'number' ? Number.isInteger(key) : key instanceof CScalar && key.isInteger;
    if (isInteger) return `"${this.#number(Number(key instanceof CScalar ? key.value : key))}"`;
    throw runtimeError('table key must be a number or string');
  }
}
