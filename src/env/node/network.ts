/** Listening and connecting over node:net: TCP without delay, and Unix domain sockets. */
import * as fs from 'node:fs';
import * as net from 'node:net';
import { dirname } from 'node:path';
import { NetworkError, type Address, type Listener, type Network, type Stream } from '../index.ts';
import { createStream } from './stream.ts';

const BACKLOG = 1024;
const LOOPBACKS = ['127.0.0.1', '::1'] as const;
/** How often a free port of one loopback address may turn out to be taken on the other. */
const FREE_PORT_ATTEMPTS = 16;

type ConnectionHandler = (stream: Stream) => void;

export function createNetwork(): Network {
  return { listen, connect };
}

async function listen(address: Address, onConnection: ConnectionHandler): Promise<Listener> {
  if (address.kind === 'unix') {
    const server = await listenOnPath(address.path, onConnection);
    return createListener(address, [server]);
  }
  const servers =
    address.host === 'localhost'
      ? await listenOnLoopbacks(address.port, onConnection)
      : [await startServer({ host: address.host, port: address.port }, onConnection)];
  return createListener({ ...address, port: portOf(servers[0]) }, servers);
}

function createListener(address: Address, servers: readonly net.Server[]): Listener {
  return {
    address,
    async close() {
      for (const server of servers) server.close();
      // Node reports the close of a server when its last connection is gone, but stops listening at once.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

function startServer(options: net.ListenOptions, onConnection: ConnectionHandler): Promise<net.Server> {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
    onConnection(createStream(socket, null));
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(toNetworkError(error)));
    server.listen({ ...options, backlog: BACKLOG }, () => {
      server.removeAllListeners('error');
      // A connection that could not be accepted is its peer's to repeat.
      server.on('error', () => undefined);
      resolve(server);
    });
  });
}

async function listenOnLoopbacks(port: number, onConnection: ConnectionHandler): Promise<readonly net.Server[]> {
  for (let attempt = 1; ; attempt++) {
    const servers: net.Server[] = [];
    try {
      for (const host of LOOPBACKS) {
        const taken = portOf(servers[0]);
        const server = await startIfThere({ host, port: port === 0 ? taken : port }, onConnection);
        if (server !== null) servers.push(server);
      }
      if (servers.length > 0) return servers;
      throw new NetworkError('EADDRNOTAVAIL', 'listen EADDRNOTAVAIL: address not available localhost');
    } catch (error) {
      for (const server of servers) server.close();
      const mayRetry = port === 0 && error instanceof NetworkError && error.code === 'EADDRINUSE';
      if (!mayRetry || attempt === FREE_PORT_ATTEMPTS) throw error;
    }
  }
}

/** null if the machine has no such address. */
async function startIfThere(options: net.ListenOptions, onConnection: ConnectionHandler): Promise<net.Server | null> {
  try {
    return await startServer(options, onConnection);
  } catch (error) {
    if (error instanceof NetworkError && (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT')) return null;
    throw error;
  }
}

/** 0 if there is no server. */
function portOf(server: net.Server | undefined): number {
  const address = server?.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function listenOnPath(path: string, onConnection: ConnectionHandler): Promise<net.Server> {
  try {
    return await startServer({ path }, onConnection);
  } catch (error) {
    // Node says EACCES for a directory that is not there.
    const isMissing = error instanceof NetworkError && error.code === 'EACCES' && !fs.existsSync(dirname(path));
    if (isMissing) throw new NetworkError('ENOENT', `listen ENOENT: no such file or directory ${path}`);
    const isTaken = error instanceof NetworkError && error.code === 'EADDRINUSE';
    if (!isTaken || !(await isStaleSocket(path))) throw error;
    fs.rmSync(path, { force: true });
    return startServer({ path }, onConnection);
  }
}

/** Whether there is a socket file that nobody listens on. */
function isStaleSocket(path: string): Promise<boolean> {
  if (fs.lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = net.connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}

function connect(address: Address, timeoutMs: number): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({
      ...(address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }),
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
    });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(
        new NetworkError('ETIMEDOUT', `connect ETIMEDOUT: no answer from ${describe(address)} in ${timeoutMs} ms`),
      );
    }, timeoutMs);
    const onError = (error: Error): void => {
      clearTimeout(timer);
      reject(toNetworkError(error));
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      resolve(createStream(socket, address.kind === 'unix' ? `unix/:${address.path}` : null));
    });
  });
}

function describe(address: Address): string {
  return address.kind === 'unix' ? `unix/:${address.path}` : `${address.host}:${address.port}`;
}

/** A host name with several addresses fails with one error for each; the first one is told. */
function toNetworkError(error: Error): NetworkError {
  const cause: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const told = cause instanceof Error ? cause : error;
  const code = (told as NodeJS.ErrnoException).code ?? (error as NodeJS.ErrnoException).code ?? 'EIO';
  return new NetworkError(code, told.message);
}
