/**
 * The three kinds of failure, never confused: BoxError is an answer to a request, CorruptionError means that a file
 * holds what it must not (the instance stops), AssertionError that our own code is wrong (the process ends).
 */
import { CLUSTER_ERROR_TABLE, type ClusterErrorName } from './cluster-table.ts';
import { ERROR_TABLE, type ErrorName } from './table.ts';

/** The class names that Tarantool puts into an error's `type`. */
export type BoxErrorType =
  | 'ClientError'
  | 'AccessDeniedError'
  | 'CustomError'
  | 'LuajitError'
  | 'SystemError'
  | 'SocketError'
  | 'OutOfMemory'
  | 'TimedOut'
  | 'IllegalParams'
  | 'XlogError'
  | 'XlogGapError'
  | 'FiberIsCancelled';

export type BoxErrorOptions = Readonly<{
  type?: BoxErrorType;
  /** Value of C's errno, 0 when none. */
  errno?: number;
  /** What an error of type AccessDeniedError or CustomError carries beside its message. */
  fields?: Readonly<Record<string, string>>;
  cause?: BoxError;
}>;

/** An error with a number of the table, as every protocol door sends it. */
export class BoxError extends Error {
  override readonly name = 'BoxError';
  readonly code: number;
  readonly type: BoxErrorType;
  readonly errno: number;
  readonly fields: Readonly<Record<string, string>> | null;
  readonly previous: BoxError | null;

  constructor(code: number, message: string, options: BoxErrorOptions = {}) {
    super(message);
    this.code = code;
    this.type = options.type ?? 'ClientError';
    this.errno = options.errno ?? 0;
    this.fields = options.fields ?? null;
    this.previous = options.cause ?? null;
  }
}

/** A file that holds what it must not hold. `offset` is in bytes from the file's start, or -1. */
export class CorruptionError extends Error {
  override readonly name = 'CorruptionError';
  readonly file: string;
  readonly offset: number;
  readonly reason: string;

  constructor(file: string, offset: number, reason: string) {
    super(offset >= 0 ? `${file}: ${reason} at offset ${offset}` : `${file}: ${reason}`);
    this.file = file;
    this.offset = offset;
    this.reason = reason;
  }
}

/** An error of the table, its template filled with the arguments in order. */
export function boxError(name: ErrorName, ...args: readonly (string | number | bigint)[]): BoxError {
  const entry = ERROR_TABLE[name];
  return new BoxError(entry.code, formatTemplate(entry.template, args));
}

/** An error of the cluster, its template filled with the arguments in order. */
export function clusterError(name: ClusterErrorName, ...args: readonly (string | number)[]): BoxError {
  const entry = CLUSTER_ERROR_TABLE[name];
  return new BoxError(entry.code, formatTemplate(entry.template, args));
}

/** An error of the table, with a type, an errno or fields of its own. */
export function boxErrorWith(
  options: BoxErrorOptions,
  name: ErrorName,
  ...args: readonly (string | number | bigint)[]
): BoxError {
  const entry = ERROR_TABLE[name];
  return new BoxError(entry.code, formatTemplate(entry.template, args), options);
}

const DIRECTIVE = /%(?:\.\*s|llu|lld|lu|ld|zu|[sducx%])/g;

function formatTemplate(template: string, args: readonly (string | number | bigint)[]): string {
  let next = 0;
  return template.replace(DIRECTIVE, (directive) => {
    if (directive === '%%') return '%';
    return next < args.length ? String(args[next++]) : directive;
  });
}
