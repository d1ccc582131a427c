/** Bodies of requests, whose values are Lua's. */
import { boxError, ByteWriter } from '../../../../base/index.ts';
import type { BodyKey } from '../../../../codec/iproto/index.ts';
import {
  arrayLength,
  writeArrayHeader,
  writeMapHeader,
  writeStringHeader,
  writeUnsigned,
} from '../../../../codec/msgpack/index.ts';
import { LuaTable } from '../../runtime/table.ts';
import type { LuaValue } from '../../runtime/values.ts';
import type { TupleCodec } from '../../box/tuple/tuple-codec.ts';
import { LuaTuple } from '../../box/tuple/lua-tuple.ts';
import { bytesOf } from '../../system/module.ts';

const BODY_BYTES = 256;

/** A body map with so many pairs; `write` puts them. */
export function encodeBody(pairs: number, write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(BODY_BYTES);
  writeMapHeader(writer, pairs);
  write(writer);
  return writer.bytes.subarray(0, writer.position);
}

export function putNumber(writer: ByteWriter, key: BodyKey, value: number): void {
  writer.writeByte(key);
  writeUnsigned(writer, value);
}

/** The header of an array, whose values follow. */
export function putArray(writer: ByteWriter, key: BodyKey, length: number): void {
  writer.writeByte(key);
  writeArrayHeader(writer, length);
}

/** A Lua string. */
export function putText(writer: ByteWriter, key: BodyKey, text: string): void {
  const bytes = bytesOf(text);
  writer.writeByte(key);
  writeStringHeader(writer, bytes.length);
  writer.writeBytes(bytes, 0, bytes.length);
}

export function putValue(writer: ByteWriter, codec: TupleCodec, key: BodyKey, value: LuaValue): void {
  writer.writeByte(key);
  codec.write(writer, value);
}

/** A tuple, or an array of operations. Throws TUPLE_NOT_ARRAY for anything else. */
export function putTuple(writer: ByteWriter, codec: TupleCodec, key: BodyKey, value: LuaValue): void {
  writer.writeByte(key);
  const start = writer.position;
  codec.write(writer, value);
  if (arrayLength(writer.bytes, start) < 0) throw boxError('TUPLE_NOT_ARRAY');
}

/** A key: a table or a tuple as it is, nil as none, anything else as the only part. */
export function putKey(writer: ByteWriter, codec: TupleCodec, key: BodyKey, value: LuaValue): void {
  writer.writeByte(key);
  if (value instanceof LuaTable || value instanceof LuaTuple) codec.write(writer, value);
  else codec.write(writer, new LuaTable(value === undefined ? [] : [value]));
}
