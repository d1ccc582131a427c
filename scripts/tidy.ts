/**
 * Checks what neither the compiler nor the linter knows: the rooms and their directions (`scripts/rooms.ts`), purity,
 * effects outside of `src/env/node`, sizes, cycles, header comments and forbidden words. Prints one line a finding and
 * exits with 1 if there is one.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SIZE_EXCEPTIONS } from './tidy-exceptions.ts';
import {
  cycleFindings,
  effectFindings,
  headerFindings,
  importFindings,
  sizeFindings,
  wordFindings,
  type Finding,
} from './tidy-rules.ts';
import { parseSource } from './tidy-source.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const WORD_PLACES = ['.ci', 'bench', 'bin', 'docs', 'examples', 'fuzz', 'plugins', 'scripts', 'sim', 'src', 'test'];
const TEXT_FILE = /(?:^|\/)[^.]+$|\.(?:c?js|mjs|ts|md|lua|json|jsonl|ya?ml|toml|sh|sql|txt)$/;
const MAX_WORD_FILE_BYTES = 1 << 20;

function walk(path: string): string[] {
  const absolute = join(ROOT, path);
  if (!existsSync(absolute)) return [];
  if (statSync(absolute).isFile()) return [path.split(sep).join('/')];
  return readdirSync(absolute)
    .filter((name) => name !== 'node_modules' && name !== 'dist')
    .sort()
    .flatMap((name) => walk(join(path, name)));
}

/** The checkout and what lies beside it, where such paths can mean this machine and nothing else. */
function machinePaths(): string[] {
  const parent = dirname(ROOT);
  if (parent === dirname(parent) || parent === tmpdir() || /^\/(?:etc|opt|usr|var)\b/.test(parent)) return [];
  return readdirSync(parent).map((name) => join(parent, name));
}

function main(): void {
  const packageJson = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  const dependencies = new Set(Object.keys(packageJson.dependencies ?? {}));
  const files = walk('src')
    .filter((path) => path.endsWith('.ts'))
    .map((path) => parseSource(path, readFileSync(join(ROOT, path), 'utf8')));
  const machine = machinePaths();
  const rootFiles = readdirSync(ROOT).filter(
    (name) => /\.(?:md|js|ts|json)$/.test(name) && name !== 'package-lock.json',
  );
  const words = [...rootFiles, ...WORD_PLACES.flatMap(walk)]
    .filter((path) => TEXT_FILE.test(path) && statSync(join(ROOT, path)).size <= MAX_WORD_FILE_BYTES)
    .flatMap((path) => wordFindings(path, readFileSync(join(ROOT, path), 'utf8'), machine));
  const findings: Finding[] = [
    ...importFindings(files, dependencies),
    ...effectFindings(files),
    ...sizeFindings(files, SIZE_EXCEPTIONS),
    ...headerFindings(files),
    ...cycleFindings(files),
    ...words,
  ];
  for (const { file, line, text } of findings) console.log(`${file}:${line} ${text}`);
  console.log(`tidy: ${files.length} files under src, ${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}

main();
