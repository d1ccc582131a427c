/**
 * `table.sort`: a quicksort around the median of first, middle and last. Elements that the order takes for equal come
 * out in the same sequence as from LuaJIT, whose partition step this is.
 */
import { checkTable, typeError } from '../runtime/arguments.ts';
import { LuaError, runtimeError } from '../runtime/errors.ts';
import type { LuaRuntime } from '../runtime/runtime.ts';
import { captureFrames } from '../runtime/stack.ts';
import type { LuaTable } from '../runtime/table.ts';
import {
  LuaCdata,
  firstOf,
  isTrue,
  LuaFunction,
  type LuaExecution,
  type LuaValue,
  NO_VALUES,
} from '../runtime/values.ts';
import { typeOf } from '../runtime/types.ts';

type IsLess = (left: LuaValue, right: LuaValue) => Generator<object, boolean, unknown>;

export function* sortTable(runtime: LuaRuntime, values: readonly LuaValue[]): LuaExecution {
  const table = checkTable(values, 1);
  const [, order] = values;
  if (order !== undefined && !(order instanceof LuaFunction)) throw typeError(order, 2, 'function', false);
  const items = itemsOf(table);
  if (order === undefined && sortPrimitives(items)) {
    writeBack(table, items);
    return NO_VALUES;
  }
  const isLess = order === undefined ? defaultOrder(runtime) : orderBy(runtime, order);
  try {
    yield* sortRange(items, 0, items.length - 1, isLess);
  } finally {
    writeBack(table, items);
  }
  return NO_VALUES;
}

function itemsOf(table: LuaTable): LuaValue[] {
  const items: LuaValue[] = [];
  for (let at = 1; at <= table.length(); at++) items.push(table.get(at));
  return items;
}

function writeBack(table: LuaTable, items: readonly LuaValue[]): void {
  items.forEach((item, at) => table.set(at + 1, item));
}

/** Sorts at once what is all numbers or all texts; false for anything else. */
function sortPrimitives(items: LuaValue[]): boolean {
  if (items.every((item) => typeof item === 'number' && item === item)) {
    (items as number[]).sort((left, right) => left - right);
    return true;
  }
  if (!items.every((item) => typeof item === 'string')) return false;
  (items as string[]).sort();
  return true;
}

function orderBy(runtime: LuaRuntime, order: LuaFunction): IsLess {
  return function* (left, right) {
    return isTrue(firstOf(yield* runtime.call(order, [left, right])));
  };
}

function defaultOrder(runtime: LuaRuntime): IsLess {
  return function* (left, right) {
    if (typeof left === 'number' && typeof right === 'number') return left < right;
    if (typeof left === 'string' && typeof right === 'string') return left < right;
    const [first, second] = [typeOf(left), typeOf(right)];
    const isOrdered = runtime.metamethod(left, '__lt') !== undefined || left instanceof LuaCdata;
    if (isOrdered || right instanceof LuaCdata) return yield* runtime.compare('<', left, right);
    const what = first === second ? `two ${first} values` : `${first} with ${second}`;
    // The library itself compares, so there is no position.
    throw new LuaError(`attempt to compare ${what}`, captureFrames());
  };
}

function swap(items: LuaValue[], left: number, right: number): void {
  const held = items[left];
  items[left] = items[right];
  items[right] = held;
}

/** The shorter part is sorted by recursion, the longer one by the loop: the depth is the logarithm of the length. */
function* sortRange(items: LuaValue[], first: number, last: number, isLess: IsLess): Generator<object, void, unknown> {
  let low = first;
  let high = last;
  while (low < high) {
    if (yield* isLess(items[high], items[low])) swap(items, low, high);
    if (high - low === 1) return;
    const middle = Math.floor((low + high) / 2);
    if (yield* isLess(items[middle], items[low])) swap(items, middle, low);
    else if (yield* isLess(items[high], items[middle])) swap(items, middle, high);
    if (high - low === 2) return;
    swap(items, middle, high - 1);
    const border = yield* partition(items, low, high, isLess);
    if (border - low < high - border) {
      yield* sortRange(items, low, border - 1, isLess);
      low = border + 1;
    } else {
      yield* sortRange(items, border + 1, high, isLess);
      high = border - 1;
    }
  }
}

/** The pivot is the last item but one. Returns its place when all before it are not greater and all behind it not less. */
function* partition(items: LuaValue[], low: number, high: number, isLess: IsLess): Generator<object, number, unknown> {
  const pivot = items[high - 1];
  let left = low;
  let right = high - 1;
  for (;;) {
    while (yield* isLess(items[++left], pivot)) if (left >= high) throw invalidOrder();
    while (yield* isLess(pivot, items[--right])) if (right <= low) throw invalidOrder();
    if (right < left) break;
    swap(items, left, right);
  }
  swap(items, high - 1, left);
  return left;
}

function invalidOrder(): LuaError {
  return runtimeError('invalid order function for sorting');
}
