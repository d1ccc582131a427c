/** MessagePack strings to JavaScript's and back: UTF-8, bytes that are none become U+FFFD. */
import type { ByteWriter } from '../../base/index.ts';
import { writeStringHeader } from './numbers.ts';
import { payloadLength, payloadStart } from './skip.ts';

const textDecoder = new TextDecoder('utf-8');
const textEncoder = new TextEncoder();

/** The string at `position`, which must be a string or a binary. */
export function readString(bytes: Uint8Array, position: number): string {
  const start = payloadStart(bytes, position);
  const end = start + payloadLength(bytes, position);
  if (end - start <= 24) {
    let text = '';
    for (let index = start; index < end; index++) {
      const byte = bytes[index]!;
      if (byte >= 0x80) return decodeText(bytes, start, end);
      text += String.fromCharCode(byte);
    }
    return text;
  }
  return decodeText(bytes, start, end);
}

function decodeText(bytes: Uint8Array, start: number, end: number): string {
  // TextDecoder refuses views of shared memory, where the arena lies.
  return textDecoder.decode(bytes.buffer instanceof ArrayBuffer ? bytes.subarray(start, end) : bytes.slice(start, end));
}

/** Appends a string, header and all. */
export function writeString(writer: ByteWriter, text: string): void {
  if (text.length < 32) {
    writer.ensure(1 + text.length);
    const start = writer.position;
    let index = 0;
    for (; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code >= 0x80) break;
      writer.bytes[start + 1 + index] = code;
    }
    if (index === text.length) {
      writer.bytes[start] = 0xa0 | text.length;
      writer.position = start + 1 + text.length;
      return;
    }
  }
  const encoded = textEncoder.encode(text);
  writeStringHeader(writer, encoded.length);
  writer.writeBytes(encoded, 0, encoded.length);
}
