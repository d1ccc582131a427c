/**
 * A hash table of 32-bit values in arena pages that grows by linear hashing: a few buckets are split at a time, so no
 * single insertion pays for the rest.
 *
 * A slot is 16 bytes: u32 hash, u32 next slot of its chain (or of the free list), u32 value, u32 first slot of the
 * chain of the bucket that has this slot's number. There are as many buckets as slots. A bucket holds the hashes that
 * have its number as their low bits.
 * Invariants: (1) a value stays in its slot until it is removed; (2) a bucket's hashes, with their bits reversed, are an
 * unbroken range, so (reversed hash, slot) is an order of all values that no growth disturbs: that is what lets a
 * cursor go on after any change without missing or repeating a value that stayed.
 */
import { assert } from '../../../base/index.ts';
import { type Arena, type ReadViews, SLAB_MASK, SLAB_SHIFT } from '../../arena/index.ts';
import { PAGE_HEADER_WORDS, PagedArray } from '../paged/paged-array.ts';

const SLOTS_SHIFT = 6;
const SLOTS_PER_PAGE = 1 << SLOTS_SHIFT;
const SLOT_MASK = SLOTS_PER_PAGE - 1;
const SLOT_WORDS = 4;
const PAGE_BYTES = 4 * (PAGE_HEADER_WORDS + SLOTS_PER_PAGE * SLOT_WORDS);
/** Slots added at a time. */
const GROWTH = 8;

const HASH = 0;
const NEXT = 1;
const VALUE = 2;
const HEAD = 3;

const NONE = 0xffffffff;
/** The value of a slot that holds none. */
const NO_VALUE = 0;

/** Pages that an insertion and a removal touch at most: two slots and a bucket each. */
const TOUCHED_PAGES = 6;

/** A place in the order of (reversed hash, slot). */
export type HashPlace = { reversed: number; slot: number };

/** What of a table does not change under a read view. */
export type FrozenTable = Readonly<{ arena: Arena; pages: Uint32Array; slotCount: number; count: number }>;

/** Values must not be 0. */
export class HashTable {
  readonly #array: PagedArray;
  readonly #arena: Arena;
  readonly #matches: (value: number) => boolean;
  #slotCount = 0;
  #freeSlot = NONE;
  #freeCount = 0;
  count = 0;

  /** `matches` says whether a stored value is the one that is sought; it is asked when the hashes are equal. */
  constructor(arena: Arena, views: ReadViews, matches: (value: number) => boolean) {
    this.#array = new PagedArray(arena, views, PAGE_BYTES);
    this.#arena = arena;
    this.#matches = matches;
  }

  get byteSize(): number {
    return this.#array.byteSize;
  }

  /** Makes sure that two insertions and removals cannot fail. False if the quota is spent. */
  reserve(beyondQuota: boolean): boolean {
    const needed = 1 + (this.#array.copiesPages ? TOUCHED_PAGES : 0);
    if (!this.#array.reserve(needed, beyondQuota)) return false;
    if (this.#freeCount >= 2) return true;
    this.#grow();
    return this.#array.reserve(needed, beyondQuota);
  }

  /** Slot of the value that matches, -1 if there is none. */
  find(hash: number): number {
    if (this.count === 0) return -1;
    const { pages } = this.#array;
    const slabs = this.#arena.words;
    let slot = this.#word(this.#bucketOf(hash), HEAD);
    while (slot !== NONE) {
      const page = pages[slot >>> SLOTS_SHIFT]!;
      const words = slabs[page >>> SLAB_SHIFT]!;
      const base = slotBase(page, slot);
      if (words[base] === hash && this.#matches(words[base + VALUE]!)) return slot;
      slot = words[base + NEXT]!;
    }
    return -1;
  }

  valueAt(slot: number): number {
    return this.#word(slot, VALUE);
  }

  setValue(slot: number, value: number): void {
    this.#setWord(slot, VALUE, value);
  }

  /** Precondition: `reserve`. */
  insert(hash: number, value: number): void {
    const slot = this.#freeSlot;
    assert(slot !== NONE, 'slots are reserved before a change');
    this.#freeSlot = this.#word(slot, NEXT);
    this.#freeCount--;
    const bucket = this.#bucketOf(hash);
    this.#setWord(slot, HASH, hash);
    this.#setWord(slot, NEXT, this.#word(bucket, HEAD));
    this.#setWord(slot, VALUE, value);
    this.#setWord(bucket, HEAD, slot);
    this.count++;
  }

  /** Takes out the value that matches and returns it, 0 if there is none. */
  remove(hash: number): number {
    if (this.count === 0) return NO_VALUE;
    const bucket = this.#bucketOf(hash);
    let previous = NONE;
    for (let slot = this.#word(bucket, HEAD); slot !== NONE; slot = this.#word(slot, NEXT)) {
      const value = this.#word(slot, VALUE);
      if (this.#word(slot, HASH) === hash && this.#matches(value)) {
        const next = this.#word(slot, NEXT);
        if (previous === NONE) this.#setWord(bucket, HEAD, next);
        else this.#setWord(previous, NEXT, next);
        this.#release(slot);
        this.count--;
        return value;
      }
      previous = slot;
    }
    return NO_VALUE;
  }

  /** Where the value of a slot stands in the order. */
  placeOf(slot: number): HashPlace {
    return { reversed: reverseBits(this.#word(slot, HASH)), slot };
  }

  /** Moves `place` to the next value in order and returns that value, 0 at the end. */
  advance(place: HashPlace): number {
    if (this.count === 0) return NO_VALUE;
    return advance(this.#arena, this.#array.pages, this.#slotCount, place);
  }

  freeze(): FrozenTable {
    return { arena: this.#arena, pages: this.#array.freeze(), slotCount: this.#slotCount, count: this.count };
  }

  detach(): void {
    this.#array.detach();
    this.#slotCount = 0;
    this.#freeSlot = NONE;
    this.#freeCount = 0;
    this.count = 0;
  }

  get isReleasing(): boolean {
    return this.#array.isReleasing;
  }

  /** Gives up to `count` pages of detached tables back; true while there are more. */
  releaseSlice(count: number): boolean {
    return this.#array.releaseSlice(count);
  }

  #bucketOf(hash: number): number {
    return bucketOf(hash, this.#slotCount);
  }

  #word(slot: number, field: number): number {
    return wordOf(this.#arena, this.#array.pages, slot, field);
  }

  #setWord(slot: number, field: number, value: number): void {
    const page = this.#array.writablePage(slot >>> SLOTS_SHIFT);
    this.#arena.words[page >>> SLAB_SHIFT]![slotBase(page, slot) + field] = value;
  }

  #release(slot: number): void {
    this.#setWord(slot, NEXT, this.#freeSlot);
    this.#setWord(slot, VALUE, NO_VALUE);
    this.#freeSlot = slot;
    this.#freeCount++;
  }

  #grow(): void {
    if ((this.#slotCount & SLOT_MASK) === 0) this.#array.append();
    for (let added = 0; added < GROWTH; added++) {
      const slot = this.#slotCount;
      this.#setWord(slot, HEAD, NONE);
      this.#slotCount++;
      if (slot > 0) this.#split(parentOf(slot), slot);
    }
    // Released from the last on, so that they are taken in ascending order.
    for (let slot = this.#slotCount - 1; slot >= this.#slotCount - GROWTH; slot--) this.#release(slot);
  }

  /** Moves what belongs to the new bucket out of its parent; both keep the order of their chains. */
  #split(parent: number, bucket: number): void {
    let kept = NONE;
    let moved = NONE;
    let slot = this.#word(parent, HEAD);
    while (slot !== NONE) {
      const next = this.#word(slot, NEXT);
      if (this.#bucketOf(this.#word(slot, HASH)) === bucket) {
        this.#link(bucket, moved, slot);
        moved = slot;
      } else {
        this.#link(parent, kept, slot);
        kept = slot;
      }
      slot = next;
    }
    if (moved === NONE) return;
    this.#link(bucket, moved, NONE);
    this.#link(parent, kept, NONE);
  }

  /** Lets `slot` follow `previous` in the bucket's chain; writes only what changes. */
  #link(bucket: number, previous: number, slot: number): void {
    const field = previous === NONE ? HEAD : NEXT;
    const place = previous === NONE ? bucket : previous;
    if (this.#word(place, field) !== slot) this.#setWord(place, field, slot);
  }
}

/** Walks a frozen table in the order of its live one. */
export class FrozenWalk {
  readonly #table: FrozenTable;
  readonly #place: HashPlace;
  /** Values that may come: an end that is known need not be sought. */
  #left: number;

  /** Begins behind the place. */
  constructor(table: FrozenTable, place = beforeFirst()) {
    this.#table = table;
    this.#place = place;
    this.#left = table.count;
  }

  /** The next value, 0 at the end and from then on. */
  next(): number {
    if (this.#left === 0) return NO_VALUE;
    this.#left--;
    return advance(this.#table.arena, this.#table.pages, this.#table.slotCount, this.#place);
  }
}

export function beforeFirst(): HashPlace {
  return { reversed: 0, slot: -1 };
}

/** Index of a slot's first word in the slab of its page. */
function slotBase(page: number, slot: number): number {
  return ((page & SLAB_MASK) << 1) + PAGE_HEADER_WORDS + (slot & SLOT_MASK) * SLOT_WORDS;
}

function wordOf(arena: Arena, pages: Uint32Array, slot: number, field: number): number {
  const page = pages[slot >>> SLOTS_SHIFT]!;
  return arena.words[page >>> SLAB_SHIFT]![slotBase(page, slot) + field]!;
}

/** The number of low bits that tell the buckets apart when all of one doubling are there. */
function bitsFor(slotCount: number): number {
  return 32 - Math.clz32(slotCount - 1);
}

function bucketOf(hash: number, slotCount: number): number {
  const mask = (1 << bitsFor(slotCount)) - 1;
  const bucket = hash & mask;
  return bucket < slotCount ? bucket : bucket & (mask >>> 1);
}

function parentOf(bucket: number): number {
  return bucket - 2 ** (31 - Math.clz32(bucket));
}

function advance(arena: Arena, pages: Uint32Array, slotCount: number, place: HashPlace): number {
  const bits = bitsFor(slotCount);
  for (;;) {
    const bucket = bucketOf(reverseBits(place.reversed), slotCount);
    let bestReversed = Infinity;
    let bestSlot = NONE;
    for (let slot = wordOf(arena, pages, bucket, HEAD); slot !== NONE; slot = wordOf(arena, pages, slot, NEXT)) {
      const reversed = reverseBits(wordOf(arena, pages, slot, HASH));
      if (reversed < place.reversed || (reversed === place.reversed && slot <= place.slot)) continue;
      if (reversed < bestReversed || (reversed === bestReversed && slot < bestSlot)) {
        bestReversed = reversed;
        bestSlot = slot;
      }
    }
    if (bestSlot !== NONE) {
      place.reversed = bestReversed;
      place.slot = bestSlot;
      return wordOf(arena, pages, bestSlot, VALUE);
    }
    // A bucket whose sibling is not split off yet has one bit less.
    const bucketBits = bits === 0 || (bucket | (2 ** (bits - 1))) < slotCount ? bits : bits - 1;
    const width = 2 ** (32 - bucketBits);
    const next = (Math.floor(place.reversed / width) + 1) * width;
    if (next >= 2 ** 32) {
      place.reversed = 2 ** 32 - 1;
      place.slot = NONE;
      return NO_VALUE;
    }
    place.reversed = next;
    place.slot = -1;
  }
}

export function reverseBits(word: number): number {
  let bits = ((word >>> 1) & 0x55555555) | ((word & 0x55555555) << 1);
  bits = ((bits >>> 2) & 0x33333333) | ((bits & 0x33333333) << 2);
  bits = ((bits >>> 4) & 0x0f0f0f0f) | ((bits & 0x0f0f0f0f) << 4);
  bits = ((bits >>> 8) & 0x00ff00ff) | ((bits & 0x00ff00ff) << 8);
  return ((bits >>> 16) | (bits << 16)) >>> 0;
}
