/** Small helpers for libraries that are tables of functions. */
import { byteTextOf, bytesOfByteText } from '../../../base/index.ts';
import { type LuaError, UsageError } from '../runtime/errors.ts';
import { placelessError } from '../values/builtin-error.ts';
import type { LuaTable } from '../runtime/table.ts';
import { type LuaValue, type LuaFunction } from '../runtime/values.ts';
import { byteStringOf, textOf } from '../box/byte-strings.ts';

export function addFunctions(table: LuaTable, functions: Readonly<Record<string, LuaFunction>>): LuaTable {
  for (const [name, code] of Object.entries(functions)) table.setString(name, code);
  return table;
}

/**
 * The error of a bad call. Words that begin with the place in one of Tarantool's own Lua sources are whole; others, as of
 * functions in C, get the place of the call.
 */
export function usageError(text: string): LuaError {
  return text.startsWith('builtin/') ? placelessError(text) : new UsageError(text);
}

/** What a string argument means as a name of the system; throws the usage for anything else. */
export function nameArgument(value: LuaValue, usage: string): string {
  if (typeof value !== 'string') throw usageError(usage);
  return textOf(value);
}

/** A name of the system as a Lua string. */
export const luaName = byteStringOf;

/** Bytes of a Lua string. */
export function bytesOf(text: string): Uint8Array {
  return bytesOfByteText(text);
}

/** The Lua string of bytes. */
export function stringOf(bytes: Uint8Array): string {
  return byteTextOf(bytes);
}

export function isTruthy(value: LuaValue): boolean {
  return value !== undefined && value !== false;
}
