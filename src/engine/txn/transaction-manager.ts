/**
 * Transactions that begin and end in one turn, and their way to the log.
 *
 * A change is applied to the indexes at once; its undo entry lies in the batch under construction and its rows in the
 * redo log until COMMIT hands them to the journal. At most one batch is on its way to the log: what commits meanwhile
 * is the next one.
 * Invariants: (1) at most one transaction is open, and none when a turn ends; (2) a batch's undo entries live until
 * the journal settled it; (3) a failed batch takes everything behind it along, newest first, and the state is then
 * that of the last durable batch; (4) listeners of a batch are called once, in the order of the batches; (5) what the
 * gate holds has a batch and undo entries of its own, which end when the gate releases or revokes it; within a batch of
 * the log such transactions come behind all others that have changed the same spaces; (6) nobody is told of an undoing
 * before all that is undone together has been.
 */
import { assert, type BoxError, boxError, type ByteWriter, defined } from '../../base/index.ts';
import { GROUP_LOCAL, ROW_FLAG, ROW_TYPE_NOP } from '../../codec/xlog/index.ts';
import { type Address, NO_ADDRESS, tuplePosition, tupleSize, tupleSlab } from '../arena/index.ts';
import type { Space } from '../memtx/index.ts';
import { CommitBatch, type CommitListener, type HeldTransaction } from './commit-batch.ts';
import type { CommitGate } from './commit-gate.ts';
import type { Durability, Journal } from './journal.ts';
import { RedoLog } from './redo-log.ts';
import type { SchemaChange } from './undo-log.ts';

/** A change of a tuple as it was made; null where there was none before, or is none after. */
export type TransactionChange = Readonly<{ spaceId: number; old: Uint8Array | null; next: Uint8Array | null }>;

/**
 * A function of `box.on_commit` or `box.on_rollback`, or one of our own that must know how the transaction ended; it is
 * told the changes, oldest first. May not throw.
 */
export type TransactionTrigger = (changes: readonly TransactionChange[]) => void;

/**
 * - everybody: whoever waits for what was committed so far;
 * - listeners: those of its batch alone;
 * - nobody: it goes to the log with the next one that somebody waits for, or when `flush` is called. For what can be had
 *   again from elsewhere.
 */
export type AwaitedBy = 'everybody' | 'listeners' | 'nobody';

export type Savepoint = Readonly<{ undoMark: number; redoMark: number }>;

export class TransactionManager {
  readonly redo = new RedoLog();
  #journal: Journal;
  readonly #scheduleFlush: () => void;
  #current = new CommitBatch();
  #inFlight: CommitBatch | null = null;
  #spare: CommitBatch | null = null;
  #flushScheduled = false;
  #isActive = false;
  #startMark = 0;
  #durability: Durability = 'write';
  #isSynchronous = false;
  #awaitedBy: AwaitedBy = 'everybody';
  #boundaryCallbacks: (() => void)[] = [];
  /** Those of the open transaction that can still be returned to, oldest first. */
  readonly #savepoints: Savepoint[] = [];
  #onCommit: TransactionTrigger[] = [];
  #onRollback: TransactionTrigger[] = [];
  /** Of the transactions that wait at the gate, oldest first. */
  readonly #held = new Set<CommitBatch>();
  #newestHeld: CommitBatch | null = null;
  /** Spaces without replication that some of them have changed. */
  readonly #heldSpaces = new Map<CommitBatch, ReadonlySet<Space>>();
  /** Set by the instance when transactions may have to wait for others. */
  gate: CommitGate | null = null;

  /** `scheduleFlush` must call `flush` before the next turn. */
  constructor(journal: Journal, scheduleFlush: () => void) {
    this.#journal = journal;
    this.#scheduleFlush = scheduleFlush;
    journal.onSettled = (error) => this.#settled(error);
  }

  /** Takes another log, between recovery and service. Nothing may be on its way. */
  useJournal(journal: Journal): void {
    assert(this.isIdle, 'a log is exchanged when nothing waits for it');
    this.#journal = journal;
    journal.onSettled = (error) => this.#settled(error);
  }

  get isActive(): boolean {
    return this.#isActive;
  }

  /** The batch that the next COMMIT joins, unless the gate holds it. */
  get currentBatch(): CommitBatch {
    return this.#current;
  }

  begin(): void {
    if (this.#isActive) throw boxError('ACTIVE_TRANSACTION');
    this.#isActive = true;
    this.#savepoints.length = 0;
    this.#startMark = this.#current.undo.count;
    this.#durability = 'write';
    this.#isSynchronous = false;
    this.#awaitedBy = 'everybody';
    this.redo.reset();
  }

  /** Remembers a change of the open transaction that has been applied. */
  changed(space: Space, oldTuple: Address, newTuple: Address): void {
    if (space.definition.isSync) this.#isSynchronous = true;
    this.#current.undo.push(space, oldTuple, newTuple);
  }

  schemaChanged(change: SchemaChange): void {
    this.#current.undo.pushChange(change);
  }

  /** The open transaction is to be synced, whatever wal_mode says. */
  requireSync(): void {
    this.#durability = 'sync';
  }

  /** Who waits for the open transaction to be written; everybody, if nothing is said. */
  awaitBy(who: AwaitedBy): void {
    this.#awaitedBy = who;
  }

  /** Called, in the order of these calls, when the open transaction has become durable. */
  onCommit(trigger: TransactionTrigger): void {
    this.#onCommit.push(trigger);
  }

  /** Called when the open transaction has been undone, be it by the log. */
  onRollback(trigger: TransactionTrigger): void {
    this.#onRollback.push(trigger);
  }

  /** Throws ER_NO_TRANSACTION outside of a transaction. */
  savepoint(): Savepoint {
    if (!this.#isActive) throw boxError('NO_TRANSACTION');
    const savepoint = { undoMark: this.#current.undo.count, redoMark: this.redo.count };
    this.#savepoints.push(savepoint);
    return savepoint;
  }

  /** Undoes what came after the savepoint, which stays; later ones are gone. Throws ER_NO_SUCH_SAVEPOINT. */
  rollbackTo(savepoint: Savepoint): void {
    const at = this.#isActive ? this.#savepoints.indexOf(savepoint) : -1;
    if (at < 0) throw boxError('NO_SUCH_SAVEPOINT');
    this.#savepoints.length = at + 1;
    this.rollbackStatement(savepoint.undoMark, savepoint.redoMark);
  }

  get undoMark(): number {
    return this.#current.undo.count;
  }

  /** Undoes the changes and rows behind the marks, which a failed statement leaves. */
  rollbackStatement(undoMark: number, redoMark: number): void {
    this.#current.undo.rollbackTo(undoMark);
    this.redo.truncate(redoMark);
  }

  /** Visits what the open transaction has changed so far, oldest first. */
  forEachChange(visit: (space: Space, oldTuple: Address, newTuple: Address) => void): void {
    this.#current.undo.forEach(this.#startMark, visit);
  }

  /**
   * Ends the open transaction and sends its rows on their way. Returns the batch that settles when it is final; null if
   * there is nothing to wait for. Throws, with everything undone, if the log takes no more or the gate refuses.
   */
  commit(): CommitBatch | null {
    assert(this.#isActive, 'COMMIT ends an open transaction');
    let isHeld = false;
    if (this.redo.count > 0 || this.#heldSpaces.size > 0) {
      try {
        isHeld = this.gate !== null && (this.#isSynchronous || this.gate.isActive) && this.#isHeld(this.gate);
        if (!isHeld) this.#checkPlace();
        this.redo.flags = isHeld ? ROW_FLAG.waitSync | (this.#isSynchronous ? ROW_FLAG.waitAck : 0) : 0;
        if (this.redo.count > 0) this.#journal.append(this.redo, this.#durability);
      } catch (error) {
        this.rollback();
        throw error;
      }
    }
    this.#isActive = false;
    if (this.redo.count === 0 && this.#current.undo.count === this.#startMark) {
      runTriggers(this.#takeTriggers().onCommit, []);
      return null;
    }
    let listener: CommitListener | null = null;
    if (this.#onCommit.length > 0 || this.#onRollback.length > 0) {
      const changes = this.#copyChanges();
      const { onCommit, onRollback } = this.#takeTriggers();
      listener = { settled: (error) => runTriggers(error === null ? onCommit : onRollback, changes) };
    }
    const batch = isHeld ? this.#hold() : this.#current;
    if (listener !== null) batch.listeners.push(listener);
    this.#current.transactionCount++;
    if (this.#awaitedBy === 'nobody') return batch;
    this.#current.urgentCount++;
    if (this.#awaitedBy === 'everybody') this.#current.awaitedCount++;
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      this.#scheduleFlush();
    }
    return batch;
  }

  /** A transaction of local rows alone is nobody else's business, and in one without content nothing can be undone. */
  #isHeld(gate: CommitGate): boolean {
    const { redo } = this;
    let replicated = -1;
    for (let index = 0; index < redo.count && replicated < 0; index++) {
      if (redo.groupIds[index] !== GROUP_LOCAL && redo.types[index] !== ROW_TYPE_NOP) replicated = index;
    }
    if (replicated < 0) return false;
    return gate.holds(this.#isSynchronous, redo.hasNumbers ? redo.replicaIds[replicated]! : 0);
  }

  /** What does not wait must not stand on what does: that could not be undone any more. */
  #checkPlace(): void {
    if (this.#heldSpaces.size === 0) return;
    this.forEachChange((space) => {
      for (const spaces of this.#heldSpaces.values()) if (spaces.has(space)) throw boxError('TRANSACTION_CONFLICT');
    });
  }

  #hold(): CommitBatch {
    const spaces = new Set<Space>();
    this.forEachChange((space) => {
      if (space.definition.isLocal || space.definition.isTemporary) spaces.add(space);
    });
    const batch = new CommitBatch(this.#current.undo.splitFrom(this.#startMark));
    batch.transactionCount = 1;
    if (spaces.size > 0) this.#heldSpaces.set(batch, spaces);
    const { lastReplicaId: replicaId, lastLsn: lsn } = this.#journal;
    const held = { batch, replicaId, lsn, isSynchronous: this.#isSynchronous };
    this.#current.held.push(held);
    this.#held.add(batch);
    this.#newestHeld = batch;
    defined(this.gate, 'the gate that holds it').appended(held);
    return batch;
  }

  /**
   * Writes a row that changes no data and waits at no gate: with the number that it has elsewhere, or one of its own.
   * Throws as COMMIT does.
   */
  writeRow(
    type: number,
    number: Readonly<{ replicaId: number; lsn: number }> | null,
    writeBody: (writer: ByteWriter) => void,
    { groupId, durability }: Readonly<{ groupId: number; durability: Durability }> = {
      groupId: 0,
      durability: 'write',
    },
  ): CommitBatch {
    this.begin();
    this.#durability = durability;
    if (number !== null) this.redo.takeNumber(number.replicaId, number.lsn);
    this.redo.beginRow(type, groupId);
    writeBody(this.redo.bodies);
    this.redo.endRow();
    const { gate } = this;
    this.gate = null;
    try {
      return defined(this.commit(), 'a row waits for the log');
    } finally {
      this.gate = gate;
    }
  }

  #forgetHeld(batch: CommitBatch): void {
    this.#held.delete(batch);
    this.#heldSpaces.delete(batch);
    if (this.#newestHeld !== batch) return;
    this.#newestHeld = null;
    for (const older of this.#held) this.#newestHeld = older;
  }

  /** The gate lets a transaction go that is in the log. */
  release({ batch }: HeldTransaction): void {
    batch.undo.commit();
    this.#forgetHeld(batch);
    this.#finish(batch, null);
  }

  /** The gate gives transactions up: they are undone, newest first; no transaction is open, and none came behind them. */
  revoke(newestFirst: readonly Readonly<{ transaction: HeldTransaction; error: BoxError }>[]): void {
    assert(!this.#isActive, 'nothing is undone under an open transaction');
    for (const { transaction } of newestFirst) {
      transaction.batch.undo.rollbackTo(0);
      this.#forgetHeld(transaction.batch);
    }
    for (const { transaction, error } of newestFirst) this.#finish(transaction.batch, error);
  }

  /** Undoes the open transaction. */
  rollback(): void {
    assert(this.#isActive, 'ROLLBACK ends an open transaction');
    const { onRollback } = this.#takeTriggers();
    const changes = onRollback.length > 0 ? this.#copyChanges() : [];
    this.rollbackStatement(this.#startMark, 0);
    this.#isActive = false;
    runTriggers(onRollback, changes);
  }

  /** Undoes the open transaction, which was a trial: nobody is told, for what was tried is not given up. */
  undoTrial(): void {
    assert(this.#isActive, 'a trial is an open transaction');
    this.#takeTriggers();
    this.rollbackStatement(this.#startMark, 0);
    this.#isActive = false;
  }

  /** Whether somebody is told when the open transaction is undone. */
  get hasRollbackTriggers(): boolean {
    return this.#onRollback.length > 0;
  }

  /** Hands the batch under construction to the journal unless one is on its way. */
  flush(): void {
    this.#flushScheduled = false;
    if (this.#inFlight !== null || this.#current.transactionCount === 0) return;
    this.#inFlight = this.#current;
    this.#current = this.#spare ?? new CommitBatch();
    this.#spare = null;
    this.#journal.submit();
  }

  /**
   * Calls back, now or later, at a moment when no batch is on its way: what is in memory is then what the log holds and
   * the batch under construction, which `flush` sends as it is.
   */
  atBoundary(callback: () => void): void {
    if (this.#inFlight === null && !this.#isActive) callback();
    else this.#boundaryCallbacks.push(callback);
  }

  /**
   * The newest batch that has not settled: when it has, all that was committed so far has, but for what `awaitBy` leaves
   * out. Null if there is none.
   */
  get newestBatch(): CommitBatch | null {
    return this.#newestHeld ?? this.#newestAwaited;
  }

  get #newestAwaited(): CommitBatch | null {
    if (this.#current.awaitedCount > 0) return this.#current;
    return this.#inFlight !== null && this.#inFlight.awaitedCount > 0 ? this.#inFlight : null;
  }

  /**
   * Resolves when everything committed so far is as durable as the instance promises, and what the gate held is final.
   * Rejects with the BoxError that the newest of it was undone by.
   */
  async whenDurable(): Promise<void> {
    await Promise.all([this.whenFinal(), this.whenWritten()]);
  }

  /** The same for the log alone: what the gate holds is in it, but may still be undone. */
  whenWritten(): Promise<void> {
    return whenSettled(this.#newestAwaited);
  }

  /** The same for what the gate holds alone. */
  whenFinal(): Promise<void> {
    return whenSettled(this.#newestHeld);
  }

  /** True when nothing waits for the log. */
  get isIdle(): boolean {
    return this.#inFlight === null && this.#current.transactionCount === 0;
  }

  #settled(error: BoxError | null): void {
    const batch = this.#inFlight;
    assert(batch !== null, 'the journal settles what was submitted');
    assert(!this.#isActive, 'no transaction is open between turns');
    this.#inFlight = null;
    if (error === null) {
      const { held } = batch;
      batch.held = [];
      batch.undo.commit();
      // Rows that decide about what is held come behind it in the log, and their listeners behind this.
      for (const transaction of held) this.gate?.written(transaction);
      this.#finish(batch, null);
      this.#spare = batch;
    } else {
      const behind = this.#current;
      this.#current = new CommitBatch();
      const held = [...this.#undo(behind), ...this.#undo(batch)];
      for (const transaction of held) this.gate?.failed(transaction, error);
      for (const transaction of held) this.#finish(transaction.batch, error);
      this.#finish(batch, error);
      this.#finish(behind, error);
    }
    this.#reachBoundary();
    if (this.#current.urgentCount > 0) this.flush();
  }

  /** Undoes a batch that is in no log; returns what the gate held of it, newest first. */
  #undo(batch: CommitBatch): readonly HeldTransaction[] {
    const held = batch.held.reverse();
    batch.held = [];
    for (const transaction of held) {
      transaction.batch.undo.rollbackTo(0);
      this.#forgetHeld(transaction.batch);
    }
    batch.undo.rollbackTo(0);
    return held;
  }

  #reachBoundary(): void {
    while (this.#inFlight === null) {
      const callback = this.#boundaryCallbacks.shift();
      if (callback === undefined) return;
      callback();
    }
  }

  #finish(batch: CommitBatch, error: BoxError | null): void {
    const { listeners } = batch;
    batch.listeners = [];
    batch.transactionCount = 0;
    batch.urgentCount = 0;
    batch.awaitedCount = 0;
    for (const listener of listeners) listener.settled(error);
  }

  #takeTriggers(): { onCommit: TransactionTrigger[]; onRollback: TransactionTrigger[] } {
    const taken = { onCommit: this.#onCommit, onRollback: this.#onRollback };
    if (taken.onCommit.length > 0) this.#onCommit = [];
    if (taken.onRollback.length > 0) this.#onRollback = [];
    return taken;
  }

  /** Copies, because the tuples may be gone when the triggers are called. */
  #copyChanges(): readonly TransactionChange[] {
    const changes: TransactionChange[] = [];
    this.forEachChange((space, oldTuple, newTuple) =>
      changes.push({ spaceId: space.id, old: copyOf(space, oldTuple), next: copyOf(space, newTuple) }),
    );
    return changes;
  }
}

function whenSettled(batch: CommitBatch | null): Promise<void> {
  if (batch === null) return Promise.resolve();
  return new Promise((resolve, reject) => {
    batch.listeners.push({ settled: (error) => (error === null ? resolve() : reject(error)) });
  });
}

function runTriggers(triggers: readonly TransactionTrigger[], changes: readonly TransactionChange[]): void {
  for (const trigger of triggers) trigger(changes);
}

function copyOf({ arena }: Space, tuple: Address): Uint8Array | null {
  if (tuple === NO_ADDRESS) return null;
  const start = tuplePosition(tuple);
  return tupleSlab(arena, tuple).slice(start, start + tupleSize(arena, tuple));
}
