/**
 * Layout of a tuple's cell: u32 size of the data in bytes, u32 epoch in which it was allocated, then the data, a
 * MessagePack array. The epoch says whether an open read view may still see the tuple after it left the indexes.
 */
import { type Address, type Arena, SLAB_MASK, SLAB_SHIFT } from './arena.ts';

export const TUPLE_HEADER_BYTES = 8;

/** The slab that holds the tuple; with `tuplePosition` it gives the place of the data. */
export function tupleSlab(arena: Arena, address: Address): Uint8Array {
  return arena.bytes[address >>> SLAB_SHIFT]!;
}

/** Where the data of the tuple begins in its slab. */
export function tuplePosition(address: Address): number {
  return ((address & SLAB_MASK) << 3) + TUPLE_HEADER_BYTES;
}

/** Bytes of the tuple's data. */
export function tupleSize(arena: Arena, address: Address): number {
  return arena.words[address >>> SLAB_SHIFT]![(address & SLAB_MASK) << 1]!;
}

/** A view of the tuple's data, valid until the turn ends. */
export function tupleView(arena: Arena, address: Address): Uint8Array {
  const start = tuplePosition(address);
  return tupleSlab(arena, address).subarray(start, start + tupleSize(arena, address));
}

/** A copy of the tuple's data. */
export function tupleCopy(arena: Arena, address: Address): Uint8Array {
  return Uint8Array.from(tupleView(arena, address));
}
