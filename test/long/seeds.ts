/** Seeds of the simulated instance, many more than `npm test` runs. */
import type { LongTest } from '../../scripts/test-long.ts';
import { runSeeds } from '../../sim/seeds.ts';

const SEEDS = 5000;

export const run: LongTest = async ({ from, count: wanted }) => {
  const { count, next, counts, failures } = await runSeeds(from, wanted ?? SEEDS);
  console.log(counts);
  return { count, next, failures };
};
