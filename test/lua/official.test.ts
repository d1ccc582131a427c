/**
 * Test programs of Lua itself, which are not ours to keep: `LUA_TESTS` names a folder of them (of Lua 5.1, best as LuaJIT
 * keeps them). Each file must end here as it does on a real Tarantool, well or with an error, and print the same if
 * Tarantool prints the same twice; what is left out of the files, for both sides, is in official-exceptions.ts.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALLED, LEFT_OUT, OMISSIONS } from './official-exceptions.ts';

const TIMEOUT_MS = 60_000;
const OUTPUT_MAX = 64 * 1024 * 1024;
/** Folders that the programs write into. */
const FOLDERS = ['libs/P1'];
/** Addresses, times, and what depends on the order in which an algorithm compares. */
const UNSTEADY = /0x[0-9a-f]+|builtin#\d+|\d+\.\d+ sec|\d+ comparisons|\d\d:\d\d:\d\d/g;
const folder = process.env['LUA_TESTS'];
const hasTarantool = spawnSync('tarantool', ['--version']).status === 0;
if (folder === undefined) console.log('test/lua/official: skipped, LUA_TESTS names no folder of test programs');
else if (!hasTarantool) console.log('test/lua/official: skipped, there is no tarantool on this machine');

/** `code` is null if the time was over. */
type Outcome = Readonly<{ code: number | null; output: string }>;

function run(directory: string, command: string, words: readonly string[]): Outcome {
  const result = spawnSync(command, words, {
    cwd: directory,
    encoding: 'latin1',
    input: '',
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_MAX,
  });
  const output = result.stdout.replace(UNSTEADY, '?');
  return { code: result.status, output: result.status === 0 ? output : output + result.stderr };
}

/** The program without what is left out of it, on the same lines. */
function withoutOmissions(name: string, text: string): string {
  const lines = text.split('\n');
  for (const { from, to } of OMISSIONS.filter(({ file }) => file === name)) {
    const first = lines.findIndex((line) => from.test(line));
    const last = first < 0 ? -1 : lines.findIndex((line, at) => at >= first && to.test(line));
    if (last >= 0) lines.fill('', first, last + 1);
  }
  return lines.join('\n');
}

describe.runIf(folder !== undefined && hasTarantool)("Lua's own test programs", () => {
  const directory = mkdtempSync(join(tmpdir(), 'lua-tests-'));
  const files = folder === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith('.lua'));

  beforeAll(() => {
    cpSync(folder!, directory, { recursive: true });
    for (const each of FOLDERS) mkdirSync(join(directory, each), { recursive: true });
    for (const name of files) {
      const path = join(directory, name);
      writeFileSync(path, withoutOmissions(name, readFileSync(path, 'latin1')), 'latin1');
      const caller = CALLED[name];
      if (caller !== undefined) writeFileSync(join(directory, `call-${name}`), `${caller}\n`, 'latin1');
    }
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  for (const name of files) {
    it(name, { timeout: 3 * TIMEOUT_MS }, (context) => {
      const reason = LEFT_OUT[name];
      if (reason !== undefined) context.skip(reason);
      const program = CALLED[name] === undefined ? name : `call-${name}`;
      const expected = run(directory, 'tarantool', [program]);
      expect(expected.code, `Tarantool's own run: ${expected.output}`).not.toBeNull();
      const actual = run(directory, join(import.meta.dirname, '../../bin/picodata'), ['tarantool', program]);
      expect(actual.code, actual.output).toBe(expected.code);
      const isSteady = run(directory, 'tarantool', [program]).output === expected.output;
      if (isSteady) expect(actual.output).toBe(expected.output);
    });
  }
});
