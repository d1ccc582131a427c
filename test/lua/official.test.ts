/**
 * Test programs of Lua itself, which are not ours to keep: `LUA_TESTS` names a folder of them. A file that a real Tarantool
 * runs to its end must come to its end here and print the same.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const TIMEOUT_MS = 60_000;
const folder = process.env['LUA_TESTS'];
const hasTarantool = spawnSync('tarantool', ['--version']).status === 0;
if (folder === undefined) console.log('test/lua/official: skipped, LUA_TESTS names no folder of test programs');
else if (!hasTarantool) console.log('test/lua/official: skipped, there is no tarantool on this machine');

type Outcome = Readonly<{ isDone: boolean; output: string }>;

function run(directory: string, command: string, words: readonly string[]): Outcome {
  const result = spawnSync(command, words, { cwd: directory, encoding: 'latin1', input: '', timeout: TIMEOUT_MS });
  const output = result.stdout.replace(/0x[0-9a-f]+|builtin#\d+/g, 'ADDRESS');
  return { isDone: result.status === 0, output };
}

describe.runIf(folder !== undefined && hasTarantool)("Lua's own test programs", () => {
  const directory = folder ?? '.';
  const files = folder === undefined ? [] : readdirSync(directory).filter((name) => name.endsWith('.lua'));
  for (const name of files) {
    it(name, { timeout: 3 * TIMEOUT_MS }, (context) => {
      const expected = run(directory, 'tarantool', [name]);
      if (!expected.isDone) return context.skip('Tarantool does not run it to its end');
      const runner = join(import.meta.dirname, 'run-program.ts');
      expect(run(directory, process.execPath, ['--import', 'tsx', runner, name])).toEqual(expected);
    });
  }
});
