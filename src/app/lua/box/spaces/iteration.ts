/**
 * `space:pairs()`: a walk over an index that sees changes made meanwhile, as Tarantool's iterators do. It ends when the
 * index is not part of the space any more.
 */
import { REQUEST_TYPE } from '../../../../codec/iproto/index.ts';
import { ByteWriter } from '../../../../base/index.ts';
import { arrayLength, containerHeaderSize } from '../../../../codec/msgpack/index.ts';
import type { IndexCursor, IteratorType } from '../../../../engine/indexes/index.ts';
import type { Space } from '../../../../engine/memtx/index.ts';
import {
  type LuaFunction,
  type LuaResult,
  LuaUserdata,
  type LuaValue,
  NO_VALUES,
  plainFunction,
} from '../../runtime/values.ts';
import { LuaTable } from '../../runtime/table.ts';
import type { BoxContext } from '../context.ts';
import type { LuaTuple, TupleFactory } from '../tuple/lua-tuple.ts';
import type { IteratorMaker } from '../tuple/tuple-methods.ts';
import { iteratorOf, rangeOf, writeKey } from './arguments.ts';
import { runtimeError } from '../../runtime/errors.ts';

const KEY_BYTES = 64;

/** Where a walk stands. */
class Walk {
  readonly #next: () => LuaTuple | undefined;
  #offset: number;

  constructor(next: () => LuaTuple | undefined, offset: number) {
    this.#next = next;
    this.#offset = offset;
  }

  next(): LuaTuple | undefined {
    for (;;) {
      const tuple = this.#next();
      if (tuple === undefined || this.#offset === 0) return tuple;
      this.#offset--;
    }
  }
}

export class Iteration {
  readonly #context: BoxContext;
  readonly #factory: TupleFactory;
  readonly #makeIterator: IteratorMaker;
  readonly #step: LuaFunction;
  readonly #stateMetatable = textMetatable('<iterator state>');

  constructor(context: BoxContext, factory: TupleFactory, makeIterator: IteratorMaker) {
    this.#context = context;
    this.#factory = factory;
    this.#makeIterator = makeIterator;
    this.#step = plainFunction((_parameter, state) => {
      const walk = state instanceof LuaUserdata ? state.payload : null;
      if (!(walk instanceof Walk)) throw runtimeError('usage: next(param, state)');
      context.transactions.enter();
      const tuple = walk.next();
      return tuple === undefined ? NO_VALUES : [state, tuple];
    });
  }

  /** The values for `for`, or an object of the library `fun`. */
  open(spaceId: number, indexId: number, key: LuaValue, options: LuaValue): LuaResult {
    const { box, session, codec, transactions } = this.#context;
    const iterator = iteratorOf(options, key);
    const { offset } = rangeOf(options);
    const writer = new ByteWriter(KEY_BYTES);
    writeKey(codec, writer, key);
    transactions.enter();
    // Checks the key and the rights; a view is walked in the order of this moment.
    box.counters.byType[REQUEST_TYPE.select]!++;
    const { codeStatements: statements } = box;
    const selection = statements.select(session, spaceId, indexId, iterator, 0, writer.bytes, 0);
    const space = statements.selected;
    const index = space.index(indexId);
    const { type } = index.definition;
    const isLasting =
      space.definition.engine === 'memtx' && (type === 'tree' || type === 'hash') && box.recorder === null;
    if (!isLasting) return this.#iterator(writer, this.#gathered(space, selection), offset);
    const start = containerHeaderSize(writer.bytes, 0);
    const cursor = index.openCursor(iterator as IteratorType, writer.bytes, start, arrayLength(writer.bytes, 0));
    const next = (): LuaTuple | undefined => {
      const isCurrent = box.catalog.space(spaceId) === space && space.indexes[indexId] === index;
      return isCurrent ? this.#factory.ofAddress(space, cursor.next()) : undefined;
    };
    return this.#iterator(writer, next, offset);
  }

  #iterator(key: ByteWriter, next: () => LuaTuple | undefined, offset: number): LuaResult {
    const state = new LuaUserdata(new Walk(next, offset), this.#stateMetatable);
    return this.#makeIterator(this.#step, keyText(key), state);
  }

  #gathered(space: Space, selection: IndexCursor): () => LuaTuple | undefined {
    const tuples: LuaTuple[] = [];
    for (;;) {
      const tuple = this.#factory.ofAddress(space, selection.next());
      if (tuple === undefined) break;
      tuples.push(tuple);
    }
    let at = 0;
    return () => tuples[at++];
  }
}

/** Nothing to walk over, for a space without an index. */
export const EMPTY_STEP = plainFunction(() => NO_VALUES);

/** The parameter of the iterator is the key's MessagePack, which programs pass on without looking at it. */
function keyText(writer: ByteWriter): string {
  return String.fromCharCode(...writer.bytes.subarray(0, Math.min(writer.position, KEY_BYTES)));
}

function textMetatable(text: string): LuaTable {
  const metatable = new LuaTable();
  metatable.setString(
    '__tostring',
    plainFunction(() => text),
  );
  return metatable;
}
