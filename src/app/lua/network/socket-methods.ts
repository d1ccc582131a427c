/** Methods of sockets. A socket is a table for Lua; each call leaves its errno in it. */
import type { Address } from '../../../env/index.ts';

import { LuaTable, tableOf } from '../runtime/table.ts';
import { toNumber } from '../runtime/types.ts';
import {
  type LuaExecution,
  type LuaFunction,
  type LuaResult,
  type LuaValue,
  plainFunction,
  suspendableFunction,
} from '../runtime/values.ts';
import { testCancel } from '../fibers/library/context.ts';
import { waitForPromise } from '../fibers/fiber.ts';
import { NetworkError } from '../../../env/index.ts';
import { errnoOf, errnoText, type SystemErrors } from '../system/errno.ts';
import { bytesOf, isTruthy, stringOf, usageError } from '../system/module.ts';
import { addressOf, addressTable, textOfAddress } from './socket-addresses.ts';
import { READ_ONLY_OPTIONS, SOCKET_OPTION_NUMBERS } from './socket-options.ts';
import { type SocketNeeds, StreamSocket } from './stream-socket.ts';

export type SocketHost = SocketNeeds & Readonly<{ errors: SystemErrors }>;

const ERRNO = { EINVAL: 22, EAGAIN: 11, EPIPE: 32, ENOTCONN: 107, ETIMEDOUT: 110, EINPROGRESS: 115 } as const;
const BLOCK_BYTES = 16384;

/** A socket as Lua has it. */
export class SocketTable extends LuaTable {
  readonly socket: StreamSocket;
  errno = 0;
  /** Where it was bound to before it listens or connects. */
  boundTo: Address | null = null;
  isNonBlocking = true;
  lingers: readonly [isActive: boolean, timeout: number] = [false, 0];
  readonly options = new Map<string, number>();

  constructor(socket: StreamSocket, metatable: LuaTable) {
    super();
    this.socket = socket;
    this.metatable = metatable;
  }
}

/** The socket a method was called on. */
function socketOf([value]: readonly LuaValue[]): SocketTable {
  if (!(value instanceof SocketTable)) throw usageError('builtin/socket.lua:93: Usage: socket:method()');
  if (value.socket.isClosed) throw usageError('builtin/socket.lua:88: attempt to use closed socket');
  value.errno = 0;
  return value;
}

export class SocketMethods {
  readonly metatable = new LuaTable();
  readonly #host: SocketHost;

  constructor(host: SocketHost) {
    this.#host = host;
    const methods = { ...this.#transfers(), ...this.#addresses(), ...this.#states() };
    this.metatable.setString('__index', tableOf(methods));
    this.metatable.setString(
      '__tostring',
      plainFunction((...values) => describe(socketOf(values))),
    );
    this.metatable.setString(
      '__serialize',
      plainFunction((...values) => {
        const table = socketOf(values);
        const result = tableOf({ fd: table.socket.descriptor, peer: peerOf(table) });
        result.setString('name', nameOf(table));
        return result;
      }),
    );
  }

  /** A socket's table, of a new socket or of a connection. */
  wrap(socket: StreamSocket): SocketTable {
    return new SocketTable(socket, this.metatable);
  }

  /** Remembers the failure, in the socket and for `errno()`. */
  fail(table: SocketTable, errno: number): void {
    table.errno = errno;
    this.#host.errors.last = errno;
  }

  /** Waits until the socket is what the question asks for; false if the time is over. */
  *until(table: SocketTable, timeoutMs: number, isReady: () => boolean): Generator<object, boolean, unknown> {
    const { clock } = this.#host.fibers;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    for (;;) {
      if (isReady() || table.socket.isClosed) return true;
      const leftMs = timeoutMs === Infinity ? Infinity : deadlineMs - clock.monotonicMs();
      if (leftMs <= 0) return false;
      yield* table.socket.wait(leftMs);
      testCancel(this.#host.fibers);
    }
  }

  #transfers(): Record<string, LuaFunction> {
    const receive = plainFunction((...values) => this.#receive(socketOf(values), toNumber(values[1]) ?? BLOCK_BYTES));
    const send = plainFunction((...values) => this.#send(socketOf(values), String(values[1])));
    return {
      read: suspendableFunction((...values) => this.#read(values)),
      write: suspendableFunction((...values) => this.#write(socketOf(values), values[1], secondsOf(values[2]))),
      recv: receive,
      sysread: receive,
      send,
      syswrite: send,
      recvfrom: plainFunction((...values) => {
        const table = socketOf(values);
        const data = this.#receive(table, toNumber(values[1]) ?? BLOCK_BYTES);
        return data === undefined ? undefined : [data, peerOf(table)];
      }),
      sendto: plainFunction((...values) => {
        const [data] = values.slice(3);
        return this.#send(socketOf(values), String(data));
      }),
    };
  }

  #receive(table: SocketTable, sizeBytes: number): LuaValue {
    const { socket } = table;
    if (socket.receivedBytes > 0) return stringOf(socket.take(sizeBytes));
    if (socket.brokenBy !== 0) this.fail(table, socket.brokenBy);
    else if (socket.isAtEnd) return '';
    else this.fail(table, socket.isConnected || socket.isListening ? ERRNO.EAGAIN : ERRNO.ENOTCONN);
    return undefined;
  }

  #send(table: SocketTable, text: string): LuaValue {
    if (!table.socket.readiness.isWritable) {
      this.fail(table, ERRNO.EAGAIN);
      return undefined;
    }
    if (table.socket.send(bytesOf(text))) return text.length;
    this.fail(table, table.socket.brokenBy === 0 ? ERRNO.EPIPE : table.socket.brokenBy);
    return undefined;
  }

  *#read(values: readonly LuaValue[]): LuaExecution {
    const table = socketOf(values);
    const { socket } = table;
    const { sizeBytes, delimiters } = readLimits(values[1]);
    const ending = (): number => {
      const ends = delimiters.map((delimiter) => socket.endOf(delimiter)).filter((end) => end >= 0);
      const end = ends.length === 0 ? Infinity : Math.min(...ends);
      if (end !== Infinity && end <= sizeBytes) return end;
      return socket.receivedBytes >= sizeBytes ? sizeBytes : -1;
    };
    const isReady = yield* this.until(
      table,
      secondsOf(values[2]),
      () => ending() >= 0 || socket.isAtEnd || socket.brokenBy !== 0,
    );
    if (!isReady) {
      this.fail(table, ERRNO.ETIMEDOUT);
      return undefined;
    }
    const end = ending();
    if (end >= 0) return stringOf(socket.take(end));
    if (socket.brokenBy !== 0) {
      this.fail(table, socket.brokenBy);
      return undefined;
    }
    return stringOf(socket.take(socket.receivedBytes));
  }

  *#write(table: SocketTable, data: LuaValue, timeoutMs: number): LuaExecution {
    if (data === undefined) {
      throw usageError("builtin/socket.lua:763: attempt to get length of local 'octets' (a nil value)");
    }
    const text = String(data);
    const { socket } = table;
    if (text.length === 0) return 0;
    if (!socket.send(bytesOf(text))) {
      this.fail(table, socket.brokenBy === 0 ? ERRNO.EPIPE : socket.brokenBy);
      return undefined;
    }
    const isSent = yield* this.until(table, timeoutMs, () => socket.readiness.isWritable || socket.brokenBy !== 0);
    if (isSent && socket.brokenBy === 0) return text.length;
    this.fail(table, isSent ? socket.brokenBy : ERRNO.ETIMEDOUT);
    return undefined;
  }

  #addresses(): Record<string, LuaFunction> {
    return {
      name: plainFunction((...values) => nameOf(socketOf(values))),
      peer: plainFunction((...values) => peerOf(socketOf(values))),
      fd: plainFunction((...values) => socketOf(values).socket.descriptor),
      bind: suspendableFunction((...values) => this.#bind(socketOf(values), values)),
      listen: suspendableFunction((...values) => this.#listen(socketOf(values))),
      accept: plainFunction((...values) => this.#accept(socketOf(values))),
      sysconnect: plainFunction((...values) => {
        const table = socketOf(values);
        const address = addressOf(values[1], values[2]);
        if (address === null) return this.#refuse(table, ERRNO.EINVAL);
        table.socket.connect(address);
        return this.#refuse(table, ERRNO.EINPROGRESS);
      }),
    };
  }

  #refuse(table: SocketTable, errno: number): boolean {
    this.fail(table, errno);
    return false;
  }

  *#bind(table: SocketTable, values: readonly LuaValue[]): LuaExecution {
    const address = addressOf(values[1], values[2]);
    if (address === null) return this.#refuse(table, ERRNO.EINVAL);
    table.boundTo = address;
    return yield* this.#startListening(table, address);
  }

  /** Ports listen when they are bound: nothing else says which free port it will be. */
  *#startListening(table: SocketTable, address: Address): LuaExecution {
    try {
      yield* waitForPromise(table.socket.listen(address), 'none');
      return true;
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      return this.#refuse(table, errnoOf(error.code));
    }
  }

  *#listen(table: SocketTable): LuaExecution {
    if (table.socket.isListening) return true;
    return yield* this.#startListening(table, { kind: 'tcp', host: '0.0.0.0', port: 0 });
  }

  #accept(table: SocketTable): LuaResult {
    const stream = table.socket.accept();
    if (stream === undefined) {
      this.fail(table, table.socket.isListening ? ERRNO.EAGAIN : ERRNO.EINVAL);
      return undefined;
    }
    return [this.wrap(new StreamSocket(this.#host, stream)), addressTable(stream.peer, false)];
  }

  #states(): Record<string, LuaFunction> {
    const wait = (isReady: (table: SocketTable) => boolean): LuaFunction => {
      const until = this.until.bind(this);
      return suspendableFunction(function* (...values) {
        const table = socketOf(values);
        return yield* until(table, secondsOf(values[1]), () => isReady(table));
      });
    };
    return {
      readable: wait(({ socket }) => socket.readiness.isReadable),
      writable: wait(({ socket }) => socket.readiness.isWritable || socket.brokenBy !== 0),
      wait: suspendableFunction((...values) => this.#wait(socketOf(values), secondsOf(values[1]))),
      errno: plainFunction((...values) => errnoOfTable(values)),
      error: plainFunction((...values) => {
        const errno = errnoOfTable(values);
        return errno === 0 ? undefined : errnoText(errno);
      }),
      close: plainFunction((...values) => {
        socketOf(values).socket.close();
        return true;
      }),
      shutdown: plainFunction((...values) => {
        const table = socketOf(values);
        if (!table.socket.isConnected) return this.#refuse(table, ERRNO.ENOTCONN);
        const how = values[1] ?? 2;
        table.socket.shutdown(how === 'R' || how === 0 || how === 'RW' || how === 2, how !== 'R' && how !== 0);
        return true;
      }),
      nonblock: plainFunction((...values) => {
        const table = socketOf(values);
        if (values.length > 1) table.isNonBlocking = isTruthy(values[1]);
        return table.isNonBlocking;
      }),
      linger: plainFunction((...values) => {
        const table = socketOf(values);
        if (values.length > 1) table.lingers = [isTruthy(values[1]), toNumber(values[2]) ?? 0];
        return table.lingers;
      }),
      setsockopt: plainFunction((...values) => this.#setOption(socketOf(values), values)),
      getsockopt: plainFunction((...values) => this.#option(socketOf(values), values)),
    };
  }

  *#wait(table: SocketTable, timeoutMs: number): LuaExecution {
    const { socket } = table;
    yield* this.until(table, timeoutMs, () => socket.readiness.isReadable || socket.readiness.isWritable);
    const { isReadable, isWritable } = socket.readiness;
    return `${isReadable ? 'R' : ''}${isWritable ? 'W' : ''}`;
  }

  #setOption(table: SocketTable, values: readonly LuaValue[]): LuaValue {
    const name = optionName(values[2], 465);
    if (READ_ONLY_OPTIONS.has(name)) {
      throw usageError(`builtin/socket.lua:472: Socket option ${name} is read only`);
    }
    const value = values[3];
    table.options.set(name, value === true ? 1 : value === false ? 0 : (toNumber(value) ?? 0));
    return true;
  }

  #option(table: SocketTable, values: readonly LuaValue[]): LuaValue {
    const name = optionName(values[2], 429);
    if (name === 'SO_TYPE') return 1;
    if (name === 'SO_ACCEPTCONN') return table.socket.isListening ? 1 : 0;
    if (name !== 'SO_ERROR') return table.options.get(name) ?? 0;
    const { brokenBy } = table.socket;
    table.socket.brokenBy = 0;
    return brokenBy;
  }
}

function errnoOfTable([value]: readonly LuaValue[]): number {
  if (!(value instanceof SocketTable)) throw usageError('builtin/socket.lua:93: Usage: socket:method()');
  return value.errno;
}

function optionName(value: LuaValue, line: number): string {
  const name = String(value);
  if (!SOCKET_OPTION_NUMBERS.has(name)) {
    throw usageError(`builtin/socket.lua:${line}: Unknown socket option name: ${name}`);
  }
  return name;
}

/** Seconds as milliseconds; without any there is no limit. */
export function secondsOf(value: LuaValue): number {
  const seconds = value === undefined ? undefined : toNumber(value);
  return seconds === undefined ? Infinity : seconds * 1000;
}

const READ_USAGE = 'builtin/socket.lua:752: Usage: s:read(delimiter|chunk|{delimiter = x, chunk = x}, timeout)';

/** How much to read: a number of bytes, a delimiter, or both in a table. */
function readLimits(value: LuaValue): Readonly<{ sizeBytes: number; delimiters: readonly Uint8Array[] }> {
  if (typeof value === 'number') return { sizeBytes: value, delimiters: [] };
  if (typeof value === 'string') return { sizeBytes: Infinity, delimiters: [bytesOf(value)] };
  if (!(value instanceof LuaTable)) throw usageError(READ_USAGE);
  const named = ['limit', 'chunk', 'size', 'chunk_size'].map((name) => value.getString(name));
  const size = named.find((entry) => entry !== undefined);
  const delimiter = value.getString('delimiter') ?? value.getString('line') ?? value.get(1);
  if (size === undefined && delimiter === undefined) throw usageError(READ_USAGE);
  const delimiters = delimiter instanceof LuaTable ? delimiter.array : delimiter === undefined ? [] : [delimiter];
  return { sizeBytes: toNumber(size) ?? Infinity, delimiters: delimiters.map((entry) => bytesOf(String(entry))) };
}

function localText(table: SocketTable): string {
  const { socket } = table;
  const address = socket.listeningAt;
  if (address !== null) return textOfAddress(address);
  return socket.local ?? '0.0.0.0:0';
}

function nameOf(table: SocketTable): LuaValue {
  return addressTable(localText(table), true);
}

function peerOf(table: SocketTable): LuaValue {
  const { peer } = table.socket;
  return peer === null ? undefined : addressTable(peer, true);
}

function describe(table: SocketTable): string {
  const { descriptor, peer } = table.socket;
  return `fd ${descriptor}, aka ${localText(table)}${peer === null ? '' : `, peer ${peer}`}`;
}
