/** A log in memory, for tests and for groups that need not outlive their process. */
import { assert } from '../../base/index.ts';
import { entriesWithin } from '../entry.ts';
import { EMPTY_MEMBERSHIP, type MembershipState } from '../membership/types.ts';
import { type Entry, type EntryId, type HardState, INITIAL_HARD_STATE, NO_ENTRY, type Snapshot } from '../types.ts';
import type { LogReader } from './storage.ts';

export class MemoryStorage implements LogReader {
  hardState: HardState = INITIAL_HARD_STATE;
  membership: MembershipState;
  /** Made by whoever applies the entries; its place may be before the end of what is applied. */
  currentSnapshot: Snapshot | null = null;
  #before: EntryId = NO_ENTRY;
  #entries: readonly Entry[] = [];

  constructor(membership: MembershipState = EMPTY_MEMBERSHIP) {
    this.membership = membership;
  }

  initialState(): Readonly<{ hardState: HardState; membership: MembershipState }> {
    return { hardState: this.hardState, membership: this.membership };
  }

  firstIndex(): number {
    return this.#before.index + 1;
  }

  lastIndex(): number {
    return this.#before.index + this.#entries.length;
  }

  term(index: number): number | null {
    if (index === this.#before.index) return this.#before.term;
    return this.#entries[index - this.firstIndex()]?.term ?? null;
  }

  entries(low: number, high: number, maxBytes: number): readonly Entry[] | null {
    if (low < this.firstIndex()) return null;
    return entriesWithin(this.#entries.slice(low - this.firstIndex(), high - this.firstIndex()), maxBytes);
  }

  snapshot(): Snapshot | null {
    return this.currentSnapshot;
  }

  /** They replace everything from the first one's index on. */
  append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    assert(first.index <= this.lastIndex() + 1, 'a gap in the log');
    const kept = first.index - this.firstIndex();
    this.#entries = kept < 0 ? entries.slice(-kept) : [...this.#entries.slice(0, kept), ...entries];
  }

  /** The log begins anew behind it. */
  restore(snapshot: Snapshot): void {
    this.currentSnapshot = snapshot;
    this.membership = snapshot.membership;
    this.#before = snapshot.id;
    this.#entries = [];
  }

  /** Entries up to `index` go. */
  compact(index: number): void {
    if (index <= this.#before.index) return;
    const term = this.term(index);
    assert(term !== null, 'compaction beyond the end of the log');
    this.#entries = this.#entries.slice(index + 1 - this.firstIndex());
    this.#before = { term, index };
  }
}
