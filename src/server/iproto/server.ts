/**
 * The iproto door: accepts connections, greets them, and flushes at the end of each turn what they have to send.
 * Invariant: when more than `netMessagesMax` requests wait for the log or a procedure, no connection is read from until
 * no more than half of so many wait. What had been read by then is executed nevertheless.
 */
import { type Ballot, encodeGreeting, RequestDecoder } from '../../codec/iproto/index.ts';
import { LIMITS } from '../../config/index.ts';
import type { Address as NetworkAddress, Env, Listener, Stream } from '../../env/index.ts';
import { type Box, mandatoryKeys, type NetworkCounters } from '../../engine/box/index.ts';
import type { Relays } from '../../replication/index.ts';
import { type ConnectionHost, IprotoConnection } from './connection.ts';
import { BufferPool } from './output.ts';
import { executeRequest } from './requests.ts';
import { SlicedWork } from './sliced-work.ts';

const SALT_BYTES = 32;
/** Requests of one chunk that are looked at together before the first is executed. */
const GATHERED_MAX = 16;

export type IprotoServerOptions = Readonly<{
  instanceUuid: string;
  /** Shown in the greeting: major.minor.patch. */
  version: string;
  /** Requests that may wait before no connection is read from. */
  netMessagesMax: number;
  packetBytesMax?: number;
  /** Without it no replica is served. */
  replication?: ReplicationDoor;
  onFailure: (error: unknown) => void;
}>;

/** What replicas and servers that look for a leader ask. */
export interface ReplicationDoor {
  /** Null while there are no data. */
  readonly relays: Relays | null;
  ballot(): Ballot;
}

export class IprotoServer implements ConnectionHost {
  readonly pool = new BufferPool();
  readonly decoders: readonly RequestDecoder[] = Array.from({ length: GATHERED_MAX }, () => new RequestDecoder());
  readonly packetBytesMax: number;
  readonly work: SlicedWork;
  /** Data are being got: only what needs none is answered. */
  isLoading: boolean;
  readonly #env: Env;
  #box: Box;
  readonly #options: IprotoServerOptions;
  netMessagesMax: number;
  /** With the engine that each came to. */
  readonly #connections = new Map<IprotoConnection, Box>();
  #listeners: Listener[] = [];
  #toFlush: IprotoConnection[] = [];
  #flushing: IprotoConnection[] = [];
  #waiting = 0;
  #isPaused = false;

  constructor(env: Env, box: Box, options: IprotoServerOptions) {
    this.work = new SlicedWork(env.clock, env.timers);
    this.#env = env;
    this.#box = box;
    this.#options = options;
    this.netMessagesMax = options.netMessagesMax;
    this.isLoading = options.replication !== undefined;
    this.packetBytesMax = options.packetBytesMax ?? LIMITS.frameBytesMax;
  }

  get schemaVersion(): number {
    return this.#box.catalog.schemaVersion;
  }

  get traffic(): NetworkCounters {
    return this.#box.counters.network;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Serves another engine from now on. To be called while there are no data; who is connected has to come again. */
  useBox(box: Box): void {
    this.#box = box;
    for (const connection of [...this.#connections.keys()]) connection.destroy();
  }

  /** Starts to accept; resolves with the address it really has. */
  async listen(address: NetworkAddress): Promise<NetworkAddress> {
    const listener = await this.#env.network.listen(address, (stream) => this.#accept(stream));
    this.#listeners.push(listener);
    return listener.address;
  }

  /** Stops accepting; connections that are there stay. */
  async stopListening(): Promise<void> {
    const listeners = this.#listeners;
    this.#listeners = [];
    await Promise.all(listeners.map((listener) => listener.close()));
  }

  /** Stops accepting, sends what is ready, and closes all connections. */
  async stop(): Promise<void> {
    const listeners = this.#listeners;
    this.#listeners = [];
    this.work.stop();
    this.#flushAll();
    for (const connection of [...this.#connections.keys()]) connection.close();
    await Promise.all(listeners.map((listener) => listener.close()));
    for (const connection of [...this.#connections.keys()]) connection.destroy();
  }

  nowMs(): number {
    return this.#env.clock.monotonicMs();
  }

  get relays(): Relays | null {
    return this.#options.replication?.relays ?? null;
  }

  /** What is answered to VOTE. */
  ballot(): Ballot {
    const { replication } = this.#options;
    if (replication !== undefined) return replication.ballot();
    const { isReadOnly } = this.#box.statements;
    const vclock = this.#box.vclock();
    return {
      isReadOnlyConfigured: isReadOnly,
      isReadOnly,
      vclock,
      gcVclock: vclock,
      isAnonymous: false,
      isBooted: true,
      canLead: false,
    };
  }

  foresee(requests: readonly RequestDecoder[], count: number): void {
    if (this.isLoading) return;
    const { lookahead } = this.#box;
    for (let at = 0; at < count; at++) {
      const request = requests[at]!;
      const type = request.type & 0xff;
      const keys = mandatoryKeys(type);
      if (keys !== null && request.streamId === 0 && request.decodeBody(keys) === null) lookahead.expect(request, type);
    }
    lookahead.fetch();
  }

  execute(connection: IprotoConnection): void {
    executeRequest(this.#box, connection, this);
  }

  scheduleFlush(connection: IprotoConnection): void {
    if (this.#toFlush.push(connection) === 1) this.#env.timers.endOfTurn(() => this.#flushAll());
  }

  requestsWait(count: number): void {
    this.#waiting += count;
    this.traffic.openRequests += count;
    if (!this.#isPaused && this.#waiting > this.netMessagesMax) this.#pause(true);
    else if (this.#isPaused && this.#waiting * 2 <= this.netMessagesMax) this.#pause(false);
  }

  closed(connection: IprotoConnection): void {
    const box = this.#connections.get(connection);
    this.#connections.delete(connection);
    if (box === undefined) return;
    box.counters.network.openConnections--;
    box.sessions.close(connection.session);
  }

  failed(error: unknown): void {
    this.#options.onFailure(error);
  }

  #accept(stream: Stream): void {
    const salt = new Uint8Array(SALT_BYTES);
    this.#env.random.fill(salt);
    const session = this.#box.sessions.open('binary', stream.peer);
    const connection = new IprotoConnection(this, stream, session, salt);
    this.#connections.set(connection, this.#box);
    this.traffic.connections++;
    this.traffic.openConnections++;
    connection.start();
    const { instanceUuid, version } = this.#options;
    const greeting = encodeGreeting({ version, protocol: 'Binary', instanceUuid, salt });
    connection.output.writeBytes(greeting, 0, greeting.length);
    if (this.#isPaused) connection.pauseForLog(true);
  }

  #pause(paused: boolean): void {
    this.#isPaused = paused;
    for (const connection of this.#connections.keys()) connection.pauseForLog(paused);
  }

  #flushAll(): void {
    const connections = this.#toFlush;
    this.#toFlush = this.#flushing;
    this.#flushing = connections;
    for (let index = 0; index < connections.length; index++) connections[index]!.flush();
    connections.length = 0;
  }
}
