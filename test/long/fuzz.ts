/** Fuzzing for long: each part runs every target with a seed of its own, some twenty million cases. */
import type { LongTest } from '../../scripts/test-long.ts';
import { fuzzAll, TARGETS } from '../../fuzz/run.ts';

export const run: LongTest = async ({ from }) => {
  const failures: string[] = [];
  let count = 0;
  for (const target of TARGETS) {
    const result = await fuzzAll([target], from, ({ longCases }) => longCases);
    count += result.cases;
    console.log(`${target.name}: ${result.cases} cases, ${result.failures.length} failures`);
    for (const { atCase, error } of result.failures) {
      console.log(error);
      failures.push(`${target.name}, seed ${from}, case ${atCase}: ${String(error)}`);
    }
  }
  return { count, next: from + 1, failures };
};
