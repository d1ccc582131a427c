/**
 * The requests of the protocol as methods; a connection and its streams have them in common.
 * Names of spaces and indexes are looked up in the schema last read; an unknown one makes it be read again, once.
 */
import { boxError, type ByteWriter } from '../base/index.ts';
import {
  decodeData,
  decodePrepared,
  decodeSqlResult,
  encodeCall,
  encodeDelete,
  encodeEval,
  encodeExecute,
  encodeInsert,
  encodePing,
  encodePrepare,
  encodeReplace,
  encodeSelect,
  encodeUpdate,
  encodeUpsert,
  ITERATOR,
  LIMIT_MAX,
  type ArrayValue,
  type PreparedStatement,
  type RequestHeader,
  type SqlResult,
} from '../codec/iproto/index.ts';
import { arrayLength, RawValue, type Value } from '../codec/msgpack/index.ts';
import type { NameOrId, RemoteSchema } from './remote-schema.ts';
import type {
  CallOptions,
  IndexOptions,
  RequestOptions,
  SelectOptions,
  SpaceRequests,
  Tuple,
  UpdateOperation,
} from './request-types.ts';
import type { ObjectRow, SpaceDefinition } from './space-definition.ts';
import { TypedSpace } from './typed-space.ts';

export type EncodeRequest = (writer: ByteWriter, header: RequestHeader) => void;
/** Reads the body of an answer; the bytes are valid during the call. */
export type DecodeAnswer<Result> = (bytes: Uint8Array, body: number, end: number, schemaVersion: number) => Result;

/** Field numbers in update operations count from here. */
const INDEX_BASE = 0;

export abstract class Requests implements SpaceRequests {
  /** Sends one request and gives what `decode` makes of its answer. */
  protected abstract dispatch<Result>(
    encode: EncodeRequest,
    decode: DecodeAnswer<Result>,
    options: CallOptions | undefined,
  ): Promise<Result>;

  /** null while it is read anew. */
  protected abstract currentSchema(): RemoteSchema | null;

  /** The schema after it was read anew. */
  protected abstract refreshedSchema(): Promise<RemoteSchema>;

  /** The space of a definition: keys, rows and results have its types, rows are objects. */
  space<Definition extends SpaceDefinition>(definition: Definition): TypedSpace<Definition, ObjectRow<Definition>> {
    return TypedSpace.ofObjects(this, definition);
  }

  ping(options?: RequestOptions): Promise<void> {
    return this.dispatch(encodePing, ignoreBody, options);
  }

  select(space: NameOrId, key: ArrayValue, options: SelectOptions = {}): Promise<Tuple[]> {
    const iterator = ITERATOR[options.iterator ?? (isEmptyArray(key) ? 'ALL' : 'EQ')];
    return this.#onIndex(space, options.index ?? 0, (spaceId, indexId) => {
      const { limit = LIMIT_MAX, offset = 0 } = options;
      return this.dispatch(
        (writer, header) => encodeSelect(writer, header, { spaceId, indexId, iterator, offset, limit, key }),
        decodeTuples,
        options,
      );
    });
  }

  /** The tuple of a full key, null if there is none. Rejects with MORE_THAN_ONE_TUPLE if the key matches several. */
  async get(space: NameOrId, key: ArrayValue, options: IndexOptions = {}): Promise<Tuple | null> {
    const [tuple, second] = await this.select(space, key, { ...options, iterator: 'EQ', limit: 2 });
    if (second !== undefined) throw boxError('MORE_THAN_ONE_TUPLE');
    return tuple ?? null;
  }

  /** Gives the tuple as the server stored it. */
  insert(space: NameOrId, tuple: ArrayValue, options?: RequestOptions): Promise<Tuple> {
    return this.#onIndex(space, 0, (spaceId) =>
      this.dispatch((writer, header) => encodeInsert(writer, header, spaceId, tuple), decodeStored, options),
    );
  }

  replace(space: NameOrId, tuple: ArrayValue, options?: RequestOptions): Promise<Tuple> {
    return this.#onIndex(space, 0, (spaceId) =>
      this.dispatch((writer, header) => encodeReplace(writer, header, spaceId, tuple), decodeStored, options),
    );
  }

  /** The tuple after the operations; null if no tuple has the key. */
  update(
    space: NameOrId,
    key: ArrayValue,
    operations: readonly UpdateOperation[],
    options: IndexOptions = {},
  ): Promise<Tuple | null> {
    return this.#onIndex(space, options.index ?? 0, (spaceId, indexId) => {
      const request = { spaceId, indexId, key, operations, indexBase: INDEX_BASE } as const;
      return this.dispatch((writer, header) => encodeUpdate(writer, header, request), decodeFirstTuple, options);
    });
  }

  /** Inserts the tuple, or applies the operations to the one that has its primary key. */
  upsert(
    space: NameOrId,
    tuple: ArrayValue,
    operations: readonly UpdateOperation[],
    options?: RequestOptions,
  ): Promise<void> {
    return this.#onIndex(space, 0, (spaceId) => {
      const request = { spaceId, tuple, operations, indexBase: INDEX_BASE } as const;
      return this.dispatch((writer, header) => encodeUpsert(writer, header, request), ignoreBody, options);
    });
  }

  /** The tuple deleted; null if no tuple has the key. */
  delete(space: NameOrId, key: ArrayValue, options: IndexOptions = {}): Promise<Tuple | null> {
    return this.#onIndex(space, options.index ?? 0, (spaceId, indexId) =>
      this.dispatch((writer, header) => encodeDelete(writer, header, spaceId, indexId, key), decodeFirstTuple, options),
    );
  }

  /** What the stored function returned, one item a result. */
  call(functionName: string, args: ArrayValue = [], options?: CallOptions): Promise<Value[]> {
    return this.dispatch((writer, header) => encodeCall(writer, header, functionName, args), decodeData, options);
  }

  /** What the expression returned; it sees the arguments as `...`. */
  eval(expression: string, args: ArrayValue = [], options?: CallOptions): Promise<Value[]> {
    return this.dispatch((writer, header) => encodeEval(writer, header, expression, args), decodeData, options);
  }

  /** Runs an SQL statement: its text, or what `prepare` gave. `bind`: values, or `{':name': value}` one by one. */
  execute(statement: string | PreparedStatement, bind: ArrayValue = [], options?: RequestOptions): Promise<SqlResult> {
    const text = typeof statement === 'string' ? statement : statement.id;
    return this.dispatch((writer, header) => encodeExecute(writer, header, text, bind), decodeSqlResult, options);
  }

  /** The statement belongs to the session: after a reconnect prepare it again. */
  prepare(sql: string, options?: RequestOptions): Promise<PreparedStatement> {
    return this.dispatch((writer, header) => encodePrepare(writer, header, sql), decodePrepared, options);
  }

  unprepare(statement: PreparedStatement, options?: RequestOptions): Promise<void> {
    return this.dispatch((writer, header) => encodePrepare(writer, header, statement.id), ignoreBody, options);
  }

  #onIndex<Result>(
    space: NameOrId,
    index: NameOrId,
    run: (spaceId: number, indexId: number) => Promise<Result>,
  ): Promise<Result> {
    if (typeof space === 'number' && typeof index === 'number') return run(space, index);
    const found = this.currentSchema()?.find(space);
    if (found !== undefined) {
      const indexId = typeof index === 'number' ? index : found.indexes.get(index)?.id;
      if (indexId !== undefined) return run(found.id, indexId);
    }
    return this.refreshedSchema().then((schema) => run(schema.spaceId(space), schema.indexId(space, index)));
  }
}

function isEmptyArray(value: ArrayValue): boolean {
  return value instanceof RawValue ? arrayLength(value.bytes, 0) === 0 : value.length === 0;
}

export function ignoreBody(): void {
  return undefined;
}

export function decodeTuples(bytes: Uint8Array, body: number, end: number): Tuple[] {
  return decodeData(bytes, body, end).map(asTuple);
}

function decodeFirstTuple(bytes: Uint8Array, body: number, end: number): Tuple | null {
  const first = decodeData(bytes, body, end)[0];
  return first === undefined || first === null ? null : asTuple(first);
}

function decodeStored(bytes: Uint8Array, body: number, end: number): Tuple {
  const tuple = decodeFirstTuple(bytes, body, end);
  // A before_replace trigger of the server may have made nothing of the request.
  return tuple ?? [];
}

function asTuple(value: Value): Tuple {
  if (!Array.isArray(value)) throw boxError('INVALID_MSGPACK', 'packet body');
  return value as Tuple;
}
