/** Errors that Tarantool's own Lua files raise: their texts begin with the place in such a file. */
import { LuaError } from '../runtime/errors.ts';
import { captureFrames } from '../runtime/stack.ts';

/** `builtin/file:line: message`. */
export function builtinError(file: string, line: number, message: string): LuaError {
  return new LuaError(`builtin/${file}:${line}: ${message}`, captureFrames());
}
