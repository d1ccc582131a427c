/** Functions whose row of `_func` has the set-uid flag run with the rights of their owner, and nothing else does. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BoxError } from '../../src/base/index.ts';
import { connect, type Connection } from '../../src/client/index.ts';
import { defineProcedure, type LocalApi, type RunningInstance } from '../../src/index.ts';
import { DirectoryFixture } from '../support/directory-fixture.ts';
import { createTestEnv } from '../support/node-env.ts';
import { storedPassword } from '../support/raw-iproto.ts';

const ACCESS_DENIED = 42;
const ALICE = 32;

let fixture: DirectoryFixture;
let instance: RunningInstance;
let alice: Connection;
/** Lets procedures that wait go on. */
let release: () => void;

const read = (api: LocalApi): unknown => [api.user, api.space('secret').select()];

async function readLater(api: LocalApi): Promise<unknown> {
  const before = read(api);
  await new Promise<void>((resolve) => (release = resolve));
  return [before, read(api)];
}

beforeEach(async () => {
  fixture = new DirectoryFixture();
  instance = await fixture.start({
    dataDir: await fixture.directory(),
    listen: '127.0.0.1:0',
    procedures: [
      defineProcedure('as_owner', read),
      defineProcedure('as_caller', read),
      defineProcedure('later', readLater),
      defineProcedure('failing', () => {
        throw new Error('failed');
      }),
    ],
  });
  const { api } = instance;
  api.schema.createSpace('secret');
  api.schema.createIndex('secret', 'pk', { parts: [[0, 'unsigned']] });
  api.space('secret').insert([1]);
  api.space('_user').insert([ALICE, 1, 'alice', 'user', { 'chap-sha1': storedPassword('a') }]);
  api.space('_priv').insert([1, ALICE, 'universe', 0, 24]);
  api.space('_priv').insert([1, ALICE, 'role', 2, 4]);
  for (const [id, name, setuid] of [
    [100, 'as_owner', 1],
    [101, 'as_caller', 0],
    [102, 'later', 1],
    [103, 'failing', 1],
  ] as const) {
    const rest = ['function', [], 'any', 'none', 'none', false, false, true, ['LUA'], {}, '', '', ''];
    api.space('_func').insert([id, 1, name, setuid, 'LUA', '', ...rest]);
    api.space('_priv').insert([1, ALICE, 'function', id, 4]);
  }
  const address = instance.information.listen[0]!;
  alice = await connect(createTestEnv(), { address, user: 'alice', password: 'a' });
  fixture.onClose(() => Promise.resolve(alice.close()));
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

test('the body has the owner rights, the caller has them back behind it', async () => {
  expect(await alice.call('as_owner')).toEqual([['admin', [[1]]]]);
  expect(await codeOf(alice.call('as_caller'))).toBe(ACCESS_DENIED);
  expect(await codeOf(alice.select(instance.api.space('secret').id, []))).toBe(ACCESS_DENIED);
});

test('also behind a body that fails', async () => {
  expect(await codeOf(alice.call('failing'))).not.toBe(0);
  expect(await codeOf(alice.call('as_caller'))).toBe(ACCESS_DENIED);
});

test('a body that waits keeps them, and what the session does meanwhile does not have them', async () => {
  const pending = alice.call('later');
  expect(await codeOf(alice.call('as_caller'))).toBe(ACCESS_DENIED);
  expect(await codeOf(alice.select(instance.api.space('secret').id, []))).toBe(ACCESS_DENIED);
  release();
  const rows = ['admin', [[1]]];
  expect(await pending).toEqual([[rows, rows]]);
  expect(await codeOf(alice.call('as_caller'))).toBe(ACCESS_DENIED);
});

test('who lacks the right to the function cannot run it', async () => {
  instance.api.space('_priv').delete([ALICE, 'function', 100]);
  expect(await codeOf(alice.call('as_owner'))).toBe(ACCESS_DENIED);
});
