/**
 * The end of the log that is not durable yet, and a snapshot on its way to the disk.
 *
 * Invariants: (1) entry i has index `offset + i`; (2) what is before `offset` is durable, or in `snapshot`; (3) entries
 * before `#handedOut` are being written. Entries of the disk from `offset` on, if there are any, are of the past.
 */
import { assert } from '../../base/index.ts';
import type { Entry, EntryId, Snapshot } from '../types.ts';

export class UnstableLog {
  #entries: Entry[] = [];
  #offset: number;
  #handedOut: number;
  #snapshot: Snapshot | null = null;
  #isSnapshotHandedOut = false;

  /** Of a log whose entries before `offset` are durable. */
  constructor(offset: number) {
    this.#offset = offset;
    this.#handedOut = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Also while it is being written. */
  get snapshot(): Snapshot | null {
    return this.#snapshot;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** null: it is for the disk to say. */
  lastIndex(): number | null {
    if (this.#entries.length > 0) return this.#offset + this.#entries.length - 1;
    return this.#snapshot === null ? null : this.#snapshot.id.index;
  }

  /** null: not here. */
  term(index: number): number | null {
    if (index >= this.#offset) return this.#entries[index - this.#offset]?.term ?? null;
    return this.#snapshot !== null && this.#snapshot.id.index === index ? this.#snapshot.id.term : null;
  }

  /** From `low` up to, not including, `high`. */
  slice(low: number, high: number): readonly Entry[] {
    assert(low >= this.#offset && high <= this.#offset + this.#entries.length, 'entries outside of the unstable log');
    return this.#entries.slice(low - this.#offset, high - this.#offset);
  }

  /** What has not been handed out to be written. */
  pendingEntries(): readonly Entry[] {
    return this.#entries.slice(this.#handedOut - this.#offset);
  }

  pendingSnapshot(): Snapshot | null {
    return this.#isSnapshotHandedOut ? null : this.#snapshot;
  }

  get hasPendingEntries(): boolean {
    return this.#handedOut - this.#offset < this.#entries.length;
  }

  handOut(): void {
    this.#handedOut = this.#offset + this.#entries.length;
    if (this.#snapshot !== null) this.#isSnapshotHandedOut = true;
  }

  /** Entries up to `id` are durable, if they are still these. */
  stableTo(id: EntryId): void {
    if (id.index < this.#offset || this.term(id.index) !== id.term) return;
    this.#entries = this.#entries.slice(id.index + 1 - this.#offset);
    this.#offset = id.index + 1;
    this.#handedOut = Math.max(this.#handedOut, this.#offset);
  }

  snapshotStable(index: number): void {
    if (this.#snapshot?.id.index !== index) return;
    this.#snapshot = null;
    this.#isSnapshotHandedOut = false;
  }

  restore(snapshot: Snapshot): void {
    this.#entries = [];
    this.#offset = snapshot.id.index + 1;
    this.#handedOut = this.#offset;
    this.#snapshot = snapshot;
    this.#isSnapshotHandedOut = false;
  }

  /** They replace everything from the first one's index on. */
  append(entries: readonly Entry[]): void {
    const from = entries[0]!.index;
    if (from <= this.#offset) {
      this.#offset = from;
      this.#handedOut = from;
      this.#entries = [...entries];
      return;
    }
    this.#entries.length = from - this.#offset;
    this.#handedOut = Math.min(this.#handedOut, from);
    for (const entry of entries) this.#entries.push(entry);
  }
}
