/**
 * Executes decoded requests on `box` and writes their replies: one closed switch over the kinds of requests.
 * A reply that waits for the log is written at once and sent later (see connection.ts). What a request throws as a
 * BoxError is its answer; anything else is a failure of ours.
 */
import { BoxError, boxError } from '../../base/index.ts';
import { type Ballot, beginDataResponse, BODY_KEY, endDataResponse, REQUEST_TYPE } from '../../codec/iproto/index.ts';
import {
  type Box,
  executeChange,
  executeSelect,
  mandatoryKeys,
  mayNeedBuild,
  openLargeSelection,
  TOO_LARGE,
  writeChangeResult,
} from '../../engine/box/index.ts';
import { call, evaluate } from './call-requests.ts';
import type { IprotoConnection } from './connection.ts';
import { authenticate, identify, ping, vote } from './session-requests.ts';
import { changeWhenBuilt } from './schema-requests.ts';
import { executeInStream } from './stream-requests.ts';
import { decodeBody, requireWholeBody } from './request-body.ts';
import type { Relays } from '../../replication/index.ts';
import { replicate } from './replication-requests.ts';
import { unwatch, watch, watchOnce } from './watch-requests.ts';

const SELECT_KEYS = mandatoryKeys(REQUEST_TYPE.select) ?? [];
const SQL_KEYS = [BODY_KEY.sqlText];
/** What a SELECT may give at once. */
const ONE_TURN = { tuples: 2000, bytes: 1024 * 1024 } as const;
const WITHOUT_BOUND = { tuples: Infinity, bytes: Infinity } as const;
const NOP_KEYS = [BODY_KEY.spaceId];
/** What needs no data; a client that got no answer to ID would take the server for an old one as long as it is connected. */
const ANSWERED_WHILE_LOADING: ReadonlySet<number> = new Set([REQUEST_TYPE.vote, REQUEST_TYPE.id, REQUEST_TYPE.ping]);

/** What requests ask of the server beside the engine. */
export interface RequestHost {
  readonly isLoading: boolean;
  readonly relays: Relays | null;
  ballot(): Ballot;
}

/** Executes the request in the connection's decoder. */
export function executeRequest(box: Box, connection: IprotoConnection, host: RequestHost): void {
  const { request } = connection;
  const type = request.type & 0xff;
  const { counters } = box;
  counters.byType[type]!++;
  counters.network.requests++;
  try {
    if (host.isLoading && !ANSWERED_WHILE_LOADING.has(type)) throw boxError('LOADING');
    if (request.streamId === 0 || !executeInStream(box, connection, type)) dispatch(box, connection, type, host);
  } catch (error) {
    if (!(error instanceof BoxError)) throw error;
    counters.errors++;
    connection.writeError(error);
  }
}

/** Executes a request outside of any transaction of a stream. */
function dispatch(box: Box, connection: IprotoConnection, type: number, host: RequestHost): void {
  switch (type) {
    case REQUEST_TYPE.select:
      return select(box, connection);
    case REQUEST_TYPE.insert:
    case REQUEST_TYPE.replace:
    case REQUEST_TYPE.update:
    case REQUEST_TYPE.delete:
    case REQUEST_TYPE.upsert:
      return change(box, connection, type);
    case REQUEST_TYPE.call:
    case REQUEST_TYPE.call16:
      return call(box, connection, type);
    case REQUEST_TYPE.ping:
      return ping(box, connection);
    case REQUEST_TYPE.auth:
      return authenticate(box, connection);
    case REQUEST_TYPE.id:
      return identify(box, connection);
    case REQUEST_TYPE.vote:
    case REQUEST_TYPE.voteDeprecated:
      return vote(box, connection, type, host.ballot());
    case REQUEST_TYPE.join:
    case REQUEST_TYPE.subscribe:
    case REQUEST_TYPE.fetchSnapshot:
    case REQUEST_TYPE.register:
      if (host.relays === null) throw boxError('LOADING');
      return replicate(host.relays, connection, type);
    case REQUEST_TYPE.watch:
      return watch(box, connection);
    case REQUEST_TYPE.unwatch:
      return unwatch(connection);
    case REQUEST_TYPE.watchOnce:
      return watchOnce(box, connection);
    case REQUEST_TYPE.begin:
    case REQUEST_TYPE.commit:
    case REQUEST_TYPE.rollback:
      requireWholeBody(connection);
      throw boxError('UNABLE_TO_PROCESS_OUT_OF_STREAM', streamRequestName(type));
    case REQUEST_TYPE.eval:
      return evaluate(box, connection);
    case REQUEST_TYPE.execute:
    case REQUEST_TYPE.prepare:
      decodeBody(connection, SQL_KEYS);
      throw boxError('UNSUPPORTED', 'This version', 'SQL');
    case REQUEST_TYPE.nop:
      return refuseNop(connection);
    default:
      requireWholeBody(connection);
      throw boxError('UNKNOWN_REQUEST_TYPE', type);
  }
}

function streamRequestName(type: number): string {
  if (type === REQUEST_TYPE.begin) return 'BEGIN';
  return type === REQUEST_TYPE.commit ? 'COMMIT' : 'ROLLBACK';
}

/** NOP stands in logs only; 2.6.0 looks at its body before it finds that out. */
function refuseNop(connection: IprotoConnection): void {
  const { request } = connection;
  requireWholeBody(connection);
  request.decodeBody(NOP_KEYS);
  if (request.hasDataField) throw boxError('INVALID_MSGPACK', 'packet body');
  throw boxError('UNKNOWN_REQUEST_TYPE', REQUEST_TYPE.nop);
}

function select(box: Box, connection: IprotoConnection): void {
  const { request, session } = connection;
  decodeBody(connection, SELECT_KEYS);
  const output = connection.output;
  const start = beginDataResponse(output);
  let count: number;
  try {
    // A stream's requests run one after the other, and so in one turn.
    count = executeSelect(box.statements, session, request, output, request.streamId === 0 ? ONE_TURN : WITHOUT_BOUND);
    if (count === TOO_LARGE) {
      output.position = start;
      const selection = openLargeSelection(box.statements, session, request, connection.nowMs());
      if (selection !== null) return connection.replyLarge(selection);
      beginDataResponse(output);
      count = executeSelect(box.statements, session, request, output, WITHOUT_BOUND);
    }
  } catch (error) {
    output.position = start;
    throw error;
  }
  endDataResponse(output, start, count, request.syncHigh, request.syncLow, box.catalog.schemaVersion);
}

function change(box: Box, connection: IprotoConnection, type: number): void {
  const { request, session } = connection;
  decodeBody(connection, mandatoryKeys(type) ?? []);
  const { statements } = box;
  if (mayNeedBuild(request.spaceId) && request.streamId === 0) {
    const build = box.schemaPreparation.begin(session, request, type);
    if (build !== null) return changeWhenBuilt(box, connection, type, build);
  }
  const tuple = executeChange(statements, session, request, type);
  const { waitingFor } = statements;
  const output = waitingFor === null ? connection.output : connection.outputAfter(waitingFor);
  const start = beginDataResponse(output);
  const count = writeChangeResult(statements, tuple, output);
  endDataResponse(output, start, count, request.syncHigh, request.syncLow, box.catalog.schemaVersion);
}
