/** What the core reads of the log that is written; filled by whoever carries out its effects. */
import type { MembershipState } from '../membership/types.ts';
import type { Entry, HardState, Snapshot } from '../types.ts';

/** Synchronous, for the core never waits. What was handed out to be written need not be seen here before it is durable. */
export interface LogReader {
  /** As of the last start. */
  initialState(): Readonly<{ hardState: HardState; membership: MembershipState }>;
  /** Of the first entry that is there; the one before it has a known term. */
  firstIndex(): number;
  /** Of the last entry; that before `firstIndex()` if there is none. */
  lastIndex(): number;
  /** Of an index from `firstIndex() - 1` to `lastIndex()`; null: compacted. */
  term(index: number): number | null;
  /** From `low` up to, not including, `high`, at least one and then as many as fit in `maxBytes`; null: compacted. */
  entries(low: number, high: number, maxBytes: number): readonly Entry[] | null;
  /**
   * Something to fill a member with that the log no longer reaches; null: not at the moment. It goes only to who is in its
   * membership, so a newer one has to be there some time after a member was added.
   */
  snapshot(): Snapshot | null;
}
