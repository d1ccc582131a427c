/**
 * Fuzzing. `--smoke`: every target for some seconds, and a canary that must be found wrong. Else a part of a long run:
 * `[--target NAME] [--seed N] [--cases N]`. What fails is named with target, seed and case, and happens again with them.
 */
import { performance } from 'node:perf_hooks';
import { inspect, parseArgs } from 'node:util';
import { fuzzAll, isCanaryFound, TARGETS } from './run.ts';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      smoke: { type: 'boolean', default: false },
      target: { type: 'string' },
      seed: { type: 'string', default: '1' },
      cases: { type: 'string' },
    },
  });
  const seed = Number(values.seed);
  const cases = values.cases === undefined ? null : Number(values.cases);
  const targets = TARGETS.filter(({ name }) => values.target === undefined || name === values.target);
  if (!Number.isSafeInteger(seed) || (cases !== null && !(cases > 0)) || targets.length === 0) {
    const names = TARGETS.map(({ name }) => `'${name}'`).join(', ');
    console.error(`usage: fuzz/main.ts --smoke | [--target NAME] [--seed N] [--cases N]; targets: ${names}`);
    return 2;
  }
  const startMs = performance.now();
  const countOf = values.smoke ? 'smokeCases' : 'longCases';
  const { cases: done, failures } = await fuzzAll(targets, seed, (target) => cases ?? target[countOf]);
  for (const { target, atCase, error } of failures) {
    console.log(`${target}, seed ${seed}, case ${atCase}: ${inspect(error)}`);
  }
  const isCanaryAlive = values.smoke && !(await isCanaryFound());
  if (isCanaryAlive) console.log('the canary was not found: the targets see nothing');
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`fuzz: ${done} cases in ${seconds} s, ${failures.length} failures`);
  return failures.length === 0 && !isCanaryAlive ? 0 : 1;
}

process.exitCode = await main();
