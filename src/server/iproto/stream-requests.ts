/** Requests of a stream: BEGIN, COMMIT, ROLLBACK, and data requests and calls inside its transaction. */
import { boxError, type ByteWriter } from '../../base/index.ts';
import {
  beginDataResponse,
  BODY_KEY,
  endDataResponse,
  REQUEST_TYPE,
  type RequestDecoder,
  writeOkResponse,
} from '../../codec/iproto/index.ts';
import { LIMITS } from '../../config/index.ts';
import {
  type Box,
  executeChange,
  executeSelect,
  InteractiveTransaction,
  mandatoryKeys,
  type Session,
  writeChangeResult,
} from '../../engine/box/index.ts';
import { callInTransaction, evaluateInTransaction } from './call-requests.ts';
import type { IprotoConnection } from './connection.ts';
import { checkSchemaVersion } from './request-body.ts';

/** A transaction answers in one turn, for it must be able to answer the same again. */
const WITHOUT_BOUND = { tuples: Infinity, bytes: Infinity } as const;

/** What a stream may ask for beside data requests; without a transaction it is answered as outside of a stream. */
const OTHER_TYPES: readonly number[] = [
  REQUEST_TYPE.call,
  REQUEST_TYPE.call16,
  REQUEST_TYPE.eval,
  REQUEST_TYPE.execute,
  REQUEST_TYPE.prepare,
  REQUEST_TYPE.nop,
  REQUEST_TYPE.ping,
];

/** How errors call requests about the connection, which no stream takes. */
const CONNECTION_TYPES: ReadonlyMap<number, string> = new Map([
  [REQUEST_TYPE.auth, 'AUTH'],
  [REQUEST_TYPE.vote, 'VOTE'],
  [REQUEST_TYPE.id, 'ID'],
  [REQUEST_TYPE.watch, 'WATCH'],
  [REQUEST_TYPE.unwatch, 'UNWATCH'],
  [REQUEST_TYPE.watchOnce, 'WATCH_ONCE'],
]);

/** Executes a request of a stream; false if it is to be executed as if it came outside of one. */
export function executeInStream(box: Box, connection: IprotoConnection, type: number): boolean {
  const { request } = connection;
  const transaction = connection.streams.get(request.streamId);
  switch (type) {
    case REQUEST_TYPE.begin:
      begin(box, connection, transaction);
      return true;
    case REQUEST_TYPE.commit:
      commit(box, connection, transaction);
      return true;
    case REQUEST_TYPE.rollback:
      connection.streams.delete(request.streamId);
      transaction?.rollback();
      writeOkResponse(connection.output, request.syncHigh, request.syncLow, box.catalog.schemaVersion);
      return true;
    default:
  }
  const isData = mandatoryKeys(type) !== null;
  if (!isData && !OTHER_TYPES.includes(type)) {
    throw boxError('UNABLE_TO_PROCESS_IN_STREAM', CONNECTION_TYPES.get(type) ?? type);
  }
  if (transaction === undefined || type === REQUEST_TYPE.ping) return false;
  if (!isData) {
    if (type === REQUEST_TYPE.eval) {
      evaluateInTransaction(box, connection, transaction);
      return true;
    }
    if (type !== REQUEST_TYPE.call && type !== REQUEST_TYPE.call16) return false;
    callInTransaction(box, connection, type, transaction);
    return true;
  }
  checkSchemaVersion(connection);
  const { output } = connection;
  const start = beginDataResponse(output);
  let count: number;
  try {
    count = transaction.execute(request, type, request.packetStart, output, connection.nowMs());
  } catch (error) {
    output.position = start;
    throw error;
  }
  endDataResponse(output, start, count, request.syncHigh, request.syncLow, box.catalog.schemaVersion);
  return true;
}

function begin(box: Box, connection: IprotoConnection, open: InteractiveTransaction | undefined): void {
  if (open !== undefined) throw boxError('ACTIVE_TRANSACTION');
  const { request, session, streams } = connection;
  if (streams.size >= LIMITS.interactivePerConnectionMax) {
    const limit = `more than ${LIMITS.interactivePerConnectionMax} open transactions over streams`;
    throw boxError('UNSUPPORTED', 'A connection', limit);
  }
  const malformed = request.decodeBody([]);
  if (malformed !== null) throw malformed;
  const timeoutMs = request.timeoutSeconds > 0 ? request.timeoutSeconds * 1000 : LIMITS.interactiveTimeoutMs;
  const run = (replayed: RequestDecoder, type: number, output: ByteWriter): number =>
    runRequest(box, session, replayed, type, output);
  const deadlineMs = connection.nowMs() + timeoutMs;
  streams.set(request.streamId, new InteractiveTransaction(box, run, deadlineMs));
  writeOkResponse(connection.output, request.syncHigh, request.syncLow, box.catalog.schemaVersion);
}

function commit(box: Box, connection: IprotoConnection, transaction: InteractiveTransaction | undefined): void {
  const { request } = connection;
  connection.streams.delete(request.streamId);
  const batch = transaction?.commit(connection.nowMs()) ?? null;
  const output = batch === null ? connection.output : connection.outputAfter(batch);
  writeOkResponse(output, request.syncHigh, request.syncLow, box.catalog.schemaVersion);
}

function runRequest(box: Box, session: Session, request: RequestDecoder, type: number, output: ByteWriter): number {
  const malformed = request.decodeBody(mandatoryKeys(type) ?? [BODY_KEY.spaceId]);
  if (malformed !== null) throw malformed;
  const { statements } = box;
  if (type === REQUEST_TYPE.select) return executeSelect(statements, session, request, output, WITHOUT_BOUND);
  return writeChangeResult(statements, executeChange(statements, session, request, type), output);
}
