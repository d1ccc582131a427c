/** The port through which transactions reach the log. `engine/wal` implements it; recovery and tests have their own. */
import type { BoxError } from '../../base/index.ts';
import type { RedoLog } from './redo-log.ts';

/** What a transaction asks of its log batch; a batch gives the strictest that any of its transactions asks. */
export type Durability = 'write' | 'sync';

export interface Journal {
  /**
   * Puts the rows of one transaction behind those of the batch under construction, and gives them their numbers.
   * Throws ER_WAL_IO if too much waits for the log already; nothing has changed then.
   */
  append(redo: RedoLog, durability: Durability): void;

  /** Number of the last replicated row of the transaction that was appended last; LSN 0 if it has only local rows. */
  readonly lastReplicaId: number;
  readonly lastLsn: number;

  /** Hands the batch under construction to the log as soon as the one before has been written. */
  submit(): void;

  /**
   * Set once, by the transaction manager. Called for each submitted batch in order: with null when its promise holds,
   * else with the error; then the journal has forgotten that batch and everything behind it, numbers included.
   */
  onSettled: (error: BoxError | null) => void;
}

/** The log of recovery: what it is given is on disk already, and has its numbers. */
export class RecoveryJournal implements Journal {
  onSettled: (error: BoxError | null) => void = () => undefined;
  lastReplicaId = 0;
  lastLsn = 0;

  append(redo: RedoLog): void {
    this.lastLsn = 0;
    if (!redo.hasNumbers) return;
    for (let index = redo.count - 1; index >= 0 && this.lastLsn === 0; index--) {
      if (redo.replicaIds[index] === 0) continue;
      this.lastReplicaId = redo.replicaIds[index]!;
      this.lastLsn = redo.lsns[index]!;
    }
  }

  submit(): void {
    this.onSettled(null);
  }
}
