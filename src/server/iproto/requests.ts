/**
 * Executes decoded requests on `box` and writes their replies: one function a kind, one closed switch.
 * A reply that waits for the log is written at once and sent later (see connection.ts). What a request throws as a
 * BoxError is its answer; anything else is a failure of ours.
 */
import { BoxError, boxError } from '../../base/index.ts';
import {
  BODY_KEY,
  beginDataResponse,
  endDataResponse,
  REQUEST_TYPE,
  type RequestDecoder,
  writeOkResponse,
} from '../../codec/iproto/index.ts';
import { type Address, NO_ADDRESS, tuplePosition, tupleSize, tupleSlab } from '../../engine/arena/index.ts';
import type { Box } from '../../engine/box/index.ts';
import type { IprotoConnection } from './connection.ts';

const SELECT_KEYS = [BODY_KEY.spaceId, BODY_KEY.limit, BODY_KEY.key];
const PUT_KEYS = [BODY_KEY.spaceId, BODY_KEY.tuple];
const UPDATE_KEYS = [BODY_KEY.spaceId, BODY_KEY.key, BODY_KEY.tuple];
const DELETE_KEYS = [BODY_KEY.spaceId, BODY_KEY.key];
const UPSERT_KEYS = [BODY_KEY.spaceId, BODY_KEY.tuple, BODY_KEY.operations];

/** Executes the request in the connection's decoder. */
export function executeRequest(box: Box, connection: IprotoConnection): void {
  const { request } = connection;
  const type = request.type & 0xff;
  try {
    if (request.schemaVersion !== 0 && request.schemaVersion !== box.catalog.schemaVersion && isChecked(type)) {
      // 2.6.0 prints the two numbers in this order.
      throw boxError('WRONG_SCHEMA_VERSION', request.schemaVersion, box.catalog.schemaVersion);
    }
    dispatch(box, connection, type);
  } catch (error) {
    if (!(error instanceof BoxError)) throw error;
    connection.writeError(error);
  }
}

function isChecked(type: number): boolean {
  return type >= REQUEST_TYPE.select && type <= REQUEST_TYPE.prepare && type !== REQUEST_TYPE.auth;
}

function dispatch(box: Box, connection: IprotoConnection, type: number): void {
  switch (type) {
    case REQUEST_TYPE.select:
      return select(box, connection);
    case REQUEST_TYPE.insert:
    case REQUEST_TYPE.replace:
      return put(box, connection, type);
    case REQUEST_TYPE.update:
      return update(box, connection);
    case REQUEST_TYPE.delete:
      return remove(box, connection);
    case REQUEST_TYPE.upsert:
      return upsert(box, connection);
    case REQUEST_TYPE.ping:
      return writeOk(box, connection);
    default:
      throw boxError('UNKNOWN_REQUEST_TYPE', type);
  }
}

function decodeBody(request: RequestDecoder, mandatory: readonly number[]): void {
  const error = request.decodeBody(mandatory);
  if (error !== null) throw error;
}

function select(box: Box, connection: IprotoConnection): void {
  const { request } = connection;
  decodeBody(request, SELECT_KEYS);
  const { statements } = box;
  const cursor = statements.select(
    connection.session,
    request.spaceId,
    request.indexId,
    request.iterator,
    request.offset,
    request.bytes,
    request.keyPosition,
  );
  const { arena } = statements.selected;
  const output = connection.output;
  const start = beginDataResponse(output);
  let count = 0;
  while (count < request.limit) {
    const tuple = cursor.next();
    if (tuple === NO_ADDRESS) break;
    const position = tuplePosition(tuple);
    output.writeBytes(tupleSlab(arena, tuple), position, position + tupleSize(arena, tuple));
    count++;
  }
  endDataResponse(output, start, count, request.syncHigh, request.syncLow, box.catalog.schemaVersion);
}

function put(box: Box, connection: IprotoConnection, type: number): void {
  const { request, session } = connection;
  decodeBody(request, PUT_KEYS);
  const { statements } = box;
  const { bytes, spaceId, tuplePosition: start, tupleEnd: end } = request;
  const tuple =
    type === REQUEST_TYPE.insert
      ? statements.insert(session, spaceId, bytes, start, end)
      : statements.replace(session, spaceId, bytes, start, end);
  writeResult(box, connection, tuple);
}

function update(box: Box, connection: IprotoConnection): void {
  const { request } = connection;
  decodeBody(request, UPDATE_KEYS);
  const tuple = box.statements.update(
    connection.session,
    request.spaceId,
    request.indexId,
    request.bytes,
    request.keyPosition,
    request.tuplePosition,
    request.tupleEnd,
    request.indexBase,
  );
  writeResult(box, connection, tuple);
}

function remove(box: Box, connection: IprotoConnection): void {
  const { request } = connection;
  decodeBody(request, DELETE_KEYS);
  const { session } = connection;
  const tuple = box.statements.delete(session, request.spaceId, request.indexId, request.bytes, request.keyPosition);
  writeResult(box, connection, tuple);
}

function upsert(box: Box, connection: IprotoConnection): void {
  const { request } = connection;
  decodeBody(request, UPSERT_KEYS);
  box.statements.upsert(
    connection.session,
    request.spaceId,
    request.bytes,
    request.tuplePosition,
    request.tupleEnd,
    request.operationsPosition,
    request.operationsEnd,
    request.indexBase,
  );
  writeResult(box, connection, NO_ADDRESS);
}

/** The reply to a change: its tuple, or none. */
function writeResult(box: Box, connection: IprotoConnection, tuple: Address): void {
  const { request } = connection;
  const { waitingFor, selected } = box.statements;
  const output = waitingFor === null ? connection.output : connection.outputAfter(waitingFor);
  const start = beginDataResponse(output);
  let count = 0;
  if (tuple !== NO_ADDRESS) {
    const position = tuplePosition(tuple);
    output.writeBytes(tupleSlab(selected.arena, tuple), position, position + tupleSize(selected.arena, tuple));
    count = 1;
  }
  endDataResponse(output, start, count, request.syncHigh, request.syncLow, box.catalog.schemaVersion);
}

function writeOk(box: Box, connection: IprotoConnection): void {
  const { request } = connection;
  writeOkResponse(connection.output, request.syncHigh, request.syncLow, box.catalog.schemaVersion);
}
