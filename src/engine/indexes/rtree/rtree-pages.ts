/**
 * Layout of the pages of an rtree, which depends on the dimension: 16 bytes of header (u32 count, u32 epoch of
 * allocation, u32 level, 0 being a leaf), then the boxes, then for each a u32: the tuple, or the page that the box bounds.
 */
import { type Address, type Arena, SLAB_MASK, SLAB_SHIFT } from '../../arena/index.ts';
import { type Box, widen } from './boxes.ts';

const HEADER_DOUBLES = 2;
const HEADER_BYTES = 8 * HEADER_DOUBLES;
const PAGE_BYTES_LEAST = 1024;
/** Entries that a page has at least, however many dimensions there are. */
const CAPACITY_LEAST = 12;

export class RTreePages {
  readonly arena: Arena;
  /** Doubles of a box. */
  readonly boxLength: number;
  readonly capacity: number;
  readonly pageBytes: number;
  readonly #referencesWord: number;

  constructor(arena: Arena, dimension: number) {
    this.arena = arena;
    this.boxLength = 2 * dimension;
    const entryBytes = 8 * this.boxLength + 4;
    const room = PAGE_BYTES_LEAST - HEADER_BYTES;
    this.capacity = Math.max(CAPACITY_LEAST, Math.floor(room / entryBytes));
    this.pageBytes = HEADER_BYTES + this.capacity * entryBytes;
    this.#referencesWord = 2 * (HEADER_DOUBLES + this.capacity * this.boxLength);
  }

  /** The doubles that the page's boxes stand in. */
  boxes(page: Address): Float64Array {
    return this.arena.doubles[page >>> SLAB_SHIFT]!;
  }

  /** Where in them the box of an entry begins. */
  boxAt(page: Address, slot: number): number {
    return (page & SLAB_MASK) + HEADER_DOUBLES + slot * this.boxLength;
  }

  count(page: Address): number {
    return this.#words(page)[(page & SLAB_MASK) << 1]!;
  }

  epoch(page: Address): number {
    return this.#words(page)[((page & SLAB_MASK) << 1) + 1]!;
  }

  level(page: Address): number {
    return this.#words(page)[((page & SLAB_MASK) << 1) + 2]!;
  }

  setHeader(page: Address, count: number, epoch: number, level: number): void {
    const words = this.#words(page);
    const base = (page & SLAB_MASK) << 1;
    words[base] = count;
    words[base + 1] = epoch;
    words[base + 2] = level;
  }

  setCount(page: Address, count: number): void {
    this.#words(page)[(page & SLAB_MASK) << 1] = count;
  }

  reference(page: Address, slot: number): Address {
    return this.#words(page)[((page & SLAB_MASK) << 1) + this.#referencesWord + slot]!;
  }

  setReference(page: Address, slot: number, reference: Address): void {
    this.#words(page)[((page & SLAB_MASK) << 1) + this.#referencesWord + slot] = reference;
  }

  /** Writes an entry whose box stands at `at` in `box`. */
  setEntry(page: Address, slot: number, box: Float64Array, at: number, reference: Address): void {
    const boxes = this.boxes(page);
    const start = this.boxAt(page, slot);
    for (let side = 0; side < this.boxLength; side++) boxes[start + side] = box[at + side]!;
    this.setReference(page, slot, reference);
  }

  /** Takes an entry out; those behind it move up. */
  removeEntry(page: Address, slot: number): void {
    const count = this.count(page);
    this.boxes(page).copyWithin(this.boxAt(page, slot), this.boxAt(page, slot + 1), this.boxAt(page, count));
    for (let at = slot + 1; at < count; at++) this.setReference(page, at - 1, this.reference(page, at));
    this.setCount(page, count - 1);
  }

  copyEntries(from: Address, to: Address): void {
    const count = this.count(from);
    const boxes = this.boxes(from);
    for (let slot = 0; slot < count; slot++) {
      this.setEntry(to, slot, boxes, this.boxAt(from, slot), this.reference(from, slot));
    }
  }

  /** Writes the box around all entries of a page that has some. */
  bounds(page: Address, target: Box): void {
    const boxes = this.boxes(page);
    const first = this.boxAt(page, 0);
    for (let side = 0; side < this.boxLength; side++) target[side] = boxes[first + side]!;
    const count = this.count(page);
    for (let slot = 1; slot < count; slot++) widen(target, 0, boxes, this.boxAt(page, slot), this.boxLength);
  }

  #words(page: Address): Uint32Array {
    return this.arena.words[page >>> SLAB_SHIFT]!;
  }
}
