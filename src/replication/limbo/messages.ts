/** What the synchronous queue is told, and what it wants done. */
import type { BoxError } from '../../base/index.ts';
import type { SynchroRow } from '../../codec/iproto/index.ts';
import type { Vclock } from '../../codec/xlog/index.ts';

/**
 * Whose queue it may become.
 * `implicit`: of whoever writes the first synchronous transaction into the empty queue, as in 2.6.0; only until a first
 * PROMOTE or DEMOTE was seen. `promoted`: of who wrote the last PROMOTE.
 */
export type Ownership = 'implicit' | 'promoted';

export type LimboOptions = Readonly<{
  /** 1..31. */
  selfId: number;
  ownership: Ownership;
  /** How many instances must have a transaction, this one included; evaluated (see quorum.ts). */
  quorum: number;
  /** How long a transaction of this instance waits for the quorum. */
  timeoutMs: number;
  /** More waiting transactions of this instance are refused. */
  entriesMax: number;
}>;

/** A transaction that waits, by its origin and the LSN of its last replicated row. */
export type LimboEntry = Readonly<{
  originId: number;
  lsn: number;
  /** It waits for a quorum. Else it merely stands behind one that does. */
  isSync: boolean;
}>;

export type LimboInput =
  /** A transaction that `admit` or `admitReplicated` said is held has its number and is on its way to the log. */
  | Readonly<{ kind: 'appended'; entry: LimboEntry }>
  /** It is in the log. Reported in the order of `appended`. */
  | Readonly<{ kind: 'written'; originId: number; lsn: number }>
  /** The log could not take it, and the caller has undone it. Reported newest first. */
  | Readonly<{ kind: 'writeFailed'; originId: number; lsn: number }>
  /**
   * A replica has written all that its vclock says. The last report counts, even if it is less than one before. If the
   * report tells a term, that is to be given first.
   */
  | Readonly<{ kind: 'acked'; replicaId: number; vclock: Vclock }>
  /** Which replicas are registered: others' acknowledgements do not count. This instance always does. */
  | Readonly<{ kind: 'replicasChanged'; replicaIds: readonly number[] }>
  | Readonly<{ kind: 'configured'; quorum: number; timeoutMs: number }>
  /** Time has passed `deadlineMs`; earlier ones do no harm. */
  | Readonly<{ kind: 'tick' }>
  /**
   * Another instance's row arrived. Answered by `rowAccepted` or `rowRefused` with the same id, maybe later. The next
   * row of the same origin must be given only after `rowRefused`, or after the accepted one was reported.
   */
  | Readonly<{ kind: 'rowReceived'; id: number; originId: number; row: SynchroRow }>
  /** The accepted row is in the log (or could not be written). */
  | Readonly<{ kind: 'rowWritten' | 'rowWriteFailed'; id: number }>
  /** A row from the own log, a snapshot or a join: it is history and takes effect unchecked. */
  | Readonly<{ kind: 'rowRecovered'; originId: number; row: SynchroRow }>
  /** All history has been read. Before it nothing is decided; `ownVclock` is what this instance has. */
  | Readonly<{ kind: 'recoveryFinished'; ownVclock: Vclock }>
  /** The row of `writeRow` is in the log, or could not be written. */
  | Readonly<{ kind: 'ownRowWritten' | 'ownRowWriteFailed' }>
  /**
   * Take the queue (the instance was elected in this term), or give it up. Answered by `transferDone`. Waits for a
   * quorum for what is in the queue; `timeoutMs` null: for ever.
   */
  | Readonly<{ kind: 'promote' | 'demote'; term: number; timeoutMs: number | null }>
  /** 2.6.0's `box.ctl.clear_synchro_queue()`. Answered by `clearDone`. */
  | Readonly<{ kind: 'clearQueue' }>
  /** The term of the elections, written or not; beyond the queue's own, somebody else is about to take it. */
  | Readonly<{ kind: 'electionTermChanged'; term: number }>
  /** The instance leads no more in this term, and must decide nothing until it is promoted in a newer one. */
  | Readonly<{ kind: 'fenced'; term: number }>;

/**
 * Why this instance cannot write, as far as the queue knows.
 * `unclaimed`: only synchronous writes are refused (227). `foreignQueue`: others' transactions wait (214).
 * `foreignOwner`: the queue is another's (228) and the instance read-only. `frozen`: the instance is read-only because
 * it owns the queue without being sure of it, or a newer term has begun.
 */
export type WriteBarrier = 'none' | 'unclaimed' | 'foreignQueue' | 'foreignOwner' | 'frozen';

export type LimboEffect =
  /** The transaction is final. Oldest first. */
  | Readonly<{ kind: 'completed'; entry: LimboEntry }>
  /** Undo it and tell who waits. Newest first. */
  | Readonly<{ kind: 'rolledBack'; entry: LimboEntry; error: BoxError }>
  /** Write this row as the instance's own, and report it by `ownRowWritten`. One at a time. */
  | Readonly<{ kind: 'writeRow'; row: SynchroRow }>
  /** The row fits: write it, keeping its origin and LSN, and report it. */
  | Readonly<{ kind: 'rowAccepted'; id: number }>
  /** The row contradicts what is known here; replication from its sender must stop. */
  | Readonly<{ kind: 'rowRefused'; id: number; error: BoxError }>
  | Readonly<{ kind: 'transferDone'; transfer: 'promote' | 'demote'; term: number; error: BoxError | null }>
  | Readonly<{ kind: 'clearDone'; error: BoxError | null }>
  | Readonly<{ kind: 'barrierChanged'; barrier: WriteBarrier; ownerId: number }>;

/** What becomes of a transaction that is about to be written. */
export type Admission =
  /** It does not wait, and the queue need not know of it. */
  | Readonly<{ kind: 'free' }>
  /** Report it by `appended`. */
  | Readonly<{ kind: 'held' }>
  /** A replicated transaction of a deposed owner: write NOPs in its place. */
  | Readonly<{ kind: 'nop' }>
  /** A replicated transaction: ask again when the queue is not closing any more. */
  | Readonly<{ kind: 'wait' }>
  | Readonly<{ kind: 'refused'; error: BoxError }>;
