/** Tarantool's module `strict`: while it is on, undeclared globals are errors. */
import { LuaError } from '../runtime/errors.ts';
import { captureFrames, positionOf } from '../runtime/stack.ts';
import { LuaTable, tableOf } from '../runtime/table.ts';
import { rawToText } from '../runtime/types.ts';
import { type LuaFunction, type LuaValue, NO_VALUES, plainFunction } from '../runtime/values.ts';

export function createStrictLibrary(globals: LuaTable): LuaTable {
  const declared = new Set<LuaValue>();
  const fail = (message: string): never => {
    const frames = captureFrames();
    throw new LuaError(positionOf(frames[1]) + message, frames);
  };
  const newIndex = plainFunction((table, name, value) => {
    if (!declared.has(name)) {
      // A main chunk may declare, and so may the host.
      const caller = captureFrames()[1];
      if ((caller?.chunk ?? null) !== null && caller?.definition?.line !== 0) {
        fail(`assign to undeclared variable '${rawToText(name)}'`);
      }
      declared.add(name);
    }
    if (table instanceof LuaTable) table.set(name, value);
    return NO_VALUES;
  });
  const index = plainFunction((_table, name) =>
    declared.has(name) ? undefined : fail(`variable '${rawToText(name)}' is not declared`),
  );
  const set = (newIndexCode: LuaFunction | undefined, indexCode: LuaFunction | undefined): void => {
    globals.metatable ??= new LuaTable();
    globals.metatable.setString('__newindex', newIndexCode);
    globals.metatable.setString('__index', indexCode);
  };
  return tableOf({
    on: plainFunction(() => {
      set(newIndex, index);
      return NO_VALUES;
    }),
    off: plainFunction(() => {
      set(undefined, undefined);
      return NO_VALUES;
    }),
  });
}
