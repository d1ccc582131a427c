/**
 * Coroutines. A coroutine's execution is a generator of its own; when it waits for something of the host, the wait goes
 * up through whoever resumed it, to the fiber.
 */
import { checkFunction } from '../runtime/arguments.ts';
import { ArgumentError, FiberTermination, LuaError, runtimeError } from '../runtime/errors.ts';
import { captureFrames, type LuaFrame, onOwnStack, positionOf } from '../runtime/stack.ts';
import type { LuaRuntime } from '../runtime/runtime.ts';
import { LuaTable } from '../runtime/table.ts';
import {
  allOf,
  LuaCoroutine,
  type LuaExecution,
  type LuaFunction,
  type LuaResult,
  type LuaValue,
  plainFunction,
  suspendableFunction,
} from '../runtime/values.ts';

/** What `coroutine.yield` hands up; all else that is handed up is for the fiber. */
class CoroutineYield {
  readonly values: readonly LuaValue[];

  constructor(values: readonly LuaValue[]) {
    this.values = values;
  }
}

export function createCoroutineLibrary(runtime: LuaRuntime): LuaTable {
  const library = new LuaTable();
  const functions: Record<string, LuaFunction> = {
    create: plainFunction((...values) => new LuaCoroutine(checkFunction(values, 1), runtime.environment)),
    status: plainFunction((...values) => coroutineOf(values).status),
    running: plainFunction(() => runtime.coroutine ?? undefined),
    yield: suspendableFunction((...values) => yieldValues(runtime, values)),
    resume: suspendableFunction(function* (...values) {
      const coroutine = coroutineOf(values);
      if (coroutine.status !== 'suspended') return [false, `cannot resume ${describe(coroutine)} coroutine`];
      try {
        return [true, ...(yield* resume(runtime, coroutine, values.slice(1)))];
      } catch (error) {
        return [false, runtime.errorValue(error)];
      }
    }),
    wrap: plainFunction((...values) => {
      const coroutine = new LuaCoroutine(checkFunction(values, 1), runtime.environment);
      return suspendableFunction(function* (...given) {
        if (coroutine.status !== 'suspended') throw runtimeError(`cannot resume ${describe(coroutine)} coroutine`);
        try {
          return yield* resume(runtime, coroutine, given);
        } catch (error) {
          throw withCallersPosition(error);
        }
      });
    }),
    isyieldable: plainFunction(() => runtime.coroutine !== null),
  };
  for (const [name, code] of Object.entries(functions)) library.setString(name, code);
  return library;
}

function coroutineOf(values: readonly LuaValue[]): LuaCoroutine {
  const [value] = values;
  if (!(value instanceof LuaCoroutine)) throw new ArgumentError(1, 'coroutine expected');
  return value;
}

/** A text that ended the coroutine is said again with the position of the call. */
function withCallersPosition(error: unknown): unknown {
  const text = error instanceof ArgumentError ? error.text : error instanceof LuaError ? error.value : undefined;
  if (typeof text !== 'string' || error instanceof FiberTermination) return error;
  const frames = captureFrames();
  return new LuaError(positionOf(frames[1]) + text, frames);
}

function describe({ status }: LuaCoroutine): string {
  return status === 'dead' ? 'dead' : 'running';
}

function* yieldValues(runtime: LuaRuntime, values: readonly LuaValue[]): LuaExecution {
  if (runtime.coroutine === null) throw runtimeError('attempt to yield across C-call boundary');
  const handedUp = new CoroutineYield(values);
  let answer = yield handedUp;
  while (answer instanceof StackQuestion) {
    answer.frames = captureFrames();
    answer = yield handedUp;
  }
  return answer as readonly LuaValue[];
}

/** Handed down instead of values, to a coroutine that has yielded: it says where it is, and yields the same again. */
class StackQuestion {
  frames: readonly LuaFrame[] = [];
}

/** The stack of a coroutine that does not run: where it yielded, or where the error was raised that ended it. */
export function framesOfCoroutine(coroutine: LuaCoroutine): readonly LuaFrame[] {
  const { execution } = coroutine;
  if (coroutine.status !== 'suspended' || execution === null) return coroutine.failureFrames;
  const question = new StackQuestion();
  onOwnStack(() => execution.next(question));
  return question.frames;
}

/** Runs the coroutine until it yields or ends. */
function* resume(
  runtime: LuaRuntime,
  coroutine: LuaCoroutine,
  given: readonly LuaValue[],
): Generator<object, readonly LuaValue[], unknown> {
  const { coroutine: outer, environment } = runtime;
  coroutine.execution ??= runtime.call(coroutine.body, given);
  const { execution } = coroutine;
  let proceed = (): IteratorResult<object, LuaResult> => execution.next(given);
  for (;;) {
    if (outer !== null) outer.status = 'normal';
    coroutine.status = 'running';
    runtime.coroutine = coroutine;
    runtime.environment = coroutine.environment;
    let step: IteratorResult<object, LuaResult>;
    try {
      step = onOwnStack(proceed);
    } catch (error) {
      coroutine.status = 'dead';
      if (error instanceof LuaError || error instanceof ArgumentError) coroutine.failureFrames = error.frames;
      throw error;
    } finally {
      coroutine.environment = runtime.environment;
      runtime.environment = environment;
      runtime.coroutine = outer;
      if (outer !== null) outer.status = 'running';
    }
    if (step.done === true) {
      coroutine.status = 'dead';
      return allOf(step.value);
    }
    if (step.value instanceof CoroutineYield) {
      coroutine.status = 'suspended';
      return step.value.values;
    }
    // The host's: the fiber waits, and its answer goes back down.
    try {
      const answer = yield step.value;
      proceed = () => execution.next(answer);
    } catch (error) {
      proceed = () => execution.throw(error);
    }
  }
}
