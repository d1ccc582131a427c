/** What the instance announces: to our own client, and frame by frame as the protocol has it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BoxError } from '../../src/base/index.ts';
import { connect, type Connection, formatAddress } from '../../src/client/index.ts';
import { decodeValue, skipValue, type Value } from '../../src/codec/msgpack/index.ts';
import { defineProcedure, type RunningInstance } from '../../src/index.ts';
import { DEFAULT_INSTANCE_OPTIONS, Instance } from '../../src/instance/index.ts';
import { DirectoryFixture } from '../support/directory-fixture.ts';
import { createTestEnv } from '../support/node-env.ts';
import { RawConnection, readResponse, REQUEST, requestPacket } from '../support/raw-iproto.ts';

const WATCH = 74;
const UNWATCH = 75;
const EVENT = 76;
const WATCH_ONCE = 77;
const EVENT_KEY = 0x57;
const EVENT_DATA = 0x58;

const env = createTestEnv();
const fail = (error: Error): never => {
  throw error;
};
let fixture: DirectoryFixture;
let instance: RunningInstance;
let address: string;

beforeEach(async () => {
  fixture = new DirectoryFixture();
  const announce = defineProcedure('announce', (api, key: string, value: Value) => api.broadcast(key, value));
  instance = await fixture.start({
    dataDir: await fixture.directory(),
    listen: '127.0.0.1:0',
    trust: 'open',
    procedures: [announce],
  });
  address = instance.information.listen[0]!;
});
afterEach(() => fixture.close());

async function client(): Promise<Connection> {
  const connection = await connect(env, { address });
  fixture.onClose(() => Promise.resolve(connection.close()));
  return connection;
}

/** Values of a key as they come; `next` waits for the one after the last that was taken. */
function valuesOf(connection: Connection, key: string): { next: () => Promise<Value>; unwatch: () => void } {
  const values: Value[] = [];
  const waiting: ((value: Value) => void)[] = [];
  const watcher = connection.watch(key, (value) => {
    const wake = waiting.shift();
    if (wake === undefined) values.push(value);
    else wake(value);
  });
  return {
    next: () =>
      values.length > 0 ? Promise.resolve(values.shift()!) : new Promise((resolve) => waiting.push(resolve)),
    unwatch: () => watcher.unwatch(),
  };
}

describe('built-in keys', () => {
  test('have a value from the start', async () => {
    const connection = await client();
    const { instanceUuid, replicasetUuid } = instance.information;
    expect(await valuesOf(connection, 'box.id').next()).toEqual({
      id: 1,
      instance_uuid: instanceUuid,
      replicaset_uuid: replicasetUuid,
    });
    expect(await valuesOf(connection, 'box.status').next()).toEqual({
      is_ro: false,
      is_ro_cfg: false,
      status: 'running',
    });
    expect(await valuesOf(connection, 'box.election').next()).toEqual({
      term: 1,
      role: 'follower',
      is_ro: false,
      leader: 0,
    });
  });

  test('box.status says what a read-only instance is', async () => {
    const options = { dataDir: await fixture.directory(), listen: '127.0.0.1:0', trust: 'open' } as const;
    await (await fixture.start(options)).stop();
    const other = await fixture.start({ ...options, readOnly: true });
    const connection = await connect(env, { address: other.information.listen[0]! });
    expect(await valuesOf(connection, 'box.status').next()).toMatchObject({ is_ro: true, is_ro_cfg: true });
    connection.close();
  });

  test('box.schema follows the version, once for all changes of a turn', async () => {
    const raw = await rawConnection();
    raw.send(watchPacket('box.schema', 1));
    const before = versionOf((await nextEvent(raw)).data);
    raw.send(watchPacket('box.schema', 2));
    instance.api.schema.createSpace('a');
    instance.api.schema.createSpace('b');
    instance.api.schema.createIndex('a', 'pk', { parts: [[0, 'unsigned']] });
    expect(versionOf((await nextEvent(raw)).data)).toBe(before + 3);
    raw.send(watchPacket('box.schema', 3));
    await expectNothing(raw);
  });

  test('box.shutdown comes before the end, and clients that leave are not waited for', async () => {
    const connection = await client();
    const shutdown = valuesOf(connection, 'box.shutdown');
    expect(await shutdown.next()).toBeUndefined();
    const stopped = instance.stop();
    expect(await shutdown.next()).toBe(true);
    expect(await connection.select(272, ['cluster'])).toHaveLength(1);
    connection.close();
    await stopped;
  });

  test('nobody else announces them', () => {
    expect(() => instance.api.broadcast('box.id', 1)).toThrow(BoxError);
  });
});

describe('keys of programs', () => {
  test('reach every connection that watches, until it does not', async () => {
    const [one, other] = [await client(), await client()];
    const [first, second] = [valuesOf(one, 'k'), valuesOf(other, 'k')];
    expect(await first.next()).toBeUndefined();
    expect(await second.next()).toBeUndefined();
    await one.call('announce', ['k', { a: [1] }]);
    expect(await first.next()).toEqual({ a: [1] });
    expect(await second.next()).toEqual({ a: [1] });
    const late = valuesOf(await client(), 'k');
    expect(await late.next()).toEqual({ a: [1] });
    instance.api.broadcast('k');
    expect(await late.next()).toBeUndefined();
  });

  test('a connection that closes leaves no listener', async () => {
    const dataDir = await fixture.directory();
    const options = { ...DEFAULT_INSTANCE_OPTIONS, dataDir, listen: { host: '127.0.0.1', port: 0 } };
    const own = await Instance.start(createTestEnv(), options, { onFailure: fail });
    fixture.onClose(() => own.stop());
    const connection = await connect(env, { address: formatAddress(own.addresses[0]!) });
    await valuesOf(connection, 'k').next();
    expect(own.box.broadcasts.hasListeners('k')).toBe(true);
    const left = new Promise((resolve) => own.box.sessions.onDisconnect.push(resolve));
    connection.close();
    await left;
    expect(own.box.broadcasts.hasListeners('k')).toBe(false);
  });
});

const watchPacket = (key: string, sync: number): Uint8Array => requestPacket(WATCH, sync, [[EVENT_KEY, key]]);

async function rawConnection(): Promise<RawConnection> {
  const raw = await RawConnection.open(Number(address.slice(address.lastIndexOf(':') + 1)));
  fixture.onClose(() => Promise.resolve(raw.close()));
  return raw;
}

type Event = Readonly<{ sync: number; key: Value; data: Value; hasData: boolean }>;

async function nextEvent(raw: RawConnection): Promise<Event> {
  const reply = await raw.next();
  if (reply.kind !== 'frame') throw new Error(`expected an event, got ${reply.kind}`);
  const headerStart = skipValue(reply.bytes, 0);
  const header = decodeValue(reply.bytes, headerStart);
  const body = decodeValue(reply.bytes, skipValue(reply.bytes, headerStart));
  if (!(header instanceof Map) || !(body instanceof Map)) throw new Error('header and body are maps');
  expect([...header.keys()]).toEqual([0, 1]);
  expect(header.get(0)).toBe(EVENT);
  return {
    sync: Number(header.get(1)),
    key: body.get(EVENT_KEY),
    data: body.get(EVENT_DATA),
    hasData: body.has(EVENT_DATA),
  };
}

/** The answer to a ping is the next packet: nothing was sent before it. */
async function expectNothing(raw: RawConnection): Promise<void> {
  const reply = await raw.exchange(requestPacket(REQUEST.ping, 999, null));
  if (reply.kind !== 'frame') throw new Error(`expected an answer, got ${reply.kind}`);
  expect(readResponse(reply.bytes)).toMatchObject({ status: 0, sync: 999 });
}

function versionOf(data: Value): number {
  if (typeof data !== 'object' || data === null || !('version' in data)) throw new Error('no version');
  return Number(data.version);
}

describe('the protocol', () => {
  test('the first event comes at once, the next after the acknowledgement, with the newest value', async () => {
    const raw = await rawConnection();
    raw.send(watchPacket('k', 7));
    expect(await nextEvent(raw)).toEqual({ sync: 7, key: 'k', data: undefined, hasData: false });
    for (const value of [1, 2, 3]) instance.api.broadcast('k', value);
    await expectNothing(raw);
    raw.send(watchPacket('k', 8));
    expect(await nextEvent(raw)).toEqual({ sync: 8, key: 'k', data: 3, hasData: true });
    raw.send(watchPacket('k', 9));
    await expectNothing(raw);
    instance.api.broadcast('k', 4);
    expect(await nextEvent(raw)).toEqual({ sync: 9, key: 'k', data: 4, hasData: true });
  });

  test('an announcement of nil is a value', async () => {
    const raw = await rawConnection();
    instance.api.broadcast('k', null);
    raw.send(watchPacket('k', 1));
    expect(await nextEvent(raw)).toEqual({ sync: 1, key: 'k', data: null, hasData: true });
  });

  test('UNWATCH ends it, and is not answered', async () => {
    const raw = await rawConnection();
    raw.send(watchPacket('k', 1));
    await nextEvent(raw);
    raw.send(watchPacket('k', 2));
    raw.send(requestPacket(UNWATCH, 3, [[EVENT_KEY, 'k']]));
    await expectNothing(raw);
    instance.api.broadcast('k', 1);
    await expectNothing(raw);
    raw.send(watchPacket('k', 4));
    expect(await nextEvent(raw)).toMatchObject({ sync: 4, data: 1 });
  });

  test('a slow connection holds up no other', async () => {
    const [slow, quick] = [await rawConnection(), await rawConnection()];
    for (const raw of [slow, quick]) {
      raw.send(watchPacket('k', 1));
      await nextEvent(raw);
    }
    for (const value of [1, 2]) {
      quick.send(watchPacket('k', 10 + value));
      await expectNothing(quick);
      instance.api.broadcast('k', value);
      expect(await nextEvent(quick)).toMatchObject({ sync: 10 + value, data: value });
    }
    await expectNothing(slow);
  });

  test('keys are watched on their own', async () => {
    const raw = await rawConnection();
    raw.send(watchPacket('a', 1));
    raw.send(watchPacket('b', 2));
    expect((await nextEvent(raw)).key).toBe('a');
    expect((await nextEvent(raw)).key).toBe('b');
    raw.send(watchPacket('b', 3));
    await expectNothing(raw);
    instance.api.broadcast('a', 1);
    instance.api.broadcast('b', 2);
    expect(await nextEvent(raw)).toMatchObject({ key: 'b', data: 2 });
    await expectNothing(raw);
  });

  test('WATCH_ONCE answers with the value there is', async () => {
    const raw = await rawConnection();
    const once = async (): Promise<Value> => {
      const reply = await raw.exchange(requestPacket(WATCH_ONCE, 5, [[EVENT_KEY, 'k']]));
      if (reply.kind !== 'frame') throw new Error(`expected an answer, got ${reply.kind}`);
      const body = decodeValue(readResponse(reply.bytes).body, 0);
      return body instanceof Map ? body.get(0x30) : null;
    };
    expect(await once()).toEqual([]);
    instance.api.broadcast('k', 'v');
    expect(await once()).toEqual(['v']);
  });
});
