/** What the parts of a configured `box` share: the engine, on whose behalf the running fiber works, and its log. */
import type { ByteWriter } from '../../../base/index.ts';
import type { Box, RequestDoor, Session } from '../../../engine/box/index.ts';
import type { CommitBatch } from '../../../engine/txn/index.ts';
import { waitFor } from '../fibers/fiber.ts';
import type { LuaMachine } from '../lua-machine.ts';
import type { LuaRuntime } from '../runtime/runtime.ts';
import type { LuaFunction, LuaResult, LuaValue } from '../runtime/values.ts';
import type { ErrorRegistry } from './errors/error-registry.ts';
import type { BoxFoundation } from './foundation.ts';
import { LuaTransactions } from './lua-transactions.ts';
import type { TupleFactory } from './tuple/lua-tuple.ts';
import type { TupleCodec } from './tuple/tuple-codec.ts';
import type { IteratorMaker } from './tuple/tuple-methods.ts';

/** Transactions that a fiber may commit without giving the thread away where nobody waits for the log. */
const UNLOGGED_TRANSACTIONS_MAX = 1000;

export class BoxContext {
  readonly foundation: BoxFoundation;
  readonly machine: LuaMachine;
  readonly runtime: LuaRuntime;
  readonly box: Box;
  readonly errors: ErrorRegistry;
  readonly codec: TupleCodec;
  readonly factory: TupleFactory;
  readonly makeIterator: IteratorMaker;
  readonly transactions: LuaTransactions;
  /** Whether changes outside of a transaction wait for the log: not with `wal_mode` none. */
  readonly waitsForLog: boolean;

  constructor(foundation: BoxFoundation, box: Box, waitsForLog: boolean) {
    this.foundation = foundation;
    this.machine = foundation.machine;
    this.runtime = foundation.runtime;
    this.box = box;
    this.waitsForLog = waitsForLog;
    this.errors = foundation.errors;
    this.codec = foundation.codec;
    this.factory = foundation.factory;
    this.makeIterator = foundation.makeIterator;
    this.transactions = new LuaTransactions({
      box,
      machine: this.machine,
      settled: (batch) => this.settled(batch),
    });
    foundation.guard = (fiber, code) => this.transactions.insideStatement(fiber, code);
  }

  /** On whose behalf the running fiber works; the instance itself where no fiber runs. */
  get session(): Session {
    return this.machine.scheduler.current?.session ?? this.box.adminSession;
  }

  /** The request that the running fiber works for; null for none. */
  get door(): RequestDoor | null {
    return this.machine.scheduler.current?.door ?? null;
  }

  /** Lets the running fiber go on as another user, or as itself again. */
  set session(session: Session) {
    const { current } = this.machine.scheduler;
    if (current !== null) current.session = session;
  }

  borrow(): ByteWriter {
    return this.foundation.borrow();
  }

  giveBack(buffer: ByteWriter): void {
    this.foundation.giveBack(buffer);
  }

  runNow(code: LuaFunction, values: LuaValue[], session: Session | null = null): LuaResult {
    return this.foundation.runNow(code, values, session);
  }

  /**
   * Waits until a batch is durable; without a log only if so many transactions have gathered that they should be let go.
   * Throws the BoxError of the log.
   */
  *settled(batch: CommitBatch | null): Generator<object, void, unknown> {
    if (batch === null || (!this.waitsForLog && batch.transactionCount < UNLOGGED_TRANSACTIONS_MAX)) return;
    yield* waitFor<undefined>((wake) => {
      batch.listeners.push({ settled: (error) => wake(error === null ? { value: undefined } : { error }) });
      return undefined;
    }, 'none');
  }

  /** Waits for what has been written so far, unless a transaction is open. */
  *durable(): Generator<object, void, unknown> {
    if (!this.box.transactions.isActive) yield* this.settled(this.box.transactions.newestBatch);
  }
}
