/**
 * The same programs on `box` here and on a real Tarantool: each file of `box/` is run by both in a directory of its own,
 * and what they print must be the same byte for byte.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const PROGRAMS = join(import.meta.dirname, 'box');
const RUNNER = join(import.meta.dirname, 'run-box-program.ts');
const TIMEOUT_MS = 60_000;
const hasTarantool = spawnSync('tarantool', ['--version']).status === 0;
if (!hasTarantool) console.log('test/lua/box: skipped, there is no tarantool on this machine');

const prelude = readFileSync(join(PROGRAMS, 'prelude.lua'), 'latin1');

/** Both sides see the same lines: the first one configures the real server. */
function run(first: string, last: string, command: string, words: readonly string[], program: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'box-program-'));
  try {
    writeFileSync(join(directory, 'main.lua'), `${first}\n${prelude}\n${program}\n${last}\n`, 'latin1');
    const result = spawnSync(command, [...words, 'main.lua'], {
      cwd: directory,
      encoding: 'latin1',
      timeout: TIMEOUT_MS,
    });
    return `${result.stdout}${result.status === 0 ? '' : `ended with ${result.status}: ${result.stderr}`}`;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe.runIf(hasTarantool)('programs on box print what they print on Tarantool', () => {
  for (const name of readdirSync(PROGRAMS).filter((file) => file.endsWith('.lua') && file !== 'prelude.lua')) {
    it(name, { timeout: 2 * TIMEOUT_MS }, () => {
      const program = readFileSync(join(PROGRAMS, name), 'latin1');
      const expected = run('box.cfg{log_level = 2}', 'os.exit(0)', 'tarantool', [], program);
      const loader = import.meta.resolve('tsx');
      expect(run('-- configured', '', process.execPath, ['--import', loader, RUNNER], program)).toBe(expected);
    });
  }
});
