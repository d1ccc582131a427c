/** Many runs of the workload, each with its own seed: what happened in all of them, and which failed. */
import { performance } from 'node:perf_hooks';
import { inspect } from 'node:util';
import {
  addCounts,
  emptyCounts,
  missingCounts,
  runSingleInstance,
  type RunCounts,
} from './workloads/single-instance/index.ts';

/** With fewer seeds a count may be zero by chance. */
const SEEDS_FOR_COUNTS = 200;
const FAILURES_MAX = 10;

export type SeedsResult = Readonly<{ count: number; next: number; counts: RunCounts; failures: readonly string[] }>;

/** Runs seeds from `from` on, until `count` are done, the time is up, or many have failed. */
export async function runSeeds(from: number, count: number, minutes = Infinity): Promise<SeedsResult> {
  const endMs = performance.now() + minutes * 60_000;
  const counts = emptyCounts();
  const failures: string[] = [];
  let next = from;
  while (next < from + count && performance.now() < endMs && failures.length < FAILURES_MAX) {
    const seed = next++;
    try {
      const result = await runSingleInstance(seed);
      addCounts(counts, result.counts);
    } catch (error) {
      failures.push(`seed ${seed}: ${firstLine(error)}`);
      console.log(`seed ${seed} failed; once more: npm run simulate -- --seed ${seed}\n${inspect(error)}\n`);
    }
  }
  const done = next - from;
  if (done >= SEEDS_FOR_COUNTS && failures.length === 0) {
    for (const name of missingCounts(counts)) failures.push(`in ${done} seeds from ${from} there were no ${name}`);
  }
  return { count: done, next, counts, failures };
}

function firstLine(error: unknown): string {
  return String(error).split('\n')[0] ?? '';
}
