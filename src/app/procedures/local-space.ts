/**
 * A space as code inside the instance sees it: synchronous calls on `box` with JavaScript values. Every call is one
 * statement with the session's rights; inside `atomic` they are one transaction.
 */
import { boxError, ByteWriter, type SpaceId } from '../../base/index.ts';
import type { Tuple, UpdateOperation } from '../../client/index.ts';
import { ITERATOR, REQUEST_TYPE } from '../../codec/iproto/index.ts';
import { decodeArray, encodeToBytes, encodeValue, skipValue, type Value } from '../../codec/msgpack/index.ts';
import { type Address, NO_ADDRESS, tuplePosition, tupleSlab } from '../../engine/arena/index.ts';
import type { Box, Session } from '../../engine/box/index.ts';
import { SYSTEM_SPACE } from '../../engine/catalog/index.ts';
import type { SpaceIndex } from '../../engine/indexes/index.ts';
import type { BeforeReplaceTrigger, ReplaceTrigger, Space } from '../../engine/memtx/index.ts';
import { LocalIndex } from './local-index.ts';
import type { IndexedMethods, LocalIndexOptions, LocalKey, LocalSelectOptions } from './local-keys.ts';

/** Null deletes, undefined lets the change happen as it is. */
export type LocalBeforeTrigger = (oldTuple: Tuple | null, newTuple: Tuple | null) => Tuple | null | undefined;

const PAIRS_SLICE = 1000;
const PAIRS_SLICE_BYTES = 64 * 1024;
/** Field numbers of operations count from 0. */
const INDEX_BASE = 0;

export class LocalSpace implements IndexedMethods {
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

  /** Tuples in the space; asks for no rights. */
  get length(): number {
    return this.#box.observe(() => this.#find().primary?.size ?? 0);
  }

  /** The tuple with the whole key of a unique index, or null. */
  get(key: LocalKey, options: LocalIndexOptions = {}): Tuple | null {
    const space = this.#find();
    const bytes = this.#encodeKey(key);
    return this.#result(
      this.#counted(REQUEST_TYPE.select).get(this.#session, space.id, indexIdOf(space, options.index), bytes, 0),
    );
  }

  /** Tuples in the order of an index. */
  select(key: LocalKey = [], options: LocalSelectOptions = {}): Tuple[] {
    const limit = options.limit ?? Infinity;
    const tuples: Tuple[] = [];
    const space = this.#find();
    const bytes = this.#encodeKey(key);
    const iterator = iteratorOf(key, options);
    const index = indexIdOf(space, options.index);
    const statements = this.#counted(REQUEST_TYPE.select);
    const cursor = statements.select(this.#session, space.id, index, iterator, options.offset ?? 0, bytes, 0);
    while (tuples.length < limit) {
      const tuple = cursor.next();
      if (tuple === NO_ADDRESS) break;
      tuples.push(this.#decode(tuple));
    }
    return tuples;
  }

  /**
   * Walks the tuples in the order of an index. What is written meanwhile may or may not be seen; no tuple that stays is
   * missed or given twice. Throws ER_READ_VIEW_ABORTED when the space's indexes change under way.
   */
  *pairs(key: LocalKey = [], options: LocalSelectOptions = {}): Generator<Tuple> {
    const space = this.#find();
    const bytes = encodeToBytes(keyParts(key));
    const index = indexIdOf(space, options.index);
    const { offset = 0, limit = Infinity } = options;
    const statements = this.#counted(REQUEST_TYPE.select);
    const iterator = iteratorOf(key, options);
    const selection = statements.selectLarge(this.#session, space.id, index, iterator, offset, limit, bytes, 0, null);
    if (selection === null) {
      yield* this.select(key, options);
      return;
    }
    const slice = new ByteWriter(PAIRS_SLICE_BYTES);
    for (let more = true; more;) {
      slice.reset();
      more = selection.advance(slice, { tuples: PAIRS_SLICE, bytes: PAIRS_SLICE_BYTES });
      yield* tuplesIn(slice.toBytes());
    }
  }

  /** An index by its name. Throws ER_NO_SUCH_INDEX_NAME. */
  index(name: string): LocalIndex {
    indexIdOf(this.#find(), name);
    return new LocalIndex(this, name);
  }

  /** Tuples in the space, or entries of an index. */
  len(options: LocalIndexOptions = {}): number {
    return this.#box.observe(() => this.#readable(options).size);
  }

  /** Bytes of the tuples' data, or of an index's memory. */
  bsize(options: LocalIndexOptions = {}): number {
    const index = this.#readable(options);
    return options.index === undefined ? this.#box.observe(() => this.#find().byteSize) : index.byteSize;
  }

  /** The first tuple of an ordered index, of those that have the key; null if there is none. */
  min(key: LocalKey = [], options: LocalIndexOptions = {}): Tuple | null {
    return this.#extreme(key, ITERATOR.EQ, 'min()', options);
  }

  /** The last tuple of an ordered index, of those that have the key; null if there is none. */
  max(key: LocalKey = [], options: LocalIndexOptions = {}): Tuple | null {
    return this.#extreme(key, ITERATOR.REQ, 'max()', options);
  }

  /** Some tuple, the same for the same seed as long as nothing changes; null if there is none. */
  random(seed: number, options: LocalIndexOptions = {}): Tuple | null {
    const index = this.#readable(options);
    const { type } = index.definition;
    if (type !== 'tree' && type !== 'hash') throw this.#unsupported(index, 'random()');
    return this.#result(this.#box.asStep(() => index.random(seed)));
  }

  /** How many tuples `select` would give. */
  count(key: LocalKey = [], options: Omit<LocalSelectOptions, 'limit' | 'offset'> = {}): number {
    const space = this.#find();
    const bytes = this.#encodeKey(key);
    const index = indexIdOf(space, options.index);
    return this.#box.codeStatements.count(this.#session, space.id, index, iteratorOf(key, options), bytes, 0);
  }

  /** The stored tuple; an empty one if before_replace triggers made nothing of it. */
  insert(tuple: readonly Value[]): Tuple {
    const bytes = this.#encode(this.#first, tuple);
    const statements = this.#counted(REQUEST_TYPE.insert);
    return this.#stored(statements.insert(this.#session, this.#find().id, bytes, 0, this.#first.position));
  }

  /** Another name of `replace`. */
  put(tuple: readonly Value[]): Tuple {
    return this.replace(tuple);
  }

  /** Inserts the tuple behind a key that is one more than the largest; the primary key begins with an unsigned field. */
  autoIncrement(rest: readonly Value[]): Tuple {
    const last = this.max()?.[0] ?? 0;
    return this.insert([typeof last === 'bigint' ? last + 1n : Number(last) + 1, ...rest]);
  }

  /** Deletes all tuples; triggers do not hear of it. */
  truncate(): void {
    const tuple = encodeToBytes([this.#find().id, 1]);
    const operations = encodeToBytes([['+', 1, 1]]);
    const bytes = Uint8Array.of(...tuple, ...operations);
    const { codeStatements: statements } = this.#box;
    const end = bytes.length;
    statements.upsert(this.#session, SYSTEM_SPACE.truncate, bytes, 0, tuple.length, tuple.length, end, INDEX_BASE);
  }

  /** The stored tuple; an empty one if before_replace triggers made nothing of it. */
  replace(tuple: readonly Value[]): Tuple {
    const bytes = this.#encode(this.#first, tuple);
    const statements = this.#counted(REQUEST_TYPE.replace);
    return this.#stored(statements.replace(this.#session, this.#find().id, bytes, 0, this.#first.position));
  }

  /** The tuple after the operations, or null if there is none with the key. */
  update(key: LocalKey, operations: readonly UpdateOperation[], options: LocalIndexOptions = {}): Tuple | null {
    const space = this.#find();
    const writer = this.#first;
    this.#encode(writer, keyParts(key));
    const operationsPosition = writer.position;
    encodeValue(writer, operations);
    const index = indexIdOf(space, options.index);
    const statements = this.#counted(REQUEST_TYPE.update);
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
    const statements = this.#counted(REQUEST_TYPE.upsert);
    const spaceId = this.#find().id;
    statements.upsert(this.#session, spaceId, writer.bytes, 0, tupleEnd, tupleEnd, writer.position, INDEX_BASE);
  }

  /** The deleted tuple, or null. */
  delete(key: LocalKey, options: LocalIndexOptions = {}): Tuple | null {
    const space = this.#find();
    const bytes = this.#encodeKey(key);
    return this.#result(
      this.#counted(REQUEST_TYPE.delete).delete(this.#session, space.id, indexIdOf(space, options.index), bytes, 0),
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
    nameAs(replaceTrigger, trigger);
    space.addTrigger(replaceTrigger);
    return () => space.removeTrigger(replaceTrigger);
  }

  /**
   * Asks before every change of the space what it shall be. The trigger returns the tuple to store, which may be
   * `newTuple` itself (or nothing, undefined) for no objection and `oldTuple` for no change, or null for none: then a
   * tuple that is there is deleted. Returns what takes the trigger off again.
   */
  beforeReplace(trigger: LocalBeforeTrigger): () => void {
    const space = this.#find();
    const beforeTrigger: BeforeReplaceTrigger = (_space, old, next) => {
      const oldTuple = old === null ? null : decodeArray(old, 0);
      const newTuple = next === null ? null : decodeArray(next, 0);
      const result = trigger(oldTuple, newTuple);
      if (result === undefined || result === newTuple) return next;
      if (result === oldTuple) return old;
      if (result !== null && !Array.isArray(result)) throw boxError('BEFORE_REPLACE_RET', typeof result);
      return result === null ? null : encodeToBytes(result);
    };
    this.#box.statements.writers.checkBeforeTrigger(space);
    nameAs(beforeTrigger, trigger);
    space.addBeforeTrigger(beforeTrigger);
    return () => space.removeBeforeTrigger(beforeTrigger);
  }

  #extreme(key: LocalKey, iterator: number, feature: string, options: LocalIndexOptions): Tuple | null {
    const index = this.#readable(options);
    if (!index.isOrdered) throw this.#unsupported(index, feature);
    const { id } = this.#find();
    const bytes = this.#encodeKey(key);
    const cursor = this.#box.codeStatements.select(this.#session, id, index.definition.id, iterator, 0, bytes, 0);
    return this.#result(cursor.next());
  }

  #readable(options: LocalIndexOptions): SpaceIndex {
    const space = this.#find();
    return this.#box.codeStatements.readable(this.#session, space.id, indexIdOf(space, options.index));
  }

  #unsupported({ definition }: SpaceIndex, feature: string): Error {
    const { name, definition: space } = this.#find();
    return boxError(
      'UNSUPPORTED_INDEX_FEATURE',
      definition.name,
      definition.type.toUpperCase(),
      name,
      space.engine,
      feature,
    );
  }

  /** The statements, for one that is counted as a request of this type. */
  #counted(type: number): Box['codeStatements'] {
    const { codeStatements, counters } = this.#box;
    counters.byType[type]!++;
    return codeStatements;
  }

  #stored(tuple: Address): Tuple {
    return this.#result(tuple) ?? [];
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
    return decodeArray(tupleSlab(this.#box.codeStatements.selected.arena, tuple), tuplePosition(tuple));
  }
}

/** Errors call a trigger by the name of the function that it was given. */
function nameAs(wrapper: ReplaceTrigger | BeforeReplaceTrigger, { name }: Readonly<{ name: string }>): void {
  Object.defineProperty(wrapper, 'name', { value: name });
}

function* tuplesIn(bytes: Uint8Array): Generator<Tuple> {
  for (let position = 0; position < bytes.length; position = skipValue(bytes, position)) {
    yield decodeArray(bytes, position);
  }
}

function keyParts(key: LocalKey): readonly Value[] {
  return Array.isArray(key) ? (key as readonly Value[]) : [key as Value];
}

function iteratorOf(key: LocalKey, options: LocalSelectOptions): number {
  if (options.iterator !== undefined) return ITERATOR[options.iterator];
  return Array.isArray(key) && key.length === 0 ? ITERATOR.ALL : ITERATOR.EQ;
}

function indexIdOf(space: Space, index: string | number | undefined): number {
  if (index === undefined) return 0;
  if (typeof index === 'number') return index;
  const found = space.indexList.find((item) => item.definition.name === index);
  if (found === undefined) throw boxError('NO_SUCH_INDEX_NAME', index, space.name);
  return found.definition.id;
}
