/** WATCH, UNWATCH and WATCH_ONCE: values that the instance announces. */
import { boxError } from '../../base/index.ts';
import { beginDataResponse, BODY_KEY, endDataResponse } from '../../codec/iproto/index.ts';
import { readString } from '../../codec/msgpack/index.ts';
import type { Box } from '../../engine/box/index.ts';
import type { IprotoConnection } from './connection.ts';

const KEYS = [BODY_KEY.eventKey];

export function watch(box: Box, connection: IprotoConnection): void {
  const { request } = connection;
  connection.watchers(box).watch(eventKey(connection), request.syncHigh, request.syncLow);
}

export function unwatch(connection: IprotoConnection): void {
  const key = eventKey(connection);
  connection.openWatchers?.unwatch(key);
}

/** Answers with the present value, or nothing. */
export function watchOnce(box: Box, connection: IprotoConnection): void {
  const key = eventKey(connection);
  const { request, output } = connection;
  const value = box.broadcasts.value(key);
  const start = beginDataResponse(output);
  if (value !== null) output.writeBytes(value, 0, value.length);
  endDataResponse(output, start, value === null ? 0 : 1, request.syncHigh, request.syncLow, box.catalog.schemaVersion);
}

function eventKey(connection: IprotoConnection): string {
  const { request } = connection;
  const malformed = request.decodeBody(KEYS);
  if (malformed !== null) throw malformed;
  if (request.eventKeyPosition < 0) throw boxError('INVALID_MSGPACK', 'packet body');
  return readString(request.bytes, request.eventKeyPosition);
}
