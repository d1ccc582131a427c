/**
 * A TCP connection of the load: what is written in one turn of the event loop leaves as one, so that a client costs the
 * machine little, however many requests answers set free at once.
 */
import { connect, type Socket } from 'node:net';

const CONNECT_TIMEOUT_MS = 5000;

export class BatchedSocket {
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  #isCorked = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Connects to a loopback port; rejects when nobody listens. */
  static open(port: number): Promise<BatchedSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, noDelay: true });
      const timer = setTimeout(() => socket.destroy(new Error(`nobody answers on port ${port}`)), CONNECT_TIMEOUT_MS);
      socket.once('error', reject).once('connect', () => {
        clearTimeout(timer);
        socket.off('error', reject);
        resolve(new BatchedSocket(socket));
      });
    });
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  /**
   * `take` is given what came and was not taken, and returns how many bytes of it it took. `closed` is called once, at the
   * end of the connection or when `take` throws.
   */
  listen(take: (bytes: Buffer) => number, closed: (error: Error) => void): void {
    let reason = new Error('the connection is closed');
    this.#socket.on('data', (chunk: Buffer) => {
      const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
      try {
        this.#rest = bytes.subarray(take(bytes));
      } catch (error) {
        reason = error instanceof Error ? error : new Error(String(error));
        this.#socket.destroy();
      }
    });
    this.#socket.on('error', (error) => (reason = error)).on('close', () => closed(reason));
  }

  write(bytes: Uint8Array): void {
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.destroy();
  }
}
