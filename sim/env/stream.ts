/** One end of a simulated connection, as the Stream port. */
import { assert } from '../../src/base/index.ts';
import { NetworkError, type Stream, type StreamHandlers } from '../../src/env/index.ts';
import type { SimulatedHost } from './host.ts';
import type { SimulatedInternet } from './internet.ts';
import { Pipe } from './pipe.ts';
import type { SimulatedThread } from './thread.ts';

export type StreamEnd = Readonly<{
  host: SimulatedHost;
  thread: SimulatedThread;
  /** The other end as `Stream.peer` shows it. */
  peer: string;
}>;

/** Connects two ends: what one writes the other reads. */
export function connectStreams(
  internet: SimulatedInternet,
  left: StreamEnd,
  right: StreamEnd,
): readonly [SimulatedStream, SimulatedStream] {
  const number = internet.nextConnectionNumber();
  const leftStream = new SimulatedStream(internet, left, right.host, `${number}a`);
  const rightStream = new SimulatedStream(internet, right, left.host, `${number}b`);
  leftStream.connectTo(rightStream);
  rightStream.connectTo(leftStream);
  return [leftStream, rightStream];
}

export class SimulatedStream implements Stream {
  readonly peer: string;
  readonly label: string;
  readonly host: SimulatedHost;
  readonly peerHost: SimulatedHost;
  readonly thread: SimulatedThread;
  readonly #internet: SimulatedInternet;
  readonly #outgoing: Pipe;
  #incoming: Pipe | null = null;
  #handlers: StreamHandlers | null = null;
  #isPaused = false;
  #isEnding = false;
  /** No more goes through the connection; `onClose` has been or will be called. */
  #isGone = false;
  #isResetDue = false;
  #isClosed = false;
  #closeError: NetworkError | null = null;
  /** Callbacks of writes that were never sent; they run at the close. */
  #unsent: (() => void)[] = [];

  constructor(internet: SimulatedInternet, end: StreamEnd, peerHost: SimulatedHost, label: string) {
    this.#internet = internet;
    this.host = end.host;
    this.thread = end.thread;
    this.peer = end.peer;
    this.peerHost = peerHost;
    this.label = label;
    this.#outgoing = new Pipe(internet, this);
    internet.addStream(this);
  }

  connectTo(other: SimulatedStream): void {
    this.#incoming = other.#outgoing;
    other.#outgoing.connectTo(this);
  }

  /** Whether this end is no part of the connection any more. */
  get isGone(): boolean {
    return this.#isGone || !this.thread.isAlive;
  }

  get isReading(): boolean {
    return this.#handlers !== null && !this.#isPaused && !this.isGone;
  }

  isHostUp(): boolean {
    return this.host.isUp;
  }

  get queuedBytes(): number {
    return this.#isGone ? 0 : this.#outgoing.queuedBytes;
  }

  start(handlers: StreamHandlers): void {
    assert(this.#handlers === null, 'a stream is started once');
    this.#handlers = handlers;
    if (this.#isClosed) this.#schedule('close', () => handlers.onClose(this.#closeError));
    else this.wake();
  }

  write(bytes: Uint8Array, onWritten?: () => void): number {
    if (this.isGone || this.#isEnding) {
      if (this.#isClosed) this.completeWrite(onWritten ?? null);
      else if (onWritten !== undefined) this.#unsent.push(onWritten);
      return this.queuedBytes;
    }
    return this.#outgoing.write(bytes, onWritten ?? null);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.wake();
  }

  end(): void {
    if (this.isGone || this.#isEnding) return;
    this.#isEnding = true;
    this.#outgoing.end();
  }

  destroy(): void {
    if (this.isGone) return;
    this.#leave(null);
    this.#outgoing.close(this.#internet.world.random.chance(0.5));
  }

  /** Goes on with reading after a pause or a blocked way. */
  wake(): void {
    this.#incoming?.wake();
  }

  /** The process behind this end was killed: its system closes the connection. */
  closeByKill(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#internet.removeStream(this);
    this.#outgoing.abandon();
    this.#outgoing.close(this.#internet.world.random.chance(0.5));
  }

  /** The machine behind this end lost power: the other end hears nothing. */
  vanish(): void {
    this.#isGone = true;
    this.#internet.removeStream(this);
    this.#outgoing.abandon();
  }

  /** The connection ends here with an error. */
  breakDown(code: string): void {
    if (this.isGone) return;
    this.#leave(new NetworkError(code, `${code}: the connection to ${this.peer} is broken`));
  }

  /** What was sent met no connection at the other side. */
  receiveResetLater(): void {
    if (this.isGone || this.#isResetDue) return;
    this.#isResetDue = true;
    const delayMs = this.#internet.delayMs(this.peerHost, this.host);
    this.#schedule('reset', () => this.breakDown('ECONNRESET'), delayMs);
  }

  completeWrite(onWritten: (() => void) | null): void {
    if (onWritten !== null) this.#schedule('written', onWritten);
  }

  drained(): void {
    this.#schedule('drain', () => {
      if (!this.#isGone) this.#handlers?.onDrain();
    });
  }

  deliver(chunk: Uint8Array): void {
    this.#handlers?.onData(chunk);
  }

  deliverEnd(): void {
    this.#handlers?.onEnd();
    this.closeIfDone();
  }

  /** A regular end: both directions are through. */
  closeIfDone(): void {
    if (!this.#isGone && this.#outgoing.isEndSent && this.#incoming?.isEndDelivered === true) this.#leave(null);
  }

  #leave(error: NetworkError | null): void {
    this.#isGone = true;
    this.#closeError = error;
    this.#internet.removeStream(this);
    this.#unsent.unshift(...this.#outgoing.abandon());
    this.#schedule('close', () => {
      this.#isClosed = true;
      const callbacks = this.#unsent;
      this.#unsent = [];
      for (const callback of callbacks) callback();
      this.#handlers?.onClose(error);
    });
  }

  #schedule(what: string, run: () => void, delayMs = 0): void {
    this.thread.schedule(delayMs, `${what} ${this.label}`, run);
  }
}
