/**
 * Functional indexes, made by rows of the system spaces or by a real Tarantool: with a key function in TypeScript they
 * serve as there, without one their rows are kept and everything else of the directory works.
 */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BoxError } from '../../src/base/index.ts';
import type { Connection, Tuple } from '../../src/client/index.ts';
import { defineKeyFunction, type KeyFunctionDefinition } from '../../src/index.ts';
import { connected, DirectoryFixture } from '../support/directory-fixture.ts';
import { openWithPicodata, openWithTarantool } from '../support/directory-server.ts';
import { findPicodata } from '../support/picodata-server.ts';
import { findTarantool } from '../support/tarantool-server.ts';

const ADMIN = { user: 'admin', password: 'rule' } as const;
const SPACE = { space: 280, index: 288, func: 296, functionIndex: 372 } as const;

const LENGTH_BODY = 'function(t) return {#t[2], t[2]} end';
const WORDS_BODY = "function(t) local r = {} for w in t[2]:gmatch('%a+') do r[#r + 1] = {w} end return r end";

const KEY_FUNCTIONS: readonly KeyFunctionDefinition[] = [
  defineKeyFunction('length', ([, text]) => [String(text).length, text ?? null]),
  defineKeyFunction('words', ([, text]) => [...String(text).matchAll(/[a-zA-Z]+/g)].map(([word]) => [word])),
];

const SCRIPT = `
box.schema.user.passwd('admin', 'rule')
box.schema.func.create('length', { body = "${LENGTH_BODY}", is_deterministic = true, is_sandboxed = true })
box.schema.func.create('words', { body = [[${WORDS_BODY}]], is_deterministic = true, is_sandboxed = true,
  opts = { is_multikey = true } })
local s = box.schema.space.create('texts')
s:create_index('pk')
s:create_index('length', { func = 'length', parts = { { 1, 'unsigned' }, { 2, 'string' } } })
s:create_index('words', { func = 'words', unique = false, parts = { { 1, 'string' } } })
s:insert{1, 'one two'} s:insert{2, 'three'} s:insert{3, 'one'}
`;

const SCRIPT_MODULE = `
const keyFunction = (name, body) => ({ kind: 'picodata.keyFunction', name, body });
export const length = keyFunction('length', ([, text]) => [text.length, text]);
export const words = keyFunction('words', ([, text]) => [...text.matchAll(/[a-zA-Z]+/g)].map(([word]) => [word]));
`;

let fixture: DirectoryFixture;
let directory: string;
beforeEach(async () => {
  fixture = new DirectoryFixture();
  directory = await fixture.directory();
});
afterEach(() => fixture.close());

async function failure(promise: Promise<unknown>): Promise<[number, string]> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof BoxError) return [error.code, error.message];
    throw error;
  }
  throw new Error('nothing was thrown');
}

const ids = (tuples: readonly Tuple[]): unknown[] => tuples.map(([id]) => id);

function functionRow(id: number, name: string, body: string, options: Readonly<Record<string, boolean>>): Tuple {
  return [
    id,
    1,
    name,
    0,
    'LUA',
    body,
    'function',
    [],
    'any',
    'none',
    'none',
    true,
    true,
    true,
    ['LUA'],
    options,
    '',
    '',
    '',
  ];
}

/** The rows that the script's statements make. */
async function createByRows(connection: Connection): Promise<void> {
  await connection.insert(SPACE.func, functionRow(100, 'length', LENGTH_BODY, {}));
  await connection.insert(SPACE.func, functionRow(101, 'words', WORDS_BODY, { is_multikey: true }));
  await connection.insert(SPACE.space, [512, 1, 'texts', 'memtx', 0, {}, []]);
  await connection.insert(SPACE.index, [512, 0, 'pk', 'tree', { unique: true }, [[0, 'unsigned']]]);
  for (const [id, text] of [
    [1, 'one two'],
    [2, 'three'],
    [3, 'one'],
  ] as const) {
    await connection.insert(512, [id, text]);
  }
  const lengthParts = [
    [0, 'unsigned'],
    [1, 'string'],
  ];
  await connection.insert(SPACE.index, [512, 1, 'length', 'tree', { unique: true, func: 100 }, lengthParts]);
  await connection.insert(SPACE.functionIndex, [512, 1, 100]);
  await connection.insert(SPACE.index, [512, 2, 'words', 'tree', { unique: false, func: 101 }, [[0, 'string']]]);
  await connection.insert(SPACE.functionIndex, [512, 2, 101]);
}

/** What the indexes show, for the content that both ways of making them leave. */
async function checkService(connection: Connection): Promise<void> {
  const select = (index: string, key: Tuple): Promise<readonly Tuple[]> => connection.select('texts', key, { index });
  expect(ids(await select('length', []))).toEqual([3, 2, 1]);
  expect(ids(await select('length', [5]))).toEqual([2]);
  expect(ids(await select('words', ['one']))).toEqual([1, 3]);
  expect(ids(await select('words', []))).toEqual([1, 3, 2, 1]);
  await connection.insert('texts', [4, 'two two']);
  expect(ids(await select('words', ['two']))).toEqual([1, 4]);
  const taken = "Duplicate key exists in unique index 'length' in space 'texts'";
  expect(await failure(connection.insert('texts', [5, 'three']))).toEqual([3, taken]);
  expect(await failure(connection.update('texts', [4], [['=', 1, 'one']]))).toEqual([3, taken]);
  expect(ids(await select('words', ['two']))).toEqual([1, 4]);
  await connection.update('texts', [4], [['=', 1, 'four']]);
  expect(ids(await select('words', ['two']))).toEqual([1]);
  expect(await connection.delete('texts', [4, 'four'], { index: 'length' })).toEqual([4, 'four']);
  expect(ids(await select('words', []))).toEqual([1, 3, 2, 1]);
}

async function startHere(keyFunctions: readonly KeyFunctionDefinition[]): Promise<Readonly<{ address: string }>> {
  const instance = await fixture.start({ dataDir: directory, listen: '127.0.0.1:0', trust: 'open', keyFunctions });
  return { address: instance.information.listen[0]! };
}

describe('made by rows', () => {
  test('they serve, also after a restart from the log and from a snapshot', async () => {
    for (const round of ['rows', 'log', 'snapshot']) {
      const instance = await fixture.start({
        dataDir: directory,
        listen: '127.0.0.1:0',
        trust: 'open',
        keyFunctions: KEY_FUNCTIONS,
      });
      await connected({ address: instance.information.listen[0]! }, {}, async (connection) => {
        if (round === 'rows') await createByRows(connection);
        await checkService(connection);
      });
      if (round === 'log') await instance.api.snapshot();
      await instance.stop();
    }
  });

  test('without the function in TypeScript the body in Lua serves them, and the other way round', async () => {
    const stopOf = async (
      keyFunctions: readonly KeyFunctionDefinition[],
      use: (connection: Connection) => Promise<void>,
    ) => {
      const instance = await fixture.start({ dataDir: directory, listen: '127.0.0.1:0', trust: 'open', keyFunctions });
      await connected({ address: instance.information.listen[0]! }, {}, use);
      await instance.stop();
    };
    await stopOf(KEY_FUNCTIONS, createByRows);
    await stopOf([], checkService);
    await stopOf(KEY_FUNCTIONS, checkService);
  });

  test('functions and parts are checked', async () => {
    const server = await startHere(KEY_FUNCTIONS);
    await connected(server, {}, async (connection) => {
      await createByRows(connection);
      const index = (functionId: number, part: number): Promise<unknown> =>
        connection.insert(SPACE.index, [512, 3, 'more', 'tree', { func: functionId }, [[part, 'unsigned']]]);
      const loose = functionRow(102, 'loose', LENGTH_BODY, {}).map((value, at) => (at === 11 ? false : value));
      await connection.insert(SPACE.func, loose);
      expect(await failure(index(102, 0))).toEqual([
        108,
        "Wrong index options (field 0): referenced function doesn't satisfy functional index function constraints",
      ]);
      expect(await failure(index(100, 1))).toEqual([
        200,
        'Wrong functional index definition: key part numbers must be sequential and first part number must be 1',
      ]);
      expect(await failure(index(100, 0))).toEqual([
        199,
        "Key format doesn't match one defined in functional index 'more' of space 'texts': " +
          'Invalid key part count in an exact match (expected 1, got 2)',
      ]);
    });
  });
});

describe.skipIf(findTarantool() === null || findPicodata() === null)('a directory shared with Tarantool', () => {
  test.each(['snapshot', 'log'])('made there, in the %s', async (place) => {
    const tarantool = await fixture.open(openWithTarantool, directory);
    await connected(tarantool, {}, async (connection) => {
      await connection.eval(SCRIPT);
      if (place === 'snapshot') await connection.eval('box.snapshot()');
    });
    await tarantool.stop();

    const without = await fixture.open(openWithPicodata, directory);
    await connected(without, ADMIN, checkService);
    await without.stop();

    const script = `${directory}.mjs`;
    writeFileSync(script, SCRIPT_MODULE);
    const served = await fixture.open(openWithPicodata, directory, ['--script', script]);
    await connected(served, ADMIN, checkService);
    await connected(served, ADMIN, (connection) => connection.insert('texts', [7, 'written here']));
    await served.stop();

    const again = await fixture.open(openWithTarantool, directory);
    await connected(again, ADMIN, async (connection) => {
      expect(ids(await connection.select('texts', ['here'], { index: 'words' }))).toEqual([7]);
      await connection.delete('texts', [7]);
      await checkService(connection);
    });
  });

  test('made here', async () => {
    const instance = await fixture.start({
      dataDir: directory,
      listen: '127.0.0.1:0',
      trust: 'open',
      keyFunctions: KEY_FUNCTIONS,
    });
    await connected({ address: instance.information.listen[0]! }, {}, createByRows);
    await instance.stop();
    const tarantool = await fixture.open(openWithTarantool, directory);
    await connected(tarantool, {}, checkService);
  });
});
