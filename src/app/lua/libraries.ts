/** Every library of a Lua state, in the order in which they build on each other. */
import { fiberHostOf } from './fibers/machine-fibers.ts';
import { createFiberLibrary } from './fibers/library/fiber-library.ts';
import { ConsoleSessions, createConsoleLibrary } from './console/console-library.ts';
import { SOFTWARE_VERSION } from '../../base/index.ts';
import type { Env } from '../../env/index.ts';
import { installLuaSources } from './lua-sources/install.ts';
import { LuaMachine, type LuaMachineOptions } from './lua-machine.ts';
import { installNetworkLibraries } from './network/install.ts';
import { installSystemLibraries } from './system/install.ts';
import { installValueLibraries } from './values/install.ts';

/** A Lua with its libraries; `box` comes with the engine. */
export type LuaInstallation = Readonly<{ machine: LuaMachine; consoles: ConsoleSessions }>;

export function createLua(env: Env, options: LuaMachineOptions): LuaInstallation {
  const machine = new LuaMachine(env, options);
  installLibraries(machine);
  const consoles = new ConsoleSessions(machine);
  machine.state.loaded.setString('console', createConsoleLibrary(consoles));
  machine.state.globals.setString('_TARANTOOL', SOFTWARE_VERSION);
  return { machine, consoles };
}

function installLibraries(machine: LuaMachine): void {
  const { env, state } = machine;
  state.addLibrary('fiber', createFiberLibrary(fiberHostOf(machine)));
  installValueLibraries(state, env);
  installNetworkLibraries(machine, installSystemLibraries(machine));
  installLuaSources(state);
}
