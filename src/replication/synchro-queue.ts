/**
 * The synchronous queue of a running instance: what Limbo decides, done to its transactions and its log.
 *
 * Transactions that change synchronous spaces, and all behind them, are held here between their write to the log and their
 * end. Rows that decide about them, own ones and those of other instances, take effect when they are in the log.
 * Invariants: (1) Limbo hears of things in the order in which they happen; (2) while a row that rolls back is on its way,
 * no transaction is committed that would stand behind it.
 */
import { assert, BoxError, boxError, ByteWriter, defined, unreachable } from '../base/index.ts';
import {
  decodeSynchroBody,
  SYNCHRO_ROW_TYPE,
  type SynchroRow,
  synchroRowKind,
  writeSynchroBody,
} from '../codec/iproto/index.ts';
import type { RowReader, Vclock } from '../codec/xlog/index.ts';
import type { Env, Logger, TimerHandle } from '../env/index.ts';
import type { ControlRow } from '../engine/checkpoint/index.ts';
import type { CommitBatch, CommitGate, HeldTransaction, TransactionManager } from '../engine/txn/index.ts';
import { Limbo, type LimboEffect, type LimboInput, type Ownership, type WriteBarrier } from './limbo/index.ts';

/** An id that no instance has, for one that is no member: it owns nothing. */
const NO_MEMBER = -1;
const ENTRIES_MAX = 65_536;
const SPLIT_BRAIN = boxError('SPLIT_BRAIN', '').code;

export type SynchroSettings = Readonly<{ quorum: number; timeoutMs: number }>;

/** How a row of another instance ends: null when it is in the log and has taken effect. */
type RowSettled = (error: BoxError | null) => void;

export class SynchroQueue implements CommitGate {
  readonly #env: Env;
  readonly #log: Logger;
  readonly #transactions: TransactionManager;
  readonly #ownId: () => number;
  readonly #ownership: Ownership;
  #settings: SynchroSettings;
  #limbo: Limbo | null = null;
  #limboId = NO_MEMBER;
  #isRecovering = true;
  /** By LSN of the last row: what Limbo knows as entries. All are of one owner. */
  readonly #held = new Map<number, HeldTransaction>();
  readonly #received = new Map<
    number,
    Readonly<{ lsn: number; originId: number; row: SynchroRow; settled: RowSettled }>
  >();
  /** Of these, rows that wait for others to be written first: what follows them in their log has to wait too. */
  #backlog = 0;
  #isStopped = false;
  #nextRowId = 1;
  #memberIds: readonly number[] = [];
  /** By origin: the term in which a synchronous transaction of it was void. */
  readonly #voidedIn = new Map<number, number>();
  /** By replica: what it has said last that it has. */
  readonly #acknowledged = new Map<number, Vclock>();
  #timer: TimerHandle | null = null;
  readonly #waiters = new Set<() => void>();
  readonly #openWaiters: (() => void)[] = [];
  readonly #transfers: ((error: BoxError | null) => void)[] = [];
  readonly #clears: ((error: BoxError | null) => void)[] = [];
  /** What was told while something else was being dealt with. */
  readonly #inputs: LimboInput[] = [];
  #isStepping = false;
  /** Told when it changes whether the instance may write. */
  onBarrierChange: (barrier: WriteBarrier) => void = () => undefined;

  constructor(
    env: Env,
    log: Logger,
    transactions: TransactionManager,
    ownId: () => number,
    ownership: Ownership,
    settings: SynchroSettings,
  ) {
    this.#env = env;
    this.#log = log;
    this.#transactions = transactions;
    this.#ownId = ownId;
    this.#ownership = ownership;
    this.#settings = settings;
  }

  get isActive(): boolean {
    return this.#held.size > 0;
  }

  /** Whose queue it is; 0: nobody's. */
  get ownerId(): number {
    return this.#limbo?.ownerId ?? 0;
  }

  get term(): number {
    return this.#limbo?.term ?? 1;
  }

  /** How many instances must have a transaction. */
  get quorum(): number {
    return this.#settings.quorum;
  }

  /** Transactions that wait. */
  get length(): number {
    return this.#held.size;
  }

  get barrier(): WriteBarrier {
    return this.#limbo?.barrier ?? 'none';
  }

  /** What comes from other instances has to wait: a row that rolls back is on its way, or one is not yet on its way. */
  get isClosing(): boolean {
    return this.#backlog > 0 || (this.#limbo?.isClosing ?? false);
  }

  /** Calls back when nothing has to wait, at once or later. May not throw. */
  whenOpen(callback: () => void): void {
    if (!this.isClosing) callback();
    else this.#openWaiters.push(callback);
  }

  /**
   * Whether a transaction of another instance counts for nothing, because the queue has a newer owner than that was. An
   * asynchronous one shares the fate of the synchronous one before it: behind one that was confirmed it is final there.
   * Throws ER_SPLIT_BRAIN for one that nobody could have decided about.
   */
  isVoid(originId: number, isSynchronous: boolean, waitsSync: boolean): boolean {
    if (this.#limbo === null) return false;
    const { term } = this;
    const isBehindVoid = isSynchronous || this.#voidedIn.get(originId) === term;
    const admission = this.#limbo.admitReplicated(originId, false, waitsSync && isBehindVoid);
    if (admission.kind === 'refused' && admission.error.code === SPLIT_BRAIN) throw admission.error;
    if (admission.kind !== 'nop') return false;
    this.#voidedIn.set(originId, term);
    return true;
  }

  holds(isSynchronous: boolean, replicaId: number): boolean {
    if (!isSynchronous && !this.isActive) return false;
    const limbo = this.#get();
    if (this.#isRecovering) return true;
    const admission =
      replicaId === 0 || replicaId === this.#ownId()
        ? limbo.admit(isSynchronous)
        : limbo.admitReplicated(replicaId, isSynchronous, false);
    switch (admission.kind) {
      case 'free':
        return false;
      case 'held':
        return true;
      case 'refused':
        throw admission.error;
      case 'nop':
      case 'wait':
        throw boxError('SYNC_ROLLBACK');
      default:
        return unreachable(admission);
    }
  }

  appended(transaction: HeldTransaction): void {
    const { replicaId: originId, lsn, isSynchronous: isSync } = transaction;
    this.#held.set(lsn, transaction);
    this.#tell({ kind: 'appended', entry: { originId, lsn, isSync } });
  }

  written({ replicaId: originId, lsn }: HeldTransaction): void {
    this.#tell({ kind: 'written', originId, lsn });
  }

  failed({ replicaId: originId, lsn }: HeldTransaction): void {
    this.#held.delete(lsn);
    this.#tell({ kind: 'writeFailed', originId, lsn });
  }

  /** Its owner, term, and what is confirmed, as the row that makes them. */
  controlRows(): readonly ControlRow[] {
    const row = this.#limbo?.checkpointRow ?? null;
    if (row === null) return [];
    const body = new ByteWriter(64);
    writeSynchroBody(body, row);
    return [{ type: SYNCHRO_ROW_TYPE[row.kind], replicaId: this.ownerId, groupId: 0, body: body.toBytes() }];
  }

  /** Whether the row belongs to the queue; then it has taken effect. For rows of the own log, snapshots and joins. */
  recoverRow(row: RowReader): boolean {
    const kind = synchroRowKind(row.type);
    if (kind === null) return false;
    const decoded = decodeSynchroBody(kind, row.bytes, row.bodyStart, row.bodyEnd);
    this.#get();
    this.#tell({ kind: 'rowRecovered', originId: row.replicaId, row: decoded });
    return true;
  }

  /** All rows have been read; from now on the queue decides. */
  finishRecovery(ownVclock: Vclock): void {
    this.#isRecovering = false;
    if (this.#limbo !== null) this.#tell({ kind: 'recoveryFinished', ownVclock });
  }

  /** A row of another instance that belongs to the queue: written, and then in effect. */
  receive(row: RowReader, settled: RowSettled): void {
    const kind = synchroRowKind(row.type);
    assert(kind !== null, 'a row of the synchronous queue');
    const decoded = decodeSynchroBody(kind, row.bytes, row.bodyStart, row.bodyEnd);
    const id = this.#nextRowId++;
    this.#get();
    this.#received.set(id, { lsn: row.lsn, originId: row.replicaId, row: decoded, settled });
    this.#backlog++;
    this.#tell({ kind: 'rowReceived', id, originId: row.replicaId, row: decoded });
  }

  acknowledged(replicaId: number, vclock: Vclock): void {
    this.#acknowledged.set(replicaId, vclock);
    if (this.#limbo !== null) this.#tell({ kind: 'acked', replicaId, vclock });
  }

  membersChanged(replicaIds: readonly number[]): void {
    this.#memberIds = replicaIds;
    if (this.#limbo !== null) this.#tell({ kind: 'replicasChanged', replicaIds });
  }

  configure(settings: SynchroSettings): void {
    this.#settings = settings;
    if (this.#limbo !== null) this.#tell({ kind: 'configured', ...settings });
  }

  /** Resolves when nothing waits: what is in memory is final. */
  async whenEmpty(): Promise<void> {
    while (this.isActive) await new Promise<void>((resolve) => this.#waiters.add(resolve));
  }

  /** Takes the queue over in this term. Rejects with the BoxError that was in the way. */
  promote(term: number): Promise<void> {
    return this.#ask(this.#transfers, { kind: 'promote', term, timeoutMs: null });
  }

  /** Gives the queue up in this term. */
  demote(term: number): Promise<void> {
    return this.#ask(this.#transfers, { kind: 'demote', term, timeoutMs: null });
  }

  /** What `box.ctl.clear_synchro_queue` does. */
  clear(): Promise<void> {
    if (!this.isActive) return Promise.resolve();
    return this.#ask(this.#clears, { kind: 'clearQueue' });
  }

  learnTerm(term: number): void {
    this.#get();
    this.#tell({ kind: 'electionTermChanged', term });
  }

  /** This instance leads no more in that term. */
  fence(term: number): void {
    if (this.#limbo !== null) this.#tell({ kind: 'fenced', term });
  }

  /** Nothing is decided any more: what waits stays in doubt. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #ask(waiting: ((error: BoxError | null) => void)[], input: LimboInput): Promise<void> {
    this.#get();
    return new Promise((resolve, reject) => {
      waiting.push((error) => (error === null ? resolve() : reject(error)));
      this.#tell(input);
    });
  }

  /** Made when it is needed first: most replica sets have no synchronous spaces. */
  #get(): Limbo {
    const selfId = this.#ownId() || NO_MEMBER;
    if (this.#limbo !== null) {
      if (this.#limboId !== selfId) this.#limbo.identify(selfId);
      this.#limboId = selfId;
      return this.#limbo;
    }
    this.#limboId = selfId;
    this.#limbo = new Limbo({ selfId, ownership: this.#ownership, entriesMax: ENTRIES_MAX, ...this.#settings });
    this.#tell({ kind: 'replicasChanged', replicaIds: this.#memberIds });
    for (const [replicaId, vclock] of this.#acknowledged) this.#tell({ kind: 'acked', replicaId, vclock });
    if (!this.#isRecovering) this.#tell({ kind: 'recoveryFinished', ownVclock: [] });
    return this.#limbo;
  }

  #tell(input: LimboInput): void {
    if (this.#isStopped) return;
    this.#inputs.push(input);
    if (this.#isStepping) return;
    this.#isStepping = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        const limbo = defined(this.#limbo, 'a queue that is told something');
        const effects = limbo.step(next, this.#env.clock.monotonicMs());
        this.#revoke(effects);
        for (const effect of effects) this.#perform(effect);
      }
    } finally {
      this.#isStepping = false;
    }
    this.#setTimer();
    while (!this.isClosing && this.#openWaiters.length > 0) this.#openWaiters.shift()?.();
    if (this.isActive) return;
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }

  /** All together: who is told that one is undone finds none of the others. */
  #revoke(effects: readonly LimboEffect[]): void {
    const newestFirst = effects.flatMap((effect) =>
      effect.kind === 'rolledBack' ? [{ transaction: this.#take(effect.entry.lsn), error: effect.error }] : [],
    );
    if (newestFirst.length > 0) this.#transactions.revoke(newestFirst);
  }

  #perform(effect: LimboEffect): void {
    switch (effect.kind) {
      case 'completed':
        return this.#transactions.release(this.#take(effect.entry.lsn));
      case 'rolledBack':
        return;
      case 'writeRow':
        return this.#writeOwn(effect.row);
      case 'rowAccepted':
        this.#backlog--;
        return this.#writeReceived(effect.id);
      case 'rowRefused':
        this.#backlog--;
        return this.#endReceived(effect.id, effect.error);
      case 'transferDone':
        return this.#transfers.shift()?.(effect.error);
      case 'clearDone':
        return this.#clears.shift()?.(effect.error);
      case 'barrierChanged':
        this.#log.verbose(`the synchronous queue: ${effect.barrier}, owner ${effect.ownerId}`);
        return this.onBarrierChange(effect.barrier);
      default:
        unreachable(effect);
    }
  }

  #take(lsn: number): HeldTransaction {
    const transaction = defined(this.#held.get(lsn), 'an entry of the queue is a transaction');
    this.#held.delete(lsn);
    return transaction;
  }

  #writeOwn(row: SynchroRow): void {
    this.#write(row, null, (error) => {
      this.#tell({ kind: error === null ? 'ownRowWritten' : 'ownRowWriteFailed' });
    });
  }

  #writeReceived(id: number): void {
    const { originId: replicaId, lsn, row } = defined(this.#received.get(id), 'a row that was received');
    this.#write(row, { replicaId, lsn }, (error) => {
      this.#tell({ kind: error === null ? 'rowWritten' : 'rowWriteFailed', id });
      this.#endReceived(id, error);
    });
  }

  #endReceived(id: number, error: BoxError | null): void {
    const { settled } = defined(this.#received.get(id), 'a row that was received');
    this.#received.delete(id);
    settled(error);
  }

  #write(
    row: SynchroRow,
    number: Readonly<{ replicaId: number; lsn: number }> | null,
    settled: (error: BoxError | null) => void,
  ): void {
    let batch: CommitBatch;
    try {
      batch = this.#transactions.writeRow(SYNCHRO_ROW_TYPE[row.kind], number, (writer) =>
        writeSynchroBody(writer, row),
      );
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      settled(error);
      return;
    }
    batch.listeners.push({ settled });
  }

  #setTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const deadlineMs = this.#limbo?.deadlineMs ?? null;
    if (deadlineMs === null) return;
    const delayMs = Math.max(0, deadlineMs - this.#env.clock.monotonicMs());
    this.#timer = this.#env.timers.after(delayMs, () => this.#tell({ kind: 'tick' }));
  }
}
