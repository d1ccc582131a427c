/**
 * A tuple as text: YAML in flow style as Tarantool 2.6.0 prints it, `[1, 'one', {'a': null}]`. Strings are in single
 * quotes; in double quotes with what cannot be shown; bytes that are no UTF-8 are `!!binary`. Extensions show as `null`.
 */
import {
  arrayLength,
  containerHeaderSize,
  KIND,
  kindAt,
  mapLength,
  payloadLength,
  payloadStart,
  readBigInt,
  readNumber,
  skipValue,
} from '../../../../codec/msgpack/index.ts';
import { numberToText } from '../../runtime/types.ts';
import { byteStringOf } from '../byte-strings.ts';

/** Spaces in front of what follows a line break inside a string: by depth. */
const INDENT_BASE = 2;
const INDENT_STEP = 2;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as characters. */
export function tupleText(bytes: Uint8Array, position: number): string {
  return byteStringOf(flow(bytes, position, 0));
}

function flow(bytes: Uint8Array, position: number, depth: number): string {
  switch (kindAt(bytes, position)) {
    case KIND.unsigned:
    case KIND.signed:
      return String(readBigInt(bytes, position));
    case KIND.float:
    case KIND.double:
      return doubleText(bytes, position);
    case KIND.boolean:
      return bytes[position] === 0xc3 ? 'true' : 'false';
    case KIND.string:
      return stringText(payloadOf(bytes, position), depth);
    case KIND.binary:
      return binaryText(payloadOf(bytes, position));
    case KIND.array:
      return arrayText(bytes, position, depth);
    case KIND.map:
      return mapText(bytes, position, depth);
    default:
      return 'null';
  }
}

/** What is no number has a sign that JavaScript does not show. */
function doubleText(bytes: Uint8Array, position: number): string {
  const value = readNumber(bytes, position);
  return Number.isNaN(value) && bytes[position + 1]! >= 0x80 ? '-nan' : numberToText(value);
}

function payloadOf(bytes: Uint8Array, position: number): Uint8Array {
  const start = payloadStart(bytes, position);
  return bytes.subarray(start, start + payloadLength(bytes, position));
}

function arrayText(bytes: Uint8Array, position: number, depth: number): string {
  const items: string[] = [];
  let next = position + containerHeaderSize(bytes, position);
  for (let left = arrayLength(bytes, position); left > 0; left--) {
    items.push(flow(bytes, next, depth + 1));
    next = skipValue(bytes, next);
  }
  return `[${items.join(', ')}]`;
}

function mapText(bytes: Uint8Array, position: number, depth: number): string {
  const pairs: string[] = [];
  let next = position + containerHeaderSize(bytes, position);
  for (let left = mapLength(bytes, position); left > 0; left--) {
    const value = skipValue(bytes, next);
    const key = flow(bytes, next, depth + 1);
    // A key of several lines has to be announced.
    pairs.push(`${key.includes('\n') ? `? ${key} :` : `${key}:`} ${flow(bytes, value, depth + 1)}`);
    next = skipValue(bytes, value);
  }
  return `{${pairs.join(', ')}}`;
}

function binaryText(payload: Uint8Array): string {
  return `!!binary ${btoa(String.fromCharCode(...payload))}`;
}

/** What libyaml takes for printable, the line breaks included that may stand in single quotes. */
const SPECIAL = /[^\n\x20-\x7e\u{a0}-\u{d7ff}\u{e000}-\u{fefe}\u{ff00}-\u{fffd}]/u;
/** What Tarantool does not take for text. */
const NONCHARACTER = /[\u{fffe}\u{ffff}]/u;
const SPACE_BEFORE_BREAK = / [\n\u{2028}\u{2029}]/u;
const BREAKS = /[\n\u{2028}\u{2029}]+/gu;

function stringText(payload: Uint8Array, depth: number): string {
  let text: string;
  try {
    text = decoder.decode(payload);
  } catch {
    return binaryText(payload);
  }
  if (NONCHARACTER.test(text)) return binaryText(payload);
  if (SPECIAL.test(text) || SPACE_BEFORE_BREAK.test(text)) return doubleQuoted(text);
  const indent = ' '.repeat(INDENT_BASE + INDENT_STEP * depth);
  const folded = text.replaceAll("'", "''").replace(BREAKS, (run) => {
    const first = run.startsWith('\n') ? '\n' : '';
    return `${first}${run}${indent}`;
  });
  return `'${folded}'`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\u{85}': '\\N',
  '\u{a0}': '\\_',
  '\u{2028}': '\\L',
  '\u{2029}': '\\P',
};

function doubleQuoted(text: string): string {
  let quoted = '';
  for (const character of text) {
    const escape = ESCAPES[character];
    if (escape !== undefined) quoted += escape;
    else quoted += SPECIAL.test(character) ? codeEscape(character.codePointAt(0)!) : character;
  }
  return `"${quoted}"`;
}

function codeEscape(code: number): string {
  const digits = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${digits.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
}
