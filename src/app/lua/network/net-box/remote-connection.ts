/**
 * A connection of `net.box`: the client's connection, with the states, the schema and the error texts that programs see.
 *
 * Invariants: (1) `schema` belongs to `schemaVersion`; (2) every request settles once; (3) listeners hear of each change
 * of the state, after it.
 */
import { BoxError, boxError, ERROR_TABLE } from '../../../../base/index.ts';
import { Connection, type BinaryGreeting, type ClientEnv, type RawResponse } from '../../../../client/index.ts';
import { BODY_KEY, decodeError, ITERATOR, LIMIT_MAX, REQUEST_TYPE } from '../../../../codec/iproto/index.ts';
import type { RequestType } from '../../../../codec/iproto/index.ts';
import type { Address } from '../../../../env/index.ts';
import type { LuaFiberHost } from '../../fibers/machine-fibers.ts';
import { testCancel, Waiters } from '../../fibers/library/context.ts';
import { errnoOf, errnoText } from '../../system/errno.ts';
import { encodeBody, putArray, putNumber } from './body-writer.ts';

export type RemoteState = 'initial' | 'fetch_schema' | 'active' | 'error' | 'error_reconnect' | 'closed';

/** Copies of the bodies of the answers about spaces, indexes and collations. */
export type SchemaRows = Readonly<{ spaces: Uint8Array; indexes: Uint8Array; collations: Uint8Array | null }>;

export type RemoteListener = Readonly<{
  onState: () => void;
  /** New names are there. */
  onSchema: (rows: SchemaRows) => void;
}>;

export type RemoteOptions = Readonly<{
  address: Address;
  user: string | null;
  password: string;
  reconnectAfterMs: number | null;
  connectTimeoutMs: number;
}>;

const CLOSED_BY_US = 'Connection closed';
const PEER_CLOSED = 'Peer closed';
const INVALID_GREETING = 'Invalid greeting';
const SELECT_ALL_PAIRS = 4;
const REQUESTS_MAX = 1_000_000;
const SYSTEM_SPACE = { vcollation: 277, vspace: 281, vindex: 289 } as const;

export class RemoteConnection {
  state: RemoteState = 'initial';
  /** Why there is no session; null while all is well. */
  error: BoxError | null = null;
  schemaVersion = 0;
  readonly #connection: Connection;
  readonly #fibers: LuaFiberHost;
  readonly #listener: RemoteListener;
  readonly #waiters = new Waiters<null>();
  #isFetching = false;

  constructor(env: ClientEnv, fibers: LuaFiberHost, options: RemoteOptions, listener: RemoteListener) {
    this.#fibers = fibers;
    this.#listener = listener;
    this.#connection = new Connection(env, {
      address: options.address,
      ...(options.user === null ? {} : { user: options.user, password: options.password }),
      reconnectAfterMs: options.reconnectAfterMs,
      connectTimeoutMs: options.connectTimeoutMs,
      requestTimeoutMs: Infinity,
      inFlightMax: REQUESTS_MAX,
      fetchSchema: false,
    });
    this.#connection.onStateChange((state, error) => this.#onState(state, error));
  }

  /** Begins to connect. */
  open(): void {
    this.#connection.open().catch(() => undefined);
  }

  close(): void {
    if (this.state === 'closed') return;
    this.error = new BoxError(ERROR_TABLE.NO_CONNECTION.code, CLOSED_BY_US);
    this.#setState('closed');
    this.#connection.close();
  }

  get greeting(): BinaryGreeting | null {
    return this.#connection.greeting;
  }

  get isConnected(): boolean {
    return this.state === 'active' || this.state === 'fetch_schema';
  }

  /** Waits for one of the states; false if the time is over, or if none of them can come any more. */
  *waitState(isWanted: (state: RemoteState) => boolean, timeoutMs: number): Generator<object, boolean, unknown> {
    const { clock } = this.#fibers;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    while (!isWanted(this.state)) {
      const leftMs = timeoutMs === Infinity ? Infinity : deadlineMs - clock.monotonicMs();
      if (leftMs <= 0 || this.#isFinal) return false;
      yield* this.#waiters.wait(this.#fibers, leftMs, null);
      testCancel(this.#fibers);
    }
    return true;
  }

  get #isFinal(): boolean {
    return this.state === 'closed' || this.state === 'error';
  }

  /** Why no request can be sent now; null if one can. */
  get refusal(): BoxError | null {
    if (this.isConnected) return null;
    return this.error ?? boxError('NO_CONNECTION');
  }

  /** Sends an encoded body. The answer's bytes are valid during the call; failures have net.box's texts. */
  send(
    type: RequestType,
    body: Uint8Array,
    timeoutMs: number,
    onResponse: (response: RawResponse) => void,
    onFailure: (error: Error) => void,
  ): void {
    this.#connection.sendRaw(
      type,
      body,
      {
        onResponse: (response) => {
          onResponse(response);
          this.#noticeSchema(response.schemaVersion);
        },
        onFailure: (error) => onFailure(this.state === 'closed' ? (this.error ?? error) : plainFailure(error)),
      },
      { timeoutMs: Math.max(0, timeoutMs) },
    );
  }

  /** Reads the names again. Throws what the server says. */
  async reloadSchema(): Promise<void> {
    this.#isFetching = true;
    try {
      await this.#fetchSchema();
    } finally {
      this.#isFetching = false;
    }
  }

  #onState(state: Connection['state'], error: BoxError | null): void {
    if (this.state === 'closed') return;
    switch (state) {
      case 'connecting':
        this.#setState('initial');
        return;
      case 'active':
        this.error = null;
        this.#setState('fetch_schema');
        this.#becomeActive().catch(() => undefined);
        return;
      case 'disconnected':
        this.error = this.#connectFailure(error);
        this.#setState('error_reconnect');
        return;
      case 'closed':
        this.error ??= this.#connectFailure(error);
        this.#setState('error');
        return;
    }
  }

  #connectFailure(error: BoxError | null): BoxError {
    if (error?.code === ERROR_TABLE.TIMEOUT.code) return noConnection(errnoText(errnoOf('ETIMEDOUT')));
    const failure = plainFailure(error);
    // Who leaves before the greeting is no server of ours.
    return failure.message === PEER_CLOSED && this.greeting === null ? noConnection(INVALID_GREETING) : failure;
  }

  async #becomeActive(): Promise<void> {
    try {
      await this.reloadSchema();
      if (this.state === 'fetch_schema') this.#setState('active');
    } catch (error) {
      if (this.state !== 'fetch_schema') return;
      this.error = plainFailure(error);
      this.#connection.close();
    }
  }

  #setState(state: RemoteState): void {
    this.state = state;
    this.#listener.onState();
    this.#waiters.wakeAll();
  }

  #noticeSchema(version: number): void {
    const isNews = version !== 0 && version !== this.schemaVersion;
    if (isNews && !this.#isFetching && this.state === 'active') this.reloadSchema().catch(() => undefined);
  }

  async #fetchSchema(): Promise<void> {
    for (;;) {
      const [spaces, indexes, collations] = await Promise.all([
        this.#selectAll(SYSTEM_SPACE.vspace),
        this.#selectAll(SYSTEM_SPACE.vindex),
        this.#selectAll(SYSTEM_SPACE.vcollation).catch(() => null),
      ]);
      if (spaces.version !== indexes.version) continue;
      this.schemaVersion = spaces.version;
      this.#listener.onSchema({ spaces: spaces.body, indexes: indexes.body, collations: collations?.body ?? null });
      return;
    }
  }

  #selectAll(spaceId: number): Promise<Readonly<{ version: number; body: Uint8Array }>> {
    const body = encodeBody(SELECT_ALL_PAIRS, (writer) => {
      putNumber(writer, BODY_KEY.spaceId, spaceId);
      putNumber(writer, BODY_KEY.iterator, ITERATOR.ALL);
      putNumber(writer, BODY_KEY.limit, LIMIT_MAX);
      putArray(writer, BODY_KEY.key, 0);
    });
    return new Promise((resolve, reject) => {
      this.#connection.sendRaw(REQUEST_TYPE.select, body, {
        onResponse: ({ type, bytes, start, end, schemaVersion }) => {
          if (type === REQUEST_TYPE.ok) resolve({ version: schemaVersion, body: bytes.slice(start, end) });
          else reject(decodeError(bytes, start, end, type));
        },
        onFailure: reject,
      });
    });
  }
}

const ERRNO_NAME = /\b(E[A-Z0-9]{3,})\b/;

/** The failure as net.box words it: what the system says where it was the system, the server's own error otherwise. */
export function plainFailure(error: unknown): BoxError {
  if (!(error instanceof BoxError)) return boxError('NO_CONNECTION');
  const { code, message } = error;
  if (code === ERROR_TABLE.PROTOCOL.code) {
    return message.includes(INVALID_GREETING) ? noConnection(INVALID_GREETING) : error;
  }
  if (code !== ERROR_TABLE.NO_CONNECTION.code) return error;
  const errno = ERRNO_NAME.exec(message)?.[1];
  if (errno !== undefined) return noConnection(errno === 'ENOTFOUND' ? message : errnoText(errnoOf(errno)));
  return noConnection(message.replace(`${ERROR_TABLE.NO_CONNECTION.template}: `, ''));
}

function noConnection(text: string): BoxError {
  return new BoxError(ERROR_TABLE.NO_CONNECTION.code, text);
}
