/** Packages that are written in Lua: compiled and run when they are first asked for. */
import { LuaError } from '../runtime/errors.ts';
import { captureFrames } from '../runtime/stack.ts';
import { LuaTable } from '../runtime/table.ts';
import { suspendableFunction } from '../runtime/values.ts';
import type { LuaState } from '../state.ts';
import { ERRORS_SOURCE } from './errors.ts';
import { FUN_SOURCE } from './fun.ts';
import { TAP_SOURCE } from './tap.ts';

const SOURCES: Readonly<Record<string, string>> = { fun: FUN_SOURCE, tap: TAP_SOURCE, errors: ERRORS_SOURCE };

/** Makes them known to `require`; the package library must be there. */
export function installLuaSources(state: LuaState): void {
  const library = state.loaded.getString('package');
  const preload = library instanceof LuaTable ? library.getString('preload') : undefined;
  if (!(preload instanceof LuaTable)) throw new LuaError('there is no package.preload', captureFrames());
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
