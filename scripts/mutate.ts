/**
 * Mutation testing of a pure room: each change of one operator, condition, number or statement must make a test of the
 * room fail. `tsx scripts/mutate.ts src/raft [--sample N] [--minutes N] [--workers N]`.
 *
 * A mutant is bundled with all tests of the room and run by itself; the tree is not touched. Results are kept beside the
 * other caches, so a run that was stopped goes on where it ended: who was killed stays so until its file changes, who
 * survived is tried again when the tests have changed. Survivors are printed, to be killed by a test or explained.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { SeededRandom } from '../src/base/index.ts';
import { mutationsOf } from './mutations.ts';

const ROOT = resolve(import.meta.dirname, '..');
const HARNESS = join(import.meta.dirname, 'mutate-harness.ts');
/** A test that takes longer than this does not end. */
const TIMEOUT_MS = 20_000;
const SAMPLE_SEED = 1;

type Outcome = 'killed' | 'survived';
type Source = Readonly<{ file: string; text: string }>;
type Mutant = Source & Readonly<{ key: string; place: string; name: string }>;
/** By the mutant's key; `tests` says with which tests it was tried. */
type Results = Record<string, Readonly<{ outcome: Outcome; tests: string }>>;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    minutes: { type: 'string', default: '30' },
    workers: { type: 'string', default: '2' },
  },
});
const room = positionals[0] ?? 'src/raft';
const deadlineMs = Date.now() + Number(values.minutes) * 60_000;

function filesOf(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => /\.(ts|txt)$/.test(name))
    .sort();
}

function isTest(file: string): boolean {
  return /(\.test|-fixture)\.ts$|\.txt$/.test(file);
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

function hash(...texts: readonly string[]): string {
  const digest = createHash('sha256');
  for (const text of texts) digest.update(text).update('\0');
  return digest.digest('hex').slice(0, 16);
}

function mutantsOf(file: string): readonly Mutant[] {
  const source = read(file);
  const sourceHash = hash(source);
  return mutationsOf(file, source).map(({ start, end, line, name, replacement }) => ({
    key: `${file}#${sourceHash}#${start}-${end}#${replacement}`,
    file,
    place: `${file}:${line}`,
    name,
    text: source.slice(0, start) + replacement + source.slice(end),
  }));
}

/** In one order for ever, so that a sample is spread over all files and grows. */
function shuffled(mutants: readonly Mutant[]): readonly Mutant[] {
  const random = new SeededRandom(SAMPLE_SEED);
  return mutants
    .map((mutant) => ({ mutant, place: random.uint32() }))
    .sort((left, right) => left.place - right.place)
    .map(({ mutant }) => mutant);
}

/** All tests of the room in one program, those of properties last: they take the longest. */
async function bundle({ file, text }: Source, path: string): Promise<void> {
  const tests = files.filter((name) => name.endsWith('.test.ts'));
  const inOrder = tests.sort((left, right) => Number(/property/.test(left)) - Number(/property/.test(right)));
  await build({
    stdin: { contents: inOrder.map((name) => `import './${name}';`).join('\n'), resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: path,
    logLevel: 'silent',
    alias: { vitest: HARNESS },
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(join(ROOT, room, 'tests')).href) },
    plugins: [
      {
        name: 'mutant',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path: loaded }) =>
            loaded === join(ROOT, file) ? { contents: text, loader: 'ts' } : undefined,
          ),
      },
    ],
  });
}

async function run(source: Source, path: string): Promise<Outcome> {
  await bundle(source, path);
  return new Promise((done) => {
    const child = spawn(process.execPath, [path], { stdio: 'ignore' });
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    child.on('exit', (code) => {
      clearTimeout(timer);
      done(code === 0 ? 'survived' : 'killed');
    });
  });
}

const files = filesOf(room);
const tests = hash(...files.filter(isTest).map(read));
const cache = join(ROOT, 'node_modules/.cache/mutate', `${room.replaceAll('/', '-')}.json`);
const results: Results = existsSync(cache) ? (JSON.parse(readFileSync(cache, 'utf8')) as Results) : {};
const all = shuffled(files.filter((file) => !isTest(file)).flatMap(mutantsOf));
const chosen = values.sample === undefined ? all : all.slice(0, Number(values.sample));
const queue = chosen.filter(({ key }) => {
  const result = results[key];
  return result === undefined || (result.outcome === 'survived' && result.tests !== tests);
});
console.log(`${all.length} mutants of ${room}, ${chosen.length} chosen, ${queue.length} to run`);
mkdirSync(dirname(cache), { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'mutate-'));

async function work(worker: number): Promise<void> {
  for (let mutant = queue.shift(); mutant !== undefined && Date.now() < deadlineMs; mutant = queue.shift()) {
    const outcome = await run(mutant, join(folder, `${worker}.mjs`));
    results[mutant.key] = { outcome, tests };
    writeFileSync(cache, JSON.stringify(results));
    if (outcome === 'survived') console.log(`survived: ${mutant.place} ${mutant.name}`);
  }
}

try {
  const unchanged = await run({ file: files[0]!, text: read(files[0]!) }, join(folder, 'unchanged.mjs'));
  if (unchanged === 'killed') throw new Error('the tests fail without a mutation');
  await Promise.all(Array.from({ length: Number(values.workers) }, (_, worker) => work(worker)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const tried = chosen.filter(({ key }) => results[key] !== undefined);
const survivors = tried.filter(({ key }) => results[key]?.outcome === 'survived');
console.log(
  `\n${tried.length} of ${chosen.length} tried, ${tried.length - survivors.length} killed, ${survivors.length} survived`,
);
const byPlace = (left: Mutant, right: Mutant): number => left.place.localeCompare(right.place, 'en', { numeric: true });
for (const { place, name } of [...survivors].sort(byPlace)) console.log(`${place} ${name}`);
