/** What becomes final together: a batch of the log, or one transaction that the gate holds. */
import type { BoxError } from '../../base/index.ts';
import { UndoLog } from './undo-log.ts';

/** Transactions that became durable, or failed, together. */
export class CommitBatch {
  readonly undo: UndoLog;
  listeners: CommitListener[] = [];
  transactionCount = 0;
  /** Of them, those that are to be written soon, and those that everybody waits for who waits for what was committed. */
  urgentCount = 0;
  awaitedCount = 0;
  /** Those of the batch that the gate holds, oldest first. */
  held: HeldTransaction[] = [];

  constructor(undo = new UndoLog()) {
    this.undo = undo;
  }
}

export interface CommitListener {
  /** The batch is as durable as its transactions asked (null), or has been rolled back. */
  settled(error: BoxError | null): void;
}

/** A transaction that is applied and numbered, and is not final before the gate says so. */
export type HeldTransaction = Readonly<{
  /** What it would take to undo it, and who wants to know. */
  batch: CommitBatch;
  /** Whose transaction it is, and the LSN of its last replicated row. */
  replicaId: number;
  lsn: number;
  isSynchronous: boolean;
}>;
