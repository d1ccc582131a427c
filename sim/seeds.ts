/** Many runs of the workloads, each with its own seed: what happened in all of them, and which failed. */
import { performance } from 'node:perf_hooks';
import { inspect } from 'node:util';
import type { Counts, Workload } from './workloads/index.ts';

/** With fewer seeds a count may be zero by chance. */
const SEEDS_FOR_COUNTS = 200;
const FAILURES_MAX = 10;

export type SeedsResult = Readonly<{ count: number; next: number; counts: Counts; failures: readonly string[] }>;

/** Runs seeds from `from` on, until `count` are done, the time is up, or many have failed. */
export async function runSeeds(
  workload: Workload,
  from: number,
  count: number,
  minutes = Infinity,
): Promise<SeedsResult> {
  const endMs = performance.now() + minutes * 60_000;
  const total: Record<string, number> = { ...workload.emptyCounts() };
  const failures: string[] = [];
  let next = from;
  while (next < from + count && performance.now() < endMs && failures.length < FAILURES_MAX) {
    const seed = next++;
    try {
      const { counts } = await workload.run(seed);
      for (const [name, number] of Object.entries(counts)) total[name] = (total[name] ?? 0) + number;
    } catch (error) {
      failures.push(`${workload.name}, seed ${seed}: ${firstLine(error)}`);
      console.log(`seed ${seed} failed; once more: ${repeatCommand(workload, seed)}\n${inspect(error)}\n`);
    }
  }
  const done = next - from;
  if (done >= SEEDS_FOR_COUNTS && failures.length === 0) {
    for (const name of missingCounts(workload, total)) {
      failures.push(`${workload.name}: in ${done} seeds from ${from} there were no ${name}`);
    }
  }
  return { count: done, next, counts: total, failures };
}

/** How one run is repeated. */
export function repeatCommand({ name }: Workload, seed: number): string {
  return `npm run simulate -- --workload ${name} --seed ${seed}`;
}

/** Names of what never happened and should have. */
function missingCounts({ optionalCounts }: Workload, total: Counts): readonly string[] {
  return Object.keys(total).filter((name) => total[name] === 0 && !optionalCounts.includes(name));
}

function firstLine(error: unknown): string {
  return String(error).split('\n')[0] ?? '';
}
