/**
 * `npm test`: check, lint with types, build, tests with processes and peers, a fuzz smoke and seeds of the simulator. A failed step does
 * not hide the later ones, but without a build the tests that need it do not run. The last lines say what was left out
 * and `N passed, N failed`: tests, and each step that is not a test run as one.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  lintStep,
  printSteps,
  readSummary,
  ROOT,
  runStep,
  typeScript,
  vitestStep,
  type Step,
  type StepResult,
} from './steps.ts';

const SEED_COUNT = 200;
const PEERS = ['tarantool', 'tarantoolctl'];
const MATERIAL = ['ETCD_RAFT_TESTDATA', 'VSHARD_LUA', 'TARANTOOL_TESTS', 'LUA_TESTS'];

const results: StepResult[] = [];
const leftOut: string[] = [];

async function run(step: Step): Promise<boolean> {
  console.log(`\n=== ${step.name}`);
  const result = await runStep(step, 'show');
  results.push(result);
  return result.ok;
}

async function runIfThere(name: string, file: string, ...rest: readonly string[]): Promise<void> {
  if (existsSync(join(ROOT, file))) await run({ name, arguments: typeScript(file, ...rest) });
  else leftOut.push(`${name}: there is no ${file}`);
}

function isInstalled(command: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', command]).status === 0;
}

await run({ name: 'check', arguments: typeScript('scripts/check.ts') });
await run(lintStep('eslint with types', 'eslint.config.js'));
const projects = ['unit'];
if (await run({ name: 'build', arguments: typeScript('scripts/build.ts') })) {
  await run(vitestStep('processes'));
  projects.push('processes');
} else leftOut.push('vitest processes: the build failed');
await runIfThere('fuzz smoke', 'fuzz/main.ts', '--smoke');
await runIfThere('seeds', 'scripts/simulate.ts', '--seeds', String(SEED_COUNT));

for (const peer of PEERS) if (!isInstalled(peer)) leftOut.push(`tests against ${peer}: it is not installed`);
for (const name of MATERIAL) if (process.env[name] === undefined) leftOut.push(`suites of ${name}: it is not set`);

const steps = results.filter(({ name }) => !name.startsWith('vitest'));
let passed = steps.filter(({ ok }) => ok).length;
let failed = steps.length - passed;
for (const project of projects) {
  const summary = readSummary(project);
  passed += summary.passed;
  failed += summary.failed;
  for (const { test, reason } of summary.skipped) leftOut.push(`${test}: ${reason}`);
}
for (const { name, ok } of results) if (name.startsWith('vitest') && !ok && failed === 0) failed += 1;

console.log('\n=== summary');
printSteps(results);
for (const line of leftOut) console.log(`left out: ${line}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
