/**
 * Requests as a client writes them, each a whole packet. docs/formats/iproto.md, "Requests".
 * If a value cannot be encoded (TypeError, RangeError) a part of the packet stands in the writer: whoever goes on with
 * that writer sets its position back.
 */
import type { ByteWriter } from '../../base/index.ts';
import {
  encodeValue,
  writeArrayHeader,
  writeBoolean,
  writeDouble,
  writeMapHeader,
  writeString,
  writeStringHeader,
  writeUnsigned,
  type RawValue,
  type Value,
} from '../msgpack/index.ts';
import { AUTH_METHOD, BODY_KEY, REQUEST_TYPE, type BodyKey, type IteratorType, type RequestType } from './constants.ts';
import { beginPacket, endPacket, type RequestHeader } from './packet-writer.ts';

/** An array: a tuple, a key, arguments or update operations; RawValue if it is already encoded. */
export type ArrayValue = readonly Value[] | RawValue;

export type SelectRequest = Readonly<{
  spaceId: number;
  indexId: number;
  iterator: IteratorType;
  offset: number;
  limit: number;
  key: ArrayValue;
}>;

/** Field numbers inside `operations` count from `indexBase`. */
export type UpdateRequest = Readonly<{
  spaceId: number;
  indexId: number;
  key: ArrayValue;
  operations: ArrayValue;
  indexBase: 0 | 1;
}>;

export type UpsertRequest = Readonly<{
  spaceId: number;
  tuple: ArrayValue;
  operations: ArrayValue;
  indexBase: 0 | 1;
}>;

export type BeginRequest = Readonly<{
  /** Seconds after which the server rolls back. */
  timeoutSeconds?: number;
  isolation?: number;
}>;

/** The largest limit there is: as good as none. */
export const LIMIT_MAX = 0xffffffff;

function putUnsigned(writer: ByteWriter, key: BodyKey, value: number): void {
  writer.writeByte(key);
  writeUnsigned(writer, value);
}

function putString(writer: ByteWriter, key: BodyKey, value: string): void {
  writer.writeByte(key);
  writeString(writer, value);
}

function putValue(writer: ByteWriter, key: BodyKey, value: Value): void {
  writer.writeByte(key);
  encodeValue(writer, value);
}

/** PING, COMMIT, ROLLBACK, VOTE: nothing but a header. */
export function encodeBare(writer: ByteWriter, header: RequestHeader, type: RequestType): void {
  endPacket(writer, beginPacket(writer, type, header));
}

/** A request whose body map is already encoded. */
export function encodeRaw(writer: ByteWriter, header: RequestHeader, type: RequestType, body: Uint8Array): void {
  const start = beginPacket(writer, type, header);
  writer.writeBytes(body, 0, body.length);
  endPacket(writer, start);
}

export function encodePing(writer: ByteWriter, header: RequestHeader): void {
  encodeBare(writer, header, REQUEST_TYPE.ping);
}

/** `scramble` null: without password, which only guest may. */
export function encodeAuth(writer: ByteWriter, header: RequestHeader, user: string, scramble: Uint8Array | null): void {
  const start = beginPacket(writer, REQUEST_TYPE.auth, header);
  writeMapHeader(writer, 2);
  putString(writer, BODY_KEY.userName, user);
  writer.writeByte(BODY_KEY.tuple);
  if (scramble === null) {
    writeArrayHeader(writer, 0);
  } else {
    writeArrayHeader(writer, 2);
    writeString(writer, AUTH_METHOD);
    writeStringHeader(writer, scramble.length);
    writer.writeBytes(scramble, 0, scramble.length);
  }
  endPacket(writer, start);
}

/** Names the version and the features that this end knows. */
export function encodeId(
  writer: ByteWriter,
  header: RequestHeader,
  version: number,
  features: readonly number[],
): void {
  const start = beginPacket(writer, REQUEST_TYPE.id, header);
  writeMapHeader(writer, 2);
  putUnsigned(writer, BODY_KEY.version, version);
  putValue(writer, BODY_KEY.features, features);
  endPacket(writer, start);
}

export function encodeSelect(writer: ByteWriter, header: RequestHeader, request: SelectRequest): void {
  const start = beginPacket(writer, REQUEST_TYPE.select, header);
  writeMapHeader(writer, 6);
  putUnsigned(writer, BODY_KEY.spaceId, request.spaceId);
  putUnsigned(writer, BODY_KEY.indexId, request.indexId);
  putUnsigned(writer, BODY_KEY.iterator, request.iterator);
  putUnsigned(writer, BODY_KEY.offset, request.offset);
  putUnsigned(writer, BODY_KEY.limit, request.limit);
  putValue(writer, BODY_KEY.key, request.key);
  endPacket(writer, start);
}

export function encodeInsert(writer: ByteWriter, header: RequestHeader, spaceId: number, tuple: ArrayValue): void {
  encodeStore(writer, header, REQUEST_TYPE.insert, spaceId, tuple);
}

export function encodeReplace(writer: ByteWriter, header: RequestHeader, spaceId: number, tuple: ArrayValue): void {
  encodeStore(writer, header, REQUEST_TYPE.replace, spaceId, tuple);
}

function encodeStore(
  writer: ByteWriter,
  header: RequestHeader,
  type: RequestType,
  spaceId: number,
  tuple: ArrayValue,
): void {
  const start = beginPacket(writer, type, header);
  writeMapHeader(writer, 2);
  putUnsigned(writer, BODY_KEY.spaceId, spaceId);
  putValue(writer, BODY_KEY.tuple, tuple);
  endPacket(writer, start);
}

export function encodeUpdate(writer: ByteWriter, header: RequestHeader, request: UpdateRequest): void {
  const start = beginPacket(writer, REQUEST_TYPE.update, header);
  writeMapHeader(writer, 5);
  putUnsigned(writer, BODY_KEY.spaceId, request.spaceId);
  putUnsigned(writer, BODY_KEY.indexId, request.indexId);
  putUnsigned(writer, BODY_KEY.indexBase, request.indexBase);
  putValue(writer, BODY_KEY.tuple, request.operations);
  putValue(writer, BODY_KEY.key, request.key);
  endPacket(writer, start);
}

export function encodeUpsert(writer: ByteWriter, header: RequestHeader, request: UpsertRequest): void {
  const start = beginPacket(writer, REQUEST_TYPE.upsert, header);
  writeMapHeader(writer, 4);
  putUnsigned(writer, BODY_KEY.spaceId, request.spaceId);
  putUnsigned(writer, BODY_KEY.indexBase, request.indexBase);
  putValue(writer, BODY_KEY.operations, request.operations);
  putValue(writer, BODY_KEY.tuple, request.tuple);
  endPacket(writer, start);
}

export function encodeDelete(
  writer: ByteWriter,
  header: RequestHeader,
  spaceId: number,
  indexId: number,
  key: ArrayValue,
): void {
  const start = beginPacket(writer, REQUEST_TYPE.delete, header);
  writeMapHeader(writer, 3);
  putUnsigned(writer, BODY_KEY.spaceId, spaceId);
  putUnsigned(writer, BODY_KEY.indexId, indexId);
  putValue(writer, BODY_KEY.key, key);
  endPacket(writer, start);
}

/** `wrap`: CALL_16, which puts each scalar result into an array of its own. */
export function encodeCall(
  writer: ByteWriter,
  header: RequestHeader,
  functionName: string,
  args: ArrayValue,
  wrap = false,
): void {
  const start = beginPacket(writer, wrap ? REQUEST_TYPE.call16 : REQUEST_TYPE.call, header);
  writeMapHeader(writer, 2);
  putString(writer, BODY_KEY.functionName, functionName);
  putValue(writer, BODY_KEY.tuple, args);
  endPacket(writer, start);
}

export function encodeEval(writer: ByteWriter, header: RequestHeader, expression: string, args: ArrayValue): void {
  const start = beginPacket(writer, REQUEST_TYPE.eval, header);
  writeMapHeader(writer, 2);
  putString(writer, BODY_KEY.expression, expression);
  putValue(writer, BODY_KEY.tuple, args);
  endPacket(writer, start);
}

/** `statement`: SQL text, or the id that PREPARE gave. `bind`: values, or one-entry maps for named parameters. */
export function encodeExecute(
  writer: ByteWriter,
  header: RequestHeader,
  statement: string | number,
  bind: ArrayValue,
): void {
  const start = beginPacket(writer, REQUEST_TYPE.execute, header);
  writeMapHeader(writer, 3);
  putStatement(writer, statement);
  putValue(writer, BODY_KEY.sqlBind, bind);
  putValue(writer, BODY_KEY.options, []);
  endPacket(writer, start);
}

/** Prepares an SQL text, or forgets the statement of an id. */
export function encodePrepare(writer: ByteWriter, header: RequestHeader, statement: string | number): void {
  const start = beginPacket(writer, REQUEST_TYPE.prepare, header);
  writeMapHeader(writer, 1);
  putStatement(writer, statement);
  endPacket(writer, start);
}

function putStatement(writer: ByteWriter, statement: string | number): void {
  if (typeof statement === 'string') putString(writer, BODY_KEY.sqlText, statement);
  else putUnsigned(writer, BODY_KEY.statementId, statement);
}

export function encodeBegin(writer: ByteWriter, header: RequestHeader, request: BeginRequest): void {
  const start = beginPacket(writer, REQUEST_TYPE.begin, header);
  const { timeoutSeconds, isolation } = request;
  writeMapHeader(writer, (timeoutSeconds === undefined ? 0 : 1) + (isolation === undefined ? 0 : 1));
  if (timeoutSeconds !== undefined) {
    writer.writeByte(BODY_KEY.timeout);
    writeDouble(writer, timeoutSeconds);
  }
  if (isolation !== undefined) putUnsigned(writer, BODY_KEY.transactionIsolation, isolation);
  endPacket(writer, start);
}

/** `isSync`: wait for the quorum even if no synchronous space was written; needs the feature of that name. */
export function encodeCommit(writer: ByteWriter, header: RequestHeader, isSync = false): void {
  const start = beginPacket(writer, REQUEST_TYPE.commit, header);
  if (isSync) {
    writeMapHeader(writer, 1);
    writer.writeByte(BODY_KEY.isSync);
    writeBoolean(writer, true);
  }
  endPacket(writer, start);
}

export function encodeRollback(writer: ByteWriter, header: RequestHeader): void {
  encodeBare(writer, header, REQUEST_TYPE.rollback);
}

/** WATCH, UNWATCH and WATCH_ONCE. */
export function encodeWatch(
  writer: ByteWriter,
  header: RequestHeader,
  type: typeof REQUEST_TYPE.watch | typeof REQUEST_TYPE.unwatch | typeof REQUEST_TYPE.watchOnce,
  key: string,
): void {
  const start = beginPacket(writer, type, header);
  writeMapHeader(writer, 1);
  putString(writer, BODY_KEY.eventKey, key);
  endPacket(writer, start);
}
