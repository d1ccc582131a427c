/** Errors that Tarantool's own Lua sources raise: their text names the source and the line, which users see. */
import { LuaError } from '../runtime/errors.ts';
import { captureFrames } from '../runtime/stack.ts';

/** `builtin/crypto.lua:323: message`. */
export function builtinError(library: string, line: number, message: string): LuaError {
  return new LuaError(`builtin/${library}.lua:${line}: ${message}`, captureFrames());
}

/** A text without a place. */
export function placelessError(message: string): LuaError {
  return new LuaError(message, captureFrames());
}
