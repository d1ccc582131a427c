/** Procedures inside transactions over streams: they run once, and their statements are the transaction's. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BoxError, ERROR_TABLE } from '../../src/base/index.ts';
import { connect, type Connection, type TransactionStream } from '../../src/client/index.ts';
import { LIMITS } from '../../src/config/index.ts';
import {
  defineProcedure,
  type LocalApi,
  type LocalSavepoint,
  type ProcedureDefinition,
  type RunningInstance,
} from '../../src/index.ts';
import { DirectoryFixture } from '../support/directory-fixture.ts';
import { createTestEnv } from '../support/node-env.ts';

const CONFLICT = ERROR_TABLE.TRANSACTION_CONFLICT.code;
const YIELD = ERROR_TABLE.TRANSACTION_YIELD.code;

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

/** Registers a procedure and gives its name. */
function procedure(body: (api: LocalApi) => unknown): string {
  const name = `procedure_${registered++}`;
  instance.register(defineProcedure(name, body) as ProcedureDefinition);
  return name;
}
let registered = 0;

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

describe('a call', () => {
  test('sees what the transaction did, which sees what it does; others see it after COMMIT', async () => {
    await stream.insert('t', [2, 20]);
    const move = procedure((api) => {
      api.space('t').update([2], [['+', 1, 5]]);
      api.space('t').delete([1]);
      return api.space('t').select();
    });
    expect(await stream.call(move)).toEqual([[[2, 25]]]);
    expect(await stream.select('t', [])).toEqual([[2, 25]]);
    expect(await all()).toEqual([[1, 10]]);
    await stream.commit();
    expect(await all()).toEqual([[2, 25]]);
  });

  test('runs once, whatever it makes up, and its statements are repeated as they were', async () => {
    let runs = 0;
    const random = procedure((api) => {
      runs++;
      return api.space('t').insert([100 + runs, Math.random()]);
    });
    const [tuple] = await stream.call(random);
    await stream.insert('t', [2]);
    expect(await stream.select('t', [101])).toEqual([tuple]);
    await stream.commit();
    expect(runs).toBe(1);
    expect(await all()).toEqual([[1, 10], [2], tuple]);
  });

  test('leaves nothing behind after ROLLBACK', async () => {
    await stream.call(procedure((api) => api.space('t').delete([1])));
    await stream.rollback();
    expect(await all()).toEqual([[1, 10]]);
  });

  test('that throws leaves what it did to the transaction, as in Tarantool', async () => {
    const broken = procedure((api) => {
      api.space('t').insert([2]);
      throw new Error('no');
    });
    expect(await codeOf(stream.call(broken))).toBe(ERROR_TABLE.PROC_LUA.code);
    await stream.commit();
    expect(await all()).toEqual([[1, 10], [2]]);
  });

  test('may catch the errors of its statements, which are repeated, too', async () => {
    const insertTwice = procedure((api) => {
      for (const id of [2, 1, 3]) {
        try {
          api.space('t').insert([id]);
        } catch {
          api.space('t').insert([9]);
        }
      }
    });
    await stream.call(insertTwice);
    await stream.commit();
    expect(await all()).toEqual([[1, 10], [2], [3], [9]]);
  });

  test('has every statement of a space, also through an API that is not its own', async () => {
    const { api } = instance;
    const everything = procedure(() => {
      const space = api.space('t');
      space.replace([2, 1]);
      space.put([2, 2]);
      space.upsert([2, 0], [['+', 1, 1]]);
      space.upsert([3, 0], [['+', 1, 1]]);
      space.autoIncrement(['x']);
      for (const [id] of space.pairs()) space.update([id!], [['!', -1, 'seen']]);
      const { length } = space;
      return [space.get([2]), space.count(), space.len(), length, space.min(), space.max(), space.bsize() > 0];
    });
    const seen = [2, 3, 'seen'];
    const expected = [[seen, 4, 4, 4, [1, 10, 'seen'], [4, 'x', 'seen'], true]];
    expect(await stream.call(everything)).toEqual(expected);
    await stream.select('t', []);
    await stream.commit();
    expect(await all()).toEqual([[1, 10, 'seen'], seen, [3, 0, 'seen'], [4, 'x', 'seen']]);
  });

  test('may return to savepoints, also to those of an earlier call', async () => {
    let first: LocalSavepoint;
    const begin = procedure((api) => {
      api.space('t').insert([2]);
      first = api.transaction.savepoint();
      api.space('t').insert([3]);
      const second = api.transaction.savepoint();
      api.space('t').insert([4]);
      api.transaction.rollbackTo(second);
    });
    const goBack = procedure((api) => api.transaction.rollbackTo(first));
    await stream.call(begin);
    expect(await stream.select('t', [], { limit: 9 })).toEqual([[1, 10], [2], [3]]);
    await stream.call(goBack);
    await stream.commit();
    expect(await all()).toEqual([[1, 10], [2]]);
  });

  test('can neither begin a transaction nor end this one: error 79', async () => {
    const nested = procedure((api) => api.atomic(() => api.space('t').insert([2])));
    expect(await codeOf(stream.call(nested))).toBe(ERROR_TABLE.ACTIVE_TRANSACTION.code);
    await stream.insert('t', [3]);
    await stream.commit();
    expect(await all()).toEqual([[1, 10], [3]]);
  });

  test('of an async procedure is refused before it runs, and the transaction goes on', async () => {
    const waiting = procedure(async (api) => {
      api.space('t').insert([2]);
      await Promise.resolve();
      api.space('t').insert([3]);
    });
    expect(await codeOf(stream.call(waiting))).toBe(YIELD);
    await stream.insert('t', [4]);
    await stream.commit();
    expect(await all()).toEqual([[1, 10], [4]]);
  });

  test('that returns a promise after all ends the transaction', async () => {
    const waiting = procedure((api) => {
      api.space('t').insert([2]);
      return Promise.resolve();
    });
    expect(await codeOf(stream.call(waiting))).toBe(YIELD);
    expect(await codeOf(stream.select('t', []))).toBe(YIELD);
    expect(await codeOf(stream.commit())).toBe(YIELD);
    expect(await all()).toEqual([[1, 10]]);
  });

  test('has the rights of its caller at COMMIT, too', async () => {
    const { schema } = instance.api;
    schema.createUser('ann', { password: 'x' });
    schema.grant('ann', ['read', 'write'], 'space', 't');
    schema.createFunction('add');
    schema.grant('ann', 'execute', 'function', 'add');
    instance.register(defineProcedure('add', (api) => api.space('t').insert([2])));
    const asAnn = await connect(env, { address: instance.information.listen[0]!, user: 'ann', password: 'x' });
    fixture.onClose(() => Promise.resolve(asAnn.close()));
    const hers = asAnn.stream();
    await hers.begin();
    await hers.call('add');
    schema.revoke('ann', 'write', 'space', 't');
    expect(await codeOf(hers.commit())).toBe(CONFLICT);
  });
});

describe('a conflict', () => {
  const READS: readonly (readonly [string, (api: LocalApi) => unknown])[] = [
    ['get', (api) => api.space('t').get([1])],
    ['select', (api) => api.space('t').select()],
    ['select that found nothing', (api) => api.space('t').select([5])],
    ['pairs', (api) => [...api.space('t').pairs()]],
    ['count', (api) => api.space('t').count()],
    ['len', (api) => api.space('t').len()],
    ['length', (api) => api.space('t').length],
    ['bsize', (api) => api.space('t').bsize()],
    ['max', (api) => api.space('t').max()],
    ['random', (api) => [0, 1, 2, 3].map((seed) => api.space('t').random(seed))],
  ];

  test.each(READS)('with what the call read by %s', async (_name, read) => {
    await stream.call(procedure(read));
    await stream.insert('t', [9]);
    await connection.replace('t', [1, 'another']);
    await connection.insert('t', [5]);
    expect(await codeOf(stream.commit())).toBe(CONFLICT);
    expect(await all()).toEqual([[1, 'another'], [5]]);
  });

  test.each(READS)('is none without a change: %s', async (_name, read) => {
    await stream.insert('t', [8]);
    await stream.call(procedure(read));
    await stream.insert('t', [9]);
    await stream.select('t', []);
    expect(await codeOf(stream.commit())).toBe(0);
  });

  test('is none with what the call did not read', async () => {
    const firstOnly = procedure((api) => api.space('t').select([], { limit: 1 }));
    await stream.call(firstOnly);
    await connection.insert('t', [5]);
    await stream.insert('t', [9]);
    await stream.commit();
    expect(await all()).toEqual([[1, 10], [5], [9]]);
  });
});

describe('triggers', () => {
  test('their statements follow from those of the call, and are made once', async () => {
    const { schema } = instance.api;
    schema.createSpace('log');
    schema.createIndex('log', 'pk', { parts: [[0, 'unsigned']] });
    instance.api.space('t').onReplace((_old, next) => {
      instance.api.space('log').insert(next!);
    });
    await stream.call(procedure((api) => api.space('t').insert([2])));
    await stream.insert('t', [3]);
    await stream.commit();
    expect(await connection.select('log', [])).toEqual([[2], [3]]);
  });

  test('on_commit is told once, when the transaction is durable', async () => {
    const told: unknown[] = [];
    const telling = procedure((api) => {
      api.space('t').insert([2]);
      api.transaction.onCommit((changes) => told.push(['commit', changes.map(({ newTuple }) => newTuple)]));
      api.transaction.onRollback(() => told.push(['rollback']));
    });
    await stream.call(telling);
    await stream.insert('t', [3]);
    expect(told).toEqual([]);
    await stream.commit();
    expect(told).toEqual([['commit', [[2], [3]]]]);
  });

  test.each(['ROLLBACK', 'a lost connection', 'a conflict'])('on_rollback is told once, after %s', async (end) => {
    const told: unknown[] = [];
    const telling = procedure((api) => {
      api.space('t').update([1], [['+', 1, 1]]);
      api.transaction.onCommit(() => told.push('commit'));
      api.transaction.onRollback((changes) => told.push(changes.length));
    });
    await stream.call(telling);
    await stream.insert('t', [3]);
    expect(told).toEqual([]);
    if (end === 'ROLLBACK') await stream.rollback();
    else if (end === 'a conflict') {
      await connection.insert('t', [3]);
      expect(await codeOf(stream.commit())).toBe(CONFLICT);
    } else {
      connection.close();
      while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(told).toEqual([end === 'a conflict' ? 1 : 2]);
  });
});

describe('values of sequences', () => {
  beforeEach(() => {
    const { schema } = instance.api;
    schema.createSpace('numbered');
    schema.createIndex('numbered', 'pk', { parts: [[0, 'unsigned']], sequence: true });
    schema.createSequence('s');
  });

  test('that filled a field are the same in every repetition', async () => {
    expect(await stream.insert('numbered', [null, 'a'])).toEqual([1, 'a']);
    expect(await connection.insert('numbered', [null, 'other'])).toEqual([2, 'other']);
    expect(await stream.insert('numbered', [null, 'b'])).toEqual([3, 'b']);
    expect(await stream.call(procedure((api) => api.space('numbered').insert([null, 'c'])))).toEqual([[4, 'c']]);
    await stream.commit();
    expect(await connection.insert('numbered', [null, 'd'])).toEqual([5, 'd']);
    expect(await connection.select('numbered', [])).toHaveLength(5);
  });

  test('that a call took are taken once, and none is given again', async () => {
    const take = procedure((api) => api.sequence('s').next());
    expect(await stream.call(take)).toEqual([1]);
    expect(await connection.call(take)).toEqual([2]);
    expect(await stream.call(take)).toEqual([3]);
    await stream.commit();
    expect(await connection.call(take)).toEqual([4]);
    expect(await connection.call(procedure((api) => api.sequence('s').current()))).toEqual([4]);
  });

  test('that a trigger took are the same in every repetition', async () => {
    const { api } = instance;
    api.space('t').beforeReplace((_old, next) => [...next!, api.sequence('s').next()]);
    expect(await stream.insert('t', [2])).toEqual([2, 1]);
    expect(await connection.insert('t', [3])).toEqual([3, 2]);
    await stream.select('t', [2]);
    await stream.commit();
    expect(await connection.select('t', [2])).toEqual([[2, 1]]);
    expect(await connection.insert('t', [4])).toEqual([4, 3]);
  });
});

describe('bounds', () => {
  test('the statements of calls are counted', async () => {
    const many = procedure((api) => {
      for (let at = 0; at < LIMITS.interactiveStepsMax; at++) api.space('t').replace([1, at]);
    });
    await stream.call(many);
    expect(await codeOf(stream.call(procedure((api) => api.space('t').get([1]))))).toBe(ERROR_TABLE.UNSUPPORTED.code);
    await stream.commit();
    expect(await all()).toEqual([[1, LIMITS.interactiveStepsMax - 1]]);
  });

  test('a connection has so many open transactions at most; one that ends makes room', async () => {
    const streams = Array.from({ length: LIMITS.interactivePerConnectionMax - 1 }, () => connection.stream());
    await Promise.all(streams.map((other) => other.begin()));
    const oneMore = connection.stream();
    const refused = oneMore.begin();
    await expect(refused).rejects.toThrow(
      `A connection does not support more than ${LIMITS.interactivePerConnectionMax} open transactions over streams`,
    );
    await stream.rollback();
    await oneMore.begin();
    await oneMore.insert('t', [2]);
    await oneMore.commit();
    expect(await all()).toEqual([[1, 10], [2]]);
  });
});
