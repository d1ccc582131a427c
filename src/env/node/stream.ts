/**
 * A byte stream over a socket of node:net.
 *
 * Guarantees beyond the port's: one `socket.write` for each `write`; the callbacks of writes run in the order of the
 * writes, each once, before `onClose`. Node itself runs those of a broken connection in another order: writes that it
 * still holds fail before the one that the system has. So completions only count here, and the oldest callback answers.
 */
import type { Socket } from 'node:net';
import { assert } from '../../base/index.ts';
import { NetworkError, type Stream, type StreamHandlers } from '../index.ts';

type Callback = (() => void) | null;

/** `peerName` replaces the peer's address where the socket does not know one. */
export function createStream(socket: Socket, peerName: string | null): Stream {
  return new NodeStream(socket, peerName ?? peerOf(socket));
}

function peerOf(socket: Socket): string {
  return textOf(socket.remoteAddress, socket.remotePort);
}

function textOf(host: string | undefined, port: number | undefined): string {
  if (host === undefined) return 'unix/:(socket)';
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Node names it on no public path; -1 where it is not found. */
function descriptorOf(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  const descriptor: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  return typeof descriptor === 'number' ? descriptor : -1;
}

class NodeStream implements Stream {
  readonly peer: string;
  readonly local: string;
  readonly descriptor: number;
  readonly #socket: Socket;
  #handlers: StreamHandlers | null = null;
  /** Callbacks of the writes whose completion is awaited, oldest at `#head`. */
  #callbacks: Callback[] = [];
  #head = 0;
  #isDrainAwaited = false;
  #isEnding = false;
  #isClosed = false;
  #error: NetworkError | null = null;
  readonly #onCompletion = (): void => this.#complete();

  constructor(socket: Socket, peer: string) {
    this.peer = peer;
    this.local = textOf(socket.localAddress, socket.localPort);
    this.descriptor = descriptorOf(socket);
    this.#socket = socket;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#error ??= new NetworkError(error.code ?? 'EIO', error.message);
    });
    socket.on('close', () => this.#close());
  }

  start(handlers: StreamHandlers): void {
    assert(this.#handlers === null, 'a stream is started once');
    this.#handlers = handlers;
    if (this.#isClosed) {
      setImmediate(() => handlers.onClose(this.#error));
      return;
    }
    this.#socket.on('data', (chunk: Buffer) => {
      handlers.onData(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    });
    this.#socket.on('end', () => {
      if (!this.#socket.destroyed) handlers.onEnd();
    });
  }

  write(bytes: Uint8Array, onWritten?: () => void): number {
    const socket = this.#socket;
    if (this.#isClosed) {
      if (onWritten !== undefined) setImmediate(onWritten);
      return 0;
    }
    this.#callbacks.push(onWritten ?? null);
    // What is written after the end is not sent; its callback runs at the close.
    if (this.#isEnding || socket.destroyed) return socket.writableLength;
    socket.write(bytes, this.#onCompletion);
    const queuedBytes = socket.writableLength;
    if (queuedBytes > 0) this.#isDrainAwaited = true;
    return queuedBytes;
  }

  get queuedBytes(): number {
    return this.#isClosed ? 0 : this.#socket.writableLength;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #complete(): void {
    if (this.#isClosed) return;
    const callback = this.#callbacks[this.#head];
    this.#callbacks[this.#head++] = null;
    if (this.#head === this.#callbacks.length) {
      this.#callbacks.length = 0;
      this.#head = 0;
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#callbacks.length) {
      this.#callbacks = this.#callbacks.slice(this.#head);
      this.#head = 0;
    }
    if (callback !== null && callback !== undefined) callback();
    if (this.#isDrainAwaited && this.#socket.writableLength === 0) {
      this.#isDrainAwaited = false;
      if (!this.#socket.destroyed) this.#handlers?.onDrain();
    }
  }

  #close(): void {
    this.#isClosed = true;
    const callbacks = this.#callbacks;
    const head = this.#head;
    this.#callbacks = [];
    this.#head = 0;
    for (let index = head; index < callbacks.length; index++) callbacks[index]?.();
    this.#handlers?.onClose(this.#error);
  }
}
