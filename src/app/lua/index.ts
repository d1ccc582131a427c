/** Lua inside an instance. */
export { type InstanceFacts, LuaBox } from './box/index.ts';
export { BoxConfiguration, type EngineControl } from './configuration/box-configuration.ts';
export type { CfgValues } from './configuration/cfg-options.ts';
export { logLevelName } from './configuration/cfg-options.ts';
export { completeLua } from './console/completion.ts';
export { isIncompleteLua } from './console/incomplete.ts';
export { type ConsoleAnswer, ConsoleSession } from './console/console-session.ts';
export { type ConsoleDoors, type ConsoleListener, type ConsoleSessions } from './console/console-library.ts';
export { openRemoteConsole, type RemoteLogin } from './console/open-remote-console.ts';
export type { RemoteConsole } from './console/remote-console.ts';
export { createLua, type LuaInstallation } from './libraries.ts';
export { type LuaMachine, type LuaMachineOptions, readBytes } from './lua-machine.ts';
export type { LuaFunction, LuaValue } from './runtime/values.ts';
export { LuaTable } from './runtime/table.ts';
