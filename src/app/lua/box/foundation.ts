/**
 * What `box` has in a Lua state before there is an engine: errors, tuples, buffers, and running Lua code where nobody may
 * wait. The engine asks it for the bodies of stored functions while it still reads its data.
 *
 * Invariants: (1) a buffer that was borrowed is nobody else's until it is given back, also while triggers run statements
 * of their own; (2) code inside a statement never waits: it fails instead, and the statement with it.
 */
import { boxError, ByteWriter } from '../../../base/index.ts';
import type { Session } from '../../../engine/box/index.ts';
import type { LuaFiber, LuaMachine } from '../lua-machine.ts';
import { LuaError } from '../runtime/errors.ts';
import type { LuaRuntime } from '../runtime/runtime.ts';
import type { LuaTable } from '../runtime/table.ts';
import { rawToText } from '../runtime/types.ts';
import type { LuaExecution, LuaFunction, LuaResult, LuaValue } from '../runtime/values.ts';
import { createErrorLibrary } from './errors/error-library.ts';
import { ErrorRegistry } from './errors/error-registry.ts';
import { toBoxError } from './errors/lua-box-error.ts';
import { TupleFactory } from './tuple/lua-tuple.ts';
import { TupleCodec } from './tuple/tuple-codec.ts';
import { createTupleLibrary, type IteratorMaker, iteratorMaker } from './tuple/tuple-methods.ts';

const BUFFER_BYTES = 1024;
/** A buffer that has grown beyond it is not kept. */
const KEPT_BYTES_MAX = 1024 * 1024;
/** Errors from here on are of later versions. */
const ERROR_NUMBERS_END = 219;

/** Runs code that belongs to a statement, in that fiber. */
export type StatementGuard = <Result>(fiber: LuaFiber | null, code: () => Result) => Result;

export class BoxFoundation {
  readonly machine: LuaMachine;
  readonly runtime: LuaRuntime;
  readonly errors: ErrorRegistry;
  readonly codec: TupleCodec;
  readonly factory: TupleFactory;
  readonly makeIterator: IteratorMaker;
  /** `box.tuple` and `box.error`. */
  readonly tupleLibrary: LuaTable;
  readonly errorLibrary: LuaTable;
  /** Set when there is an engine. */
  guard: StatementGuard = (_fiber, code) => code();
  readonly #buffers: ByteWriter[] = [];

  /** Errors of the engine become Lua's from then on. */
  constructor(machine: LuaMachine) {
    this.machine = machine;
    this.runtime = machine.state.runtime;
    this.errors = new ErrorRegistry(() => machine.scheduler.current);
    this.codec = new TupleCodec(this.runtime, this.errors);
    this.factory = new TupleFactory(this.codec);
    const host = {
      machine,
      codec: this.codec,
      borrow: () => this.borrow(),
      giveBack: (buffer: ByteWriter) => this.giveBack(buffer),
    };
    this.makeIterator = iteratorMaker(host);
    this.tupleLibrary = createTupleLibrary(host, this.factory, this.makeIterator);
    this.errorLibrary = createErrorLibrary(this.errors, this.runtime, ERROR_NUMBERS_END);
    this.runtime.hostErrorValue = (error) => this.errors.valueOf(error);
  }

  borrow(): ByteWriter {
    const buffer = this.#buffers.pop();
    if (buffer === undefined) return new ByteWriter(BUFFER_BYTES);
    buffer.position = 0;
    return buffer;
  }

  giveBack(buffer: ByteWriter): void {
    if (buffer.bytes.length <= KEPT_BYTES_MAX) this.#buffers.push(buffer);
  }

  /**
   * Runs Lua code to its end where it must not wait, as inside a statement: for the session if no fiber runs. Throws what
   * it throws, as BoxError.
   */
  runNow(code: LuaFunction, values: LuaValue[], session: Session | null = null): LuaResult {
    const { current } = this.machine.scheduler;
    try {
      if (current === null) return this.#runInFiber(this.runtime.call(code, values), session);
      return this.guard(current, () =>
        code.plain !== null ? code.plain(...values) : finish(this.runtime.call(code, values)),
      );
    } catch (error) {
      throw this.boxErrorOf(error) ?? error;
    }
  }

  /** The error as callers outside of Lua get it; null for what is no error of a program. */
  boxErrorOf(error: unknown): Error | null {
    if (error instanceof LuaError) return toBoxError(error, rawToText);
    return toBoxError(new LuaError(this.runtime.errorValue(error), []), rawToText);
  }

  /** For code that the engine calls while no fiber runs; it sees one. */
  #runInFiber(execution: LuaExecution, session: Session | null): LuaResult {
    const { scheduler } = this.machine;
    const fiber = scheduler.create('trigger', session, execution, Infinity);
    fiber.isJoinable = true;
    this.guard(fiber, () => scheduler.start(fiber));
    const { outcome } = fiber;
    if (outcome === null) {
      scheduler.cancel(fiber);
      throw boxError('TRANSACTION_YIELD');
    }
    scheduler.forget(fiber);
    if ('error' in outcome) throw outcome.error;
    return outcome.result;
  }
}

function finish(execution: LuaExecution): LuaResult {
  const step = execution.next();
  if (step.done === true) return step.value;
  execution.return(undefined);
  throw boxError('TRANSACTION_YIELD');
}
