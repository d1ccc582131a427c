/** The library `uuid` and its values. */
import { bytesOfByteText, byteTextOf, type ByteWriter } from '../../../base/index.ts';
import { Uuid, writeUuid } from '../../../codec/msgpack/index.ts';
import type { RandomSource } from '../../../env/index.ts';
import { memberError } from '../ffi/member-error.ts';
import type { LuaError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import { LuaCdata, type LuaValue, plainFunction, type SerializedCdata } from '../runtime/values.ts';
import { builtinError, placelessError } from './builtin-error.ts';

const UUID_BYTES = 16;
const UUID_TEXT_LENGTH = 36;
const NIL_TEXT = '00000000-0000-0000-0000-000000000000';
/** Byte whose three high bits must not all be set: that variant is reserved. */
const VARIANT_BYTE = 8;
const RESERVED_VARIANT = 0xe0;
const VERSION_BYTE = 6;
/** A pair of places to exchange at a time: the host's order has the first three groups turned around. */
const HOST_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;

export class UuidValue extends LuaCdata {
  override readonly typeName = 'struct tt_uuid';
  readonly value: Uuid;

  constructor(value: Uuid) {
    super();
    this.value = value;
  }

  override toText(): string {
    return this.value.text;
  }

  override index(key: LuaValue): LuaValue {
    const method = typeof key === 'string' ? METHODS[key] : undefined;
    if (method !== undefined) return method;
    const field = typeof key === 'string' ? FIELDS[key] : undefined;
    if (field === undefined) throw memberError(this.typeName, key);
    return parseInt(this.value.text.slice(...field), 16);
  }

  override setIndex(key: LuaValue): void {
    throw memberError(this.typeName, key);
  }

  override equals(other: LuaValue): boolean {
    return other instanceof UuidValue && other.value.equals(this.value);
  }

  override writeMsgpack(writer: ByteWriter): boolean {
    writeUuid(writer, this.value);
    return true;
  }

  override serialized(): SerializedCdata {
    return { text: this.value.text };
  }
}

/** Where the members of the structure stand in the text. */
const FIELDS: Readonly<Record<string, readonly [number, number]>> = {
  time_low: [0, 8],
  time_mid: [9, 13],
  time_hi_and_version: [14, 18],
  clock_seq_hi_and_reserved: [19, 21],
  clock_seq_low: [21, 23],
};

/** An error as the library's own Lua source raises it. */
function libraryError(line: number, message: string): LuaError {
  return builtinError('uuid', line, message);
}

function isNetworkOrder(order: LuaValue): boolean {
  switch (order) {
    case undefined:
    case 'l':
    case 'h':
    case 'host':
      return false;
    case 'b':
    case 'n':
    case 'network':
      return true;
    default:
      throw libraryError(54, 'invalid byteorder, valid is l, b, h, n');
  }
}

function reordered(bytes: Uint8Array, order: LuaValue): Uint8Array {
  return isNetworkOrder(order) ? bytes : Uint8Array.from(HOST_ORDER, (place) => bytes[place]!);
}

function toBinary(value: Uuid, order: LuaValue): string {
  return byteTextOf(reordered(value.toBytes(), order));
}

function self(value: LuaValue, usage: string): Uuid {
  if (value instanceof UuidValue) return value.value;
  throw placelessError(`Usage: ${usage}`);
}

const METHODS: Readonly<Record<string, LuaValue>> = {
  str: plainFunction((value) => self(value, 'uuid:str()').text),
  bin: plainFunction((value, order) => toBinary(self(value, 'uuid:bin([byteorder])'), order)),
  isnil: plainFunction((value) => self(value, 'uuid:isnil()').text === NIL_TEXT),
};

/** The uuid of a text, null if it is none that Tarantool takes. */
export function parseUuid(text: string): UuidValue | null {
  const uuid = text.length === UUID_TEXT_LENGTH ? Uuid.parse(text) : null;
  if (uuid === null || (uuid.toBytes()[VARIANT_BYTE]! & RESERVED_VARIANT) === RESERVED_VARIANT) return null;
  return new UuidValue(uuid);
}

export function createUuidLibrary(random: RandomSource): LuaTable {
  const create = (): Uuid => {
    const bytes = new Uint8Array(UUID_BYTES);
    random.fill(bytes);
    bytes[VERSION_BYTE] = (bytes[VERSION_BYTE]! & 0x0f) | 0x40;
    bytes[VARIANT_BYTE] = (bytes[VARIANT_BYTE]! & 0x3f) | 0x80;
    return Uuid.fromBytes(bytes);
  };
  const library = new LuaTable();
  const make = plainFunction(() => new UuidValue(create()));
  library.setString('NULL', new UuidValue(new Uuid(NIL_TEXT)));
  library.setString('new', make);
  library.setString(
    'str',
    plainFunction(() => create().text),
  );
  library.setString(
    'bin',
    plainFunction((order) => toBinary(create(), order)),
  );
  library.setString(
    'fromstr',
    plainFunction((text) => {
      if (typeof text !== 'string') throw libraryError(38, 'fromstr(str)');
      return parseUuid(text) ?? undefined;
    }),
  );
  library.setString(
    'frombin',
    plainFunction((binary, order) => {
      if (typeof binary !== 'string' || binary.length !== UUID_BYTES) {
        throw libraryError(73, 'frombin(bin, [byteorder])');
      }
      return new UuidValue(Uuid.fromBytes(reordered(bytesOfByteText(binary), order)));
    }),
  );
  library.metatable = new LuaTable();
  library.metatable.setString('__call', make);
  return library;
}
