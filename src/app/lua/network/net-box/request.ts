/**
 * One request: sent, answered, and waited for by a fiber, or held as a future. Messages that the server pushes on the way
 * go to `on_push`, or are kept for `future:pairs()`.
 */
import { type BoxError, boxError } from '../../../../base/index.ts';
import { decodeError, REQUEST_TYPE, type RequestType } from '../../../../codec/iproto/index.ts';

import { NULL } from '../../ffi/null.ts';
import { LuaTable, tableOf } from '../../runtime/table.ts';
import {
  allOf,
  type LuaExecution,
  LuaFunction,
  type LuaResult,
  type LuaValue,
  plainFunction,
  suspendableFunction,
} from '../../runtime/values.ts';
import { testCancel, Waiters } from '../../fibers/library/context.ts';
import { addFunctions, isTruthy, usageError } from '../../system/module.ts';
import { IbufObject } from '../../values/buffer.ts';
import { BODY_KEY, findKey } from '../../../../codec/iproto/index.ts';
import { type AnswerDecoder, decodeValues } from './answers.ts';
import type { NetBoxHost } from './host.ts';
import type { RemoteConnection } from './remote-connection.ts';

export type RequestForm = Readonly<{
  type: RequestType;
  body: Uint8Array;
  decode: AnswerDecoder;
  /** Results are a table that a plain call gives as several values. */
  isList: boolean;
}>;

type Outcome = Readonly<{ value: LuaValue } | { error: Error }>;

const DISCARDED = 'Response is discarded';
const NOT_READY = 'Response is not ready';

export class RemoteRequest {
  outcome: Outcome | null = null;
  isDiscarded = false;
  /** What was pushed, if nobody takes it at once. */
  readonly messages = new LuaTable();
  readonly #host: NetBoxHost;
  readonly #waiters = new Waiters<null>();

  constructor(host: NetBoxHost) {
    this.#host = host;
  }

  settle(outcome: Outcome): void {
    this.outcome ??= outcome;
    this.#waiters.wakeAll();
  }

  pushed(message: LuaValue): void {
    this.messages.array.push(message);
    this.#waiters.wakeAll();
  }

  /** Waits until there is an outcome, or more messages than so many; false if the time is over. */
  *wait(timeoutMs: number, messagesSeen = Infinity): Generator<object, boolean, unknown> {
    const { clock } = this.#host.fibers;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    while (this.outcome === null && this.messages.length() <= messagesSeen) {
      const leftMs = timeoutMs === Infinity ? Infinity : deadlineMs - clock.monotonicMs();
      if (leftMs <= 0) return false;
      yield* this.#waiters.wait(this.#host.fibers, leftMs, null);
      testCancel(this.#host.fibers);
    }
    return true;
  }
}

export type RequestOptions = Readonly<{
  timeoutMs: number;
  isAsync: boolean;
  onPush: LuaFunction | null;
  onPushContext: LuaValue;
  buffer: IbufObject | null;
}>;

/** Options of a call; `timeoutMs` holds where they name none. */
export function requestOptions(value: LuaValue, timeoutMs: number): RequestOptions {
  const get = (name: string): LuaValue => (value instanceof LuaTable ? value.getString(name) : undefined);
  const timeout = get('timeout');
  const onPush = get('on_push');
  const buffer = get('buffer');
  return {
    timeoutMs: typeof timeout === 'number' ? timeout * 1000 : timeoutMs,
    isAsync: isTruthy(get('is_async')),
    onPush: onPush instanceof LuaFunction ? onPush : null,
    onPushContext: get('on_push_ctx'),
    buffer: buffer instanceof IbufObject ? buffer : null,
  };
}

/** Sends the request; its result, or a future. Throws what went wrong, as an error object. */
export function* performRequest(
  host: NetBoxHost,
  connection: RemoteConnection,
  form: RequestForm,
  options: RequestOptions,
): LuaExecution {
  const { clock } = host.fibers;
  const deadlineMs = clock.monotonicMs() + options.timeoutMs;
  if (!options.isAsync && connection.refusal !== null && connection.state !== 'closed') {
    yield* connection.waitState((state) => state === 'active', options.timeoutMs);
  }
  const request = new RemoteRequest(host);
  const { refusal } = connection;
  if (refusal !== null) throw refusal;
  const leftMs = options.timeoutMs === Infinity ? Infinity : deadlineMs - clock.monotonicMs();
  send(host, connection, form, options, request, options.isAsync ? Infinity : leftMs);
  if (options.isAsync) return createFuture(host, request);
  yield* request.wait(Infinity);
  const { outcome } = request;
  if (outcome === null) throw boxError('TIMEOUT');
  if ('error' in outcome) throw outcome.error;
  if (options.buffer !== null) return outcome.value;
  return form.isList && outcome.value instanceof LuaTable ? outcome.value.array : outcome.value;
}

function send(
  host: NetBoxHost,
  connection: RemoteConnection,
  { type, body, decode }: RequestForm,
  options: RequestOptions,
  request: RemoteRequest,
  timeoutMs: number,
): void {
  connection.send(
    type,
    body,
    timeoutMs,
    (response) => {
      const { bytes, start, end } = response;
      try {
        if (response.type === REQUEST_TYPE.chunk) {
          const values = decodeValues(host, bytes, start, end);
          const message = values instanceof LuaTable ? values.get(1) : undefined;
          if (options.onPush === null) request.pushed(message);
          else runPushed(host, options.onPush, options.onPushContext, message);
        } else if (response.type !== REQUEST_TYPE.ok) {
          request.settle({ error: decodeError(bytes, start, end, response.type) });
        } else if (options.buffer === null) request.settle({ value: decode(host, bytes, start, end) });
        else request.settle({ value: copyToBuffer(options.buffer, bytes, start, end) });
      } catch (error) {
        request.settle({ error: error instanceof Error ? error : boxError('UNKNOWN') });
      }
    },
    (error) => request.settle({ error }),
  );
}

/** The body as it came goes to the buffer; the number of its bytes is the result. */
function copyToBuffer(buffer: IbufObject, bytes: Uint8Array, start: number, end: number): number {
  if (findKey(bytes, start, end, BODY_KEY.data) >= 0 || end > start) buffer.appendBytes(bytes, start, end);
  return end - start;
}

/** The function has a fiber of its own, because it may wait. */
function runPushed({ runtime, fibers }: NetBoxHost, code: LuaFunction, context: LuaValue, message: LuaValue): void {
  const execution = runtime.call(code, [context, message]);
  fibers.scheduler.start(fibers.scheduler.create('net.box', null, execution, Infinity));
}

/** A request as `is_async` gives it. */
export class FutureTable extends LuaTable {
  readonly request: RemoteRequest;

  constructor(request: RemoteRequest, metatable: LuaTable) {
    super();
    this.request = request;
    this.metatable = metatable;
  }
}

function createFuture(host: NetBoxHost, request: RemoteRequest): FutureTable {
  return new FutureTable(request, host.futureMetatable);
}

export function createFutureMetatable(host: Omit<NetBoxHost, 'futureMetatable'>): LuaTable {
  const errorValue = (error: Error): LuaValue => host.runtime.hostErrorValue(error);
  const failed = (error: BoxError): LuaResult => [undefined, errorValue(error)];
  const resultOf = (request: RemoteRequest): LuaResult => {
    if (request.isDiscarded) return failed(clientError(DISCARDED));
    if (request.outcome === null) return failed(clientError(NOT_READY));
    return 'error' in request.outcome ? [undefined, errorValue(request.outcome.error)] : request.outcome.value;
  };
  const methods = addFunctions(new LuaTable(), {
    is_ready: plainFunction((...values) => {
      const request = requestOf(values);
      return request.isDiscarded || request.outcome !== null;
    }),
    result: plainFunction((...values) => resultOf(requestOf(values))),
    discard: plainFunction((...values) => {
      requestOf(values).isDiscarded = true;
      return [];
    }),
    wait_result: suspendableFunction(function* (...values) {
      const request = requestOf(values);
      const timeoutMs = timeoutArgument(values[1], 'builtin/box/net_box.lua:408: Usage: future:wait_result(timeout)');
      if (!request.isDiscarded && !(yield* request.wait(timeoutMs))) return failed(boxError('TIMEOUT'));
      return resultOf(request);
    }),
    pairs: plainFunction((...values) => {
      const request = requestOf(values);
      const timeoutMs = timeoutArgument(values[1], 'builtin/box/net_box.lua:432: Usage: future:pairs(timeout)');
      return [iteratorOver(request, timeoutMs, resultOf, () => errorValue(boxError('TIMEOUT'))), values[0], 0];
    }),
  });
  return tableOf({ __index: methods });
}

/** Gives `number, message` for each message, then the result. */
function iteratorOver(
  request: RemoteRequest,
  timeoutMs: number,
  resultOf: (request: RemoteRequest) => LuaResult,
  timedOut: () => LuaValue,
): LuaFunction {
  return suspendableFunction(function* (_future, last) {
    if (typeof last !== 'number') return undefined;
    const seen = last;
    if (seen > request.messages.length()) return undefined;
    const isReady = yield* request.wait(timeoutMs, seen);
    if (seen < request.messages.length()) return [seen + 1, request.messages.get(seen + 1)];
    const { outcome } = request;
    if (outcome !== null && 'value' in outcome) return [seen + 1, outcome.value];
    // Null, and not nil, so that the loop sees the error; it ends behind it.
    const [, error] = isReady ? allOf(resultOf(request)) : [undefined, timedOut()];
    return [NULL, error];
  });
}

function clientError(text: string): BoxError {
  return boxError('PROC_LUA', text);
}

function timeoutArgument(value: LuaValue, usage: string): number {
  if (value === undefined) return Infinity;
  if (typeof value !== 'number' || value < 0) throw usageError(usage);
  return value * 1000;
}

function requestOf([value]: readonly LuaValue[]): RemoteRequest {
  if (!(value instanceof FutureTable)) throw usageError('Use future:method(...) instead of future.method(...)');
  return value.request;
}
