/**
 * The queue of synchronous transactions ("limbo") of one instance: which transactions are final, which are undone, and
 * who decides.
 *
 * Invariants:
 * - an entry is completed once or rolled back once, never both; what a CONFIRM has covered is never rolled back;
 * - the queue changes by rows only: this instance too waits until its CONFIRM, ROLLBACK, PROMOTE or DEMOTE is in its log,
 *   so that recovery and replicas come to the same result;
 * - one row is under way at a time, and others wait for it: each is checked against a state that no row will change;
 * - only an owner that is sure of it decides: it has been promoted since it started, and knows of no newer term.
 */
import { assert, type BoxError, boxError, unreachable } from '../../base/index.ts';
import type { SynchroRow } from '../../codec/iproto/index.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { admit, admitTerm, refused } from './admission.ts';
import { writeBarrier } from './barrier.ts';
import { ClearProcedure } from './clear-procedure.ts';
import type { Admission, LimboEffect, LimboEntry, LimboInput, LimboOptions, WriteBarrier } from './messages.ts';
import { INITIAL_TERM } from './ownership.ts';
import { QueueState } from './queue-state.ts';
import { checkRow } from './row-checks.ts';
import { TransferProcedure } from './transfer-procedure.ts';

/** A row that could not be written is tried again after this time. */
const RETRY_MS = 1000;

type ReceivedRow = Readonly<{ id: number; originId: number; row: SynchroRow }>;
type Purpose = 'decision' | 'transfer' | 'clear';

/** The row under way. `timedOut`: the entry because of which a ROLLBACK is written. */
type Operation =
  | Readonly<{ kind: 'own'; purpose: Purpose; row: SynchroRow; timedOut: LimboEntry | null }>
  | (ReceivedRow & Readonly<{ kind: 'foreign' }>);

export class Limbo {
  #selfId: number;
  readonly #entriesMax: number;
  readonly #state: QueueState;
  readonly #acknowledgements: Acknowledgements;
  readonly #received: ReceivedRow[] = [];
  #quorum: number;
  #timeoutMs: number;
  #isRecovering = true;
  #operation: Operation | null = null;
  #transfer: TransferProcedure | null = null;
  #clear: ClearProcedure | null = null;
  #retryAtMs: number | null = null;
  #electionTerm = 0;
  /** The term in which this instance was promoted since it started. */
  #ledTerm = 0;
  /** Up to this term it must not decide. */
  #fencedTerm = 0;
  #nowMs = 0;
  #barrier: WriteBarrier;
  #effects: LimboEffect[] = [];

  constructor(options: LimboOptions) {
    this.#selfId = options.selfId;
    this.#entriesMax = options.entriesMax;
    this.#quorum = options.quorum;
    this.#timeoutMs = options.timeoutMs;
    this.#state = new QueueState(options.ownership, (effect) => this.#emit(effect));
    this.#acknowledgements = new Acknowledgements(options.selfId);
    this.#barrier = this.#currentBarrier();
  }

  get ownerId(): number {
    return this.#state.ownership.ownerId;
  }

  /** The greatest term of a PROMOTE or DEMOTE; 1 before the first. */
  get term(): number {
    return this.#state.ownership.term;
  }

  get confirmedLsn(): number {
    return this.#state.ownership.confirmedLsn;
  }

  /** Oldest first. */
  get entries(): readonly LimboEntry[] {
    return this.#state.queue.entries;
  }

  get barrier(): WriteBarrier {
    return this.#barrier;
  }

  /** The state as the row that snapshots and joins carry; its origin is the owner. Null before the first term. */
  get checkpointRow(): SynchroRow | null {
    const { ownerId, term, confirmedLsn: lsn, confirmedVclock } = this.#state.ownership;
    return term === INITIAL_TERM ? null : { kind: 'promote', ownerId, lsn, term, confirmedVclock };
  }

  /** When `tick` is due; null if time changes nothing. Whatever is overdue waits for something else than time. */
  get deadlineMs(): number | null {
    if (this.#operation !== null || this.#isRecovering) return null;
    const waiting = this.#decides ? this.#state.queue.firstWaiting() : null;
    const dueToWrite = waiting === null ? null : waiting.sinceMs + this.#timeoutMs;
    const deadlines = [
      this.#transfer?.deadlineMs ?? null,
      ...(this.#retryAtMs === null ? [dueToWrite, this.#clear?.deadlineMs ?? null] : [this.#retryAtMs]),
    ].filter((deadline) => deadline !== null && deadline > this.#nowMs);
    return deadlines.reduce((first, deadline) => (first === null || deadline! < first ? deadline : first), null);
  }

  /** A row is under way that rolls back, so nothing may be put behind it. Ends with a `step`. */
  get isClosing(): boolean {
    return this.#operation !== null && this.#operation.row.kind !== 'confirm';
  }

  /** The instance has become a member: it had no id, and owned nothing. */
  identify(selfId: number): void {
    assert(this.ownerId !== this.#selfId, 'who has no id owns nothing');
    this.#selfId = selfId;
    this.#acknowledgements.identify(selfId);
  }

  /** What becomes of a transaction of this instance. */
  admit(isSync: boolean): Admission {
    const { ownership, queue } = this.#state;
    const admission = admit(ownership, queue, { originId: this.#selfId, isSync, isClosing: this.isClosing });
    return admission.kind === 'held' && queue.length >= this.#entriesMax ? refused('SYNC_QUEUE_FULL') : admission;
  }

  /** What becomes of a transaction of another instance; `waitsSync`: its last row has that flag. */
  admitReplicated(originId: number, isSync: boolean, waitsSync: boolean): Admission {
    // Its place in the log would be behind the row under way, and is to be judged by what that row makes of the queue.
    if (this.isClosing) return { kind: 'wait' };
    const { ownership, queue } = this.#state;
    return admitTerm(ownership, originId, waitsSync) ?? admit(ownership, queue, { originId, isSync, isClosing: false });
  }

  /** `nowMs` is monotonic. Effects are to be carried out in their order. */
  step(input: LimboInput, nowMs: number): readonly LimboEffect[] {
    this.#effects = [];
    this.#nowMs = nowMs;
    this.#take(input);
    while (this.#operation === null && this.#startNext());
    const barrier = this.#currentBarrier();
    if (barrier !== this.#barrier) this.#emit({ kind: 'barrierChanged', barrier, ownerId: this.ownerId });
    this.#barrier = barrier;
    return this.#effects;
  }

  #take(input: LimboInput): void {
    switch (input.kind) {
      case 'appended':
        assert(!this.isClosing, 'appended to a queue that is being rolled back');
        return this.#state.append(input.entry);
      case 'written':
        return this.#written(input.originId, input.lsn);
      case 'writeFailed':
        this.#refuseReceived();
        return this.#state.queue.removeUnwritten(input.lsn);
      case 'acked':
        return this.#acknowledgements.set(input.replicaId, input.vclock);
      case 'replicasChanged':
        return this.#acknowledgements.register(input.replicaIds);
      case 'configured':
        this.#quorum = input.quorum;
        this.#timeoutMs = input.timeoutMs;
        return;
      case 'tick':
        return;
      case 'rowReceived':
        this.#received.push({ id: input.id, originId: input.originId, row: input.row });
        return;
      case 'rowWritten':
      case 'rowWriteFailed':
        return this.#foreignRowDone(input.id, input.kind === 'rowWritten');
      case 'rowRecovered':
        assert(this.#isRecovering, 'history is read before the present');
        return this.#state.apply(input.originId, input.row, null);
      case 'recoveryFinished':
        this.#isRecovering = false;
        return this.#acknowledgements.set(this.#selfId, input.ownVclock);
      case 'ownRowWritten':
        return this.#ownRowWritten();
      case 'ownRowWriteFailed':
        return this.#ownRowFailed();
      case 'promote':
      case 'demote':
        return this.#beginTransfer(input.kind, input.term, input.timeoutMs);
      case 'clearQueue':
        return this.#beginClear();
      case 'electionTermChanged':
        return this.#learnTerm(input.term);
      case 'fenced':
        return this.#fence(input.term);
      default:
        unreachable(input);
    }
  }

  #learnTerm(term: number): void {
    this.#electionTerm = Math.max(this.#electionTerm, term);
  }

  #written(originId: number, lsn: number): void {
    const hasWaiter = originId === this.#selfId && !this.#isRecovering;
    this.#acknowledgements.wroteOwn(originId, lsn);
    this.#state.written(lsn, hasWaiter ? this.#nowMs : null);
  }

  /** Starts or ends one thing; false if there is nothing to do now. */
  #startNext(): boolean {
    if (this.#isRecovering) return false;
    const received = this.#received.shift();
    if (received !== undefined) {
      this.#startForeignRow(received);
      return true;
    }
    if (this.#continueTransfer()) return true;
    if (this.#retryAtMs !== null && this.#nowMs < this.#retryAtMs) return false;
    this.#retryAtMs = null;
    return this.#continueClear() || this.#decide();
  }

  #startForeignRow(received: ReceivedRow): void {
    const { id, originId, row } = received;
    const error = checkRow(this.#state, originId, row);
    if (error !== null) {
      this.#emit({ kind: 'rowRefused', id, error });
      return;
    }
    // Should the row not get written, the term has begun all the same.
    if (row.kind === 'promote' || row.kind === 'demote') this.#learnTerm(row.term);
    this.#operation = { kind: 'foreign', ...received };
    this.#emit({ kind: 'rowAccepted', id });
  }

  #continueTransfer(): boolean {
    if (this.#transfer === null) return false;
    const next = this.#transfer.next({
      state: this.#state,
      acknowledgements: this.#acknowledgements,
      quorum: this.#quorum,
      electionTerm: this.#electionTerm,
      nowMs: this.#nowMs,
    });
    if (next.kind === 'write') this.#write('transfer', next.row, null);
    else if (next.kind === 'failed') this.#endTransfer(next.error);
    return next.kind !== 'wait';
  }

  #continueClear(): boolean {
    if (this.#clear === null) return false;
    const quorumLsn = this.#acknowledgements.lsnOfQuorum(this.ownerId, this.#quorum);
    const next = this.#clear.next(this.#state.queue, this.ownerId, quorumLsn, this.#nowMs);
    if (next.kind === 'write') this.#write('clear', next.row, null);
    else if (next.kind === 'done') this.#endClear(null);
    return next.kind !== 'wait';
  }

  /** Confirms what a quorum has; else rolls back if the oldest has waited too long. */
  #decide(): boolean {
    if (!this.#decides) return false;
    const { ownerId } = this;
    const { queue } = this.#state;
    const held = queue.lastSyncUpTo(this.#acknowledgements.lsnOfQuorum(ownerId, this.#quorum));
    if (held !== null) {
      this.#write('decision', { kind: 'confirm', ownerId, lsn: held.lsn }, null);
      return true;
    }
    const waiting = queue.firstWaiting();
    if (waiting === null || this.#nowMs < waiting.sinceMs + this.#timeoutMs) return false;
    this.#write('decision', { kind: 'rollback', ownerId, lsn: waiting.entry.lsn }, waiting.entry);
    return true;
  }

  #write(purpose: Purpose, row: SynchroRow, timedOut: LimboEntry | null): void {
    this.#operation = { kind: 'own', purpose, row, timedOut };
    this.#emit({ kind: 'writeRow', row });
  }

  #ownRowWritten(): void {
    const { row, purpose, timedOut } = this.#endOwnRow();
    this.#state.apply(this.#selfId, row, timedOut);
    if (row.kind === 'promote') this.#ledTerm = row.term;
    if (purpose === 'transfer') this.#endTransfer(null);
  }

  #ownRowFailed(): void {
    this.#refuseReceived();
    if (this.#endOwnRow().purpose === 'transfer') this.#endTransfer(boxError('WAL_IO'));
    else this.#retryAtMs = this.#nowMs + RETRY_MS;
  }

  #endOwnRow(): Extract<Operation, { kind: 'own' }> {
    const operation = this.#operation;
    assert(operation?.kind === 'own', 'no own row is being written');
    this.#operation = null;
    return operation;
  }

  #foreignRowDone(id: number, isWritten: boolean): void {
    const operation = this.#operation;
    assert(operation?.kind === 'foreign' && operation.id === id, 'the row was not accepted');
    this.#operation = null;
    if (isWritten) this.#state.apply(operation.originId, operation.row, null);
    else this.#refuseReceived();
  }

  /** The log takes nothing: what waits stands behind rows that are not in it either, and will come again with them. */
  #refuseReceived(): void {
    for (const { id } of this.#received.splice(0)) this.#emit({ kind: 'rowRefused', id, error: boxError('WAL_IO') });
  }

  #beginTransfer(kind: 'promote' | 'demote', term: number, timeoutMs: number | null): void {
    const isOwner = this.ownerId === this.#selfId;
    const isDone = kind === 'promote' ? isOwner && this.#ledTerm === term : !isOwner;
    if (this.#transfer !== null || isDone) {
      const error = isDone ? null : boxError('IN_ANOTHER_PROMOTE');
      this.#emit({ kind: 'transferDone', transfer: kind, term, error });
      return;
    }
    this.#transfer = new TransferProcedure(kind, term, this.term, this.#nowMs, timeoutMs);
  }

  #endTransfer(error: BoxError | null): void {
    const transfer = this.#transfer;
    assert(transfer !== null, 'no transfer was begun');
    this.#transfer = null;
    this.#emit({ kind: 'transferDone', transfer: transfer.kind, term: transfer.term, error });
  }

  #beginClear(): void {
    if (this.#clear !== null) {
      const error = boxError('UNSUPPORTED', 'clear_synchro_queue', 'simultaneous invocations');
      this.#emit({ kind: 'clearDone', error });
      return;
    }
    this.#clear = new ClearProcedure(this.#nowMs + 2 * this.#timeoutMs);
    if (!this.#state.ownership.isImplicit) {
      this.#endClear(boxError('UNSUPPORTED', 'clear_synchro_queue', 'a promoted queue'));
    }
  }

  #endClear(error: BoxError | null): void {
    this.#clear = null;
    this.#emit({ kind: 'clearDone', error });
  }

  /** Terms that were only heard of do not count: it may lead in one of them. */
  #fence(term: number): void {
    const isWriting = this.#operation?.kind === 'own' && this.#operation.purpose === 'transfer';
    this.#fencedTerm = Math.max(this.#fencedTerm, term);
    if (this.#transfer?.kind === 'promote' && !isWriting) this.#endTransfer(boxError('NOT_LEADER', 0));
  }

  get #decides(): boolean {
    if (this.#isRecovering || this.ownerId !== this.#selfId) return false;
    if (this.#state.ownership.isImplicit) return true;
    const isSure = this.#ledTerm === this.term && this.#electionTerm <= this.term;
    return isSure && this.#ledTerm > this.#fencedTerm;
  }

  #currentBarrier(): WriteBarrier {
    return writeBarrier({
      state: this.#state,
      selfId: this.#selfId,
      electionTerm: this.#electionTerm,
      decides: this.#decides,
      isTransferring: this.isClosing && this.#operation?.row.kind !== 'rollback',
    });
  }

  #emit(effect: LimboEffect): void {
    this.#effects.push(effect);
  }
}
