/**
 * One established session: greeting read, features agreed, user authenticated. What comes after that is handed on
 * packet by packet. Connections are built on it, and so is whoever needs the bare stream (replicas, benchmarks).
 *
 * Invariant: `onClose` is called exactly once after `openLink` has resolved, and nothing is called after it.
 */
import type { BoxError, ByteWriter } from '../base/index.ts';
import {
  chapSha1Scramble,
  decodeError,
  decodeGreeting,
  decodeIdAnswer,
  encodeAuth,
  encodeId,
  FEATURE,
  FrameDecoder,
  GREETING_BYTES,
  PROTOCOL_VERSION,
  ResponseHeader,
  type FeatureName,
  type Greeting,
  type PacketHandler,
} from '../codec/iproto/index.ts';
import type { NetworkError, Stream, TimerHandle } from '../env/index.ts';
import { asBoxError, noConnection, timedOut } from './errors.ts';
import type { ClientEnv, ResolvedConnectOptions } from './options.ts';
import { OutgoingBuffer } from './outgoing-buffer.ts';

export type LinkOptions = Pick<
  ResolvedConnectOptions,
  'address' | 'user' | 'password' | 'connectTimeoutMs' | 'packetBytesMax'
> &
  Readonly<{
    /** False: the link is open when the greeting has come, and whoever uses it says who it is. */
    introduces?: boolean;
  }>;

export type LinkHandlers = Readonly<{
  onPacket: PacketHandler;
  onClose: (error: BoxError) => void;
}>;

export type BinaryGreeting = Extract<Greeting, { protocol: 'Binary' }>;

/** What we can do: asked for in ID. */
const OUR_FEATURES: readonly number[] = [FEATURE.streams, FEATURE.transactions, FEATURE.watchers];

/** The first sync that a user of a link may take: those before are the handshake's. */
export const FIRST_FREE_SYNC = 3;
const ID_SYNC = 1;
const AUTH_SYNC = 2;

/** Connects and authenticates. Rejects with NO_CONNECTION, TIMEOUT, PROTOCOL or the server's own error. */
export async function openLink(env: ClientEnv, options: LinkOptions, handlers: LinkHandlers): Promise<Link> {
  const startedMs = env.clock.monotonicMs();
  let stream: Stream;
  try {
    stream = await env.network.connect(options.address, options.connectTimeoutMs);
  } catch (error) {
    throw asBoxError(error);
  }
  const leftMs = Math.max(0, options.connectTimeoutMs - (env.clock.monotonicMs() - startedMs));
  return new Promise((resolve, reject) => {
    new Link(env, stream, options, handlers).begin(leftMs, resolve, reject);
  });
}

export class Link {
  readonly peer: string;
  readonly #env: ClientEnv;
  readonly #stream: Stream;
  readonly #options: LinkOptions;
  readonly #handlers: LinkHandlers;
  readonly #outgoing: OutgoingBuffer;
  readonly #decoder: FrameDecoder;
  readonly #header = new ResponseHeader();
  readonly #greetingBytes = new Uint8Array(GREETING_BYTES);
  #greetingLength = 0;
  #greeting: BinaryGreeting | null = null;
  #features: ReadonlySet<number> = new Set();
  #answersAwaited = 0;
  #phase: 'handshake' | 'open' | 'closed' = 'handshake';
  #settle: Readonly<{ opened: () => void; failed: (error: BoxError) => void }> | null = null;
  #timer: TimerHandle | null = null;

  /** Use `openLink`. */
  constructor(env: ClientEnv, stream: Stream, options: LinkOptions, handlers: LinkHandlers) {
    this.#env = env;
    this.#stream = stream;
    this.#options = options;
    this.#handlers = handlers;
    this.peer = stream.peer;
    this.#outgoing = new OutgoingBuffer(stream, env.timers);
    this.#decoder = new FrameDecoder((bytes, start, end) => this.#onPacket(bytes, start, end), options.packetBytesMax);
  }

  begin(timeoutMs: number, resolve: (link: Link) => void, reject: (error: BoxError) => void): void {
    this.#settle = { opened: () => resolve(this), failed: reject };
    this.#timer = this.#env.timers.after(timeoutMs, () => this.#fail(timedOut()));
    this.#stream.start({
      onData: (chunk) => this.#onData(chunk),
      onEnd: () => this.#fail(noConnection('Peer closed')),
      onDrain: () => undefined,
      onClose: (error: NetworkError | null) => this.#fail(noConnection(error === null ? 'Peer closed' : error.message)),
    });
  }

  /** What the server said first. */
  get greeting(): BinaryGreeting | null {
    return this.#greeting;
  }

  get isOpen(): boolean {
    return this.#phase === 'open';
  }

  supports(feature: FeatureName): boolean {
    return this.#features.has(FEATURE[feature]);
  }

  /** Where to write a packet; call `sent` after each. */
  get writer(): ByteWriter {
    return this.#outgoing.writer;
  }

  /** Bytes that the peer has not taken yet. */
  get waitingBytes(): number {
    return this.#outgoing.waitingBytes;
  }

  /** Sends what was written, at the latest at the end of this turn. */
  sent(): void {
    this.#outgoing.written();
  }

  /** What was written leaves now, and does not wait for the end of the turn. */
  flush(): void {
    this.#outgoing.flush();
  }

  /** Stops reading, for one who cannot keep up; `resume` goes on. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** Closes at once; what was written in this turn may not arrive. `onClose` hears of it. */
  close(reason = 'Connection closed'): void {
    this.#fail(noConnection(reason));
  }

  #onData(chunk: Uint8Array): void {
    if (this.#phase === 'closed') return;
    try {
      const rest = this.#greeting === null ? this.#takeGreeting(chunk) : chunk;
      if (rest.length > 0) this.#decoder.push(rest);
    } catch (error) {
      this.#fail(asBoxError(error));
    }
  }

  /** Returns what follows the greeting in the chunk. */
  #takeGreeting(chunk: Uint8Array): Uint8Array {
    const count = Math.min(chunk.length, GREETING_BYTES - this.#greetingLength);
    this.#greetingBytes.set(chunk.subarray(0, count), this.#greetingLength);
    this.#greetingLength += count;
    if (this.#greetingLength === GREETING_BYTES) {
      const greeting = decodeGreeting(this.#greetingBytes);
      if (greeting.protocol !== 'Binary') throw noConnection('The peer is a console, not an iproto server');
      this.#greeting = greeting;
      if (this.#options.introduces === false) this.#opened();
      else this.#introduce(greeting);
    }
    return chunk.subarray(count);
  }

  #introduce(greeting: BinaryGreeting): void {
    const { user, password } = this.#options;
    encodeId(this.writer, { sync: ID_SYNC }, PROTOCOL_VERSION, OUR_FEATURES);
    this.#answersAwaited = 1;
    if (user !== null) {
      const sha1 = (...parts: readonly Uint8Array[]): Uint8Array => this.#env.crypto.sha1(...parts);
      const needsNone = user === 'guest' && password === '';
      const scramble = needsNone ? null : chapSha1Scramble(sha1, greeting.salt, password);
      encodeAuth(this.writer, { sync: AUTH_SYNC }, user, scramble);
      this.#answersAwaited = 2;
    }
    this.sent();
  }

  #onPacket(bytes: Uint8Array, start: number, end: number): void {
    if (this.#phase === 'open') this.#handlers.onPacket(bytes, start, end);
    else if (this.#phase === 'handshake') this.#onAnswer(bytes, start, end);
  }

  #onAnswer(bytes: Uint8Array, start: number, end: number): void {
    const header = this.#header;
    header.read(bytes, start, end);
    if (header.isError && header.sync !== ID_SYNC) throw decodeError(bytes, header.body, end, header.type);
    // A server older than 2.10 answers UNKNOWN_REQUEST_TYPE to ID: it has none of the features.
    if (header.sync === ID_SYNC && !header.isError) {
      const { features } = decodeIdAnswer(bytes, header.body, end);
      this.#features = new Set(OUR_FEATURES.filter((feature) => features.has(feature)));
    }
    this.#answersAwaited--;
    if (this.#answersAwaited === 0) this.#opened();
  }

  #opened(): void {
    this.#phase = 'open';
    this.#timer?.cancel();
    this.#settle?.opened();
  }

  #fail(error: BoxError): void {
    if (this.#phase === 'closed') return;
    const wasOpen = this.#phase === 'open';
    this.#phase = 'closed';
    this.#timer?.cancel();
    this.#decoder.stop();
    this.#outgoing.close();
    this.#stream.destroy();
    if (wasOpen) this.#handlers.onClose(error);
    else this.#settle?.failed(error);
  }
}
