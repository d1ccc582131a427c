/** MessagePack as a line of text that shows what JSON would hide: binaries, extensions, doubles, non-string keys. */
import {
  arrayLength,
  containerHeaderSize,
  extensionType,
  KIND,
  kindAt,
  mapLength,
  payloadLength,
  payloadStart,
  readBigInt,
  readNumber,
  readString,
  skipValue,
} from '../../src/codec/msgpack/index.ts';

const TEXT_LENGTH_MAX = 4000;

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The value at `position`, which must be valid. */
export function describeValue(bytes: Uint8Array, position: number): string {
  switch (kindAt(bytes, position)) {
    case KIND.nil:
      return 'nil';
    case KIND.boolean:
      return bytes[position] === 0xc3 ? 'true' : 'false';
    case KIND.unsigned:
    case KIND.signed:
      return String(readBigInt(bytes, position));
    case KIND.float:
      return `float(${readNumber(bytes, position)})`;
    case KIND.double:
      return `double(${readNumber(bytes, position)})`;
    case KIND.string:
      return JSON.stringify(readString(bytes, position));
    case KIND.binary:
      return `bin(${hex(payload(bytes, position))})`;
    case KIND.extension:
      return `ext(${extensionType(bytes, position)}, ${hex(payload(bytes, position))})`;
    case KIND.array:
      return `[${describeItems(bytes, position, arrayLength(bytes, position)).join(', ')}]`;
    case KIND.map:
      return describeMap(bytes, position);
    case KIND.invalid:
      return 'invalid';
  }
}

function payload(bytes: Uint8Array, position: number): Uint8Array {
  const start = payloadStart(bytes, position);
  return bytes.subarray(start, start + payloadLength(bytes, position));
}

function describeItems(bytes: Uint8Array, position: number, count: number): string[] {
  const items: string[] = [];
  let next = position + containerHeaderSize(bytes, position);
  for (let index = 0; index < count; index++) {
    items.push(describeValue(bytes, next));
    next = skipValue(bytes, next);
  }
  return items;
}

function describeMap(bytes: Uint8Array, position: number): string {
  const items = describeItems(bytes, position, 2 * mapLength(bytes, position));
  const entries: string[] = [];
  for (let index = 0; index < items.length; index += 2) entries.push(`${items[index]}: ${items[index + 1]}`);
  return `{${entries.join(', ')}}`;
}

/** A text cut to a length that a terminal bears. */
export function shorten(text: string): string {
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX)}... (${text.length} characters)`;
}

export { hex };
