/** What LuaJIT says about a key that a value of a C type does not have. */
import { type LuaError, runtimeError } from '../runtime/errors.ts';
import { typeForMessage } from '../runtime/types.ts';
import { LuaCdata, type LuaValue } from '../runtime/values.ts';

/** `typeName` without quotes. */
export function memberError(typeName: string, key: LuaValue): LuaError {
  if (typeof key === 'string') return runtimeError(`'${typeName}' has no member named '${key}'`);
  const keyType = key instanceof LuaCdata ? typeForMessage(key) : `'${typeForMessage(key)}'`;
  return runtimeError(`'${typeName}' cannot be indexed with ${keyType}`);
}
