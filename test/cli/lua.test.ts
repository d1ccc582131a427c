/** `picodata run` with Lua: a script, an expression, and the administrator's socket. */
import { existsSync, lstatSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/index.ts';
import { findPicodata } from '../support/picodata-server.ts';
import { type Command, CommandFixture } from './command.ts';

let fixture: CommandFixture;
beforeEach(() => {
  fixture = new CommandFixture();
});
afterEach(() => fixture.close());

/** What `picodata connect` prints for these lines. */
async function typed(target: string, lines: string): Promise<string> {
  const client = fixture.start(['connect', target]);
  client.type(lines);
  client.endInput();
  const { code, stdout, stderr } = await client.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

async function stopped(run: Command): Promise<void> {
  run.kill('SIGTERM');
  expect((await run.ended).code).toBe(0);
}

describe.skipIf(findPicodata() === null)('--admin-sock', () => {
  it('is a text console as long as the instance runs', async () => {
    const run = fixture.run(['--admin-sock', 'admin.sock']);
    await run.ready();
    expect(run.stderr).toContain("the administrator's console is on admin.sock: picodata connect ./admin.sock");
    expect(lstatSync(fixture.path('admin.sock')).isSocket()).toBe(true);
    expect(await typed('./admin.sock', 'box.session.user(), box.session.type()\n')).toBe(
      '---\n- admin\n- console\n...\n',
    );
    await stopped(run);
    expect(existsSync(fixture.path('admin.sock'))).toBe(false);
  });

  it('is off unless given', async () => {
    const run = fixture.run();
    await run.ready();
    expect(run.stderr).not.toContain('console');
  });

  it('takes the place of a socket that nobody listens on any more', async () => {
    const first = fixture.run(['--admin-sock', 'admin.sock']);
    await first.ready();
    first.kill('SIGKILL');
    await first.ended;
    expect(existsSync(fixture.path('admin.sock'))).toBe(true);
    const second = fixture.run([], { env: { PICODATA_ADMIN_SOCK: 'admin.sock' } });
    await second.ready();
    expect(await typed('./admin.sock', '6 * 7\n')).toBe('---\n- 42\n...\n');
  });

  it('leaves alone what is no socket, or is in use', async () => {
    writeFileSync(fixture.path('file'), 'mine');
    const taken = await fixture.run(['--admin-sock', 'file']).ended;
    expect(taken.code).toBe(1);
    expect(taken.stderr).toMatch(/F> the admin socket cannot be opened: .*EADDRINUSE.* file\n/);
    const server = createServer().listen(fixture.path('used.sock'));
    const used = await fixture.run(['--admin-sock', 'used.sock']).ended;
    server.close();
    expect(used.code).toBe(1);
    expect(used.stderr).toMatch(/F> the admin socket cannot be opened: .*EADDRINUSE.* used\.sock\n/);
  });
});

describe.skipIf(findPicodata() === null)('--tarantool-exec', () => {
  it('runs Lua when the instance is ready', async () => {
    const run = fixture.run(['-e', "box.schema.space.create('made'):create_index('pk') print(box.info.status)"]);
    await run.waitFor(/running/);
    await run.waitFor(/ready to accept requests/);
    const connection = await connect(await run.ready());
    expect(await connection.select('made', [])).toEqual([]);
    connection.close();
  });

  it('comes from a variable or the file too', async () => {
    writeFileSync(fixture.path('o.yaml'), 'tarantool_exec: print("of the file")\n');
    await fixture.run(['--cfg', 'o.yaml']).waitFor(/of the file/);
    await fixture.close();
    fixture = new CommandFixture();
    await fixture.run([], { env: { PICODATA_TARANTOOL_EXEC: 'print("of the variable")' } }).waitFor(/of the variable/);
  });

  it('may end the instance with os.exit', async () => {
    const { code, stderr } = await fixture.run(['--tarantool-exec', 'os.exit(0)']).ended;
    expect(code).toBe(0);
    expect(stderr).toContain('stopped');
  });

  it.each([
    [['-e', "error('not today')"], {}, '--tarantool-exec:1: not today'],
    [['-e', 'x ='], {}, "--tarantool-exec:1: unexpected symbol near '<eof>'"],
    [['-e', 'error({})'], {}, '--tarantool-exec: table: 0x'],
    [[], { PICODATA_TARANTOOL_EXEC: 'error()' }, 'PICODATA_TARANTOOL_EXEC: nil'],
  ])('%j %j that fails ends with 1 and one line', async (args, env, expected) => {
    const { code, stderr } = await fixture.run(args, { env }).ended;
    expect(code).toBe(1);
    const failures = stderr.split('\n').filter((line) => line.includes(' F> '));
    expect(failures).toEqual([expect.stringContaining(` F> ${expected}`)]);
  });

  it('that is empty is wrong usage', async () => {
    const { code, stderr } = await fixture.run(['--tarantool-exec=']).ended;
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'picodata: --tarantool-exec: the value is empty\n' });
  });
});

describe.skipIf(findPicodata() === null)('--script FILE.lua', () => {
  it('runs before the instance listens, and what it defines can be called', async () => {
    const script = `
      local cities = box.schema.space.create('cities', {if_not_exists = true})
      cities:create_index('primary', {if_not_exists = true})
      cities:replace{1, 'Riga'}
      function greet(name) return 'hello ' .. name end
      require('fiber').sleep(0.01)
      print('listens on ' .. tostring(box.info.listen))`;
    writeFileSync(fixture.path('app.lua'), script);
    for (let starts = 0; starts < 2; starts++) {
      const run = fixture.run(['--script', 'app.lua']);
      const connection = await connect(await run.ready());
      expect(run.stdout).toBe('listens on nil\n');
      expect(await connection.call('greet', ['you'])).toEqual(['hello you']);
      expect(await connection.select('cities', [])).toEqual([[1, 'Riga']]);
      connection.close();
      await stopped(run);
    }
  });

  it.each([
    ['none.lua', null, 'none.lua: No such file or directory'],
    ['bad.lua', 'x = = 1', "bad.lua:1: unexpected symbol near '='"],
    ['late.lua', "\nerror('not today')", 'late.lua:2: not today'],
    ['odd.lua', "error('without a place', 0)", 'odd.lua: without a place'],
  ])('%s that fails ends with 1 and one line that names it', async (name, text, expected) => {
    if (text !== null) writeFileSync(fixture.path(name), text);
    const { code, stderr } = await fixture.run(['--script', name]).ended;
    expect(code).toBe(1);
    const failures = stderr.split('\n').filter((line) => line.includes(' F> '));
    expect(failures).toEqual([expect.stringContaining(` F> ${expected}`)]);
  });
});
