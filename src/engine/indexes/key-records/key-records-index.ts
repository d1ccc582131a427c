/**
 * Multikey and functional TREE indexes: each key of a tuple is a record of its own, and a tree orders the records.
 * Invariants: (1) a tuple has no two records of equal keys; (2) a `replace` that is forbidden, or for which memory does
 * not suffice, leaves the index as it was; (3) records belong to the index, which frees them.
 */
import { BoxError, boxErrorWith, ByteWriter } from '../../../base/index.ts';
import { writeArrayHeader } from '../../../codec/msgpack/index.ts';
import { compileComparator } from '../../../tuple/index.ts';
import {
  type Address,
  type Arena,
  NO_ADDRESS,
  type ReadViews,
  tuplePosition,
  tupleSize,
  tupleSlab,
} from '../../arena/index.ts';
import {
  DUPLICATE,
  type DuplicateMode,
  type IndexCursor,
  type IndexDefinition,
  type IndexSnapshot,
  type IteratorType,
  type SpaceIndex,
} from '../contract.ts';
import { keyEnd } from '../key-end.ts';
import { TreeWalk } from '../tree/cursor.ts';
import { PageRelease } from '../tree/page-release.ts';
import { PAGE_BYTES, pageCount, tupleOf } from '../tree/pages.ts';
import { randomEntry, singlePartCount } from '../tree/tree-index.ts';
import { countRange, frozenRange, isTreeIterator, LastingTreeRange, TreeRange } from '../tree/tree-range.ts';
import { Tree } from '../tree/tree.ts';
import { FunctionSource, type KeyFunction, type KeySource, MultikeySource } from './key-source.ts';
import { recordBytes, recordKeyDef, recordSize, tupleOfRecord, writeRecord } from './records.ts';

export class KeyRecordsIndex implements SpaceIndex {
  readonly definition: IndexDefinition;
  readonly isOrdered = true;
  readonly #arena: Arena;
  readonly #views: ReadViews;
  readonly #source: KeySource;
  readonly #partTotal: number;
  readonly #tree: Tree;
  readonly #range: TreeRange;
  readonly #selection: TupleCursor;
  readonly #release: PageRelease;
  readonly #writer = new ByteWriter(256);
  #recordBytes = 0;
  #beyondQuota = false;

  // The change in progress: records put in, and those of the old tuple that they pushed out.
  readonly #inserted: Address[] = [];
  readonly #displaced: Address[] = [];

  /** Functional if there is a function, else multikey. */
  constructor(arena: Arena, views: ReadViews, definition: IndexDefinition, keyFunction: KeyFunction | null) {
    const { keyDef, orderKeyDef } = definition;
    this.definition = definition;
    this.#arena = arena;
    this.#views = views;
    this.#partTotal = orderKeyDef.parts.length;
    this.#source =
      keyFunction === null ? new MultikeySource(orderKeyDef) : new FunctionSource(keyFunction, keyDef, orderKeyDef);
    this.#tree = new Tree(arena, views, compileComparator(recordKeyDef(orderKeyDef)));
    this.#range = new TreeRange(this.#tree, singlePartCount(definition));
    this.#selection = new TupleCursor(arena, this.#range);
    this.#release = new PageRelease(this.#tree, (leaf) => this.#retireLeaf(leaf));
  }

  get size(): number {
    return this.#tree.size;
  }

  get byteSize(): number {
    return this.#tree.pageTotal * PAGE_BYTES + this.#recordBytes;
  }

  /**
   * How many keys a tuple has is not known yet, so a `replace` may still run out of memory: then it throws
   * MEMORY_ISSUE (2), unless the last reservation was beyond the quota.
   */
  reserve(beyondQuota: boolean): boolean {
    this.#beyondQuota = beyondQuota;
    return this.#tree.reserve(beyondQuota);
  }

  replace(oldTuple: Address, newTuple: Address, mode: DuplicateMode): Address {
    if (newTuple !== NO_ADDRESS) {
      const result = this.#insertAll(oldTuple, newTuple, mode);
      if (result !== NO_ADDRESS) return result;
    }
    if (oldTuple !== NO_ADDRESS) this.#removeAll(oldTuple);
    for (const record of this.#displaced) this.#retire(record);
    this.#displaced.length = 0;
    this.#inserted.length = 0;
    return oldTuple;
  }

  find(key: Uint8Array, keyPosition: number, partCount: number): Address {
    const record = this.#tree.find(key, keyPosition, partCount);
    return record === NO_ADDRESS ? NO_ADDRESS : tupleOfRecord(this.#arena, record);
  }

  supports(iterator: IteratorType): boolean {
    return isTreeIterator(iterator);
  }

  select(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): IndexCursor {
    this.#range.start(iterator, key, keyPosition, partCount);
    return this.#selection;
  }

  openCursor(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): IndexCursor {
    const end = keyEnd(key, keyPosition, partCount);
    return new TupleCursor(this.#arena, new LastingTreeRange(this.#tree, iterator, key, keyPosition, end, partCount));
  }

  openFrozenCursor(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): IndexCursor {
    const ownKey = key.slice(keyPosition, keyEnd(key, keyPosition, partCount));
    return new TupleCursor(this.#arena, frozenRange(this.#tree, iterator, ownKey, partCount));
  }

  random(seed: number): Address {
    const record = randomEntry(this.#tree, seed);
    return record === NO_ADDRESS ? NO_ADDRESS : tupleOfRecord(this.#arena, record);
  }

  count(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): number {
    return countRange(this.#tree, iterator, key, keyPosition, partCount);
  }

  freeze(): IndexSnapshot {
    return new RecordsSnapshot(this.#arena, this.#tree);
  }

  dismantle(count: number): boolean {
    if (!this.#release.isPending) {
      this.#release.detach();
      this.#recordBytes = 0;
    }
    return this.#release.slice(count);
  }

  /** NO_ADDRESS if all keys of the new tuple are in, else DUPLICATE with nothing changed. */
  #insertAll(oldTuple: Address, newTuple: Address, mode: DuplicateMode): Address {
    const bytes = tupleSlab(this.#arena, newTuple);
    const keyCount = this.#source.begin(bytes, tuplePosition(newTuple), tupleSize(this.#arena, newTuple));
    if (mode === 'replace' && oldTuple === NO_ADDRESS) return DUPLICATE;
    try {
      for (let index = 0; index < keyCount; index++) {
        if (this.#insertKey(index, oldTuple, newTuple)) continue;
        this.#undo();
        return DUPLICATE;
      }
    } catch (error) {
      if (error instanceof BoxError) this.#undo();
      throw error;
    }
    return NO_ADDRESS;
  }

  /** False, with nothing changed, if another tuple than the old and the new one has the key. */
  #insertKey(index: number, oldTuple: Address, newTuple: Address): boolean {
    this.#writeKey(index);
    const keyBytes = this.#writer.position;
    const found = this.#tree.findTuple(this.#writer.bytes, 0);
    const owner = found === NO_ADDRESS ? NO_ADDRESS : tupleOfRecord(this.#arena, found);
    if (owner === newTuple) return true;
    if (owner !== NO_ADDRESS && owner !== oldTuple) return false;
    const sizeBytes = recordBytes(keyBytes);
    const record = this.#tree.reserve(this.#beyondQuota)
      ? this.#arena.allocate(sizeBytes, this.#beyondQuota)
      : NO_ADDRESS;
    if (record === NO_ADDRESS) {
      throw boxErrorWith({ type: 'OutOfMemory' }, 'MEMORY_ISSUE', sizeBytes, 'slab allocator', 'key record');
    }
    writeRecord(this.#arena, record, this.#views.currentEpoch, this.#writer.bytes, keyBytes, newTuple);
    this.#recordBytes += sizeBytes;
    const displaced = this.#tree.insert(record);
    if (displaced !== NO_ADDRESS) this.#displaced.push(displaced);
    this.#inserted.push(record);
    return true;
  }

  #removeAll(tuple: Address): void {
    const keyCount = this.#source.begin(
      tupleSlab(this.#arena, tuple),
      tuplePosition(tuple),
      tupleSize(this.#arena, tuple),
    );
    for (let index = 0; index < keyCount; index++) {
      this.#writeKey(index);
      const record = this.#tree.findTuple(this.#writer.bytes, 0);
      if (record === NO_ADDRESS || tupleOfRecord(this.#arena, record) !== tuple) continue;
      this.#tree.reserve(true);
      this.#tree.remove(record);
      this.#retire(record);
    }
  }

  #undo(): void {
    for (const record of this.#inserted) {
      this.#tree.reserve(true);
      this.#tree.remove(record);
      this.#retire(record);
    }
    for (const record of this.#displaced) {
      this.#tree.reserve(true);
      this.#tree.insert(record);
    }
    this.#inserted.length = 0;
    this.#displaced.length = 0;
  }

  /** Writes the key as a record has it into the scratch buffer. */
  #writeKey(index: number): void {
    this.#writer.reset();
    writeArrayHeader(this.#writer, this.#partTotal);
    this.#source.write(this.#writer, index);
  }

  #retire(record: Address): void {
    this.#recordBytes -= recordSize(this.#arena, record);
    this.#views.retireTuple(record);
  }

  #retireLeaf(leaf: Address): void {
    const count = pageCount(this.#arena, leaf);
    for (let slot = 0; slot < count; slot++) this.#views.retireTuple(tupleOf(this.#arena, leaf, slot, 0));
  }
}

/** Gives the tuples of the records that another cursor gives. */
class TupleCursor implements IndexCursor {
  readonly #arena: Arena;
  readonly #records: IndexCursor;

  constructor(arena: Arena, records: IndexCursor) {
    this.#arena = arena;
    this.#records = records;
  }

  next(): Address {
    const record = this.#records.next();
    return record === NO_ADDRESS ? NO_ADDRESS : tupleOfRecord(this.#arena, record);
  }
}

class RecordsSnapshot implements IndexSnapshot {
  readonly size: number;
  readonly #tuples: TupleCursor;

  constructor(arena: Arena, tree: Tree) {
    this.size = tree.size;
    this.#tuples = new TupleCursor(arena, new TreeWalk(arena, tree.root, tree.height));
  }

  next(): Address {
    return this.#tuples.next();
  }
}
