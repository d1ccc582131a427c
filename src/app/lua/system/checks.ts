/**
 * The package `checks`: `checks('number', '?string', {timeout = '?number'})` as the first statement of a function checks the
 * arguments that the function was called with. The compiler notes them where something of that name is called.
 *
 * A type is the name of a Lua type, of a metatable's `__type`, or of a function in the global table `checkers`; `?` before
 * it allows nil, `|` stands between alternatives, and a table describes the fields of an argument with options.
 */
import { DecimalValue } from '../values/decimal.ts';
import { UuidValue } from '../values/uuid.ts';
import { LuaTuple } from '../box/tuple/lua-tuple.ts';
import { Integer64 } from '../ffi/numbers.ts';
import { LuaError } from '../runtime/errors.ts';
import type { LuaRuntime } from '../runtime/runtime.ts';
import { captureFrames, positionOf } from '../runtime/stack.ts';
import { LuaTable } from '../runtime/table.ts';
import { rawToText, typeOf } from '../runtime/types.ts';
import {
  firstOf,
  isTrue,
  LuaCdata,
  LuaFunction,
  type LuaValue,
  NO_VALUES,
  suspendableFunction,
} from '../runtime/values.ts';

type ChecksHost = Readonly<{ runtime: LuaRuntime; globals: LuaTable }>;

/** Whole numbers up to here are doubles without loss. */
const EXACT_MAX = 2 ** 53;
const UUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const UUID_BYTES = 16;

/** Checks that are there without anybody's doing. */
const BUILT_IN: Readonly<Record<string, (value: LuaValue) => boolean>> = {
  int64: (value) => isWhole(value, -EXACT_MAX) || value instanceof Integer64,
  uint64: (value) => isWhole(value, 0) || (value instanceof Integer64 && value.value >= 0n),
  decimal: (value) => value instanceof DecimalValue,
  uuid: (value) => value instanceof UuidValue,
  uuid_str: (value) => typeof value === 'string' && UUID_TEXT.test(value),
  uuid_bin: (value) => typeof value === 'string' && value.length === UUID_BYTES,
  tuple: (value) => value instanceof LuaTuple,
  error: (value) => value instanceof LuaCdata && value.typeName.startsWith('const struct error'),
};

function isWhole(value: LuaValue, least: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= EXACT_MAX;
}

export function createChecks(host: ChecksHost): LuaFunction {
  return suspendableFunction(function* (...types) {
    const { callerArguments } = host.runtime;
    host.runtime.callerArguments = null;
    const values = callerArguments ?? [];
    for (let at = 0; at < Math.max(values.length, types.length); at++) {
      const name = `#${at + 1}`;
      if (at >= types.length) throw complaint((called) => `checks: argument ${name} is not checked in ${called}`);
      if (at >= values.length)
        throw complaint((called) => `checks: excess check, absent argument ${name} of ${called}`);
      yield* checkValue(host, name, values[at], types[at]);
    }
    return NO_VALUES;
  });
}

function* checkValue(
  host: ChecksHost,
  name: string,
  value: LuaValue,
  type: LuaValue,
): Generator<object, void, unknown> {
  if (type instanceof LuaTable) return yield* checkOptions(host, name, value, type);
  const text = rawToText(type);
  if (yield* isOfType(host, value, text)) return;
  throw complaint((called) => `bad argument ${name} to ${called} (${text} expected, got ${typeOf(value)})`);
}

/** A table of options may be absent; what it holds must be described. */
function* checkOptions(
  host: ChecksHost,
  name: string,
  value: LuaValue,
  types: LuaTable,
): Generator<object, void, unknown> {
  const isAbsent = value === undefined || (value instanceof LuaCdata && value.isNull);
  if (!isAbsent && !(value instanceof LuaTable)) {
    throw complaint((called) => `bad argument ${name} to ${called} (?table expected, got ${typeOf(value)})`);
  }
  const options = value instanceof LuaTable ? value : new LuaTable();
  const shown = name.startsWith('#') ? 'options' : name;
  for (const key of keysOf(options)) {
    if (types.get(key) === undefined) {
      throw complaint((called) => `unexpected argument ${shown}.${rawToText(key)} to ${called}`);
    }
  }
  for (const key of keysOf(types)) {
    yield* checkValue(host, `${shown}.${rawToText(key)}`, options.get(key), types.get(key));
  }
}

function keysOf(table: LuaTable): readonly LuaValue[] {
  const keys: LuaValue[] = table.array.map((_, at) => at + 1);
  for (let place = table.hashEntryFrom(0); place >= 0; place = table.hashEntryFrom(place + 1)) {
    keys.push(table.hashKeyAt(place));
  }
  return keys;
}

function* isOfType(host: ChecksHost, value: LuaValue, type: string): Generator<object, boolean, unknown> {
  const isOptional = type.startsWith('?');
  const wanted = isOptional ? type.slice(1) : type;
  if (isOptional && (value === undefined || (value instanceof LuaCdata && value.isNull))) return true;
  for (const alternative of wanted.split('|')) {
    if (alternative === 'any' || (alternative === '' && isOptional)) return true;
    if (typeOf(value) === alternative) return true;
    if (host.runtime.metamethod(value, '__type') === alternative) return true;
    const checkers = host.globals.getString('checkers');
    const checker = checkers instanceof LuaTable ? checkers.getString(alternative) : undefined;
    if (checker instanceof LuaFunction && isTrue(firstOf(yield* host.runtime.call(checker, [value])))) return true;
    if (BUILT_IN[alternative]?.(value) === true) return true;
  }
  return false;
}

/** An error that stands where the checked function was called, and names it. */
function complaint(textOf: (called: string) => string): LuaError {
  const frames = captureFrames();
  const checked = frames.findIndex(({ chunk }) => chunk !== null);
  const caller = frames[checked + 1];
  const name = caller?.call?.name ?? frames[checked]?.definition?.name ?? 'nil';
  return new LuaError(positionOf(caller) + textOf(name), frames);
}
