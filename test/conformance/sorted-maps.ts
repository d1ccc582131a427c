/** MessagePack with the entries of all maps in the order of their keys' bytes: Lua's tables keep no order of their own. */
import { ByteWriter } from '../../src/base/index.ts';
import { arrayLength, containerHeaderSize, KIND, kindAt, mapLength, skipValue } from '../../src/codec/msgpack/index.ts';

export function withSortedMaps(bytes: Uint8Array): Uint8Array {
  const writer = new ByteWriter(bytes.length);
  for (let position = 0; position < bytes.length; position = skipValue(bytes, position)) {
    writer.writeBytes(sorted(bytes, position), 0, skipValue(bytes, position) - position);
  }
  return writer.toBytes();
}

/** The value at a position, as many bytes as before. */
function sorted(bytes: Uint8Array, position: number): Uint8Array {
  const kind = kindAt(bytes, position);
  const end = skipValue(bytes, position);
  if (kind !== KIND.array && kind !== KIND.map) return bytes.subarray(position, end);
  const parts: Uint8Array[] = [];
  const count = kind === KIND.array ? arrayLength(bytes, position) : mapLength(bytes, position);
  let next = position + containerHeaderSize(bytes, position);
  const take = (): Uint8Array => {
    const value = sorted(bytes, next);
    next = skipValue(bytes, next);
    return value;
  };
  for (let index = 0; index < count; index++)
    parts.push(kind === KIND.array ? take() : Buffer.concat([take(), take()]));
  if (kind === KIND.map) parts.sort((a, b) => Buffer.compare(a, b));
  return Buffer.concat([bytes.subarray(position, position + containerHeaderSize(bytes, position)), ...parts]);
}
