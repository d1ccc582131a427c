/**
 * B+tree of tuple addresses in arena pages, ordered by a compiled comparator, with copy-on-write under read views.
 *
 * Invariants: (1) entries ascend strictly by the full comparison; (2) all leaves are at level 0 and equally deep;
 * (3) the second and later entries of an inner page carry hint and tuple of the first entry below them; (4) a page
 * that an open read view can reach is never changed, it is copied together with the path above it; (5) `version`
 * changes whenever a cursor's path may have become stale.
 * Failed allocation leaves the tree as it was: pages are reserved before the first change.
 */
import { assert } from '../../../base/index.ts';
import {
  type Address,
  type Arena,
  NO_ADDRESS,
  type ReadViews,
  SLAB_SHIFT,
  tuplePosition,
  tupleSlab,
} from '../../arena/index.ts';
import {
  childOf,
  hintBase,
  hintOf,
  INNER_CAPACITY,
  INNER_TUPLES_WORD,
  LEAF_CAPACITY,
  LEAF_TUPLES_WORD,
  moveEntries,
  PAGE_BYTES,
  pageCount,
  pageDoubles,
  pageEpoch,
  pageLevel,
  pageWords,
  setChild,
  setEntry,
  setPageCount,
  tupleOf,
  wordBase,
} from './pages.ts';

/** What the tree needs to know of its keys; `tuple/comparator` compiles it from a key definition. */
export interface KeyOrder {
  compareTuples(a: Uint8Array, aPosition: number, b: Uint8Array, bPosition: number): number;
  /** `keyPosition` is that of the first part's value. */
  compareTupleWithKey(
    tuple: Uint8Array,
    tuplePosition: number,
    key: Uint8Array,
    keyPosition: number,
    partCount: number,
  ): number;
  tupleHint(tuple: Uint8Array, tuplePosition: number): number;
  keyHint(key: Uint8Array, keyPosition: number, partCount: number): number;
  /** Equal hints of an absolute value up to this mean equal keys. */
  readonly exactHintMax: number;
}

const DEPTH_MAX = 12;
const LEAF_MINIMUM = LEAF_CAPACITY >> 2;
const INNER_MINIMUM = INNER_CAPACITY >> 2;

export class Tree {
  readonly arena: Arena;
  readonly order: KeyOrder;
  readonly #views: ReadViews;
  readonly #exactHintMax: number;
  root: Address = NO_ADDRESS;
  height = 0;
  size = 0;
  version = 0;
  pageTotal = 0;

  // The search in progress: fields instead of arguments, so that the loops stay small.
  #searchHint = 0;
  #searchExact = false;
  #searchBytes: Uint8Array = new Uint8Array(0);
  #searchPosition = 0;
  /** Parts of the key, or -1 when a whole tuple is searched. */
  #searchParts = 0;

  /** Hints of the separators around the leaf of the last descent. */
  #leafLowHint = 0;
  #leafHighHint = 0;

  /** Path of the last descent, by level. */
  readonly #pathPage = new Uint32Array(DEPTH_MAX);
  readonly #pathSlot = new Int32Array(DEPTH_MAX);
  /** Pages set aside for the change in progress. */
  readonly #reserved: Address[] = [];

  constructor(arena: Arena, views: ReadViews, order: KeyOrder) {
    this.arena = arena;
    this.#views = views;
    this.order = order;
    this.#exactHintMax = order.exactHintMax;
  }

  /** The tuple equal to the key, or NO_ADDRESS. The key must have all parts that make entries unique. */
  find(key: Uint8Array, keyPosition: number, partCount: number): Address {
    if (this.root === NO_ADDRESS) return NO_ADDRESS;
    this.#searchFor(key, keyPosition, partCount);
    const page = this.#descendToLast();
    const slot = this.#leafLowerBound(page);
    return slot < pageCount(this.arena, page) && this.#equalsAt(page, slot)
      ? tupleOf(this.arena, page, slot, 0)
      : NO_ADDRESS;
  }

  /** The entry that is equal to the tuple by the full comparison, or NO_ADDRESS. */
  findTuple(tuple: Uint8Array, position: number): Address {
    if (this.root === NO_ADDRESS) return NO_ADDRESS;
    this.#searchForTuple(tuple, position);
    const page = this.#descendToLast();
    const slot = this.#leafLowerBound(page);
    return slot < pageCount(this.arena, page) && this.#equalsAt(page, slot)
      ? tupleOf(this.arena, page, slot, 0)
      : NO_ADDRESS;
  }

  /** Makes sure that an `insert` and a `remove` cannot fail. False if the quota is spent. */
  reserve(beyondQuota = false): boolean {
    const needed = (this.#views.newestViewEpoch === 0 ? 1 : 4) * (this.height + 2);
    while (this.#reserved.length < needed) {
      const page = this.arena.allocate(PAGE_BYTES, beyondQuota);
      if (page === NO_ADDRESS) return false;
      this.#reserved.push(page);
    }
    return true;
  }

  /** Gives back what `reserve` keeps for later changes. */
  releaseReserve(): void {
    for (const page of this.#reserved) this.arena.free(page);
    this.#reserved.length = 0;
  }

  /**
   * Puts the tuple in. An entry equal to it is replaced; returns that entry, or NO_ADDRESS if there was none.
   * Precondition: `reserve` returned true, and since then there was at most one `remove`.
   */
  insert(tuple: Address): Address {
    this.#searchForTuple(tupleSlab(this.arena, tuple), tuplePosition(tuple));
    if (this.root === NO_ADDRESS) {
      this.root = this.#newPage(0);
      this.height = 1;
      setEntry(this.arena, this.root, 0, 0, this.#searchHint, tuple);
      setPageCount(this.arena, this.root, 1);
      this.size = 1;
      this.version++;
      return NO_ADDRESS;
    }
    const found = this.#descendToLast();
    const slot = this.#leafLowerBound(found);
    this.#pathSlot[0] = slot;
    if (slot < pageCount(this.arena, found) && this.#equalsAt(found, slot)) return this.#replaceAt(slot, tuple);
    this.#makePathWritable(0);
    this.size++;
    this.version++;
    const page = this.#pathPage[0]!;
    const count = pageCount(this.arena, page);
    if (count < LEAF_CAPACITY) {
      moveEntries(this.arena, page, slot, page, slot + 1, count - slot, 0);
      setEntry(this.arena, page, slot, 0, this.#searchHint, tuple);
      setPageCount(this.arena, page, count + 1);
    } else {
      this.#splitLeaf(page, slot, tuple);
    }
    return NO_ADDRESS;
  }

  /** Takes the entry equal to the tuple out; returns it, or NO_ADDRESS. Precondition: `reserve` returned true,
   * and since then there was at most one `insert`. */
  remove(tuple: Address): Address {
    if (this.root === NO_ADDRESS) return NO_ADDRESS;
    this.#searchForTuple(tupleSlab(this.arena, tuple), tuplePosition(tuple));
    const found = this.#descendToLast();
    const slot = this.#leafLowerBound(found);
    const count = pageCount(this.arena, found);
    if (slot >= count || !this.#equalsAt(found, slot)) return NO_ADDRESS;
    const removed = tupleOf(this.arena, found, slot, 0);
    this.#pathSlot[0] = slot;
    this.#makePathWritable(0);
    const page = this.#pathPage[0]!;
    moveEntries(this.arena, page, slot + 1, page, slot, count - slot - 1, 0);
    setPageCount(this.arena, page, count - 1);
    this.size--;
    this.version++;
    if (slot === 0 && count > 1) this.#refreshSeparator(hintOf(this.arena, page, 0), tupleOf(this.arena, page, 0, 0));
    if (count - 1 < LEAF_MINIMUM) this.#rebalance(0);
    return removed;
  }

  /** Forgets everything without touching the pages; the caller retires them by `retirePages`. */
  detach(): { root: Address; height: number } {
    const old = { root: this.root, height: this.height };
    this.root = NO_ADDRESS;
    this.height = 0;
    this.size = 0;
    this.pageTotal = 0;
    this.version++;
    return old;
  }

  retirePage(page: Address): void {
    this.#views.retire(page, pageEpoch(this.arena, page));
  }

  /** Fills the path with the place of the first entry not below the key (or above it, when `after`); used by cursors. */
  seekKey(
    key: Uint8Array,
    keyPosition: number,
    partCount: number,
    after: boolean,
    pathPage: Uint32Array,
    pathSlot: Int32Array,
  ): void {
    this.#searchFor(key, keyPosition, partCount);
    this.#seek(after, pathPage, pathSlot);
  }

  /** The same for a whole tuple. */
  seekTuple(tuple: Uint8Array, position: number, after: boolean, pathPage: Uint32Array, pathSlot: Int32Array): void {
    this.#searchForTuple(tuple, position);
    this.#seek(after, pathPage, pathSlot);
  }

  #seek(after: boolean, pathPage: Uint32Array, pathSlot: Int32Array): void {
    let page = this.root;
    for (let level = this.height - 1; level > 0; level--) {
      const slot = (after ? this.#upperBound(page, 1, level) : this.#lowerBound(page, 1, level)) - 1;
      pathPage[level] = page;
      pathSlot[level] = slot;
      page = childOf(this.arena, page, slot);
    }
    pathPage[0] = page;
    pathSlot[0] = after ? this.#upperBound(page, 0, 0) : this.#lowerBound(page, 0, 0);
  }

  #searchFor(key: Uint8Array, keyPosition: number, partCount: number): void {
    this.#searchBytes = key;
    this.#searchPosition = keyPosition;
    this.#searchParts = partCount;
    this.#setHint(this.order.keyHint(key, keyPosition, partCount));
  }

  #searchForTuple(tuple: Uint8Array, position: number): void {
    this.#searchBytes = tuple;
    this.#searchPosition = position;
    this.#searchParts = -1;
    this.#setHint(this.order.tupleHint(tuple, position));
  }

  #setHint(hint: number): void {
    this.#searchHint = hint;
    this.#searchExact = hint <= this.#exactHintMax && hint >= -this.#exactHintMax;
  }

  /** Sign of (tuple - what is searched), by the whole key. */
  #compare(tuple: Address): number {
    const slab = tupleSlab(this.arena, tuple);
    const position = tuplePosition(tuple);
    return this.#searchParts < 0
      ? this.order.compareTuples(slab, position, this.#searchBytes, this.#searchPosition)
      : this.order.compareTupleWithKey(slab, position, this.#searchBytes, this.#searchPosition, this.#searchParts);
  }

  /** First slot from `low` on whose entry is not below what is searched. */
  #lowerBound(page: Address, low: number, level: number): number {
    const words = pageWords(this.arena, page);
    const doubles = pageDoubles(this.arena, page);
    const hints = hintBase(page);
    const base = wordBase(page);
    const tuples = base + (level === 0 ? LEAF_TUPLES_WORD : INNER_TUPLES_WORD);
    const hint = this.#searchHint;
    const exact = this.#searchExact;
    let high = words[base]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = doubles[hints + middle]!;
      if (other < hint || (other === hint && !exact && this.#compare(words[tuples + middle]!) < 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** First slot from `low` on whose entry is above what is searched. */
  #upperBound(page: Address, low: number, level: number): number {
    const words = pageWords(this.arena, page);
    const doubles = pageDoubles(this.arena, page);
    const hints = hintBase(page);
    const base = wordBase(page);
    const tuples = base + (level === 0 ? LEAF_TUPLES_WORD : INNER_TUPLES_WORD);
    const hint = this.#searchHint;
    const exact = this.#searchExact;
    let high = words[base]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = doubles[hints + middle]!;
      if (other < hint || (other === hint && (exact || this.#compare(words[tuples + middle]!) <= 0))) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #equalsAt(page: Address, slot: number): boolean {
    if (hintOf(this.arena, page, slot) !== this.#searchHint) return false;
    return this.#searchExact || this.#compare(tupleOf(this.arena, page, slot, 0)) === 0;
  }

  /**
   * `#lowerBound` in the leaf of the last descent. Every part of a page that is looked at costs a cache miss in a large
   * tree, and halving looks at four or five. The separators around the leaf say where among its entries the hint should
   * stand if they are spread evenly; from there the search doubles its steps until it has the entry between two looks.
   */
  #leafLowerBound(page: Address): number {
    const words = pageWords(this.arena, page);
    const doubles = pageDoubles(this.arena, page);
    const hints = hintBase(page);
    const base = wordBase(page);
    const count = words[base]!;
    const hint = this.#searchHint;
    const share = (hint - this.#leafLowHint) / (this.#leafHighHint - this.#leafLowHint);
    // Infinite or equal separators give no number between 0 and 1.
    if (!(share >= 0 && share < 1)) return this.#lowerBound(page, 0, 0);
    const exact = this.#searchExact;
    const tuples = base + LEAF_TUPLES_WORD;
    let low = 0;
    let high = count;
    let at = Math.floor(share * count);
    let step = 1;
    let isAscending = true;
    // One iteration decides the direction, the next ones bracket the entry, the last ones halve what is left.
    for (let looks = 0; low < high; looks++) {
      const other = doubles[hints + at]!;
      const isBelow = other < hint || (other === hint && !exact && this.#compare(words[tuples + at]!) < 0);
      if (isBelow) low = at + 1;
      else high = at;
      if (looks === 0) isAscending = isBelow;
      if (isBelow === isAscending && step < LEAF_CAPACITY) {
        at = isAscending ? Math.min(low + step - 1, high - 1) : Math.max(high - step, low);
        step *= 2;
      } else {
        step = LEAF_CAPACITY;
        at = (low + high) >>> 1;
      }
    }
    return low;
  }

  /** Descends to the last leaf whose first entry is not above what is searched; an equal entry can only be there. */
  #descendToLast(): Address {
    let page = this.root;
    this.#leafLowHint = -Infinity;
    this.#leafHighHint = Infinity;
    for (let level = this.height - 1; level > 0; level--) {
      const slot = this.#upperBound(page, 1, level) - 1;
      this.#pathPage[level] = page;
      this.#pathSlot[level] = slot;
      if (slot > 0) this.#leafLowHint = hintOf(this.arena, page, slot);
      if (slot + 1 < pageCount(this.arena, page)) this.#leafHighHint = hintOf(this.arena, page, slot + 1);
      page = childOf(this.arena, page, slot);
    }
    this.#pathPage[0] = page;
    return page;
  }

  #replaceAt(slot: number, tuple: Address): Address {
    this.#makePathWritable(0);
    const page = this.#pathPage[0]!;
    const old = tupleOf(this.arena, page, slot, 0);
    setEntry(this.arena, page, slot, 0, this.#searchHint, tuple);
    if (slot === 0) this.#refreshSeparator(this.#searchHint, tuple);
    return old;
  }

  /** Gives the separator above the path's leaf its first entry's hint and tuple. */
  #refreshSeparator(hint: number, tuple: Address): void {
    for (let level = 1; level < this.height; level++) {
      const slot = this.#pathSlot[level]!;
      if (slot > 0) {
        setEntry(this.arena, this.#pathPage[level]!, slot, level, hint, tuple);
        return;
      }
    }
  }

  /** Copies the pages of the path, from the root to `level`, that an open view can see. */
  #makePathWritable(level: number): void {
    const newest = this.#views.newestViewEpoch;
    if (newest === 0) return;
    for (let at = this.height - 1; at >= level; at--) {
      const page = this.#pathPage[at]!;
      if (pageEpoch(this.arena, page) > newest) continue;
      this.#setPathPage(at, this.#copyPage(page));
      this.version++;
    }
  }

  #setPathPage(level: number, page: Address): void {
    this.#pathPage[level] = page;
    if (level === this.height - 1) this.root = page;
    else setChild(this.arena, this.#pathPage[level + 1]!, this.#pathSlot[level + 1]!, page);
  }

  #copyPage(page: Address): Address {
    const level = pageLevel(this.arena, page);
    const copy = this.#newPage(level);
    const count = pageCount(this.arena, page);
    moveEntries(this.arena, page, 0, copy, 0, count, level);
    setPageCount(this.arena, copy, count);
    this.#dropPage(page);
    return copy;
  }

  #newPage(level: number): Address {
    const page = this.#reserved.pop() ?? NO_ADDRESS;
    assert(page !== NO_ADDRESS, 'pages are reserved before a change');
    const words = this.arena.words[page >>> SLAB_SHIFT]!;
    const base = wordBase(page);
    words[base] = 0;
    words[base + 1] = this.#views.currentEpoch;
    words[base + 2] = level;
    this.pageTotal++;
    return page;
  }

  #dropPage(page: Address): void {
    this.pageTotal--;
    this.#views.retire(page, pageEpoch(this.arena, page));
  }

  #splitLeaf(page: Address, slot: number, tuple: Address): void {
    const right = this.#newPage(0);
    // Ascending keys are the common load: then the full page stays full and the new one begins with the new entry.
    const kept = slot === LEAF_CAPACITY && this.#isRightmost(0) ? LEAF_CAPACITY : LEAF_CAPACITY >> 1;
    moveEntries(this.arena, page, kept, right, 0, LEAF_CAPACITY - kept, 0);
    setPageCount(this.arena, page, kept);
    setPageCount(this.arena, right, LEAF_CAPACITY - kept);
    const target = slot < kept || (slot === kept && kept < LEAF_CAPACITY) ? page : right;
    const at = target === page ? slot : slot - kept;
    const count = pageCount(this.arena, target);
    moveEntries(this.arena, target, at, target, at + 1, count - at, 0);
    setEntry(this.arena, target, at, 0, this.#searchHint, tuple);
    setPageCount(this.arena, target, count + 1);
    this.#insertChild(1, hintOf(this.arena, right, 0), tupleOf(this.arena, right, 0, 0), right);
  }

  #isRightmost(level: number): boolean {
    for (let at = level + 1; at < this.height; at++) {
      if (this.#pathSlot[at] !== pageCount(this.arena, this.#pathPage[at]!) - 1) return false;
    }
    return true;
  }

  /** Adds a child right of the path's child at `level`; a full root gets a new root above it. */
  #insertChild(level: number, hint: number, tuple: Address, child: Address): void {
    if (level === this.height) {
      const root = this.#newPage(level);
      setEntry(this.arena, root, 0, level, -Infinity, NO_ADDRESS);
      setChild(this.arena, root, 0, this.root);
      setEntry(this.arena, root, 1, level, hint, tuple);
      setChild(this.arena, root, 1, child);
      setPageCount(this.arena, root, 2);
      this.root = root;
      this.height++;
      assert(this.height < DEPTH_MAX, 'the tree fits its path');
      return;
    }
    const page = this.#pathPage[level]!;
    const slot = this.#pathSlot[level]! + 1;
    const count = pageCount(this.arena, page);
    if (count < INNER_CAPACITY) {
      this.#putChild(page, slot, level, hint, tuple, child);
      return;
    }
    const right = this.#newPage(level);
    const kept = slot === INNER_CAPACITY && this.#isRightmost(level) ? INNER_CAPACITY - 1 : INNER_CAPACITY >> 1;
    moveEntries(this.arena, page, kept, right, 0, INNER_CAPACITY - kept, level);
    setPageCount(this.arena, page, kept);
    setPageCount(this.arena, right, INNER_CAPACITY - kept);
    const separatorHint = hintOf(this.arena, right, 0);
    const separatorTuple = tupleOf(this.arena, right, 0, level);
    if (slot <= kept) this.#putChild(page, slot, level, hint, tuple, child);
    else this.#putChild(right, slot - kept, level, hint, tuple, child);
    this.#insertChild(level + 1, separatorHint, separatorTuple, right);
  }

  #putChild(page: Address, slot: number, level: number, hint: number, tuple: Address, child: Address): void {
    const count = pageCount(this.arena, page);
    moveEntries(this.arena, page, slot, page, slot + 1, count - slot, level);
    setEntry(this.arena, page, slot, level, hint, tuple);
    setChild(this.arena, page, slot, child);
    setPageCount(this.arena, page, count + 1);
  }

  /** Mends the path's page at `level`, which has become too empty, with the help of a neighbour. */
  #rebalance(level: number): void {
    const page = this.#pathPage[level]!;
    const count = pageCount(this.arena, page);
    if (level === this.height - 1) {
      this.#shrinkRoot(page, count, level);
      return;
    }
    const parent = this.#pathPage[level + 1]!;
    const slot = this.#pathSlot[level + 1]!;
    if (pageCount(this.arena, parent) === 1) {
      // No neighbour under this parent: only an empty page has to go, and its parent with it.
      if (count === 0) this.#removeChild(level + 1, slot, page);
      return;
    }
    const leftSlot = slot > 0 ? slot - 1 : slot;
    this.#joinOrShare(level, leftSlot);
  }

  #shrinkRoot(page: Address, count: number, level: number): void {
    if (level > 0 && count === 1) {
      this.root = childOf(this.arena, page, 0);
      this.height--;
      this.#dropPage(page);
      const below = this.root;
      if (this.height > 1 && pageCount(this.arena, below) === 1) this.#shrinkRoot(below, 1, level - 1);
    } else if (count === 0) {
      this.#dropPage(page);
      this.root = NO_ADDRESS;
      this.height = 0;
    }
  }

  /** Joins the children `leftSlot` and `leftSlot + 1` if one page holds both, else evens them out. */
  #joinOrShare(level: number, leftSlot: number): void {
    const parent = this.#pathPage[level + 1]!;
    const left = this.#writableChild(parent, leftSlot);
    const right = this.#writableChild(parent, leftSlot + 1);
    const leftCount = pageCount(this.arena, left);
    const rightCount = pageCount(this.arena, right);
    const capacity = level === 0 ? LEAF_CAPACITY : INNER_CAPACITY;
    if (level > 0) {
      // The right page's first entry has no hint and tuple of its own: they stand in the parent.
      setEntry(
        this.arena,
        right,
        0,
        level,
        hintOf(this.arena, parent, leftSlot + 1),
        tupleOf(this.arena, parent, leftSlot + 1, level + 1),
      );
    }
    if (leftCount + rightCount <= capacity) {
      moveEntries(this.arena, right, 0, left, leftCount, rightCount, level);
      setPageCount(this.arena, left, leftCount + rightCount);
      this.#removeChild(level + 1, leftSlot + 1, right);
      return;
    }
    const half = (leftCount + rightCount) >> 1;
    if (leftCount < half) {
      const moved = half - leftCount;
      moveEntries(this.arena, right, 0, left, leftCount, moved, level);
      moveEntries(this.arena, right, moved, right, 0, rightCount - moved, level);
    } else {
      const moved = leftCount - half;
      moveEntries(this.arena, right, 0, right, moved, rightCount, level);
      moveEntries(this.arena, left, half, right, 0, moved, level);
    }
    setPageCount(this.arena, left, half);
    setPageCount(this.arena, right, leftCount + rightCount - half);
    setEntry(
      this.arena,
      parent,
      leftSlot + 1,
      level + 1,
      hintOf(this.arena, right, 0),
      tupleOf(this.arena, right, 0, level),
    );
  }

  #writableChild(parent: Address, slot: number): Address {
    const child = childOf(this.arena, parent, slot);
    const newest = this.#views.newestViewEpoch;
    if (newest === 0 || pageEpoch(this.arena, child) > newest) return child;
    const copy = this.#copyPage(child);
    setChild(this.arena, parent, slot, copy);
    return copy;
  }

  /** Takes a child that is not the first (or is the only one) out of the path's page at `level`; mends that page. */
  #removeChild(level: number, slot: number, child: Address): void {
    const page = this.#pathPage[level]!;
    const count = pageCount(this.arena, page);
    this.#dropPage(child);
    moveEntries(this.arena, page, slot + 1, page, slot, count - slot - 1, level);
    setPageCount(this.arena, page, count - 1);
    if (count - 1 < INNER_MINIMUM) this.#rebalance(level);
  }
}
