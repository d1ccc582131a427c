/** The tour of the README, block by block, against the built program. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unreachable } from '../../src/base/index.ts';
import { packageRoot } from '../../src/env/node/index.ts';
import { findPicodata } from '../support/picodata-server.ts';
import { findTarantool } from '../support/tarantool-server.ts';
import { type Block, blocksOf } from './readme-blocks.ts';
import { hasTerminals, Tour } from './tour.ts';

const BLOCK_TIMEOUT_MS = 120_000;
const blocks = blocksOf(readFileSync(join(packageRoot(), 'README.md'), 'utf8'));
/** The part of the tour whose Lua is typed a second time, into Tarantool's own console. */
const luaPart = blocks.slice(0, blocks.findLastIndex(isTypedLua) + 2);
const hasTarantoolctl = spawnSync('tarantoolctl', ['--help']).error === undefined;

function isTypedLua({ action, language }: Block): boolean {
  return action.kind === 'console' && language === 'lua';
}

/** Why a block cannot run on this machine; null if it can. */
function reasonToLeaveOut({ action, needs }: Block): string | null {
  if (needs === 'tarantool' && findTarantool() === null) return 'there is no program tarantool';
  if (action.kind === 'console' && !hasTerminals) return 'there is no program script of util-linux, for a terminal';
  return null;
}

function title({ line, action, text }: Block): string {
  const name = action.kind === 'file' ? `file ${action.name}` : `${action.kind} ${text.split('\n')[0] ?? ''}`;
  return `line ${line}: ${name}`;
}

/** Runs blocks in order; `type` is the console that is used. */
function tests(given: readonly Block[], open: () => Tour, type: (tour: Tour, text: string) => Promise<string>): void {
  let printed = '';
  let isLastLeftOut = false;
  let failedLine: number | null = null;

  async function execute({ action, text }: Block): Promise<void> {
    const tour = open();
    switch (action.kind) {
      case 'file':
        return tour.writeFile(action.name, text);
      case 'start':
        return tour.start(text);
      case 'run':
        printed = await tour.run(text);
        return;
      case 'console':
        printed = await type(tour, text);
        return;
      case 'prints':
        expect(printed).toContain(text);
        return;
      case 'shown':
        return;
      default:
        unreachable(action);
    }
  }

  test.for(given.map((block) => [title(block), block] as const))(
    '%s',
    { timeout: BLOCK_TIMEOUT_MS },
    async ([name, block], { skip }) => {
      // Each block stands on those before it.
      if (failedLine !== null) throw new Error(`not tried, because the block in line ${failedLine} failed`);
      if (block.action.kind === 'prints' && isLastLeftOut) skip('what would print it was left out');
      const reason = reasonToLeaveOut(block);
      isLastLeftOut = reason !== null;
      if (reason !== null) {
        console.log(`left out of the README's tour, ${name}: ${reason}`);
        skip(reason);
      }
      try {
        await execute(block);
      } catch (error) {
        failedLine = block.line;
        throw error;
      }
    },
  );
}

describe.skipIf(findPicodata() === null)('README.md', () => {
  let tour: Tour;
  beforeAll(async () => {
    tour = await Tour.open();
  });
  afterAll(() => tour.close());

  tests(
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

  tests(
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
