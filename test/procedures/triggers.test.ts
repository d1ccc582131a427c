/** before_replace, on_commit, on_rollback and savepoints; expectations as a real Tarantool 2.6.0 behaves. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BoxError } from '../../src/base/index.ts';
import { decodeValue } from '../../src/codec/msgpack/index.ts';
import { LogReader } from '../../src/engine/wal/index.ts';
import { createWorkerEnv } from '../../src/env/node/index.ts';
import type { LocalChange, LocalSpace, RunningInstance, Tuple } from '../../src/index.ts';
import { connected, DirectoryFixture } from '../support/directory-fixture.ts';
import { openWithTarantool } from '../support/directory-server.ts';
import { findTarantool } from '../support/tarantool-server.ts';

let fixture: DirectoryFixture;
let directory: string;
let instance: RunningInstance;
let space: LocalSpace;

beforeEach(async () => {
  fixture = new DirectoryFixture();
  directory = await fixture.directory();
  instance = await fixture.start({ dataDir: directory });
  instance.api.schema.createSpace('t');
  instance.api.schema.createIndex('t', 'pk', { parts: [[0, 'unsigned']] });
  instance.api.schema.createIndex('t', 'sec', { parts: [[1, 'string']] });
  space = instance.api.space('t');
});
afterEach(() => fixture.close());

const suffixed = (tuple: Tuple | null): Tuple | null => (tuple === null ? null : [tuple[0]!, `${String(tuple[1])}!`]);

function codeOf(action: () => unknown): number {
  try {
    action();
  } catch (error) {
    if (error instanceof BoxError) return error.code;
    throw error;
  }
  return 0;
}

/** Types of the rows that the log has since it had `skip` of them, and what they carry. */
async function loggedSince(skip: number): Promise<[number, unknown][]> {
  await instance.durable();
  const reader = new LogReader(createWorkerEnv(), {
    directory,
    instanceUuid: null,
    vclock: [],
    forceRecovery: false,
    onWarning: () => undefined,
  });
  const rows: [number, unknown][] = [];
  const onRow: Parameters<typeof reader.read>[1] = (row) => {
    const body = row.bodyEnd > row.bodyStart ? decodeValue(row.bytes, row.bodyStart) : null;
    rows.push([row.type, body instanceof Map ? (body.get(0x21) ?? body.get(0x20)) : (body ?? null)]);
  };
  while (reader.read(1 << 20, onRow) === 'more');
  reader.close();
  return rows.slice(skip);
}

describe('before_replace', () => {
  test('the newest is asked first, each with what the others have made of it', () => {
    const calls: string[] = [];
    space.beforeReplace((old, next) => {
      calls.push(`first ${JSON.stringify(old)} ${JSON.stringify(next)}`);
      return next;
    });
    space.beforeReplace((old, next) => {
      calls.push(`second ${JSON.stringify(old)} ${JSON.stringify(next)}`);
      return suffixed(next);
    });
    expect(space.insert([1, 'a'])).toEqual([1, 'a!']);
    expect(space.insert([1, 'b'])).toEqual([1, 'b!']);
    expect(space.update([1], [['=', 1, 'u']])).toEqual([1, 'u!']);
    expect(space.update([9], [['=', 1, 'u']])).toBeNull();
    space.upsert([1, 'x'], [['=', 1, 'v']]);
    space.upsert([5, 'x'], [['=', 1, 'v']]);
    expect(space.delete([1])).toEqual([1, 'v!']);
    expect(space.delete([77])).toBeNull();
    expect(space.select()).toEqual([[5, 'x!']]);
    expect(calls).toEqual([
      'second null [1,"a"]',
      'first null [1,"a!"]',
      'second [1,"a!"] [1,"b"]',
      'first [1,"a!"] [1,"b!"]',
      'second [1,"b!"] [1,"u"]',
      'first [1,"b!"] [1,"u!"]',
      'second [1,"u!"] [1,"v"]',
      'first [1,"u!"] [1,"v!"]',
      'second null [5,"x"]',
      'first null [5,"x!"]',
      'second [1,"v!"] null',
      'first [1,"v!"] null',
    ]);
  });

  test('null deletes what is there', () => {
    space.replace([1, 'base']);
    const off = space.beforeReplace(() => null);
    expect(space.insert([100, 'x'])).toEqual([]);
    expect(space.replace([1, 'y'])).toEqual([1, 'base']);
    expect(space.select()).toEqual([]);
    off();
    space.insert([1, 'base']);
    space.beforeReplace(() => null);
    expect(space.update([1], [['=', 1, 'z']])).toEqual([1, 'base']);
    expect(space.length).toBe(0);
  });

  test('the old tuple keeps everything as it is', () => {
    space.replace([1, 'base']);
    space.beforeReplace((old) => old);
    expect(space.replace([1, 'y'])).toEqual([]);
    expect(space.update([1], [['=', 1, 'z']])).toBeNull();
    expect(space.delete([1])).toBeNull();
    space.upsert([1, 'q'], [['=', 1, 'w']]);
    expect(space.select()).toEqual([[1, 'base']]);
  });

  test('nothing, and the tuple itself, let the change be', () => {
    space.replace([1, 'base']);
    space.beforeReplace(() => undefined);
    space.beforeReplace((_old, next) => next);
    expect(codeOf(() => space.insert([1, 'again']))).toBe(3);
    expect(space.update([1], [['=', 1, 'z']])).toEqual([1, 'z']);
    expect(space.delete([1])).toEqual([1, 'z']);
  });

  test('another key is fine for a new tuple and refused over an old one', () => {
    space.replace([1, 'base']);
    const off = space.beforeReplace((_old, next) => (next === null ? null : [Number(next[0]) + 1, next[1]!]));
    expect(space.insert([100, 'x'])).toEqual([101, 'x']);
    expect(codeOf(() => space.replace([1, 'y']))).toBe(94);
    expect(codeOf(() => space.update([1], [['=', 1, 'z']]))).toBe(94);
    expect(codeOf(() => space.upsert([1, 'q'], [['=', 1, 'w']]))).toBe(94);
    off();
    expect(space.select()).toEqual([
      [1, 'base'],
      [101, 'x'],
    ]);
  });

  test('a result that is no tuple, or does not fit, or a throw undoes the statement', () => {
    const bad = space.beforeReplace((() => 5) as never);
    expect(() => space.insert([1, 'a'])).toThrow(
      'Invalid return value of space:before_replace trigger: expected tuple or nil, got number',
    );
    bad();
    const unfit = space.beforeReplace(() => [1, 5]);
    expect(codeOf(() => space.insert([1, 'a']))).toBe(23);
    unfit();
    instance.api.schema.createSpace('audit');
    instance.api.schema.createIndex('audit', 'pk', { parts: [[0, 'unsigned']] });
    const audit = instance.api.space('audit');
    space.beforeReplace((_old, next) => {
      audit.insert([Number(next![0])]);
      if (next![1] === 'no') throw new Error('no way');
      return next;
    });
    expect(() => space.insert([1, 'no'])).toThrow('no way');
    expect(audit.length).toBe(0);
    instance.api.atomic(() => {
      space.insert([1, 'yes']);
      expect(() => space.insert([2, 'no'])).toThrow('no way');
      expect(codeOf(() => space.insert([3, 'yes']))).toBe(3);
    });
    expect([space.length, audit.select()]).toEqual([1, [[1]]]);
  });

  test('it is asked about the tuple with its generated field, and cancels for clients too', async () => {
    const { api } = instance;
    api.space('_sequence').insert([1, 1, 'sq', 1, 1, 1000, 7, 0, false]);
    api.space('_space_sequence').insert([space.id, 1, false, 0, '']);
    const asked: unknown[] = [];
    space.beforeReplace((old, next) => {
      asked.push(next?.[0]);
      return next?.[1] === 'no' ? old : suffixed(next);
    });
    expect(space.insert([null, 'a'])).toEqual([7, 'a!']);
    await instance.durable();
    await instance.stop();
    instance = await fixture.start({
      dataDir: directory,
      listen: '127.0.0.1:0',
      trust: 'open',
      onReady: (ready) =>
        void ready.space('t').beforeReplace((old, next) => (next?.[1] === 'no' ? old : suffixed(next))),
    });
    const address = instance.information.listen[0]!;
    await connected({ address }, {}, async (connection) => {
      expect(await connection.insert('t', [null, 'b'])).toEqual([8, 'b!']);
      expect(await connection.insert('t', [null, 'no'])).toEqual([]);
      expect(await connection.replace('t', [8, 'no'])).toEqual([]);
      expect(await connection.update('t', [8], [['=', 1, 'c']])).toEqual([8, 'c!']);
      const stream = connection.stream();
      await stream.begin();
      expect(await stream.insert('t', [20, 'd'])).toEqual([20, 'd!']);
      await stream.commit();
    });
    expect(asked).toEqual([7]);
    expect(instance.api.space('t').select()).toEqual([
      [7, 'a!'],
      [8, 'c!'],
      [20, 'd!'],
    ]);
  });

  test('a changed statement is logged as REPLACE, a cancelled one as NOP, a deleting one as DELETE', async () => {
    space.insert([1, 'one']);
    const before = (await loggedSince(0)).length;
    let answer: (old: Tuple | null, next: Tuple | null) => Tuple | null | undefined = () => undefined;
    space.beforeReplace((old, next) => answer(old, next));
    space.update([1], [['=', 1, 'unchanged']]);
    answer = (_old, next) => suffixed(next);
    space.insert([2, 'two']);
    space.update([1], [['=', 1, 'one']]);
    answer = (old) => old;
    space.insert([3, 'three']);
    space.delete([1]);
    answer = () => null;
    space.replace([1, 'gone']);
    expect(await loggedSince(before)).toEqual([
      [4, [['=', 1, 'unchanged']]],
      [3, [2, 'two!']],
      [3, [1, 'one!']],
      [12, null],
      [12, null],
      [5, [1]],
    ]);
    await instance.stop();
    if (findTarantool() !== null) {
      const real = await fixture.open(openWithTarantool, directory);
      expect(await connected(real, {}, (connection) => connection.select('t', []))).toEqual([[2, 'two!']]);
      await real.stop();
    } else console.log('not done: reading the log by a Tarantool, there is none on this machine');
    instance = await fixture.start({ dataDir: directory });
    expect(instance.api.space('t').select()).toEqual([[2, 'two!']]);
  });

  test('set when the schema is made, they see the rows of the snapshot and of the log', async () => {
    space.insert([1, 'in the snapshot']);
    await instance.api.snapshot();
    space.insert([2, 'in the log']);
    await instance.stop();
    const seen: string[] = [];
    instance = await fixture.start({
      dataDir: directory,
      onSchemaInit: (api) => {
        expect(() => api.space('t')).toThrow("Space 't' does not exist");
        const off = api.space('_index').onReplace((_old, next) => {
          if (next === null || next[2] !== 'sec') return;
          off();
          const recovered = api.space(Number(next[0]));
          recovered.onReplace((_gone, tuple) => seen.push(`on ${String(tuple?.[0])}`));
          recovered.beforeReplace((_gone, tuple) => {
            seen.push(`before ${String(tuple?.[0])}`);
            return suffixed(tuple);
          });
        });
      },
    });
    expect(seen).toEqual(['before 1', 'on 1', 'before 2', 'on 2']);
    expect(instance.api.space('t').select()).toEqual([
      [1, 'in the snapshot!'],
      [2, 'in the log!'],
    ]);
  });
});

describe('on_replace', () => {
  test('the newest is called first', () => {
    const calls: string[] = [];
    space.onReplace(() => calls.push('first'));
    space.onReplace(() => calls.push('second'));
    space.insert([1, 'a']);
    expect(calls).toEqual(['second', 'first']);
  });
});

describe('on_commit and on_rollback', () => {
  test('tell the changes of a transaction when it is durable', async () => {
    const ended: [string, readonly LocalChange[]][] = [];
    space.insert([1, 'one']);
    instance.api.atomic((transaction) => {
      transaction.onCommit((changes) => ended.push(['first', changes]));
      transaction.onRollback(() => ended.push(['rollback', []]));
      space.insert([2, 'two']);
      space.delete([1]);
      const savepoint = transaction.savepoint();
      space.insert([3, 'three']);
      transaction.rollbackTo(savepoint);
      space.replace([2, 'deux']);
      transaction.onCommit(() => ended.push(['second', []]));
    });
    expect(ended).toEqual([]);
    await instance.durable();
    const spaceId = space.id;
    expect(ended).toEqual([
      [
        'first',
        [
          { spaceId, oldTuple: null, newTuple: [2, 'two'] },
          { spaceId, oldTuple: [1, 'one'], newTuple: null },
          { spaceId, oldTuple: [2, 'two'], newTuple: [2, 'deux'] },
        ],
      ],
      ['second', []],
    ]);
  });

  test('on_rollback is told what was undone', () => {
    const undone: (readonly LocalChange[])[] = [];
    const fail = (): void =>
      instance.api.atomic((transaction) => {
        transaction.onRollback((changes) => undone.push(changes));
        transaction.onCommit(() => expect.fail('it was not committed'));
        space.insert([1, 'one']);
        throw new Error('not today');
      });
    expect(fail).toThrow('not today');
    expect(undone).toEqual([[{ spaceId: space.id, oldTuple: null, newTuple: [1, 'one'] }]]);
    expect(space.length).toBe(0);
    space.insert([1, 'other']);
    expect(undone.length).toBe(1);
  });

  test('a trigger of a statement can ask for it; one that throws harms nobody', async () => {
    const committed: number[] = [];
    space.onReplace(() => {
      instance.api.transaction.onCommit(() => {
        throw new Error('is logged');
      });
      instance.api.transaction.onCommit((changes) => committed.push(changes.length));
    });
    space.insert([1, 'one']);
    await instance.durable();
    expect(committed).toEqual([1]);
    expect(codeOf(() => instance.api.transaction.onCommit(() => undefined))).toBe(114);
  });
});

describe('savepoints', () => {
  test('what came behind one is undone, and later ones are gone', () => {
    instance.api.atomic((transaction) => {
      space.insert([1, 'one']);
      const first = transaction.savepoint();
      space.insert([2, 'two']);
      const second = transaction.savepoint();
      space.update([1], [['=', 1, 'changed']]);
      transaction.rollbackTo(second);
      expect(space.select()).toEqual([
        [1, 'one'],
        [2, 'two'],
      ]);
      transaction.rollbackTo(first);
      expect(space.select()).toEqual([[1, 'one']]);
      expect(codeOf(() => transaction.rollbackTo(second))).toBe(61);
      space.insert([3, 'three']);
      transaction.rollbackTo(first);
      space.insert([4, 'four']);
    });
    expect(space.select()).toEqual([
      [1, 'one'],
      [4, 'four'],
    ]);
    expect(codeOf(() => instance.api.transaction.savepoint())).toBe(114);
    const stale = instance.api.atomic((transaction) => transaction.savepoint());
    expect(codeOf(() => instance.api.atomic((transaction) => transaction.rollbackTo(stale)))).toBe(61);
  });

  test('undone changes are not logged', async () => {
    const before = (await loggedSince(0)).length;
    instance.api.atomic((transaction) => {
      space.insert([1, 'one']);
      const savepoint = transaction.savepoint();
      space.insert([2, 'two']);
      transaction.rollbackTo(savepoint);
      space.insert([3, 'three']);
    });
    expect(await loggedSince(before)).toEqual([
      [2, [1, 'one']],
      [2, [3, 'three']],
    ]);
  });
});
