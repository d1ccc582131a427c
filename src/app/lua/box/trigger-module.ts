/** The module `internal.trigger`: lists of triggers that programs make for themselves (vshard does). */
import { checkString } from '../runtime/arguments.ts';
import type { LuaRuntime } from '../runtime/runtime.ts';
import { LuaTable } from '../runtime/table.ts';
import { type LuaValue, NO_VALUES, plainFunction, suspendableFunction } from '../runtime/values.ts';
import { TriggerList } from './trigger-list.ts';

/** `new(name)` gives an object that is changed by `object(new, old)` and run by `object:run(...)`. */
export function createTriggerModule(runtime: LuaRuntime): LuaTable {
  const lists = new WeakMap<object, TriggerList>();
  const listOf = (object: LuaValue): TriggerList | undefined =>
    object instanceof LuaTable ? lists.get(object) : undefined;
  const methods = new LuaTable();
  methods.setString(
    'run',
    suspendableFunction(function* (object, ...values) {
      for (const trigger of [...(listOf(object)?.functions ?? [])]) yield* runtime.call(trigger, values);
      return NO_VALUES;
    }),
  );
  const metatable = new LuaTable();
  metatable.setString('__index', methods);
  metatable.setString(
    '__call',
    plainFunction((object, replacement, former) => listOf(object)?.change(replacement, former) ?? NO_VALUES),
  );
  const module = new LuaTable();
  module.setString(
    'new',
    plainFunction((...values) => {
      const object = new LuaTable();
      object.setString('name', checkString(values, 1));
      object.metatable = metatable;
      lists.set(object, new TriggerList());
      return object;
    }),
  );
  return module;
}
