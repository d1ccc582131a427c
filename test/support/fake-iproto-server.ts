/**
 * An iproto server whose behaviour a test writes itself: it greets, agrees to the features it is told to have, accepts
 * any user, shows one schema, and leaves every other request to the test. It uses none of the encoders of requests.
 */
import { ByteWriter, defined } from '../../src/base/index.ts';
import { encodeGreeting, FrameDecoder, SALT_BYTES } from '../../src/codec/iproto/index.ts';
import { decodeValue, encodeValue, skipValue, writeUnsigned, type Value } from '../../src/codec/msgpack/index.ts';
import type { Env, Stream } from '../../src/env/index.ts';

export type FakeRequest = Readonly<{
  type: number;
  sync: number;
  streamId: number;
  body: ReadonlyMap<number, Value>;
}>;

export type FakeServerOptions = Readonly<{
  features?: readonly number[];
  /** Rows of `_vspace` and `_vindex`, asked for at each reading. */
  spaces?: () => readonly Value[];
  indexes?: () => readonly Value[];
  /** Asked for at each packet sent. */
  schemaVersion?: () => number;
  onRequest?: (request: FakeRequest, session: FakeSession) => void;
  /** Instead of the greeting. */
  onConnection?: (session: FakeSession) => void;
}>;

const TYPE = { select: 1, auth: 7, ping: 64, id: 73, event: 76 } as const;
const VSPACE = 281;
const VINDEX = 289;

export const FAKE_UUID = '7aa5a94b-fdc7-418a-8248-5fac2814d5c4';

/** One client's connection, as the server has it. */
export class FakeSession {
  readonly stream: Stream;
  readonly #schemaVersion: () => number;

  constructor(stream: Stream, schemaVersion: () => number) {
    this.stream = stream;
    this.#schemaVersion = schemaVersion;
  }

  greet(): void {
    const salt = new Uint8Array(SALT_BYTES).fill(7);
    this.stream.write(encodeGreeting({ protocol: 'Binary', version: '2.10.0', instanceUuid: FAKE_UUID, salt }));
  }

  reply(sync: number, body: ReadonlyMap<number, Value> = new Map()): void {
    this.send(0, sync, body);
  }

  fail(sync: number, code: number, message: string): void {
    this.send(0x8000 | code, sync, new Map([[0x31, message]]));
  }

  event(key: string, value: Value): void {
    this.send(
      TYPE.event,
      0,
      new Map<number, Value>([
        [0x57, key],
        [0x58, value],
      ]),
    );
  }

  send(type: number, sync: number, body: ReadonlyMap<number, Value>): void {
    const packet = new ByteWriter(64);
    encodeValue(
      packet,
      new Map([
        [0, type],
        [1, sync],
        [5, this.#schemaVersion()],
      ]),
    );
    encodeValue(packet, body);
    const framed = new ByteWriter(64);
    writeUnsigned(framed, packet.position);
    framed.writeBytes(packet.bytes, 0, packet.position);
    this.stream.write(framed.toBytes());
  }

  drop(): void {
    this.stream.destroy();
  }
}

export type FakeServer = Readonly<{
  address: string;
  sessions: readonly FakeSession[];
  /** Every request that reached the test's handler or was answered for it. */
  requests: readonly FakeRequest[];
  close: () => Promise<void>;
}>;

/** Listens on a free loopback port. */
export async function startFakeServer(env: Env, options: FakeServerOptions = {}): Promise<FakeServer> {
  const sessions: FakeSession[] = [];
  const requests: FakeRequest[] = [];
  const listener = await env.network.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, (stream) => {
    const session = new FakeSession(stream, options.schemaVersion ?? (() => 1));
    sessions.push(session);
    const decoder = new FrameDecoder((bytes, start, end) => {
      const request = readRequest(bytes, start, end);
      requests.push(request);
      if (!answer(request, session, options)) options.onRequest?.(request, session);
    });
    stream.start({
      onData: (chunk) => decoder.push(chunk),
      onEnd: () => stream.destroy(),
      onDrain: () => undefined,
      onClose: () => undefined,
    });
    if (options.onConnection === undefined) session.greet();
    else options.onConnection(session);
  });
  const address = listener.address;
  return {
    address: address.kind === 'tcp' ? `${address.host}:${address.port}` : address.path,
    sessions,
    requests,
    close: async () => {
      for (const session of sessions) session.drop();
      await listener.close();
    },
  };
}

function readRequest(bytes: Uint8Array, start: number, end: number): FakeRequest {
  const header = decodeValue(bytes, start) as ReadonlyMap<number, number>;
  const bodyStart = skipValue(bytes, start);
  const body = bodyStart < end ? decodeValue(bytes, bodyStart) : new Map();
  return {
    type: defined(header.get(0), 'request type'),
    sync: header.get(1) ?? 0,
    streamId: header.get(0x0a) ?? 0,
    body: body instanceof Map ? body : new Map(),
  };
}

/** Whether the request was one of those that every client's handshake makes. */
function answer(request: FakeRequest, session: FakeSession, options: FakeServerOptions): boolean {
  switch (request.type) {
    case TYPE.id:
      if (options.features === undefined) session.fail(request.sync, 48, 'Unknown request type 73');
      else
        session.reply(
          request.sync,
          new Map<number, Value>([
            [0x54, 3],
            [0x55, options.features],
          ]),
        );
      return true;
    case TYPE.auth:
    case TYPE.ping:
      session.reply(request.sync);
      return true;
    case TYPE.select: {
      const space = request.body.get(0x10);
      if (space !== VSPACE && space !== VINDEX) return false;
      const rows = space === VSPACE ? options.spaces?.() : options.indexes?.();
      session.reply(request.sync, new Map([[0x30, rows ?? []]]));
      return true;
    }
    default:
      return false;
  }
}
