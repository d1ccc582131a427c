/**
 * Layout of the pages of a B+tree: 1024 bytes each, in the arena.
 *
 * | bytes | leaf | inner page |
 * |---|---|---|
 * | 0 | u32 count of entries | u32 count of children |
 * | 4 | u32 epoch of allocation | the same |
 * | 8 | u32 level: 0 | u32 level: 1 is above the leaves |
 * | 16 | 84 x f64 hint | 63 x f64 hint of the child's first entry |
 * | 16 + 8 n | 84 x u32 tuple address | 63 x u32 address of the child's first tuple |
 * | | | 63 x u32 address of the child |
 *
 * The hints lie together so that a search touches few cache lines. Hint and address of an inner page's first child
 * are not kept up: everything below the second child's first entry goes to the first child.
 */
import { type Address, type Arena, SLAB_MASK, SLAB_SHIFT } from '../../arena/index.ts';

export const PAGE_BYTES = 1024;
export const LEAF_CAPACITY = 84;
export const INNER_CAPACITY = 63;

const HEADER_DOUBLES = 2;
const HEADER_WORDS = 4;
export const LEAF_TUPLES_WORD = HEADER_WORDS + 2 * LEAF_CAPACITY;
export const INNER_TUPLES_WORD = HEADER_WORDS + 2 * INNER_CAPACITY;
export const INNER_CHILDREN_WORD = INNER_TUPLES_WORD + INNER_CAPACITY;

export function pageWords(arena: Arena, page: Address): Uint32Array {
  return arena.words[page >>> SLAB_SHIFT]!;
}

export function pageDoubles(arena: Arena, page: Address): Float64Array {
  return arena.doubles[page >>> SLAB_SHIFT]!;
}

/** Index of the page's first 32-bit word in its slab. */
export function wordBase(page: Address): number {
  return (page & SLAB_MASK) << 1;
}

/** Index of the page's first hint among its slab's doubles. */
export function hintBase(page: Address): number {
  return (page & SLAB_MASK) + HEADER_DOUBLES;
}

export function pageCount(arena: Arena, page: Address): number {
  return arena.words[page >>> SLAB_SHIFT]![(page & SLAB_MASK) << 1]!;
}

export function setPageCount(arena: Arena, page: Address, count: number): void {
  arena.words[page >>> SLAB_SHIFT]![(page & SLAB_MASK) << 1] = count;
}

export function pageEpoch(arena: Arena, page: Address): number {
  return arena.words[page >>> SLAB_SHIFT]![((page & SLAB_MASK) << 1) + 1]!;
}

export function pageLevel(arena: Arena, page: Address): number {
  return arena.words[page >>> SLAB_SHIFT]![((page & SLAB_MASK) << 1) + 2]!;
}

export function tupleOf(arena: Arena, page: Address, slot: number, level: number): Address {
  return arena.words[page >>> SLAB_SHIFT]![
    wordBase(page) + (level === 0 ? LEAF_TUPLES_WORD : INNER_TUPLES_WORD) + slot
  ]!;
}

export function hintOf(arena: Arena, page: Address, slot: number): number {
  return arena.doubles[page >>> SLAB_SHIFT]![hintBase(page) + slot]!;
}

export function childOf(arena: Arena, page: Address, slot: number): Address {
  return arena.words[page >>> SLAB_SHIFT]![wordBase(page) + INNER_CHILDREN_WORD + slot]!;
}

export function setEntry(arena: Arena, page: Address, slot: number, level: number, hint: number, tuple: Address): void {
  arena.doubles[page >>> SLAB_SHIFT]![hintBase(page) + slot] = hint;
  arena.words[page >>> SLAB_SHIFT]![wordBase(page) + (level === 0 ? LEAF_TUPLES_WORD : INNER_TUPLES_WORD) + slot] =
    tuple;
}

export function setChild(arena: Arena, page: Address, slot: number, child: Address): void {
  arena.words[page >>> SLAB_SHIFT]![wordBase(page) + INNER_CHILDREN_WORD + slot] = child;
}

/** Moves `count` entries from one place to another, within a page or between two of one level. */
export function moveEntries(
  arena: Arena,
  from: Address,
  fromSlot: number,
  to: Address,
  toSlot: number,
  count: number,
  level: number,
): void {
  if (count <= 0) return;
  moveDoubles(arena, from, hintBase(from) + fromSlot, to, hintBase(to) + toSlot, count);
  const tuples = level === 0 ? LEAF_TUPLES_WORD : INNER_TUPLES_WORD;
  moveWords(arena, from, wordBase(from) + tuples + fromSlot, to, wordBase(to) + tuples + toSlot, count);
  if (level > 0) {
    const children = INNER_CHILDREN_WORD;
    moveWords(arena, from, wordBase(from) + children + fromSlot, to, wordBase(to) + children + toSlot, count);
  }
}

function moveDoubles(arena: Arena, from: Address, start: number, to: Address, target: number, count: number): void {
  const source = pageDoubles(arena, from);
  const destination = pageDoubles(arena, to);
  if (source === destination) source.copyWithin(target, start, start + count);
  else destination.set(source.subarray(start, start + count), target);
}

function moveWords(arena: Arena, from: Address, start: number, to: Address, target: number, count: number): void {
  const source = pageWords(arena, from);
  const destination = pageWords(arena, to);
  if (source === destination) source.copyWithin(target, start, start + count);
  else destination.set(source.subarray(start, start + count), target);
}
