/**
 * Programs that are server and client at once, as scripts of the built command and of a real Tarantool: each file of
 * `servers/` is run by both in a directory of its own, and what they print must be the same byte for byte.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const PROGRAMS = join(import.meta.dirname, 'servers');
const PICODATA = join(import.meta.dirname, '../../bin/picodata');
const TIMEOUT_MS = 60_000;
const hasTarantool = spawnSync('tarantool', ['--version']).status === 0;
if (!hasTarantool) console.log('test/lua/servers: skipped, there is no tarantool on this machine');

function run(name: string, command: string, words: readonly string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'server-program-'));
  try {
    copyFileSync(join(PROGRAMS, name), join(directory, name));
    const result = spawnSync(command, [...words, name], {
      cwd: directory,
      encoding: 'latin1',
      input: '',
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    const output = result.stdout.replace(/0x[0-9a-f]+/g, 'ADDRESS');
    return `${output}${result.status === 0 ? '' : `ended with ${result.status}: ${result.stderr}`}`;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe.runIf(hasTarantool)('programs that are a server print what they print on Tarantool', () => {
  for (const name of readdirSync(PROGRAMS).filter((file) => file.endsWith('.lua'))) {
    it(name, { timeout: 2 * TIMEOUT_MS }, () => {
      expect(run(name, PICODATA, ['tarantool'])).toBe(run(name, 'tarantool', []));
    });
  }
});
