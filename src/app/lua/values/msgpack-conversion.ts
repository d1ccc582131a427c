/**
 * Lua values to MessagePack and back, as Tarantool 2.6.0 does it. On the path of stored procedures and tuples, hence
 * one pass over a value and no object for it beyond the result.
 *
 * Whole numbers are written as integers where 64 bits hold them, all other numbers as doubles; strings always as strings.
 * Integers from 10^14 on are read as 64-bit cdata, nil as `box.NULL`.
 */
import { byteTextOf, type ByteWriter, writeByteText } from '../../../base/index.ts';
import {
  arrayLength,
  checkValue,
  containerHeaderSize,
  Datetime,
  Decimal,
  decodeExtension,
  type ErrorStack,
  EXTENSION_TYPE,
  extensionType,
  Interval,
  isValidExtension,
  KIND,
  kindAt,
  mapLength,
  payloadLength,
  payloadStart,
  readBigInt,
  readErrorStackMap,
  readNumber,
  Uuid,
  writeArrayHeader,
  writeBigInt,
  writeBoolean,
  writeDouble,
  writeInteger,
  writeMapHeader,
  writeNil,
  writeStringHeader,
} from '../../../codec/msgpack/index.ts';
import { Integer64 } from '../ffi/numbers.ts';
import { NULL } from '../ffi/null.ts';
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import { LuaCdata, LuaUserdata, type LuaValue } from '../runtime/values.ts';
import { DatetimeValue, IntervalValue } from './datetime.ts';
import { DecimalValue } from './decimal.ts';
import { entryCount, luaError, MAP, type Serializer } from './serializer.ts';
import { MsgpackObject } from './msgpack-object.ts';
import type { SerializerOptions } from './serializer-options.ts';
import { UuidValue } from './uuid.ts';

/** From here on integers are 64-bit cdata. */
const NUMBER_LIMIT = 1e14;
const UINT64_LIMIT = 2 ** 64;
const INT64_LIMIT = 2 ** 63;

/** The number as an integer if it is one of 64 bits, else as a double. */
export function writeLuaNumber(writer: ByteWriter, value: number): void {
  if (Number.isSafeInteger(value)) writeInteger(writer, value);
  else if (Number.isInteger(value) && value < UINT64_LIMIT && value >= -INT64_LIMIT) writeBigInt(writer, BigInt(value));
  else writeLuaDouble(writer, value);
}

/** What is no number has the sign that x86 gives it. */
export function writeLuaDouble(writer: ByteWriter, value: number): void {
  writeDouble(writer, value);
  if (Number.isNaN(value)) writer.bytes[writer.position - 8] = 0xff;
}

export type MsgpackHooks = Readonly<{
  /** A decoded error as Lua has it. */
  errorValue: (stack: ErrorStack) => LuaValue;
}>;

/** One set of options on one Lua state. */
export class MsgpackConversion {
  readonly options: Readonly<SerializerOptions>;
  /** Behind the last decoded value. */
  position = 0;
  readonly #serializer: Serializer;
  readonly #hooks: MsgpackHooks;

  constructor(serializer: Serializer, options: Readonly<SerializerOptions>, hooks: MsgpackHooks) {
    this.#serializer = serializer;
    this.options = options;
    this.#hooks = hooks;
  }

  /** Appends a value. Throws LuaError or BoxError; what was written until then stays behind the old position. */
  encode(writer: ByteWriter, value: LuaValue): void {
    const start = writer.position;
    try {
      this.#encode(writer, value, 0);
    } catch (error) {
      writer.position = start;
      throw error;
    }
  }

  #encode(writer: ByteWriter, value: LuaValue, level: number): void {
    switch (typeof value) {
      case 'string':
        writeStringHeader(writer, value.length);
        return writeByteText(writer, value);
      case 'number':
        return this.#encodeNumber(writer, value);
      case 'boolean':
        return writeBoolean(writer, value);
      case 'undefined':
        return writeNil(writer);
      default:
        if (value instanceof LuaTable) return this.#encodeTable(writer, value, level);
        if (value instanceof LuaCdata && value.writeMsgpack(writer)) return;
        if (value instanceof LuaUserdata && value.payload instanceof MsgpackObject) {
          const { bytes } = value.payload;
          return writer.writeBytes(bytes, 0, bytes.length);
        }
        this.#encodeOther(writer, value, level);
    }
  }

  #encodeNumber(writer: ByteWriter, value: number): void {
    if (Number.isFinite(value) || this.options.encodeInvalidNumbers) return writeLuaNumber(writer, value);
    if (!this.options.encodeInvalidAsNil) throw luaError('number must not be NaN or Inf');
    writeNil(writer);
  }

  #encodeOther(writer: ByteWriter, value: LuaValue, level: number): void {
    const form = value instanceof LuaCdata ? value.serialized() : null;
    if (form === null) this.#encode(writer, this.#serializer.unsupported(value, this.options), level);
    else this.#encode(writer, 'value' in form ? form.value : form.text, level);
  }

  #encodeTable(writer: ByteWriter, value: LuaTable, level: number): void {
    const { options } = this;
    let table = value;
    if (value.metatable !== null) {
      const replaced = this.#serializer.replaced(value, options);
      if (!(replaced instanceof LuaTable)) return this.#encode(writer, replaced, level);
      table = replaced;
    }
    const form = this.#serializer.form(table, options);
    if (level >= options.encodeMaxDepth) {
      if (!options.encodeDeepAsNil) throw runtimeError(`Too high nest level - ${level + 1}`);
      return writeNil(writer);
    }
    if (form === MAP) return this.#encodeMap(writer, table, level + 1);
    writeArrayHeader(writer, form);
    const { array } = table;
    if (form === array.length) {
      for (let index = 0; index < form; index++) this.#encode(writer, array[index], level + 1);
    } else {
      for (let index = 1; index <= form; index++) this.#encode(writer, table.get(index), level + 1);
    }
  }

  #encodeMap(writer: ByteWriter, table: LuaTable, level: number): void {
    const { array } = table;
    writeMapHeader(writer, entryCount(table));
    for (let index = 0; index < array.length; index++) {
      if (array[index] === undefined) continue;
      writeInteger(writer, index + 1);
      this.#encode(writer, array[index], level);
    }
    for (let place = table.hashEntryFrom(0); place >= 0; place = table.hashEntryFrom(place + 1)) {
      this.#encode(writer, table.hashKeyAt(place), level);
      this.#encode(writer, table.hashValueAt(place), level);
    }
  }

  /** The value at `position`, which must be valid; `this.position` is then behind it. */
  decode(bytes: Uint8Array, position: number): LuaValue {
    const first = bytes[position]!;
    if (first < 0x80) {
      this.position = position + 1;
      return first;
    }
    switch (kindAt(bytes, position)) {
      case KIND.nil:
        this.position = position + 1;
        return NULL;
      case KIND.boolean:
        this.position = position + 1;
        return first === 0xc3;
      case KIND.unsigned:
      case KIND.signed:
        return this.#decodeInteger(bytes, position, first);
      case KIND.float:
        this.position = position + 5;
        return this.#checked(readNumber(bytes, position));
      case KIND.double:
        this.position = position + 9;
        return this.#checked(readNumber(bytes, position));
      case KIND.string:
      case KIND.binary: {
        const start = payloadStart(bytes, position);
        const end = start + payloadLength(bytes, position);
        this.position = end;
        return byteTextOf(bytes, start, end);
      }
      case KIND.array:
        return this.#decodeArray(bytes, position);
      case KIND.map:
        return this.#decodeMap(bytes, position);
      case KIND.extension:
        return this.#decodeExtension(bytes, position);
      case KIND.invalid:
        throw runtimeError('Unsuported MsgPack extension type: 0');
    }
  }

  #checked(value: number): number {
    if (!this.options.decodeInvalidNumbers && !Number.isFinite(value)) throw luaError('number must not be NaN or Inf');
    return value;
  }

  #decodeInteger(bytes: Uint8Array, position: number, first: number): LuaValue {
    // 0xcc to 0xcf and 0xd0 to 0xd3 take 1, 2, 4 and 8 bytes; the rest is in the first byte.
    this.position = position + (first >= 0xe0 ? 1 : 1 + (1 << (first & 3)));
    const value = readNumber(bytes, position);
    if (value < NUMBER_LIMIT && value > -NUMBER_LIMIT) return value;
    return new Integer64(readBigInt(bytes, position), first === 0xcf);
  }

  #decodeArray(bytes: Uint8Array, position: number): LuaTable {
    const length = arrayLength(bytes, position);
    const array: LuaValue[] = [];
    this.position = position + containerHeaderSize(bytes, position);
    for (let index = 0; index < length; index++) array.push(this.decode(bytes, this.position));
    const table = new LuaTable(array);
    if (this.options.decodeSaveMetatables) table.metatable = this.#serializer.arrayMetatable;
    return table;
  }

  #decodeMap(bytes: Uint8Array, position: number): LuaTable {
    const length = mapLength(bytes, position);
    const table = new LuaTable();
    this.position = position + containerHeaderSize(bytes, position);
    for (let pair = 0; pair < length; pair++) {
      const key = this.decode(bytes, this.position);
      const value = this.decode(bytes, this.position);
      if (typeof key === 'string') table.setString(key, value);
      else if (typeof key === 'number' && Number.isNaN(key)) throw runtimeError('table index is NaN');
      else table.set(key, value);
    }
    if (this.options.decodeSaveMetatables) table.metatable = this.#serializer.mapMetatable;
    return table;
  }

  #decodeExtension(bytes: Uint8Array, position: number): LuaValue {
    const start = payloadStart(bytes, position);
    this.position = start + payloadLength(bytes, position);
    const type = extensionType(bytes, position);
    if (type === EXTENSION_TYPE.error) return this.#decodeError(bytes, start, this.position);
    if (!isValidExtension(bytes, position)) throw invalidMsgpack('msgpack.decode');
    const value = decodeExtension(bytes, position);
    if (value instanceof Decimal) return new DecimalValue(value);
    if (value instanceof Uuid) return new UuidValue(value);
    if (value instanceof Datetime) return new DatetimeValue(value);
    if (value instanceof Interval) return new IntervalValue(value);
    throw runtimeError(`Unsuported MsgPack extension type: ${type & 0xff}`);
  }

  #decodeError(bytes: Uint8Array, start: number, end: number): LuaValue {
    const stack = checkValue(bytes, start, end) === end ? readErrorStackMap(bytes, start) : null;
    if (stack === null || stack.errors.length === 0) throw runtimeError('Can not parse an error from MsgPack');
    return this.#hooks.errorValue(stack);
  }
}

export function invalidMsgpack(functionName: string): Error {
  return runtimeError(`${functionName}: invalid MsgPack`);
}
