/**
 * Reads that wait until a quorum has confirmed that this leader leads (Ongaro's thesis, 6.4).
 *
 * Reads are numbered by their place. A heartbeat bears the place of the last read; who answers it confirms all reads up to
 * there, for they came before the heartbeat left. So one round confirms any number of reads.
 */
import type { Tracker } from './progress/tracker.ts';
import type { RaftId } from './types.ts';

export type PendingRead = Readonly<{ from: RaftId; requestId: number; index: number }>;

export class ReadQueue {
  readonly #reads: PendingRead[] = [];
  /** Places up to here are confirmed. */
  #confirmed = 0;
  readonly #acknowledged = new Map<RaftId, number>();

  /** Of the last read that waits; 0: none. */
  get position(): number {
    return this.#reads.length === 0 ? 0 : this.#confirmed + this.#reads.length;
  }

  add(read: PendingRead): void {
    this.#reads.push(read);
  }

  acknowledge(from: RaftId, position: number): void {
    if (position > (this.#acknowledged.get(from) ?? 0)) this.#acknowledged.set(from, position);
  }

  /** Takes out what a quorum has confirmed. */
  takeConfirmed(tracker: Tracker): readonly PendingRead[] {
    const confirmed = tracker.reached((id) => this.#acknowledged.get(id) ?? 0);
    const count = confirmed - this.#confirmed;
    if (count <= 0) return [];
    this.#confirmed = confirmed;
    return this.#reads.splice(0, count);
  }
}
