/**
 * The transactions that wait, oldest first.
 * Invariants: LSNs rise strictly and all entries have one origin; written ones stand before unwritten ones; an entry
 * leaves once, from the front (completed) or from the back (rolled back, or not written). A written asynchronous entry
 * never stands in front.
 */
import { assert } from '../../base/index.ts';
import type { LimboEntry } from './messages.ts';

type QueuedEntry = { readonly entry: LimboEntry; isWritten: boolean; waitsSinceMs: number | null };

export class EntryQueue {
  #entries: QueuedEntry[] = [];

  get length(): number {
    return this.#entries.length;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  get entries(): readonly LimboEntry[] {
    return this.#entries.map(({ entry }) => entry);
  }

  get isAllWritten(): boolean {
    return this.#entries.at(-1)?.isWritten ?? true;
  }

  get first(): LimboEntry | null {
    return this.#entries[0]?.entry ?? null;
  }

  get last(): LimboEntry | null {
    return this.#entries.at(-1)?.entry ?? null;
  }

  get lastSync(): LimboEntry | null {
    return this.#entries.findLast(({ entry }) => entry.isSync)?.entry ?? null;
  }

  append(entry: LimboEntry): void {
    const { last } = this;
    assert(last === null || (last.lsn < entry.lsn && last.originId === entry.originId), 'entries out of order');
    assert(entry.isSync || last !== null, 'an asynchronous transaction waits for nothing');
    this.#entries.push({ entry, isWritten: false, waitsSinceMs: null });
  }

  /** `waitsSinceMs`: from when on somebody waits for it; null if nobody does. */
  markWritten(lsn: number, waitsSinceMs: number | null): void {
    const queued = this.#entries.find(({ isWritten }) => !isWritten);
    assert(queued?.entry.lsn === lsn, 'written out of order');
    queued.isWritten = true;
    queued.waitsSinceMs = waitsSinceMs;
  }

  removeUnwritten(lsn: number): void {
    const queued = this.#entries.pop();
    assert(queued?.entry.lsn === lsn && !queued.isWritten, 'not the last unwritten entry');
  }

  /** The greatest synchronous entry up to `lsn` that is written; null if there is none. */
  lastSyncUpTo(lsn: number): LimboEntry | null {
    return (
      this.#entries.findLast(({ entry, isWritten }) => isWritten && entry.isSync && entry.lsn <= lsn)?.entry ?? null
    );
  }

  /** The oldest synchronous entry that somebody waits for, and since when. */
  firstWaiting(): Readonly<{ entry: LimboEntry; sinceMs: number }> | null {
    for (const { entry, waitsSinceMs } of this.#entries) {
      if (entry.isSync && waitsSinceMs !== null) return { entry, sinceMs: waitsSinceMs };
    }
    return null;
  }

  /** Takes synchronous entries up to `lsn` from the front, and asynchronous ones that then wait for nothing. */
  takeConfirmed(lsn: number): LimboEntry[] {
    let count = 0;
    for (const { entry, isWritten } of this.#entries) {
      if (!isWritten || (entry.isSync && entry.lsn > lsn)) break;
      count++;
    }
    return this.#entries.splice(0, count).map(({ entry }) => entry);
  }

  /** Takes the oldest synchronous entry of at least `lsn`, and all behind it, newest first. */
  takeRolledBack(lsn: number): LimboEntry[] {
    const start = this.#entries.findIndex(({ entry }) => entry.isSync && entry.lsn >= lsn);
    if (start < 0) return [];
    return this.#entries
      .splice(start)
      .map(({ entry }) => entry)
      .reverse();
  }
}
