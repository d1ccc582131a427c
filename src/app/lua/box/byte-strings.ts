/**
 * Lua's strings are bytes, the engine's names are text. Names that are no UTF-8 keep their bytes both ways
 * (`readExactString` of codec/msgpack).
 */
import { bytesOfByteText, byteTextOf } from '../../../base/index.ts';
import { encodeText, exactText } from '../../../codec/msgpack/index.ts';

const HIGH_CHARACTER = /[^\0-\x7f]/;

/** The text of a Lua string. */
export function textOf(bytes: string): string {
  return HIGH_CHARACTER.test(bytes) ? exactText(bytesOfByteText(bytes)) : bytes;
}

/** The Lua string of a text. */
export function byteStringOf(text: string): string {
  return HIGH_CHARACTER.test(text) ? byteTextOf(encodeText(text)) : text;
}
