/**
 * A space in memory: its tuples and the indexes that lead to them.
 *
 * Invariants: (1) every tuple of the primary index is in every other index, or in none of them while a statement runs;
 * (2) a change either happens in all indexes or in none; (3) the space never frees a tuple: the transaction that
 * replaced it does, when the change is durable or rolled back; (4) memory for a change is reserved before its first
 * step, so that undoing it cannot fail.
 */
import {
  assert,
  boxError,
  boxErrorWith,
  ByteWriter,
  copyBytes,
  type SequenceId,
  type SpaceId,
  type UserId,
} from '../../base/index.ts';
import { type KeyFields, keyFields, type TupleFormat, validateTuple, writeKeyParts } from '../../tuple/index.ts';
import {
  type Address,
  type Arena,
  NO_ADDRESS,
  type ReadViews,
  SLAB_MASK,
  SLAB_SHIFT,
  TUPLE_HEADER_BYTES,
  tuplePosition,
  tupleSize,
  tupleSlab,
} from '../arena/index.ts';
import { DUPLICATE, type DuplicateMode, type SpaceIndex } from '../indexes/index.ts';

export type SpaceEngine = 'memtx' | 'sysview' | 'service' | 'blackhole';

/** A row of `_space`, understood. */
export type SpaceDefinition = Readonly<{
  id: SpaceId;
  ownerId: UserId;
  name: string;
  engine: SpaceEngine;
  /** Exact number of fields of every tuple, 0 for any. */
  fieldCount: number;
  isTemporary: boolean;
  /** Logged and kept, but never replicated. */
  isLocal: boolean;
  isSync: boolean;
  isView: boolean;
}>;

/** Memory that a space draws on: system spaces have their own, so that full user spaces stop no DDL. */
export type SpaceMemory = Readonly<{ arena: Arena; views: ReadViews }>;

/**
 * Follows a change of the space inside its transaction; throwing undoes the statement. Old or new is NO_ADDRESS for an
 * insertion or a deletion.
 */
export type ReplaceTrigger = (space: Space, oldTuple: Address, newTuple: Address) => void;

/**
 * Decides before a change of the space what it will be: from the tuple that is there and the one that would come (null
 * where there is none) to the one that comes, null for none. Returning the very bytes that it was given means: `next`,
 * no objection; `old`, no change. Throwing undoes the statement.
 */
export type BeforeReplaceTrigger = (space: Space, old: Uint8Array | null, next: Uint8Array | null) => Uint8Array | null;

/** Hears of every change of a space's tuples, undoing included; may not fail. Set while an index is being built. */
export interface SpaceObserver {
  /** `oldTuple` left the space and `newTuple` came; either may be NO_ADDRESS. */
  replaced(oldTuple: Address, newTuple: Address): void;
}

/** What an alteration of a space exchanges, and undoing it puts back. */
export type SpaceState = Readonly<{
  definition: SpaceDefinition;
  format: TupleFormat;
  indexes: readonly (SpaceIndex | null)[];
  byteSize: number;
}>;

/** Where generated values come from, for a space with auto-increment. */
export type SpaceSequence = Readonly<{ sequenceId: SequenceId; fieldNo: number; path: string; isGenerated: boolean }>;

/** Ids of the spaces that hold the schema. */
const SYSTEM_SPACE_ID = { min: 256, max: 511 } as const;

/** What Tarantool 2.6.0 counts into a tuple beside its data when it compares it with memtx_max_tuple_size. */
const COUNTED_BYTES = { header: 14, indexedField: 4 } as const;

/** The first field needs no place in a tuple's map of indexed fields. */
function countedHeaderBytes(indexes: readonly SpaceIndex[]): number {
  const places = new Set<string>();
  for (const { definition } of indexes) {
    if (definition.functionId !== null) continue;
    for (const { fieldNo, path } of definition.keyDef.parts) {
      if (fieldNo > 0 || path !== null) places.add(`${fieldNo} ${JSON.stringify(path?.tokens ?? [])}`);
    }
  }
  return COUNTED_BYTES.header + COUNTED_BYTES.indexedField * places.size;
}

/** How often memory of read views is taken back for one change before it fails: more would hold the thread too long. */
const ROOM_TRIES = 20;

const NO_KEY_FIELDS: KeyFields = { fields: 0, firstFieldNo: -1 };

export class Space {
  definition: SpaceDefinition;
  readonly id: SpaceId;
  readonly memory: SpaceMemory;
  readonly arena: Arena;
  format: TupleFormat;
  /** By index id, null where there is none. */
  indexes: readonly (SpaceIndex | null)[] = [];
  /** The same without gaps; the primary index first. */
  indexList: readonly SpaceIndex[] = [];
  primary: SpaceIndex | null = null;
  /** Where the primary key stands in a tuple. */
  primaryFields: KeyFields = NO_KEY_FIELDS;
  /** Bytes of the data of all tuples. */
  byteSize = 0;
  readonly #tupleBytesMax: number;
  #countedHeaderBytes = countedHeaderBytes([]);
  readonly isSystem: boolean;
  /** The newest first, as they are called. */
  readonly onReplace: ReplaceTrigger[] = [];
  /** The newest first, as they are called. */
  readonly beforeReplace: BeforeReplaceTrigger[] = [];
  /** Whether anything follows from a change: a change of the schema, or triggers. */
  reacts: boolean;
  sequence: SpaceSequence | null = null;
  /** Why data changes are refused: a rule on the space that is kept but cannot be enforced. */
  refusal: string | null = null;
  observer: SpaceObserver | null = null;

  constructor(definition: SpaceDefinition, format: TupleFormat, memory: SpaceMemory, tupleBytesMax: number) {
    this.definition = definition;
    this.id = definition.id;
    this.format = format;
    this.memory = memory;
    this.arena = memory.arena;
    this.#tupleBytesMax = tupleBytesMax;
    this.isSystem = definition.id >= SYSTEM_SPACE_ID.min && definition.id <= SYSTEM_SPACE_ID.max;
    this.reacts = this.isSystem;
  }

  addTrigger(trigger: ReplaceTrigger): void {
    this.onReplace.unshift(trigger);
    this.reacts = true;
  }

  removeTrigger(trigger: ReplaceTrigger): void {
    const at = this.onReplace.indexOf(trigger);
    if (at >= 0) this.onReplace.splice(at, 1);
    this.reacts = this.isSystem || this.onReplace.length > 0;
  }

  addBeforeTrigger(trigger: BeforeReplaceTrigger): void {
    this.beforeReplace.unshift(trigger);
  }

  removeBeforeTrigger(trigger: BeforeReplaceTrigger): void {
    const at = this.beforeReplace.indexOf(trigger);
    if (at >= 0) this.beforeReplace.splice(at, 1);
  }

  get name(): string {
    return this.definition.name;
  }

  /** Makes the index part of the space; the caller has filled it. */
  setIndex(id: number, index: SpaceIndex | null): void {
    const indexes = [...this.indexes];
    while (indexes.length <= id) indexes.push(null);
    indexes[id] = index;
    this.state = { ...this.state, indexes };
  }

  get state(): SpaceState {
    return { definition: this.definition, format: this.format, indexes: this.indexes, byteSize: this.byteSize };
  }

  /** Exchanges definition, format and indexes at once; the indexes hold the same tuples, or none of them any. */
  set state({ definition, format, indexes, byteSize }: SpaceState) {
    this.definition = definition;
    this.format = format;
    this.indexes = indexes.slice(0, indexes.findLastIndex((index) => index !== null) + 1);
    this.indexList = this.indexes.filter((index) => index !== null);
    this.primary = this.indexes[0] ?? null;
    this.#countedHeaderBytes = countedHeaderBytes(this.indexList);
    this.primaryFields = this.primary === null ? NO_KEY_FIELDS : keyFields(this.primary.definition.keyDef);
    this.byteSize = byteSize;
  }

  /** The index, or an error that names it. */
  index(id: number): SpaceIndex {
    const index = this.indexes[id];
    if (index === undefined || index === null) throw boxError('NO_SUCH_INDEX_ID', id, this.name);
    return index;
  }

  /** Throws unless the bytes are a tuple that fits the format. */
  validate(bytes: Uint8Array, position: number, end: number): void {
    validateTuple(this.format, bytes, position, end);
  }

  /** Stores a tuple in a cell of its own, not yet in any index. Throws if it does not fit the format, or the memory. */
  newTuple(bytes: Uint8Array, position: number, end: number): Address {
    validateTuple(this.format, bytes, position, end);
    return this.storeTuple(bytes, position, end);
  }

  /** Throws MEMTX_MAX_TUPLE_SIZE for a tuple of so many bytes. */
  checkSize(sizeBytes: number): void {
    const countedBytes = sizeBytes + this.#countedHeaderBytes;
    if (countedBytes > this.#tupleBytesMax) throw boxError('MEMTX_MAX_TUPLE_SIZE', countedBytes);
  }

  /** The same for a tuple that `validate` has accepted. */
  storeTuple(bytes: Uint8Array, position: number, end: number): Address {
    const size = end - position;
    this.checkSize(size);
    let address = this.arena.allocate(size + TUPLE_HEADER_BYTES);
    for (let tries = ROOM_TRIES; address === NO_ADDRESS && tries > 0 && this.memory.views.makeRoom(); tries--) {
      address = this.arena.allocate(size + TUPLE_HEADER_BYTES);
    }
    if (address === NO_ADDRESS) {
      throw boxErrorWith(
        { type: 'OutOfMemory' },
        'MEMORY_ISSUE',
        size + TUPLE_HEADER_BYTES,
        'slab allocator',
        'memtx_tuple',
      );
    }
    const slab = address >>> SLAB_SHIFT;
    const word = (address & SLAB_MASK) << 1;
    const words = this.arena.words[slab]!;
    words[word] = size;
    words[word + 1] = this.memory.views.currentEpoch;
    copyBytes(bytes, position, this.arena.bytes[slab]!, tuplePosition(address), size);
    return address;
  }

  /** Gives a tuple back that is in no index any more (or never was). */
  freeTuple(tuple: Address): void {
    this.memory.views.retireTuple(tuple);
  }

  /**
   * Takes `oldTuple` out of all indexes and puts `newTuple` in (either may be NO_ADDRESS); returns the tuple that left.
   * Throws ER_TUPLE_FOUND, ER_TUPLE_NOT_FOUND, ER_MEMORY_ISSUE, or what an index has against the tuple; nothing has changed then.
   */
  replace(oldTuple: Address, newTuple: Address, mode: DuplicateMode): Address {
    const { indexList } = this;
    const primary = this.index(0);
    for (let at = 0; at < indexList.length; at++) {
      if (!indexList[at]!.reserve(newTuple === NO_ADDRESS)) this.#makeRoomFor(indexList[at]!);
    }
    const replaced = primary.replace(oldTuple, newTuple, mode);
    if (replaced === DUPLICATE) throw this.#primaryError(primary, oldTuple, newTuple, mode);
    for (let at = 1; at < indexList.length; at++) this.#replaceIn(at, replaced, newTuple);
    if (newTuple !== NO_ADDRESS) this.byteSize += tupleSize(this.arena, newTuple);
    if (replaced !== NO_ADDRESS) this.byteSize -= tupleSize(this.arena, replaced);
    if (this.observer !== null) this.observer.replaced(replaced, newTuple);
    return replaced;
  }

  /** A step of `replace` in a secondary index; a duplicate, or a key that cannot be made, undoes the steps before it. */
  #replaceIn(at: number, oldTuple: Address, newTuple: Address): void {
    const index = this.indexList[at]!;
    let left: Address;
    try {
      left = index.replace(oldTuple, newTuple, 'insert');
    } catch (error) {
      this.#undo(oldTuple, newTuple, at);
      throw error;
    }
    if (left !== DUPLICATE) return;
    this.#undo(oldTuple, newTuple, at);
    throw this.#duplicateError(index);
  }

  /** Undoes a `replace` that returned `oldTuple`. Cannot fail. */
  rollback(oldTuple: Address, newTuple: Address): void {
    this.#undo(oldTuple, newTuple, this.indexList.length);
    if (newTuple !== NO_ADDRESS) this.byteSize -= tupleSize(this.arena, newTuple);
    if (oldTuple !== NO_ADDRESS) this.byteSize += tupleSize(this.arena, oldTuple);
    if (this.observer !== null) this.observer.replaced(newTuple, oldTuple);
  }

  #undo(oldTuple: Address, newTuple: Address, indexCount: number): void {
    for (let at = indexCount - 1; at >= 0; at--) {
      const index = this.indexList[at]!;
      index.reserve(true);
      assert(index.replace(newTuple, oldTuple, 'insert') !== DUPLICATE, 'undoing a change meets no duplicate');
    }
  }

  #makeRoomFor(index: SpaceIndex): void {
    for (let tries = ROOM_TRIES; tries > 0 && this.memory.views.makeRoom(); tries--) {
      if (index.reserve(false)) return;
    }
    throw this.#indexMemoryError();
  }

  #indexMemoryError(): Error {
    return boxErrorWith({ type: 'OutOfMemory' }, 'MEMORY_ISSUE', 1024, 'slab allocator', 'memtx index page');
  }

  /** An update may neither move a tuple to a key that is taken, nor to one that is free. */
  #primaryError(primary: SpaceIndex, oldTuple: Address, newTuple: Address, mode: DuplicateMode): Error {
    if (mode !== 'replace') return this.#duplicateError(primary);
    const { name, keyDef } = primary.definition;
    if (oldTuple === NO_ADDRESS) return boxError('TUPLE_NOT_FOUND', name, this.name);
    const key = new ByteWriter(64);
    writeKeyParts(key, keyDef, tupleSlab(this.arena, newTuple), tuplePosition(newTuple));
    const isTaken = primary.find(key.bytes, 0, keyDef.parts.length) !== NO_ADDRESS;
    return isTaken ? this.#duplicateError(primary) : boxError('CANT_UPDATE_PRIMARY_KEY', name, this.name);
  }

  #duplicateError(index: SpaceIndex): Error {
    return boxError('TUPLE_FOUND', index.definition.name, this.name);
  }
}
