/** The code blocks of a document, one after the other, against the built program. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unreachable } from '../../src/base/index.ts';
import { packageRoot } from '../../src/env/node/index.ts';
import { findTarantool } from '../support/tarantool-server.ts';
import { type Block, blocksOf } from './readme-blocks.ts';
import { hasTerminals, type Tour } from './tour.ts';

export const BLOCK_TIMEOUT_MS = 120_000;

/** Of a document of the repository, by its path. */
export function blocksOfDocument(path: string): readonly Block[] {
  return blocksOf(readFileSync(join(packageRoot(), path), 'utf8'));
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

/** Declares a test for each block, in order; `type` is the console that is used. */
export function testBlocks(
  given: readonly Block[],
  open: () => Tour,
  type: (tour: Tour, text: string) => Promise<string>,
): void {
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
      case 'beside':
        return tour.startBeside(text);
      case 'run':
        printed = await tour.run(text);
        return;
      case 'console':
        printed = await type(tour, text);
        return;
      case 'prints':
        expect(printed).toContain(tour.atPorts(text));
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
        console.log(`left out of a tour, ${name}: ${reason}`);
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
