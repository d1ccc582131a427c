/**
 * `npm run test:long -- kill|consensus-kill|fuzz|seeds|consensus-seeds [--from N]`: tests that take long, in parts that can be taken up again. Each run
 * of a part is recorded in `docs/measurements.md` with what it ran on, so that a claim can be traced to a commit.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ROOT } from './steps.ts';

/** What a module `test/long/PART.ts` exports as `run`. */
/** `count` is how much of the part is to be run, null for all that is left of it. */
export type LongTest = (options: Readonly<{ from: number; count: number | null }>) => Promise<LongTestResult>;
/** `next` is the number with which the next run goes on. */
export type LongTestResult = Readonly<{ count: number; next: number; failures: readonly string[] }>;

const PARTS: readonly string[] = ['kill', 'consensus-kill', 'fuzz', 'seeds', 'consensus-seeds'];
const RECORD_FILE = 'docs/measurements.md';
const RECORD = join(ROOT, RECORD_FILE);
const RECORD_HEAD = `# Measurements

What \`npm run test:long\` ran. A commit marked \`+\` had changes that were not committed.

| date | part | commit | Node | from | count | failures |
|---|---|---|---|---|---|---|
`;

/** The commit that runs, with a `+` if files have changed since, the table of runs aside. */
function commitName(): string {
  const git = (...words: string[]): string => execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim();
  return (
    git('rev-parse', '--short=12', 'HEAD') +
    (git('status', '--porcelain', '--', '.', `:!${RECORD_FILE}`) === '' ? '' : '+')
  );
}

function record(part: string, from: number, { count, failures }: LongTestResult, commit: string): void {
  if (!existsSync(RECORD)) writeFileSync(RECORD, RECORD_HEAD);
  const date = new Date().toISOString().slice(0, 10);
  appendFileSync(
    RECORD,
    `| ${date} | ${part} | ${commit} | ${process.version} | ${from} | ${count} | ${failures.length} |\n`,
  );
}

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { from: { type: 'string', default: '0' }, count: { type: 'string' } },
  });
  const [part] = positionals;
  const from = Number(values.from);
  const count = values.count === undefined ? null : Number(values.count);
  if (
    part === undefined ||
    positionals.length !== 1 ||
    !PARTS.includes(part) ||
    !Number.isSafeInteger(from) ||
    from < 0 ||
    (count !== null && (!Number.isSafeInteger(count) || count < 1))
  ) {
    console.error(`usage: npm run test:long -- ${PARTS.join('|')} [--from N] [--count N]`);
    return 2;
  }
  const file = join(ROOT, 'test', 'long', `${part}.ts`);
  if (!existsSync(file)) {
    console.error(`test:long: there is no test/long/${part}.ts`);
    return 1;
  }
  const commit = commitName();
  const { run } = (await import(pathToFileURL(file).href)) as { run: LongTest };
  const result = await run({ from, count });
  record(part, from, result, commit);
  for (const failure of result.failures) console.log(`failed: ${failure}`);
  console.log(
    `${part}: ${result.count} from ${from}, ${result.failures.length} failures; go on with --from ${result.next}`,
  );
  return result.failures.length === 0 ? 0 : 1;
}

process.exitCode = await main();
