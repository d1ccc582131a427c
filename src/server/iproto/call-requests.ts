/** CALL and EVAL: procedures, and functions of another language, over iproto. */
import { BoxError, boxError } from '../../base/index.ts';
import { beginDataResponse, BODY_KEY, endDataResponse, REQUEST_TYPE } from '../../codec/iproto/index.ts';
import { decodeArray, encodeValue, readExactString, type Value, writeArrayHeader } from '../../codec/msgpack/index.ts';
import { PRIVILEGE } from '../../engine/access/index.ts';
import {
  asBoxError,
  type Box,
  type FunctionResults,
  type FunctionSettled,
  type InteractiveTransaction,
  type ProcedureResult,
} from '../../engine/box/index.ts';
import type { CommitBatch } from '../../engine/txn/index.ts';
import type { IprotoConnection } from './connection.ts';
import { decodeBody } from './request-body.ts';

const CALL_KEYS = [BODY_KEY.functionName];
const EVAL_KEYS = [BODY_KEY.expression];

/** Calls the procedure; its reply waits for what it wrote, and, if it returned a promise, for that. */
export function call(box: Box, connection: IprotoConnection, type: number): void {
  const { request, session } = connection;
  const { name, args } = decodeCall(connection);
  const { functionCaller } = box;
  const isOurs = box.procedures.has(name) || box.catalog.functionByName(name)?.language === 'C';
  if (functionCaller !== null && !isOurs) {
    box.access.checkCall(session.effectiveUser, name);
    const actor = box.procedures.sessionFor(session, name);
    replyWhenSettled(box, connection, type, (settled) =>
      functionCaller.call(actor, name, request.bytes, request.tuplePosition, settled),
    );
    return;
  }
  box.statements.lastWrite = null;
  const result = box.procedures.call(session, name, args);
  if (result instanceof Promise) {
    replyLater(box, connection, type, result);
    return;
  }
  writeResults(box, connection, type, result, box.statements.lastWrite, request.syncHigh, request.syncLow);
}

/** Runs a text of another language; refused if there is none, to those who may not only after that was checked. */
export function evaluate(box: Box, connection: IprotoConnection): void {
  const { request, session } = connection;
  decodeBody(connection, EVAL_KEYS);
  box.access.checkUniverse(session.effectiveUser, PRIVILEGE.execute);
  const { functionCaller } = box;
  if (functionCaller === null) throw boxError('UNSUPPORTED', 'This version', 'evaluation of Lua expressions');
  const text = readExactString(request.bytes, request.expressionPosition);
  replyWhenSettled(box, connection, REQUEST_TYPE.eval, (settled) =>
    functionCaller.evaluate(session, text, request.bytes, request.tuplePosition, settled),
  );
}

/** A function that waits holds the request open; what it wrote is durable when it has ended. */
function replyWhenSettled(
  box: Box,
  connection: IprotoConnection,
  type: number,
  start: (settled: FunctionSettled) => void,
): void {
  const { syncHigh, syncLow } = connection.request;
  let isSettled = false;
  let isWaiting = false;
  start((outcome) => {
    isSettled = true;
    if (isWaiting) connection.requestWaits(-1);
    if (connection.isClosed) return;
    if ('error' in outcome) connection.writeErrorTo(outcome.error, syncHigh, syncLow);
    else writeFunctionResults(box, connection, type, outcome.results, syncHigh, syncLow);
  });
  if (isSettled) return;
  isWaiting = true;
  connection.requestWaits(1);
}

function writeFunctionResults(
  box: Box,
  connection: IprotoConnection,
  type: number,
  results: FunctionResults,
  syncHigh: number,
  syncLow: number,
): void {
  const { output } = connection;
  const start = beginDataResponse(output);
  let count: number;
  try {
    count = results.write(output, type === REQUEST_TYPE.call16);
  } catch (error) {
    output.position = start;
    if (!(error instanceof BoxError)) throw error;
    connection.writeErrorTo(error, syncHigh, syncLow);
    return;
  }
  endDataResponse(output, start, count, syncHigh, syncLow, box.catalog.schemaVersion);
}

/** Calls the procedure inside the open transaction of the stream: its reply need not wait. */
export function callInTransaction(
  box: Box,
  connection: IprotoConnection,
  type: number,
  transaction: InteractiveTransaction,
): void {
  const { request, session } = connection;
  const { name, args } = decodeCall(connection);
  const body = (): ProcedureResult | Promise<ProcedureResult> => box.procedures.callInTransaction(session, name, args);
  const result = transaction.call(body, connection.nowMs());
  writeResults(box, connection, type, result, null, request.syncHigh, request.syncLow);
}

function decodeCall(connection: IprotoConnection): Readonly<{ name: string; args: readonly Value[] }> {
  const { request } = connection;
  decodeBody(connection, CALL_KEYS);
  const name = readExactString(request.bytes, request.functionNamePosition);
  const args = request.tuplePosition < 0 ? [] : decodeArray(request.bytes, request.tuplePosition);
  return { name, args };
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
