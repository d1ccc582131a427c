/** The module `internal.trigger`: lists of triggers that programs make for themselves. The list is its own table. */
import type { LuaRuntime } from '../runtime/runtime.ts';
import { LuaTable, tableOf } from '../runtime/table.ts';
import { rawToText } from '../runtime/types.ts';
import {
  LuaFunction,
  type LuaResult,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../runtime/values.ts';
import { builtinError } from './builtin-error.ts';

const FILE = 'internal.trigger.lua';

/** `new(name)` gives an object that is changed by `object(new, old)` and run by `object:run(...)`. */
export function createTriggerModule(runtime: LuaRuntime): LuaTable {
  const metatable = tableOf({
    __call: plainFunction((list, added, removed) =>
      list instanceof LuaTable ? change(runtime, list, added, removed) : NO_VALUES,
    ),
    __index: tableOf({
      run: suspendableFunction(function* (list, ...values) {
        if (!(list instanceof LuaTable)) return NO_VALUES;
        for (let at = 1; list.get(at) !== undefined; at++) yield* runtime.call(list.get(at), values);
        return NO_VALUES;
      }),
    }),
  });
  return tableOf({
    new: plainFunction((name) => {
      const list = tableOf({ name });
      list.metatable = metatable;
      return list;
    }),
  });
}

function change(runtime: LuaRuntime, list: LuaTable, added: LuaValue, removed: LuaValue): LuaResult {
  const name = rawToText(list.getString('name'));
  if (added !== undefined && !isCallable(runtime, added)) throw builtinError(FILE, 23, `Usage: ${name}(callable)`);
  if (removed !== undefined && !isCallable(runtime, removed))
    throw builtinError(FILE, 26, 'Usage: trigger(new_callable, old_callable)');
  const triggers: LuaValue[] = [];
  for (let at = 1; list.get(at) !== undefined; at++) triggers.push(list.get(at));
  if (removed === undefined) {
    if (added === undefined) return new LuaTable(triggers);
    list.set(triggers.length + 1, added);
    return NO_VALUES;
  }
  const place = triggers.indexOf(removed);
  if (place < 0) throw builtinError(FILE, added === undefined ? 44 : 54, `${name}: trigger is not found`);
  if (added !== undefined) list.set(place + 1, added);
  else for (let at = place + 1; at <= triggers.length; at++) list.set(at, triggers[at]);
  return removed;
}

function isCallable(runtime: LuaRuntime, value: LuaValue): boolean {
  if (value instanceof LuaFunction) return true;
  return value instanceof LuaTable && runtime.metamethod(value, '__call') instanceof LuaFunction;
}
