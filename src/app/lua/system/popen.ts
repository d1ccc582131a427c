/** The library `popen`: other programs, their streams, and their ends. */
import { FileError, NetworkError, type Processes } from '../../../env/index.ts';
import { byteStringOf } from '../box/byte-strings.ts';
import { waitForPromise } from '../fibers/fiber.ts';
import type { LuaFiberHost } from '../fibers/machine-fibers.ts';
import { typeError } from '../runtime/arguments.ts';

import { LuaTable, tableOf } from '../runtime/table.ts';
import {
  type LuaExecution,
  type LuaFunction,
  type LuaResult,
  LuaUserdata,
  type LuaValue,
  plainFunction,
  suspendableFunction,
} from '../runtime/values.ts';
import type { SystemErrors } from './errno.ts';
import { bytesOf, isTruthy, stringOf, usageError } from './module.ts';
import { newOptions, type PopenOptions, shellOptions, STREAM_NAMES, STREAM_OPTIONS } from './popen-options.ts';
import { PopenProcess } from './popen-process.ts';
import { SIGNALS } from './signals.ts';

export type PopenHost = Readonly<{ processes: Processes; fibers: LuaFiberHost; errors: SystemErrors }>;

const SIGNAL = { kill: 9, terminate: 15 } as const;
const READ_USAGE = 'Bad params, use: ph:read([{stdout = <boolean>, stderr = <boolean>, timeout = <number>}])';
const WRITE_USAGE = 'Bad params, use: ph:write(str[, {timeout = <number>}])';

export function createPopenLibrary(host: PopenHost): LuaTable {
  const metatable = handleMetatable(host);
  function* start(options: PopenOptions): LuaExecution {
    const process = new PopenProcess(host.fibers, options);
    yield* waitForPromise(process.start(host.processes), 'none');
    return new LuaUserdata(process, metatable);
  }
  const names = (values: readonly LuaValue[]): LuaTable =>
    tableOf(Object.fromEntries(values.map((value) => [String(value).toUpperCase(), value])));
  return tableOf({
    new: suspendableFunction((...values) => start(newOptions(values))),
    shell: suspendableFunction((...values) => start(shellOptions(values))),
    signal: tableOf(SIGNALS),
    state: names(['alive', 'exited', 'signaled']),
    stream: names(['open', 'closed']),
    opts: names([...STREAM_OPTIONS.keys()]),
  });
}

/** The process of a handle that is not closed. */
function processOf([value]: readonly LuaValue[], isClosedAllowed = false): PopenProcess {
  if (!(value instanceof LuaUserdata) || !(value.payload instanceof PopenProcess)) {
    throw typeError(value, 1, 'popen_handle');
  }
  if (value.payload.isHandleClosed && !isClosedAllowed) {
    throw usageError('popen: attempt to operate on a closed handle');
  }
  return value.payload;
}

function handleMetatable(host: PopenHost): LuaTable {
  const methods: Record<string, LuaFunction> = {
    read: suspendableFunction((...values) => read(host, values)),
    write: suspendableFunction((...values) => write(host, values)),
    wait: suspendableFunction(function* (...values) {
      const process = processOf(values);
      yield* process.until(Infinity, () => process.exit !== null);
      return statusTable(process);
    }),
    info: plainFunction((...values) => informationTable(processOf(values))),
    shutdown: plainFunction((...values) => shutdown(values)),
    terminate: plainFunction((...values) => signal(host, processOf(values), SIGNAL.terminate)),
    kill: plainFunction((...values) => signal(host, processOf(values), SIGNAL.kill)),
    signal: plainFunction((...values) => {
      const [, number] = values;
      if (typeof number !== 'number') throw usageError('Bad params, use: ph:signal(signo)');
      return signal(host, processOf(values), number);
    }),
    close: plainFunction((...values) => {
      const process = processOf(values, true);
      if (process.isHandleClosed) return true;
      if (process.exit === null && !process.options.flags.keep_child) signal(host, process, SIGNAL.kill);
      for (const name of STREAM_NAMES) if (process.isPipe(name)) process.closeStream(name);
      process.isHandleClosed = true;
      return true;
    }),
  };
  const metatable = tableOf({ __metatable: 'popen_handle' });
  metatable.setString(
    '__serialize',
    plainFunction((...values) => informationTable(processOf(values))),
  );
  metatable.setString(
    '__index',
    plainFunction((...values) => {
      const key = values[1];
      const method = typeof key === 'string' ? methods[key] : undefined;
      return method ?? informationTable(processOf(values)).get(key);
    }),
  );
  return metatable;
}

function timeoutOf(options: LuaValue, usage: string): number {
  if (options === undefined) return Infinity;
  if (!(options instanceof LuaTable)) throw usageError(usage);
  const timeout = options.getString('timeout');
  if (timeout === undefined) return Infinity;
  if (typeof timeout !== 'number') throw usageError(usage);
  return timeout * 1000;
}

function* read({ errors }: PopenHost, values: readonly LuaValue[]): LuaExecution {
  const [, options] = values;
  if (values.length === 0) throw usageError(READ_USAGE);
  const process = processOf(values);
  const timeoutMs = timeoutOf(options, READ_USAGE);
  const isWanted = (name: string): boolean => options instanceof LuaTable && isTruthy(options.getString(name));
  if (isWanted('stdout') && isWanted('stderr')) {
    throw usageError('popen: reading from both stdout and stderr at one call is not supported');
  }
  const name = isWanted('stderr') ? 'stderr' : 'stdout';
  if (!process.isPipe(name)) throw usageError('popen: handle does not support the requested IO operation');
  const output = process.outputs[name];
  if (output.isClosed) throw usageError('popen: attempt to operate on a closed file descriptor');
  const isReady = yield* process.until(timeoutMs, () => output.chunks.length > 0 || output.isEnded);
  if (!isReady) return [undefined, errors.timedOut()];
  return output.chunks.splice(0).map(stringOf).join('');
}

function* write({ errors }: PopenHost, values: readonly LuaValue[]): LuaExecution {
  const [, text, options] = values;
  if (typeof text !== 'string') throw usageError(WRITE_USAGE);
  const process = processOf(values);
  timeoutOf(options, WRITE_USAGE);
  if (!process.isPipe('stdin')) throw usageError('popen: handle does not support the requested IO operation');
  if (process.isInputClosed || process.child === null) {
    throw usageError('popen: attempt to operate on a closed file descriptor');
  }
  try {
    yield* waitForPromise(process.child.write(bytesOf(text)));
    return true;
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return [undefined, errors.failure('popen', errors.note(error) ?? 0)];
  }
}

function shutdown(values: readonly LuaValue[]): LuaResult {
  const process = processOf(values);
  const [, options] = values;
  const names = STREAM_NAMES.filter((name) => options instanceof LuaTable && isTruthy(options.getString(name)));
  if (names.length === 0) throw usageError('popen: neither stdin, stdout nor stderr is set');
  for (const name of names) {
    if (!process.isPipe(name)) throw usageError('popen: handle does not support the requested IO operation');
  }
  for (const name of names) process.closeStream(name);
  return true;
}

function signal({ errors }: PopenHost, process: PopenProcess, number: number): LuaResult {
  const gone = (): LuaResult => {
    const text = `Attempt to send a signal ${number} to a process that does not exist anymore`;
    return [undefined, errors.object(text, ESRCH)];
  };
  const { child, exit, options } = process;
  if (child === null || exit !== null) return gone();
  try {
    child.signal(number, options.flags.group_signal);
    return true;
  } catch (error) {
    if (error instanceof FileError && error.errno === ESRCH) return gone();
    const errno = errors.note(error);
    if (errno === null) throw error;
    return [undefined, errors.failure('popen', errno)];
  }
}

const ESRCH = 3;

function statusTable({ exit }: PopenProcess): LuaTable {
  if (exit === null) return tableOf({ state: 'alive' });
  if ('code' in exit) return tableOf({ state: 'exited', exit_code: exit.code });
  return tableOf({ state: 'signaled', signo: SIGNALS[exit.signal], signame: exit.signal });
}

function informationTable(process: PopenProcess): LuaTable {
  const { options, exit, child } = process;
  const { words, streams, flags } = options;
  const shown = words.map((word, at) => (flags.shell && at === 2 && /\s/.test(word) ? `'${word}'` : word));
  const optionTable = tableOf({ ...flags });
  for (const name of STREAM_NAMES) optionTable.setString(name, streams[name] === 'null' ? 'devnull' : streams[name]);
  const table = tableOf({
    command: byteStringOf(shown.join(' ')),
    opts: optionTable,
    status: statusTable(process),
    pid: exit === null ? child?.pid : undefined,
  });
  for (const name of STREAM_NAMES) {
    if (!process.isPipe(name)) continue;
    const isClosed = name === 'stdin' ? process.isInputClosed : process.outputs[name].isClosed;
    table.setString(name, isClosed ? 'closed' : 'open');
  }
  return table;
}
