/** Code of programs inside statements has a limit of time; here one that any code exceeds that waits for the clock. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BoxError, ERROR_TABLE } from '../../src/base/index.ts';
import { defineKeyFunction, type LocalSpace, type RunningInstance } from '../../src/index.ts';
import { DirectoryFixture } from '../support/directory-fixture.ts';

const LIMIT_MS = 1;

let fixture: DirectoryFixture;
let instance: RunningInstance;
let space: LocalSpace;

function dawdle(): void {
  const startMs = performance.now();
  while (performance.now() - startMs <= 2 * LIMIT_MS);
}

beforeEach(async () => {
  fixture = new DirectoryFixture();
  instance = await fixture.start({
    dataDir: await fixture.directory(),
    statementCodeMsMax: LIMIT_MS,
    walMode: 'none',
    keyFunctions: [
      defineKeyFunction('initials', ([, name]) => {
        if (name === 'slow') dawdle();
        return [String(name)[0]!];
      }),
    ],
  });
  instance.api.schema.createSpace('t');
  instance.api.schema.createIndex('t', 'pk', { parts: [[0, 'unsigned']] });
  space = instance.api.space('t');
});
afterEach(() => fixture.close());

function failureOf(action: () => unknown): BoxError {
  try {
    action();
  } catch (error) {
    if (error instanceof BoxError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test.each(['on_replace', 'before_replace'] as const)('%s', (kind) => {
  const slow = (): undefined => dawdle() as undefined;
  if (kind === 'on_replace') space.onReplace(slow);
  else space.beforeReplace(slow);
  const error = failureOf(() => space.insert([1, 'x']));
  expect([error.code, error.previous?.code]).toEqual([ERROR_TABLE.PROC_LUA.code, ERROR_TABLE.TIMEOUT.code]);
  expect(error.message).toMatch(/on space 't' .* limit of 1 ms: (on|before)_replace trigger 'slow' took/);
  expect(error.message).toContain(kind);
  expect(space.select()).toEqual([]);
});

test('a key function, which undoing asks again', () => {
  instance.api.schema.createFunction('initials', {
    body: 'function() return {} end',
    isDeterministic: true,
    isSandboxed: true,
  });
  instance.api.schema.createIndex('t', 'by_initial', { parts: [[0, 'string']], func: 'initials', unique: false });
  expect(failureOf(() => space.insert([1, 'slow'])).message).toContain("key function 'initials' took");
  expect(space.select([], { index: 'by_initial' })).toEqual([]);
});
