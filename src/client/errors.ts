/** The failures that the client itself raises, with the codes that Tarantool's own client uses. */
import { BoxError, boxError, ERROR_TABLE } from '../base/index.ts';

/** NO_CONNECTION; `reason` says what happened to the connection. */
export function noConnection(reason?: string): BoxError {
  if (reason === undefined) return boxError('NO_CONNECTION');
  return new BoxError(ERROR_TABLE.NO_CONNECTION.code, `${ERROR_TABLE.NO_CONNECTION.template}: ${reason}`);
}

export function timedOut(): BoxError {
  return boxError('TIMEOUT');
}

/** The peer did not name the feature in its answer to ID. */
export function unsupported(what: string): BoxError {
  return boxError('UNSUPPORTED', 'Remote server', what);
}

export function overloaded(reason: string): BoxError {
  return boxError('PROTOCOL', reason);
}

/** Any failure of the way to the server as NO_CONNECTION; errors that have a code stay. */
export function asBoxError(error: unknown): BoxError {
  if (error instanceof BoxError) return error;
  return noConnection(error instanceof Error ? error.message : String(error));
}

/** What the requests in flight hear when the session ends by `error`. */
export function asNoConnection(error: BoxError): BoxError {
  return error.code === ERROR_TABLE.NO_CONNECTION.code ? error : noConnection(error.message);
}
