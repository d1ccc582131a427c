/** Seeds that once failed, as `sim/regressions` keeps them: a line each, the seed and what was wrong. */
import { readFileSync } from 'node:fs';

/** By the name of the workload. */
export function regressionSeeds(workload: string): readonly number[] {
  const lines = readFileSync(new URL(`../../regressions/${workload}.txt`, import.meta.url), 'utf8').split('\n');
  return lines.flatMap((line) => (/^\d/.test(line) ? [Number.parseInt(line, 10)] : []));
}
