/** `fiber.cond`: fibers wait until another one signals. */
import { typeError } from '../../runtime/arguments.ts';
import { UsageError } from '../../runtime/errors.ts';
import { LuaTable } from '../../runtime/table.ts';
import { toNumber } from '../../runtime/types.ts';
import { type LuaFunction, LuaUserdata, type LuaValue, NO_VALUES } from '../../runtime/values.ts';
import { plainFunction, suspendableFunction } from '../../runtime/values.ts';
import { type FiberHost, testCancel, Waiters } from './context.ts';

class Condition {
  readonly waiters = new Waiters<null>();
}

/** The function `fiber.cond`. */
export function createCondConstructor<Session>(host: FiberHost<Session>): LuaFunction {
  const metatable = new LuaTable();
  metatable.setString('__metatable', 'fiber.cond');
  metatable.setString('__index', metatable);
  const methods: Record<string, LuaFunction> = {
    __tostring: plainFunction(() => 'cond'),
    wait: suspendableFunction(function* (...values) {
      const timeout = values[1] === undefined ? Infinity : toNumber(values[1]);
      if (values.length < 1 || timeout === undefined || timeout < 0)
        throw new UsageError('usage: cond:wait([timeout])');
      const outcome = yield* conditionOf(values, 'wait([timeout])').waiters.wait(host, timeout * 1000, null);
      if (outcome !== 'timeout') return true;
      testCancel(host);
      return false;
    }),
    signal: plainFunction((...values) => {
      conditionOf(values, 'signal()').waiters.wakeFirst();
      return NO_VALUES;
    }),
    broadcast: plainFunction((...values) => {
      conditionOf(values, 'broadcast()').waiters.wakeAll();
      return NO_VALUES;
    }),
  };
  for (const [name, code] of Object.entries(methods)) metatable.setString(name, code);
  return plainFunction(() => new LuaUserdata(new Condition(), metatable));
}

function conditionOf(values: readonly LuaValue[], usage: string): Condition {
  const [value] = values;
  if (values.length === 0) throw new UsageError(`usage: cond:${usage}`);
  if (!(value instanceof LuaUserdata) || !(value.payload instanceof Condition)) throw typeError(value, 1, 'fiber.cond');
  return value.payload;
}
