/**
 * BITSET: tuples by single bits of one unsigned or string part, not unique. Iterators are EQ, ALL, BITS_ALL_SET,
 * BITS_ANY_SET and BITS_ALL_NOT_SET; results come in the order of the numbers that tuples get when they enter.
 * An entry takes some 13 bytes and one of a table that leads from the tuple to its number, whatever the value: bits
 * beyond the first eight bytes of a string are looked up in the tuple.
 */
import { defined } from '../../../base/index.ts';
import { type KeyPart, partPosition } from '../../../tuple/index.ts';
import { type Address, type Arena, NO_ADDRESS, type ReadViews, tuplePosition, tupleSlab } from '../../arena/index.ts';
import {
  type DuplicateMode,
  type IndexCursor,
  type IndexDefinition,
  type IndexSnapshot,
  ITERATOR,
  type IteratorType,
  type SpaceIndex,
} from '../contract.ts';
import { HashTable } from '../hash/hash-table.ts';
import { hashWord } from '../hash/key-hash.ts';
import { BitQuery, type MappedBits, readMappedBits } from './bit-query.ts';
import {
  BitmapPages,
  bitWord,
  MAP_WORDS,
  NUMBERS_PER_PAGE,
  pageWords,
  type PageWords,
  takenWord,
  tupleInPage,
} from './bitmap-pages.ts';

export class BitsetIndex implements SpaceIndex {
  readonly definition: IndexDefinition;
  readonly isOrdered = false;
  readonly arena: Arena;
  readonly part: KeyPart;
  readonly isString: boolean;
  readonly pages: BitmapPages;
  /** Numbers by tuple, plus one, as the table knows no 0. */
  readonly #numbers: HashTable;
  readonly #bits: MappedBits = new Uint32Array(2);
  #sought: Address = NO_ADDRESS;
  /** Changes with the entries. */
  version = 0;

  constructor(arena: Arena, views: ReadViews, definition: IndexDefinition) {
    this.definition = definition;
    this.arena = arena;
    this.part = defined(definition.keyDef.parts[0], 'part of a bitset index');
    this.isString = this.part.type === 'string';
    this.pages = new BitmapPages(arena, views);
    this.#numbers = new HashTable(arena, views, (value) => this.pages.tupleAt(value - 1) === this.#sought);
  }

  get size(): number {
    return this.#numbers.count;
  }

  get byteSize(): number {
    return this.#numbers.byteSize + this.pages.array.byteSize;
  }

  reserve(beyondQuota: boolean): boolean {
    return this.pages.reserve(beyondQuota) && this.#numbers.reserve(beyondQuota);
  }

  /** No two entries of this kind of index are equal, so the mode has no say. */
  replace(oldTuple: Address, newTuple: Address, _mode: DuplicateMode): Address {
    if (oldTuple !== NO_ADDRESS) this.#remove(oldTuple);
    if (newTuple !== NO_ADDRESS) this.#add(newTuple);
    return oldTuple;
  }

  /** The index is not unique. */
  find(): Address {
    return NO_ADDRESS;
  }

  supports(iterator: IteratorType): boolean {
    switch (iterator) {
      case ITERATOR.EQ:
      case ITERATOR.ALL:
      case ITERATOR.BITS_ALL_SET:
      case ITERATOR.BITS_ANY_SET:
      case ITERATOR.BITS_ALL_NOT_SET:
        return true;
      default:
        return false;
    }
  }

  select(iterator: IteratorType, key: Uint8Array, keyPosition: number): IndexCursor {
    return new BitsetCursor(this, new BitQuery(iterator, this.isString, key, keyPosition));
  }

  openCursor(iterator: IteratorType, key: Uint8Array, keyPosition: number): IndexCursor {
    return this.select(iterator, key, keyPosition);
  }

  random(seed: number): Address {
    const { array } = this.pages;
    if (this.size === 0) return NO_ADDRESS;
    const mask = new Uint32Array(MAP_WORDS);
    const all = new BitQuery(ITERATOR.ALL, this.isString, NO_KEY, 0);
    for (let page = hashWord(seed) % array.pageCount; ; page = (page + 1) % array.pageCount) {
      const words = pageWords(this.arena, array.pages[page]!);
      matchPage(this, words, all, mask);
      const slot = nextInMask(mask, hashWord(seed) % NUMBERS_PER_PAGE);
      if (slot >= 0) return tupleInPage(words, slot);
      const first = nextInMask(mask, 0);
      if (first >= 0) return tupleInPage(words, first);
    }
  }

  count(iterator: IteratorType, key: Uint8Array, keyPosition: number): number {
    if (iterator === ITERATOR.ALL) return this.size;
    const query = new BitQuery(iterator, this.isString, key, keyPosition);
    const mask = new Uint32Array(MAP_WORDS);
    const { array } = this.pages;
    let count = 0;
    for (let page = 0; page < array.pageCount; page++) {
      matchPage(this, pageWords(this.arena, array.pages[page]!), query, mask);
      for (let word = 0; word < MAP_WORDS; word++) {
        for (let left = mask[word]!; left !== 0; left &= left - 1) count++;
      }
    }
    return count;
  }

  freeze(): IndexSnapshot {
    return new BitsetSnapshot(this.arena, this.pages.array.freeze(), this.size);
  }

  dismantle(count: number): boolean {
    const { array } = this.pages;
    if (!array.isReleasing && !this.#numbers.isReleasing) {
      this.pages.detach();
      this.#numbers.detach();
      this.version++;
    }
    return array.isReleasing
      ? array.releaseSlice(count) || this.#numbers.isReleasing
      : this.#numbers.releaseSlice(count);
  }

  #add(tuple: Address): void {
    this.#readBits(tuple);
    this.#numbers.insert(hashWord(tuple), this.pages.add(tuple, this.#bits) + 1);
    this.version++;
  }

  #remove(tuple: Address): void {
    this.#sought = tuple;
    const number = this.#numbers.remove(hashWord(tuple)) - 1;
    this.#readBits(tuple);
    this.pages.remove(number, this.#bits);
    this.version++;
  }

  #readBits(tuple: Address): void {
    const bytes = tupleSlab(this.arena, tuple);
    readMappedBits(this.isString, bytes, partPosition(bytes, tuplePosition(tuple), this.part, 0), this.#bits);
  }
}

const NO_KEY = new Uint8Array(0);

/** Writes into `mask` which numbers of the page match. */
function matchPage(index: BitsetIndex, page: PageWords, query: BitQuery, mask: Uint32Array): void {
  for (let word = 0; word < MAP_WORDS; word++) mask[word] = query.isEmpty ? 0 : matchWord(page, query, word);
  if (!query.hasRest) return;
  for (let slot = nextInMask(mask, 0); slot >= 0; slot = nextInMask(mask, slot + 1)) {
    const isAny = query.iterator === ITERATOR.BITS_ANY_SET;
    if (isAny && (anyWord(page, query, slot >> 5) & (1 << (slot & 31))) !== 0) continue;
    const tuple = tupleInPage(page, slot);
    const bytes = tupleSlab(index.arena, tuple);
    const position = partPosition(bytes, tuplePosition(tuple), index.part, 0);
    if (!query.restMatches(bytes, position)) mask[slot >> 5]! &= ~(1 << (slot & 31));
  }
}

/** The taken numbers of one word that the bitmaps do not rule out. */
function matchWord(page: PageWords, query: BitQuery, word: number): number {
  let result = takenWord(page, word);
  if (result === 0 || query.iterator === ITERATOR.ALL) return result;
  if (query.iterator === ITERATOR.BITS_ANY_SET) return query.hasRest ? result : result & anyWord(page, query, word);
  for (let half = 0; half < 2; half++) {
    const bits = query.bits[half]!;
    const looked = query.iterator === ITERATOR.EQ ? query.covered[half]! : bits;
    for (let left = looked; left !== 0 && result !== 0; left &= left - 1) {
      const lowest = left & -left;
      const map = bitWord(page, half * 32 + (31 - Math.clz32(lowest)), word);
      const isWantedSet = query.iterator !== ITERATOR.BITS_ALL_NOT_SET && (bits & lowest) !== 0;
      result &= isWantedSet ? map : ~map;
    }
  }
  return result;
}

/** The numbers of one word that have any of the key's mapped bits. */
function anyWord(page: PageWords, query: BitQuery, word: number): number {
  let any = 0;
  for (let half = 0; half < 2; half++) {
    for (let left = query.bits[half]!; left !== 0; left &= left - 1) {
      any |= bitWord(page, half * 32 + (31 - Math.clz32(left & -left)), word);
    }
  }
  return any;
}

/** The first set bit from `from` on, -1 if there is none. */
function nextInMask(mask: Uint32Array, from: number): number {
  for (let word = from >> 5; word < MAP_WORDS; word++) {
    const left = word === from >> 5 ? mask[word]! & (-1 << (from & 31)) : mask[word]!;
    if (left !== 0) return word * 32 + (31 - Math.clz32(left & -left));
  }
  return -1;
}

/** Goes by number, so a change moves nothing that stays. */
class BitsetCursor implements IndexCursor {
  readonly #index: BitsetIndex;
  readonly #query: BitQuery;
  readonly #mask = new Uint32Array(MAP_WORDS);
  #page = -1;
  #slot = NUMBERS_PER_PAGE;
  #version = -1;

  constructor(index: BitsetIndex, query: BitQuery) {
    this.#index = index;
    this.#query = query;
  }

  next(): Address {
    const { array } = this.#index.pages;
    if (this.#version !== this.#index.version) {
      this.#version = this.#index.version;
      if (this.#page >= 0 && this.#page < array.pageCount) this.#match();
    }
    for (;;) {
      if (this.#page >= array.pageCount) return NO_ADDRESS;
      const slot = this.#page < 0 ? -1 : nextInMask(this.#mask, this.#slot);
      if (slot >= 0) {
        this.#slot = slot + 1;
        return tupleInPage(this.#words(), slot);
      }
      this.#page++;
      this.#slot = 0;
      if (this.#page < array.pageCount) this.#match();
    }
  }

  #words(): PageWords {
    return pageWords(this.#index.arena, defined(this.#index.pages.array.pages[this.#page], 'page'));
  }

  #match(): void {
    matchPage(this.#index, this.#words(), this.#query, this.#mask);
  }
}

class BitsetSnapshot implements IndexSnapshot {
  readonly size: number;
  readonly #arena: Arena;
  readonly #pages: Uint32Array;
  #page = 0;
  #slot = 0;

  constructor(arena: Arena, pages: Uint32Array, size: number) {
    this.#arena = arena;
    this.#pages = pages;
    this.size = size;
  }

  next(): Address {
    for (; this.#page < this.#pages.length; this.#page++, this.#slot = 0) {
      const page = pageWords(this.#arena, this.#pages[this.#page]!);
      while (this.#slot < NUMBERS_PER_PAGE) {
        const slot = this.#slot++;
        if ((takenWord(page, slot >> 5) & (1 << (slot & 31))) !== 0) return tupleInPage(page, slot);
      }
    }
    return NO_ADDRESS;
  }
}
