/**
 * A session with a master, from the replica's side: questions with one answer each, and streams of packets.
 *
 * Who handles a stream may hold it: what has arrived then waits here, in order, and no more is read from the peer.
 * Invariant: after the session is lost every question fails with the reason, and no packet is handed on.
 */
import { assert, type BoxError, boxError, type ByteWriter } from '../../base/index.ts';
import {
  type Ballot,
  chapSha1Scramble,
  decodeBallot,
  decodeError,
  encodeAuth,
  encodeVote,
  type PacketHandler,
  ResponseHeader,
} from '../../codec/iproto/index.ts';
import { type Link, openLink } from '../../client/index.ts';
import type { Env } from '../../env/index.ts';
import type { ReplicationSource } from './source.ts';

/** A packet, copied: header and body. */
type Packet = Uint8Array;

type Question = Readonly<{
  /** Whether its answer begins a stream. */
  opensStream: boolean;
  resolve: (packet: Packet) => void;
  reject: (error: BoxError) => void;
}>;

export class MasterSession {
  readonly instanceUuid: string;
  /** major << 16 | minor << 8 | patch, as the greeting says. */
  readonly version: number;
  readonly #env: Env;
  readonly #timeoutMs: number;
  /** Something has come since the watch looked last; packets are too many to read the clock for each. */
  #hasHeard = false;
  readonly #source: ReplicationSource;
  readonly #link: Link;
  readonly #salt: Uint8Array;
  readonly #header = new ResponseHeader();
  #waiting: Question | null = null;
  #handler: PacketHandler | null = null;
  #held: Packet[] | null = null;
  #lost: BoxError | null = null;
  #tellLost: (error: BoxError) => void = () => undefined;
  /** Resolves with the reason when the session has ended. */
  readonly lost = new Promise<BoxError>((resolve) => {
    this.#tellLost = resolve;
  });

  private constructor(env: Env, source: ReplicationSource, timeoutMs: number, link: Link) {
    const greeting = link.greeting;
    assert(greeting !== null, 'an open link has been greeted');
    this.#env = env;
    this.#timeoutMs = timeoutMs;
    this.#source = source;
    this.#link = link;
    this.#salt = greeting.salt;
    this.instanceUuid = greeting.instanceUuid;
    this.version = versionNumber(greeting.version);
  }

  /** `timeoutMs` is for the connection, and for each answer. Rejects with NO_CONNECTION, TIMEOUT or PROTOCOL. */
  static async open(env: Env, source: ReplicationSource, timeoutMs: number): Promise<MasterSession> {
    let session: MasterSession | null = null;
    const link = await openLink(
      env,
      {
        address: source.address,
        user: null,
        password: '',
        connectTimeoutMs: timeoutMs,
        packetBytesMax: 0x80000000,
        introduces: false,
      },
      {
        onPacket: (bytes, start, end) => session?.packet(bytes, start, end),
        onClose: (error) => session?.end(error),
      },
    );
    session = new MasterSession(env, source, timeoutMs, link);
    return session;
  }

  /** What the master says of itself; null if it does not know the question. */
  async vote(): Promise<Ballot | null> {
    this.send((writer) => encodeVote(writer, { sync: 0 }));
    const answer = await this.#answer();
    this.#header.read(answer, 0, answer.length);
    if (this.#header.isError) return null;
    return decodeBallot(answer, this.#header.body, answer.length);
  }

  /** Logs in, if the source says as whom. Rejects with the master's error. */
  async authenticate(): Promise<void> {
    const { user, password } = this.#source;
    if (user === null) return;
    const sha1 = (...parts: readonly Uint8Array[]): Uint8Array => this.#env.crypto.sha1(...parts);
    this.send((writer) => encodeAuth(writer, { sync: 0 }, user, chapSha1Scramble(sha1, this.#salt, password)));
    this.checkAnswer(await this.#answer());
  }

  /**
   * A stream's first packet; throws its error if it is one. Those behind it may have come already: they are held.
   * `timeoutMs` null: it may take its time.
   */
  async streamHead(timeoutMs: number | null = this.#timeoutMs): Promise<Packet> {
    const packet = await this.#answer(true, timeoutMs);
    this.checkAnswer(packet);
    return packet;
  }

  send(encode: (writer: ByteWriter) => void): void {
    if (this.#lost !== null) return;
    encode(this.#link.writer);
    this.#link.sent();
  }

  /** Hands packets on from now on; what the handler throws ends the session. null: nobody gets them. */
  handle(handler: PacketHandler | null): void {
    this.#handler = handler;
  }

  /** Keeps packets back until `release`. */
  hold(): void {
    if (this.#held !== null) return;
    this.#held = [];
    this.#link.pause();
  }

  get isHeld(): boolean {
    return this.#held !== null;
  }

  get isLost(): boolean {
    return this.#lost !== null;
  }

  release(): void {
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    try {
      for (let packet = held.shift(); packet !== undefined; packet = held.shift()) {
        this.packet(packet, 0, packet.length);
        if (this.isHeld) {
          this.#held = held;
          return;
        }
      }
    } catch (error) {
      this.close(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (this.#lost === null) this.#link.resume();
  }

  /** Ends the session, for a reason that `lost` tells. */
  close(reason: Error | null = null): void {
    if (this.#lost !== null) return;
    const error = reason === null ? boxError('NO_CONNECTION') : reason;
    if (!('code' in error)) throw error;
    this.end(error as BoxError);
    this.#link.close();
  }

  /** Ends the session with TIMEOUT when nothing has come for so long, unless it is held; returns what ends the watch. */
  watchSilence(silenceMs: number): () => void {
    const { clock, timers } = this.#env;
    let heardAtMs = clock.monotonicMs();
    const timer = timers.every(silenceMs / 4, () => {
      if (this.isHeld || this.#hasHeard) heardAtMs = clock.monotonicMs();
      else if (clock.monotonicMs() - heardAtMs > silenceMs) this.close(boxError('TIMEOUT'));
      this.#hasHeard = false;
    });
    return () => timer.cancel();
  }

  /** For the link. */
  packet(bytes: Uint8Array, start: number, end: number): void {
    if (this.#lost !== null) return;
    this.#hasHeard = true;
    if (this.#held !== null) this.#held.push(bytes.slice(start, end));
    else if (this.#handler !== null) this.#handler(bytes, start, end);
    else {
      const waiting = this.#waiting;
      if (waiting === null) throw boxError('PROTOCOL', 'a packet that nobody asked for');
      this.#waiting = null;
      if (waiting.opensStream) this.hold();
      waiting.resolve(bytes.slice(start, end));
    }
  }

  /** For the link. */
  end(error: BoxError): void {
    if (this.#lost !== null) return;
    this.#lost = error;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(error);
    this.#tellLost(error);
  }

  checkAnswer(packet: Packet): void {
    const header = this.#header;
    header.read(packet, 0, packet.length);
    if (header.isError) throw decodeError(packet, header.body, packet.length, header.type);
  }

  /** A master that lost its power, or has been cut off, says nothing, and the connection stands for long. */
  async #answer(opensStream = false, timeoutMs: number | null = this.#timeoutMs): Promise<Packet> {
    if (this.#lost !== null) throw this.#lost;
    const timer = timeoutMs === null ? null : this.#env.timers.after(timeoutMs, () => this.close(boxError('TIMEOUT')));
    try {
      return await new Promise<Packet>((resolve, reject) => {
        this.#waiting = { opensStream, resolve, reject };
      });
    } finally {
      timer?.cancel();
    }
  }
}

/** A version as the protocol has it: major << 16 | minor << 8 | patch. */
export function versionNumber(text: string): number {
  const [major = 0, minor = 0, patch = 0] = text.split(/[.-]/).map(Number);
  return (major << 16) | (minor << 8) | patch;
}
