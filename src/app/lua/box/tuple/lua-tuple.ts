/**
 * Tuples as Lua sees them: cdata over MessagePack. The bytes are copied once, when the tuple leaves the engine or is made,
 * and fields are decoded when somebody looks at them.
 */
import { type ByteWriter, copyBytes } from '../../../../base/index.ts';
import { arrayLength, containerHeaderSize, skipValue } from '../../../../codec/msgpack/index.ts';
import { type Address, NO_ADDRESS, tuplePosition, tupleSize, tupleSlab } from '../../../../engine/arena/index.ts';
import type { Space } from '../../../../engine/memtx/index.ts';
import { type JsonPath, lookupPath, parseJsonPath, type TupleFormat } from '../../../../tuple/index.ts';
import { memberError } from '../../ffi/member-error.ts';
import { LuaTable } from '../../runtime/table.ts';
import {
  LuaCdata,
  type LuaFunction,
  type LuaResult,
  type LuaValue,
  type SerializedCdata,
} from '../../runtime/values.ts';
import { textOf } from '../byte-strings.ts';
import type { TupleCodec } from './tuple-codec.ts';
import { tupleText } from './tuple-text.ts';

/** Small tuples share memory: a new array for each costs more than its bytes. A tuple that is kept keeps its chunk. */
const CHUNK_BYTES = 4096;
const SHARED_BYTES_MAX = 256;
/** Paths that are kept parsed. */
const PATHS_MAX = 1000;

/** Makes tuples, and holds what all of one Lua state have in common. */
export class TupleFactory {
  readonly codec: TupleCodec;
  /** `tuple:totable()` and its like; the library fills them in. */
  readonly methods = new Map<string, LuaFunction>();
  readonly #paths = new Map<string, JsonPath | null>();
  #chunk = new Uint8Array(CHUNK_BYTES);
  #used = 0;

  constructor(codec: TupleCodec) {
    this.codec = codec;
  }

  /** The stored tuple, nil for none. */
  ofAddress(space: Space, address: Address): LuaTuple | undefined {
    if (address === NO_ADDRESS) return undefined;
    const { arena } = space;
    const start = tuplePosition(address);
    return this.copy(tupleSlab(arena, address), start, start + tupleSize(arena, address), space.format, address);
  }

  /** A tuple of the bytes [start, end), an array in MessagePack. */
  copy(
    source: Uint8Array,
    start: number,
    end: number,
    format: TupleFormat | null,
    address: Address = NO_ADDRESS,
  ): LuaTuple {
    const size = end - start;
    if (size > SHARED_BYTES_MAX) return new LuaTuple(this, source.slice(start, end), 0, size, format, address);
    if (this.#used + size > CHUNK_BYTES) {
      this.#chunk = new Uint8Array(CHUNK_BYTES);
      this.#used = 0;
    }
    const position = this.#used;
    copyBytes(source, start, this.#chunk, position, size);
    this.#used = position + size;
    return new LuaTuple(this, this.#chunk, position, size, format, address);
  }

  /** The path of a text, null if it is none. */
  path(text: string): JsonPath | null {
    let path = this.#paths.get(text);
    if (path === undefined) {
      const parsed = parseJsonPath(textOf(text));
      path = typeof parsed === 'number' ? null : parsed;
      if (this.#paths.size >= PATHS_MAX) this.#paths.clear();
      this.#paths.set(text, path);
    }
    return path;
  }
}

export class LuaTuple extends LuaCdata {
  override readonly typeName = 'struct tuple';
  readonly factory: TupleFactory;
  readonly bytes: Uint8Array;
  /** Where the array begins. */
  readonly start: number;
  readonly size: number;
  /** Names of the fields; null without. */
  readonly format: TupleFormat | null;
  /** Where it was stored when it was read: two with the same bytes from there are one and the same. */
  readonly address: Address;

  constructor(
    factory: TupleFactory,
    bytes: Uint8Array,
    start: number,
    size: number,
    format: TupleFormat | null,
    address: Address,
  ) {
    super();
    this.factory = factory;
    this.bytes = bytes;
    this.start = start;
    this.size = size;
    this.format = format;
    this.address = address;
  }

  get fieldCount(): number {
    return arrayLength(this.bytes, this.start);
  }

  /** Position of a field, counted from 0; -1 if there is none. */
  fieldPosition(fieldNo: number): number {
    const { bytes, start } = this;
    if (fieldNo < 0 || fieldNo >= arrayLength(bytes, start)) return -1;
    let next = start + containerHeaderSize(bytes, start);
    for (let left = fieldNo; left > 0; left--) next = skipValue(bytes, next);
    return next;
  }

  /** A field, counted from 0; nil if there is none. */
  field(fieldNo: number): LuaValue {
    const position = this.fieldPosition(fieldNo);
    return position < 0 ? undefined : this.factory.codec.read(this.bytes, position);
  }

  override index(key: LuaValue): LuaValue {
    if (typeof key === 'number') return this.field(Math.trunc(key) - 1);
    if (typeof key !== 'string') return undefined;
    const position = this.#named(key);
    return position < 0 ? this.factory.methods.get(key) : this.factory.codec.read(this.bytes, position);
  }

  #named(name: string): number {
    const { format } = this;
    const fieldNo = format === null ? undefined : format.fieldNumbers.get(textOf(name));
    if (fieldNo !== undefined) return this.fieldPosition(fieldNo);
    if (!/[.[]/.test(name)) return -1;
    const path = this.factory.path(name);
    if (path === null || path.anyTokenAt >= 0) return -1;
    const first = path.tokens[0];
    if (first === undefined || first.kind === 'any') return -1;
    const at = first.kind === 'index' ? first.index : format?.fieldNumbers.get(first.name);
    const field = at === undefined ? -1 : this.fieldPosition(at);
    if (field < 0) return -1;
    return lookupPath(this.bytes, field, { ...path, tokens: path.tokens.slice(1) }, 0);
  }

  override setIndex(key: LuaValue): void {
    throw memberError(this.typeName, key);
  }

  override equals(other: LuaValue): boolean | undefined {
    if (!(other instanceof LuaTuple)) return undefined;
    if (other === this) return true;
    return this.address !== NO_ADDRESS && this.address === other.address && this.#hasSameBytes(other);
  }

  #hasSameBytes(other: LuaTuple): boolean {
    if (this.size !== other.size) return false;
    for (let at = 0; at < this.size; at++) {
      if (this.bytes[this.start + at] !== other.bytes[other.start + at]) return false;
    }
    return true;
  }

  override iterate(): LuaResult | null {
    const pairs = this.factory.methods.get('pairs');
    return pairs?.plain?.(this) ?? null;
  }

  override length(): number {
    return this.fieldCount;
  }

  override toText(): string {
    return tupleText(this.bytes, this.start);
  }

  override writeMsgpack(writer: ByteWriter): boolean {
    writer.writeBytes(this.bytes, this.start, this.start + this.size);
    return true;
  }

  override serialized(): SerializedCdata {
    return { value: this.toTable() };
  }

  /** Decoded fields, from `from` (counted from 0) on, `count` at most. */
  fields(from = 0, count = Infinity): LuaValue[] {
    const { bytes } = this;
    const { codec } = this.factory;
    const values: LuaValue[] = [];
    const end = Math.min(this.fieldCount, from + count);
    let next = from < end ? this.fieldPosition(from) : 0;
    for (let fieldNo = from; fieldNo < end; fieldNo++) {
      values.push(codec.read(bytes, next));
      next = skipValue(bytes, next);
    }
    return values;
  }

  /** As a table that yaml shows in its short style. */
  toTable(): LuaTable {
    const table = new LuaTable(this.fields());
    table.metatable = this.factory.codec.serializer.arrayMetatable;
    return table;
  }
}
