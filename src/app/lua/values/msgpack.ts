/** The libraries `msgpack` and `msgpackffi`. */
import { bytesOfByteText, byteTextOf, ByteWriter, writeByteText } from '../../../base/index.ts';
import { arrayLength, checkValue, containerHeaderSize, mapLength } from '../../../codec/msgpack/index.ts';
import { checkInteger, checkNumber } from '../runtime/arguments.ts';
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import { LuaCdata, type LuaFunction, type LuaResult, type LuaValue, plainFunction } from '../runtime/values.ts';
import { IbufObject } from './buffer.ts';
import { isBytePointer } from '../ffi/pointer.ts';
import { invalidMsgpack, MsgpackConversion, type MsgpackHooks } from './msgpack-conversion.ts';
import { msgpackObjectIn, msgpackObjectsOf } from './msgpack-object.ts';
import { addMarks, type Serializer } from './serializer.ts';
import { createConfiguration, DEFAULT_SERIALIZER_OPTIONS } from './serializer-options.ts';

/** A value as bytes; the writer is shared by all calls. */
const INITIAL_BYTES = 1024;
const OBJECT_BYTES = 64;

export type MsgpackLibrary = Readonly<{
  library: LuaTable;
  /** With the options that `msgpack.cfg` sets: what calls and tuples use too. */
  conversion: MsgpackConversion;
}>;

export function createMsgpackLibrary(serializer: Serializer, hooks: MsgpackHooks): MsgpackLibrary {
  const options = { ...DEFAULT_SERIALIZER_OPTIONS };
  const conversion = new MsgpackConversion(serializer, options, hooks);
  const writer = new ByteWriter(INITIAL_BYTES);
  const library = new LuaTable();
  const functions: Readonly<Record<string, LuaFunction>> = {
    encode: plainFunction((...values) => encode(conversion, writer, values)),
    decode: plainFunction((...values) => decodeChecked(conversion, writer, values)),
    decode_unchecked: plainFunction((...values) => decodeUnchecked(conversion, writer, values)),
    ibuf_decode: plainFunction((...values) => decodePointer(conversion, values[0])),
    decode_array_header: plainFunction((...values) => decodeHeader('decode_array_header', arrayLength, values)),
    decode_map_header: plainFunction((...values) => decodeHeader('decode_map_header', mapLength, values)),
    is_object: plainFunction((value) => msgpackObjectIn(value) !== null),
    object: plainFunction((...values) => objectOf(conversion, serializer, values)),
    object_from_raw: plainFunction((...values) => objectFromRaw(conversion, serializer, values)),
    new: plainFunction(() => createMsgpackLibrary(serializer, hooks).library),
  };
  for (const [name, code] of Object.entries(functions)) library.setString(name, code);
  library.setString('cfg', createConfiguration(options));
  addMarks(library, serializer);
  return { library, conversion };
}

function encode(conversion: MsgpackConversion, writer: ByteWriter, values: readonly LuaValue[]): LuaResult {
  if (values.length < 1) throw runtimeError('msgpack.encode: a Lua object expected');
  const target = values[1];
  if (target === undefined) {
    const start = writer.position;
    conversion.encode(writer, values[0]);
    const text = byteTextOf(writer.bytes, start, writer.position);
    writer.position = start;
    return text;
  }
  if (!(target instanceof IbufObject)) throw runtimeError("msgpack.encode: argument 2 must be of type 'struct ibuf'");
  return target.append((ibuf) => conversion.encode(ibuf, values[0]));
}

/** `object(value)`: the value as MessagePack. */
function objectOf(conversion: MsgpackConversion, serializer: Serializer, values: readonly LuaValue[]): LuaResult {
  if (values.length !== 1) throw runtimeError('msgpack.object: a Lua object expected');
  const writer = new ByteWriter(OBJECT_BYTES);
  conversion.encode(writer, values[0]);
  return msgpackObjectsOf(serializer.runtime).of(writer.toBytes(), conversion);
}

/** `object_from_raw(text)` and `object_from_raw(pointer, size)`: one value as it is. */
function objectFromRaw(conversion: MsgpackConversion, serializer: Serializer, values: readonly LuaValue[]): LuaResult {
  const [source] = values;
  let bytes: Uint8Array;
  if (typeof source === 'string') bytes = bytesOfByteText(source);
  else if (isBytePointer(source)) {
    bytes = source.memory.bytes.slice(source.offset, source.offset + checkInteger(values, 2));
  } else throw runtimeError("msgpack.object_from_raw: a Lua string or 'char *' expected");
  if (bytes.length === 0 || checkValue(bytes, 0, bytes.length) !== bytes.length) {
    throw runtimeError('msgpack.object_from_raw: invalid MsgPack');
  }
  return msgpackObjectsOf(serializer.runtime).of(bytes, conversion);
}

const NOT_BYTES = "msgpack.decode: a Lua string or 'char *' expected";

/** `decode(text [, offset])` gives the value and the offset behind it; `decode(pointer, size)` the pointer. */
function decodeChecked(conversion: MsgpackConversion, scratch: ByteWriter, values: readonly LuaValue[]): LuaResult {
  const [source] = values;
  if (typeof source === 'string') {
    const offset = values.length > 1 ? checkInteger(values, 2) : 1;
    if (offset < 1 || offset > source.length) {
      if (values.length > 1) throw runtimeError('msgpack.decode: offset is out of bounds');
      throw invalidMsgpack('msgpack.decode');
    }
    return decodeText(conversion, scratch, source, offset);
  }
  if (!isBytePointer(source)) throw runtimeError(NOT_BYTES);
  const size = checkInteger(values, 2);
  if (size < 0) throw runtimeError("msgpack.decode: size can't be negative");
  const { bytes } = source.memory;
  if (checkValue(bytes, source.offset, source.offset + size) < 0) throw invalidMsgpack('msgpack.decode');
  return [conversion.decode(bytes, source.offset), source.at(conversion.position)];
}

/** The bytes lie in the library's own buffer meanwhile: a new one for each call would cost more than the decoding. */
function decodeText(conversion: MsgpackConversion, scratch: ByteWriter, text: string, offset: number): LuaResult {
  const start = scratch.position;
  writeByteText(scratch, text);
  const end = scratch.position;
  scratch.position = start;
  const { bytes } = scratch;
  const first = start + offset - 1;
  if (checkValue(bytes, first, end) < 0) throw invalidOrUnknown(bytes, first);
  return [conversion.decode(bytes, first), conversion.position - start + 1];
}

/** The byte that no encoder writes is an unknown extension to Tarantool. */
function invalidOrUnknown(bytes: Uint8Array, position: number): Error {
  return bytes[position] === 0xc1
    ? runtimeError('Unsuported MsgPack extension type: 0')
    : invalidMsgpack('msgpack.decode');
}

/** The same without a check of the whole: what is missing at the end reads as zeros. */
function decodeUnchecked(conversion: MsgpackConversion, scratch: ByteWriter, values: readonly LuaValue[]): LuaResult {
  const [source] = values;
  if (typeof source !== 'string') {
    if (!isBytePointer(source)) throw runtimeError(NOT_BYTES);
    const { bytes } = source.memory;
    if (checkValue(bytes, source.offset, bytes.length) < 0) throw invalidMsgpack('msgpack.decode');
    return [conversion.decode(bytes, source.offset), source.at(conversion.position)];
  }
  const offset = values.length > 1 ? checkInteger(values, 2) : 1;
  if (offset < 1 || offset > source.length) throw runtimeError('msgpack.decode: offset is out of bounds');
  return decodeText(conversion, scratch, source, offset);
}

/** `ibuf_decode(pointer)`: the pointer behind the value, and the value. */
function decodePointer(conversion: MsgpackConversion, source: LuaValue): LuaResult {
  if (!(source instanceof LuaCdata)) throw runtimeError('expected cdata as 1 argument');
  if (!isBytePointer(source)) throw runtimeError('msgpack.ibuf_decode: rpos is null');
  const { bytes } = source.memory;
  if (checkValue(bytes, source.offset, bytes.length) < 0) throw invalidMsgpack('msgpack.decode');
  const value = conversion.decode(bytes, source.offset);
  return [source.at(conversion.position), value];
}

function decodeHeader(
  name: string,
  read: (bytes: Uint8Array, position: number) => number,
  values: readonly LuaValue[],
): LuaResult {
  const [source] = values;
  if (values.length !== 2) throw runtimeError(`Usage: msgpack.${name}(ptr, size)`);
  if (!isBytePointer(source)) throw runtimeError(`msgpack.${name}: 'char *' expected`);
  const size = checkNumber(values, 2);
  if (size <= 0) throw runtimeError(`msgpack.${name}: non-positive size`);
  const { bytes } = source.memory;
  const length = read(bytes, source.offset);
  if (length < 0) throw runtimeError(`msgpack.${name}: unexpected msgpack type`);
  const header = containerHeaderSize(bytes, source.offset);
  if (header > size) throw runtimeError(`msgpack.${name}: unexpected end of buffer`);
  return [length, source.at(source.offset + header)];
}

/** The older twin: the same bytes by other functions. */
export function createMsgpackFfiLibrary({ library: msgpack }: MsgpackLibrary, serializer: Serializer): LuaTable {
  const library = new LuaTable();
  for (const name of ['encode', 'decode', 'decode_unchecked']) library.setString(name, msgpack.getString(name));
  addMarks(library, serializer);
  return library;
}
