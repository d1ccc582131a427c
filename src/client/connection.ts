/**
 * A connection to one server: requests multiplexed over one link, opened again after a loss if the options say so.
 *
 * - Every request settles: by its answer, its deadline, or the loss of the link (NO_CONNECTION; whether the server did
 *   the work is then unknown, and the client never repeats a request on its own).
 * - What one turn of the event loop requests leaves in one write.
 * - While there is no link, requests fail at once; `onStateChange` tells when to go on.
 */
import { assert, type BoxError, type ByteWriter } from '../base/index.ts';
import {
  decodeData,
  decodeError,
  decodeEvent,
  encodeRaw,
  encodeSelect,
  encodeWatch,
  ITERATOR,
  LIMIT_MAX,
  REQUEST_TYPE,
  ResponseHeader,
  SYSTEM_SPACE_ID,
  type FeatureName,
  type RequestHeader,
  type RequestType,
} from '../codec/iproto/index.ts';
import type { Value } from '../codec/msgpack/index.ts';
import type { TimerHandle } from '../env/index.ts';
import { asBoxError, asNoConnection, noConnection, overloaded, unsupported } from './errors.ts';
import { FIRST_FREE_SYNC, openLink, type BinaryGreeting, type Link } from './link.ts';
import { resolveConnectOptions, type ClientEnv, type ConnectOptions, type ResolvedConnectOptions } from './options.ts';
import { PendingRequests } from './pending-requests.ts';
import { EMPTY_SCHEMA, readSchema, type RemoteSchema } from './remote-schema.ts';
import type { CallOptions, RequestOptions } from './request-types.ts';
import { Requests, type DecodeAnswer, type EncodeRequest } from './requests.ts';
import { TransactionStream } from './transaction-stream.ts';
import { Watchers, type WatchCallback, type Watcher } from './watchers.ts';

export type ConnectionState =
  /** On the way to a usable session. */
  | 'connecting'
  | 'active'
  /** Lost; waits to connect again. */
  | 'disconnected'
  /** For good. */
  | 'closed';

/** `error` says why, for `disconnected` and `closed`. */
export type StateListener = (state: ConnectionState, error: BoxError | null) => void;

/** An answer as it came: type, schema version, and the body in `bytes[start, end)`, valid during the call. */
export type RawResponse = Readonly<{
  type: number;
  schemaVersion: number;
  bytes: Uint8Array;
  start: number;
  end: number;
}>;

export type RawHandlers = Readonly<{
  /** Also for pushed messages (type CHUNK) and errors. */
  onResponse: (response: RawResponse) => void;
  /** No answer will come. */
  onFailure: (error: Error) => void;
}>;

/** A tenth of the delay, at random, so that many clients do not come back at one moment. */
const RECONNECT_JITTER = 0.1;

/** Opens a connection. Rejects if the first attempt fails, unless `waitConnected` is false. */
export async function connect(env: ClientEnv, options: ConnectOptions): Promise<Connection> {
  const connection = new Connection(env, options);
  const opened = connection.open();
  if (options.waitConnected === false) {
    opened.catch(() => undefined);
    return connection;
  }
  try {
    await opened;
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}

export class Connection extends Requests {
  readonly #env: ClientEnv;
  readonly #options: ResolvedConnectOptions;
  readonly #pending: PendingRequests;
  readonly #watchers: Watchers;
  readonly #header = new ResponseHeader();
  readonly #listeners = new Set<StateListener>();
  #state: ConnectionState = 'connecting';
  #link: Link | null = null;
  #greeting: BinaryGreeting | null = null;
  #nextSync = FIRST_FREE_SYNC;
  #nextStreamId = 1;
  #schema: RemoteSchema = EMPTY_SCHEMA;
  #refresh: Promise<RemoteSchema> | null = null;
  #reconnectTimer: TimerHandle | null = null;
  /** The monotonic clock, read once a turn. */
  #nowMs = -1;

  /** Use `connect`. */
  constructor(env: ClientEnv, options: ConnectOptions) {
    super();
    this.#env = env;
    this.#options = resolveConnectOptions(options);
    this.#pending = new PendingRequests(env);
    this.#watchers = new Watchers(env.timers, (kind, key) => this.#sendWatch(kind, key));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The server's greeting of the last session; null before the first. */
  get greeting(): BinaryGreeting | null {
    return this.#greeting;
  }

  /** Names and ids as last read. */
  get schema(): RemoteSchema {
    return this.#schema;
  }

  /** Requests without an answer yet. */
  get inFlight(): number {
    return this.#pending.size;
  }

  /** Whether the server agreed to the feature; false while there is no session. */
  supports(feature: FeatureName): boolean {
    return this.#link?.supports(feature) ?? false;
  }

  /** Returns what removes the listener. Listeners must not throw. */
  onStateChange(listener: StateListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** For good: outstanding requests fail, nothing is opened again. */
  close(): void {
    if (this.#state === 'closed') return;
    const error = noConnection('Connection closed');
    this.#reconnectTimer?.cancel();
    const link = this.#link;
    this.#link = null;
    this.#setState('closed', error);
    link?.close();
    this.#pending.failAll(error);
  }

  /** Opens a stream. Throws UNSUPPORTED if the server has none, NO_CONNECTION if there is no session. */
  stream(): TransactionStream {
    const link = this.#link;
    if (link === null) throw noConnection();
    if (!link.supports('streams')) throw unsupported('streams');
    return new TransactionStream(this.#nextStreamId++, {
      dispatch: (encode, decode, options) =>
        link === this.#link
          ? this.dispatch(encode, decode, options)
          : Promise.reject(noConnection('the stream ended with its session')),
      currentSchema: () => this.currentSchema(),
      refreshedSchema: () => this.refreshedSchema(),
    });
  }

  /**
   * Hears of the key's value now and of each change; subscribed again after a reconnect. Throws UNSUPPORTED if the
   * server has no watchers, NO_CONNECTION if there is no session yet.
   */
  watch(key: string, callback: WatchCallback): Watcher {
    if (this.#link === null) throw noConnection();
    if (!this.supports('watchers')) throw unsupported('watchers');
    return this.#watchers.watch(key, callback);
  }

  /** Sends a body that is already encoded and hands on the bytes of what comes back. For relays and benchmarks. */
  sendRaw(type: RequestType, body: Uint8Array, handlers: RawHandlers, options?: RequestOptions): void {
    const encode: EncodeRequest = (writer, header) => encodeRaw(writer, header, type, body);
    const refusal = this.#submit(encode, options, handlers.onFailure, (header, bytes, end) => {
      if (header.type !== REQUEST_TYPE.chunk) this.#pending.remove(header.sync);
      const { type: responseType, schemaVersion, body: start } = header;
      handlers.onResponse({ type: responseType, schemaVersion, bytes, start, end });
    });
    if (refusal !== null) this.#env.timers.endOfTurn(() => handlers.onFailure(refusal));
  }

  /** What was requested leaves now, and does not wait for the end of the turn: for those who are called then. */
  flush(): void {
    this.#link?.flush();
  }

  /** One attempt to get from nothing to `active`. For `connect` and the reconnect timer. */
  async open(): Promise<void> {
    this.#setState('connecting', null);
    try {
      const link = await openLink(this.#env, this.#options, {
        onPacket: (bytes, start, end) => this.#onPacket(bytes, start, end),
        // Without a link this is the echo of our own closing.
        onClose: (error) => (this.#link === null ? undefined : this.#lose(error)),
      });
      if (this.#isClosed()) link.close();
      if (!link.isOpen) throw noConnection('Connection closed');
      this.#link = link;
      this.#greeting = link.greeting;
      if (this.#options.fetchSchema) await this.refreshedSchema();
      if (link !== this.#link) throw noConnection();
      this.#setState('active', null);
      if (this.supports('watchers')) this.#watchers.resubscribe();
    } catch (error) {
      this.#lose(asBoxError(error));
      throw error;
    }
  }

  protected override dispatch<Result>(
    encode: EncodeRequest,
    decode: DecodeAnswer<Result>,
    options: CallOptions | undefined,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const refusal = this.#submit(encode, options, reject, (header, bytes, end) => {
        const { sync } = header;
        try {
          if (header.type === REQUEST_TYPE.chunk) {
            options?.onPush?.(decodeData(bytes, header.body, end)[0]);
            return;
          }
          this.#pending.remove(sync);
          if (header.isError) reject(decodeError(bytes, header.body, end, header.type));
          else resolve(decode(bytes, header.body, end, header.schemaVersion));
        } catch (error) {
          this.#pending.remove(sync);
          reject(error instanceof Error ? error : asBoxError(error));
        }
      });
      if (refusal !== null) reject(refusal);
    });
  }

  protected override currentSchema(): RemoteSchema | null {
    return this.#refresh === null ? this.#schema : null;
  }

  protected override refreshedSchema(): Promise<RemoteSchema> {
    if (!this.#options.fetchSchema) return Promise.resolve(this.#schema);
    this.#refresh ??= this.#fetchSchema().finally(() => {
      this.#refresh = null;
    });
    return this.#refresh;
  }

  /** Writes the request and remembers it; or returns why that cannot be. */
  #submit(
    encode: EncodeRequest,
    options: RequestOptions | undefined,
    fail: (error: Error) => void,
    onResponse: (header: ResponseHeader, bytes: Uint8Array, end: number) => void,
  ): Error | null {
    const link = this.#link;
    if (link === null) return noConnection();
    if (this.#pending.size >= this.#options.inFlightMax) {
      return overloaded(`more than ${this.#options.inFlightMax} requests are in flight`);
    }
    if (link.waitingBytes > this.#options.outgoingBytesMax) {
      return overloaded(`more than ${this.#options.outgoingBytesMax} bytes wait to be sent`);
    }
    const sync = this.#nextSync++;
    const failure = this.#write(link, encode, { sync });
    if (failure !== null) return failure;
    const nowMs = this.#now();
    const deadlineMs = nowMs + (options?.timeoutMs ?? this.#options.requestTimeoutMs);
    this.#pending.add(sync, { onResponse, fail, deadlineMs }, nowMs);
    return null;
  }

  /** A request that cannot be encoded leaves no trace in what is sent. */
  #write(link: Link, encode: EncodeRequest, header: RequestHeader): Error | null {
    const writer: ByteWriter = link.writer;
    const before = writer.position;
    try {
      encode(writer, header);
    } catch (error) {
      writer.position = before;
      assert(error instanceof Error, 'encoders throw errors');
      return error;
    }
    link.sent();
    return null;
  }

  #now(): number {
    if (this.#nowMs < 0) {
      this.#nowMs = this.#env.clock.monotonicMs();
      this.#env.timers.endOfTurn(() => {
        this.#nowMs = -1;
      });
    }
    return this.#nowMs;
  }

  #onPacket(bytes: Uint8Array, start: number, end: number): void {
    const header = this.#header;
    header.read(bytes, start, end);
    if (header.type === REQUEST_TYPE.event) {
      const { key, value } = decodeEvent(bytes, header.body, end);
      this.#watchers.onEvent(key, value);
      return;
    }
    const request = this.#pending.get(header.sync);
    if (request !== undefined) {
      this.#noticeSchema(header.schemaVersion);
      request.onResponse(header, bytes, end);
    } else if (header.sync === 0 && header.isError) {
      // The server could not even read the packet; it closes the connection after this.
      throw decodeError(bytes, header.body, end, header.type);
    }
  }

  #noticeSchema(version: number): void {
    const isNews = version !== 0 && version !== this.#schema.version;
    if (isNews && this.#options.fetchSchema && this.#refresh === null && this.#state === 'active') {
      this.refreshedSchema().catch(() => undefined);
    }
  }

  async #fetchSchema(): Promise<RemoteSchema> {
    for (;;) {
      // Both are awaited in any case: an answer must find `#refresh` set, or it would start the next attempt.
      const [spaces, indexes] = await Promise.allSettled([
        this.#selectAll(SYSTEM_SPACE_ID.vspace),
        this.#selectAll(SYSTEM_SPACE_ID.vindex),
      ]);
      if (spaces.status === 'rejected') throw asBoxError(spaces.reason);
      if (indexes.status === 'rejected') throw asBoxError(indexes.reason);
      if (spaces.value.version !== indexes.value.version) continue;
      this.#schema = readSchema(spaces.value.version, spaces.value.rows, indexes.value.rows);
      return this.#schema;
    }
  }

  #selectAll(spaceId: number): Promise<Readonly<{ version: number; rows: Value[] }>> {
    const request = { spaceId, indexId: 0, iterator: ITERATOR.ALL, offset: 0, limit: LIMIT_MAX, key: [] };
    return this.dispatch(
      (writer, header) => encodeSelect(writer, header, request),
      (bytes, body, end, version) => ({ version, rows: decodeData(bytes, body, end) }),
      { timeoutMs: this.#options.connectTimeoutMs },
    );
  }

  #sendWatch(kind: 'watch' | 'unwatch', key: string): void {
    const link = this.#link;
    if (link === null || !link.supports('watchers')) return;
    const failure = this.#write(link, (writer, header) => encodeWatch(writer, header, REQUEST_TYPE[kind], key), {
      sync: this.#nextSync++,
    });
    if (failure !== null) throw failure;
  }

  /** The session is gone, or none could be had. */
  #lose(error: BoxError): void {
    const link = this.#link;
    this.#link = null;
    link?.close();
    this.#pending.failAll(asNoConnection(error));
    if (this.#state === 'closed' || this.#state === 'disconnected') return;
    const { reconnectAfterMs } = this.#options;
    if (reconnectAfterMs === null) {
      this.#setState('closed', error);
      return;
    }
    const fraction = this.#env.random.uint32() / 0x100000000;
    const delayMs = reconnectAfterMs * (1 + RECONNECT_JITTER * fraction);
    this.#reconnectTimer = this.#env.timers.after(delayMs, () => {
      this.open().catch(() => undefined);
    });
    this.#setState('disconnected', error);
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #setState(state: ConnectionState, error: BoxError | null): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state, error);
  }
}
