/** LuaJIT's `jit` library: it says which LuaJIT programs can expect, and its switches change nothing. */
import { LuaTable, tableOf } from '../runtime/table.ts';
import { NO_VALUES, plainFunction } from '../runtime/values.ts';

export function createJitLibrary(): LuaTable {
  const nothing = plainFunction(() => NO_VALUES);
  return tableOf({
    arch: 'x64',
    os: 'Linux',
    version: 'LuaJIT 2.1.0-beta3',
    version_num: 20100,
    attach: nothing,
    flush: nothing,
    off: nothing,
    on: nothing,
    opt: tableOf({ start: nothing }),
    status: plainFunction(() => true),
  });
}

/** Modules that `require` finds under the library's name. */
export function jitModules(library: LuaTable): Readonly<Record<string, LuaTable>> {
  const options = library.getString('opt');
  return options instanceof LuaTable ? { 'jit.opt': options } : {};
}
