/**
 * A raw iproto connection for tests: sends exactly the bytes it is given and hands back exactly the frames that come.
 * It interprets nothing beyond the length in front of a packet, so it can send what no client would, and it shares no
 * code with the project's own client, which it therefore can check.
 */
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { ByteWriter } from '../../src/base/index.ts';
import {
  encodeValue,
  RawValue,
  readString,
  readUnsigned,
  skipValue,
  type Value,
} from '../../src/codec/msgpack/index.ts';

export const GREETING_BYTES = 128;
const LENGTH_PREFIX_BYTES = 5;
const SALT_BYTES = 20;

/** Request types of the protocol. */
export const REQUEST = {
  select: 1,
  insert: 2,
  replace: 3,
  update: 4,
  delete: 5,
  call16: 6,
  auth: 7,
  eval: 8,
  upsert: 9,
  call: 10,
  execute: 11,
  nop: 12,
  prepare: 13,
  ping: 64,
  vote: 68,
  id: 73,
} as const;

/** Keys of request headers and bodies. */
export const KEY = {
  requestType: 0x00,
  sync: 0x01,
  schemaVersion: 0x05,
  spaceId: 0x10,
  indexId: 0x11,
  limit: 0x12,
  offset: 0x13,
  iterator: 0x14,
  indexBase: 0x15,
  key: 0x20,
  tuple: 0x21,
  functionName: 0x22,
  userName: 0x23,
  expression: 0x27,
  operations: 0x28,
  data: 0x30,
  error24: 0x31,
  error: 0x52,
} as const;

/** What came from the server: a whole packet with its length prefix, the end of the stream, or nothing in time. */
export type Reply =
  | Readonly<{ kind: 'frame'; bytes: Uint8Array }>
  | Readonly<{ kind: 'closed'; rest: Uint8Array }>
  | Readonly<{ kind: 'silence' }>;

/** A map with its entries in the given order; keys may repeat, which a Map could not express. */
export function encodeEntries(entries: readonly (readonly [Value, Value])[]): Uint8Array {
  const writer = new ByteWriter(128);
  if (entries.length > 15) throw new RangeError('a header or body of a test has at most 15 keys');
  writer.writeByte(0x80 | entries.length);
  for (const [key, value] of entries) {
    encodeValue(writer, key);
    encodeValue(writer, value);
  }
  return writer.toBytes();
}

/** A packet of the given header and body bytes with a five-byte length in front. */
export function framePacket(...parts: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter(256);
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  writer.writeByte(0xce);
  for (const shift of [24, 16, 8, 0]) writer.writeByte((size >>> shift) & 0xff);
  for (const part of parts) writer.writeBytes(part, 0, part.length);
  return writer.toBytes();
}

/** A request as connectors send it: header `{00: type, 01: sync}`, the body's keys in the given order. */
export function requestPacket(
  type: number,
  sync: number,
  body: readonly (readonly [Value, Value])[] | null,
  extraHeader: readonly (readonly [Value, Value])[] = [],
): Uint8Array {
  const header = encodeEntries([[KEY.requestType, type], [KEY.sync, sync], ...extraHeader]);
  return body === null ? framePacket(header) : framePacket(header, encodeEntries(body));
}

export class RawConnection {
  readonly greeting: Uint8Array;
  readonly #socket: Socket;
  #received: Uint8Array = new Uint8Array(0);
  #closed = false;
  #wake: (() => void) | null = null;

  private constructor(socket: Socket, greeting: Uint8Array, rest: Uint8Array) {
    this.greeting = greeting;
    this.#socket = socket;
    this.#received = rest;
    socket.on('data', (chunk: Uint8Array) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#notify();
    });
    const close = (): void => {
      this.#closed = true;
      this.#notify();
    };
    socket.on('end', close).on('close', close).on('error', close);
  }

  /** Connects, to a loopback port or a Unix socket, and reads the 128 bytes that the server says first. */
  static async open(port: number | string, timeoutMs = 5000): Promise<RawConnection> {
    const socket = connect(typeof port === 'string' ? { path: port } : { host: '127.0.0.1', port, noDelay: true });
    let received: Uint8Array = new Uint8Array(0);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => settle(new Error(`no greeting from port ${port}`)), timeoutMs);
      const settle = (error: Error | null): void => {
        clearTimeout(timer);
        socket.removeAllListeners('data').removeAllListeners('error').removeAllListeners('close');
        if (error === null) return resolve();
        socket.on('error', () => undefined).destroy();
        reject(error);
      };
      socket.on('error', (error) => settle(error));
      socket.on('close', () => settle(new Error(`port ${port} closed before its greeting`)));
      socket.on('data', (chunk: Uint8Array) => {
        received = Buffer.concat([received, chunk]);
        if (received.length >= GREETING_BYTES) settle(null);
      });
    });
    return new RawConnection(socket, received.slice(0, GREETING_BYTES), received.slice(GREETING_BYTES));
  }

  send(bytes: Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  /** The next packet in the order of arrival. */
  async next(timeoutMs = 10_000): Promise<Reply> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const frame = this.#takeFrame();
      if (frame !== null) return { kind: 'frame', bytes: frame };
      if (this.#closed) return { kind: 'closed', rest: this.#received };
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) return { kind: 'silence' };
      await this.#arrival(leftMs);
    }
  }

  /** Sends a request and waits for one packet. */
  async exchange(bytes: Uint8Array, timeoutMs = 10_000): Promise<Reply> {
    this.send(bytes);
    return this.next(timeoutMs);
  }

  /** The 20 bytes of the greeting's salt that chap-sha1 uses. */
  salt(): Uint8Array {
    const text = Buffer.from(this.greeting.subarray(64, 108)).toString('latin1');
    return Buffer.from(text, 'base64').subarray(0, SALT_BYTES);
  }

  close(): void {
    this.#socket.destroy();
  }

  #takeFrame(): Uint8Array | null {
    const bytes = this.#received;
    if (bytes.length < LENGTH_PREFIX_BYTES || bytes[0] !== 0xce) return null;
    const end = LENGTH_PREFIX_BYTES + readUnsigned(bytes, 0);
    if (bytes.length < end) return null;
    this.#received = bytes.slice(end);
    return bytes.slice(0, end);
  }

  #arrival(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#notify(), timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}

function sha1(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** What `_user` stores for a password under "chap-sha1": base64(sha1(sha1(password))). */
export function storedPassword(password: string): string {
  return Buffer.from(sha1(sha1(Buffer.from(password)))).toString('base64');
}

/** sha1(password) XOR sha1(salt || sha1(sha1(password))): 20 bytes. */
export function chapScramble(password: string, salt: Uint8Array): Uint8Array {
  const first = sha1(Buffer.from(password));
  const mask = sha1(salt, sha1(first));
  return first.map((byte, index) => byte ^ mask[index]!);
}

/** The AUTH packet of method chap-sha1; the scramble travels as a string, as connectors send it. */
export function loginPacket(connection: RawConnection, sync: number, user: string, password: string): Uint8Array {
  const scramble = chapScramble(password, connection.salt());
  const asString = new RawValue(Uint8Array.of(0xa0 | scramble.length, ...scramble));
  return requestPacket(REQUEST.auth, sync, [
    [KEY.userName, user],
    [KEY.tuple, ['chap-sha1', asString]],
  ]);
}

/** The parts of a response: status is 0 when it succeeded, 0x8000 | code when not. */
export type Response = Readonly<{ status: number; sync: number; schemaVersion: number; body: Uint8Array }>;

/** Takes a response packet apart. The header may have its keys in any order. */
export function readResponse(frame: Uint8Array): Response {
  let position = skipValue(frame, 0);
  const count = frame[position]! & 0x0f;
  position += 1;
  const values = new Map<number, number>();
  for (let index = 0; index < count; index++) {
    const key = readUnsigned(frame, position);
    position = skipValue(frame, position);
    values.set(key, readUnsigned(frame, position));
    position = skipValue(frame, position);
  }
  return {
    status: values.get(KEY.requestType) ?? 0,
    sync: values.get(KEY.sync) ?? 0,
    schemaVersion: values.get(KEY.schemaVersion) ?? 0,
    body: frame.slice(position),
  };
}

/** The message of an error response, null of any other. */
export function errorMessage(response: Response): string | null {
  if (response.status < 0x8000 || response.body[1] !== KEY.error24) return null;
  return readString(response.body, 2);
}

/** Logs in and throws unless the server says yes. */
export async function login(connection: RawConnection, user: string, password: string): Promise<void> {
  const reply = await connection.exchange(loginPacket(connection, 0, user, password));
  if (reply.kind !== 'frame') throw new Error(`login of ${user}: ${reply.kind}`);
  const response = readResponse(reply.bytes);
  if (response.status !== 0) throw new Error(`login of ${user}: ${errorMessage(response) ?? response.status}`);
}
