/** What ended a fiber, as the error objects that `join` gives and as the log shows them. */
import { BoxError, ERROR_TABLE } from '../../../../base/index.ts';
import { ArgumentError, LuaError } from '../../runtime/errors.ts';
import type { LuaRuntime } from '../../runtime/runtime.ts';
import { rawToText } from '../../runtime/types.ts';
import { LuaCdata, type LuaValue } from '../../runtime/values.ts';

/** The exception as an error object: what is none is wrapped into a LuajitError, as Tarantool does at a fiber's end. */
export function* errorObject(runtime: LuaRuntime, error: unknown): Generator<object, LuaValue, unknown> {
  if (error instanceof LuaError && error.value instanceof LuaCdata) return error.value;
  if (error instanceof BoxError) return runtime.hostErrorValue(error);
  const text = error instanceof LuaError ? yield* runtime.toText(error.value, rawToText) : errorText(error);
  return runtime.hostErrorValue(new BoxError(ERROR_TABLE.PROC_LUA.code, text, { type: 'LuajitError' }));
}

/** `LuajitError: text`, as the log shows an error that nobody handled. */
export function unhandledErrorText(error: unknown): string {
  if (error instanceof BoxError) return `${error.type}: ${error.message}`;
  return `LuajitError: ${errorText(error)}`;
}

function errorText(error: unknown): string {
  if (error instanceof LuaError) return rawToText(error.value);
  if (error instanceof ArgumentError) return error.text;
  return error instanceof Error ? error.message : String(error);
}

/** Whether the error only says that the fiber was cancelled. */
export function isCancellation(error: unknown): boolean {
  return error instanceof BoxError && error.type === 'FiberIsCancelled';
}
