/** What data methods are called with: whose method it is, keys, iterators and options, checked as Tarantool checks them. */
import { boxError, type ByteWriter } from '../../../../base/index.ts';
import { arrayLength, writeArrayHeader, writeUnsigned } from '../../../../codec/msgpack/index.ts';
import { ITERATOR } from '../../../../engine/indexes/index.ts';
import { runtimeError } from '../../runtime/errors.ts';
import { LuaTable } from '../../runtime/table.ts';
import { rawToText, typeOf } from '../../runtime/types.ts';
import { LuaCdata, type LuaValue } from '../../runtime/values.ts';
import { Integer64 } from '../../ffi/numbers.ts';
import { LuaTuple } from '../tuple/lua-tuple.ts';
import type { TupleCodec } from '../tuple/tuple-codec.ts';
import { builtinError } from '../builtin-error.ts';
import { IndexTable, SpaceTable } from './space-tables.ts';

const SCHEMA_FILE = 'box/schema.lua';
const EMPTY_ARRAY = 0x90;
const ARRAY_OF_ONE = 0x91;
const FIXED_INTEGER_END = 0x80;
export const LIMIT_MAX = 0xffffffff;

/** Id of the space whose method was called. Throws for what is no space. */
export function spaceIdOf(self: LuaValue, method: string): number {
  if (self instanceof SpaceTable) return self.spaceId;
  const id = self instanceof LuaTable ? self.get('id') : undefined;
  if (typeof id === 'number') return id;
  throw builtinError(SCHEMA_FILE, 1291, `Use space:${method}(...) instead of space.${method}(...)`);
}

/** The same where the space needs a primary index. Throws NO_SUCH_INDEX_ID (35). */
export function readableSpaceId(self: LuaValue, method: string): number {
  const id = spaceIdOf(self, method);
  if (primaryOf(self) === undefined) throw boxError('NO_SUCH_INDEX_ID', 0, nameOf(self));
  return id;
}

/** The table of the primary index; undefined without one. */
export function primaryOf(self: LuaValue): LuaValue {
  const index = self instanceof SpaceTable ? self.index : self instanceof LuaTable ? self.get('index') : undefined;
  return index instanceof LuaTable ? index.get(0) : undefined;
}

function nameOf(self: LuaValue): string {
  const name = self instanceof LuaTable ? self.get('name') : undefined;
  return typeof name === 'string' ? name : '';
}

export type IndexAddress = Readonly<{ spaceId: number; indexId: number }>;

/** The index whose method was called. Throws for what is no index. */
export function indexOf(self: LuaValue, method: string): IndexAddress {
  if (self instanceof IndexTable) return self;
  if (self instanceof LuaTable) {
    const spaceId = self.get('space_id');
    const indexId = self.get('id');
    if (typeof spaceId === 'number' && typeof indexId === 'number') return { spaceId, indexId };
  }
  throw builtinError(SCHEMA_FILE, 1310, `Use index:${method}(...) instead of index.${method}(...)`);
}

function isNil(value: LuaValue): boolean {
  return value === undefined || (value instanceof LuaCdata && value.isNull);
}

/** Writes a key to the beginning of the writer: a table or tuple as it is, nil as the empty key, else a key of one part. */
export function writeKey(codec: TupleCodec, writer: ByteWriter, key: LuaValue): void {
  writer.position = 0;
  const { bytes } = writer;
  if (typeof key === 'number') {
    bytes[0] = ARRAY_OF_ONE;
    writer.position = 1;
    if (key >= 0 && key < FIXED_INTEGER_END && Number.isInteger(key)) {
      bytes[1] = key;
      writer.position = 2;
    } else if (key >= 0 && Number.isSafeInteger(key)) writeUnsigned(writer, key);
    else codec.write(writer, key);
    return;
  }
  if (key instanceof LuaTable || key instanceof LuaTuple) {
    codec.write(writer, key);
    if (arrayLength(writer.bytes, 0) < 0) throw boxError('TUPLE_NOT_ARRAY');
    return;
  }
  if (isNil(key)) {
    bytes[0] = EMPTY_ARRAY;
    writer.position = 1;
    return;
  }
  writeArrayHeader(writer, 1);
  codec.write(writer, key);
}

/** Whether a key stands for all tuples. */
function isWholeKey(key: LuaValue): boolean {
  if (key instanceof LuaTable) return key.length() === 0;
  return key instanceof LuaTuple ? key.fieldCount === 0 : isNil(key);
}

/** The iterator that options name: a text, or a table with one, or nothing. Throws ITERATOR_TYPE (72). */
export function iteratorOf(options: LuaValue, key: LuaValue): number {
  const named =
    options instanceof LuaTable ? options.get('iterator') : typeof options === 'string' ? options : undefined;
  if (isNil(named)) return isWholeKey(key) ? ITERATOR.ALL : ITERATOR.EQ;
  if (typeof named === 'number') return named;
  const known =
    typeof named === 'string' ? (ITERATOR as Readonly<Record<string, number>>)[named.toUpperCase()] : undefined;
  if (known === undefined) throw boxError('ITERATOR_TYPE', rawToText(named));
  return known;
}

export type SelectRange = Readonly<{ offset: number; limit: number }>;
const WHOLE_RANGE: SelectRange = { offset: 0, limit: LIMIT_MAX };

/** `offset` and `limit` of the options of `select`. */
export function rangeOf(options: LuaValue): SelectRange {
  if (options === undefined || typeof options === 'string' || isNil(options)) return WHOLE_RANGE;
  if (!(options instanceof LuaTable)) {
    throw builtinError(SCHEMA_FILE, 1338, `attempt to index local 'opts' (a ${typeOf(options)} value)`);
  }
  return {
    offset: unsignedArgument(options.getString('offset'), 0, 4, 'box_select', 1541),
    limit: unsignedArgument(options.getString('limit'), LIMIT_MAX, 5, 'box_select', 1541),
  };
}

/** A number as a C function takes it for `unsigned int`. */
export function unsignedArgument(
  value: LuaValue,
  otherwise: number,
  argument: number,
  functionName: string,
  line: number,
): number {
  if (value === undefined) return otherwise;
  if (typeof value === 'number') return Math.trunc(value) >>> 0;
  if (value instanceof Integer64) return Number(BigInt.asUintN(32, value.value));
  const problem = `cannot convert '${typeOf(value)}' to 'unsigned int'`;
  throw builtinError(SCHEMA_FILE, line, `bad argument #${argument} to '${functionName}' (${problem})`);
}

/** Throws with the words of a method's usage. */
export function usageError(text: string): Error {
  return runtimeError(text);
}
