/**
 * Lua beside Tarantool's interpreter: the lines of bench/lua/interpreter.lua, both sides in turn, medians of processor
 * seconds. `tsx bench/micro/lua.ts [--pairs N] [--node PATH]` after a build.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from '../statistics.ts';

const PROGRAM = join(import.meta.dirname, '..', 'lua', 'interpreter.lua');
const PICODATA = join(import.meta.dirname, '..', '..', 'bin', 'picodata');
const TIMEOUT_MS = 120_000;
/** How many times as fast as the peer each line must be. */
const GOALS: Readonly<Record<string, number>> = { additions: 1.0, replaces: 0.7, gets: 0.5 };

type Seconds = ReadonlyMap<string, number>;

function run(command: string, words: readonly string[], path: string): Seconds {
  const cwd = mkdtempSync(join(tmpdir(), 'bench-lua-'));
  try {
    const environment = { ...process.env, PATH: path };
    const { stdout, stderr, status } = spawnSync(command, [...words, PROGRAM], {
      cwd,
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
      env: environment,
    });
    if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
    return new Map([...stdout.matchAll(/^(\w+) ([\d.]+)$/gm)].map(([, name = '', seconds]) => [name, Number(seconds)]));
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '5' }, node: { type: 'string', default: process.execPath } },
});
const ourPath = `${dirname(values.node)}:${process.env['PATH'] ?? ''}`;
const peer: Seconds[] = [];
const ours: Seconds[] = [];
for (let pair = 0; pair < Number(values.pairs); pair++) {
  peer.push(run('tarantool', [], process.env['PATH'] ?? ''));
  ours.push(run(PICODATA, ['tarantool'], ourPath));
}
console.log('| line | Tarantool, JIT off, s | picodata, s | times as fast | goal |\n|---|---|---|---|---|');
for (const [name, goal] of Object.entries(GOALS)) {
  const of = (runs: readonly Seconds[]): number => median(runs.map((seconds) => seconds.get(name) ?? NaN));
  const [theirs, own] = [of(peer), of(ours)];
  console.log(`| ${name} | ${theirs.toFixed(3)} | ${own.toFixed(3)} | ${(theirs / own).toFixed(2)} | >= ${goal} |`);
}
