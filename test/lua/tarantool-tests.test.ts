/**
 * Tarantool's own test scripts, which are not ours to keep: `TARANTOOL_TESTS` names a folder with `app-tap` and `box-tap`
 * (or one with `test/` above them), best of version 2.6.0. Each script that a real Tarantool passes runs here in a folder
 * of its own; it passes if it ends without an error and its checks have the same results. Scripts that do not pass are
 * listed with the reason: a listed one that passes fails the test, as does an unlisted one that does not.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { KNOWN_FAILURES } from './tarantool-tests-known.ts';

const SUITES = ['app-tap', 'box-tap'];
const SUFFIX = '.test.lua';
const TIMEOUT_MS = 30_000;
const OUTPUT_MAX = 64 * 1024 * 1024;
/** The end of what a failed script printed. */
const OUTPUT_SHOWN = 4000;
const given = process.env['TARANTOOL_TESTS'];
const hasTarantool = spawnSync('tarantool', ['--version']).status === 0;
const folder =
  given === undefined
    ? undefined
    : [given, join(given, 'test')].find((each) => SUITES.some((suite) => existsSync(join(each, suite))));
if (given === undefined) console.log('test/lua/tarantool-tests: skipped, TARANTOOL_TESTS names no folder');
else if (folder === undefined) console.log(`test/lua/tarantool-tests: skipped, no ${SUITES.join(', ')} in ${given}`);
else if (!hasTarantool) console.log('test/lua/tarantool-tests: skipped, there is no tarantool on this machine');

type Outcome = Readonly<{ isDone: boolean; verdicts: string; output: string }>;

function run(suite: string, name: string, command: string, words: readonly string[]): Outcome {
  const directory = mkdtempSync(join(tmpdir(), 'tap-'));
  try {
    cpSync(join(folder!, suite), directory, { recursive: true });
    const result = spawnSync(command, [...words, `./${name}${SUFFIX}`], {
      cwd: directory,
      encoding: 'latin1',
      input: '',
      env: { ...process.env, LISTEN: join(directory, 'listen'), ADMIN: join(directory, 'admin'), TEST_NAME: name },
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: OUTPUT_MAX,
    });
    const verdicts = (result.stdout.match(/^ *(?:not )?ok\b/gm) ?? []).map((each) => each.trim()).join(', ');
    return { isDone: result.status === 0, verdicts, output: result.stdout + result.stderr };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe.runIf(folder !== undefined && hasTarantool)("Tarantool's own test scripts", () => {
  let passed = 0;
  let judged = 0;
  afterAll(() => console.log(`test/lua/tarantool-tests: ${passed} pass of the ${judged} that Tarantool passes here`));

  for (const suite of SUITES) {
    const suiteFolder = join(folder ?? '.', suite);
    const files = folder !== undefined && existsSync(suiteFolder) ? readdirSync(suiteFolder) : [];
    for (const file of files.filter((each) => each.endsWith(SUFFIX))) {
      const name = file.slice(0, -SUFFIX.length);
      it(`${suite}/${name}`, { timeout: 3 * TIMEOUT_MS }, (context) => {
        const expected = run(suite, name, 'tarantool', []);
        if (!expected.isDone) context.skip('Tarantool does not pass it here');
        judged++;
        const actual = run(suite, name, join(import.meta.dirname, '../../bin/picodata'), ['tarantool']);
        const isPassed = actual.isDone && actual.verdicts === expected.verdicts;
        if (isPassed) passed++;
        const reason = KNOWN_FAILURES[`${suite}/${name}`];
        if (reason === undefined) expect(isPassed, actual.output.slice(-OUTPUT_SHOWN)).toBe(true);
        else expect(isPassed, `passes, and is listed as failing: ${reason}`).toBe(false);
      });
    }
  }
});
