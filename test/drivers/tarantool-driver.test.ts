/** The npm package tarantool-driver, as its users use it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPicodata } from '../support/picodata-server.ts';
import { DriverServer, SPACE, USER } from './driver-server.ts';
import { Tarantool } from './tarantool-driver.ts';

const reason = findPicodata() === null ? 'bin/picodata is not built' : null;
if (reason !== null) process.stderr.write(`tarantool-driver is skipped: ${reason}\n`);

const NAME_INDEX = 'name';
const RETRY_MS = 50;

describe.skipIf(reason !== null)('tarantool-driver', () => {
  let server: DriverServer;
  let client: Tarantool;

  beforeAll(async () => {
    server = await DriverServer.open();
    client = connect(USER.password);
    // While the server is away each attempt to reach it is such an event.
    client.on('error', () => undefined);
    await client.connect();
  });

  afterAll(async () => {
    client.disconnect();
    await server.close();
  });

  function connect(password: string): Tarantool {
    return new Tarantool({
      host: '127.0.0.1',
      port: server.port,
      username: USER.name,
      password,
      lazyConnect: true,
      retryStrategy: () => RETRY_MS,
    });
  }

  test('refuses a wrong password', async () => {
    const stranger = connect('wrong');
    const refusal = new Promise((resolve) => stranger.once('error', resolve));
    await expect(stranger.connect()).rejects.toThrow();
    await expect(refusal).resolves.toMatchObject({ message: `Incorrect password supplied for user '${USER.name}'` });
    stranger.disconnect();
  });

  test('pings', async () => {
    await expect(client.ping()).resolves.toBeDefined();
  });

  test('changes data, by names that it looks up in the schema', async () => {
    await expect(client.insert(SPACE.name, [1, 'Riga', 605])).resolves.toEqual([[1, 'Riga', 605]]);
    await expect(client.insert(SPACE.name, [2, 'Oslo', 709])).resolves.toEqual([[2, 'Oslo', 709]]);
    await expect(client.replace(SPACE.name, [3, 'Bonn', null])).resolves.toEqual([[3, 'Bonn', null]]);
    await expect(client.update(SPACE.name, 'primary', [1], [['+', 2, 5]])).resolves.toEqual([[1, 'Riga', 610]]);
    await client.upsert(SPACE.name, [['=', 2, 336]], [3, 'Bonn', 1]);
    await client.upsert(SPACE.name, [['=', 2, 1]], [4, 'Kyiv', 2952]);
    await expect(client.delete(SPACE.name, NAME_INDEX, ['Oslo'])).resolves.toEqual([[2, 'Oslo', 709]]);
  });

  test('selects with iterators, offset and limit', async () => {
    const riga = [1, 'Riga', 610];
    const bonn = [3, 'Bonn', 336];
    const kyiv = [4, 'Kyiv', 2952];
    await expect(client.select(SPACE.name, 'primary', 10, 0, 'eq', [1])).resolves.toEqual([riga]);
    await expect(client.select(SPACE.name, 'primary', 10, 0, 'all', [])).resolves.toEqual([riga, bonn, kyiv]);
    await expect(client.select(SPACE.name, NAME_INDEX, 10, 0, 'lt', ['Riga'])).resolves.toEqual([kyiv, bonn]);
    await expect(client.select(SPACE.name, NAME_INDEX, 1, 1, 'ge', ['Bonn'])).resolves.toEqual([kyiv]);
    await expect(client.select(SPACE.name, 'primary', 10, 0, 'eq', [99])).resolves.toEqual([]);
  });

  test('gets errors with their messages', async () => {
    await expect(client.insert(SPACE.name, [1, 'Rome'])).rejects.toThrow(
      "Duplicate key exists in unique index 'primary' in space 'cities'",
    );
    await expect(client.insert(SPACE.name, [5, 6])).rejects.toThrow(
      'Tuple field 2 type does not match one required by operation: expected string',
    );
    await expect(client.select(9999, 0, 1, 0, 'eq', [1])).rejects.toThrow("Space '9999' does not exist");
    await expect(client.call('nothing')).rejects.toThrow("Procedure 'nothing' is not defined");
  });

  test('calls a procedure', async () => {
    // It sends CALL_16, which wraps each result into an array.
    await expect(client.call('sum', 1, 2, 39)).resolves.toEqual([[42]]);
  });

  test('finds its way back after a restart', async () => {
    const reconnected = new Promise((resolve) => client.once('connect', resolve));
    await server.stop();
    await server.start();
    await reconnected;
    await expect(client.select(SPACE.name, 'primary', 10, 0, 'eq', [1])).resolves.toEqual([[1, 'Riga', 610]]);
    await expect(client.call('sum', 2, 2)).resolves.toEqual([[4]]);
  });
});
