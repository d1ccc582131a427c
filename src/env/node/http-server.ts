/**
 * HTTP/1.1 over node:http. Guarantees: no more connections than allowed, over all addresses of the host together; each
 * ends when its client is too slow; none outlives the listener.
 */
import type * as http from 'node:http';
import { httpModule } from './http-modules.ts';
import type { Socket } from 'node:net';
import type { HttpAnswer, HttpQuestion, HttpServer, HttpServerLimits } from '../index.ts';
import { listenOn } from './listening.ts';

/** How often Node looks for connections whose time is over. */
const LOOK_PERIOD_MS = 1000;

export function createHttpServer(): HttpServer {
  return {
    async listen(address, limits, answer) {
      const sockets = new Set<Socket>();
      const listener = await listenOn(address, () => createServer(limits, sockets, answer));
      return {
        address: listener.address,
        async close() {
          const closed = listener.close();
          for (const socket of sockets) socket.destroy();
          await closed;
        },
      };
    },
  };
}

function createServer(
  limits: HttpServerLimits,
  sockets: Set<Socket>,
  answer: (question: HttpQuestion) => HttpAnswer,
): http.Server {
  const server = httpModule().createServer({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.requestMsMax,
    requestTimeout: limits.requestMsMax,
    keepAliveTimeout: limits.idleMsMax,
    connectionsCheckingInterval: LOOK_PERIOD_MS,
    noDelay: true,
  });
  server.timeout = limits.requestMsMax;
  server.prependListener('connection', (socket: Socket) => {
    if (sockets.size >= limits.connectionsMax) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', (incoming, outgoing) => {
    const { status, headers, body } = answer({ method: incoming.method ?? '', target: incoming.url ?? '' });
    for (const [name, value] of headers) outgoing.setHeader(name, value);
    // Nobody reads a body, so nothing can follow it on the connection.
    if (hasBody(incoming)) outgoing.setHeader('Connection', 'close');
    outgoing.setHeader('Content-Length', Buffer.byteLength(body));
    outgoing.writeHead(status);
    outgoing.end(body);
  });
  return server;
}

function hasBody({ headers }: http.IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
