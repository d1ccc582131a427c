/** Seeds of the consensus workload, ten thousand if no count is given, in one process for each processor, in slices. */
import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { ROOT, typeScript } from '../../scripts/steps.ts';
import type { LongTest } from '../../scripts/test-long.ts';

const SEEDS = 10_000;
/** Enough of them to ask that everything has happened that is to be tested. */
const SEEDS_PER_SLICE = 400;

export const run: LongTest = async ({ from, count: wanted }) => {
  const end = from + (wanted ?? SEEDS);
  const failures: string[] = [];
  let begun = from;
  let done = 0;
  const lane = async (): Promise<void> => {
    while (begun < end && failures.length < 10) {
      const first = begun;
      const size = Math.min(SEEDS_PER_SLICE, end - first);
      begun += size;
      failures.push(...(await slice(first, size)));
      done += size;
      console.log(`${done} of ${end - from} seeds, ${failures.length} failures`);
    }
  };
  await Promise.all(cpus().map(lane));
  return { count: done, next: from + done, failures };
};

function slice(from: number, count: number): Promise<readonly string[]> {
  const words = ['--workload', 'consensus', '--seeds', String(count), '--from', String(from)];
  const child = spawn(process.execPath, typeScript(join('scripts', 'simulate.ts'), ...words), {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      const text = Buffer.concat(output).toString();
      const failed = text.split('\n').filter((line) => line.startsWith('failed: '));
      if (code === 0) return resolve([]);
      console.log(text);
      resolve(failed.length > 0 ? failed : [`seeds from ${from}: the process ended with ${code}`]);
    });
  });
}
