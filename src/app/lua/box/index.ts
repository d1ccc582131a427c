/** `box` in Lua. */
export type { BoxContext } from './context.ts';
export { type LuaCalls, resolveFunction, type ResolvedFunction } from './functions/calls.ts';
export { type StoredFunctions } from './functions/stored-functions.ts';
export type { InstanceFacts } from './information-library.ts';
export { type BoxNeeds, type InstalledBox, LuaBox } from './install.ts';
export { LuaBoxError } from './errors/lua-box-error.ts';
export { LuaTuple } from './tuple/lua-tuple.ts';
