/** CALL and EVAL: procedures, and functions of another language, over iproto. */
import { BoxError, boxError } from '../../base/index.ts';
import { beginDataResponse, BODY_KEY, endDataResponse, REQUEST_TYPE } from '../../codec/iproto/index.ts';
import { decodeArray, encodeValue, readExactString, type Value, writeArrayHeader } from '../../codec/msgpack/index.ts';
import { PRIVILEGE } from '../../engine/access/index.ts';
import {
  asBoxError,
  type Box,
  type FunctionCaller,
  type FunctionResults,
  type FunctionSettled,
  type InteractiveTransaction,
  type ProcedureResult,
} from '../../engine/box/index.ts';
import type { CommitBatch } from '../../engine/txn/index.ts';
import type { IprotoConnection } from './connection.ts';
import { decodeBody } from './request-body.ts';
import { IprotoRequestDoor } from './request-door.ts';

const CALL_KEYS = [BODY_KEY.functionName];
const EVAL_KEYS = [BODY_KEY.expression];
/** What a function gives that has not ended. */
const NEVER = new Promise<undefined>(() => undefined);

/** Calls the procedure; its reply waits for what it wrote, and, if it returned a promise, for that. */
export function call(box: Box, connection: IprotoConnection, type: number): void {
  const { request, session } = connection;
  const { name, args } = decodeCall(connection);
  const caller = callerOf(box, name);
  if (caller !== null) {
    box.access.checkCall(session.effectiveUser, name);
    const actor = box.procedures.sessionFor(session, name);
    replyWhenSettled(box, connection, type, (settled) =>
      caller.call(actor, name, request.bytes, request.tuplePosition, settled, new IprotoRequestDoor(connection)),
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

/** Who calls the function of the name if it is no procedure. */
function callerOf(box: Box, name: string): FunctionCaller | null {
  const isOurs = box.procedures.has(name) || box.catalog.functionByName(name)?.language === 'C';
  return isOurs ? null : box.functionCaller;
}

/** Runs a text of another language; refused if there is none, to those who may not only after that was checked. */
export function evaluate(box: Box, connection: IprotoConnection): void {
  const { request, session } = connection;
  const { caller, text } = decodeEvaluation(box, connection);
  replyWhenSettled(box, connection, REQUEST_TYPE.eval, (settled) =>
    caller.evaluate(session, text, request.bytes, request.tuplePosition, settled, new IprotoRequestDoor(connection)),
  );
}

function decodeEvaluation(box: Box, connection: IprotoConnection): Readonly<{ caller: FunctionCaller; text: string }> {
  const { request, session } = connection;
  decodeBody(connection, EVAL_KEYS);
  box.access.checkUniverse(session.effectiveUser, PRIVILEGE.execute);
  const { functionCaller } = box;
  if (functionCaller === null) throw boxError('UNSUPPORTED', 'This version', 'evaluation of Lua expressions');
  return { caller: functionCaller, text: readExactString(request.bytes, request.expressionPosition) };
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
    if ('error' in outcome) writeFailure(box, connection, outcome.error, syncHigh, syncLow);
    else writeFunctionResults(box, connection, type, outcome.results, syncHigh, syncLow);
  });
  if (isSettled) return;
  isWaiting = true;
  connection.requestWaits(1);
}

/** An answer that is not the request's in the decoder. */
function writeFailure(
  box: Box,
  connection: IprotoConnection,
  error: BoxError,
  syncHigh: number,
  syncLow: number,
): void {
  box.counters.errors++;
  connection.writeErrorTo(error, syncHigh, syncLow);
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
    writeFailure(box, connection, error, syncHigh, syncLow);
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
  const caller = callerOf(box, name);
  if (caller !== null) {
    box.access.checkCall(session.effectiveUser, name);
    const actor = box.procedures.sessionFor(session, name);
    const door = new IprotoRequestDoor(connection);
    return replyInTransaction(box, connection, type, transaction, (settled) =>
      caller.call(actor, name, request.bytes, request.tuplePosition, settled, door),
    );
  }
  const body = (): ProcedureResult | Promise<ProcedureResult> => box.procedures.callInTransaction(session, name, args);
  const result = transaction.call(body, connection.nowMs());
  writeResults(box, connection, type, result, null, request.syncHigh, request.syncLow);
}

/** Evaluates the text inside the open transaction of the stream. */
export function evaluateInTransaction(
  box: Box,
  connection: IprotoConnection,
  transaction: InteractiveTransaction,
): void {
  const { request, session } = connection;
  const { caller, text } = decodeEvaluation(box, connection);
  const door = new IprotoRequestDoor(connection);
  replyInTransaction(box, connection, REQUEST_TYPE.eval, transaction, (settled) =>
    caller.evaluate(session, text, request.bytes, request.tuplePosition, settled, door),
  );
}

/** Results are written before what the function did is undone; one that waits dooms the transaction. */
function replyInTransaction(
  box: Box,
  connection: IprotoConnection,
  type: number,
  transaction: InteractiveTransaction,
  start: (settled: FunctionSettled) => void,
): void {
  const { syncHigh, syncLow } = connection.request;
  transaction.call(() => {
    let isSettled = false;
    let isLate = false;
    start((outcome) => {
      isSettled = true;
      if (isLate) return;
      if ('error' in outcome) writeFailure(box, connection, outcome.error, syncHigh, syncLow);
      else writeFunctionResults(box, connection, type, outcome.results, syncHigh, syncLow);
    });
    isLate = !isSettled;
    return isSettled ? undefined : NEVER;
  }, connection.nowMs());
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
      (error: unknown) => writeFailure(box, connection, asBoxError(error), syncHigh, syncLow),
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
