/**
 * `npm run simulate -- --seed N [--trace]`: one run of the simulated instance, again exactly as it was.
 * `npm run simulate -- --seeds N [--from N] [--minutes M]`: many, each with its own seed. Fails if a run fails, naming its
 * seed, or if over 200 seeds or more something that the workload is there to test has never happened.
 */
import { performance } from 'node:perf_hooks';
import { inspect, parseArgs } from 'node:util';
import { runSeeds } from '../sim/seeds.ts';
import { runSingleInstance, type RunResult } from '../sim/workloads/single-instance/index.ts';

async function runOne(seed: number, isTraced: boolean): Promise<number> {
  const startMs = performance.now();
  const onTrace = (atMs: number, what: string): void => console.log(`${atMs.toFixed(4).padStart(12)} ${what}`);
  let result: RunResult;
  try {
    result = await runSingleInstance(seed, isTraced ? { onTrace } : {});
  } catch (error) {
    console.log(inspect(error));
    console.log(`seed ${seed} failed`);
    return 1;
  }
  console.log(inspect(result.counts));
  const seconds = ((performance.now() - startMs) / 1000).toFixed(2);
  console.log(`seed ${seed}: ${result.virtualMs} ms of its own time in ${seconds} s, digest ${result.digest}`);
  return 0;
}

function numberOf(text: string | undefined): number | null {
  const value = Number(text);
  return text === undefined || !Number.isFinite(value) || value < 0 ? null : value;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      from: { type: 'string', default: '0' },
      minutes: { type: 'string' },
      trace: { type: 'boolean', default: false },
    },
  });
  const seed = numberOf(values.seed);
  if (seed !== null) return runOne(seed, values.trace);
  const count = numberOf(values.seeds);
  const from = numberOf(values.from);
  if ((count === null && values.minutes === undefined) || from === null) {
    console.error('usage: npm run simulate -- --seed N [--trace] | --seeds N [--from N] [--minutes M]');
    return 2;
  }
  const startMs = performance.now();
  const result = await runSeeds(from, count ?? Infinity, numberOf(values.minutes) ?? Infinity);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(inspect(result.counts));
  for (const failure of result.failures) console.log(`failed: ${failure}`);
  console.log(`${result.count} seeds from ${from} in ${seconds} s, ${result.failures.length} failures`);
  return result.failures.length === 0 ? 0 : 1;
}

process.exitCode = await main();
