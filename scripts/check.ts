/**
 * `npm run check`: format, types, rooms, lint without types and unit tests, two at a time, under a minute. Prints what failed and a
 * table of durations.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { CACHE, commandOf, lintStep, printSteps, runSteps, typeScript, vitestStep, type Step } from './steps.ts';

const BUDGET_SECONDS = 60;

const steps: readonly Step[] = [
  vitestStep('unit'),
  lintStep('eslint', 'eslint.quick.config.js'),
  { name: 'tsc', arguments: [commandOf('typescript', 'tsc'), '--project', '.'] },
  {
    name: 'prettier',
    arguments: [
      commandOf('prettier'),
      '--check',
      '--log-level=warn',
      '--cache',
      '--cache-strategy=content',
      `--cache-location=${join(CACHE, 'prettier')}`,
      '.',
    ],
  },
  { name: 'tidy', arguments: typeScript('scripts/tidy.ts') },
];

mkdirSync(CACHE, { recursive: true });
const startMs = performance.now();
const results = await runSteps(steps, 2);
const seconds = (performance.now() - startMs) / 1000;

for (const { name, ok, output } of results) if (!ok) console.log(`--- ${name}\n${output.trimEnd()}\n`);
printSteps(results);
console.log(`check: ${seconds.toFixed(1)} s on Node ${process.version}`);
if (seconds > BUDGET_SECONDS) console.log(`check: over its ${BUDGET_SECONDS} s; see which step grew`);
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
