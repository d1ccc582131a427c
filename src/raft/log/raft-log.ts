/**
 * The log: what is durable, read through a port, and its unstable end, as one.
 *
 * Invariants: (1) `applied` <= `applying` <= `committed` <= `lastIndex()`; (2) entries up to `committed` are never replaced;
 * (3) entries are handed out to be applied in order, once, and no more than `applyingBytesMax` of them at a time.
 */
import { assert } from '../../base/index.ts';
import { entriesBytes, entriesWithin, payloadsBytes } from '../entry.ts';
import type { Entry, EntryId, Snapshot } from '../types.ts';
import type { LogReader } from './storage.ts';
import { UnstableLog } from './unstable.ts';

/** Entries that were handed out to be applied and are not. */
type Applying = Readonly<{ lastIndex: number; bytes: number; payloadBytes: number }>;

export class RaftLog {
  readonly unstable: UnstableLog;
  readonly #storage: LogReader;
  readonly #applyingBytesMax: number;
  /** Entries may be applied before they are durable here: a quorum has them. */
  readonly #appliesUnstable: boolean;
  #committed: number;
  #applying: number;
  #applied: number;
  #applyingQueue: Applying[] = [];
  #applyingBytes = 0;
  #isApplyingPaused = false;

  constructor(storage: LogReader, applyingBytesMax: number, appliesUnstable: boolean) {
    this.#storage = storage;
    this.#applyingBytesMax = applyingBytesMax;
    this.#appliesUnstable = appliesUnstable;
    this.unstable = new UnstableLog(storage.lastIndex() + 1);
    this.#committed = storage.firstIndex() - 1;
    this.#applying = this.#committed;
    this.#applied = this.#committed;
  }

  get committed(): number {
    return this.#committed;
  }

  get applied(): number {
    return this.#applied;
  }

  firstIndex(): number {
    const { snapshot } = this.unstable;
    return snapshot === null ? this.#storage.firstIndex() : snapshot.id.index + 1;
  }

  lastIndex(): number {
    return this.unstable.lastIndex() ?? this.#storage.lastIndex();
  }

  /** null: compacted, or not there yet. */
  term(index: number): number | null {
    const term = this.unstable.term(index);
    if (term !== null) return term;
    if (index + 1 < this.firstIndex() || index > this.lastIndex()) return null;
    return this.#storage.term(index);
  }

  last(): EntryId {
    const index = this.lastIndex();
    const term = this.term(index);
    assert(term !== null, 'the term of the last entry is unknown');
    return { term, index };
  }

  matches({ term, index }: EntryId): boolean {
    return this.term(index) === term;
  }

  /** A log that ends with `id` has all that this one may have committed (Raft, 5.4.1). */
  isUpToDate(id: EntryId): boolean {
    const own = this.last();
    return id.term > own.term || (id.term === own.term && id.index >= own.index);
  }

  /** From `low` to the end, at least one and as many as fit in `maxBytes`; none: `low` is the end; null: compacted. */
  entriesFrom(low: number, maxBytes: number): readonly Entry[] | null {
    return low > this.lastIndex() ? [] : this.slice(low, this.lastIndex() + 1, maxBytes);
  }

  /** From `low` up to, not including, `high`; at least one and as many as fit in `maxBytes`; null: compacted. */
  slice(low: number, high: number, maxBytes: number): readonly Entry[] | null {
    if (low < this.firstIndex()) return null;
    assert(high <= this.lastIndex() + 1, 'entries beyond the end of the log');
    if (low >= high) return [];
    const { offset } = this.unstable;
    if (low >= offset) return entriesWithin(this.unstable.slice(low, high), maxBytes);
    const stableEnd = Math.min(high, offset);
    const stable = this.#storage.entries(low, stableEnd, maxBytes);
    if (stable === null || high <= offset || stable.length < stableEnd - low) return stable;
    const left = maxBytes - entriesBytes(stable);
    if (left <= 0) return stable;
    const rest = entriesWithin(this.unstable.slice(offset, high), left);
    return rest.length === 1 && entriesBytes(rest) > left ? stable : [...stable, ...rest];
  }

  /** Behind all that is there, or behind a committed entry. */
  append(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    assert(entries[0]!.index > this.#committed, 'a committed entry would be replaced');
    this.unstable.append(entries);
  }

  /** A leader's entries behind `previous`; those that are there stay. Null: the logs do not match there; else the last index. */
  appendBehind(previous: EntryId, entries: readonly Entry[], commit: number): number | null {
    if (!this.matches(previous)) return null;
    const lastIndex = previous.index + entries.length;
    const conflict = entries.findIndex((entry) => !this.matches(entry));
    if (conflict >= 0) this.append(conflict === 0 ? entries : entries.slice(conflict));
    this.commitTo(Math.min(commit, lastIndex));
    return lastIndex;
  }

  /**
   * The last entry at or before `index` whose term is at most `term`: where a log with `term` at `index` may match this
   * one at the latest. Its term is 0 if it is compacted.
   */
  lastWithin(index: number, term: number): EntryId {
    for (let at = index; at > 0; at--) {
      const own = this.term(at);
      if (own === null) return { index: at, term: 0 };
      if (own <= term) return { index: at, term: own };
    }
    return { index: 0, term: 0 };
  }

  commitTo(index: number): void {
    if (index <= this.#committed) return;
    assert(index <= this.lastIndex(), `entry ${index} is committed and not in the log: was the log lost?`);
    this.#committed = index;
  }

  /** Entries that may be applied now and were not handed out, with as many as the bound allows. */
  nextCommitted(): readonly Entry[] {
    if (!this.hasNextCommitted) return [];
    const room = this.#applyingBytesMax - this.#applyingBytes;
    const entries = this.slice(this.#applying + 1, this.#appliable() + 1, room);
    assert(entries !== null, 'entries that are not applied were compacted');
    return entries;
  }

  get hasNextCommitted(): boolean {
    return !this.#isApplyingPaused && this.unstable.snapshot === null && this.#applying < this.#appliable();
  }

  handOutCommitted(entries: readonly Entry[]): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    const bytes = entriesBytes(entries);
    this.#applyingQueue.push({ lastIndex: last.index, bytes, payloadBytes: payloadsBytes(entries) });
    this.#applying = last.index;
    this.#applyingBytes += bytes;
    this.#isApplyingPaused = this.#applyingBytes >= this.#applyingBytesMax || last.index < this.#appliable();
  }

  /** Returns how many bytes of payload are off the list of those that wait. */
  appliedTo(index: number): number {
    assert(index >= this.#applied && index <= this.#committed, `entry ${index} cannot be applied now`);
    this.#applied = index;
    this.#applying = Math.max(this.#applying, index);
    let released = 0;
    while (this.#applyingQueue.length > 0 && this.#applyingQueue[0]!.lastIndex <= index) {
      const { bytes, payloadBytes } = this.#applyingQueue.shift()!;
      this.#applyingBytes -= bytes;
      released += payloadBytes;
    }
    this.#isApplyingPaused = this.#applyingBytes >= this.#applyingBytesMax;
    return released;
  }

  /** What to send to a member that the log does not reach; null: there is none at the moment. */
  snapshot(): Snapshot | null {
    return this.unstable.snapshot ?? this.#storage.snapshot();
  }

  restore(snapshot: Snapshot): void {
    this.#committed = snapshot.id.index;
    this.unstable.restore(snapshot);
  }

  #appliable(): number {
    return this.#appliesUnstable ? this.#committed : Math.min(this.#committed, this.unstable.offset - 1);
  }
}
