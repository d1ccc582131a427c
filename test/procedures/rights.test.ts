/** What procedures may do is what their caller may do. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BoxError, ERROR_TABLE } from '../../src/base/index.ts';
import { defineProcedure, type LocalApi } from '../../src/index.ts';
import { connected, DirectoryFixture } from '../support/directory-fixture.ts';

let fixture: DirectoryFixture;
beforeEach(() => {
  fixture = new DirectoryFixture();
});
afterEach(() => fixture.close());

const ATTEMPTS: Readonly<Record<string, (api: LocalApi) => unknown>> = {
  min: (api) => api.space('rows').min(),
  random: (api) => api.space('rows').random(1),
  len: (api) => api.space('rows').len(),
  bsize: (api) => api.space('rows').index('pk').bsize(),
  pairs: (api) => [...api.space('rows').pairs()],
  put: (api) => api.space('rows').put([1]),
  truncate: (api) => api.space('rows').truncate(),
  next: (api) => api.sequence('sq').next(),
  set: (api) => api.sequence('sq').set(5),
  current: (api) => api.sequence('sq').current(),
  reset: (api) => api.sequence('sq').reset(),
  backup: (api) => api.backup.start(),
  snapshot: (api) => api.snapshot(),
};

const attempt = defineProcedure('attempt', async (api: LocalApi, what: string) => {
  try {
    await ATTEMPTS[what]!(api);
    return 0;
  } catch (error) {
    if (error instanceof BoxError) return error.code;
    throw error;
  }
});

/** `_func` row and the right to call it, so that guest needs no more. */
function letGuestCall(api: LocalApi): void {
  const now = '2020-01-01 00:00:00';
  const rest = ['none', 'none', false, false, true, ['LUA'], {}, '', now, now];
  api.space('_func').insert([100, 1, 'attempt', 0, 'LUA', '', 'function', [], 'any', ...rest]);
  api.space('_priv').insert([1, 0, 'function', 100, 4]);
}

test.each([
  ['stored', ERROR_TABLE.ACCESS_DENIED.code],
  ['open', 0],
] as const)('with trust %s guest gets %i', async (trust, expected) => {
  const instance = await fixture.start({
    dataDir: await fixture.directory(),
    listen: '127.0.0.1:0',
    trust,
    procedures: [attempt],
    onReady: (api) => {
      api.schema.createSpace('rows');
      api.schema.createIndex('rows', 'pk', { parts: [[0, 'unsigned']] });
      api.space('_sequence').insert([1, 1, 'sq', 1, 1, 1000, 1, 0, false]);
      letGuestCall(api);
    },
  });
  instance.api.sequence('sq').next();
  const outcomes: Record<string, unknown> = {};
  await connected({ address: instance.information.listen[0]! }, {}, async (connection) => {
    for (const what of Object.keys(ATTEMPTS)) {
      outcomes[what] = (await connection.call('attempt', [what]))[0];
    }
  });
  for (const [what, outcome] of Object.entries(outcomes)) expect.soft(outcome, what).toBe(expected);
});
