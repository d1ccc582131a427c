/**
 * Searching in a B+tree: the read-only half of `Tree`.
 * The search in progress lives in fields, not arguments: the loops stay small and nothing is allocated.
 */
import { type Address, type Arena, NO_ADDRESS, tuplePosition, tupleSlab } from '../../arena/index.ts';
import { LOOKAHEAD_MAX, touchLeaves } from './lookahead.ts';
import {
  childOf,
  hintBase,
  hintOf,
  INNER_TUPLES_WORD,
  LEAF_CAPACITY,
  LEAF_TUPLES_WORD,
  pageCount,
  pageDoubles,
  pageWords,
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
  /** The same for keys of one part, whatever follows in the entries. */
  readonly firstPartExactMax: number;
}

/** Below this height everything is in the cache anyway. */
const LOOKAHEAD_HEIGHT_MIN = 3;

/** Levels that a path has room for; 12 of them hold more entries than addresses exist. */
export const DEPTH_MAX = 12;

export class TreeSearch {
  readonly arena: Arena;
  readonly order: KeyOrder;
  readonly #exactHintMax: number;
  root: Address = NO_ADDRESS;
  height = 0;

  protected searchHint = 0;
  #searchExact = false;
  #searchBytes: Uint8Array = new Uint8Array(0);
  #searchPosition = 0;
  /** Parts of the key, or -1 when a whole tuple is searched. */
  #searchParts = 0;
  /** Hints of the separators around the leaf of the last descent. */
  #leafLowHint = 0;
  #leafHighHint = 0;
  /** Changes with every entry that comes or goes: an entry may then be in another slot. */
  version = 0;
  /** Changes when a key may belong to another leaf, or a leaf may have gone. */
  protected shape = 0;

  // Searches that were announced, in their order, with the leaves that were found for them.
  readonly #expectedHints = new Float64Array(LOOKAHEAD_MAX);
  readonly #expectedLeaves = new Uint32Array(LOOKAHEAD_MAX);
  readonly #expectedLows = new Float64Array(LOOKAHEAD_MAX);
  readonly #expectedHighs = new Float64Array(LOOKAHEAD_MAX);
  readonly #expectedShares = new Float64Array(LOOKAHEAD_MAX);
  readonly #expectedTuples = new Uint32Array(LOOKAHEAD_MAX);
  #expectedCount = 0;
  #expectedNext = 0;
  #expectedShape = -1;
  #isFetched = false;

  // The entry of the last `find` by an exact hint: a change of the same key mostly follows.
  #foundHint = NaN;
  #foundVersion = -1;
  protected foundLeaf: Address = NO_ADDRESS;
  protected foundSlot = 0;

  /** Path of the last descent, by level. */
  protected readonly pathPage = new Uint32Array(DEPTH_MAX);
  protected readonly pathSlot = new Int32Array(DEPTH_MAX);

  constructor(arena: Arena, order: KeyOrder) {
    this.arena = arena;
    this.order = order;
    this.#exactHintMax = order.exactHintMax;
  }

  /** The tuple equal to the key, or NO_ADDRESS. The key must have all parts that make entries unique. */
  find(key: Uint8Array, keyPosition: number, partCount: number): Address {
    if (this.root === NO_ADDRESS) return NO_ADDRESS;
    this.searchFor(key, keyPosition, partCount);
    const page = this.expectedLeaf() || this.descendToLast();
    const slot = this.leafLowerBound(page);
    if (slot >= pageCount(this.arena, page) || !this.equalsAt(page, slot)) return NO_ADDRESS;
    if (this.#searchExact) {
      this.#foundHint = this.searchHint;
      this.#foundVersion = this.version;
      this.foundLeaf = page;
      this.foundSlot = slot;
    }
    return tupleOf(this.arena, page, slot, 0);
  }

  /** The entry that is equal to the tuple by the full comparison, or NO_ADDRESS. */
  findTuple(tuple: Uint8Array, position: number): Address {
    if (this.root === NO_ADDRESS) return NO_ADDRESS;
    this.searchForTuple(tuple, position);
    const page = this.descendToLast();
    const slot = this.leafLowerBound(page);
    return slot < pageCount(this.arena, page) && this.equalsAt(page, slot)
      ? tupleOf(this.arena, page, slot, 0)
      : NO_ADDRESS;
  }

  /** Announces a search for this key; it and others are then looked at together by `fetchExpected`. */
  expectKey(key: Uint8Array, keyPosition: number, partCount: number): void {
    this.searchFor(key, keyPosition, partCount);
    this.#expect();
  }

  /** The same for the place of a whole tuple. */
  expectTuple(tuple: Uint8Array, position: number): void {
    this.searchForTuple(tuple, position);
    this.#expect();
  }

  /** Brings what the announced searches will read into the cache; they take the shorter way if they come in order. */
  fetchExpected(): void {
    this.#isFetched = true;
    this.#expectedShape = this.shape;
    touchLeaves(this.arena, this.#expectedLeaves, this.#expectedShares, this.#expectedTuples, this.#expectedCount);
  }

  /** Whether an entry whose hint is that of the last key equals the key, with nothing else to compare. */
  get isKeyHintExact(): boolean {
    return this.#searchExact;
  }

  /** Hint of the last key that was searched. */
  get lastHint(): number {
    return this.searchHint;
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
    this.searchFor(key, keyPosition, partCount);
    this.#seek(after, pathPage, pathSlot);
  }

  /** The same for a whole tuple. */
  seekTuple(tuple: Uint8Array, position: number, after: boolean, pathPage: Uint32Array, pathSlot: Int32Array): void {
    this.searchForTuple(tuple, position);
    this.#seek(after, pathPage, pathSlot);
  }

  #seek(after: boolean, pathPage: Uint32Array, pathSlot: Int32Array): void {
    let page = this.root;
    for (let level = this.height - 1; level > 0; level--) {
      const slot = (after ? this.upperBound(page, 1, level) : this.lowerBound(page, 1, level)) - 1;
      pathPage[level] = page;
      pathSlot[level] = slot;
      page = childOf(this.arena, page, slot);
    }
    pathPage[0] = page;
    pathSlot[0] = after ? this.upperBound(page, 0, 0) : this.lowerBound(page, 0, 0);
  }

  protected searchFor(key: Uint8Array, keyPosition: number, partCount: number): void {
    this.#searchBytes = key;
    this.#searchPosition = keyPosition;
    this.#searchParts = partCount;
    const exactMax = partCount === 1 ? this.order.firstPartExactMax : this.#exactHintMax;
    this.#setHint(this.order.keyHint(key, keyPosition, partCount), exactMax);
  }

  protected searchForTuple(tuple: Uint8Array, position: number): void {
    this.#searchBytes = tuple;
    this.#searchPosition = position;
    this.#searchParts = -1;
    this.#setHint(this.order.tupleHint(tuple, position), this.#exactHintMax);
  }

  #setHint(hint: number, exactMax: number): void {
    this.searchHint = hint;
    this.#searchExact = hint <= exactMax && hint >= -exactMax;
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
  protected lowerBound(page: Address, low: number, level: number): number {
    const words = pageWords(this.arena, page);
    const doubles = pageDoubles(this.arena, page);
    const hints = hintBase(page);
    const base = wordBase(page);
    const tuples = base + (level === 0 ? LEAF_TUPLES_WORD : INNER_TUPLES_WORD);
    const hint = this.searchHint;
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
  protected upperBound(page: Address, low: number, level: number): number {
    const words = pageWords(this.arena, page);
    const doubles = pageDoubles(this.arena, page);
    const hints = hintBase(page);
    const base = wordBase(page);
    const tuples = base + (level === 0 ? LEAF_TUPLES_WORD : INNER_TUPLES_WORD);
    const hint = this.searchHint;
    if (this.#searchExact) return upperBoundOfHint(doubles, hints, low, words[base]!, hint);
    let high = words[base]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = doubles[hints + middle]!;
      if (other < hint || (other === hint && this.#compare(words[tuples + middle]!) <= 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  protected equalsAt(page: Address, slot: number): boolean {
    if (hintOf(this.arena, page, slot) !== this.searchHint) return false;
    return this.#searchExact || this.#compare(tupleOf(this.arena, page, slot, 0)) === 0;
  }

  /**
   * `lowerBound` in the leaf of the last descent. Every part of a page that is looked at costs a cache miss in a large
   * tree, and halving looks at four or five. The separators around the leaf say where among its entries the hint should
   * stand if they are spread evenly; from there the search doubles its steps until it has the entry between two looks.
   */
  protected leafLowerBound(page: Address): number {
    const words = pageWords(this.arena, page);
    const doubles = pageDoubles(this.arena, page);
    const hints = hintBase(page);
    const base = wordBase(page);
    const count = words[base]!;
    const hint = this.searchHint;
    const share = this.#leafGuess();
    if (Number.isNaN(share)) return this.lowerBound(page, 0, 0);
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
  protected descendToLast(): Address {
    let page = this.root;
    this.#leafLowHint = -Infinity;
    this.#leafHighHint = Infinity;
    for (let level = this.height - 1; level > 0; level--) {
      const slot = this.upperBound(page, 1, level) - 1;
      this.pathPage[level] = page;
      this.pathSlot[level] = slot;
      if (slot > 0) this.#leafLowHint = hintOf(this.arena, page, slot);
      if (slot + 1 < pageCount(this.arena, page)) this.#leafHighHint = hintOf(this.arena, page, slot + 1);
      page = childOf(this.arena, page, slot);
    }
    this.pathPage[0] = page;
    return page;
  }

  /** The leaf that `expect` found for what is searched now; NO_ADDRESS if it expected something else. Fills no path. */
  protected expectedLeaf(): Address {
    const at = this.#expectedNext;
    if (at >= this.#expectedCount) return NO_ADDRESS;
    if (this.#expectedHints[at] !== this.searchHint || !this.#searchExact || this.#expectedShape !== this.shape) {
      return NO_ADDRESS;
    }
    this.#expectedNext = at + 1;
    this.#leafLowHint = this.#expectedLows[at]!;
    this.#leafHighHint = this.#expectedHighs[at]!;
    return this.#expectedLeaves[at]!;
  }

  /** Whether the entry of the last `find` is what is searched now, and still in its place. */
  protected isFoundAgain(): boolean {
    return this.#searchExact && this.searchHint === this.#foundHint && this.version === this.#foundVersion;
  }

  #expect(): void {
    if (this.height < LOOKAHEAD_HEIGHT_MIN) return;
    if (this.#isFetched || this.#expectedCount === LOOKAHEAD_MAX) this.#forgetExpected();
    const at = this.#expectedCount++;
    this.#expectedLeaves[at] = this.descendToLast();
    this.#expectedHints[at] = this.searchHint;
    this.#expectedLows[at] = this.#leafLowHint;
    this.#expectedHighs[at] = this.#leafHighHint;
    const share = this.#leafGuess();
    this.#expectedShares[at] = Number.isNaN(share) ? 0 : share;
  }

  #forgetExpected(): void {
    this.#expectedCount = 0;
    this.#expectedNext = 0;
    this.#isFetched = false;
  }

  /** Share of the last leaf's entries that should stand before what is searched: 0 to 1, or NaN if nobody can say. */
  #leafGuess(): number {
    const share = (this.searchHint - this.#leafLowHint) / (this.#leafHighHint - this.#leafLowHint);
    return share >= 0 && share < 1 ? share : NaN;
  }
}

/**
 * First slot from `low` on, below `high`, whose hint is above `hint`. The comparison goes into a mask instead of a branch:
 * nobody can foresee it, and a wrong guess of the processor costs more than the rest (16 ns against 32 for 63 entries).
 */
function upperBoundOfHint(doubles: Float64Array, hints: number, low: number, high: number, hint: number): number {
  let count = high - low;
  if (count <= 0) return low;
  let at = hints + low;
  while (count > 1) {
    const half = count >>> 1;
    at += half & -(doubles[at + half - 1]! <= hint);
    count -= half;
  }
  return at - hints + (1 & -(doubles[at]! <= hint));
}
