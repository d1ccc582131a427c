/** Transactions over streams: BEGIN, COMMIT and ROLLBACK as a Tarantool 2.10 answers them, and what others see. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BoxError, ERROR_TABLE } from '../../src/base/index.ts';
import { connect, type Connection } from '../../src/client/index.ts';
import { LIMITS } from '../../src/config/index.ts';
import { defineProcedure, type RunningInstance } from '../../src/index.ts';
import { DirectoryFixture } from '../support/directory-fixture.ts';
import { createTestEnv } from '../support/node-env.ts';
import {
  errorMessage,
  RawConnection,
  readResponse,
  REQUEST,
  requestPacket,
  type Response,
} from '../support/raw-iproto.ts';

const BEGIN = 14;
const COMMIT = 15;
const ROLLBACK = 16;
const STREAM_ID = 0x0a;
const CONFLICT = ERROR_TABLE.TRANSACTION_CONFLICT.code;
const TIMEOUT = ERROR_TABLE.TRANSACTION_TIMEOUT.code;

const env = createTestEnv();
let fixture: DirectoryFixture;
let instance: RunningInstance;
let directory: string;
let connection: Connection;

async function start(): Promise<void> {
  instance = await fixture.start({
    dataDir: directory,
    listen: '127.0.0.1:0',
    trust: 'open',
    procedures: [defineProcedure('seven', () => 7)],
  });
  connection = await client();
}

beforeEach(async () => {
  fixture = new DirectoryFixture();
  directory = await fixture.directory();
  await start();
  instance.api.schema.createSpace('t');
  instance.api.schema.createIndex('t', 'pk', { parts: [[0, 'unsigned']] });
  await connection.insert('t', [1, 10]);
});
afterEach(() => fixture.close());

async function client(): Promise<Connection> {
  const opened = await connect(env, { address: instance.information.listen[0]! });
  fixture.onClose(() => Promise.resolve(opened.close()));
  return opened;
}

async function codeOf(promise: Promise<unknown>): Promise<number> {
  try {
    await promise;
    return 0;
  } catch (error) {
    if (error instanceof BoxError) return error.code;
    throw error;
  }
}

const all = (): Promise<readonly unknown[]> => connection.select('t', []);

describe('a transaction', () => {
  test('sees its own changes, others see them after COMMIT', async () => {
    const stream = connection.stream();
    await stream.begin();
    expect(await stream.insert('t', [2, 20])).toEqual([2, 20]);
    expect(await stream.update('t', [1], [['+', 1, 1]])).toEqual([1, 11]);
    expect(await stream.select('t', [])).toEqual([
      [1, 11],
      [2, 20],
    ]);
    expect(await all()).toEqual([[1, 10]]);
    expect(await connection.stream().select('t', [2])).toEqual([]);
    await stream.commit();
    expect(await all()).toEqual([
      [1, 11],
      [2, 20],
    ]);
  });

  test('is durable when COMMIT is answered', async () => {
    const stream = connection.stream();
    await stream.begin();
    await stream.insert('t', [2]);
    await stream.delete('t', [1]);
    await stream.commit();
    await instance.stop();
    await start();
    expect(await all()).toEqual([[2]]);
  });

  test('leaves nothing behind after ROLLBACK, and the stream goes on', async () => {
    const stream = connection.stream();
    await stream.begin();
    await stream.replace('t', [1, 'changed']);
    await stream.rollback();
    expect(await all()).toEqual([[1, 10]]);
    await stream.insert('t', [3]);
    expect(await all()).toEqual([[1, 10], [3]]);
  });

  test('goes on after a request that failed', async () => {
    const stream = connection.stream();
    await stream.begin();
    await stream.insert('t', [2]);
    expect(await codeOf(stream.insert('t', [1]))).toBe(ERROR_TABLE.TUPLE_FOUND.code);
    await stream.insert('t', [3]);
    await stream.commit();
    expect(await all()).toEqual([[1, 10], [2], [3]]);
  });

  test('ends with its connection', async () => {
    const other = await client();
    const stream = other.stream();
    await stream.begin();
    await stream.insert('t', [2]);
    other.close();
    expect(await all()).toEqual([[1, 10]]);
    await connection.insert('t', [2]);
  });

  test('one of each stream', async () => {
    const [one, two] = [connection.stream(), connection.stream()];
    await one.begin();
    await two.begin();
    await one.insert('t', [2]);
    await two.insert('t', [3]);
    expect(await two.select('t', [2])).toEqual([]);
    await two.commit();
    await one.commit();
    expect(await all()).toEqual([[1, 10], [2], [3]]);
  });

  test('may be sent at once, in one pipeline', async () => {
    const stream = connection.stream();
    const answers = await Promise.all([
      stream.begin(),
      stream.insert('t', [2]),
      stream.update('t', [2], [['=', 1, 'x']]),
      stream.commit(),
    ]);
    expect(answers.slice(1, 3)).toEqual([[2], [2, 'x']]);
    expect(await all()).toEqual([
      [1, 10],
      [2, 'x'],
    ]);
  });
});

describe('a conflict', () => {
  test('of two that read and write the same: the second COMMIT fails, and takes nothing in', async () => {
    const [one, two] = [connection.stream(), (await client()).stream()];
    for (const stream of [one, two]) {
      await stream.begin();
      expect(await stream.update('t', [1], [['+', 1, 1]])).toEqual([1, 11]);
    }
    await two.insert('t', [2]);
    await one.commit();
    expect(await codeOf(two.commit())).toBe(CONFLICT);
    expect(await all()).toEqual([[1, 11]]);
    await two.begin();
    await two.update('t', [1], [['+', 1, 1]]);
    await two.commit();
    expect(await all()).toEqual([[1, 12]]);
  });

  test('of a read with a later change of another', async () => {
    const stream = connection.stream();
    await stream.begin();
    await stream.select('t', [], { iterator: 'GE' });
    await stream.insert('t', [9]);
    await connection.insert('t', [5]);
    expect(await codeOf(stream.commit())).toBe(CONFLICT);
  });

  test('is none where what was read is the same again', async () => {
    const stream = connection.stream();
    await stream.begin();
    await stream.select('t', [1]);
    await stream.insert('t', [9]);
    await connection.replace('t', [1, 0]);
    await connection.replace('t', [1, 10]);
    await connection.insert('t', [5]);
    await stream.commit();
    expect(await all()).toEqual([[1, 10], [5], [9]]);
  });

  test('of a request that succeeded and can no more dooms the transaction', async () => {
    const stream = connection.stream();
    await stream.begin();
    await stream.insert('t', [2]);
    await connection.insert('t', [2]);
    expect(await codeOf(stream.select('t', []))).toBe(CONFLICT);
    await connection.delete('t', [2]);
    expect(await codeOf(stream.select('t', []))).toBe(CONFLICT);
    expect(await codeOf(stream.commit())).toBe(CONFLICT);
    expect(await all()).toEqual([[1, 10]]);
    await stream.begin();
    await stream.rollback();
  });
});

describe('bounds', () => {
  test('time: what comes too late is error 231 until the end, and has no effect', async () => {
    const stream = connection.stream();
    await stream.begin({ transactionTimeoutSeconds: 0.001 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await codeOf(stream.insert('t', [2]))).toBe(TIMEOUT);
    expect(await codeOf(stream.select('t', []))).toBe(TIMEOUT);
    expect(await codeOf(stream.commit())).toBe(TIMEOUT);
    expect(await all()).toEqual([[1, 10]]);
    await stream.begin({ transactionTimeoutSeconds: 0.001 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await stream.rollback();
    await stream.begin();
    await stream.rollback();
  });

  test('requests: one more is refused, and those before it can be committed', async () => {
    const stream = connection.stream();
    await stream.begin();
    const accepted = LIMITS.interactiveStepsMax;
    const sent = Array.from({ length: accepted }, (_, at) => stream.replace('t', [1, at]));
    await Promise.all(sent);
    expect(await codeOf(stream.replace('t', [2]))).toBe(ERROR_TABLE.UNSUPPORTED.code);
    await stream.commit();
    expect(await all()).toEqual([[1, accepted - 1]]);
  });

  test('bytes', async () => {
    const stream = connection.stream();
    await stream.begin();
    const text = 'x'.repeat(900_000);
    for (const id of [2, 3, 4, 5]) await stream.insert('t', [id, text]);
    expect(await codeOf(stream.insert('t', [6, text]))).toBe(ERROR_TABLE.UNSUPPORTED.code);
    await stream.rollback();
    expect(await all()).toEqual([[1, 10]]);
  });
});

describe('what is no transaction', () => {
  test('COMMIT and ROLLBACK without BEGIN are fine, BEGIN inside one is error 79', async () => {
    const stream = connection.stream();
    await stream.commit();
    await stream.rollback();
    await stream.begin();
    expect(await codeOf(stream.begin())).toBe(ERROR_TABLE.ACTIVE_TRANSACTION.code);
    await stream.insert('t', [2]);
    await stream.commit();
    expect(await all()).toEqual([[1, 10], [2]]);
  });

  test('a stream without one: every request on its own, calls included', async () => {
    const stream = connection.stream();
    await stream.insert('t', [2]);
    expect(await all()).toEqual([[1, 10], [2]]);
    expect(await stream.call('seven')).toEqual([7]);
    await stream.ping();
  });

  test('what is refused outside of one is refused inside, and it goes on', async () => {
    const stream = connection.stream();
    await stream.begin();
    await stream.insert('t', [2]);
    expect(await codeOf(stream.eval('return +'))).toBe(ERROR_TABLE.PROC_LUA.code);
    expect(await stream.eval('return 7')).toEqual([7]);
    expect(await codeOf(stream.call('nothing'))).toBe(ERROR_TABLE.NO_SUCH_PROC.code);
    await stream.ping();
    await stream.commit();
    expect(await all()).toEqual([[1, 10], [2]]);
  });

  test.each([
    ['BEGIN', BEGIN, 0, 230, 'Unable to process BEGIN request out of stream'],
    ['COMMIT', COMMIT, 0, 230, 'Unable to process COMMIT request out of stream'],
    ['ROLLBACK', ROLLBACK, 0, 230, 'Unable to process ROLLBACK request out of stream'],
    ['AUTH', REQUEST.auth, 1, 229, 'Unable to process AUTH request in stream'],
    ['ID', REQUEST.id, 1, 229, 'Unable to process ID request in stream'],
    ['VOTE', REQUEST.vote, 1, 229, 'Unable to process VOTE request in stream'],
  ])('%s where it does not belong', async (_name, type, streamId, code, message) => {
    const address = instance.information.listen[0]!;
    const raw = await RawConnection.open(Number(address.slice(address.lastIndexOf(':') + 1)));
    fixture.onClose(() => Promise.resolve(raw.close()));
    const response = await answer(raw, requestPacket(type, 1, [], streamId === 0 ? [] : [[STREAM_ID, streamId]]));
    expect([response.status, errorMessage(response)]).toEqual([0x8000 + code, message]);
  });
});

async function answer(raw: RawConnection, packet: Uint8Array): Promise<Response> {
  const reply = await raw.exchange(packet);
  if (reply.kind !== 'frame') throw new Error(`expected an answer, got ${reply.kind}`);
  return readResponse(reply.bytes);
}
