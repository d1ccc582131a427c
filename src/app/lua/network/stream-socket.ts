/**
 * A socket of Lua's library over the ports: what was received and not read, whom it listens for, and who waits for it.
 * Calls of the system that fail for a moment (EAGAIN) fail here too; fibers wait with `wait`.
 */
import { indexOfBytes, joinBytes } from '../../../base/index.ts';
import { type Address, type Env, type Listener, NetworkError, type Stream } from '../../../env/index.ts';
import { errnoOf } from '../system/errno.ts';
import type { LuaFiberHost } from '../fibers/machine-fibers.ts';
import { Waiters } from '../fibers/library/context.ts';

export type SocketNeeds = Readonly<{
  fibers: LuaFiberHost;
  network: Env['network'];
  resolver: Env['resolver'];
  nextDescriptor: () => number;
}>;

/** Received bytes above it stop the peer until they are read. */
const RECEIVED_BYTES_MAX = 1024 * 1024;
const NOTHING_RECEIVED = new Uint8Array(0);
/** Sent bytes above it are more than the system would take at once. */
const SENDING_BYTES_MAX = 1024 * 1024;
const CONNECT_TIMEOUT_MS = 75_000;

export type Readiness = Readonly<{ isReadable: boolean; isWritable: boolean }>;

export class StreamSocket {
  readonly descriptor: number;
  readonly #needs: SocketNeeds;
  readonly #waiters = new Waiters<null>();
  readonly #accepted: Stream[] = [];
  #stream: Stream | null = null;
  #listener: Listener | null = null;
  #received: Uint8Array = NOTHING_RECEIVED;
  #isConnecting = false;
  #isPaused = false;
  /** The peer sends no more, or we do not want to hear it. */
  #isEnded = false;
  #isSendingClosed = false;
  isClosed = false;
  /** Errno of what broke the connection, 0 for nothing; `SO_ERROR` takes it. */
  brokenBy = 0;

  constructor(needs: SocketNeeds, stream: Stream | null = null) {
    this.#needs = needs;
    this.descriptor = needs.nextDescriptor();
    if (stream !== null) this.#use(stream);
  }

  get isConnected(): boolean {
    return this.#stream !== null;
  }

  get isListening(): boolean {
    return this.#listener !== null;
  }

  get isConnecting(): boolean {
    return this.#isConnecting;
  }

  get receivedBytes(): number {
    return this.#received.length;
  }

  get isAtEnd(): boolean {
    return this.#isEnded;
  }

  get peer(): string | null {
    return this.#stream?.peer ?? null;
  }

  get local(): string | null {
    return this.#stream?.local ?? null;
  }

  get listeningAt(): Address | null {
    return this.#listener?.address ?? null;
  }

  get readiness(): Readiness {
    const isReadable = this.#received.length > 0 || this.#isEnded || this.#accepted.length > 0 || this.brokenBy !== 0;
    const queued = this.#stream?.queuedBytes ?? 0;
    return { isReadable, isWritable: !this.#isConnecting && this.#listener === null && queued < SENDING_BYTES_MAX };
  }

  /** Rejects with NetworkError. */
  async listen(address: Address): Promise<void> {
    this.#listener = await this.#needs.network.listen(address, (stream) => {
      this.#accepted.push(stream);
      this.#waiters.wakeAll();
    });
    if (this.isClosed) await this.#listener.close();
  }

  accept(): Stream | undefined {
    return this.#accepted.shift();
  }

  /** Begins to connect; the outcome shows in `isConnected` and `brokenBy`. */
  connect(address: Address, timeoutMs = CONNECT_TIMEOUT_MS): void {
    this.#isConnecting = true;
    this.#needs.network.connect(address, timeoutMs).then(
      (stream) => {
        this.#isConnecting = false;
        if (this.isClosed) stream.destroy();
        else this.#use(stream);
        this.#waiters.wakeAll();
      },
      (error: unknown) => {
        this.#isConnecting = false;
        this.brokenBy = errnoOf(error instanceof NetworkError ? error.code : 'EIO');
        this.#waiters.wakeAll();
      },
    );
  }

  /** Takes up to so many of the received bytes. */
  take(sizeBytes: number): Uint8Array {
    const taken = this.#received.subarray(0, sizeBytes);
    this.#received = this.#received.subarray(taken.length);
    if (this.#isPaused && this.#received.length < RECEIVED_BYTES_MAX) {
      this.#isPaused = false;
      this.#stream?.resume();
    }
    return taken;
  }

  /** Place behind the first occurrence of the bytes in what was received; -1 if they are not there. */
  endOf(delimiter: Uint8Array): number {
    const at = indexOfBytes(this.#received, delimiter);
    return at < 0 ? -1 : at + delimiter.length;
  }

  /** Queues bytes; false if nothing can be sent any more. */
  send(bytes: Uint8Array): boolean {
    if (this.#stream === null || this.#isSendingClosed || this.brokenBy !== 0) return false;
    this.#stream.write(bytes, () => {
      if (this.readiness.isWritable) this.#waiters.wakeAll();
    });
    return true;
  }

  get queuedBytes(): number {
    return this.#stream?.queuedBytes ?? 0;
  }

  shutdown(forReading: boolean, forWriting: boolean): void {
    if (forReading) this.#isEnded = true;
    if (forWriting && !this.#isSendingClosed) {
      this.#isSendingClosed = true;
      this.#stream?.end();
    }
    this.#waiters.wakeAll();
  }

  /** What is queued is still sent. */
  close(): void {
    this.isClosed = true;
    const stream = this.#stream;
    if (stream !== null) {
      this.#received = NOTHING_RECEIVED;
      stream.end();
      stream.resume();
      if (this.#isEnded && stream.queuedBytes === 0) stream.destroy();
    }
    for (const accepted of this.#accepted) accepted.destroy();
    this.#listener?.close().catch(() => undefined);
    this.#waiters.wakeAll();
  }

  /** Waits until something has changed or the time is over; Infinity for no limit. */
  wait(timeoutMs: number): Generator<object, 'woken' | 'timeout' | undefined, unknown> {
    return this.#waiters.wait(this.#needs.fibers, timeoutMs, null);
  }

  #use(stream: Stream): void {
    this.#stream = stream;
    stream.start({
      onData: (chunk) => {
        if (this.isClosed) {
          stream.destroy();
          return;
        }
        this.#received = joinBytes([this.#received, chunk]);
        if (this.#received.length >= RECEIVED_BYTES_MAX) {
          this.#isPaused = true;
          stream.pause();
        }
        this.#waiters.wakeAll();
      },
      onEnd: () => {
        this.#isEnded = true;
        if (this.isClosed) stream.destroy();
        this.#waiters.wakeAll();
      },
      onDrain: () => this.#waiters.wakeAll(),
      onClose: (error) => {
        this.#isEnded = true;
        if (error !== null) this.brokenBy = errnoOf(error.code);
        this.#isSendingClosed = true;
        this.#waiters.wakeAll();
      },
    });
  }
}
