/**
 * What json, yaml and msgpack have in common: how a Lua table becomes an array or a map, what `__serialize` changes, and
 * the metatables of decoded tables. The rules and the texts of errors are those of Tarantool 2.6.0.
 */
import { BoxError } from '../../../base/index.ts';
import { NULL } from '../ffi/null.ts';
import { runtimeError } from '../runtime/errors.ts';
import type { LuaRuntime } from '../runtime/runtime.ts';
import { LuaTable } from '../runtime/table.ts';
import { rawToText, typeOf } from '../runtime/types.ts';
import {
  firstOf,
  LuaCdata,
  LuaFunction,
  type LuaResult,
  LuaUserdata,
  type LuaValue,
  NO_VALUES,
  plainFunction,
} from '../runtime/values.ts';
import type { SerializerOptions } from './serializer-options.ts';

/** The form of a table that is written as a map; that of an array is the number of its places. */
export const MAP = -1;

/** The number 32 with the name of the language's own errors. */
export function luaError(message: string): BoxError {
  return new BoxError(32, message, { type: 'LuajitError' });
}

/** One Lua state's share of all serializers. */
export class Serializer {
  readonly runtime: LuaRuntime;
  /** Of decoded arrays and maps. */
  readonly arrayMetatable = markedMetatable('seq');
  readonly mapMetatable = markedMetatable('map');

  constructor(runtime: LuaRuntime) {
    this.runtime = runtime;
  }

  /**
   * The value in the place of a table: what its `__serialize` functions give. Throws BoxError with the function's error.
   */
  replaced(value: LuaValue, options: Readonly<SerializerOptions>): LuaValue {
    let current = value;
    while (current instanceof LuaTable && current.metatable !== null && options.encodeLoadMetatables) {
      const serialize = current.metatable.getString('__serialize');
      if (!(serialize instanceof LuaFunction)) break;
      current = this.#serialized(serialize, current);
    }
    return current;
  }

  #serialized(serialize: LuaFunction, value: LuaValue): LuaValue {
    try {
      return firstOf(this.callNow(serialize, [value]));
    } catch (error) {
      const reason = this.runtime.errorValue(error);
      throw luaError(typeof reason === 'string' ? reason : '');
    }
  }

  /** Number of places if the table is written as an array, MAP if as a map. */
  form(table: LuaTable, options: Readonly<SerializerOptions>): number {
    if (table.metatable !== null && options.encodeLoadMetatables) {
      const serialize = table.metatable.getString('__serialize');
      if (serialize !== undefined) return markedForm(table, serialize);
    }
    if (table.hashSize === 0 && table.arrayHoles === 0) return table.array.length;
    return detectedForm(table, options);
  }

  /** Whether the table asks for yaml's short style. */
  isCompact(table: LuaTable, options: Readonly<SerializerOptions>): boolean {
    if (table.metatable === null || !options.encodeLoadMetatables) return false;
    const serialize = table.metatable.getString('__serialize');
    return serialize === 'seq' || serialize === 'map';
  }

  /** The value in the place of one that has no form of its own. Throws if there is none. */
  unsupported(value: LuaValue, options: Readonly<SerializerOptions>): LuaValue {
    const serialize = options.encodeLoadMetatables ? serializeFunction(value) : null;
    if (serialize !== null) return this.#serialized(serialize, value);
    if (options.encodeUseTostring) return this.textOf(value);
    if (options.encodeInvalidAsNil) return undefined;
    throw runtimeError(`unsupported Lua type '${typeOf(value)}'`);
  }

  textOf(value: LuaValue): string {
    return this.#finish(this.runtime.toText(value, rawToText));
  }

  /** Calls a function that has no leave to wait. */
  callNow(code: LuaFunction, values: LuaValue[]): LuaResult {
    return code.plain !== null ? code.plain(...values) : this.#finish(this.runtime.call(code, values));
  }

  #finish<Result>(execution: Generator<object, Result, unknown>): Result {
    const step = execution.next();
    if (step.done === true) return step.value;
    execution.return(undefined as Result);
    throw runtimeError('attempt to yield across C-call boundary');
  }
}

/** What an object that is no table has under `__serialize`. */
function serializeFunction(value: LuaValue): LuaFunction | null {
  if (value instanceof LuaCdata) return value.serializer;
  const methods = value instanceof LuaUserdata ? value.metatable?.getString('__index') : undefined;
  const serialize =
    methods instanceof LuaTable
      ? methods.getString('__serialize')
      : methods instanceof LuaFunction && methods.plain !== null
        ? firstOf(methods.plain(value, '__serialize'))
        : undefined;
  return serialize instanceof LuaFunction ? serialize : null;
}

const serializers = new WeakMap<LuaRuntime, Serializer>();

/** The one of a Lua state. */
export function serializerOf(runtime: LuaRuntime): Serializer {
  let serializer = serializers.get(runtime);
  if (serializer === undefined) {
    serializer = new Serializer(runtime);
    serializers.set(runtime, serializer);
  }
  return serializer;
}

/** What every serializer's library shows. */
export function addMarks(library: LuaTable, serializer: Serializer): void {
  library.setString('NULL', NULL);
  library.setString('array_mt', serializer.arrayMetatable);
  library.setString('map_mt', serializer.mapMetatable);
}

/** Metatable of a decoded table: setting a field takes the mark away, as the table may have become something else. */
function markedMetatable(mark: string): LuaTable {
  const metatable = new LuaTable();
  metatable.setString('__serialize', mark);
  metatable.setString(
    '__newindex',
    plainFunction((table, key, value) => {
      if (table instanceof LuaTable) {
        table.metatable = null;
        if (key === undefined) throw runtimeError('table index is nil');
        table.set(key, value);
      }
      return NO_VALUES;
    }),
  );
  return metatable;
}

function markedForm(table: LuaTable, mark: LuaValue): number {
  switch (mark) {
    case 'seq':
    case 'sequence':
    case 'array':
      return largestIndex(table);
    case 'map':
    case 'mapping':
      return MAP;
    default:
      throw luaError('invalid __serialize value');
  }
}

/** The largest key that is a place of an array, 0 if there is none. */
function largestIndex(table: LuaTable): number {
  let largest = table.array.length;
  for (let place = table.hashEntryFrom(0); place >= 0; place = table.hashEntryFrom(place + 1)) {
    const key = table.hashKeyAt(place);
    if (typeof key === 'number' && key > largest && Number.isInteger(key)) largest = key;
  }
  return largest;
}

/** Entries that are not nil. */
export function entryCount(table: LuaTable): number {
  return table.array.length - table.arrayHoles + table.hashSize;
}

/** An array if all keys are places of one and most of them are taken. */
function detectedForm(table: LuaTable, options: Readonly<SerializerOptions>): number {
  let largest = table.array.length;
  for (let place = table.hashEntryFrom(0); place >= 0; place = table.hashEntryFrom(place + 1)) {
    const key = table.hashKeyAt(place);
    if (typeof key !== 'number' || key < 1 || !Number.isInteger(key)) return MAP;
    if (key > largest) largest = key;
  }
  const size = entryCount(table);
  const { encodeSparseRatio: ratio, encodeSparseSafe: safe } = options;
  if (ratio <= 0 || largest <= size * ratio || largest <= safe) return largest;
  if (!options.encodeSparseConvert) throw luaError('excessively sparse array');
  return MAP;
}
