/**
 * Calls from the host, and calls that a function makes as its last act. The latter end the function first: what it gives
 * then is a TailCall, and whoever called it goes on with that, so that a chain of such calls takes no stack however long
 * it is. stack.ts knows the functions here by their names.
 */
import type { LuaExecution, LuaFunction, LuaResult, LuaValue } from './values.ts';

/** What a Lua function returns instead of values; seen by nobody but its caller in compiled code, or `callFromHost`. */
export class TailCall {
  readonly callee: LuaFunction;
  readonly values: readonly LuaValue[];

  constructor(callee: LuaFunction, values: readonly LuaValue[]) {
    this.callee = callee;
    this.values = values;
  }
}

/** Runs a chain of tail calls to the end. */
export function* finishTailCalls(first: TailCall): LuaExecution {
  let result: LuaResult | TailCall = first;
  while (result instanceof TailCall) {
    const { callee, values }: TailCall = result;
    result = callee.plain !== null ? callee.plain(...values) : yield* callee.suspendable!(...values);
  }
  return result;
}

/** Calls a function for the host: all calls by host functions go through here. */
export function* callFromHost(code: LuaFunction, values: readonly LuaValue[]): LuaExecution {
  if (code.plain !== null) return code.plain(...values);
  const result: LuaResult | TailCall = yield* code.suspendable!(...values);
  return result instanceof TailCall ? yield* finishTailCalls(result) : result;
}
