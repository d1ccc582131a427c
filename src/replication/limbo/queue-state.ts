/**
 * What all instances agree upon: the entries, the owner, and what the rows of the log do to them. Changes only by
 * transactions and rows that are (or will be) in the log, so instances that have the same log have the same state.
 */
import { assert, boxError, unreachable } from '../../base/index.ts';
import type { SynchroRow } from '../../codec/iproto/index.ts';
import { EntryQueue } from './entry-queue.ts';
import type { LimboEffect, LimboEntry, Ownership } from './messages.ts';
import { QueueOwnership } from './ownership.ts';

export class QueueState {
  readonly queue = new EntryQueue();
  readonly ownership: QueueOwnership;
  readonly #emit: (effect: LimboEffect) => void;

  constructor(rule: Ownership, emit: (effect: LimboEffect) => void) {
    this.ownership = new QueueOwnership(rule);
    this.#emit = emit;
  }

  append(entry: LimboEntry): void {
    if (entry.originId !== this.ownership.ownerId) {
      assert(this.queue.isEmpty && this.ownership.isImplicit, 'appended to a foreign queue');
      this.ownership.claim(entry.originId);
    }
    this.queue.append(entry);
  }

  written(lsn: number, waitsSinceMs: number | null): void {
    this.queue.markWritten(lsn, waitsSinceMs);
    // What it stood behind may have been confirmed while it was being written.
    this.#complete();
  }

  /** A row of `originId` is in the log. `timedOut`: the entry because of which it rolls back. */
  apply(originId: number, row: SynchroRow, timedOut: LimboEntry | null): void {
    const { ownership } = this;
    const isOwners = row.ownerId === ownership.ownerId;
    switch (row.kind) {
      case 'confirm':
        if (isOwners) this.#confirm(row.ownerId, row.lsn);
        return;
      case 'rollback':
        if (isOwners) this.#rollBack(row.lsn, timedOut);
        return;
      case 'promote':
      case 'demote':
        if (row.confirmedVclock !== null) ownership.adoptConfirmed(row.confirmedVclock);
        this.#confirm(row.ownerId, row.lsn);
        this.#rollBack(0, null);
        assert(this.queue.isEmpty, 'a queue changes hands empty');
        ownership.transfer(originId, row);
        return;
      default:
        unreachable(row);
    }
  }

  #confirm(ownerId: number, lsn: number): void {
    this.ownership.confirm(ownerId, lsn);
    this.#complete();
  }

  #complete(): void {
    for (const entry of this.queue.takeConfirmed(this.ownership.confirmedLsn)) this.#emit({ kind: 'completed', entry });
  }

  #rollBack(lsn: number, timedOut: LimboEntry | null): void {
    assert(this.queue.isAllWritten, 'rows of the log are in its order');
    for (const entry of this.queue.takeRolledBack(lsn)) {
      const error = boxError(entry === timedOut ? 'SYNC_QUORUM_TIMEOUT' : 'SYNC_ROLLBACK');
      this.#emit({ kind: 'rolledBack', entry, error });
    }
  }
}
