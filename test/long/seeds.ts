/** Seeds of the simulation, many more than `npm test` runs: of every five of the first workload one of each other. */
import type { LongTest } from '../../scripts/test-long.ts';
import { runSeeds } from '../../sim/seeds.ts';
import { WORKLOADS } from '../../sim/workloads/index.ts';

const SEEDS = 5000;
const FIRST_PER_OTHER = 5;

export const run: LongTest = async ({ from, count: wanted }) => {
  const count = wanted ?? SEEDS;
  const failures: string[] = [];
  for (const [index, workload] of WORKLOADS.entries()) {
    const share = index === 0 ? 1 : FIRST_PER_OTHER;
    const result = await runSeeds(workload, Math.floor(from / share), Math.ceil(count / share));
    console.log(`${workload.name}: ${result.count} seeds`, result.counts);
    failures.push(...result.failures);
  }
  return { count, next: from + count, failures };
};
