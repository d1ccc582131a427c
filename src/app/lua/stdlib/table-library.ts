/** Lua's `table` library, with LuaJIT's and Tarantool's additions. */
import { checkFunction, checkInt32, checkString, checkTable, typeError } from '../runtime/arguments.ts';
import { memoryError, runtimeError } from '../runtime/errors.ts';
import { type LuaRuntime, STRING_BYTES_MAX } from '../runtime/runtime.ts';
import { LuaTable, tableOf } from '../runtime/table.ts';
import { PairsCursor } from '../runtime/traversal.ts';
import { numberToText, typeOf } from '../runtime/types.ts';
import {
  firstOf,
  type LuaExecution,
  LuaFunction,
  type LuaResult,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../runtime/values.ts';
import { sortTable } from './sort.ts';

export function createTableLibrary(runtime: LuaRuntime): LuaTable {
  return tableOf({
    concat: plainFunction((...values) => concatenate(values)),
    copy: suspendableFunction((original) => copy(runtime, original)),
    deepcopy: suspendableFunction((original) => deepCopy(runtime, original, new Map())),
    foreach: suspendableFunction((...values) => forEach(runtime, values)),
    foreachi: suspendableFunction((...values) => forEachItem(runtime, values)),
    getn: plainFunction((table) => tableArgument([table], 1).length()),
    insert: plainFunction((...values) => insert(values)),
    maxn: plainFunction((...values) => greatestNumber(checkTable(values, 1))),
    move: suspendableFunction((...values) => move(runtime, values)),
    new: createTableNew(),
    remove: plainFunction((table, position) => remove(table, position)),
    sort: suspendableFunction((...values) => sortTable(runtime, values)),
  });
}

/** `table.new`, which is also a module. Sizes are hints that change nothing here. */
function createTableNew(): LuaFunction {
  return plainFunction((...values) => {
    checkInt32(values, 1);
    checkInt32(values, 2);
    return new LuaTable();
  });
}

/** `table.clear`, which becomes a function of the library when the module of that name is asked for. */
export function createTableClear(): LuaFunction {
  return plainFunction((...values) => {
    checkTable(values, 1).clear();
    return NO_VALUES;
  });
}

/** LuaJIT's functions that are written in Lua take what is not given for nil. */
function tableArgument(values: readonly LuaValue[], number: number): LuaTable {
  const value = values[number - 1];
  if (!(value instanceof LuaTable)) throw typeError(value, number, 'table', false);
  return value;
}

function integerArgument(values: readonly LuaValue[], number: number): number {
  if (values[number - 1] === undefined) throw typeError(undefined, number, 'number', false);
  return checkInt32(values, number);
}

function concatenate(values: readonly LuaValue[]): string {
  const table = checkTable(values, 1);
  const separator = values[1] === undefined ? '' : checkString(values, 2);
  const first = values[2] === undefined ? 1 : checkInt32(values, 3);
  const last = values[3] === undefined ? table.length() : checkInt32(values, 4);
  let result = '';
  for (let at = first; at <= last; at++) {
    const value = table.get(at);
    if (typeof value === 'string') result += value;
    else if (typeof value === 'number') result += numberToText(value);
    else throw runtimeError(`invalid value (${typeOf(value)}) at index ${at} in table for 'concat'`);
    if (at < last) result += separator;
    if (result.length > STRING_BYTES_MAX - separator.length) throw memoryError();
  }
  return result;
}

function insert(values: readonly LuaValue[]): LuaResult {
  const table = checkTable(values, 1);
  const length = table.length();
  if (values.length === 2) {
    table.set(length + 1, values[1]);
    return NO_VALUES;
  }
  if (values.length !== 3) throw runtimeError("wrong number of arguments to 'insert'");
  const position = checkInt32(values, 2);
  const value = values[2];
  if (position >= 1 && position <= length && value !== undefined && table.hashSize === 0) {
    table.insertIntoArray(position, value);
    return NO_VALUES;
  }
  for (let at = length + 1; at > position; at--) table.set(at, table.get(at - 1));
  table.set(position, value);
  return NO_VALUES;
}

function remove(given: LuaValue, givenPosition: LuaValue): LuaResult {
  const table = tableArgument([given], 1);
  const length = table.length();
  if (givenPosition === undefined) {
    if (length === 0) return NO_VALUES;
    const last = table.get(length);
    table.set(length, undefined);
    return last;
  }
  const position = checkInt32([given, givenPosition], 2);
  if (position < 1 || position > length) return NO_VALUES;
  const removed = table.get(position);
  if (table.removeFromArray(position)) return removed;
  for (let at = position + 1; at <= length; at++) table.set(at - 1, table.get(at));
  table.set(length, undefined);
  return removed;
}

function greatestNumber(table: LuaTable): number {
  let greatest = table.array.length;
  const cursor = new PairsCursor(table);
  while (cursor.advance()) {
    if (typeof cursor.key === 'number' && cursor.key > greatest) greatest = cursor.key;
  }
  return greatest;
}

function* forEach(runtime: LuaRuntime, values: readonly LuaValue[]): LuaExecution {
  const table = tableArgument(values, 1);
  if (!(values[1] instanceof LuaFunction)) throw typeError(values[1], 2, 'function', false);
  const code = checkFunction(values, 2);
  const cursor = new PairsCursor(table);
  while (cursor.advance()) {
    const result = firstOf(yield* runtime.call(code, [cursor.key, cursor.value]));
    if (result !== undefined) return result;
  }
  return NO_VALUES;
}

function* forEachItem(runtime: LuaRuntime, values: readonly LuaValue[]): LuaExecution {
  const table = tableArgument(values, 1);
  if (!(values[1] instanceof LuaFunction)) throw typeError(values[1], 2, 'function', false);
  const code = checkFunction(values, 2);
  const length = table.length();
  for (let at = 1; at <= length; at++) {
    const result = firstOf(yield* runtime.call(code, [at, table.get(at)]));
    if (result !== undefined) return result;
  }
  return NO_VALUES;
}

function* move(runtime: LuaRuntime, values: readonly LuaValue[]): LuaExecution {
  const from = tableArgument(values, 1);
  const first = integerArgument(values, 2);
  const last = integerArgument(values, 3);
  const target = integerArgument(values, 4);
  const to = values[4] === undefined ? from : tableArgument(values, 5);
  const isForwards = target > last || target <= first || to !== from;
  for (let step = 0; step <= last - first; step++) {
    const offset = isForwards ? step : last - first - step;
    const value = firstOf(yield* runtime.index(from, first + offset, ''));
    yield* runtime.setIndex(to, target + offset, value, '');
  }
  return to;
}

/** The metatable is shared; its `__copy` makes the copy. */
function* copy(runtime: LuaRuntime, original: LuaValue): LuaExecution {
  if (!(original instanceof LuaTable)) return original;
  const { metatable } = original;
  const handler = metatable?.getString('__copy');
  if (handler !== undefined) return firstOf(yield* runtime.call(handler, [original]));
  const result = new LuaTable();
  const cursor = new PairsCursor(original);
  while (cursor.advance()) result.set(cursor.key, cursor.value);
  result.metatable = metatable;
  return result;
}

/** `copies` has what was copied before: the copy has the same shape, cycles included. */
function* deepCopy(
  runtime: LuaRuntime,
  original: LuaValue,
  copies: Map<LuaTable, LuaTable>,
): Generator<object, LuaValue, unknown> {
  if (!(original instanceof LuaTable)) return original;
  const known = copies.get(original);
  if (known !== undefined) return known;
  const handler = original.metatable?.getString('__copy');
  if (handler !== undefined) return firstOf(yield* runtime.call(handler, [original]));
  const result = new LuaTable();
  copies.set(original, result);
  const cursor = new PairsCursor(original);
  while (cursor.advance()) {
    const key = cursor.key;
    const value = cursor.value instanceof LuaTable ? yield* deepCopy(runtime, cursor.value, copies) : cursor.value;
    result.set(key instanceof LuaTable ? yield* deepCopy(runtime, key, copies) : key, value);
  }
  result.metatable = original.metatable;
  return result;
}
