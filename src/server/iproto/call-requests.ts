/** CALL: procedures over iproto. */
import { boxError } from '../../base/index.ts';
import { beginDataResponse, BODY_KEY, endDataResponse, REQUEST_TYPE } from '../../codec/iproto/index.ts';
import { decodeArray, encodeValue, readExactString, type Value, writeArrayHeader } from '../../codec/msgpack/index.ts';
import { asBoxError, type Box, type ProcedureResult } from '../../engine/box/index.ts';
import type { CommitBatch } from '../../engine/txn/index.ts';
import type { IprotoConnection } from './connection.ts';
import { decodeBody } from './request-body.ts';

const CALL_KEYS = [BODY_KEY.functionName];

/** Calls the procedure; its reply waits for what it wrote, and, if it returned a promise, for that. */
export function call(box: Box, connection: IprotoConnection, type: number): void {
  const { request, session } = connection;
  decodeBody(connection, CALL_KEYS);
  const name = readExactString(request.bytes, request.functionNamePosition);
  const args = request.tuplePosition < 0 ? [] : decodeArray(request.bytes, request.tuplePosition);
  box.statements.lastWrite = null;
  const result = box.procedures.call(session, name, args);
  if (result instanceof Promise) {
    replyLater(box, connection, type, result);
    return;
  }
  writeResults(box, connection, type, result, box.statements.lastWrite, request.syncHigh, request.syncLow);
}

function replyLater(box: Box, connection: IprotoConnection, type: number, result: Promise<ProcedureResult>): void {
  const { syncHigh, syncLow } = connection.request;
  connection.requestWaits(1);
  void result
    .then(
      (values) => {
        if (connection.isClosed) return;
        writeResults(box, connection, type, values, box.transactions.newestBatch, syncHigh, syncLow);
      },
      (error: unknown) => connection.writeErrorTo(asBoxError(error), syncHigh, syncLow),
    )
    .finally(() => connection.requestWaits(-1));
}

function writeResults(
  box: Box,
  connection: IprotoConnection,
  type: number,
  results: ProcedureResult,
  batch: CommitBatch | null,
  syncHigh: number,
  syncLow: number,
): void {
  const output = batch === null ? connection.output : connection.outputAfterFor(batch, syncHigh, syncLow);
  const start = beginDataResponse(output);
  try {
    if (type === REQUEST_TYPE.call16) writeWrapped(output, results);
    else for (const value of results) encodeValue(output, value);
  } catch (error) {
    output.position = start;
    throw boxError('PROC_LUA', error instanceof Error ? error.message : String(error));
  }
  endDataResponse(output, start, results.length, syncHigh, syncLow, box.catalog.schemaVersion);
}

/** The old CALL wraps each result that is no array into one. */
function writeWrapped(output: IprotoConnection['output'], results: readonly Value[]): void {
  for (const value of results) {
    if (!Array.isArray(value)) writeArrayHeader(output, 1);
    encodeValue(output, value);
  }
}
