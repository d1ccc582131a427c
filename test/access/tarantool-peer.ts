/** A real server, asked over iproto. */
import {
  containerHeaderSize,
  mapLength,
  RawValue,
  readErrorStackMap,
  readUnsigned,
  skipValue,
  type Value,
} from '../../src/codec/msgpack/index.ts';
import { describeValue } from '../conformance/describe.ts';
import { KEY, loginPacket, RawConnection, readResponse, REQUEST, requestPacket } from '../support/raw-iproto.ts';
import type { TestServer } from '../support/test-server.ts';
import type { Outcome, Request, RightsPeer, Step } from './steps.ts';

const LIMIT_MAX = 0xffffffff;
const ITERATOR_ALL = 2;
const ITERATOR_EQ = 0;

export class TarantoolPeer implements RightsPeer {
  readonly #server: TestServer;
  readonly #connections = new Map<string, RawConnection>();

  constructor(server: TestServer) {
    this.#server = server;
  }

  async perform({ who, request }: Step): Promise<Outcome> {
    let connection = this.#connections.get(who);
    if (connection === undefined) {
      connection = await RawConnection.open(this.#server.port);
      this.#connections.set(who, connection);
    }
    const reply = await connection.exchange(packetOf(request, connection));
    if (reply.kind !== 'frame') throw new Error(`${JSON.stringify(request)}: ${reply.kind}`);
    return outcomeOf(readResponse(reply.bytes).body);
  }

  async close(): Promise<void> {
    for (const connection of this.#connections.values()) connection.close();
    await this.#server.stop();
  }
}

function packetOf(request: Request, connection: RawConnection): Uint8Array {
  switch (request.kind) {
    case 'insert':
      return putPacket(REQUEST.insert, request.spaceId, request.tuple);
    case 'replace':
      return putPacket(REQUEST.replace, request.spaceId, request.tuple);
    case 'delete':
      return requestPacket(REQUEST.delete, 1, [
        [KEY.spaceId, request.spaceId],
        [KEY.key, request.key],
      ]);
    case 'select':
      return requestPacket(REQUEST.select, 1, [
        [KEY.spaceId, request.spaceId],
        [KEY.indexId, request.indexId],
        [KEY.limit, LIMIT_MAX],
        [KEY.iterator, request.key.length === 0 ? ITERATOR_ALL : ITERATOR_EQ],
        [KEY.key, request.key],
      ]);
    case 'call':
      return requestPacket(REQUEST.call, 1, [
        [KEY.functionName, request.name],
        [KEY.tuple, []],
      ]);
    case 'eval':
      return requestPacket(REQUEST.eval, 1, [
        [KEY.expression, 'return 1'],
        [KEY.tuple, []],
      ]);
    case 'login':
      if ('password' in request.body) return loginPacket(connection, 1, request.name, request.body.password);
      return requestPacket(REQUEST.auth, 1, [
        [KEY.userName, request.name],
        [KEY.tuple, request.body.raw],
      ]);
  }
}

function putPacket(type: number, spaceId: number, tuple: readonly Value[]): Uint8Array {
  return requestPacket(type, 1, [
    [KEY.spaceId, spaceId],
    [KEY.tuple, tuple],
  ]);
}

function outcomeOf(body: Uint8Array): Outcome {
  const data = bodyValue(body, KEY.data);
  if (data >= 0) return { rows: describeValue(body, data) };
  const error = bodyValue(body, KEY.error);
  if (error < 0) return { rows: '[]' };
  const top = readErrorStackMap(body, error)?.errors[0];
  if (top === undefined) throw new Error('an error response has an error');
  const { code, message, type, fields } = top;
  return { code, message, type, fields: Object.entries(fields ?? {}) };
}

function bodyValue(body: Uint8Array, key: number): number {
  let next = containerHeaderSize(body, 0);
  for (let left = mapLength(body, 0); left > 0; left--) {
    const value = skipValue(body, next);
    if (readUnsigned(body, next) === key) return value;
    next = skipValue(body, value);
  }
  return -1;
}

/** Twenty bytes as a string, which no valid UTF-8 may be. */
export function stringOfBytes(bytes: Uint8Array): RawValue {
  return new RawValue(Uint8Array.of(0xa0 | bytes.length, ...bytes));
}
