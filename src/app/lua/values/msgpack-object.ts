/**
 * Values that stay MessagePack: `msgpack.object` and its iterators, as Tarantool 2.10 documents them. They are checked when
 * they are made, written as their bytes wherever a value is written, and decoded when they are asked to be.
 */
import { ByteWriter } from '../../../base/index.ts';
import {
  arrayLength,
  containerHeaderSize,
  KIND,
  kindAt,
  mapLength,
  skipValue,
  writeArrayHeader,
} from '../../../codec/msgpack/index.ts';
import { checkInteger, typeError } from '../runtime/arguments.ts';
import { runtimeError } from '../runtime/errors.ts';
import type { LuaRuntime } from '../runtime/runtime.ts';
import { type LuaTable, tableOf } from '../runtime/table.ts';
import { type LuaFunction, LuaUserdata, type LuaValue, NO_VALUES, plainFunction } from '../runtime/values.ts';

const OBJECT = 'msgpack.object';
const ITERATOR = 'msgpack.iterator';
const ARRAY_HEADER_BYTES_MAX = 5;

/** What reads a value; `position` is the place behind the last one. */
type Decoder = { decode(bytes: Uint8Array, position: number): LuaValue; readonly position: number };

/** One value. */
export class MsgpackObject {
  readonly bytes: Uint8Array;
  readonly decoder: Decoder;

  constructor(bytes: Uint8Array, decoder: Decoder) {
    this.bytes = bytes;
    this.decoder = decoder;
  }
}

class MsgpackIterator {
  readonly source: MsgpackObject;
  position = 0;

  constructor(source: MsgpackObject) {
    this.source = source;
  }

  /** Throws at the end, or where another kind of value stands. */
  check(kind: number | null): void {
    const { bytes } = this.source;
    if (this.position >= bytes.length) throw runtimeError('iteration ended');
    if (kind !== null && kindAt(bytes, this.position) !== kind) throw runtimeError('unexpected msgpack type');
  }

  /** Passes over the header of an array or map; its length. */
  enter(kind: number): number {
    this.check(kind);
    const { bytes } = this.source;
    const length = kind === KIND.array ? arrayLength(bytes, this.position) : mapLength(bytes, this.position);
    this.position += containerHeaderSize(bytes, this.position);
    return length;
  }

  /** Passes over a value; its bytes. */
  next(): Uint8Array {
    this.check(null);
    const { bytes } = this.source;
    const start = this.position;
    this.position = skipValue(bytes, start);
    return bytes.subarray(start, this.position);
  }
}

/** The objects of one Lua state. */
class MsgpackObjects {
  readonly #objectMetatable: LuaTable;
  readonly #iteratorMetatable: LuaTable;

  constructor() {
    this.#objectMetatable = metatableOf(OBJECT, {
      decode: plainFunction((...values) => {
        const { bytes, decoder } = payloadOf(values, MsgpackObject, OBJECT);
        return decoder.decode(bytes, 0);
      }),
      iterator: plainFunction(
        (...values) =>
          new LuaUserdata(new MsgpackIterator(payloadOf(values, MsgpackObject, OBJECT)), this.#iteratorMetatable),
      ),
    });
    const iteratorOf = (values: readonly LuaValue[]): MsgpackIterator => payloadOf(values, MsgpackIterator, ITERATOR);
    this.#iteratorMetatable = metatableOf(ITERATOR, {
      decode_array_header: plainFunction((...values) => iteratorOf(values).enter(KIND.array)),
      decode_map_header: plainFunction((...values) => iteratorOf(values).enter(KIND.map)),
      decode: plainFunction((...values) => {
        const iterator = iteratorOf(values);
        iterator.check(null);
        const { bytes, decoder } = iterator.source;
        const value = decoder.decode(bytes, iterator.position);
        iterator.position = decoder.position;
        return value;
      }),
      take: plainFunction((...values) => {
        const iterator = iteratorOf(values);
        return this.of(iterator.next(), iterator.source.decoder);
      }),
      take_array: plainFunction((...values) => this.#takeArray(iteratorOf(values), values)),
      skip: plainFunction((...values) => {
        iteratorOf(values).next();
        return NO_VALUES;
      }),
    });
  }

  /** The object of one valid value; the bytes are its own from now on. */
  of(bytes: Uint8Array, decoder: Decoder): LuaUserdata {
    return new LuaUserdata(new MsgpackObject(bytes, decoder), this.#objectMetatable);
  }

  #takeArray(iterator: MsgpackIterator, values: readonly LuaValue[]): LuaUserdata {
    if (values.length !== 2) throw runtimeError('Usage: iter:take_array(count)');
    const count = checkInteger(values, 2);
    if (count < 0) throw runtimeError('count must be >= 0');
    const start = iterator.position;
    try {
      for (let left = count; left > 0; left--) iterator.next();
    } catch (error) {
      iterator.position = start;
      throw error;
    }
    const { bytes, decoder } = iterator.source;
    const writer = new ByteWriter(iterator.position - start + ARRAY_HEADER_BYTES_MAX);
    writeArrayHeader(writer, count);
    writer.writeBytes(bytes, start, iterator.position);
    return this.of(writer.toBytes(), decoder);
  }
}

const objects = new WeakMap<LuaRuntime, MsgpackObjects>();

/** Those of a Lua state. */
export function msgpackObjectsOf(runtime: LuaRuntime): MsgpackObjects {
  const known = objects.get(runtime) ?? new MsgpackObjects();
  objects.set(runtime, known);
  return known;
}

/** The object in a value; null if it is none. */
export function msgpackObjectIn(value: LuaValue): MsgpackObject | null {
  return value instanceof LuaUserdata && value.payload instanceof MsgpackObject ? value.payload : null;
}

function metatableOf(name: string, methods: Readonly<Record<string, LuaFunction>>): LuaTable {
  const metatable = tableOf({ ...methods, __metatable: name, __tostring: plainFunction(() => name) });
  metatable.setString('__index', metatable);
  return metatable;
}

function payloadOf<Payload>(
  values: readonly LuaValue[],
  kind: abstract new (...given: never[]) => Payload,
  name: string,
): Payload {
  const [value] = values;
  if (value instanceof LuaUserdata && value.payload instanceof kind) return value.payload;
  throw typeError(value, 1, name, values.length === 0);
}
