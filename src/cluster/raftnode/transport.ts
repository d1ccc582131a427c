/**
 * Messages to the other members: one iproto connection to each that nothing else uses, so that no data stand before them, and
 * another one for questions with answers.
 *
 * What one turn sends to a member is one batch. Batches that were not acknowledged are bounded in number and bytes; beyond
 * that they wait, and beyond another bound messages are dropped and the member is reported unreachable: the core sends
 * again what matters. Invariant: messages to a member leave in the order in which they were given.
 *
 * The log hears once of a member that cannot be reached, and of its return (`PeerReport`).
 */
import { BoxError, ByteWriter, clusterError } from '../../base/index.ts';
import { connect, type Connection, type ConnectionState } from '../../client/index.ts';
import { BODY_KEY, decodeData, decodeError, REQUEST_TYPE } from '../../codec/iproto/index.ts';
import {
  type Value,
  writeArrayHeader,
  writeBinaryHeader,
  writeMapHeader,
  writeString,
} from '../../codec/msgpack/index.ts';
import { LIMITS } from '../../config/index.ts';
import type { Env } from '../../env/index.ts';
import { entriesBytes, type Message, type RaftId } from '../../raft/index.ts';
import { type Life, type Origin, type Sender, writeBatch } from './message-codec.ts';
import { PeerReport, type Way } from './peer-report.ts';

export const INTERACT = '.proc_raft_interact';

/** As whom members talk to each other; null: as guest. */
export type Credentials = Readonly<{ user: string; password: string }> | null;

export type TransportHandlers = Readonly<{
  /** What was sent to it lately may be lost. */
  onUnreachable: (id: RaftId) => void;
  /** A batch has come as an answer; false: it was not taken. */
  onBatch: (bytes: Uint8Array) => boolean;
  /** Which life of it is believed; null: it was not heard of. */
  lifeOf: (id: RaftId) => Life | null;
  /** A member has refused a batch, in these words; not each time, if it goes on for the same reason. */
  onRefused: (id: RaftId, error: BoxError) => void;
}>;

/**
 * `retryMs` after a loss it is connected again. `silenceMs` whoever answers and is not believed hears nothing, so that it asks
 * for votes and is told why.
 */
export type TransportTimes = Readonly<{ retryMs: number; silenceMs: number }>;

export class Transport {
  readonly #env: Env;
  readonly #credentials: Credentials;
  readonly #times: TransportTimes;
  readonly #handlers: TransportHandlers;
  readonly #peers = new Map<RaftId, Peer>();
  #sender: Sender | null = null;
  #ownAddress = '';
  #origin: Origin | null = null;

  constructor(env: Env, credentials: Credentials, times: TransportTimes, handlers: TransportHandlers) {
    this.#env = env;
    this.#credentials = credentials;
    this.#times = times;
    this.#handlers = handlers;
  }

  /** As whom batches are sent from now on. */
  introduce(sender: Sender): void {
    this.#sender = sender;
    this.#origin = { sender, address: this.#ownAddress };
  }

  /** Who else is where, and where this one is. Connections to those that are gone, or have moved, are closed. */
  setAddresses(addresses: ReadonlyMap<RaftId, string>, own: string): void {
    this.#ownAddress = own;
    if (this.#sender !== null) this.#origin = { sender: this.#sender, address: own };
    for (const [id, peer] of this.#peers) {
      if (addresses.get(id) === peer.address) continue;
      peer.close();
      this.#peers.delete(id);
    }
    for (const [id, address] of addresses) {
      if (this.#peers.has(id)) continue;
      this.#peers.set(id, new Peer(this.#env, id, address, this.#credentials, this.#times, this.#handlers));
    }
  }

  send(message: Message): void {
    this.#peers.get(message.to)?.push(message);
  }

  /**
   * For the answer to a batch of this member: what is sent to it next, if that is nothing but answers; else nothing, after a
   * while. So what answers a batch travels with the answer to its packet, and needs none of its own.
   */
  answerTo(id: RaftId): Promise<readonly Value[]> {
    return this.#peers.get(id)?.hold() ?? Promise.resolve([]);
  }

  /** Answers held for longer than a tick have nothing to carry. */
  tick(): void {
    for (const peer of this.#peers.values()) peer.tick();
  }

  /** Sends what was given since the last call. */
  flush(): void {
    if (this.#origin === null) return;
    for (const peer of this.#peers.values()) peer.flush(this.#origin);
  }

  /**
   * Calls a procedure of a member. Rejects with its error, NO_CONNECTION or TIMEOUT; LEADER_UNKNOWN if it could not be sent
   * at all.
   */
  async call(id: RaftId, procedure: string, args: readonly Value[], timeoutMs: number): Promise<readonly Value[]> {
    const peer = this.#peers.get(id);
    if (peer === undefined) throw clusterError('LEADER_UNKNOWN');
    return peer.call(procedure, args, timeoutMs);
  }

  close(): void {
    for (const peer of this.#peers.values()) peer.close();
    this.#peers.clear();
  }
}

class Peer {
  readonly id: RaftId;
  readonly address: string;
  readonly #env: Env;
  readonly #credentials: Credentials;
  readonly #times: TransportTimes;
  readonly #handlers: TransportHandlers;
  readonly #report: PeerReport;
  readonly #writer = new ByteWriter(4096);
  readonly #content = new ByteWriter(4096);
  #messages: Promise<Connection> | null = null;
  #connection: Connection | null = null;
  #questions: Promise<Connection> | null = null;
  #outbox: Message[] = [];
  #outboxBytes = 0;
  #batchesInFlight = 0;
  #bytesInFlight = 0;
  #lastOrigin: Origin | null = null;
  /** Answers to its batches that have not left, oldest first. */
  #held: ((results: readonly Value[]) => void)[] = [];
  /** It is believed to be another one than the member that it says it is; 0: it is not. */
  #silentUntilMs = 0;
  #isClosed = false;

  constructor(
    env: Env,
    id: RaftId,
    address: string,
    credentials: Credentials,
    times: TransportTimes,
    handlers: TransportHandlers,
  ) {
    this.#env = env;
    this.id = id;
    this.address = address;
    this.#credentials = credentials;
    this.#times = times;
    this.#handlers = handlers;
    this.#report = new PeerReport(env, `member ${id} at ${address}`);
  }

  push(message: Message): void {
    if (this.#outboxBytes > LIMITS.raftOutboxBytesMax || this.#outbox.length >= LIMITS.raftOutboxMessagesMax) {
      this.#handlers.onUnreachable(this.id);
      return;
    }
    if (this.#silentUntilMs !== 0 && this.#isSilent()) return;
    this.#outbox.push(message);
    if (message.kind === 'append-request') this.#outboxBytes += entriesBytes(message.entries);
  }

  flush(origin: Origin): void {
    if (this.#outbox.length === 0) return;
    this.#lastOrigin = origin;
    // Others might be lost with the connection of who went away.
    if (this.#held.length > 0 && this.#outbox.every(isAnswer)) return this.#answer(origin);
    const connection = this.#connected();
    // The first connection is made for the first message: what asks for votes should not be lost for that.
    if (connection === null || connection.state === 'connecting') return;
    if (connection.state !== 'active') return this.#drop();
    const isFull =
      this.#batchesInFlight >= LIMITS.raftBatchesInFlightMax || this.#bytesInFlight >= LIMITS.raftBytesInFlightMax;
    if (isFull) return;
    this.#sendBatch(connection, origin, this.#outbox);
    this.#outbox = [];
    this.#outboxBytes = 0;
  }

  async call(procedure: string, args: readonly Value[], timeoutMs: number): Promise<readonly Value[]> {
    this.#questions ??= this.#open('questions');
    const connection = await this.#questions;
    if (connection.state === 'connecting') await nextState(connection);
    // Nothing was sent, so nothing can have happened.
    if (connection.state !== 'active') throw clusterError('LEADER_UNKNOWN');
    return (await connection.call(procedure, args, { timeoutMs })) as readonly Value[];
  }

  close(): void {
    this.#isClosed = true;
    this.#outbox = [];
    this.release();
    for (const opening of [this.#messages, this.#questions]) void opening?.then((connection) => connection.close());
  }

  #connected(): Connection | null {
    if (this.#messages === null) {
      this.#messages = this.#open('messages');
      void this.#messages.then((connection) => {
        this.#connection = connection;
        connection.onStateChange((state) => {
          if (state === 'disconnected') this.#drop();
          else if (state === 'active' && this.#lastOrigin !== null) this.flush(this.#lastOrigin);
        });
        if (this.#isClosed) connection.close();
      });
    }
    return this.#connection;
  }

  /** Connects in the background, and again after each loss. */
  #open(way: Way): Promise<Connection> {
    const opening = connect(this.#env, {
      address: this.address,
      ...(this.#credentials ?? {}),
      waitConnected: false,
      fetchSchema: false,
      reconnectAfterMs: this.#times.retryMs,
      connectTimeoutMs: Math.max(1000, 10 * this.#times.retryMs),
      requestTimeoutMs: LIMITS.raftBatchMsMax,
    });
    void opening.then((connection) => {
      connection.onStateChange((state, error) => this.#noticeState(way, state, error));
    });
    return opening;
  }

  #noticeState(way: Way, state: ConnectionState, error: BoxError | null): void {
    if (state === 'active') this.#report.reached(way);
    else if (state === 'disconnected' && error !== null) this.#report.lost(way, error);
  }

  hold(): Promise<readonly Value[]> {
    if (this.#held.length >= LIMITS.raftHeldAnswersMax) this.#held.shift()!([]);
    return new Promise((resolve) => {
      this.#held.push(resolve);
    });
  }

  tick(): void {
    this.release();
    this.#report.review();
  }

  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const resolve of held) resolve([]);
  }

  #answer(origin: Origin): void {
    const content = this.#content;
    content.reset();
    this.#write(content, origin, this.#outbox);
    this.#outbox = [];
    this.#outboxBytes = 0;
    this.#held.shift()!([content.toBytes()]);
  }

  #write(writer: ByteWriter, { sender, address }: Origin, messages: readonly Message[]): void {
    writeBatch(writer, { sender, address, recipient: this.#handlers.lifeOf(this.id), messages });
  }

  /** A message that cannot leave now is worth nothing later. */
  #drop(): void {
    this.#outbox = [];
    this.#outboxBytes = 0;
    this.#handlers.onUnreachable(this.id);
  }

  #refused(error: BoxError): void {
    if (this.#report.passes(error)) this.#handlers.onRefused(this.id, error);
  }

  #receive(batch: Value | undefined): void {
    if (!(batch instanceof Uint8Array) || this.#handlers.onBatch(batch)) return;
    this.#silentUntilMs = this.#env.clock.monotonicMs() + this.#times.silenceMs;
  }

  #isSilent(): boolean {
    if (this.#env.clock.monotonicMs() < this.#silentUntilMs) return true;
    this.#silentUntilMs = 0;
    return false;
  }

  #sendBatch(connection: Connection, origin: Origin, messages: readonly Message[]): void {
    const content = this.#content;
    content.reset();
    this.#write(content, origin, messages);
    const size = content.position;
    const body = this.#writer;
    body.reset();
    writeMapHeader(body, 2);
    body.writeByte(BODY_KEY.functionName);
    writeString(body, INTERACT);
    body.writeByte(BODY_KEY.tuple);
    writeArrayHeader(body, 1);
    writeBinaryHeader(body, size);
    body.writeBytes(content.bytes, 0, size);
    this.#batchesInFlight++;
    this.#bytesInFlight += size;
    const done = (): void => {
      this.#batchesInFlight--;
      this.#bytesInFlight -= size;
    };
    connection.sendRaw(REQUEST_TYPE.call, body.written(), {
      onResponse: ({ type, bytes, start, end }) => {
        done();
        this.#report.reached('messages');
        if (type !== 0) this.#refused(decodeError(bytes, start, end, type));
        else this.#receive(decodeData(bytes, start, end)[0]);
        if (this.#lastOrigin !== null) this.flush(this.#lastOrigin);
      },
      onFailure: (error) => {
        done();
        // Also who is connected and does not answer in time; the own closing is no loss.
        if (!this.#isClosed && error instanceof BoxError) this.#report.lost('messages', error);
        this.#handlers.onUnreachable(this.id);
      },
    });
    connection.flush();
  }
}

/** Resolves when the attempt to connect has come to an end. */
function nextState(connection: Connection): Promise<void> {
  return new Promise((resolve) => {
    const forget = connection.onStateChange(() => {
      forget();
      resolve();
    });
  });
}

function isAnswer({ kind }: Message): boolean {
  return (
    kind === 'append-response' ||
    kind === 'heartbeat-response' ||
    kind === 'vote-response' ||
    kind === 'pre-vote-response' ||
    kind === 'read-index-response'
  );
}
