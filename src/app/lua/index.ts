/** Lua inside an instance. */
export { type InstanceFacts, LuaBox } from './box/index.ts';
export { BoxConfiguration, type EngineControl } from './configuration/box-configuration.ts';
export type { CfgValues } from './configuration/cfg-check.ts';
export { logLevelName } from './configuration/cfg-options.ts';
export { completeLua } from './console/completion.ts';
export { isIncompleteLua } from './console/incomplete.ts';
export { ConsoleSession } from './console/console-session.ts';
export { type ConsoleDoors, type ConsoleSessions } from './console/console-library.ts';
export { createLua, type LuaInstallation } from './libraries.ts';
export { type LuaMachine, type LuaMachineOptions } from './lua-machine.ts';
export type { LuaFunction, LuaValue } from './runtime/values.ts';
