/**
 * Reading and changing tuples for Lua: values to bytes, the statement on behalf of the running fiber, bytes to tuples.
 * Reads are one call without objects but their results; after a change `batch` is what has to become durable before its
 * result may be shown.
 */
import { boxError, ByteWriter } from '../../../../base/index.ts';
import { REQUEST_TYPE } from '../../../../codec/iproto/index.ts';
import { arrayLength } from '../../../../codec/msgpack/index.ts';
import { type Address, NO_ADDRESS } from '../../../../engine/arena/index.ts';
import { ITERATOR, type SpaceIndex } from '../../../../engine/indexes/index.ts';
import type { CommitBatch } from '../../../../engine/txn/index.ts';
import { LuaTable } from '../../runtime/table.ts';
import type { LuaValue } from '../../runtime/values.ts';
import type { BoxContext } from '../context.ts';
import type { LuaTuple, TupleFactory } from '../tuple/lua-tuple.ts';
import type { TupleCodec } from '../tuple/tuple-codec.ts';
import { INDEX_BASE } from '../tuple/tuple-methods.ts';
import { iteratorOf, rangeOf, writeKey } from './arguments.ts';

export type RequestName = 'SELECT' | 'INSERT' | 'REPLACE' | 'UPDATE' | 'UPSERT' | 'DELETE';
/** What the counters call them. */
const TYPES: Readonly<Record<RequestName, number>> = {
  SELECT: REQUEST_TYPE.select,
  INSERT: REQUEST_TYPE.insert,
  REPLACE: REQUEST_TYPE.replace,
  UPDATE: REQUEST_TYPE.update,
  UPSERT: REQUEST_TYPE.upsert,
  DELETE: REQUEST_TYPE.delete,
};
const KEY_BYTES = 1024;
/** Space of the first id that is not the schema's own. */
const SYSTEM_SPACE_ID_MAX = 511;

export class DataStatements {
  readonly #context: BoxContext;
  readonly #codec: TupleCodec;
  readonly #factory: TupleFactory;
  /** For reads only: they run no code of programs. */
  readonly #key = new ByteWriter(KEY_BYTES);
  /** Called behind changes that may have changed the schema. */
  readonly #schemaChanged: () => void;
  /** The kind of the change that is being made, as triggers are told it. */
  operation: RequestName | '' = '';
  batch: CommitBatch | null = null;

  constructor(context: BoxContext, factory: TupleFactory, schemaChanged: () => void) {
    this.#context = context;
    this.#codec = context.codec;
    this.#factory = factory;
    this.#schemaChanged = schemaChanged;
  }

  get(spaceId: number, indexId: number, key: LuaValue): LuaTuple | undefined {
    const { box, session, transactions } = this.#context;
    writeKey(this.#codec, this.#key, key);
    transactions.enter();
    box.counters.byType[REQUEST_TYPE.select]!++;
    const { codeStatements: statements } = box;
    const address = statements.get(session, spaceId, indexId, this.#key.bytes, 0);
    return address === NO_ADDRESS ? undefined : this.#factory.ofAddress(statements.selected, address);
  }

  select(spaceId: number, indexId: number, key: LuaValue, options: LuaValue): LuaTable {
    const iterator = iteratorOf(options, key);
    const { offset, limit } = rangeOf(options);
    const { box, session, transactions } = this.#context;
    writeKey(this.#codec, this.#key, key);
    transactions.enter();
    box.counters.byType[REQUEST_TYPE.select]!++;
    const { codeStatements: statements } = box;
    const cursor = statements.select(session, spaceId, indexId, iterator, offset, this.#key.bytes, 0);
    const space = statements.selected;
    const tuples: LuaValue[] = [];
    while (tuples.length < limit) {
      const address = cursor.next();
      if (address === NO_ADDRESS) break;
      tuples.push(this.#factory.ofAddress(space, address));
    }
    return new LuaTable(tuples);
  }

  count(spaceId: number, indexId: number, key: LuaValue, options: LuaValue): number {
    const iterator = iteratorOf(options, key);
    const { box, session, transactions } = this.#context;
    writeKey(this.#codec, this.#key, key);
    transactions.enter();
    return box.codeStatements.count(session, spaceId, indexId, iterator, this.#key.bytes, 0);
  }

  /** The first (`isLast`: last) tuple of an ordered index, of those with the key. */
  extreme(spaceId: number, indexId: number, key: LuaValue, isLast: boolean): LuaTuple | undefined {
    const { box, session, transactions } = this.#context;
    const index = this.readable(spaceId, indexId);
    if (!index.isOrdered) throw this.#unsupported(spaceId, index, isLast ? 'max()' : 'min()');
    writeKey(this.#codec, this.#key, key);
    transactions.enter();
    const { codeStatements: statements } = box;
    const iterator = isLast ? ITERATOR.REQ : ITERATOR.EQ;
    const cursor = statements.select(session, spaceId, indexId, iterator, 0, this.#key.bytes, 0);
    return this.#factory.ofAddress(statements.selected, cursor.next());
  }

  random(spaceId: number, indexId: number, seed: number): LuaTuple | undefined {
    const index = this.readable(spaceId, indexId);
    const { type } = index.definition;
    if (type !== 'tree' && type !== 'hash') throw this.#unsupported(spaceId, index, 'random()');
    const { box } = this.#context;
    const address = box.asStep(() => index.random(seed));
    return this.#factory.ofAddress(box.codeStatements.selected, address);
  }

  /** Entries of an index. */
  size(spaceId: number, indexId: number): number {
    const index = this.readable(spaceId, indexId);
    const { box } = this.#context;
    if (box.codeStatements.selected.definition.engine !== 'memtx') throw this.#unsupported(spaceId, index, 'size()');
    return box.observe(() => index.size);
  }

  /** The index, with the right to read it. */
  readable(spaceId: number, indexId: number): SpaceIndex {
    const { box, session, transactions } = this.#context;
    transactions.enter();
    return box.codeStatements.readable(session, spaceId, indexId);
  }

  /** INSERT or REPLACE; nil if triggers made nothing of it. */
  put(name: 'INSERT' | 'REPLACE', spaceId: number, tuple: LuaValue): LuaTuple | undefined {
    const { box, session } = this.#context;
    const outer = this.operation;
    const writer = this.#context.borrow();
    try {
      this.#codec.write(writer, tuple);
      if (arrayLength(writer.bytes, 0) < 0) throw boxError('TUPLE_NOT_ARRAY');
      const { codeStatements: statements } = box;
      this.#begin(name);
      const address =
        name === 'INSERT'
          ? statements.insert(session, spaceId, writer.bytes, 0, writer.position)
          : statements.replace(session, spaceId, writer.bytes, 0, writer.position);
      return this.#end(spaceId, address);
    } finally {
      this.operation = outer;
      this.#context.giveBack(writer);
    }
  }

  update(spaceId: number, indexId: number, key: LuaValue, operations: LuaTable): LuaTuple | undefined {
    const { box, session } = this.#context;
    const outer = this.operation;
    const writer = this.#context.borrow();
    try {
      writeKey(this.#codec, writer, key);
      const middle = writer.position;
      this.#writeOperations(writer, operations);
      const { codeStatements: statements } = box;
      this.#begin('UPDATE');
      const { bytes, position: end } = writer;
      const address = statements.update(session, spaceId, indexId, bytes, 0, middle, end, INDEX_BASE);
      return this.#end(spaceId, address);
    } finally {
      this.operation = outer;
      this.#context.giveBack(writer);
    }
  }

  upsert(spaceId: number, tuple: LuaValue, operations: LuaTable): void {
    const { box, session } = this.#context;
    const outer = this.operation;
    const writer = this.#context.borrow();
    try {
      this.#codec.write(writer, tuple);
      if (arrayLength(writer.bytes, 0) < 0) throw boxError('TUPLE_NOT_ARRAY');
      const middle = writer.position;
      this.#writeOperations(writer, operations);
      const { codeStatements: statements } = box;
      this.#begin('UPSERT');
      statements.upsert(session, spaceId, writer.bytes, 0, middle, middle, writer.position, INDEX_BASE);
      this.#end(spaceId, NO_ADDRESS);
    } finally {
      this.operation = outer;
      this.#context.giveBack(writer);
    }
  }

  delete(spaceId: number, indexId: number, key: LuaValue): LuaTuple | undefined {
    const { box, session } = this.#context;
    const outer = this.operation;
    const writer = this.#context.borrow();
    try {
      writeKey(this.#codec, writer, key);
      this.#begin('DELETE');
      const address = box.codeStatements.delete(session, spaceId, indexId, writer.bytes, 0);
      return this.#end(spaceId, address);
    } finally {
      this.operation = outer;
      this.#context.giveBack(writer);
    }
  }

  #writeOperations(writer: ByteWriter, operations: LuaTable): void {
    const start = writer.position;
    this.#codec.write(writer, operations);
    if (arrayLength(writer.bytes, start) >= 0) return;
    throw boxError('ILLEGAL_PARAMS', 'update operations must be an array {{op,..}, {op,..}}');
  }

  #begin(name: RequestName): void {
    const { box, transactions } = this.#context;
    transactions.enter();
    box.counters.byType[TYPES[name]]!++;
    this.operation = name;
  }

  #end(spaceId: number, address: Address): LuaTuple | undefined {
    const { box } = this.#context;
    const tuple = address === NO_ADDRESS ? undefined : this.#factory.ofAddress(box.codeStatements.selected, address);
    this.batch = box.statements.waitingFor;
    if (spaceId <= SYSTEM_SPACE_ID_MAX) this.#schemaChanged();
    return tuple;
  }

  #unsupported(spaceId: number, { definition }: SpaceIndex, feature: string): Error {
    const space = this.#context.box.catalog.space(spaceId);
    const type = definition.type.toUpperCase();
    const engine = space?.definition.engine ?? '';
    return boxError('UNSUPPORTED_INDEX_FEATURE', definition.name, type, space?.name ?? '', engine, feature);
  }
}
