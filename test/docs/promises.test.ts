/** Rows of the ledger in COMPAT.md that no other suite stands behind, tried on a whole instance. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BoxError, connect, type RunningInstance, startInstance } from '../../src/index.ts';
import { temporaryDirectory } from '../support/child-server.ts';

const MEMTX_MEMORY_BYTES = 32 * 1024 * 1024;
const PAYLOAD = 'x'.repeat(10_000);

let instance: RunningInstance;
let remove: () => Promise<void>;

beforeEach(async () => {
  const directory = await temporaryDirectory('promises');
  remove = directory.remove;
  instance = await startInstance({
    dataDir: directory.path,
    listen: 'localhost:0',
    trust: 'open',
    walMode: 'none',
    memtxMemoryBytes: MEMTX_MEMORY_BYTES,
  });
  const { schema } = instance.api;
  schema.createSpace('rows', { format: [{ name: 'id', type: 'unsigned' }] });
  schema.createIndex('rows', 'primary', { parts: ['id'] });
});

afterEach(async () => {
  await instance.stop();
  await remove();
});

function codeOf(action: () => unknown): number | null {
  try {
    action();
    return null;
  } catch (error) {
    if (error instanceof BoxError) return error.code;
    throw error;
  }
}

test('a full quota refuses what needs memory, and nothing else', async () => {
  const { api } = instance;
  const rows = api.space('rows');
  let count = 0;
  let code: number | null = null;
  for (; code === null; count++) {
    code = codeOf(() => rows.insert([count, PAYLOAD]));
    if (count % 100 === 0) await instance.durable();
  }
  const stored = count - 1;
  expect(code).toBe(2);
  expect(stored * PAYLOAD.length).toBeGreaterThan(MEMTX_MEMORY_BYTES / 2);
  await instance.durable();
  expect(rows.length).toBe(stored);
  expect(rows.get(0)).toEqual([0, PAYLOAD]);
  for (let key = 0; key < 100; key++) expect(rows.delete(key)?.[0]).toBe(key);
  await instance.durable();
  api.schema.createSpace('later', { format: [{ name: 'id', type: 'unsigned' }] });
  expect(codeOf(() => rows.insert([0, PAYLOAD]))).toBeNull();
});

describe('onReplace', () => {
  test('sees every change, inside its transaction', () => {
    const rows = instance.api.space('rows');
    const seen: unknown[] = [];
    const remove = rows.onReplace((old, next) => seen.push([old, next]));
    rows.insert([1, 'a']);
    rows.update(1, [['=', 1, 'b']]);
    rows.upsert([1, 'z'], [['=', 1, 'c']]);
    rows.delete(1);
    remove();
    rows.insert([2]);
    expect(seen).toEqual([
      [null, [1, 'a']],
      [
        [1, 'a'],
        [1, 'b'],
      ],
      [
        [1, 'b'],
        [1, 'c'],
      ],
      [[1, 'c'], null],
    ]);
  });

  test('undoes the statement by a throw, with what it wrote itself', () => {
    const { schema } = instance.api;
    schema.createSpace('audit');
    schema.createIndex('audit', 'primary', { parts: [[0, 'unsigned']] });
    const rows = instance.api.space('rows');
    const audit = instance.api.space('audit');
    rows.onReplace((_old, next) => {
      audit.insert([Number(next?.[0])]);
      if (next?.[1] === 'bad') throw new Error('not this one');
    });
    rows.insert([1, 'good']);
    expect(() => rows.insert([2, 'bad'])).toThrow('not this one');
    expect([rows.select(), audit.select()]).toEqual([[[1, 'good']], [[1]]]);
  });
});

test('what comes later is refused by name', async () => {
  const connection = await connect(instance.information.listen[0] ?? '');
  const unsupported = (what: string): object => ({ code: 5, message: `This version does not support ${what}` });
  expect(await connection.eval('return 1, ...', [2])).toEqual([1, 2]);
  await expect(connection.execute('SELECT 1')).rejects.toMatchObject(unsupported('SQL'));
  await expect(connection.prepare('SELECT 1')).rejects.toMatchObject(unsupported('SQL'));
  connection.close();
});
