/**
 * Requests of replicas: JOIN, FETCH_SNAPSHOT and REGISTER are answered by a stream of packets, SUBSCRIBE by one that does
 * not end: the connection belongs to the relay from then on.
 */
import { type BoxError, BoxError as RequestError, boxError } from '../../base/index.ts';
import {
  decodeFetchSnapshot,
  decodeJoin,
  decodeRegister,
  decodeSubscribe,
  REQUEST_TYPE,
  type RequestDecoder,
} from '../../codec/iproto/index.ts';
import { type Downstream, isLost, type JoiningReplica, type Relay, type Relays } from '../../replication/index.ts';
import type { ConnectionTaker, IprotoConnection } from './connection.ts';
import { requireWholeBody } from './request-body.ts';

/** Executes a request of one of the four types; throws the BoxError to answer with. One that may not follow is left. */
export function replicate(relays: Relays, connection: IprotoConnection, type: number): void {
  if (type === REQUEST_TYPE.subscribe) {
    subscribe(relays, connection);
    return;
  }
  checkBody(connection, type);
  const { request, session } = connection;
  const { bytes, bodyPosition, end } = request;
  const sync = syncOf(request);
  if (type === REQUEST_TYPE.join) {
    const join = decodeJoin(bytes, bodyPosition, end);
    stream(connection, (replica) => relays.join(join, replica, session, sync));
  } else if (type === REQUEST_TYPE.fetchSnapshot) {
    const fetch = decodeFetchSnapshot(bytes, bodyPosition, end);
    stream(connection, (replica) => relays.fetchSnapshot(fetch, replica, session, sync));
  } else {
    const { instanceUuid, vclock } = decodeRegister(bytes, bodyPosition, end);
    stream(connection, (replica) => relays.register(instanceUuid, vclock, replica, session, sync));
  }
}

function checkBody(connection: IprotoConnection, type: number): void {
  const isAbsent = connection.request.bodyPosition < 0;
  if (isAbsent && type !== REQUEST_TYPE.fetchSnapshot) throw boxError('INVALID_MSGPACK', 'request body');
  requireWholeBody(connection);
}

function syncOf({ syncHigh, syncLow }: RequestDecoder): number {
  return syncHigh * 0x100000000 + syncLow;
}

function subscribe(relays: Relays, connection: IprotoConnection): void {
  const { request, session } = connection;
  const sync = syncOf(request);
  const follower = new Follower(connection, request);
  connection.takeOver(follower);
  tryOrFail(follower, () => {
    checkBody(connection, REQUEST_TYPE.subscribe);
    const subscription = decodeSubscribe(request.bytes, request.bodyPosition, request.end);
    const begin = (): void => {
      follower.relay = relays.subscribe(subscription, follower, session, sync);
    };
    const expected = relays.whenExpected(subscription, session);
    if (expected === null) begin();
    else {
      void expected.then(() => {
        if (!connection.isClosed) tryOrFail(follower, begin);
      });
    }
  });
}

function tryOrFail(follower: Follower, begin: () => void): void {
  try {
    begin();
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    follower.fail(error);
  }
}

/** A connection that a relay has. */
class Follower implements Downstream, ConnectionTaker {
  relay: Relay | null = null;
  readonly peer: string;
  readonly #connection: IprotoConnection;
  readonly #syncHigh: number;
  readonly #syncLow: number;

  constructor(connection: IprotoConnection, { syncHigh, syncLow }: RequestDecoder) {
    this.#connection = connection;
    this.#syncHigh = syncHigh;
    this.#syncLow = syncLow;
    this.peer = connection.session.peer;
  }

  write(bytes: Uint8Array): void {
    this.#connection.sendPackets(bytes);
  }

  get queuedBytes(): number {
    return this.#connection.queuedBytes;
  }

  fail(error: BoxError): void {
    this.#connection.writeErrorTo(error, this.#syncHigh, this.#syncLow);
    this.#connection.close();
  }

  packet(bytes: Uint8Array, start: number, end: number): void {
    this.relay?.packet(bytes, start, end);
  }

  drained(): void {
    this.relay?.drained();
  }

  closed(): void {
    this.relay?.end(null);
  }
}

/** Answers by a stream of packets; the connection serves no requests meanwhile. Throws what `send` throws at once. */
function stream(connection: IprotoConnection, send: (replica: JoiningReplica) => Promise<void>): void {
  const { syncHigh, syncLow } = connection.request;
  const joining = new Joining(connection);
  const sent = send(joining);
  connection.takeOver(joining);
  connection.requestWaits(1);
  sent
    .catch((error: unknown) => {
      if (isLost(error)) return;
      if (error instanceof RequestError) connection.writeErrorTo(error, syncHigh, syncLow);
      else connection.fail(error);
    })
    .finally(() => {
      connection.takeOver(null);
      connection.requestWaits(-1);
    });
}

class Joining implements JoiningReplica, ConnectionTaker {
  readonly #connection: IprotoConnection;
  #wake: (() => void) | null = null;

  constructor(connection: IprotoConnection) {
    this.#connection = connection;
  }

  write(bytes: Uint8Array): void {
    this.#connection.sendPackets(bytes);
  }

  get queuedBytes(): number {
    return this.#connection.queuedBytes;
  }

  async whenDrained(): Promise<void> {
    this.check();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.check();
  }

  check(): void {
    if (this.#connection.isClosed) throw boxError('NO_CONNECTION');
  }

  /** A joining replica has nothing to say. */
  packet(): void {
    this.#connection.writeErrorTo(boxError('PROTOCOL', 'a request while a replica joins'), 0, 0);
    this.#connection.close();
  }

  drained(): void {
    this.#wake?.();
  }

  closed(): void {
    this.#wake?.();
  }
}
