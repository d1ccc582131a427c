/** What tests of indexes share: an arena with tuples made from values, and definitions with the usual defaults. */
import { indexId } from '../../base/index.ts';
import { containerHeaderSize, decodeArray, encodeToBytes, type Value } from '../../codec/msgpack/index.ts';
import { comparisonKeyDef, type KeyDef, keyDef, keyPart, type KeyPartOptions } from '../../tuple/index.ts';
import {
  type Address,
  Arena,
  NO_ADDRESS,
  ReadViews,
  SLAB_MASK,
  SLAB_SHIFT,
  TUPLE_HEADER_BYTES,
  tupleCopy,
  tuplePosition,
  tupleSlab,
} from '../arena/index.ts';
import type { IndexCursor, IndexDefinition, IndexSnapshot, IteratorType, SpaceIndex } from './contract.ts';

export type Row = readonly Value[];

export type Key = Readonly<{ bytes: Uint8Array; position: number; partCount: number }>;

/** A key as a request carries it. */
export function keyOf(values: readonly Value[]): Key {
  const bytes = encodeToBytes([...values]);
  return { bytes, position: containerHeaderSize(bytes, 0), partCount: values.length };
}

export const FIRST_FIELD: KeyDef = keyDef([keyPart({ fieldNo: 0, type: 'unsigned' })]);

export function definitionOf(
  type: IndexDefinition['type'],
  parts: readonly KeyPartOptions[],
  options: Partial<IndexDefinition> & { primary?: KeyDef } = {},
): IndexDefinition {
  const { primary = FIRST_FIELD, ...given } = options;
  const own = keyDef(parts.map(keyPart));
  const isUnique = options.isUnique ?? true;
  return {
    id: indexId(1),
    name: 'i',
    type,
    isUnique,
    keyDef: own,
    orderKeyDef: comparisonKeyDef(own, primary, isUnique),
    dimension: 2,
    distance: 'euclid',
    functionId: null,
    ...given,
  };
}

export class IndexFixture {
  readonly arena: Arena;
  readonly views: ReadViews;

  constructor(quotaBytes = 256 * 1024 * 1024) {
    this.arena = new Arena(quotaBytes);
    this.views = new ReadViews(this.arena);
  }

  tuple(row: Row, beyondQuota = false): Address {
    const bytes = encodeToBytes([...row]);
    const address = this.arena.allocate(TUPLE_HEADER_BYTES + bytes.length, beyondQuota);
    if (address === NO_ADDRESS) return NO_ADDRESS;
    const words = this.arena.words[address >>> SLAB_SHIFT]!;
    const word = (address & SLAB_MASK) * 2;
    words[word] = bytes.length;
    words[word + 1] = this.views.currentEpoch;
    tupleSlab(this.arena, address).set(bytes, tuplePosition(address));
    return address;
  }

  row(address: Address): Row {
    return decodeArray(tupleCopy(this.arena, address), 0);
  }

  rows(cursor: IndexCursor | IndexSnapshot): Row[] {
    const rows: Row[] = [];
    for (let tuple = cursor.next(); tuple !== NO_ADDRESS; tuple = cursor.next()) rows.push(this.row(tuple));
    return rows;
  }

  select(index: SpaceIndex, iterator: IteratorType, values: readonly Value[]): Row[] {
    const key = keyOf(values);
    return this.rows(index.select(iterator, key.bytes, key.position, key.partCount));
  }

  count(index: SpaceIndex, iterator: IteratorType, values: readonly Value[]): number {
    const key = keyOf(values);
    return index.count(iterator, key.bytes, key.position, key.partCount);
  }

  open(index: SpaceIndex, iterator: IteratorType, values: readonly Value[]): IndexCursor {
    const key = keyOf(values);
    const cursor = index.openCursor(iterator, key.bytes, key.position, key.partCount);
    key.bytes.fill(0xc1);
    return cursor;
  }

  find(index: SpaceIndex, values: readonly Value[]): Address {
    const key = keyOf(values);
    return index.find(key.bytes, key.position, key.partCount);
  }

  /** Everything that waits for read views to close, which all must be. */
  freeRetired(): void {
    while (this.views.freeSlice(100));
  }

  get cellBytes(): number {
    return this.arena.statistics().cellBytes;
  }
}
