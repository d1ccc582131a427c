/**
 * Layout of a key record: a cell like a tuple's, so that comparators and read views treat it as one, whose data is the
 * key as a MessagePack array of all parts that order the index. Behind the data, at the next multiple of 4 bytes,
 * stands the u32 address of the tuple that the key belongs to.
 */
import { type KeyDef, keyDef } from '../../../tuple/index.ts';
import {
  type Address,
  type Arena,
  SLAB_MASK,
  SLAB_SHIFT,
  TUPLE_HEADER_BYTES,
  tuplePosition,
  tupleSlab,
} from '../../arena/index.ts';

const HEADER_WORDS = TUPLE_HEADER_BYTES / 4;
const TUPLE_BYTES = 4;

/** Bytes of a record with so many bytes of key. */
export function recordBytes(keyBytes: number): number {
  return TUPLE_HEADER_BYTES + ((keyBytes + 3) & ~3) + TUPLE_BYTES;
}

export function writeRecord(
  arena: Arena,
  record: Address,
  epoch: number,
  key: Uint8Array,
  keyBytes: number,
  tuple: Address,
): void {
  const words = arena.words[record >>> SLAB_SHIFT]!;
  const base = (record & SLAB_MASK) << 1;
  words[base] = keyBytes;
  words[base + 1] = epoch;
  words[base + HEADER_WORDS + ((keyBytes + 3) >>> 2)] = tuple;
  tupleSlab(arena, record).set(key.subarray(0, keyBytes), tuplePosition(record));
}

export function recordSize(arena: Arena, record: Address): number {
  return recordBytes(arena.words[record >>> SLAB_SHIFT]![(record & SLAB_MASK) << 1]!);
}

/** The tuple that the record's key belongs to. */
export function tupleOfRecord(arena: Arena, record: Address): Address {
  const words = arena.words[record >>> SLAB_SHIFT]!;
  const base = (record & SLAB_MASK) << 1;
  return words[base + HEADER_WORDS + ((words[base]! + 3) >>> 2)]!;
}

/** The same order over records: their fields are the parts. */
export function recordKeyDef(orderKeyDef: KeyDef): KeyDef {
  const parts = orderKeyDef.parts.map((part, fieldNo) => ({ ...part, fieldNo, path: null }));
  return keyDef(parts, orderKeyDef.uniquePartCount);
}
