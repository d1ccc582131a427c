import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPicodata } from '../support/picodata-server.ts';
import { CommandFixture, LAUNCHER } from './command.ts';

let fixture: CommandFixture;
beforeEach(() => {
  fixture = new CommandFixture();
});
afterEach(() => fixture.close());

describe.skipIf(findPicodata() === null)('wrong usage ends with 2 and one line', () => {
  it.each([
    [['run', '--lisen', ':1'], {}, "picodata: unknown flag '--lisen'; did you mean '--listen'?"],
    [['rn'], {}, "picodata: unknown command 'rn'; did you mean 'run'?"],
    [[], {}, "picodata: no command was given; 'picodata --help' lists them"],
    [['run', '--wal-mode=x'], {}, "picodata: --wal-mode: 'x' is none of none, write, fsync"],
    [['run'], { PICODATA_WAL_MODE: 'x' }, "picodata: PICODATA_WAL_MODE: 'x' is none of none, write, fsync"],
    [['run'], { PICODATA_CLUSTER_COOKIE: '' }, 'picodata: PICODATA_CLUSTER_COOKIE: the value is empty'],
    [['run', '--cfg', 'none.yaml'], {}, 'picodata: --cfg: open none.yaml: ENOENT'],
    [['run'], { PICODATA_CFG: 'none.yaml' }, 'picodata: PICODATA_CFG: open none.yaml: ENOENT'],
    [['run', '--cfg', 'bad.yaml'], {}, "picodata: bad.yaml: unknown key 'lisen'; did you mean 'listen'?"],
    [['run', '--cfg', 'bad.toml'], {}, "picodata: bad.toml: key 'wal_mode': 'x' is none of none, write, fsync"],
  ])('%j %j', async (args, env, expected) => {
    writeFileSync(fixture.path('bad.yaml'), 'lisen: ":1"\n');
    writeFileSync(fixture.path('bad.toml'), 'wal_mode = "x"\n');
    const { code, stdout, stderr } = await fixture.start(args, { env }).ended;
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: `${expected}\n` });
  });
});

it.skipIf(findPicodata() === null)('help and version are printed and end with 0', async () => {
  const help = await fixture.start(['run', '--help']).ended;
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toContain('--data-dir DIR');
  const version = await fixture.start(['--version']).ended;
  expect(version).toMatchObject({ code: 0, stderr: '' });
  expect(version.stdout).toMatch(/^picodata \d+\.\d+\.\d+ \(as Tarantool 2\.10\.0, on Node v\d+\.\d+\.\d+\)\n$/);
});

it('a Node that is too old is refused in words', async () => {
  writeFileSync(
    fixture.path('old.cjs'),
    "Object.defineProperty(process, 'versions', { value: { node: '18.20.4' } });" +
      "Object.defineProperty(process, 'version', { value: 'v18.20.4' });",
  );
  const ended = await fixture.start(['-r', './old.cjs', LAUNCHER, 'run'], { program: process.execPath }).ended;
  expect(ended).toMatchObject({ code: 1, stderr: 'picodata: needs Node 20 or later, this is v18.20.4\n' });
});

it('a machine without Node is told so', async () => {
  const ended = await fixture.start(['run'], { env: { PATH: fixture.directory } }).ended;
  expect(ended.code).not.toBe(0);
  expect(ended.stderr).toContain('node');
});
