/**
 * HASH: tuples by the whole value of a unique key. Iterators are EQ (a whole key), ALL (whatever the key) and GT, which
 * goes on behind the tuple of a whole key and gives nothing if there is no such tuple.
 * The order of ALL and GT is the same one, has no meaning, and survives changes: a tuple that stays is given exactly
 * once by a cursor that outlives them.
 */
import { type Comparator, compileComparator } from '../../../tuple/index.ts';
import { type Address, type Arena, NO_ADDRESS, type ReadViews, tuplePosition, tupleSlab } from '../../arena/index.ts';
import {
  DUPLICATE,
  type DuplicateMode,
  type IndexCursor,
  type IndexDefinition,
  type IndexSnapshot,
  ITERATOR,
  type IteratorType,
  type SpaceIndex,
} from '../contract.ts';
import { keyEnd } from '../key-end.ts';
import { beforeFirst, FrozenWalk, HashTable, type HashPlace } from './hash-table.ts';
import { compileKeyHash, hashWord, type KeyHash } from './key-hash.ts';

const NO_BYTES = new Uint8Array(0);

export class HashIndex implements SpaceIndex {
  readonly definition: IndexDefinition;
  readonly isOrdered = false;
  readonly #arena: Arena;
  readonly #table: HashTable;
  readonly #order: Comparator;
  readonly #hash: KeyHash;
  readonly #selection: HashCursor;

  // What is sought: fields instead of arguments, so that the table can ask without a closure for each search.
  #soughtBytes: Uint8Array = NO_BYTES;
  #soughtPosition = 0;
  /** Parts of the key, or -1 when a whole tuple is sought. */
  #soughtParts = 0;

  constructor(arena: Arena, views: ReadViews, definition: IndexDefinition) {
    this.definition = definition;
    this.#arena = arena;
    this.#order = compileComparator(definition.keyDef);
    this.#hash = compileKeyHash(definition.keyDef);
    this.#table = new HashTable(arena, views, (tuple) => this.#isSought(tuple));
    this.#selection = new HashCursor(this, this.#table);
  }

  get size(): number {
    return this.#table.count;
  }

  get byteSize(): number {
    return this.#table.byteSize;
  }

  reserve(beyondQuota: boolean): boolean {
    return this.#table.reserve(beyondQuota);
  }

  replace(oldTuple: Address, newTuple: Address, mode: DuplicateMode): Address {
    if (newTuple === NO_ADDRESS) return oldTuple === NO_ADDRESS ? NO_ADDRESS : this.#remove(oldTuple);
    const hash = this.#seekTuple(newTuple);
    const slot = this.#table.find(hash);
    if (slot < 0) {
      if (mode === 'replace') return DUPLICATE;
      this.#table.insert(hash, newTuple);
      return oldTuple === NO_ADDRESS ? NO_ADDRESS : this.#remove(oldTuple);
    }
    const equal = this.#table.valueAt(slot);
    if (equal !== oldTuple && (oldTuple !== NO_ADDRESS || mode === 'insert')) return DUPLICATE;
    this.#table.setValue(slot, newTuple);
    return equal;
  }

  find(key: Uint8Array, keyPosition: number, partCount: number): Address {
    const slot = this.findSlot(key, keyPosition, partCount);
    return slot < 0 ? NO_ADDRESS : this.#table.valueAt(slot);
  }

  /** Slot of the tuple with this whole key, -1 if there is none. */
  findSlot(key: Uint8Array, keyPosition: number, partCount: number): number {
    this.#soughtBytes = key;
    this.#soughtPosition = keyPosition;
    this.#soughtParts = partCount;
    return this.#table.find(this.#hash.keyHash(key, keyPosition));
  }

  supports(iterator: IteratorType): boolean {
    return iterator === ITERATOR.EQ || iterator === ITERATOR.ALL || iterator === ITERATOR.GT;
  }

  select(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): IndexCursor {
    this.#selection.start(iterator, key, keyPosition, partCount);
    return this.#selection;
  }

  openCursor(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): IndexCursor {
    const cursor = new HashCursor(this, this.#table);
    cursor.start(iterator, key.slice(keyPosition, keyEnd(key, keyPosition, partCount)), 0, partCount);
    return cursor;
  }

  openFrozenCursor(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): IndexCursor {
    const isLookup = iterator === ITERATOR.EQ;
    if (isLookup || (iterator === ITERATOR.GT && partCount > 0)) {
      const slot = this.findSlot(key, keyPosition, partCount);
      if (slot < 0) return new SingleTuple(NO_ADDRESS);
      if (isLookup) return new SingleTuple(this.#table.valueAt(slot));
      return new FrozenWalk(this.#table.freeze(), this.#table.placeOf(slot));
    }
    return new FrozenWalk(this.#table.freeze());
  }

  random(seed: number): Address {
    const place: HashPlace = { reversed: hashWord(seed), slot: -1 };
    const tuple = this.#table.advance(place);
    return tuple === NO_ADDRESS ? this.#table.advance(beforeFirst()) : tuple;
  }

  count(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): number {
    if (iterator === ITERATOR.ALL || partCount === 0) return this.#table.count;
    const cursor = this.select(iterator, key, keyPosition, partCount);
    let count = 0;
    while (cursor.next() !== NO_ADDRESS) count++;
    return count;
  }

  freeze(): IndexSnapshot {
    return new HashSnapshot(this.#table);
  }

  dismantle(count: number): boolean {
    if (!this.#table.isReleasing) this.#table.detach();
    return this.#table.releaseSlice(count);
  }

  #remove(tuple: Address): Address {
    return this.#table.remove(this.#seekTuple(tuple));
  }

  /** Makes the tuple's key the sought one; returns its hash. */
  #seekTuple(tuple: Address): number {
    this.#soughtBytes = tupleSlab(this.#arena, tuple);
    this.#soughtPosition = tuplePosition(tuple);
    this.#soughtParts = -1;
    return this.#hash.tupleHash(this.#soughtBytes, this.#soughtPosition);
  }

  #isSought(tuple: Address): boolean {
    const bytes = tupleSlab(this.#arena, tuple);
    const position = tuplePosition(tuple);
    return (
      (this.#soughtParts < 0
        ? this.#order.compareTuples(bytes, position, this.#soughtBytes, this.#soughtPosition)
        : this.#order.compareTupleWithKey(
            bytes,
            position,
            this.#soughtBytes,
            this.#soughtPosition,
            this.#soughtParts,
          )) === 0
    );
  }
}

class HashCursor implements IndexCursor {
  readonly #index: HashIndex;
  readonly #table: HashTable;
  readonly #place: HashPlace = beforeFirst();
  #isLookup = false;
  #hasEnded = true;
  #key: Uint8Array = NO_BYTES;
  #keyPosition = 0;
  #partCount = 0;

  constructor(index: HashIndex, table: HashTable) {
    this.#index = index;
    this.#table = table;
  }

  start(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): void {
    this.#hasEnded = false;
    this.#isLookup = iterator === ITERATOR.EQ;
    this.#key = key;
    this.#keyPosition = keyPosition;
    this.#partCount = partCount;
    this.#place.reversed = 0;
    this.#place.slot = -1;
    if (iterator === ITERATOR.GT && partCount > 0) this.#startBehindKey();
  }

  next(): Address {
    if (this.#hasEnded) return NO_ADDRESS;
    if (this.#isLookup) {
      this.#hasEnded = true;
      return this.#index.find(this.#key, this.#keyPosition, this.#partCount);
    }
    const tuple = this.#table.advance(this.#place);
    if (tuple === NO_ADDRESS) this.#hasEnded = true;
    return tuple;
  }

  #startBehindKey(): void {
    const slot = this.#index.findSlot(this.#key, this.#keyPosition, this.#partCount);
    if (slot < 0) {
      this.#hasEnded = true;
      return;
    }
    const { reversed } = this.#table.placeOf(slot);
    this.#place.reversed = reversed;
    this.#place.slot = slot;
  }
}

class SingleTuple implements IndexCursor {
  #tuple: Address;

  constructor(tuple: Address) {
    this.#tuple = tuple;
  }

  next(): Address {
    const tuple = this.#tuple;
    this.#tuple = NO_ADDRESS;
    return tuple;
  }
}

class HashSnapshot implements IndexSnapshot {
  readonly size: number;
  readonly #walk: FrozenWalk;

  constructor(table: HashTable) {
    const frozen = table.freeze();
    this.size = frozen.count;
    this.#walk = new FrozenWalk(frozen);
  }

  next(): Address {
    return this.#walk.next();
  }
}
