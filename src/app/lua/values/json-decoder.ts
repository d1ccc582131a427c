/**
 * JSON to Lua values, with the leniency and the messages of Tarantool 2.6.0: strings may hold any bytes, `nan` and `inf`
 * are numbers unless forbidden, integers of 64 bits are exact.
 */
import { toByteText } from '../../../base/index.ts';
import { Integer64 } from '../ffi/numbers.ts';
import { NULL } from '../ffi/null.ts';
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import type { LuaValue } from '../runtime/values.ts';
import type { Serializer } from './serializer.ts';
import type { SerializerOptions } from './serializer-options.ts';

type Token =
  | 'T_OBJ_BEGIN'
  | 'T_OBJ_END'
  | 'T_ARR_BEGIN'
  | 'T_ARR_END'
  | 'T_STRING'
  | 'T_INT'
  | 'T_UINT'
  | 'T_NUMBER'
  | 'T_BOOLEAN'
  | 'T_NULL'
  | 'T_COLON'
  | 'T_COMMA'
  | 'T_END'
  | 'T_ERROR';

const NUMBER = /-?(?:nan|inf|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)/y;
/** Ordinary characters of a string, as many as there are. */
const PLAIN_RUN = /[^"\\]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const INT64_MAX = (1n << 63n) - 1n;
const INT64_MIN = -(1n << 63n);
const UINT64_MAX = (1n << 64n) - 1n;
/** From here on integers are 64-bit cdata. */
const NUMBER_LIMIT = 10n ** 14n;
/** Digits of an integer that is surely below the limit. */
const SAFE_DIGITS = 14;

/** An integer of 64 bits as Lua has it; larger ones become the nearest. */
export function luaIntegerOf(value: bigint): LuaValue {
  if (value < NUMBER_LIMIT && value > -NUMBER_LIMIT) return Number(value);
  if (value < 0n) return new Integer64(value < INT64_MIN ? INT64_MIN : value, false);
  return value < INT64_MAX ? new Integer64(value, false) : new Integer64(value > UINT64_MAX ? UINT64_MAX : value, true);
}

export class JsonDecoder {
  readonly #text: string;
  readonly #options: Readonly<SerializerOptions>;
  readonly #serializer: Serializer;
  #position = 0;
  #depth = 0;
  /** The token that was read last: where it begins, what it stands for, or what is wrong with it. */
  #start = 0;
  #value: LuaValue;
  #problem = '';

  constructor(text: string, options: Readonly<SerializerOptions>, serializer: Serializer) {
    this.#text = text;
    this.#options = options;
    this.#serializer = serializer;
  }

  decode(): LuaValue {
    if (this.#text.length >= 2 && (this.#text[0] === '\0' || this.#text[1] === '\0')) {
      throw runtimeError('JSON parser does not support UTF-16 or UTF-32');
    }
    const value = this.#parse(this.#next());
    const last = this.#next();
    if (last !== 'T_END') throw this.#unexpected('the end', last);
    return value;
  }

  #parse(token: Token): LuaValue {
    switch (token) {
      case 'T_STRING':
      case 'T_INT':
      case 'T_UINT':
      case 'T_NUMBER':
      case 'T_BOOLEAN':
      case 'T_NULL':
        return this.#value;
      case 'T_OBJ_BEGIN':
        return this.#object();
      case 'T_ARR_BEGIN':
        return this.#array();
      default:
        throw this.#unexpected('value', token);
    }
  }

  #object(): LuaTable {
    this.#descend();
    const table = new LuaTable();
    let token = this.#next();
    if (token !== 'T_OBJ_END') {
      for (;;) {
        if (token !== 'T_STRING') throw this.#unexpected('object key string', token);
        const key = this.#value as string;
        token = this.#next();
        if (token !== 'T_COLON') throw this.#unexpected('colon', token);
        table.setString(key, this.#parse(this.#next()));
        token = this.#next();
        if (token === 'T_OBJ_END') break;
        if (token !== 'T_COMMA') throw this.#unexpected('comma or object end', token);
        token = this.#next();
      }
    }
    this.#depth--;
    if (this.#options.decodeSaveMetatables) table.metatable = this.#serializer.mapMetatable;
    return table;
  }

  #array(): LuaTable {
    this.#descend();
    const items: LuaValue[] = [];
    let token = this.#next();
    if (token !== 'T_ARR_END') {
      for (;;) {
        items.push(this.#parse(token));
        token = this.#next();
        if (token === 'T_ARR_END') break;
        if (token !== 'T_COMMA') throw this.#unexpected('comma or array end', token);
        token = this.#next();
      }
    }
    this.#depth--;
    const table = new LuaTable(items);
    if (this.#options.decodeSaveMetatables) table.metatable = this.#serializer.arrayMetatable;
    return table;
  }

  #descend(): void {
    this.#depth++;
    if (this.#depth <= this.#options.decodeMaxDepth) return;
    throw runtimeError(`Found too many nested data structures (${this.#depth})${this.#where(this.#start)}`);
  }

  #unexpected(expected: string, token: Token): Error {
    const found = token === 'T_ERROR' ? this.#problem : token;
    return runtimeError(`Expected ${expected} but found ${found}${this.#where(this.#start)}`);
  }

  #where(position: number): string {
    const lineStart = position === 0 ? 0 : this.#text.lastIndexOf('\n', position - 1) + 1;
    let line = 1;
    for (let at = this.#text.indexOf('\n'); at >= 0 && at < position; at = this.#text.indexOf('\n', at + 1)) line++;
    return ` on line ${line} at character ${position - lineStart + 1}`;
  }

  #next(): Token {
    const text = this.#text;
    let code = text.charCodeAt(this.#position);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt(++this.#position);
    this.#start = this.#position;
    switch (text[this.#position]) {
      case undefined:
      case '\0':
        return 'T_END';
      case '{':
        return this.#single('T_OBJ_BEGIN');
      case '}':
        return this.#single('T_OBJ_END');
      case '[':
        return this.#single('T_ARR_BEGIN');
      case ']':
        return this.#single('T_ARR_END');
      case ',':
        return this.#single('T_COMMA');
      case ':':
        return this.#single('T_COLON');
      case '"':
        return this.#string();
      default:
        return this.#word();
    }
  }

  #single(token: Token): Token {
    this.#position++;
    return token;
  }

  #word(): Token {
    const text = this.#text;
    const at = this.#position;
    const first = text.charCodeAt(at);
    if (first >= 0x31 && first <= 0x39) {
      const integer = this.#smallInteger(at, first - 0x30);
      if (integer >= 0) return this.#known(0, 'T_INT', integer);
    }
    if (text.startsWith('true', at)) return this.#known(4, 'T_BOOLEAN', true);
    if (text.startsWith('false', at)) return this.#known(5, 'T_BOOLEAN', false);
    if (text.startsWith('null', at)) return this.#known(4, 'T_NULL', NULL);
    NUMBER.lastIndex = at;
    const match = NUMBER.exec(text);
    if (match === null) return this.#error(at, 'invalid token');
    return this.#number(match[0]);
  }

  /** A positive integer of few digits, moved over; -1 if there stands anything else. */
  #smallInteger(start: number, firstDigit: number): number {
    const text = this.#text;
    let value = firstDigit;
    let at = start + 1;
    for (; ; at++) {
      const code = text.charCodeAt(at);
      if (code >= 0x30 && code <= 0x39) value = value * 10 + code - 0x30;
      else if (code === 0x2e || (code | 0x20) === 0x65) return -1;
      else break;
    }
    if (at - start >= SAFE_DIGITS) return -1;
    this.#position = at;
    return value;
  }

  #known(length: number, token: Token, value: LuaValue): Token {
    this.#position += length;
    this.#value = value;
    return token;
  }

  #number(word: string): Token {
    const at = this.#position;
    const digitAt = word.startsWith('-') ? 1 : 0;
    const follower = this.#text[at + digitAt + 1] ?? '';
    const isWord = word.charCodeAt(digitAt) > 0x39;
    if (isWord && !this.#options.decodeInvalidNumbers) return this.#error(at, 'invalid token');
    if (word[digitAt] === '0' && /[xX0-9]/.test(follower)) return this.#error(at, 'invalid token');
    this.#position += word.length;
    if (isWord) {
      this.#value = word.endsWith('nan') ? NaN : digitAt === 1 ? -Infinity : Infinity;
      return 'T_NUMBER';
    }
    const isFraction = /[.eE]/.test(word) || /[eE]/.test(this.#text[this.#position] ?? '');
    if (isFraction) {
      this.#value = Number(word);
      return 'T_NUMBER';
    }
    if (word.length <= SAFE_DIGITS) {
      this.#value = Number(word) + 0;
      return 'T_INT';
    }
    const integer = BigInt(word);
    this.#value = luaIntegerOf(integer);
    return integer >= INT64_MAX ? 'T_UINT' : 'T_INT';
  }

  #string(): Token {
    const text = this.#text;
    let at = this.#position + 1;
    const end = text.indexOf('"', at);
    if (end >= 0) {
      const plain = text.slice(at, end);
      if (!plain.includes('\\')) {
        this.#position = end + 1;
        this.#value = plain;
        return 'T_STRING';
      }
    }
    let result = '';
    for (;;) {
      PLAIN_RUN.lastIndex = at;
      const run = PLAIN_RUN.exec(text)![0];
      result += run;
      at += run.length;
      if (at >= text.length) return this.#error(at, 'unexpected end of string');
      if (text[at] === '"') {
        this.#position = at + 1;
        this.#value = result;
        return 'T_STRING';
      }
      const escape = text[at + 1] ?? '';
      const plain = ESCAPES[escape];
      if (plain !== undefined) {
        result += plain;
        at += 2;
        continue;
      }
      if (escape !== 'u') return this.#error(at, 'invalid escape code');
      const { character, length } = unicodeEscape(text, at);
      if (length === 0) return this.#error(at, 'invalid unicode escape code');
      result += character;
      at += length;
    }
  }

  #error(at: number, problem: string): Token {
    this.#start = at;
    this.#problem = problem;
    return 'T_ERROR';
  }
}

const ESCAPE_LENGTH = 6;

/** The bytes of `\uXXXX`, or of a pair of surrogates; length 0 if it is none. */
function unicodeEscape(text: string, at: number): { character: string; length: number } {
  const code = hexadecimal(text, at);
  if (code < 0 || (code >= 0xdc00 && code <= 0xdfff)) return { character: '', length: 0 };
  if (code < 0xd800 || code > 0xdbff) return { character: utf8Bytes(code), length: ESCAPE_LENGTH };
  const low = text.startsWith('\\u', at + ESCAPE_LENGTH) ? hexadecimal(text, at + ESCAPE_LENGTH) : -1;
  if (low < 0xdc00 || low > 0xdfff) return { character: '', length: 0 };
  return { character: utf8Bytes(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)), length: 2 * ESCAPE_LENGTH };
}

function hexadecimal(text: string, at: number): number {
  const digits = text.slice(at + 2, at + ESCAPE_LENGTH);
  return /^[0-9a-fA-F]{4}$/.test(digits) ? parseInt(digits, 16) : -1;
}

function utf8Bytes(code: number): string {
  return toByteText(String.fromCodePoint(code));
}
