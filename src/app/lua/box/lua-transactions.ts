/**
 * The transactions of fibers, over the engine's, which begin and end in one turn.
 *
 * A fiber's transaction begins in the engine with its first statement. When the fiber gives the thread away, what it has
 * done is undone and the transaction is aborted: it goes on to take statements, all of which are undone too, and its
 * COMMIT fails with TRANSACTION_YIELD (154), as in Tarantool 2.6.0. One without statements outlives a wait.
 * Invariants: (1) the engine's transaction is open only while its fiber runs; (2) nothing of an aborted one stays.
 */
import { boxError } from '../../../base/index.ts';
import { NO_ADDRESS } from '../../../engine/arena/index.ts';
import type { Box } from '../../../engine/box/index.ts';
import type { CommitBatch, Savepoint, TransactionChange, TransactionTrigger } from '../../../engine/txn/index.ts';
import type { LuaFiber, LuaMachine } from '../lua-machine.ts';
import type { TriggerList } from './trigger-list.ts';

/** A moment of a transaction; null for its beginning. */
export type Moment = Readonly<{ transaction: LuaTransaction | null; savepoint: Savepoint | null }>;

type TriggerKind = 'onCommit' | 'onRollback';

class LuaTransaction {
  /** The engine's transaction is open for it. */
  isActive = false;
  isAborted = false;
  start: Savepoint | null = null;
  readonly onCommit: TransactionTrigger[] = [];
  readonly onRollback: TransactionTrigger[] = [];
  readonly lists: Partial<Record<TriggerKind, TriggerList>> = {};
  /** Of an aborted one: what it had changed. */
  changes: readonly TransactionChange[] = [];
}

/** What the transactions of fibers need. */
export type TransactionHost = Readonly<{
  box: Box;
  machine: LuaMachine;
  /** Waits until a batch is durable. */
  settled: (batch: CommitBatch) => Generator<object, void, unknown>;
}>;

export class LuaTransactions {
  readonly #host: TransactionHost;
  readonly #ofFiber = new WeakMap<LuaFiber, LuaTransaction>();
  /** Transactions that have not been ended; those that fibers left behind count for ever. */
  #count = 0;
  /** Lua code under way inside statements. */
  #depth = 0;
  /** The fiber that such code runs in. */
  #codeFiber: LuaFiber | null = null;

  constructor(host: TransactionHost) {
    this.#host = host;
    host.machine.onSwitch.push((fiber) => this.#switched(fiber));
  }

  /** Before each statement: opens the engine's transaction for that of the running fiber. */
  enter(): void {
    if (this.#count === 0 && this.#depth === 0) return;
    this.#checkCode();
    const transaction = this.#current;
    if (transaction === null || transaction.isActive) return;
    const { transactions } = this.#host.box;
    transactions.begin();
    transaction.isActive = true;
    transaction.start = transactions.savepoint();
  }

  get isOpen(): boolean {
    return this.#current !== null || this.#host.box.transactions.isActive;
  }

  /** Throws ACTIVE_TRANSACTION (79). */
  begin(): void {
    const { current } = this.#host.machine.scheduler;
    if (this.isOpen || current === null) throw boxError('ACTIVE_TRANSACTION');
    this.#ofFiber.set(current, new LuaTransaction());
    this.#count++;
  }

  /** Ends the transaction of the running fiber and waits for the log. Throws TRANSACTION_YIELD, and what the log throws. */
  *commit(): Generator<object, void, unknown> {
    const transaction = this.#current;
    if (this.#isInStatement) throw boxError('COMMIT_IN_SUB_STMT');
    if (transaction === null) return this.#refuseInStream();
    if (transaction.isAborted) {
      this.#undo(transaction);
      throw boxError('TRANSACTION_YIELD');
    }
    this.#end();
    if (!transaction.isActive) {
      for (const trigger of transaction.onCommit) trigger([]);
      return;
    }
    const { transactions } = this.#host.box;
    for (const trigger of transaction.onCommit) transactions.onCommit(trigger);
    for (const trigger of transaction.onRollback) transactions.onRollback(trigger);
    const batch = transactions.commit();
    if (batch !== null) yield* this.#host.settled(batch);
  }

  rollback(): void {
    if (this.#isInStatement) throw boxError('ROLLBACK_IN_SUB_STMT');
    const transaction = this.#current;
    if (transaction === null) this.#refuseInStream();
    else this.#undo(transaction);
  }

  /** The transaction that the running function is called in is ended by the requests of its stream. */
  #refuseInStream(): void {
    if (this.#host.box.recorder === null) return;
    throw boxError('UNSUPPORTED', 'A function inside the transaction of a stream', 'box.commit and box.rollback');
  }

  /** Throws NO_TRANSACTION (114). */
  savepoint(): Moment {
    const transaction = this.#current;
    if (transaction !== null && !transaction.isActive) return { transaction, savepoint: null };
    return { transaction, savepoint: this.#inStep(() => this.#host.box.transactions.savepoint()) };
  }

  /** Throws NO_TRANSACTION (114) and NO_SUCH_SAVEPOINT (61). */
  rollbackTo({ transaction, savepoint }: Moment): void {
    const { transactions } = this.#host.box;
    if (transaction !== this.#current) throw boxError('NO_SUCH_SAVEPOINT');
    if (savepoint === null && transaction?.isActive !== true) return;
    const target = savepoint ?? transaction?.start;
    if (target === null || target === undefined) throw boxError('NO_SUCH_SAVEPOINT');
    this.#inStep(() => transactions.rollbackTo(target));
  }

  /** The list that programs see of the open transaction's triggers; `make` makes it when it is first asked for. */
  listOf(kind: TriggerKind, make: () => TriggerList): TriggerList {
    const transaction = this.#current;
    if (transaction === null) return make();
    const list = transaction.lists[kind] ?? make();
    transaction.lists[kind] = list;
    return list;
  }

  /** Of a transaction that is not a fiber's own, that of a statement or of a stream, the engine keeps the trigger. */
  addTrigger(kind: TriggerKind, trigger: TransactionTrigger): void {
    const transaction = this.#current;
    // The newest is called first.
    if (transaction !== null) transaction[kind].unshift(trigger);
    else this.#inStep(() => this.#host.box.transactions[kind](trigger));
  }

  removeTrigger(kind: TriggerKind, trigger: TransactionTrigger): void {
    const triggers = this.#current?.[kind] ?? [];
    const at = triggers.indexOf(trigger);
    if (at >= 0) triggers.splice(at, 1);
  }

  /** What a fiber left open when its function returned is undone; true if there was something. */
  closeLeftOpen(): boolean {
    const transaction = this.#current;
    if (transaction === null) return false;
    this.#undo(transaction);
    return true;
  }

  get #current(): LuaTransaction | null {
    const { current } = this.#host.machine.scheduler;
    return current === null ? null : (this.#ofFiber.get(current) ?? null);
  }

  #inStep<Result>(action: () => Result): Result {
    const { box } = this.#host;
    if (!box.transactions.isActive) throw boxError('NO_TRANSACTION');
    let result: Result | null = null;
    box.asStep(() => {
      result = action();
      return NO_ADDRESS;
    });
    return result as Result;
  }

  #undo(transaction: LuaTransaction): void {
    this.#end();
    const { transactions } = this.#host.box;
    if (transaction.isActive && !transaction.isAborted) {
      for (const trigger of transaction.onRollback) transactions.onRollback(trigger);
      transactions.rollback();
      return;
    }
    if (transaction.isActive) transactions.undoTrial();
    for (const trigger of transaction.onRollback) trigger(transaction.changes);
  }

  #end(): void {
    const { current } = this.#host.machine.scheduler;
    if (current !== null && this.#ofFiber.delete(current)) this.#count--;
  }

  /**
   * Runs code inside a statement, in that fiber. Other fibers that it starts cannot work inside the statement: theirs
   * fail until it is over.
   */
  insideStatement<Result>(fiber: LuaFiber | null, code: () => Result): Result {
    const outer = this.#codeFiber;
    this.#codeFiber = fiber;
    this.#depth++;
    try {
      return code();
    } finally {
      this.#depth--;
      this.#codeFiber = outer;
    }
  }

  get #isInStatement(): boolean {
    return this.#depth > 0 && this.#host.box.transactions.isActive;
  }

  #checkCode(): void {
    if (this.#isInStatement && this.#host.machine.scheduler.current !== this.#codeFiber) {
      throw boxError('TRANSACTION_YIELD');
    }
  }

  #switched(fiber: LuaFiber): void {
    if (this.#isInStatement) return;
    if (this.#host.box.recorder !== null && !this.#ofFiber.has(fiber)) {
      this.#abandonStream(fiber);
      return;
    }
    if (this.#count === 0) return;
    const transaction = this.#ofFiber.get(fiber);
    if (transaction === undefined || !transaction.isActive) return;
    transaction.changes = this.#changes(transaction);
    this.#host.box.transactions.undoTrial();
    transaction.isActive = false;
    transaction.isAborted = true;
  }

  /** What a function does after a wait inside a stream's transaction, which fails by it, is undone. */
  #abandonStream(fiber: LuaFiber): void {
    const transaction = new LuaTransaction();
    transaction.isAborted = true;
    this.#ofFiber.set(fiber, transaction);
    this.#count++;
  }

  #changes(transaction: LuaTransaction): readonly TransactionChange[] {
    if (transaction.onRollback.length === 0) return [];
    let copied: readonly TransactionChange[] = [];
    const { transactions } = this.#host.box;
    transactions.onRollback((changes) => (copied = changes));
    transactions.rollback();
    transactions.begin();
    return copied;
  }
}
