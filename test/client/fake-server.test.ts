/** What the client does when the server or the way to it misbehaves, and with features that 2.6.0 does not have. */
import { afterEach, expect, test } from 'vitest';
import { connect, connectPool, type Connection, type ConnectOptions } from '../../src/client/index.ts';
import type { Value } from '../../src/codec/msgpack/index.ts';
import type { Env, Stream } from '../../src/env/index.ts';
import { startFakeServer, type FakeServer, type FakeServerOptions } from '../support/fake-iproto-server.ts';
import { createTestEnv } from '../support/node-env.ts';

const env = createTestEnv();
const STREAMS_AND_WATCHERS = [0, 1, 3];
const WATCH = 74;
const UNWATCH = 75;
const NO_CONNECTION = 77;
const TIMEOUT = 78;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(options: FakeServerOptions = {}): Promise<FakeServer> {
  const server = await startFakeServer(env, options);
  cleanups.push(() => server.close());
  return server;
}

async function open(server: FakeServer, options: Partial<ConnectOptions> = {}, using: Env = env): Promise<Connection> {
  const connection = await connect(using, { address: server.address, ...options });
  cleanups.push(() => connection.close());
  return connection;
}

function stateReached(connection: Connection, wanted: string): Promise<void> {
  return new Promise((resolve) => {
    if (connection.state === wanted) resolve();
    else connection.onStateChange((state) => (state === wanted ? resolve() : undefined));
  });
}

test('a lost connection fails what is in flight, is opened again, and says so', async () => {
  const server = await serve({ onRequest: (_request, session) => session.drop() });
  const connection = await open(server, { reconnectAfterMs: 5 });
  const states: string[] = [];
  connection.onStateChange((state) => states.push(state));
  const outcomes = await Promise.allSettled([connection.call('a'), connection.call('b')]);
  for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: NO_CONNECTION } });
  await expect(connection.ping()).rejects.toMatchObject({ code: NO_CONNECTION });
  await stateReached(connection, 'active');
  expect(states).toEqual(['disconnected', 'connecting', 'active']);
  await connection.ping();
  expect(connection.inFlight).toBe(0);
});

test('it keeps trying while the server refuses', async () => {
  const refused = 3;
  const server = await serve({
    onConnection: (session) => {
      if (server.sessions.length > 1 && server.sessions.length <= 1 + refused) session.drop();
      else session.greet();
    },
    onRequest: (_request, session) => session.drop(),
  });
  const connection = await open(server, { reconnectAfterMs: 1 });
  await expect(connection.call('f')).rejects.toMatchObject({ code: NO_CONNECTION });
  await stateReached(connection, 'active');
  expect(server.sessions.length).toBe(2 + refused);
});

test('without reconnect a lost connection is closed for good', async () => {
  const server = await serve({ onRequest: (_request, session) => session.drop() });
  const connection = await open(server);
  await expect(connection.call('f')).rejects.toMatchObject({ code: NO_CONNECTION });
  expect(connection.state).toBe('closed');
  await expect(connection.ping()).rejects.toMatchObject({ code: NO_CONNECTION });
});

test('close fails what is in flight and stops reconnecting', async () => {
  const server = await serve();
  const connection = await open(server, { reconnectAfterMs: 1 });
  const call = connection.call('f');
  connection.close();
  await expect(call).rejects.toMatchObject({ code: NO_CONNECTION, message: expect.stringContaining('closed') });
  expect(connection.state).toBe('closed');
  expect(server.sessions.length).toBe(1);
});

test('nobody listens', async () => {
  const server = await startFakeServer(env);
  await server.close();
  await expect(connect(env, { address: server.address, reconnectAfterMs: 1 })).rejects.toMatchObject({
    code: NO_CONNECTION,
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('a peer that never greets', async () => {
  const server = await serve({ onConnection: () => undefined });
  await expect(connect(env, { address: server.address, connectTimeoutMs: 30 })).rejects.toMatchObject({
    code: TIMEOUT,
  });
});

test('a peer that is no Tarantool', async () => {
  const server = await serve({
    onConnection: (session) => session.stream.write(new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n'.repeat(9))),
  });
  await expect(connect(env, { address: server.address })).rejects.toThrow('Invalid greeting');
});

test('a server that refuses the session after its greeting', async () => {
  const server = await serve({
    onConnection: (session) => {
      session.greet();
      session.fail(0, 32, 'go away');
    },
  });
  await expect(connect(env, { address: server.address })).rejects.toMatchObject({ code: 32, message: 'go away' });
});

test('an answer that cannot be read ends the connection', async () => {
  const server = await serve({ onRequest: (_request, session) => session.stream.write(Uint8Array.of(0xa1)) });
  const connection = await open(server);
  await expect(connection.call('f')).rejects.toMatchObject({
    code: NO_CONNECTION,
    message: expect.stringContaining('Invalid MsgPack - packet length'),
  });
});

test('a late answer is forgotten', async () => {
  const held: number[] = [];
  const server = await serve({
    onRequest: ({ sync, type }, session) => {
      held.push(sync);
      if (type === 10) return;
      for (const each of held) session.reply(each, new Map([[0x30, [each === sync ? 'eval' : 'late']]]));
    },
  });
  const connection = await open(server);
  const slow = connection.call('f');
  await expect(connection.call('f', [], { timeoutMs: 5 })).rejects.toMatchObject({ code: TIMEOUT });
  expect(await connection.eval('')).toEqual(['eval']);
  expect(await slow).toEqual(['late']);
  expect(connection.inFlight).toBe(0);
});

test('the number of requests in flight is bounded', async () => {
  const server = await serve();
  const connection = await open(server, { inFlightMax: 2 });
  const first = [connection.call('f'), connection.call('f')];
  await expect(connection.call('f')).rejects.toThrow('more than 2 requests are in flight');
  connection.close();
  await Promise.allSettled(first);
});

test('one turn makes one write, and a request that cannot be encoded leaves no trace in it', async () => {
  const writes: number[] = [];
  const server = await serve();
  const connection = await open(server, {}, countingWrites(writes));
  writes.length = 0;
  const unencodable = Symbol('x') as unknown as Value;
  const outcomes = await Promise.allSettled([
    ...Array.from({ length: 50 }, () => connection.ping()),
    connection.insert(512, [1, 'partly', unencodable]),
    connection.ping(),
  ]);
  expect(outcomes.filter(({ status }) => status === 'rejected')).toMatchObject([{ reason: expect.any(TypeError) }]);
  expect(writes.length).toBe(1);
});

/** Node's effects, with the sizes of all writes to streams noted. */
function countingWrites(writes: number[]): Env {
  const wrap = (stream: Stream): Stream => ({
    peer: stream.peer,
    start: (handlers) => stream.start(handlers),
    write: (bytes, onWritten) => {
      writes.push(bytes.length);
      return stream.write(bytes, onWritten);
    },
    get queuedBytes() {
      return stream.queuedBytes;
    },
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    end: () => stream.end(),
    destroy: () => stream.destroy(),
  });
  const connectCounted = async (...args: Parameters<Env['network']['connect']>): Promise<Stream> =>
    wrap(await env.network.connect(...args));
  return { ...env, network: { listen: env.network.listen, connect: connectCounted } };
}

test('the schema is read again when its version changes, and read as one version', async () => {
  let version = 5;
  let vspaceReads = 0;
  const server = await serve({
    schemaVersion: () => version,
    spaces: () => {
      vspaceReads++;
      return [[512, 1, `name${version}`, 'memtx', 0, {}, []]];
    },
    indexes: () => {
      // The first reading is torn: between its two answers the schema changes.
      if (vspaceReads === 1) version++;
      return [[512, 0, 'pk', 'tree', { unique: true }, [[0, 'unsigned']]]];
    },
    onRequest: ({ sync, body }, session) => session.reply(sync, new Map([[0x30, [[body.get(0x10) ?? null]]]])),
  });
  const connection = await open(server);
  expect(connection.schema.version).toBe(6);
  expect(connection.schema.spaces).toMatchObject([{ id: 512, name: 'name6' }]);

  version = 50;
  await connection.ping();
  expect(await connection.insert('name50', [1])).toEqual([512]);
  expect(connection.schema.version).toBe(50);

  const readsBefore = vspaceReads;
  await expect(connection.insert('absent', [1])).rejects.toThrow("Space 'absent' does not exist");
  await expect(connection.select('name50', [], { index: 'x' })).rejects.toThrow(
    "No index 'x' is defined in space 'name50'",
  );
  expect(vspaceReads).toBe(readsBefore + 2);
});

test('a stream carries its id and ends with its session', async () => {
  const server = await serve({
    features: STREAMS_AND_WATCHERS,
    onRequest: ({ type, sync }, session) => (type === 8 ? session.drop() : session.reply(sync)),
  });
  const connection = await open(server, { reconnectAfterMs: 1 });
  const [first, second] = [connection.stream(), connection.stream()];
  await first.begin({ transactionTimeoutSeconds: 2, isolation: 'readConfirmed' });
  await second.call('f');
  await first.commit();
  await second.rollback();
  const seen = server.requests.filter(({ streamId }) => streamId !== 0);
  expect(seen.map(({ type, streamId }) => [type, streamId])).toEqual([
    [14, first.id],
    [10, second.id],
    [15, first.id],
    [16, second.id],
  ]);
  expect(seen[0]?.body).toEqual(
    new Map([
      [0x56, 2],
      [0x59, 2],
    ]),
  );
  await expect(first.eval('')).rejects.toMatchObject({ code: NO_CONNECTION });
  await stateReached(connection, 'active');
  await expect(first.call('f')).rejects.toMatchObject({ code: NO_CONNECTION });
  expect(await connection.stream().call('f')).toEqual([]);
});

test('watchers hear of changes, acknowledge them, and come back after a reconnect', async () => {
  const server = await serve({
    features: STREAMS_AND_WATCHERS,
    onRequest: ({ type, body, sync }, session) => {
      if (type === WATCH && watchCount() <= 2) session.event(body.get(0x57) as string, watchCount());
      if (type === 10) session.drop();
      if (type === 8) session.reply(sync);
    },
  });
  const watchCount = (): number => server.requests.filter(({ type }) => type === WATCH).length;
  const connection = await open(server, { reconnectAfterMs: 1 });
  const values: Value[] = [];
  const heard = (count: number): Promise<void> => waitUntil(() => values.length >= count);
  const watcher = connection.watch('box.id', (value, key) => values.push([key, value]));
  await heard(2);
  expect(values).toEqual([
    ['box.id', 1],
    ['box.id', 2],
  ]);
  const late: Value[] = [];
  const second = connection.watch('box.id', (value) => late.push(value));
  await waitUntil(() => late.length === 1);
  expect(late).toEqual([2]);

  await waitUntil(() => watchCount() === 3);
  await expect(connection.call('drop')).rejects.toMatchObject({ code: NO_CONNECTION });
  await waitUntil(() => watchCount() === 4);
  await stateReached(connection, 'active');
  server.sessions.at(-1)?.event('box.id', 'again');
  await heard(3);
  expect(values.at(-1)).toEqual(['box.id', 'again']);

  watcher.unwatch();
  await connection.eval('');
  expect(server.requests.some(({ type }) => type === UNWATCH)).toBe(false);
  second.unwatch();
  second.unwatch();
  await connection.eval('');
  expect(server.requests.filter(({ type }) => type === UNWATCH).length).toBe(1);
});

/** Waits turn by turn; the test's own time limit ends what never comes. */
async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await env.timers.sleep(1);
}

test('a server without the features refuses streams and watchers in words', async () => {
  const connection = await open(await serve());
  expect(() => connection.stream()).toThrow('Remote server does not support streams');
  expect(() => connection.watch('k', () => undefined)).toThrow('Remote server does not support watchers');
});

test('a push handler that throws fails its request alone', async () => {
  const server = await serve({
    onRequest: ({ sync }, session) => {
      session.send(128, sync, new Map([[0x30, ['pushed']]]));
      session.reply(sync, new Map([[0x30, ['done']]]));
    },
  });
  const connection = await open(server);
  const failing = connection.call('f', [], {
    onPush: () => {
      throw new Error('no room');
    },
  });
  const fine = connection.call('f');
  await expect(failing).rejects.toThrow('no room');
  expect(await fine).toEqual(['done']);
});

test('a pool takes the connections in turn and leaves out the lost ones', async () => {
  const servers = [await serve(), await serve()];
  const pool = await connectPool(env, { addresses: servers.map(({ address }) => address), reconnectAfterMs: 60_000 });
  cleanups.push(() => pool.close());
  await waitUntil(() => pool.activeCount === 2);
  expect(new Set([pool.any(), pool.any()])).toEqual(new Set(pool.connections));
  await servers[0]?.close();
  await waitUntil(() => pool.activeCount === 1);
  expect([pool.any(), pool.any(), pool.any()].every((connection) => connection.state === 'active')).toBe(true);
  await servers[1]?.close();
  await waitUntil(() => pool.activeCount === 0);
  expect(() => pool.any()).toThrow('no server of the pool is reachable');
});

test('a pool that reaches nobody says why', async () => {
  const server = await startFakeServer(env);
  await server.close();
  const options = { addresses: [server.address], connectTimeoutMs: 50, reconnectAfterMs: 5 };
  await expect(connectPool(env, options)).rejects.toMatchObject({
    code: NO_CONNECTION,
    message: expect.stringContaining('ECONNREFUSED'),
  });
});
