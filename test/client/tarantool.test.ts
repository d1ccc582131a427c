/** The client against a real Tarantool. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connect, defineSpace, type Connection, type ConnectOptions } from '../../src/client/index.ts';
import { encodeToBytes, type Value } from '../../src/codec/msgpack/index.ts';
import { createTestEnv } from '../support/node-env.ts';
import { findTarantool, startTarantool } from '../support/tarantool-server.ts';
import type { TestServer } from '../support/test-server.ts';

const env = createTestEnv();
const program = findTarantool();
if (program === null) console.warn('skipped: there is no tarantool on this machine');

const SCRIPT = `
box.schema.user.create('worker', { password = 'secret' })
box.schema.user.grant('worker', 'execute', 'universe')
local space = box.schema.space.create('users')
space:format({ { 'id', 'unsigned' }, { 'name', 'string' }, { 'score', 'double' }, { 'note', 'string', is_nullable = true } })
space:create_index('primary')
space:create_index('name', { parts = { 'name', 'id' } })
space:create_index('by_name', { parts = { 'name' }, unique = false })
function pusher(...) box.session.push({ 1 }) box.session.push('two') return ... end
`;

const users = defineSpace({
  name: 'users',
  fields: { id: 'unsigned', name: 'string', score: 'double', note: { type: 'string', nullable: true } },
  primary: ['id'],
  indexes: { name: ['name', 'id'], by_name: ['name'] },
});

describe.skipIf(program === null)('with a real server', () => {
  let server: TestServer;
  let connection: Connection;
  const opened: Connection[] = [];

  async function open(options: Partial<ConnectOptions> = {}): Promise<Connection> {
    const made = await connect(env, { address: `127.0.0.1:${server.port}`, ...options });
    opened.push(made);
    return made;
  }

  beforeAll(async () => {
    server = await startTarantool({ script: SCRIPT });
    connection = await open();
  });
  afterAll(async () => {
    for (const each of opened) each.close();
    await server.stop();
  });
  afterEach(async () => {
    await connection.call('box.space.users:truncate');
  });

  test('greeting and schema', () => {
    expect(connection.greeting?.instanceUuid).toMatch(/^[0-9a-f-]{36}$/);
    const space = connection.schema.find('users');
    expect(space).toMatchObject({
      engine: 'memtx',
      fields: [{ name: 'id', type: 'unsigned' }, {}, {}, { isNullable: true }],
    });
    expect(space?.indexes.get('name')).toMatchObject({ id: 1, isUnique: true });
  });

  test('authentication', async () => {
    const worker = await open({ user: 'worker', password: 'secret' });
    expect(await worker.eval('return box.session.user()')).toEqual(['worker']);
    const guest = await open({ user: 'guest' });
    expect(await guest.eval('return box.session.user()')).toEqual(['guest']);
    await expect(open({ user: 'worker', password: 'wrong' })).rejects.toMatchObject({
      code: 47,
      message: "Incorrect password supplied for user 'worker'",
    });
    await expect(open({ user: 'nobody' })).rejects.toMatchObject({ code: 45 });
  });

  test('requests by name', async () => {
    expect(await connection.insert('users', [1, 'ann', 1.5])).toEqual([1, 'ann', 1.5]);
    expect(await connection.replace('users', [2, 'bob', 2.5, 'x'])).toEqual([2, 'bob', 2.5, 'x']);
    expect(await connection.get('users', [1])).toEqual([1, 'ann', 1.5]);
    expect(await connection.get('users', [9])).toBeNull();
    expect(await connection.get('users', ['bob', 2], { index: 'name' })).toEqual([2, 'bob', 2.5, 'x']);
    expect(
      await connection.update(
        'users',
        [1],
        [
          ['=', 1, 'amy'],
          ['=', 'note', 'n'],
        ],
      ),
    ).toEqual([1, 'amy', 1.5, 'n']);
    expect(await connection.update('users', [9], [['=', 1, 'amy']])).toBeNull();
    await connection.upsert('users', [1, '-', 0.5], [['=', 1, 'ada']]);
    await connection.upsert('users', [3, 'cid', 0.5], [['=', 1, 'never']]);
    const all = [
      [1, 'ada', 1.5, 'n'],
      [2, 'bob', 2.5, 'x'],
      [3, 'cid', 0.5],
    ];
    expect(await connection.select('users', [])).toEqual(all);
    expect(await connection.select('users', [2], { iterator: 'LE', limit: 1, offset: 1 })).toEqual([all[0]]);
    expect(await connection.delete('users', [1])).toEqual(all[0]);
    expect(await connection.delete('users', [1])).toBeNull();
  });

  test('errors keep their code, type and chain', async () => {
    await connection.insert('users', [1, 'ann', 1.5]);
    await expect(connection.insert('users', [1, 'ann', 1.5])).rejects.toMatchObject({
      code: 3,
      type: 'ClientError',
      message: "Duplicate key exists in unique index 'primary' in space 'users'",
    });
    await connection.insert('users', [2, 'ann', 1.5]);
    await expect(connection.get('users', ['ann'], { index: 'by_name' })).rejects.toMatchObject({ code: 41 });
    const worker = await open({ user: 'worker', password: 'secret', fetchSchema: false });
    const spaceId = connection.schema.spaceId('users');
    await expect(worker.select(spaceId, [])).rejects.toMatchObject({
      code: 42,
      type: 'AccessDeniedError',
      fields: { object_type: 'space', object_name: 'users', access_type: 'Read' },
    });
    const chain = `
      local cause = box.error.new({ code = 5, reason = 'cause' })
      local top = box.error.new({ code = 7, reason = 'top' })
      top:set_prev(cause)
      top:raise()`;
    await expect(connection.eval(chain)).rejects.toMatchObject({
      code: 7,
      message: 'top',
      previous: { code: 5, message: 'cause', previous: null },
    });
    await expect(connection.eval('error("x")')).rejects.toMatchObject({ code: 32, message: 'eval:1: x' });
  });

  test('functions: several results, pushed messages, large values', async () => {
    const pushed: Value[] = [];
    const onPush = (message: Value): unknown => pushed.push(message);
    expect(await connection.call('pusher', [1, null, 'z'], { onPush })).toEqual([1, null, 'z']);
    expect(pushed).toEqual([[1], 'two']);
    expect(await connection.call('pusher')).toEqual([]);
    const large = 'ä'.repeat(1_000_000);
    expect(await connection.eval('return ...', [large])).toEqual([large]);
    expect(await connection.eval('return ...', [2n ** 64n - 1n, -(2n ** 63n)])).toEqual([2n ** 64n - 1n, -(2n ** 63n)]);
  });

  test('answers come in any order', async () => {
    const order: string[] = [];
    await Promise.all([
      connection.eval("while not _G.go do require('fiber').sleep(0.001) end").then(() => order.push('first')),
      connection.eval('_G.go = true').then(() => order.push('second')),
    ]);
    expect(order).toEqual(['second', 'first']);
  });

  test('many requests at once', async () => {
    const rows = Array.from({ length: 5000 }, (_, id) => [id, `n${id}`, 0.5]);
    await Promise.all(rows.map((row) => connection.insert('users', row)));
    expect(await connection.select('users', [])).toEqual(rows);
    const found = await Promise.all(rows.map(([id]) => connection.get('users', [id as number])));
    expect(found).toEqual(rows);
  });

  test('a request that takes too long', async () => {
    const slow = connection.eval("require('fiber').sleep(100)", [], { timeoutMs: 20 });
    await expect(slow).rejects.toMatchObject({ code: 78, message: 'Timeout exceeded' });
    await connection.ping();
  });

  test('SQL', async () => {
    const create = await connection.execute('CREATE TABLE numbers (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT)');
    expect(create).toEqual({ kind: 'changes', rowCount: 1, autoincrementIds: [] });
    expect(await connection.execute("INSERT INTO numbers VALUES (NULL, 'a'), (NULL, ?)", ['b'])).toEqual({
      kind: 'changes',
      rowCount: 2,
      autoincrementIds: [1, 2],
    });
    const statement = await connection.prepare('SELECT id, name FROM numbers WHERE id > :low');
    expect(statement).toMatchObject({
      parameterCount: 1,
      columns: [{ name: 'ID', type: 'integer' }, { name: 'NAME' }],
    });
    expect(await connection.execute(statement, [{ ':low': 1 }])).toMatchObject({ kind: 'rows', rows: [[2, 'b']] });
    await connection.unprepare(statement);
    await expect(connection.execute(statement, [])).rejects.toMatchObject({ code: 211 });
    await connection.execute('DROP TABLE numbers');
    await expect(connection.execute('SELEC')).rejects.toMatchObject({ code: 184 });
  });

  test('a space that was made, renamed and dropped meanwhile is found by its name', async () => {
    await connection.eval("box.schema.space.create('fresh'):create_index('pk')");
    expect(await connection.insert('fresh', [1])).toEqual([1]);
    await connection.eval("box.space.fresh:rename('stale')");
    expect(await connection.select('stale', [])).toEqual([[1]]);
    const other = await open();
    await other.eval("box.space.stale:drop() box.schema.space.create('stale'):create_index('pk')");
    await connection.ping();
    expect(await connection.select('stale', [])).toEqual([]);
    await expect(connection.select('fresh', [])).rejects.toThrow("Space 'fresh' does not exist");
    await connection.eval('box.space.stale:drop()');
  });

  test('typed spaces', async () => {
    const space = connection.space(users);
    const ann = await space.insert({ id: 1, name: 'ann', score: 3 });
    expect(ann).toEqual({ id: 1, name: 'ann', score: 3, note: null });
    await space.replace({ id: 2, name: 'bob', score: 0.5, note: 'n' });
    expect(await space.get(['bob', 2], { index: 'name' })).toMatchObject({ note: 'n' });
    expect(
      await space.update(
        [1],
        [
          ['+', 'score', 1],
          ['=', 'note', 'm'],
        ],
      ),
    ).toMatchObject({ score: 4, note: 'm' });
    await space.upsert({ id: 1, name: '-', score: 0 }, [['=', 'score', 7]]);
    const names = await space.select(['ann'], { index: 'by_name', iterator: 'GE' });
    expect(names.map(({ name, score }) => [name, score])).toEqual([
      ['ann', 7],
      ['bob', 0.5],
    ]);
    expect(await space.asTuples().select([])).toEqual([
      [1, 'ann', 7, 'm'],
      [2, 'bob', 0.5, 'n'],
    ]);
    expect(await space.delete([2])).toMatchObject({ id: 2 });
    expect(await space.get([2])).toBeNull();
  });

  test('2.6 has no streams and no watchers', () => {
    expect(() => connection.stream()).toThrow('Remote server does not support streams');
    expect(() => connection.watch('box.id', () => undefined)).toThrow('Remote server does not support watchers');
  });

  test('raw requests', async () => {
    const body = encodeToBytes(
      new Map<number, Value>([
        [0x27, 'return ...'],
        [0x21, [5]],
      ]),
    );
    const answer = await new Promise<readonly [number, string]>((resolve, reject) => {
      connection.sendRaw(8, body, {
        onResponse: ({ type, bytes, start, end }) =>
          resolve([type, Buffer.from(bytes.slice(start, end)).toString('hex')]),
        onFailure: reject,
      });
    });
    expect(answer).toEqual([0, '8130dd0000000105']);
    expect(connection.inFlight).toBe(0);
  });
});

test.skipIf(program === null)('a server that goes away fails what is in flight', async () => {
  const server = await startTarantool();
  const connection = await connect(env, { address: `127.0.0.1:${server.port}` });
  const reasons: (number | undefined)[] = [];
  connection.onStateChange((_state, error) => reasons.push(error?.code));
  const waiting = expect(connection.eval("require('fiber').sleep(100)")).rejects.toMatchObject({ code: 77 });
  await connection.ping();
  await server.stop();
  await waiting;
  expect([connection.state, reasons]).toEqual(['closed', [77]]);
});
