/** The tour of the README, block by block, against the built program. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPicodata } from '../support/picodata-server.ts';
import { BLOCK_TIMEOUT_MS, blocksOfDocument, testBlocks } from './document-tour.ts';
import { type Block, blocksOf } from './readme-blocks.ts';
import { hasTerminals, Tour } from './tour.ts';

const blocks = blocksOfDocument('README.md');
/** The part of the tour whose Lua is typed a second time, into Tarantool's own console. */
const luaPart = blocks.slice(0, blocks.findLastIndex(isTypedLua) + 2);
const hasTarantoolctl = spawnSync('tarantoolctl', ['--help']).error === undefined;

function isTypedLua({ action, language }: Block): boolean {
  return action.kind === 'console' && language === 'lua';
}

describe.skipIf(findPicodata() === null)('README.md', () => {
  let tour: Tour;
  beforeAll(async () => {
    tour = await Tour.open();
  });
  afterAll(() => tour.close());

  testBlocks(
    blocks,
    () => tour,
    (opened, text) => opened.type(text),
  );

  test('its TypeScript is typed', { timeout: BLOCK_TIMEOUT_MS }, async () => {
    const names = blocks.flatMap(({ action }) =>
      action.kind === 'file' && /\.ts$/.test(action.name) ? action.name : [],
    );
    expect(names).not.toEqual([]);
    await tour.run(`npx tsc --noEmit --strict --target es2022 --module nodenext ${names.join(' ')}`);
  });
});

const isConnectable = hasTarantoolctl && hasTerminals;
if (!isConnectable) {
  console.log(
    "the Lua of the README's tour is not typed into Tarantool's console: there is no tarantoolctl, or no script",
  );
}

describe.skipIf(findPicodata() === null || !isConnectable)("README.md, its Lua in Tarantool's own console", () => {
  let tour: Tour;
  beforeAll(async () => {
    tour = await Tour.open();
  });
  afterAll(() => tour.close());

  test('each step has a form in Lua', () => {
    expect(luaPart.filter(isTypedLua).length).toBeGreaterThanOrEqual(4);
  });

  testBlocks(
    luaPart,
    () => tour,
    (opened, text) => opened.typeConnected(text),
  );
});

test('a code block that nothing says how to run is refused', () => {
  expect(() => blocksOf('text\n\n```sh\nrm -r data\n```\n')).toThrow('line 3');
  expect(() => blocksOf('<!-- tour: perhaps -->\n\n```sh\nls\n```\n')).toThrow('line 3');
  expect(() => blocksOf('<!-- tour: run -->\n\ntext between\n\n```sh\nls\n```\n')).toThrow('line 5');
});
