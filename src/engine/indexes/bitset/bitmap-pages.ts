/**
 * Tuples by dense number, with a bitmap for each of 64 bits of their values, in pages of 256 numbers:
 * 8 words that say which numbers are taken, 256 addresses (of a free number: the next free one), 64 x 8 words of bits.
 * A freed number is the next to be given out, as in Tarantool, whose results come in the order of these numbers.
 */
import { type Address, type Arena, type ReadViews, SLAB_MASK, SLAB_SHIFT } from '../../arena/index.ts';
import { PAGE_HEADER_WORDS, PagedArray } from '../paged/paged-array.ts';
import { MAPPED_BITS, type MappedBits } from './bit-query.ts';

const NUMBERS_SHIFT = 8;
export const NUMBERS_PER_PAGE = 1 << NUMBERS_SHIFT;
const NUMBER_MASK = NUMBERS_PER_PAGE - 1;
/** Words of a bitmap of one page. */
export const MAP_WORDS = NUMBERS_PER_PAGE / 32;
const TAKEN_WORD = PAGE_HEADER_WORDS;
const TUPLES_WORD = TAKEN_WORD + MAP_WORDS;
const BITS_WORD = TUPLES_WORD + NUMBERS_PER_PAGE;
const PAGE_BYTES = 4 * (BITS_WORD + MAPPED_BITS * MAP_WORDS);
const NONE = 0xffffffff;

/** Pages that a removal and an insertion touch at most, beside a new one. */
const TOUCHED_PAGES = 4;

/** A page as its slab's words and where in them it begins. */
export type PageWords = { words: Uint32Array; base: number };

export class BitmapPages {
  readonly array: PagedArray;
  readonly #arena: Arena;
  #freeNumber = NONE;
  /** Numbers ever given out. */
  numberCount = 0;

  constructor(arena: Arena, views: ReadViews) {
    this.#arena = arena;
    this.array = new PagedArray(arena, views, PAGE_BYTES);
  }

  reserve(beyondQuota: boolean): boolean {
    return this.array.reserve(2 + (this.array.copiesPages ? TOUCHED_PAGES : 0), beyondQuota);
  }

  tupleAt(number: number): Address {
    const page = this.array.pages[number >>> NUMBERS_SHIFT]!;
    return this.#arena.words[page >>> SLAB_SHIFT]![((page & SLAB_MASK) << 1) + TUPLES_WORD + (number & NUMBER_MASK)]!;
  }

  /** Gives the tuple a number. Precondition: `reserve`. */
  add(tuple: Address, bits: MappedBits): number {
    let number = this.#freeNumber;
    if (number === NONE) {
      number = this.numberCount++;
      if ((number & NUMBER_MASK) === 0) this.#appendPage();
    } else {
      this.#freeNumber = this.tupleAt(number);
    }
    const { words, base } = this.#writable(number);
    const slot = number & NUMBER_MASK;
    words[base + TUPLES_WORD + slot] = tuple;
    words[base + TAKEN_WORD + (slot >> 5)]! |= 1 << (slot & 31);
    this.#flipBits(words, base, slot, bits);
    return number;
  }

  remove(number: number, bits: MappedBits): void {
    const { words, base } = this.#writable(number);
    const slot = number & NUMBER_MASK;
    words[base + TUPLES_WORD + slot] = this.#freeNumber;
    words[base + TAKEN_WORD + (slot >> 5)]! &= ~(1 << (slot & 31));
    this.#flipBits(words, base, slot, bits);
    this.#freeNumber = number;
  }

  detach(): void {
    this.array.detach();
    this.#freeNumber = NONE;
    this.numberCount = 0;
  }

  #flipBits(words: Uint32Array, base: number, slot: number, bits: MappedBits): void {
    const place = base + BITS_WORD + (slot >> 5);
    const mask = 1 << (slot & 31);
    for (let half = 0; half < 2; half++) {
      for (let left = bits[half]!; left !== 0; left &= left - 1) {
        const bit = half * 32 + (31 - Math.clz32(left & -left));
        words[place + bit * MAP_WORDS]! ^= mask;
      }
    }
  }

  #writable(number: number): PageWords {
    return pageWords(this.#arena, this.array.writablePage(number >>> NUMBERS_SHIFT));
  }

  #appendPage(): void {
    const { words, base } = pageWords(this.#arena, this.array.append());
    words.fill(0, base + TAKEN_WORD, base + PAGE_BYTES / 4);
  }
}

export function pageWords(arena: Arena, page: Address): PageWords {
  return { words: arena.words[page >>> SLAB_SHIFT]!, base: (page & SLAB_MASK) << 1 };
}

/** Word `index` of the bitmap that says which numbers are taken. */
export function takenWord({ words, base }: PageWords, index: number): number {
  return words[base + TAKEN_WORD + index]!;
}

/** Word `index` of the bitmap of one bit. */
export function bitWord({ words, base }: PageWords, bit: number, index: number): number {
  return words[base + BITS_WORD + bit * MAP_WORDS + index]!;
}

export function tupleInPage({ words, base }: PageWords, slot: number): Address {
  return words[base + TUPLES_WORD + slot]!;
}
