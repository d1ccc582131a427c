/**
 * JSON paths as Tarantool writes them in index parts and update operations: `.name`, `["any name"]`, `[1]` (array
 * indexes from 1) and `[*]`, which stands for every element of an array and makes an index multikey.
 * A path is parsed once; looking it up in a tuple allocates nothing.
 */
import {
  arrayLength,
  containerHeaderSize,
  KIND,
  kindAt,
  mapLength,
  payloadLength,
  payloadStart,
  readNumber,
  skipValue,
} from '../codec/msgpack/index.ts';

export type JsonToken =
  | Readonly<{ kind: 'name'; name: string; utf8: Uint8Array }>
  /** `index` counts from 0. */
  | Readonly<{ kind: 'index'; index: number }>
  | Readonly<{ kind: 'any' }>;

export type JsonPath = Readonly<{
  text: string;
  tokens: readonly JsonToken[];
  /** Place of the `[*]` token in `tokens`, -1 without one. */
  anyTokenAt: number;
}>;

const IDENTIFIER_START = /[\p{L}_]/u;
const IDENTIFIER_PART = /[\p{Alphabetic}\p{Nd}_]/u;
const INDEX_MAX = 0x7fffffff;
const textEncoder = new TextEncoder();

class PathSyntaxError {
  readonly position: number;
  constructor(position: number) {
    this.position = position;
  }
}

/** What could be read of a path: the tokens before its first mistake, if it has one. */
export type ScannedPath = Readonly<{
  tokens: readonly JsonToken[];
  /** By token: the 1-based position (in characters) of its last character. */
  ends: readonly number[];
  /** 1-based position of the first mistake, 0 if there is none. */
  errorPosition: number;
}>;

/** Reads as many tokens of a path as are well-formed. */
export function scanJsonPath(text: string): ScannedPath {
  const symbols = [...text];
  const tokens: JsonToken[] = [];
  const ends: number[] = [];
  try {
    for (let at = 0; at < symbols.length; ends.push(at)) at = parseToken(symbols, at, tokens);
  } catch (error) {
    if (!(error instanceof PathSyntaxError)) throw error;
    return { tokens: tokens.slice(0, ends.length), ends, errorPosition: error.position };
  }
  return { tokens, ends, errorPosition: 0 };
}

/** The path of a text, or the 1-based position (in characters) of its first mistake. */
export function parseJsonPath(text: string): JsonPath | number {
  const { tokens, errorPosition } = scanJsonPath(text);
  if (errorPosition > 0) return errorPosition;
  return { text, tokens, anyTokenAt: tokens.findIndex((token) => token.kind === 'any') };
}

function nameToken(name: string): JsonToken {
  return { kind: 'name', name, utf8: textEncoder.encode(name) };
}

function parseToken(symbols: readonly string[], at: number, tokens: JsonToken[]): number {
  const first = symbols[at];
  if (first === '[') return parseBracket(symbols, at + 1, tokens);
  if (first === '.') {
    if (at + 1 >= symbols.length) throw new PathSyntaxError(at + 2);
    return parseIdentifier(symbols, at + 1, tokens);
  }
  if (at !== 0) throw new PathSyntaxError(at + 1);
  return parseIdentifier(symbols, at, tokens);
}

function parseIdentifier(symbols: readonly string[], start: number, tokens: JsonToken[]): number {
  if (!IDENTIFIER_START.test(symbols[start]!)) throw new PathSyntaxError(start + 1);
  let end = start + 1;
  while (end < symbols.length && IDENTIFIER_PART.test(symbols[end]!)) end++;
  tokens.push(nameToken(symbols.slice(start, end).join('')));
  return end;
}

function parseBracket(symbols: readonly string[], start: number, tokens: JsonToken[]): number {
  const first = symbols[start];
  if (first === undefined) throw new PathSyntaxError(start);
  let end = start;
  if (first === '"' || first === "'") {
    end = symbols.indexOf(first, start + 1);
    if (end < 0) throw new PathSyntaxError(symbols.length + 1);
    if (end === start + 1) throw new PathSyntaxError(end + 1);
    tokens.push(nameToken(symbols.slice(start + 1, end).join('')));
    end++;
  } else if (first === '*') {
    tokens.push({ kind: 'any' });
    end++;
  } else {
    while (end < symbols.length && symbols[end]! >= '0' && symbols[end]! <= '9') end++;
    const value = Number(symbols.slice(start, end).join(''));
    if (end === start || value < 1 || value > INDEX_MAX) throw new PathSyntaxError(start + 1);
    tokens.push({ kind: 'index', index: value - 1 });
  }
  if (symbols[end] !== ']') throw new PathSyntaxError(end + 1);
  return end + 1;
}

/** Whether two parts of a path lead to the same place. */
export function sameJsonToken(one: JsonToken, other: JsonToken): boolean {
  if (one.kind === 'name') return other.kind === 'name' && one.name === other.name;
  if (one.kind === 'index') return other.kind === 'index' && one.index === other.index;
  return other.kind === 'any';
}

/** Whether two paths, or their absence, lead to the same place however they are written. */
export function sameJsonPath(one: JsonPath | null, other: JsonPath | null): boolean {
  const oneTokens = one?.tokens ?? [];
  const otherTokens = other?.tokens ?? [];
  return (
    oneTokens.length === otherTokens.length &&
    oneTokens.every((token, index) => sameJsonToken(token, otherTokens[index]!))
  );
}

/** Position of the element `index` of the array at `position`; -1 if there is none or no array. */
export function elementPosition(bytes: Uint8Array, position: number, index: number): number {
  const length = arrayLength(bytes, position);
  if (index >= length || index < 0) return -1;
  let next = position + containerHeaderSize(bytes, position);
  for (let skipped = 0; skipped < index; skipped++) next = skipValue(bytes, next);
  return next;
}

/** Position of the value under the string key `utf8` of the map at `position`; -1 if there is none or no map. */
export function memberPosition(bytes: Uint8Array, position: number, utf8: Uint8Array): number {
  const length = mapLength(bytes, position);
  if (length <= 0) return -1;
  let next = position + containerHeaderSize(bytes, position);
  for (let pair = 0; pair < length; pair++) {
    const value = skipValue(bytes, next);
    if (isStringOf(bytes, next, utf8)) return value;
    next = skipValue(bytes, value);
  }
  return -1;
}

/** Whether the value at `position` is the string of these bytes. */
export function isStringOf(bytes: Uint8Array, position: number, utf8: Uint8Array): boolean {
  if (kindAt(bytes, position) !== KIND.string || payloadLength(bytes, position) !== utf8.length) return false;
  const start = payloadStart(bytes, position);
  for (let index = 0; index < utf8.length; index++) if (bytes[start + index] !== utf8[index]) return false;
  return true;
}

/** Position of the element `index` of an array, or of the value under the integer key `index` + 1 of a map; else -1. */
export function indexedPosition(bytes: Uint8Array, position: number, index: number): number {
  const pairs = mapLength(bytes, position);
  if (pairs < 0) return elementPosition(bytes, position, index);
  let next = position + containerHeaderSize(bytes, position);
  for (let pair = 0; pair < pairs; pair++) {
    const value = skipValue(bytes, next);
    const kind = kindAt(bytes, next);
    if ((kind === KIND.unsigned || kind === KIND.signed) && readNumber(bytes, next) === index + 1) return value;
    next = skipValue(bytes, value);
  }
  return -1;
}

/**
 * Position of what the tokens [from, to) lead to, starting at the value at `position`; -1 if nothing is there.
 * `[*]` stands for the element `entry`, counted from 0.
 */
export function lookupTokens(
  bytes: Uint8Array,
  position: number,
  tokens: readonly JsonToken[],
  from: number,
  to: number,
  entry: number,
): number {
  let at = position;
  for (let index = from; index < to; index++) {
    const token = tokens[index]!;
    if (token.kind === 'name') at = memberPosition(bytes, at, token.utf8);
    else at = indexedPosition(bytes, at, token.kind === 'index' ? token.index : entry);
    if (at < 0) return -1;
  }
  return at;
}

/** Position of what a path leads to from the value at `position`, -1 if nothing is there; `entry` as in `lookupTokens`. */
export function lookupPath(bytes: Uint8Array, position: number, path: JsonPath, entry: number): number {
  return lookupTokens(bytes, position, path.tokens, 0, path.tokens.length, entry);
}
