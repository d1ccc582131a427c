/** An open file as `fio.open` gives it: cdata with methods, and a position of its own. */
import type { FileSystem, SystemFile } from '../../../env/index.ts';
import { memberError } from '../ffi/member-error.ts';

import type { LuaRuntime } from '../runtime/runtime.ts';
import { addressOf, rawToText, toNumber } from '../runtime/types.ts';
import { LuaCdata, type LuaExecution, type LuaFunction, type LuaResult, type LuaValue } from '../runtime/values.ts';
import { plainFunction, suspendableFunction } from '../runtime/values.ts';
import type { SystemErrors } from './errno.ts';
import { FILE_FLAGS, SEEK_ORIGINS } from './fio-constants.ts';
import { statusTable } from './fio-status.ts';
import { bytesOf, stringOf, usageError } from './module.ts';

const READ_BYTES = 64 * 1024;
const EBADF = 9;

export class FioHandle extends LuaCdata {
  override readonly typeName = 'struct fio_handle';
  readonly file: SystemFile;
  readonly isAppending: boolean;
  position = 0;
  isClosed = false;
  readonly #methods: ReadonlyMap<LuaValue, LuaFunction>;

  constructor(file: SystemFile, flags: number, methods: ReadonlyMap<LuaValue, LuaFunction>) {
    super();
    this.file = file;
    this.isAppending = (flags & FILE_FLAGS['O_APPEND']!) !== 0;
    this.#methods = methods;
  }

  override toText(): string {
    return `cdata<struct fio_handle>: ${addressOf(this)}`;
  }

  override index(key: LuaValue): LuaValue {
    if (key === 'fh') return this.isClosed ? -1 : this.file.descriptor;
    const method = this.#methods.get(key);
    if (method === undefined) throw memberError(this.typeName, key);
    return method;
  }
}

export type FioHost = Readonly<{ runtime: LuaRuntime; fileSystem: FileSystem; errors: SystemErrors }>;

/** `false, error` or `nil, error` of a failure of the system; other exceptions go on. */
export function failure(errors: SystemErrors, error: unknown, first: false | undefined): LuaResult {
  const number = errors.note(error);
  if (number === null) throw error;
  return [first, errors.failure('fio', number)];
}

export function createFioMethods({ runtime, errors }: FioHost): ReadonlyMap<LuaValue, LuaFunction> {
  /** A method that gives `true`, or `false, error`. */
  const action = (run: (handle: FioHandle, ...values: LuaValue[]) => void): LuaFunction =>
    plainFunction((...values) => attempt(errors, false, () => (run(handleOf(values), ...values.slice(1)), true)));
  /** A method that gives a value, or `nil, error`. */
  const question = (run: (handle: FioHandle, ...values: LuaValue[]) => LuaValue): LuaFunction =>
    plainFunction((...values) => attempt(errors, undefined, () => run(handleOf(values), ...values.slice(1))));
  return new Map<LuaValue, LuaFunction>([
    ['read', question((handle, size) => read(handle, size === undefined ? null : sizeOf(size)))],
    [
      'pread',
      question((handle, size, position) => stringOf(readAt(handle.file, sizeOf(size), toNumber(position) ?? 0))),
    ],
    ['write', suspendableFunction((...values) => write(runtime, errors, values, null))],
    ['pwrite', suspendableFunction((...values) => write(runtime, errors, values, toNumber(values[2]) ?? 0))],
    ['seek', plainFunction((...values) => seek(errors, handleOf(values), values))],
    ['truncate', action((handle, size) => handle.file.truncate(toNumber(size) ?? 0))],
    ['fsync', action((handle) => handle.file.sync(true))],
    ['fdatasync', action((handle) => handle.file.sync(false))],
    ['stat', question((handle) => statusTable(handle.file.status()))],
    [
      'close',
      action((handle) => {
        handle.file.close();
        handle.isClosed = true;
      }),
    ],
  ]);
}

function attempt(errors: SystemErrors, otherwise: false | undefined, run: () => LuaResult): LuaResult {
  try {
    return run();
  } catch (error) {
    return failure(errors, error, otherwise);
  }
}

function handleOf([value]: readonly LuaValue[]): FioHandle {
  if (!(value instanceof FioHandle)) throw usageError("attempt to index local 'self' (no file)");
  return value;
}

function sizeOf(value: LuaValue): number {
  const size = toNumber(value);
  if (size === undefined || size < 0) {
    throw usageError("builtin/buffer.lua:124: attempt to perform arithmetic on 'char *' and 'nil'");
  }
  return Math.trunc(size);
}

function read(handle: FioHandle, size: number | null): string {
  const chunks: Uint8Array[] = [];
  let left = size ?? Infinity;
  for (;;) {
    const chunk = readAt(handle.file, Math.min(left, READ_BYTES), handle.position);
    handle.position += chunk.length;
    chunks.push(chunk);
    left -= chunk.length;
    if (chunk.length === 0 || left === 0) return chunks.map(stringOf).join('');
  }
}

function readAt(file: SystemFile, size: number, position: number): Uint8Array {
  const bytes = new Uint8Array(size);
  return bytes.subarray(0, file.read(bytes, position));
}

function* write(
  runtime: LuaRuntime,
  errors: SystemErrors,
  values: readonly LuaValue[],
  position: number | null,
): LuaExecution {
  const handle = handleOf(values);
  const bytes = bytesOf(yield* runtime.toText(values[1], rawToText));
  return attempt(errors, false, () => {
    if (position !== null) handle.file.write(bytes, position);
    else if (handle.isAppending) {
      handle.file.write(bytes, null);
      handle.position = handle.file.status().sizeBytes;
    } else {
      handle.file.write(bytes, handle.position);
      handle.position += bytes.length;
    }
    return true;
  });
}

function seek(errors: SystemErrors, handle: FioHandle, values: readonly LuaValue[]): LuaResult {
  const offset = toNumber(values[1]) ?? 0;
  const origin = values[2] ?? 'SEEK_SET';
  const number = typeof origin === 'string' ? SEEK_ORIGINS[origin] : toNumber(origin);
  if (number === undefined) throw usageError(`builtin/fio.lua:136: fio.seek(): unknown whence: ${String(origin)}`);
  if (handle.isClosed) {
    errors.last = EBADF;
    return -1;
  }
  const base =
    number === SEEK_ORIGINS['SEEK_CUR']
      ? handle.position
      : number === SEEK_ORIGINS['SEEK_END']
        ? handle.file.status().sizeBytes
        : 0;
  handle.position = base + offset;
  return handle.position;
}
