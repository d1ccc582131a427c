/**
 * JavaScript values to MessagePack and back, for everything that is not on a hot path.
 *
 * | MessagePack | JavaScript |
 * |---|---|
 * | nil, boolean | null, boolean |
 * | integer | number when safe, else bigint |
 * | float, double | number; a whole number is written as an integer, wrap it in DoubleValue to keep it a double |
 * | string | string (bytes that are not UTF-8 become U+FFFD), binary | Uint8Array |
 * | array, map | array; plain object when every key is a string, else Map |
 * | extension | what `decodeExtension` of the registered types gives, else ExtensionValue |
 */
import { assert, ByteWriter } from '../../base/index.ts';
import { readString, writeString } from './strings.ts';
import { decodeExtension, encodeExtension, ExtensionValue, type ExtensionTypes } from './extensions.ts';
import {
  readBigInt,
  readNumber,
  writeArrayHeader,
  writeBigInt,
  writeBinaryHeader,
  writeBoolean,
  writeDouble,
  writeInteger,
  writeMapHeader,
  writeNil,
} from './numbers.ts';
import {
  arrayLength,
  containerHeaderSize,
  KIND,
  kindAt,
  mapLength,
  payloadLength,
  payloadStart,
  skipValue,
} from './skip.ts';

/** A number that is to be written as a double even if it is whole. */
export class DoubleValue {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** MessagePack already encoded: written as it is. */
export class RawValue {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

export type Value =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | DoubleValue
  | RawValue
  | ExtensionTypes
  | readonly Value[]
  | ReadonlyMap<Value, Value>
  | { readonly [key: string]: Value };

const NESTING_MAX = 500;

/** Decodes the value at `position`; the bytes must be valid MessagePack. */
export function decodeValue(bytes: Uint8Array, position: number): Value {
  switch (kindAt(bytes, position)) {
    case KIND.nil:
    case KIND.invalid:
      return null;
    case KIND.boolean:
      return bytes[position] === 0xc3;
    case KIND.unsigned:
    case KIND.signed: {
      const value = readNumber(bytes, position);
      return Number.isSafeInteger(value) ? value : readBigInt(bytes, position);
    }
    case KIND.float:
    case KIND.double:
      return readNumber(bytes, position);
    case KIND.string:
      return readString(bytes, position);
    case KIND.binary: {
      const start = payloadStart(bytes, position);
      return new Uint8Array(bytes.subarray(start, start + payloadLength(bytes, position)));
    }
    case KIND.array:
      return decodeArray(bytes, position);
    case KIND.map:
      return decodeMap(bytes, position);
    case KIND.extension:
      return decodeExtension(bytes, position);
  }
}

/** Decodes the array at `position`. */
export function decodeArray(bytes: Uint8Array, position: number): Value[] {
  const length = arrayLength(bytes, position);
  let next = position + containerHeaderSize(bytes, position);
  const items: Value[] = [];
  for (let index = 0; index < length; index++) {
    items.push(decodeValue(bytes, next));
    next = skipValue(bytes, next);
  }
  return items;
}

function decodeMap(bytes: Uint8Array, position: number): Value {
  const length = mapLength(bytes, position);
  let next = position + containerHeaderSize(bytes, position);
  const entries: [Value, Value][] = [];
  let named = true;
  for (let index = 0; index < length; index++) {
    const key = decodeValue(bytes, next);
    next = skipValue(bytes, next);
    entries.push([key, decodeValue(bytes, next)]);
    next = skipValue(bytes, next);
    if (typeof key !== 'string') named = false;
  }
  return named ? (Object.fromEntries(entries) as { readonly [key: string]: Value }) : new Map(entries);
}

/** Appends a value. Throws TypeError for what has no MessagePack form, RangeError for integers beyond 64 bits. */
export function encodeValue(writer: ByteWriter, value: Value, depth = 0): void {
  if (depth > NESTING_MAX) throw new TypeError(`a value nested deeper than ${NESTING_MAX} levels cannot be encoded`);
  switch (typeof value) {
    case 'undefined':
      return writeNil(writer);
    case 'boolean':
      return writeBoolean(writer, value);
    case 'number':
      return Number.isSafeInteger(value) ? writeInteger(writer, value) : writeDouble(writer, value);
    case 'bigint':
      return writeBigInt(writer, value);
    case 'string':
      return writeString(writer, value);
    case 'object':
      return encodeObject(writer, value, depth);
    default:
      throw new TypeError(`a ${typeof value} cannot be encoded as MessagePack`);
  }
}

function encodeObject(
  writer: ByteWriter,
  value: Exclude<Value, undefined | boolean | number | bigint | string>,
  depth: number,
): void {
  if (value === null) return writeNil(writer);
  if (Array.isArray(value)) {
    writeArrayHeader(writer, value.length);
    for (const item of value as readonly Value[]) encodeValue(writer, item, depth + 1);
    return;
  }
  if (value instanceof Uint8Array) {
    writeBinaryHeader(writer, value.length);
    return writer.writeBytes(value, 0, value.length);
  }
  if (value instanceof RawValue) return writer.writeBytes(value.bytes, 0, value.bytes.length);
  if (value instanceof DoubleValue) return writeDouble(writer, value.value);
  if (value instanceof Map) {
    writeMapHeader(writer, value.size);
    for (const [key, item] of value as ReadonlyMap<Value, Value>) {
      encodeValue(writer, key, depth + 1);
      encodeValue(writer, item, depth + 1);
    }
    return;
  }
  if (value instanceof ExtensionValue || encodeExtension.handles(value))
    return encodeExtension(writer, value as ExtensionTypes);
  const entries = Object.entries(value as { readonly [key: string]: Value }).filter(([, item]) => item !== undefined);
  writeMapHeader(writer, entries.length);
  for (const [key, item] of entries) {
    writeString(writer, key);
    encodeValue(writer, item, depth + 1);
  }
}

/** One value as bytes. */
export function encodeToBytes(value: Value): Uint8Array {
  const writer = new ByteWriter(64);
  encodeValue(writer, value);
  assert(writer.position > 0, 'an encoded value has bytes');
  return writer.toBytes();
}
