/**
 * Test programs of Lua itself, which are not ours to keep: `LUA_TESTS` names a folder of them. A file that a real Tarantool
 * runs to its end must come to its end here, and print the same if Tarantool prints the same twice.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const TIMEOUT_MS = 60_000;
const OUTPUT_MAX = 64 * 1024 * 1024;
const folder = process.env['LUA_TESTS'];
const hasTarantool = spawnSync('tarantool', ['--version']).status === 0;
if (folder === undefined) console.log('test/lua/official: skipped, LUA_TESTS names no folder of test programs');
else if (!hasTarantool) console.log('test/lua/official: skipped, there is no tarantool on this machine');

type Outcome = Readonly<{ isDone: boolean; output: string }>;

function run(directory: string, command: string, words: readonly string[]): Outcome {
  const options = {
    cwd: directory,
    encoding: 'latin1',
    input: '',
    timeout: TIMEOUT_MS,
    maxBuffer: OUTPUT_MAX,
  } as const;
  const result = spawnSync(command, words, options);
  const output = result.stdout.replace(/0x[0-9a-f]+|builtin#\d+/g, 'ADDRESS');
  return { isDone: result.status === 0, output };
}

describe.runIf(folder !== undefined && hasTarantool)("Lua's own test programs", () => {
  const directory = folder ?? '.';
  const files = folder === undefined ? [] : readdirSync(directory).filter((name) => name.endsWith('.lua'));
  for (const name of files) {
    it(name, { timeout: 3 * TIMEOUT_MS }, (context) => {
      if (readFileSync(join(directory, name), 'latin1').includes('debug.sethook')) {
        context.skip('compiled code calls no hooks');
      }
      const expected = run(directory, 'tarantool', [name]);
      if (!expected.isDone) context.skip('Tarantool does not run it to its end');
      const runner = join(import.meta.dirname, 'run-program.ts');
      const actual = run(directory, process.execPath, ['--import', 'tsx', runner, name]);
      expect(actual.isDone).toBe(true);
      const isSteady = run(directory, 'tarantool', [name]).output === expected.output;
      if (isSteady) expect(actual.output).toBe(expected.output);
    });
  }
});
