/**
 * Changes of the schema that have to read a large space: what they need is built in slices, while other requests go on,
 * and then the request is executed in one turn, as if it had come then.
 */
import { BoxError } from '../../base/index.ts';
import { beginDataResponse, endDataResponse, RequestDecoder } from '../../codec/iproto/index.ts';
import { type Box, executeChange, mandatoryKeys, writeChangeResult } from '../../engine/box/index.ts';
import type { SpaceBuild } from '../../engine/catalog/index.ts';
import type { IprotoConnection } from './connection.ts';

/** Tuples that a step of a build takes: less than a millisecond. */
const STEP_TUPLES = 100;

/** Executes the change in the connection's decoder when the build is done. */
export function changeWhenBuilt(box: Box, connection: IprotoConnection, type: number, build: SpaceBuild): void {
  const { request } = connection;
  const packet = request.bytes.slice(request.packetStart, request.end);
  const later = new RequestDecoder();
  later.decodeHeader(packet, 0, packet.length);
  connection.requestWaits(1);
  connection.inSlices(() => {
    try {
      if (build.advance(STEP_TUPLES)) return true;
      execute(box, connection, later, type, build);
    } catch (error) {
      if (error instanceof BoxError) connection.writeErrorTo(error, later.syncHigh, later.syncLow);
      else connection.fail(error);
    }
    box.statements.prepared = null;
    box.catalog.abandon(build);
    connection.requestWaits(-1);
    return false;
  });
}

function execute(
  box: Box,
  connection: IprotoConnection,
  request: RequestDecoder,
  type: number,
  build: SpaceBuild,
): void {
  const { statements, catalog } = box;
  const malformed = request.decodeBody(mandatoryKeys(type) ?? []);
  if (malformed !== null) throw malformed;
  statements.prepared = build;
  const tuple = executeChange(statements, connection.session, request, type);
  if (connection.isClosed) return;
  const { waitingFor } = statements;
  const { syncHigh, syncLow } = request;
  const output = waitingFor === null ? connection.output : connection.outputAfterFor(waitingFor, syncHigh, syncLow);
  const start = beginDataResponse(output);
  const count = writeChangeResult(statements, tuple, output);
  endDataResponse(output, start, count, syncHigh, syncLow, catalog.schemaVersion);
}
