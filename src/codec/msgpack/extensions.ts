/** Extension types of MessagePack that Tarantool defines, as values. */
import type { ByteWriter } from '../../base/index.ts';
import { writeExtensionHeader } from './numbers.ts';
import { extensionType, payloadLength, payloadStart } from './skip.ts';

export const EXTENSION_TYPE = {
  decimal: 1,
  uuid: 2,
  error: 3,
  datetime: 4,
  compression: 5,
  interval: 6,
  tuple: 7,
} as const;

/** An extension of a type that has no value class here: kept byte for byte. */
export class ExtensionValue {
  readonly type: number;
  readonly payload: Uint8Array;
  constructor(type: number, payload: Uint8Array) {
    this.type = type;
    this.payload = payload;
  }
}

export type ExtensionTypes = ExtensionValue;

export function decodeExtension(bytes: Uint8Array, position: number): ExtensionTypes {
  const start = payloadStart(bytes, position);
  const payload = Uint8Array.from(bytes.subarray(start, start + payloadLength(bytes, position)));
  return new ExtensionValue(extensionType(bytes, position), payload);
}

export function encodeExtension(writer: ByteWriter, value: ExtensionTypes): void {
  writeExtensionHeader(writer, value.type, value.payload.length);
  writer.writeBytes(value.payload, 0, value.payload.length);
}

encodeExtension.handles = (value: object): boolean => value instanceof ExtensionValue;
