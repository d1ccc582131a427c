/** Requests about the connection itself: PING, AUTH, ID, VOTE. */
import { BoxError, boxError, ERROR_TABLE } from '../../base/index.ts';
import {
  type Ballot,
  beginResponse,
  BODY_KEY,
  endResponse,
  FEATURE,
  PROTOCOL_VERSION,
  REQUEST_TYPE,
  writeBallot,
  writeOkResponse,
} from '../../codec/iproto/index.ts';
import { readExactString, writeArrayHeader, writeMapHeader, writeUnsigned } from '../../codec/msgpack/index.ts';
import type { Box, Session } from '../../engine/box/index.ts';
import type { IprotoConnection } from './connection.ts';
import { checkSchemaVersion, decodeBody, requireWholeBody } from './request-body.ts';

const AUTH_KEYS = [BODY_KEY.userName, BODY_KEY.tuple];
const OUR_FEATURES = [FEATURE.streams, FEATURE.transactions, FEATURE.errorExtension, FEATURE.watchers];

export function ping(box: Box, connection: IprotoConnection): void {
  requireWholeBody(connection);
  checkSchemaVersion(connection);
  writeOk(box, connection);
}

/** An answer without content. */
export function writeOk(box: Box, connection: IprotoConnection): void {
  const { request } = connection;
  writeOkResponse(connection.output, request.syncHigh, request.syncLow, box.catalog.schemaVersion);
}

/** Takes another user for the session; a failure leaves the one it had. */
export function authenticate(box: Box, connection: IprotoConnection): void {
  const { request, session } = connection;
  decodeBody(connection, AUTH_KEYS);
  const name = readExactString(request.bytes, request.userNamePosition);
  const { onAuthentication } = box.sessions;
  let user: Session['user'];
  try {
    user = box.access.authenticate(connection.salt, name, request.bytes, request.tuplePosition);
  } catch (error) {
    const isWrongPassword = error instanceof BoxError && error.code === ERROR_TABLE.PASSWORD_MISMATCH.code;
    if (isWrongPassword) for (const trigger of onAuthentication) trigger(session, name, false);
    throw error;
  }
  for (const trigger of onAuthentication) trigger(session, name, true);
  session.login(user);
  writeOk(box, connection);
}

/** Tells what this server can do; what the client can do is not needed yet. */
export function identify(box: Box, connection: IprotoConnection): void {
  const { request } = connection;
  const malformed = request.decodeBody([]);
  if (malformed !== null) throw malformed;
  const { output } = connection;
  const start = beginResponse(output);
  writeMapHeader(output, 2);
  output.writeByte(BODY_KEY.version);
  writeUnsigned(output, PROTOCOL_VERSION);
  output.writeByte(BODY_KEY.features);
  writeArrayHeader(output, OUR_FEATURES.length);
  for (const feature of OUR_FEATURES) writeUnsigned(output, feature);
  endResponse(output, start, REQUEST_TYPE.ok, request.syncHigh, request.syncLow, box.catalog.schemaVersion);
}

/** What a server that looks for a leader asks first. */
export function vote(box: Box, connection: IprotoConnection, type: number, ballot: Ballot): void {
  if (type === REQUEST_TYPE.voteDeprecated) throw boxError('UNKNOWN_REQUEST_TYPE', type);
  requireWholeBody(connection);
  checkSchemaVersion(connection);
  const { request, output } = connection;
  const start = beginResponse(output);
  writeBallot(output, ballot);
  endResponse(output, start, REQUEST_TYPE.ok, request.syncHigh, request.syncLow, box.catalog.schemaVersion);
}
