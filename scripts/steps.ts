/** Running the steps of a script: child processes with this Node, their durations, and a table of how they went. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type { VitestSummary } from './vitest-summary.ts';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const CACHE = join(ROOT, 'node_modules', '.cache', 'picodata');

export type Step = Readonly<{
  name: string;
  arguments: readonly string[];
  environment?: Readonly<Record<string, string>>;
}>;
export type StepResult = Readonly<{ name: string; ok: boolean; durationMs: number; output: string }>;

const require = createRequire(import.meta.url);

/** The script file behind a package's command, so that it runs on the Node that runs us. */
export function commandOf(packageName: string, command: string = packageName): string {
  const file = join(ROOT, 'node_modules', packageName, 'package.json');
  const { bin } = JSON.parse(readFileSync(file, 'utf8')) as { bin: string | Record<string, string> };
  const relative = typeof bin === 'string' ? bin : bin[command];
  if (relative === undefined) throw new Error(`package ${packageName} has no command ${command}`);
  return join(dirname(file), relative);
}

/** Arguments that make Node run one of our TypeScript files. */
export function typeScript(file: string, ...rest: readonly string[]): string[] {
  return ['--import', require.resolve('tsx'), join(ROOT, file), ...rest];
}

/** Runs Node with the step's arguments. `show`: the output goes to ours as it comes; else it is kept. */
export function runStep(step: Step, output: 'show' | 'keep'): Promise<StepResult> {
  const startMs = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, step.arguments, {
      cwd: ROOT,
      env: { ...process.env, ...step.environment },
      stdio: output === 'show' ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    });
    let kept = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        kept += text;
      });
    }
    const finish = (ok: boolean, extra = ''): void => {
      resolve({ name: step.name, ok, durationMs: performance.now() - startMs, output: kept + extra });
    };
    child.once('error', (error) => {
      finish(false, `${String(error)}\n`);
    });
    child.once('close', (code, signal) => {
      finish(code === 0, signal === null ? '' : `ended by ${signal}\n`);
    });
  });
}

/** Runs the steps, the first ones first, at most `width` at a time; results in the order of the steps. */
export async function runSteps(steps: readonly Step[], width: number): Promise<StepResult[]> {
  const results: StepResult[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (;;) {
      const index = next++;
      const step = steps[index];
      if (step === undefined) return;
      results[index] = await runStep(step, 'keep');
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}

export function printSteps(results: readonly StepResult[]): void {
  const width = Math.max(...results.map(({ name }) => name.length));
  for (const { name, ok, durationMs } of results) {
    console.log(`${name.padEnd(width)}  ${ok ? 'ok    ' : 'FAILED'}  ${(durationMs / 1000).toFixed(1).padStart(6)} s`);
  }
}

/** ESLint over everything as a step, with a cache of its own for each configuration. */
export function lintStep(name: string, configuration: string): Step {
  const words = ['--max-warnings=0', '--config', configuration, '--cache', '--cache-strategy=content'];
  const cache = join(CACHE, configuration);
  return { name, arguments: [commandOf('eslint'), ...words, `--cache-location=${cache}`, '.'] };
}

/** One vitest run as a step; its counts are read with `readSummary` afterwards. */
export function vitestStep(project: string): Step {
  mkdirSync(CACHE, { recursive: true });
  const file = summaryFile(project);
  rmSync(file, { force: true });
  return {
    name: `vitest ${project}`,
    arguments: [
      commandOf('vitest'),
      'run',
      '--project',
      project,
      '--reporter=default',
      `--reporter=${join(ROOT, 'scripts', 'vitest-summary.ts')}`,
    ],
    environment: { VITEST_SUMMARY_FILE: file },
  };
}

/** Counts of the last run of a project; a run that wrote none counts as one failure. */
export function readSummary(project: string): VitestSummary {
  const file = summaryFile(project);
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: [] };
  return JSON.parse(readFileSync(file, 'utf8')) as VitestSummary;
}

function summaryFile(project: string): string {
  return join(CACHE, `vitest-${project}.json`);
}
