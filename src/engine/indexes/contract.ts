/**
 * What every kind of index offers to its space. An index stores addresses of tuples (or of key records that lead to
 * tuples); it never frees a tuple. All work happens in one turn.
 */
import type { IndexId } from '../../base/index.ts';
import { ITERATOR, type IteratorType } from '../../codec/iproto/index.ts';
import type { KeyDef } from '../../tuple/index.ts';
import type { Address } from '../arena/index.ts';

export { ITERATOR, type IteratorType };
export const ITERATOR_NUMBER_MAX = ITERATOR.NEIGHBOR;

export type IndexType = 'tree' | 'hash' | 'rtree' | 'bitset';

export type IndexDefinition = Readonly<{
  id: IndexId;
  name: string;
  type: IndexType;
  isUnique: boolean;
  /** The parts as the user gave them. */
  keyDef: KeyDef;
  /** The parts that order entries totally: `keyDef` extended by the primary key's where it is needed. */
  orderKeyDef: KeyDef;
  /** RTREE only: 1..20. */
  dimension: number;
  distance: 'euclid' | 'manhattan';
  /** Function id of a functional index, else null. */
  functionId: number | null;
}>;

/**
 * - insert: an equal entry is a duplicate, unless it is the tuple that is being replaced;
 * - replace: an equal entry must be there;
 * - replaceOrInsert: both are fine.
 */
export type DuplicateMode = 'insert' | 'replace' | 'replaceOrInsert';

/** Result of `replace` when the mode forbids what was found; nothing has changed then. */
export const DUPLICATE: Address = 0xffffffff;

export interface SpaceIndex {
  /** May be exchanged for one that differs in name only, which is how an index is renamed. */
  definition: IndexDefinition;
  /** Entries; for a multikey index keys, not tuples. */
  readonly size: number;
  /** Bytes of index memory. */
  readonly byteSize: number;

  /**
   * Sets memory aside so that `replace` up to twice cannot fail. False if the quota is spent. With `beyondQuota`,
   * which rolling back uses, it always succeeds.
   */
  reserve(beyondQuota: boolean): boolean;

  /**
   * Puts `newTuple` in and takes `oldTuple` out; either may be NO_ADDRESS. Returns the tuple that left the index
   * (for a primary index: the one with the same key), NO_ADDRESS, or DUPLICATE.
   */
  replace(oldTuple: Address, newTuple: Address, mode: DuplicateMode): Address;

  /** The tuple with this whole key of a unique index, or NO_ADDRESS. `keyPosition` is that of the first part. */
  find(key: Uint8Array, keyPosition: number, partCount: number): Address;

  /**
   * Fills the empty index at once; what recovery does with snapshots. `areInKeyOrder`: the tuples come in the order of the
   * primary key, which those of a HASH have not. False if two of them have equal keys, or the quota is spent. Kinds that
   * gain nothing do without.
   */
  load?(tuples: Uint32Array, count: number, areInKeyOrder: boolean): boolean;

  /**
   * Announces searches that will follow in this turn, and then brings what they will read into the cache. Only a help:
   * kinds of indexes that gain nothing do without. Keys and tuples must have been checked.
   */
  expectKey?(key: Uint8Array, keyPosition: number, partCount: number): void;
  expectTuple?(tuple: Uint8Array, position: number): void;
  fetchExpected?(): void;

  /**
   * Whether the pair of iterator and part count is served; box answers ER_UNSUPPORTED_INDEX_FEATURE if not. The key
   * has been checked against the parts before.
   */
  supports(iterator: IteratorType, partCount: number): boolean;

  /**
   * Starts a selection. The cursor belongs to the index and is valid until the next `select` or change of it; use
   * `openCursor` for one that lives longer.
   */
  select(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): IndexCursor;

  /** A cursor of the caller's own; after changes of the index it goes on behind the last tuple it gave. */
  openCursor(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): IndexCursor;

  /**
   * A cursor of the caller's own over the present state, whatever changes afterwards, dropping the index included. To be
   * used while a read view is open that was opened in this turn, before the next change. RTREE and BITSET have none.
   */
  openFrozenCursor?(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): IndexCursor;

  /** The first or last tuple in order; for unordered kinds box answers ER_UNSUPPORTED_INDEX_FEATURE before. */
  readonly isOrdered: boolean;

  /** Some tuple, chosen by the seed; NO_ADDRESS if there is none. */
  random(seed: number): Address;

  /** Entries that the iterator would give. */
  count(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): number;

  /** Keeps the present state for a read view of the whole engine; entries come in the order of `ALL`. */
  freeze(): IndexSnapshot;

  /**
   * Gives up to `count` pages of a dropped or truncated index back; true while there are more. The index is empty for
   * everybody from the first call on. Tuples are not touched.
   */
  dismantle(count: number): boolean;
}

export interface IndexCursor {
  /** The next tuple, NO_ADDRESS at the end. */
  next(): Address;
}

/** The state of an index at the moment of `freeze`, readable while the read view that covers it is open. */
export interface IndexSnapshot {
  readonly size: number;
  next(): Address;
}
