/**
 * The same Lua programs here and on a real Tarantool: each file of `programs/` is run by both, and what they print must be
 * the same byte for byte.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const PROGRAMS = join(import.meta.dirname, 'programs');
const TIMEOUT_MS = 30_000;
const PEER_TRIES_MAX = 5;
const hasTarantool = spawnSync('tarantool', ['--version']).status === 0;
if (!hasTarantool) console.log('test/lua/programs: skipped, there is no tarantool on this machine');

/** Programs run in their folder, so that both see the same names in messages. */
function run(command: string, words: readonly string[]): string {
  const result = spawnSync(command, words, { cwd: PROGRAMS, encoding: 'latin1', timeout: TIMEOUT_MS });
  return `${result.stdout}${result.status === 0 ? '' : `ended with ${result.status}: ${result.stderr}`}`;
}

/** 2.6.0 itself crashes now and then (seen with programs of `buffer`): then it is asked again. */
function runPeer(name: string): string {
  let output = '';
  for (let tries = 0; tries < PEER_TRIES_MAX; tries++) {
    output = run('tarantool', [name]);
    if (!output.includes('Segmentation fault')) break;
  }
  return output;
}

describe.runIf(hasTarantool)('Lua programs print what they print on Tarantool', () => {
  for (const name of readdirSync(PROGRAMS).filter((file) => file.endsWith('.lua'))) {
    it(name, { timeout: 2 * TIMEOUT_MS }, () => {
      const expected = runPeer(name);
      const runner = join(import.meta.dirname, 'run-program.ts');
      expect(run(process.execPath, ['--import', 'tsx', runner, name])).toBe(expected);
    });
  }
});
