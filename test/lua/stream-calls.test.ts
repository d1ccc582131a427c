/** Lua inside transactions over streams: functions and texts run once, and their statements are the transaction's. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BoxError, ERROR_TABLE } from '../../src/base/index.ts';
import { connect, type Connection, type TransactionStream } from '../../src/client/index.ts';
import type { RunningInstance } from '../../src/index.ts';
import { DirectoryFixture } from '../support/directory-fixture.ts';
import { createTestEnv } from '../support/node-env.ts';

const env = createTestEnv();
let fixture: DirectoryFixture;
let instance: RunningInstance;
let connection: Connection;
let stream: TransactionStream;

beforeEach(async () => {
  fixture = new DirectoryFixture();
  instance = await fixture.start({
    dataDir: await fixture.directory(),
    listen: '127.0.0.1:0',
    trust: 'open',
    walMode: 'none',
  });
  instance.api.schema.createSpace('t');
  instance.api.schema.createIndex('t', 'pk', { parts: [[0, 'unsigned']] });
  instance.api.space('t').insert([1, 10]);
  connection = await connect(env, { address: instance.information.listen[0]! });
  fixture.onClose(() => Promise.resolve(connection.close()));
  stream = connection.stream();
  await stream.begin();
});
afterEach(() => fixture.close());

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

describe('Lua inside a transaction of a stream', () => {
  test('sees what the transaction did, which sees what it does; others see it after COMMIT', async () => {
    await stream.insert('t', [2, 20]);
    const text = "box.space.t:update({2}, {{'+', 2, 5}}) box.space.t:delete{1} return box.space.t:select(), ...";
    expect(await stream.eval(text, ['x'])).toEqual([[[2, 25]], 'x']);
    expect(await stream.select('t', [])).toEqual([[2, 25]]);
    expect(await all()).toEqual([[1, 10]]);
    await stream.commit();
    expect(await all()).toEqual([[2, 25]]);
  });

  test('runs once, and its statements are repeated as they were', async () => {
    await connection.eval(
      "runs = 0 function roll() runs = runs + 1 box.space.t:replace{5, math.random()} return 'ok' end",
    );
    expect(await stream.call('roll')).toEqual(['ok']);
    const seen = await stream.select('t', [5]);
    await stream.replace('t', [6, 1]);
    await stream.commit();
    expect(await connection.select('t', [5])).toEqual(seen);
    expect(await connection.eval('return runs')).toEqual([1]);
  });

  test('what it has read is part of the transaction', async () => {
    expect(await stream.eval('return box.space.t:get(1)[2]')).toEqual([10]);
    await stream.replace('t', [9, 9]);
    await connection.replace('t', [1, 11]);
    expect(await codeOf(stream.commit())).toBe(ERROR_TABLE.TRANSACTION_CONFLICT.code);
  });

  test('an error ends the function, not the transaction', async () => {
    expect(await codeOf(stream.eval("box.space.t:replace{3, 3} error('no')"))).toBe(ERROR_TABLE.PROC_LUA.code);
    expect(await codeOf(stream.eval('box.begin()'))).toBe(ERROR_TABLE.ACTIVE_TRANSACTION.code);
    expect(await codeOf(stream.eval('box.commit()'))).toBe(ERROR_TABLE.UNSUPPORTED.code);
    expect(await codeOf(stream.eval('box.rollback()'))).toBe(ERROR_TABLE.UNSUPPORTED.code);
    await stream.commit();
    expect(await all()).toEqual([
      [1, 10],
      [3, 3],
    ]);
  });

  test('one that waits ends the transaction, and nothing of what it does stays', async () => {
    const text = "box.space.t:replace{4, 4} require('fiber').sleep(0) box.space.t:replace{5, 5} done = true";
    expect(await codeOf(stream.eval(text))).toBe(ERROR_TABLE.TRANSACTION_YIELD.code);
    expect(await codeOf(stream.commit())).toBe(ERROR_TABLE.TRANSACTION_YIELD.code);
    await expect.poll(() => connection.eval('return done')).toEqual([true]);
    expect(await all()).toEqual([[1, 10]]);
  });

  test('a session without the right to evaluate is refused', async () => {
    await connection.eval("box.schema.user.create('u', {password = 'p'})");
    const other = await connect(env, {
      address: instance.information.listen[0]!,
      user: 'u',
      password: 'p',
    });
    fixture.onClose(() => Promise.resolve(other.close()));
    const theirs = other.stream();
    await theirs.begin();
    expect(await codeOf(theirs.eval('return 1'))).toBe(ERROR_TABLE.ACCESS_DENIED.code);
    expect(await codeOf(theirs.call('roll'))).toBe(ERROR_TABLE.ACCESS_DENIED.code);
  });
});
