/**
 * `npm run build`: three bundles in `dist/` (few files, so that the start reads little) and the declarations in
 * `dist/types/`. Packages stay outside of the bundles.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { commandOf, ROOT, runStep } from './steps.ts';

const ENTRIES: Readonly<Record<string, string>> = {
  cli: 'src/cli/main.ts',
  index: 'src/index.ts',
  worker: 'src/instance/workers/main.ts',
};

async function bundle(): Promise<boolean> {
  const entries = Object.entries(ENTRIES);
  const present = entries.filter(([, file]) => existsSync(join(ROOT, file)));
  for (const [name, file] of entries) {
    if (!existsSync(join(ROOT, file))) console.error(`build: dist/${name}.js is left out: there is no ${file}`);
  }
  await build({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries(present),
    outdir: 'dist',
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    legalComments: 'none',
    logLevel: 'warning',
  });
  return present.length === entries.length;
}

async function declarations(): Promise<boolean> {
  const result = await runStep(
    { name: 'declarations', arguments: [commandOf('typescript', 'tsc'), '--project', 'tsconfig.build.json'] },
    'keep',
  );
  if (!result.ok) console.error(result.output.trimEnd());
  return result.ok;
}

rmSync(join(ROOT, 'dist', 'types'), { recursive: true, force: true });
const done = await Promise.all([bundle(), declarations()]);
process.exitCode = done.every(Boolean) ? 0 : 1;
