/** What spaces, indexes and sequences offer to code inside the instance; expectations as of a real Tarantool 2.6.0. */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BoxError } from '../../src/base/index.ts';
import type { LocalApi, RunningInstance } from '../../src/index.ts';
import { DirectoryFixture } from '../support/directory-fixture.ts';

let fixture: DirectoryFixture;
let directory: string;
let instance: RunningInstance;
let api: LocalApi;

beforeEach(async () => {
  fixture = new DirectoryFixture();
  directory = await fixture.directory();
  instance = await fixture.start({ dataDir: directory });
  ({ api } = instance);
});
afterEach(() => fixture.close());

function codeOf(action: () => unknown): number {
  try {
    action();
  } catch (error) {
    if (error instanceof BoxError) return error.code;
    throw error;
  }
  return 0;
}

describe('spaces and indexes', () => {
  beforeEach(() => {
    api.schema.createSpace('p');
    api.schema.createIndex('p', 'pk', { parts: [[0, 'unsigned']] });
    api.schema.createIndex('p', 'k', {
      parts: [
        [1, 'string'],
        [2, 'unsigned'],
      ],
    });
    api.schema.createIndex('p', 'h', { type: 'hash', parts: [[0, 'unsigned']] });
    api.schema.createIndex('p', 'r', { type: 'rtree', parts: [[3, 'array']] });
    api.schema.createIndex('p', 'b', { type: 'bitset', parts: [[2, 'unsigned']] });
    const space = api.space('p');
    space.put([1, 'a', 1, [1, 1]]);
    space.put([2, 'a', 2, [2, 2]]);
    space.put([3, 'b', 1, [3, 3]]);
  });

  test('first and last tuples, of a key too', () => {
    const k = api.space('p').index('k');
    expect([k.min()?.[0], k.max()?.[0], k.min(['a'])?.[0], k.max(['a'])?.[0], k.max(['z'])]).toEqual([
      1,
      3,
      1,
      2,
      null,
    ]);
    expect(codeOf(() => k.max([5]))).toBe(18);
    expect([api.space('p').min()?.[0], api.space('p').max()?.[0]]).toEqual([1, 3]);
    for (const name of ['h', 'r', 'b']) {
      expect(() => api.space('p').index(name).min()).toThrow(
        `Index '${name}' (${{ h: 'HASH', r: 'RTREE', b: 'BITSET' }[name]!}) of space 'p' (memtx) does not support min()`,
      );
    }
    expect(codeOf(() => api.space('p').index('none'))).toBe(148);
  });

  test('some tuple', () => {
    const space = api.space('p');
    const keys = new Set(Array.from({ length: 50 }, (_, seed) => space.random(seed * 7919)?.[0]));
    expect(keys).toEqual(new Set([1, 2, 3]));
    expect(space.index('h').random(5)).not.toBeNull();
    expect(() => space.index('r').random(1)).toThrow(
      "Index 'r' (RTREE) of space 'p' (memtx) does not support random()",
    );
    expect(codeOf(() => space.index('b').random(1))).toBe(112);
  });

  test('counts and sizes', () => {
    const space = api.space('p');
    expect([space.len(), space.length, space.index('k').len(), space.index('k').count(['a'])]).toEqual([3, 3, 3, 2]);
    expect(space.bsize()).toBe(3 * 8);
    expect(space.index('pk').bsize()).toBeGreaterThan(0);
    expect(
      space
        .index('k')
        .select(['a'], { iterator: 'REQ' })
        .map(([id]) => id),
    ).toEqual([2, 1]);
    expect(space.index('k').get(['b', 1])?.[0]).toBe(3);
    expect(space.index('k').update(['b', 1], [['=', 4, 'x']])).toEqual([3, 'b', 1, [3, 3], 'x']);
    expect(space.index('k').delete(['b', 1])?.[0]).toBe(3);
  });

  test('walks while tuples come and go', () => {
    const space = api.space('p');
    for (let key = 10; key < 5000; key++) space.insert([key, `t${key}`, key, [key, key]]);
    const seen: number[] = [];
    for (const [key] of space.pairs([10], { iterator: 'GE' })) {
      seen.push(Number(key));
      space.delete([key!]);
      if (Number(key) === 20) space.insert([9, 'nine', 9, [9, 9]]);
    }
    expect(seen).toEqual(Array.from({ length: 4990 }, (_, at) => at + 10));
    expect(space.select().map(([key]) => key)).toEqual([1, 2, 3, 9]);
    expect([...space.index('r').pairs()].length).toBe(4);
    expect([...space.index('k').pairs(['a'], { offset: 1 })].map(([key]) => key)).toEqual([2]);
  });

  test('truncate, and keys that count up', async () => {
    const space = api.space('p');
    expect(space.autoIncrement(['c', 3, [0, 0]])[0]).toBe(4);
    let calls = 0;
    space.onReplace(() => calls++);
    space.truncate();
    expect([space.len(), space.index('k').len(), calls]).toEqual([0, 0, 0]);
    expect(space.autoIncrement(['c', 3, [0, 0]])[0]).toBe(1);
    await instance.durable();
    await instance.stop();
    instance = await fixture.start({ dataDir: directory });
    expect(instance.api.space('p').select()).toEqual([[1, 'c', 3, [0, 0]]]);
  });
});

describe('sequences', () => {
  test('next, set, reset and current, and what a restart keeps', async () => {
    api.space('_sequence').insert([1, 1, 'sq', 1, 1, 3, 1, 0, false]);
    const sequence = api.sequence('sq');
    expect(() => sequence.current()).toThrow("Sequence 'sq' is not started");
    expect([sequence.next(), sequence.next()]).toEqual([1, 2]);
    sequence.set(2);
    expect(sequence.next()).toBe(3);
    expect(() => sequence.next()).toThrow("Sequence 'sq' has overflowed");
    sequence.set(99);
    sequence.reset();
    expect([sequence.next(), sequence.current()]).toEqual([1, 1]);
    expect(() =>
      api.atomic(() => {
        sequence.next();
        throw new Error('undone');
      }),
    ).toThrow('undone');
    expect(sequence.current()).toBe(2);
    sequence.set(1);
    await instance.durable();
    await instance.stop();
    instance = await fixture.start({ dataDir: directory });
    expect(instance.api.sequence('sq').next()).toBe(2);
    expect(codeOf(() => instance.api.sequence('none'))).not.toBe(0);
  });

  test('values that no number can hold are bigints', () => {
    const start = 9007199254740993n;
    api.space('_sequence').insert([1, 1, 'big', 1, 1, 9223372036854775807n, start, 0, false]);
    expect(api.sequence('big').next()).toBe(start);
  });
});

describe('a script', () => {
  test('hears of the schema before there is data, and of the end', async () => {
    api.schema.createSpace('rows');
    await instance.stop();
    const script = `${directory}.mjs`;
    writeFileSync(
      script,
      `export const seen = [];
       export function onSchemaInit(api) {
         api.space('_space').onReplace((_old, next) => { if (next !== null && next[2] === 'rows') seen.push('rows'); });
       }
       export function start(api) {
         api.schema.createSpace(\`seen_\${seen.join()}\`);
         api.onShutdown(() => api.schema.createSpace('made_at_the_end'));
       }`,
    );
    instance = await fixture.start({ dataDir: directory, script });
    expect(instance.api.space('seen_rows').name).toBe('seen_rows');
    await instance.stop();
    instance = await fixture.start({ dataDir: directory });
    expect(instance.api.space('made_at_the_end').name).toBe('made_at_the_end');
  });
});

describe('the end of the instance', () => {
  test('is told before it, the newest first, and goes on when one fails', async () => {
    const calls: string[] = [];
    api.onShutdown(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      calls.push(`first, ${api.space('_space').length > 0}`);
    });
    api.onShutdown(() => {
      calls.push('second');
      throw new Error('is logged');
    });
    api.onShutdown(() => void calls.push('never'))();
    await instance.stop();
    expect(calls).toEqual(['second', 'first, true']);
  });
});
