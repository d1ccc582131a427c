/**
 * `box.ctl.clear_synchro_queue()` of 2.6.0: waits until the queue empties by itself; after the given time it confirms
 * what a quorum of replicas has and rolls back the rest, whoever owns the queue.
 */
import type { SynchroRow } from '../../codec/iproto/index.ts';
import type { EntryQueue } from './entry-queue.ts';

export type ClearStep = Readonly<{ kind: 'wait' | 'done' }> | Readonly<{ kind: 'write'; row: SynchroRow }>;

export class ClearProcedure {
  readonly deadlineMs: number;

  constructor(deadlineMs: number) {
    this.deadlineMs = deadlineMs;
  }

  /** `quorumLsn`: up to where a quorum has the owner's transactions. */
  next(queue: EntryQueue, ownerId: number, quorumLsn: number, nowMs: number): ClearStep {
    const { first } = queue;
    if (first === null) return { kind: 'done' };
    if (nowMs < this.deadlineMs || !queue.isAllWritten) return { kind: 'wait' };
    const held = queue.lastSyncUpTo(quorumLsn);
    if (held !== null) return { kind: 'write', row: { kind: 'confirm', ownerId, lsn: held.lsn } };
    return { kind: 'write', row: { kind: 'rollback', ownerId, lsn: first.lsn } };
  }
}
