/** Requests of `connection.space.NAME` and of its indexes. */
import type { ByteWriter } from '../../../../base/index.ts';
import { boxError } from '../../../../base/index.ts';
import { BODY_KEY, ITERATOR, LIMIT_MAX, REQUEST_TYPE, type RequestType } from '../../../../codec/iproto/index.ts';
import type { TupleFormat } from '../../../../tuple/index.ts';
import type { TupleCodec } from '../../box/tuple/tuple-codec.ts';

import { LuaTable } from '../../runtime/table.ts';
import { type LuaExecution, type LuaFunction, type LuaValue, suspendableFunction } from '../../runtime/values.ts';
import { plainFunction } from '../../runtime/values.ts';
import { addFunctions, usageError } from '../../system/module.ts';
import { type AnswerDecoder, decodeNothing, tupleDecoder, tuplesDecoder } from './answers.ts';
import { encodeBody, putKey, putNumber, putTuple } from './body-writer.ts';
import type { RequestForm } from './request.ts';
import { RemoteIndexTable, RemoteSpaceTable } from './schema.ts';

/** Sends a request of the connection that the space belongs to. */
export type Send = (space: RemoteSpaceTable, form: RequestForm, options: LuaValue) => LuaExecution;
/** Calls a function of the server. */
export type CallFunction = (space: RemoteSpaceTable, name: string, values: LuaTable, options: LuaValue) => LuaExecution;

/** Operations count fields from 1. */
const INDEX_BASE = 1;

type Target = Readonly<{ space: RemoteSpaceTable; indexId: number }>;

export function createSpaceMethods(codec: TupleCodec, send: Send): LuaTable {
  const methods: Record<string, LuaFunction> = {};
  const define = (name: string, run: (target: Target, values: readonly LuaValue[]) => LuaExecution): void => {
    methods[name] = suspendableFunction((...values) => run({ space: spaceOf(name, values), indexId: 0 }, values));
  };
  const requests = new Requests(codec, send);
  define('select', (target, values) => requests.select(target, values));
  define('get', (target, values) => requests.get(target, values));
  define('update', (target, values) => requests.update(target, values));
  define('delete', (target, values) => requests.delete(target, values));
  define('insert', ({ space }, values) => requests.store(REQUEST_TYPE.insert, space, values));
  define('replace', ({ space }, values) => requests.store(REQUEST_TYPE.replace, space, values));
  define('upsert', ({ space }, values) => requests.upsert(space, values));
  methods['format'] = plainFunction((...values) => spaceOf('format', values).getString('_format'));
  return addFunctions(new LuaTable(), methods);
}

export function createIndexMethods(codec: TupleCodec, send: Send, call: CallFunction): LuaTable {
  const methods: Record<string, LuaFunction> = {};
  const define = (name: string, run: (target: Target, values: readonly LuaValue[]) => LuaExecution): void => {
    methods[name] = suspendableFunction((...values) => {
      const [index] = values;
      if (!(index instanceof RemoteIndexTable)) {
        throw usageError(`builtin/box/schema.lua:1310: Use index:${name}(...) instead of index.${name}(...)`);
      }
      return run({ space: index.space, indexId: index.id }, values);
    });
  };
  const requests = new Requests(codec, send);
  define('select', (target, values) => requests.select(target, values));
  define('get', (target, values) => requests.get(target, values));
  define('update', (target, values) => requests.update(target, values));
  define('delete', (target, values) => requests.delete(target, values));
  define('min', (target, values) => requests.edge(target, values, ITERATOR.GE));
  define('max', (target, values) => requests.edge(target, values, ITERATOR.LE));
  define('count', ({ space, indexId }, values) => {
    const index = values[0];
    const name = index instanceof LuaTable ? String(index.getString('name')) : String(indexId);
    const code = `box.space.${String(space.getString('name'))}.index.${name}:count`;
    const options = values[2];
    const key = values[1] instanceof LuaTable ? values[1] : new LuaTable(values[1] === undefined ? [] : [values[1]]);
    return call(space, code, new LuaTable(options === undefined ? [key] : [key, options]), options);
  });
  return addFunctions(new LuaTable(), methods);
}

function spaceOf(name: string, [value]: readonly LuaValue[]): RemoteSpaceTable {
  if (value instanceof RemoteSpaceTable) return value;
  throw usageError(`builtin/box/schema.lua:1291: Use space:${name}(...) instead of space.${name}(...)`);
}

class Requests {
  readonly #codec: TupleCodec;
  readonly #send: Send;

  constructor(codec: TupleCodec, send: Send) {
    this.#codec = codec;
    this.#send = send;
  }

  select(target: Target, [, key, options]: readonly LuaValue[]): LuaExecution {
    const get = (name: string): LuaValue => (options instanceof LuaTable ? options.getString(name) : undefined);
    const isEmpty = key === undefined || (key instanceof LuaTable && key.next(undefined) === null);
    const iterator = iteratorOf(get('iterator'), isEmpty);
    const range = { offset: numberOf(get('offset'), 0), limit: numberOf(get('limit'), LIMIT_MAX) };
    return this.#read(target, key, iterator, range, tuplesDecoder(target.space.format), options);
  }

  get(target: Target, [, key, options]: readonly LuaValue[]): LuaExecution {
    const { format } = target.space;
    const decodeOnly: AnswerDecoder = (context, bytes, start, end) => {
      const tuples = tuplesDecoder(format)(context, bytes, start, end);
      if (tuples instanceof LuaTable && tuples.length() > 1) throw boxError('MORE_THAN_ONE_TUPLE');
      return tuples instanceof LuaTable ? tuples.get(1) : undefined;
    };
    return this.#read(target, key, ITERATOR.EQ, { offset: 0, limit: 2 }, decodeOnly, options);
  }

  /** The first or the last tuple with the key. */
  edge(target: Target, [, key, options]: readonly LuaValue[], iterator: number): LuaExecution {
    return this.#read(target, key, iterator, { offset: 0, limit: 1 }, tupleDecoder(target.space.format), options);
  }

  update({ space, indexId }: Target, [, key, operations, options]: readonly LuaValue[]): LuaExecution {
    const body = encodeBody(5, (writer) => {
      this.#putTarget(writer, space.id, indexId);
      putNumber(writer, BODY_KEY.indexBase, INDEX_BASE);
      putKey(writer, this.#codec, BODY_KEY.key, key);
      putTuple(writer, this.#codec, BODY_KEY.tuple, operations);
    });
    return this.#send(space, oneTuple(REQUEST_TYPE.update, body, space.format), options);
  }

  delete({ space, indexId }: Target, [, key, options]: readonly LuaValue[]): LuaExecution {
    const body = encodeBody(3, (writer) => {
      this.#putTarget(writer, space.id, indexId);
      putKey(writer, this.#codec, BODY_KEY.key, key);
    });
    return this.#send(space, oneTuple(REQUEST_TYPE.delete, body, space.format), options);
  }

  store(type: RequestType, space: RemoteSpaceTable, [, tuple, options]: readonly LuaValue[]): LuaExecution {
    const body = encodeBody(2, (writer) => {
      putNumber(writer, BODY_KEY.spaceId, space.id);
      putTuple(writer, this.#codec, BODY_KEY.tuple, tuple);
    });
    return this.#send(space, oneTuple(type, body, space.format), options);
  }

  upsert(space: RemoteSpaceTable, [, tuple, operations, options]: readonly LuaValue[]): LuaExecution {
    const body = encodeBody(4, (writer) => {
      putNumber(writer, BODY_KEY.spaceId, space.id);
      putNumber(writer, BODY_KEY.indexBase, INDEX_BASE);
      putTuple(writer, this.#codec, BODY_KEY.tuple, tuple);
      putTuple(writer, this.#codec, BODY_KEY.operations, operations);
    });
    return this.#send(space, { type: REQUEST_TYPE.upsert, body, decode: decodeNothing, isList: false }, options);
  }

  #read(
    { space, indexId }: Target,
    key: LuaValue,
    iterator: number,
    { offset, limit }: Readonly<{ offset: number; limit: number }>,
    decode: AnswerDecoder,
    options: LuaValue,
  ): LuaExecution {
    const body = encodeBody(6, (writer) => {
      this.#putTarget(writer, space.id, indexId);
      putNumber(writer, BODY_KEY.iterator, iterator);
      putNumber(writer, BODY_KEY.offset, offset);
      putNumber(writer, BODY_KEY.limit, limit);
      putKey(writer, this.#codec, BODY_KEY.key, key);
    });
    return this.#send(space, { type: REQUEST_TYPE.select, body, decode, isList: false }, options);
  }

  #putTarget(writer: ByteWriter, spaceId: number, indexId: number): void {
    putNumber(writer, BODY_KEY.spaceId, spaceId);
    putNumber(writer, BODY_KEY.indexId, indexId);
  }
}

function oneTuple(type: RequestType, body: Uint8Array, format: TupleFormat | null): RequestForm {
  return { type, body, decode: tupleDecoder(format), isList: false };
}

function numberOf(value: LuaValue, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

/** An iterator by name or number. Throws ITERATOR_TYPE. */
function iteratorOf(value: LuaValue, isKeyEmpty: boolean): number {
  if (value === undefined) return isKeyEmpty ? ITERATOR.ALL : ITERATOR.EQ;
  if (typeof value === 'number') return value;
  const names: Readonly<Record<string, number>> = ITERATOR;
  const number = names[String(value).toUpperCase()];
  if (number === undefined) throw boxError('ITERATOR_TYPE', String(value));
  return number;
}
