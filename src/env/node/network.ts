/** Streams over node:net: TCP without delay, and Unix domain sockets. */
import * as net from 'node:net';
import { NetworkError, type Address, type Network, type Stream } from '../index.ts';
import { listenOn, toNetworkError } from './listening.ts';
import { createStream } from './stream.ts';

export function createNetwork(): Network {
  return {
    listen: (address, onConnection) =>
      listenOn(address, () =>
        net.createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) =>
          onConnection(createStream(socket, null)),
        ),
      ),
    connect,
  };
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
