/**
 * `npm run simulate -- [--workload NAME] --seed N [--trace]`: one run of a workload, again exactly as it was.
 * `npm run simulate -- [--workload NAME] --seeds N [--from N] [--minutes M]`: many, each with its own seed, of all
 * workloads in equal shares if none is named. Fails if a run fails, naming its seed, or if over 100 seeds or more of a
 * workload something that it is there to test has never happened.
 */
import { performance } from 'node:perf_hooks';
import { inspect, parseArgs } from 'node:util';
import { runSeeds } from '../sim/seeds.ts';
import { type Workload, WORKLOADS } from '../sim/workloads/index.ts';

const NAMES = WORKLOADS.map(({ name }) => name).join('|');
const USAGE = `usage: npm run simulate -- [--workload ${NAMES}] --seed N [--trace] | --seeds N [--from N] [--minutes M]`;

async function runOne(workload: Workload, seed: number, isTraced: boolean): Promise<number> {
  const startMs = performance.now();
  const onTrace = (atMs: number, what: string): void => console.log(`${atMs.toFixed(4).padStart(12)} ${what}`);
  let result: Awaited<ReturnType<Workload['run']>>;
  try {
    result = await workload.run(seed, isTraced ? { onTrace } : {});
  } catch (error) {
    console.log(inspect(error));
    console.log(`${workload.name}: seed ${seed} failed`);
    return 1;
  }
  console.log(inspect(result.counts));
  const seconds = ((performance.now() - startMs) / 1000).toFixed(2);
  const own = `${result.virtualMs} ms of its own time in ${seconds} s`;
  console.log(`${workload.name}, seed ${seed}: ${own}, digest ${result.digest}`);
  return 0;
}

async function runMany(workload: Workload, from: number, count: number, minutes: number): Promise<number> {
  const startMs = performance.now();
  const result = await runSeeds(workload, from, count, minutes);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(inspect(result.counts));
  for (const failure of result.failures) console.log(`failed: ${failure}`);
  const failures = `${result.failures.length} failures`;
  console.log(`${workload.name}: ${result.count} seeds from ${from} in ${seconds} s, ${failures}`);
  return result.failures.length;
}

function numberOf(text: string | undefined): number | null {
  const value = Number(text);
  return text === undefined || !Number.isFinite(value) || value < 0 ? null : value;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      workload: { type: 'string' },
      seed: { type: 'string' },
      seeds: { type: 'string' },
      from: { type: 'string', default: '0' },
      minutes: { type: 'string' },
      trace: { type: 'boolean', default: false },
    },
  });
  const workloads = WORKLOADS.filter(({ name }) => values.workload === undefined || name === values.workload);
  const [first] = workloads;
  const seed = numberOf(values.seed);
  const count = numberOf(values.seeds);
  const from = numberOf(values.from);
  const isPossible = seed !== null || count !== null || values.minutes !== undefined;
  if (first === undefined || from === null || !isPossible) {
    console.error(USAGE);
    return 2;
  }
  if (seed !== null) return runOne(first, seed, values.trace);
  let failures = 0;
  for (const workload of workloads) {
    const share = Math.ceil((count ?? Infinity) / workloads.length);
    failures += await runMany(workload, from, share, (numberOf(values.minutes) ?? Infinity) / workloads.length);
  }
  return failures === 0 ? 0 : 1;
}

process.exitCode = await main();
