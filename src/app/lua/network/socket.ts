/** The library `socket`. */
import { NetworkError } from '../../../env/index.ts';
import { testCancel, sleep } from '../fibers/library/context.ts';
import { waitForPromise } from '../fibers/fiber.ts';

import type { LuaRuntime } from '../runtime/runtime.ts';
import { LuaTable, tableOf } from '../runtime/table.ts';
import {
  type LuaExecution,
  LuaFunction,
  type LuaResult,
  type LuaValue,
  plainFunction,
  suspendableFunction,
} from '../runtime/values.ts';
import { textOf } from '../box/byte-strings.ts';
import { errnoOf } from '../system/errno.ts';
import { usageError } from '../system/module.ts';
import { addressOf, addressTable, portOf, textOfAddress } from './socket-addresses.ts';
import {
  ADDRESS_FLAGS,
  DOMAINS,
  PROTOCOLS,
  SEND_FLAGS,
  SOCKET_OPTION_NUMBERS,
  SOCKET_TYPES,
} from './socket-options.ts';
import { secondsOf, type SocketHost, SocketMethods, type SocketTable } from './socket-methods.ts';
import { StreamSocket } from './stream-socket.ts';

type Host = SocketHost & Readonly<{ runtime: LuaRuntime }>;

const ERRNO = { EINVAL: 22, ETIMEDOUT: 110, EPROTONOSUPPORT: 93 } as const;

export function createSocketLibrary(host: Host): LuaTable {
  const methods = new SocketMethods(host);
  const library = tableOf({
    tcp_connect: suspendableFunction((...values) => connect(host, methods, values)),
    tcp_server: suspendableFunction((...values) => startServer(host, methods, values)),
    getaddrinfo: suspendableFunction((...values) => addressesOf(host, values)),
    iowait: suspendableFunction((...values) => waitForDescriptor(host, values)),
    internal: internalTable(),
  });
  const create = plainFunction((_library, domain, type, protocol) => {
    const isKnown = DOMAINS.has(String(domain)) && SOCKET_TYPES.get(String(type)) === SOCKET_TYPES.get('SOCK_STREAM');
    if (!isKnown || (protocol !== undefined && protocol !== 0 && !PROTOCOLS.has(String(protocol)))) {
      host.errors.last = ERRNO.EPROTONOSUPPORT;
      return undefined;
    }
    return methods.wrap(new StreamSocket(host));
  });
  library.metatable = tableOf({ __call: create, __index: luaSocketNames(host, methods) });
  return library;
}

/** Names as the library LuaSocket has them. */
function luaSocketNames(host: Host, methods: SocketMethods): LuaTable {
  return tableOf({
    tcp: plainFunction(() => methods.wrap(new StreamSocket(host))),
    connect: suspendableFunction((...values) => connect(host, methods, values)),
    bind: suspendableFunction(function* (...values) {
      const bind = methods.metatable.getString('__index');
      const table = methods.wrap(new StreamSocket(host));
      if (!(bind instanceof LuaTable)) return undefined;
      const isBound = yield* host.runtime.call(bind.getString('bind'), [table, values[0], values[1]]);
      return isBound === true ? table : undefined;
    }),
  });
}

function internalTable(): LuaTable {
  const named = (names: ReadonlyMap<string, number>): LuaTable => tableOf(Object.fromEntries(names));
  return tableOf({
    DOMAIN: named(DOMAINS),
    SO_TYPE: named(SOCKET_TYPES),
    SO_OPT: named(SOCKET_OPTION_NUMBERS),
    AI_FLAGS: tableOf(ADDRESS_FLAGS),
    SEND_FLAGS: tableOf(SEND_FLAGS),
    protocols: named(PROTOCOLS),
    SOL_SOCKET: 1,
  });
}

/** `tcp_connect(host, port[, timeout])` */
function* connect(host: Host, methods: SocketMethods, values: readonly LuaValue[]): LuaExecution {
  const address = addressOf(values[0], values[1]);
  if (address === null) {
    host.errors.last = ERRNO.EINVAL;
    return undefined;
  }
  const timeoutMs = secondsOf(values[2]);
  const table = methods.wrap(new StreamSocket(host));
  const { socket } = table;
  socket.connect(address, Math.min(timeoutMs, CONNECT_TIMEOUT_MS));
  const isSettled = yield* methods.until(table, timeoutMs, () => !socket.isConnecting);
  if (isSettled && socket.isConnected) {
    host.errors.last = 0;
    return table;
  }
  socket.close();
  host.errors.last = isSettled ? socket.brokenBy : ERRNO.ETIMEDOUT;
  return undefined;
}

const CONNECT_TIMEOUT_MS = 75_000;

const SERVER_USAGE = 'builtin/socket.lua:1112: Usage: socket.tcp_server(host, port, handler | opts)';

type ServerOptions = Readonly<{ handler: LuaFunction; prepare: LuaValue; name: string }>;

function serverOptions(value: LuaValue): ServerOptions {
  if (value instanceof LuaFunction) return { handler: value, prepare: undefined, name: 'server' };
  const handler = value instanceof LuaTable ? value.getString('handler') : undefined;
  if (!(value instanceof LuaTable) || !(handler instanceof LuaFunction)) throw usageError(SERVER_USAGE);
  return { handler, prepare: value.getString('prepare'), name: String(value.getString('name') ?? 'server') };
}

/** `tcp_server(host, port, handler | {handler, prepare, name}[, timeout])`: each connection gets a fiber. */
function* startServer(host: Host, methods: SocketMethods, values: readonly LuaValue[]): LuaExecution {
  const options = serverOptions(values[2]);
  const address = addressOf(values[0], values[1]);
  if (address === null) {
    host.errors.last = ERRNO.EINVAL;
    return undefined;
  }
  const table = methods.wrap(new StreamSocket(host));
  if (options.prepare !== undefined) yield* host.runtime.call(options.prepare, [table]);
  try {
    yield* waitForPromise(table.socket.listen(address), 'none');
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    table.socket.close();
    host.errors.last = errnoOf(error.code);
    return undefined;
  }
  const { scheduler } = host.fibers;
  const creator = scheduler.current;
  const spawn = (name: string, execution: LuaExecution): void => {
    const fiber = scheduler.create(name, creator?.session ?? null, execution, creator?.sliceLimitMs ?? Infinity);
    scheduler.start(fiber);
  };
  spawn(options.name, serve(host, methods, table, options, spawn));
  const at = table.socket.listeningAt;
  return at === null ? table : [table, addressTable(textOfAddress(at), true)];
}

function* serve(
  host: Host,
  methods: SocketMethods,
  table: SocketTable,
  { handler, name }: ServerOptions,
  spawn: (name: string, execution: LuaExecution) => void,
): LuaExecution {
  for (;;) {
    yield* methods.until(table, Infinity, () => table.socket.readiness.isReadable);
    if (table.socket.isClosed) return undefined;
    const stream = table.socket.accept();
    if (stream === undefined) continue;
    const connection = methods.wrap(new StreamSocket(host, stream));
    spawn(name, handle(host, handler, connection, addressTable(stream.peer, false)));
  }
}

/** The connection ends with its handler. */
function* handle(host: Host, handler: LuaFunction, connection: SocketTable, peer: LuaTable): LuaExecution {
  try {
    return yield* host.runtime.call(handler, [connection, peer]);
  } finally {
    if (!connection.socket.isClosed) connection.socket.close();
  }
}

/** Kinds of sockets that a name resolves for. */
const KINDS = [
  { type: 'SOCK_STREAM', protocol: 'tcp' },
  { type: 'SOCK_DGRAM', protocol: 'udp' },
  { type: 'SOCK_RAW', protocol: 0 },
] as const;

/** `getaddrinfo(host, port[, timeout][, {type, family, protocol, flags}])` */
function* addressesOf(host: Host, values: readonly LuaValue[]): LuaExecution {
  const options = values.slice(2).find((value) => value instanceof LuaTable);
  const wanted = (name: string): LuaValue => (options instanceof LuaTable ? options.getString(name) : undefined);
  const port = portOf(values[1] ?? 0);
  if (typeof values[0] !== 'string' || port === undefined) {
    host.errors.last = ERRNO.EINVAL;
    return undefined;
  }
  try {
    const found = yield* waitForPromise(host.resolver.resolve(textOf(values[0])));
    const result = new LuaTable();
    for (const { family, host: address } of found) {
      const familyName = family === 'IPv6' ? 'AF_INET6' : 'AF_INET';
      if (wanted('family') !== undefined && wanted('family') !== familyName) continue;
      for (const { type, protocol } of KINDS) {
        const isOther = wanted('type') !== undefined && wanted('type') !== type;
        if (isOther || (wanted('protocol') !== undefined && wanted('protocol') !== protocol)) continue;
        result.array.push(tableOf({ host: address, family: familyName, type, protocol, port }));
      }
    }
    return result;
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    host.errors.last = errnoOf(error.code);
    return undefined;
  }
}

/** `iowait(fd, events[, timeout])`. Descriptors of other libraries are ready when the time is over. */
function* waitForDescriptor(host: Host, values: readonly LuaValue[]): LuaExecution {
  const timeoutMs = secondsOf(values[2]);
  yield* sleep(host.fibers, timeoutMs === Infinity ? 0 : timeoutMs);
  testCancel(host.fibers);
  const result: LuaResult = values[1] ?? '';
  return result;
}
