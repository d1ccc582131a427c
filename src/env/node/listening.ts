/**
 * Where servers of node:net listen, whatever they speak: TCP, both loopback addresses as one host `localhost`, and Unix
 * domain sockets, where a file that nobody listens on is taken over.
 */
import * as fs from 'node:fs';
import * as net from 'node:net';
import { dirname } from 'node:path';
import { NetworkError, type Address, type Listener } from '../index.ts';

const BACKLOG = 1024;
const LOOPBACKS = ['127.0.0.1', '::1'] as const;
/** How often a free port of one loopback address may turn out to be taken on the other. */
const FREE_PORT_ATTEMPTS = 16;

type ServerMaker = () => net.Server;

/**
 * Listens with servers of `makeServer`, one for each address that the host stands for. Port 0 takes a free one. Rejects
 * with NetworkError.
 */
export async function listenOn(address: Address, makeServer: ServerMaker): Promise<Listener> {
  if (address.kind === 'unix') {
    const server = await listenOnPath(address.path, makeServer);
    return createListener(address, [server]);
  }
  const servers =
    address.host === 'localhost'
      ? await listenOnLoopbacks(address.port, makeServer)
      : [await startServer({ host: address.host, port: address.port }, makeServer)];
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

function startServer(options: net.ListenOptions, makeServer: ServerMaker): Promise<net.Server> {
  const server = makeServer();
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

async function listenOnLoopbacks(port: number, makeServer: ServerMaker): Promise<readonly net.Server[]> {
  for (let attempt = 1; ; attempt++) {
    const servers: net.Server[] = [];
    try {
      for (const host of LOOPBACKS) {
        const taken = portOf(servers[0]);
        const server = await startIfThere({ host, port: port === 0 ? taken : port }, makeServer);
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
async function startIfThere(options: net.ListenOptions, makeServer: ServerMaker): Promise<net.Server | null> {
  try {
    return await startServer(options, makeServer);
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

async function listenOnPath(path: string, makeServer: ServerMaker): Promise<net.Server> {
  try {
    return await startServer({ path }, makeServer);
  } catch (error) {
    // Node says EACCES for a directory that is not there.
    const isMissing = error instanceof NetworkError && error.code === 'EACCES' && !fs.existsSync(dirname(path));
    if (isMissing) throw new NetworkError('ENOENT', `listen ENOENT: no such file or directory ${path}`);
    const isTaken = error instanceof NetworkError && error.code === 'EADDRINUSE';
    if (!isTaken || !(await isStaleSocket(path))) throw error;
    fs.rmSync(path, { force: true });
    return startServer({ path }, makeServer);
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

/** A host name with several addresses fails with one error for each; the first one is told. */
export function toNetworkError(error: Error): NetworkError {
  const cause: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const told = cause instanceof Error ? cause : error;
  const code = (told as NodeJS.ErrnoException).code ?? (error as NodeJS.ErrnoException).code ?? 'EIO';
  return new NetworkError(code, told.message);
}
