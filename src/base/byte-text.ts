/**
 * Bytes as text of the characters 0 to 255, and UTF-8. Lua's strings are kept so: JavaScript stores such a text with one
 * byte a character.
 */
import type { ByteWriter } from './byte-writer.ts';

/** Shorter texts are copied byte by byte: a call into the engine would cost more. */
const SHORT_TEXT_MAX = 24;

/** What is behind Buffer's `toString` and `write`, for any byte array, shared memory included. */
type ByteTextMethods = Readonly<{
  latin1Slice: (this: Uint8Array, start: number, end: number) => string;
  latin1Write: (this: Uint8Array, text: string, offset: number, length: number) => number;
}>;
const { latin1Slice, latin1Write } = Buffer.prototype as unknown as ByteTextMethods;

/** Each byte as a character. */
export function byteTextOf(bytes: Uint8Array, start = 0, end = bytes.length): string {
  if (end - start > SHORT_TEXT_MAX) return latin1Slice.call(bytes, start, end);
  let text = '';
  for (let index = start; index < end; index++) text += String.fromCharCode(bytes[index]!);
  return text;
}

/** Each character, from 0 to 255, as a byte. */
export function bytesOfByteText(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  latin1Write.call(bytes, text, 0, text.length);
  return bytes;
}

/** Appends each character, from 0 to 255, as a byte. */
export function writeByteText(writer: ByteWriter, text: string): void {
  const { length } = text;
  writer.ensure(length);
  const { bytes, position } = writer;
  if (length <= SHORT_TEXT_MAX) {
    for (let index = 0; index < length; index++) bytes[position + index] = text.charCodeAt(index);
  } else {
    latin1Write.call(bytes, text, position, length);
  }
  writer.position = position + length;
}

/** The UTF-8 bytes of a text, as characters. */
export function toByteText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The text whose UTF-8 bytes these characters are; what is no UTF-8 becomes U+FFFD. */
export function fromByteText(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

/** Two hexadecimal digits for each byte. */
export function hexOfByteText(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex');
}

/** The bytes that an even number of hexadecimal digits stands for, as characters. */
export function byteTextOfHex(digits: string): string {
  return Buffer.from(digits, 'hex').toString('latin1');
}

/** All bytes behind each other, in an array of their own. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** Place of the first occurrence of `part`, -1 if there is none. */
export function indexOfBytes(bytes: Uint8Array, part: Uint8Array): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(part);
}
