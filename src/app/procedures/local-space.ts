/**
 * A space as code inside the instance sees it: synchronous calls on `box` with JavaScript values. Every call is one
 * statement with the session's rights; inside `atomic` they are one transaction.
 */
import { boxError, ByteWriter, type SpaceId } from '../../base/index.ts';
import type { SelectOptions, Tuple, UpdateOperation } from '../../client/index.ts';
import { ITERATOR_TYPE } from '../../codec/iproto/index.ts';
import { decodeArray, encodeValue, type Value } from '../../codec/msgpack/index.ts';
import { type Address, NO_ADDRESS, tuplePosition, tupleSlab } from '../../engine/arena/index.ts';
import type { Box, Session } from '../../engine/box/index.ts';
import type { Space } from '../../engine/memtx/index.ts';

/** A key: its parts, or the one part of a key of one part. */
export type LocalKey = readonly Value[] | string | number | bigint | boolean;

export type LocalSelectOptions = Pick<SelectOptions, 'index' | 'iterator' | 'limit' | 'offset'>;
export type LocalIndexOptions = Pick<SelectOptions, 'index'>;

const PAIRS_SLICE = 1000;
/** Field numbers of operations count from 0. */
const INDEX_BASE = 0;

export class LocalSpace {
  readonly name: string;
  readonly #box: Box;
  readonly #session: Session;
  readonly #first = new ByteWriter(256);
  readonly #second = new ByteWriter(256);
  readonly #find: () => Space;

  /** `find` gives the space as it is now: its schema may change between calls. */
  constructor(box: Box, session: Session, name: string, find: () => Space) {
    this.#box = box;
    this.#session = session;
    this.name = name;
    this.#find = find;
  }

  get id(): SpaceId {
    return this.#find().id;
  }

  /** Tuples in the space. */
  get length(): number {
    return this.#find().primary?.size ?? 0;
  }

  /** The tuple with the whole key of a unique index, or null. */
  get(key: LocalKey, options: LocalIndexOptions = {}): Tuple | null {
    const space = this.#find();
    const bytes = this.#encodeKey(key);
    return this.#result(this.#box.statements.get(this.#session, space.id, indexIdOf(space, options.index), bytes, 0));
  }

  /** Tuples in the order of an index. */
  select(key: LocalKey = [], options: LocalSelectOptions = {}): Tuple[] {
    const limit = options.limit ?? Infinity;
    const tuples: Tuple[] = [];
    const space = this.#find();
    const bytes = this.#encodeKey(key);
    const iterator = iteratorOf(key, options);
    const index = indexIdOf(space, options.index);
    const { statements } = this.#box;
    const cursor = statements.select(this.#session, space.id, index, iterator, options.offset ?? 0, bytes, 0);
    while (tuples.length < limit) {
      const tuple = cursor.next();
      if (tuple === NO_ADDRESS) break;
      tuples.push(this.#decode(tuple));
    }
    return tuples;
  }

  /** Walks the tuples in the order of an index; what is written meanwhile may or may not be seen. */
  *pairs(key: LocalKey = [], options: LocalSelectOptions = {}): Generator<Tuple> {
    let offset = options.offset ?? 0;
    for (;;) {
      const slice = this.select(key, { ...options, offset, limit: PAIRS_SLICE });
      yield* slice;
      if (slice.length < PAIRS_SLICE) return;
      offset += slice.length;
    }
  }

  /** How many tuples `select` would give. */
  count(key: LocalKey = [], options: Omit<LocalSelectOptions, 'limit' | 'offset'> = {}): number {
    const space = this.#find();
    const bytes = this.#encodeKey(key);
    const index = indexIdOf(space, options.index);
    return this.#box.statements.count(this.#session, space.id, index, iteratorOf(key, options), bytes, 0);
  }

  insert(tuple: readonly Value[]): Tuple {
    const bytes = this.#encode(this.#first, tuple);
    const { statements } = this.#box;
    return this.#decode(statements.insert(this.#session, this.#find().id, bytes, 0, this.#first.position));
  }

  replace(tuple: readonly Value[]): Tuple {
    const bytes = this.#encode(this.#first, tuple);
    const { statements } = this.#box;
    return this.#decode(statements.replace(this.#session, this.#find().id, bytes, 0, this.#first.position));
  }

  /** The tuple after the operations, or null if there is none with the key. */
  update(key: LocalKey, operations: readonly UpdateOperation[], options: LocalIndexOptions = {}): Tuple | null {
    const space = this.#find();
    const writer = this.#first;
    this.#encode(writer, keyParts(key));
    const operationsPosition = writer.position;
    encodeValue(writer, operations);
    const index = indexIdOf(space, options.index);
    const { statements } = this.#box;
    const end = writer.position;
    return this.#result(
      statements.update(this.#session, space.id, index, writer.bytes, 0, operationsPosition, end, INDEX_BASE),
    );
  }

  upsert(tuple: readonly Value[], operations: readonly UpdateOperation[]): void {
    const writer = this.#second;
    this.#encode(writer, tuple);
    const tupleEnd = writer.position;
    encodeValue(writer, operations);
    const { statements } = this.#box;
    const spaceId = this.#find().id;
    statements.upsert(this.#session, spaceId, writer.bytes, 0, tupleEnd, tupleEnd, writer.position, INDEX_BASE);
  }

  /** The deleted tuple, or null. */
  delete(key: LocalKey, options: LocalIndexOptions = {}): Tuple | null {
    const space = this.#find();
    const bytes = this.#encodeKey(key);
    return this.#result(
      this.#box.statements.delete(this.#session, space.id, indexIdOf(space, options.index), bytes, 0),
    );
  }

  /**
   * Calls back on every change of the space, inside its transaction: a throw undoes the statement, waiting is not
   * possible. Returns what takes the trigger off again.
   */
  onReplace(trigger: (oldTuple: Tuple | null, newTuple: Tuple | null) => void): () => void {
    const space = this.#find();
    const { arena } = space;
    const decode = (tuple: Address): Tuple | null =>
      tuple === NO_ADDRESS ? null : decodeArray(tupleSlab(arena, tuple), tuplePosition(tuple));
    const replaceTrigger = (_space: Space, oldTuple: Address, newTuple: Address): void => {
      // A function that names no parameters is not interested in the tuples: decoding them is spared.
      if (trigger.length === 0) (trigger as () => void)();
      else trigger(decode(oldTuple), decode(newTuple));
    };
    space.addTrigger(replaceTrigger);
    return () => space.removeTrigger(replaceTrigger);
  }

  #encodeKey(key: LocalKey): Uint8Array {
    return this.#encode(this.#first, keyParts(key));
  }

  #encode(writer: ByteWriter, value: Value): Uint8Array {
    writer.reset();
    encodeValue(writer, value);
    return writer.bytes;
  }

  #result(tuple: Address): Tuple | null {
    return tuple === NO_ADDRESS ? null : this.#decode(tuple);
  }

  #decode(tuple: Address): Tuple {
    return decodeArray(tupleSlab(this.#box.statements.selected.arena, tuple), tuplePosition(tuple));
  }
}

function keyParts(key: LocalKey): readonly Value[] {
  return Array.isArray(key) ? (key as readonly Value[]) : [key as Value];
}

function iteratorOf(key: LocalKey, options: LocalSelectOptions): number {
  if (options.iterator !== undefined) return ITERATOR_TYPE[options.iterator];
  return Array.isArray(key) && key.length === 0 ? ITERATOR_TYPE.ALL : ITERATOR_TYPE.EQ;
}

function indexIdOf(space: Space, index: string | number | undefined): number {
  if (index === undefined) return 0;
  if (typeof index === 'number') return index;
  const found = space.indexList.find((item) => item.definition.name === index);
  if (found === undefined) throw boxError('NO_SUCH_INDEX_NAME', index, space.name);
  return found.definition.id;
}
