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
import { buildTree } from './bulk-load.ts';
import { type BulkEntries, sortByHint, sortRuns } from './bulk-order.ts';
import { DEPTH_MAX, type KeyOrder, TreeSearch } from './tree-search.ts';
import {
  childOf,
  hintOf,
  INNER_CAPACITY,
  LEAF_CAPACITY,
  moveEntries,
  PAGE_BYTES,
  pageCount,
  pageEpoch,
  pageLevel,
  setChild,
  setEntry,
  setPageCount,
  tupleOf,
  wordBase,
} from './pages.ts';

/** What the shorter ways answer when they cannot be taken. */
const NOT_NEARBY: Address = 0xffffffff;
const LEAF_MINIMUM = LEAF_CAPACITY >> 2;
const INNER_MINIMUM = INNER_CAPACITY >> 2;

export class Tree extends TreeSearch {
  readonly #views: ReadViews;
  size = 0;
  pageTotal = 0;

  /** Pages set aside for the change in progress. */
  readonly #reserved: Address[] = [];

  constructor(arena: Arena, views: ReadViews, order: KeyOrder) {
    super(arena, order);
    this.#views = views;
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
    this.searchForTuple(tupleSlab(this.arena, tuple), tuplePosition(tuple));
    if (this.root === NO_ADDRESS) {
      this.root = this.#newPage(0);
      this.height = 1;
      setEntry(this.arena, this.root, 0, 0, this.searchHint, tuple);
      setPageCount(this.arena, this.root, 1);
      this.size = 1;
      this.version++;
      this.shape++;
      return NO_ADDRESS;
    }
    const nearby = this.#insertNearby(tuple);
    if (nearby !== NOT_NEARBY) return nearby;
    const found = this.descendToLast();
    const slot = this.leafLowerBound(found);
    this.pathSlot[0] = slot;
    if (slot < pageCount(this.arena, found) && this.equalsAt(found, slot)) return this.#replaceAt(slot, tuple);
    this.#makePathWritable(0);
    const page = this.pathPage[0]!;
    const count = pageCount(this.arena, page);
    if (count < LEAF_CAPACITY) {
      this.#putIn(page, slot, count, tuple);
    } else {
      this.size++;
      this.version++;
      this.shape++;
      this.#splitLeaf(page, slot, tuple);
    }
    return NO_ADDRESS;
  }

  /** Takes the entry equal to the tuple out; returns it, or NO_ADDRESS. Precondition: `reserve` returned true,
   * and since then there was at most one `insert`. */
  remove(tuple: Address): Address {
    if (this.root === NO_ADDRESS) return NO_ADDRESS;
    this.searchForTuple(tupleSlab(this.arena, tuple), tuplePosition(tuple));
    const nearby = this.#removeNearby();
    if (nearby !== NOT_NEARBY) return nearby;
    const found = this.descendToLast();
    const slot = this.leafLowerBound(found);
    const count = pageCount(this.arena, found);
    if (slot >= count || !this.equalsAt(found, slot)) return NO_ADDRESS;
    const removed = tupleOf(this.arena, found, slot, 0);
    this.pathSlot[0] = slot;
    this.#makePathWritable(0);
    const page = this.pathPage[0]!;
    this.#takeOut(page, slot, count);
    if (slot === 0 && count > 1) {
      this.shape++;
      this.#refreshSeparator(hintOf(this.arena, page, 0), tupleOf(this.arena, page, 0, 0));
    }
    if (count - 1 < LEAF_MINIMUM) {
      this.shape++;
      this.#rebalance(0);
    }
    return removed;
  }

  /**
   * Fills the empty tree at once. `isPrimaryOrder`: the tuples come in the order of the parts that make equal hints
   * differ, so that hints alone sort them if they are exact. False if two entries are equal or the quota is spent.
   */
  load(tuples: Uint32Array, count: number, isPrimaryOrder: boolean): boolean {
    assert(this.root === NO_ADDRESS, 'only an empty tree is filled at once');
    if (count === 0) return true;
    const entries = this.#sortedEntries(tuples, count, isPrimaryOrder);
    const built = entries === null ? null : buildTree(this.arena, this.#views.currentEpoch, entries);
    if (built === null) return false;
    this.root = built.root;
    this.height = built.height;
    this.pageTotal = built.pageTotal;
    this.size = count;
    this.version++;
    this.shape++;
    return true;
  }

  #sortedEntries(tuples: Uint32Array, count: number, isPrimaryOrder: boolean): BulkEntries | null {
    const { order, arena } = this;
    const entries: BulkEntries = { hints: new Float64Array(count), tuples: tuples.slice(0, count), count };
    let isSorted = true;
    let areExact = true;
    for (let at = 0; at < count; at++) {
      const tuple = tuples[at]!;
      const hint = order.tupleHint(tupleSlab(arena, tuple), tuplePosition(tuple));
      entries.hints[at] = hint;
      if (at > 0 && hint < entries.hints[at - 1]!) isSorted = false;
      if (!(Math.abs(hint) <= order.firstPartExactMax)) areExact = false;
    }
    if (!isSorted) sortByHint(entries);
    const isUniqueByHint = order.exactHintMax > 0;
    if (areExact && isPrimaryOrder && !isUniqueByHint) return entries;
    const compare = (a: Address, b: Address): number =>
      order.compareTuples(tupleSlab(arena, a), tuplePosition(a), tupleSlab(arena, b), tuplePosition(b));
    if (!areExact || !isUniqueByHint) sortRuns(entries, compare);
    for (let at = 1; at < count; at++) {
      if (entries.hints[at] !== entries.hints[at - 1]) continue;
      if ((areExact && isUniqueByHint) || compare(entries.tuples[at - 1]!, entries.tuples[at]!) === 0) return null;
    }
    return entries;
  }

  /** Forgets everything without touching the pages; the caller retires them by `retirePages`. */
  detach(): { root: Address; height: number } {
    const old = { root: this.root, height: this.height };
    this.root = NO_ADDRESS;
    this.height = 0;
    this.size = 0;
    this.pageTotal = 0;
    this.version++;
    this.shape++;
    return old;
  }

  retirePage(page: Address): void {
    this.#views.retire(page, pageEpoch(this.arena, page));
  }

  /**
   * The shorter way of `insert` when the place was just found or announced, and nothing outside of its leaf changes.
   * NOT_NEARBY if the long way has to be taken.
   */
  #insertNearby(tuple: Address): Address {
    const isFound = this.isFoundAgain();
    const leaf = isFound ? this.foundLeaf : this.expectedLeaf();
    if (leaf === NO_ADDRESS || this.#views.newestViewEpoch !== 0) return NOT_NEARBY;
    const slot = isFound ? this.foundSlot : this.leafLowerBound(leaf);
    if (slot === 0) return NOT_NEARBY;
    const count = pageCount(this.arena, leaf);
    if (!isFound && (slot === count || !this.equalsAt(leaf, slot))) {
      if (count === LEAF_CAPACITY) return NOT_NEARBY;
      this.#putIn(leaf, slot, count, tuple);
      return NO_ADDRESS;
    }
    const old = tupleOf(this.arena, leaf, slot, 0);
    setEntry(this.arena, leaf, slot, 0, this.searchHint, tuple);
    return old;
  }

  /** The same for `remove` of the entry that was just found. */
  #removeNearby(): Address {
    if (!this.isFoundAgain() || this.#views.newestViewEpoch !== 0) return NOT_NEARBY;
    const { foundLeaf: leaf, foundSlot: slot } = this;
    const count = pageCount(this.arena, leaf);
    if (slot === 0 || count <= LEAF_MINIMUM) return NOT_NEARBY;
    const removed = tupleOf(this.arena, leaf, slot, 0);
    this.#takeOut(leaf, slot, count);
    return removed;
  }

  /** Adds an entry to a leaf that has room for it. */
  #putIn(leaf: Address, slot: number, count: number, tuple: Address): void {
    moveEntries(this.arena, leaf, slot, leaf, slot + 1, count - slot, 0);
    setEntry(this.arena, leaf, slot, 0, this.searchHint, tuple);
    setPageCount(this.arena, leaf, count + 1);
    this.size++;
    this.version++;
  }

  #takeOut(leaf: Address, slot: number, count: number): void {
    moveEntries(this.arena, leaf, slot + 1, leaf, slot, count - slot - 1, 0);
    setPageCount(this.arena, leaf, count - 1);
    this.size--;
    this.version++;
  }

  #replaceAt(slot: number, tuple: Address): Address {
    this.#makePathWritable(0);
    const page = this.pathPage[0]!;
    const old = tupleOf(this.arena, page, slot, 0);
    setEntry(this.arena, page, slot, 0, this.searchHint, tuple);
    if (slot === 0) this.#refreshSeparator(this.searchHint, tuple);
    return old;
  }

  /** Gives the separator above the path's leaf its first entry's hint and tuple. */
  #refreshSeparator(hint: number, tuple: Address): void {
    for (let level = 1; level < this.height; level++) {
      const slot = this.pathSlot[level]!;
      if (slot > 0) {
        setEntry(this.arena, this.pathPage[level]!, slot, level, hint, tuple);
        return;
      }
    }
  }

  /** Copies the pages of the path, from the root to `level`, that an open view can see. */
  #makePathWritable(level: number): void {
    const newest = this.#views.newestViewEpoch;
    if (newest === 0) return;
    for (let at = this.height - 1; at >= level; at--) {
      const page = this.pathPage[at]!;
      if (pageEpoch(this.arena, page) > newest) continue;
      this.#setPathPage(at, this.#copyPage(page));
      this.version++;
      this.shape++;
    }
  }

  #setPathPage(level: number, page: Address): void {
    this.pathPage[level] = page;
    if (level === this.height - 1) this.root = page;
    else setChild(this.arena, this.pathPage[level + 1]!, this.pathSlot[level + 1]!, page);
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
    setEntry(this.arena, target, at, 0, this.searchHint, tuple);
    setPageCount(this.arena, target, count + 1);
    this.#insertChild(1, hintOf(this.arena, right, 0), tupleOf(this.arena, right, 0, 0), right);
  }

  #isRightmost(level: number): boolean {
    for (let at = level + 1; at < this.height; at++) {
      if (this.pathSlot[at] !== pageCount(this.arena, this.pathPage[at]!) - 1) return false;
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
    const page = this.pathPage[level]!;
    const slot = this.pathSlot[level]! + 1;
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
    const page = this.pathPage[level]!;
    const count = pageCount(this.arena, page);
    if (level === this.height - 1) {
      this.#shrinkRoot(page, count, level);
      return;
    }
    const parent = this.pathPage[level + 1]!;
    const slot = this.pathSlot[level + 1]!;
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
    const parent = this.pathPage[level + 1]!;
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
    const page = this.pathPage[level]!;
    const count = pageCount(this.arena, page);
    this.#dropPage(child);
    moveEntries(this.arena, page, slot + 1, page, slot, count - slot - 1, level);
    setPageCount(this.arena, page, count - 1);
    if (count - 1 < INNER_MINIMUM) this.#rebalance(level);
  }
}
