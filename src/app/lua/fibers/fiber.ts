/** Fibers: programs that share one thread and give it up where they wait. */
import type { RequestDoor } from '../../../engine/box/index.ts';
import { BoxError, ERROR_TABLE } from '../../../base/index.ts';
import type { LuaTable } from '../runtime/table.ts';
import type { LuaExecution, LuaResult, LuaUserdata } from '../runtime/values.ts';

/** What `fiber.cancel` and `fiber.wakeup` do to a fiber that waits. */
export type Interruption =
  /** Both end the wait with the value undefined; what waits looks whether it was cancelled. */
  | 'wakeup'
  /** `cancel` ends the wait with an error, `wakeup` does nothing. */
  | 'cancel'
  /** Neither does anything. */
  | 'none';

/**
 * What a function of the host yields when it must wait. `arm` starts the wait; `wake` ends it, with the value that the
 * `yield` gives or the error that it throws, once and not before `arm` has returned. `arm` returns what stops the wait
 * if the fiber is woken by somebody else.
 */
export class Wait {
  readonly arm: (wake: Wake) => (() => void) | undefined;
  readonly interruption: Interruption;

  constructor(arm: Wait['arm'], interruption: Interruption) {
    this.arm = arm;
    this.interruption = interruption;
  }
}

export type Wake = (outcome: Outcome) => void;
export type Outcome = Readonly<{ value: unknown } | { error: unknown }>;

/** Waits inside a host function: `const value = yield* waitFor<T>(arm)`. */
export function* waitFor<Value>(
  arm: Wait['arm'],
  interruption: Interruption = 'cancel',
): Generator<object, Value, unknown> {
  return (yield new Wait(arm, interruption)) as Value;
}

/** Waits for a promise; rejects with its reason. The promise goes on if the fiber is cancelled. */
export function waitForPromise<Value>(
  promise: Promise<Value>,
  interruption: 'cancel' | 'none' = 'cancel',
): Generator<object, Value, unknown> {
  return waitFor<Value>((wake) => {
    promise.then(
      (value) => wake({ value }),
      (error: unknown) => wake({ error }),
    );
    return undefined;
  }, interruption);
}

export type FiberStatus = 'running' | 'suspended' | 'dead';

/** What a cancelled fiber meets where it waits. */
export function cancellationError(): BoxError {
  return new BoxError(ERROR_TABLE.PROC_LUA.code, 'fiber is cancelled', { type: 'FiberIsCancelled' });
}

export class Fiber<Session = unknown> {
  readonly id: number;
  name: string;
  /** On whose behalf it runs; a fiber made by it inherits it. */
  session: Session;
  /** The request that it works for, handed on with the session; null for none. */
  door: RequestDoor | null = null;
  status: FiberStatus = 'suspended';
  isCancelled = false;
  /** Its end is waited for by `join`, which then takes the outcome. */
  isJoinable = false;
  /** `fiber.self().storage`, made when first asked for. */
  storage: LuaTable | null = null;
  /** Where the globals are of chunks that it loads; null for those of the state. */
  environment: LuaTable | null = null;
  /** What Lua has of it, made when first asked for. */
  object: LuaUserdata | null = null;
  /** Milliseconds that it may run without waiting; Infinity for no limit. */
  sliceLimitMs: number;
  /** Number of times that it was resumed. */
  switches = 0;
  /** For how long it has run while times were taken, in all and in the last turn. */
  readonly spent = { totalMs: 0, turnMs: 0 };
  /** How it ended; null while it lives. */
  outcome: Readonly<{ result: LuaResult } | { error: unknown }> | null = null;
  readonly execution: LuaExecution;
  /** Called once when it has ended. */
  readonly onEnd: (() => void)[] = [];
  /** Stops its wait; null while it does not wait for anything. */
  stopWaiting: (() => void) | null = null;
  interruption: Interruption = 'none';

  constructor(id: number, name: string, session: Session, execution: LuaExecution, sliceLimitMs: number) {
    this.id = id;
    this.name = name;
    this.session = session;
    this.execution = execution;
    this.sliceLimitMs = sliceLimitMs;
  }
}
