/** Packages that are written in Lua: compiled and run when they are first asked for. */
import { assert } from '../../../base/index.ts';
import { LuaTable } from '../runtime/table.ts';
import { type LuaValue, suspendableFunction } from '../runtime/values.ts';
import type { LuaState } from '../state.ts';
import { ERRORS_SOURCE } from './errors.ts';
import { FUN_SOURCE } from './fun.ts';
import { TAP_SOURCE } from './tap.ts';

const SOURCES: Readonly<Record<string, string>> = { fun: FUN_SOURCE, tap: TAP_SOURCE, errors: ERRORS_SOURCE };

/** Makes them known to `require`; the package library must be there. */
export function installLuaSources(state: LuaState): void {
  const preload = preloadTable(state);
  for (const [name, source] of Object.entries(SOURCES)) {
    preload.setString(
      name,
      suspendableFunction((...values) => {
        const chunk = state.loader.load(source, `@builtin/${name}.lua`, state.globals);
        return state.runtime.call(chunk, values);
      }),
    );
  }
}

/** What `require` would call for the package. */
export function preloaded(state: LuaState, name: string): LuaValue {
  return preloadTable(state).getString(name);
}

function preloadTable({ loaded }: LuaState): LuaTable {
  const library = loaded.getString('package');
  const preload = library instanceof LuaTable ? library.getString('preload') : undefined;
  assert(preload instanceof LuaTable, 'the library package is there before others');
  return preload;
}
