/** `picodata tarantool` in the background: its pid file, its log, its answers, and its end. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/index.ts';
import { findPicodata } from '../support/picodata-server.ts';
import { CommandFixture } from './command.ts';

const TRIES_MAX = 600;
const PAUSE_MS = 50;

let fixture: CommandFixture;
const processIds: number[] = [];
beforeEach(() => {
  fixture = new CommandFixture();
});
afterEach(async () => {
  for (const processId of processIds.splice(0)) if (isAlive(processId)) process.kill(processId, 'SIGKILL');
  await fixture.close();
});

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}

function textOf(name: string): string {
  return existsSync(fixture.path(name)) ? readFileSync(fixture.path(name), 'utf8') : '';
}

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    if (tries === TRIES_MAX) throw new Error(`it never came true; the log: ${textOf('work/app.log')}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

function writeScript(options: string, rest = ''): void {
  mkdirSync(fixture.path('work'));
  writeFileSync(fixture.path('app.lua'), `box.cfg{work_dir = 'work', ${options}}\n${rest}`);
}

async function started(): Promise<number> {
  const { code, stdout, stderr } = await fixture.start(['tarantool', 'app.lua']).ended;
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
  await until(() => textOf('work/app.pid').endsWith('\n'));
  const processId = Number(textOf('work/app.pid'));
  processIds.push(processId);
  return processId;
}

describe.skipIf(findPicodata() === null)('box.cfg{background = true}', () => {
  it('leaves the terminal, writes pid file and log, answers, and ends on SIGTERM', async () => {
    writeScript(
      "background = true, pid_file = 'app.pid', log = 'app.log', listen = 'unix/:./app.sock'",
      "box.schema.user.grant('guest', 'super')\nprint('printed')\nrequire('log').info('logged')",
    );
    const processId = await started();
    expect(processId).not.toBe(process.pid);
    await until(() => /logged/.test(textOf('work/app.log')));
    expect(textOf('work/app.log')).toMatch(/^printed$/m);
    expect(textOf('work/app.log')).toMatch(new RegExp(`\\[${processId}\\] \\S+ I> logged`));
    const connection = await connect(`unix/:${fixture.path('work/app.sock')}`);
    expect(await connection.eval('return 6 * 7', [])).toEqual([42]);
    expect(await connection.eval("return os.getenv('PICODATA_IN_BACKGROUND')", [])).toEqual([null]);
    connection.close();
    process.kill(processId, 'SIGTERM');
    await until(() => !isAlive(processId));
    expect(existsSync(fixture.path('work/app.pid'))).toBe(false);
    expect(existsSync(fixture.path('work/app.sock'))).toBe(false);
    expect(textOf('work/app.log')).toMatch(/stopping: SIGTERM[^]*stopped/);
  });

  it('opens its log anew on SIGHUP, and ends with os.exit', async () => {
    writeScript(
      "background = true, pid_file = 'app.pid', log = 'file:app.log', log_format = 'json'",
      `require('fiber').create(function()
         while not require('fio').path.exists('go') do require('fiber').sleep(0.01) end
         require('log').info('goes')
         os.exit(0)
       end)`,
    );
    const processId = await started();
    await until(() => textOf('work/app.log').includes('{"level"'));
    renameSync(fixture.path('work/app.log'), fixture.path('work/old.log'));
    process.kill(processId, 'SIGHUP');
    await until(() => existsSync(fixture.path('work/app.log')));
    writeFileSync(fixture.path('work/go'), '');
    await until(() => !isAlive(processId));
    expect(textOf('work/app.log')).toContain('"message":"goes"');
    expect(textOf('work/old.log')).not.toContain('goes');
    expect(existsSync(fixture.path('work/app.pid'))).toBe(false);
  });

  it.each([
    ['background = true', "'background' requires 'log' configuration option to be set"],
    ["background = true, log = 'app.log'", "'background' requires 'pid_file' configuration option to be set"],
    ["background = true, log = 'none/app.log', pid_file = 'app.pid'", 'open work/none/app.log: ENOENT'],
    ["log = 'none/app.log'", 'work/none/app.log: ENOENT'],
    ["pid_file = 'none/app.pid'", 'none/app.pid: ENOENT'],
    ["log = 'syslog:identity=x'", "Incorrect value for option 'log': only files are supported here"],
  ])('{%s} ends with 1 and a line that says why', async (options, expected) => {
    writeScript(options);
    const { code, stderr } = await fixture.start(['tarantool', 'app.lua']).ended;
    expect(code).toBe(1);
    expect(stderr).toContain(expected);
    expect(existsSync(fixture.path('work/app.pid'))).toBe(false);
  });
});

it.skipIf(findPicodata() === null)(
  'a log file in the foreground takes the log and leaves what is printed',
  async () => {
    writeScript("log = 'app.log', pid_file = 'app.pid'", "print('printed')\nrequire('log').warn('logged')\nos.exit(3)");
    const { code, stdout, stderr } = await fixture.start(['tarantool', 'app.lua']).ended;
    expect({ code, stdout, stderr }).toEqual({ code: 3, stdout: 'printed\n', stderr: '' });
    expect(textOf('work/app.log')).toMatch(/ W> logged\n/);
    expect(existsSync(fixture.path('work/app.pid'))).toBe(false);
  },
);
