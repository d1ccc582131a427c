/** `picodata connect`: a console on an instance, ours or a real Tarantool, over iproto and over a text console. */
import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPicodata } from '../support/picodata-server.ts';
import { CommandFixture, type Ended, PROGRAM } from './command.ts';

const hasTarantoolctl = spawnSync('tarantoolctl', ['--help']).error === undefined;
const hasScript = spawnSync('script', ['--version']).stdout?.includes('util-linux') === true;
if (!hasTarantoolctl) console.log('test/cli/connect: skipped in part, there is no tarantoolctl on this machine');
if (!hasScript) console.log('test/cli/connect: skipped in part, there is no util-linux script on this machine');

let fixture: CommandFixture;
beforeEach(() => {
  fixture = new CommandFixture();
});
afterEach(() => fixture.close());

async function typed(args: readonly string[], lines: string, env = {}): Promise<Ended> {
  const client = fixture.start(['connect', ...args], { env });
  client.type(lines);
  client.endInput();
  return client.ended;
}

const LINES = [
  'box.session.type()',
  'value =',
  '  5',
  "value, 'a;b', nil",
  "error('boo')",
  '\\set output lua',
  "value, 'a;b'",
  '\\set output yaml',
  'value',
];

function answers(type: string): string {
  return (
    `---\n- ${type}\n...\n---\n...\n---\n- 5\n- a;b\n- null\n...\n---\n- error: boo\n...\n` +
    'true;\n5, "a;b";\n---\n- true\n...\n---\n- 5\n...\n'
  );
}

describe.skipIf(findPicodata() === null)('picodata connect', () => {
  it('prints the answers to lines of a pipe', async () => {
    const run = fixture.run(['--admin-sock', 'a.sock']);
    const address = await run.ready();
    const overIproto = await typed([address], `${LINES.join('\n')}\n`);
    expect(overIproto).toMatchObject({ code: 0, stderr: '' });
    expect(overIproto.stdout).toBe(answers('binary'));
    const overText = await typed(['./a.sock'], `${LINES.join('\n')}\n\\quit\nnever()\n`);
    expect(overText).toMatchObject({ code: 0, stderr: '' });
    expect(overText.stdout).toBe(answers('console'));
  });

  it('logs in as a user, with a password or the cookie', async () => {
    const run = fixture.run(['--cluster-cookie', 'secret', '-e', "box.schema.user.create('ann', {password = 'pass'})"]);
    const address = await run.ready();
    await typed(['--cluster-cookie', 'secret', address], "box.schema.user.grant('ann', 'execute', 'universe')\n");
    writeFileSync(fixture.path('password'), 'pass\n');
    const user = 'box.session.user()\n';
    const logins: readonly (readonly [readonly string[], Record<string, string>, string])[] = [
      [['--cluster-cookie', 'secret', address], {}, 'pico_service'],
      [[address], { PICODATA_CLUSTER_COOKIE: 'secret' }, 'pico_service'],
      [[`ann:pass@${address}`], {}, 'ann'],
      [['--password-file', 'password', `ann@${address}`], {}, 'ann'],
      [['--user', 'ann', '--password-file', 'password', address], {}, 'ann'],
    ];
    for (const [args, env, name] of logins) {
      expect(await typed(args, user, env)).toMatchObject({ code: 0, stdout: `---\n- ${name}\n...\n` });
    }
    const refused = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await typed(args, user);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      return stderr;
    };
    const prefix = `picodata: cannot log in at ${address}: `;
    expect(await refused(`ann:wrong@${address}`)).toBe(`${prefix}Incorrect password supplied for user 'ann'\n`);
    expect(await refused(`bob@${address}`)).toBe(`${prefix}User 'bob' is not found\n`);
    expect(await refused('--cluster-cookie', 'x', address)).toContain(`${prefix}Incorrect password`);
    expect(await refused(address)).toBe(`${prefix}Execute access to universe '' is denied for user 'guest'\n`);
  });

  it('ends with 1 and one line where nobody or somebody else answers', async () => {
    const server: Server = createServer((socket) => socket.end('x'.repeat(128)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    expect(await typed([`127.0.0.1:${port}`], '')).toMatchObject({
      code: 1,
      stderr: `picodata: 127.0.0.1:${port}: no Tarantool answers there\n`,
    });
    await new Promise((resolve) => server.close(resolve));
    const nobody = await typed([`127.0.0.1:${port}`], '');
    expect(nobody.code).toBe(1);
    expect(nobody.stderr).toMatch(/^picodata: cannot connect to 127\.0\.0\.1:\d+: connect ECONNREFUSED .*\n$/);
    const missing = await typed(['./none.sock'], '');
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/^picodata: cannot connect to unix\/:\.\/none\.sock: .*ENOENT.*\n$/);
  });

  it.each([
    [[], "picodata: missing required argument 'target'\n"],
    [['a b c'], "picodata: 'a b c' is neither HOST:PORT nor the path of a socket\n"],
    [['--password-file', 'none', 'ann@localhost:1'], 'picodata: --password-file: open none: ENOENT\n'],
  ])('%j is wrong usage', async (args, expected) => {
    expect(await typed(args, '')).toMatchObject({ code: 2, stdout: '', stderr: expected });
  });

  it('says so when the instance is gone', async () => {
    const run = fixture.run();
    const address = await run.ready();
    const client = fixture.start(['connect', address]);
    client.type('1\n');
    await client.waitFor(/- 1/);
    run.kill('SIGKILL');
    await run.ended;
    client.type('2\n');
    const { code, stderr } = await client.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^picodata: ${address}: .*\\n$`));
  });
});

describe.skipIf(findPicodata() === null || !hasScript)('picodata connect on a terminal', () => {
  it.each(['iproto', 'a text console'])('Tab completes what %s has', async (kind) => {
    const run = fixture.run(['--admin-sock', 'a.sock', '-e', 'wonderful = {first_thing = 1, second = print}']);
    const address = await run.ready();
    const target = kind === 'iproto' ? address : './a.sock';
    const command = [PROGRAM, 'connect', target].join(' ');
    const client = fixture.start(['--quiet', '--return', '--command', command, '/dev/null'], {
      program: 'script',
      env: { TERM: 'xterm' },
    });
    await client.waitFor(/> /);
    client.type('wonderf\t');
    await client.waitFor(/wonderful/);
    client.type('.f\t');
    await client.waitFor(/wonderful.*\.f.*irst_thing/);
    client.type('\r');
    await client.waitFor(/- 1\r?\n\.\.\./);
    client.type('wonderful.s\t');
    await client.waitFor(/econd\(/);
    client.type('42)\r\\quit\r');
    expect((await client.ended).code).toBe(0);
  });
});

it.skipIf(findPicodata() === null || !hasScript)(
  'console.connect is left by Ctrl-D, the console by another',
  async () => {
    const address = await fixture.run().ready();
    const command = `${PROGRAM} tarantool`;
    const args = ['--quiet', '--return', '--command', command, '/dev/null'];
    const console = fixture.start(args, { program: 'script', env: { TERM: 'xterm' } });
    await console.waitFor(/tarantool> /);
    console.type(`require('console').connect('${address}')\r`);
    await console.waitFor(new RegExp(`${address}> `));
    console.type('box.info.listen\r');
    // With the next prompt: what is typed before it is the terminal's, and Ctrl-D would end its input.
    await console.waitFor(new RegExp(`- ${address}\\r?\\n\\.\\.\\.[^]*${address}> `));
    const from = console.stdout.length;
    console.type('\u0004');
    await console.waitFor(/tarantool> /, from);
    console.type('type(box.cfg)\r');
    await console.waitFor(/- function\r?\n\.\.\.[^]*tarantool> /, from);
    console.type('\u0004');
    expect((await console.ended).code).toBe(0);
  },
);

describe.skipIf(findPicodata() === null || !hasTarantoolctl)('tarantoolctl connect', () => {
  it.each(['iproto', 'a text console'])('runs what it is given on %s', async (kind) => {
    const run = fixture.run(['--admin-sock', fixture.path('a.sock')]);
    const address = await run.ready();
    const target = kind === 'iproto' ? address : fixture.path('a.sock');
    const client = fixture.start(['connect', target], { program: 'tarantoolctl' });
    client.type("box.schema.space.create('seen')\nreturn box.space.seen.name, {1, 2}, box.info.version\n");
    client.endInput();
    const { code, stdout } = await client.ended;
    expect(stdout).toBe('---\n- seen\n- - 1\n  - 2\n- 2.10.0\n...\n\n');
    expect(code).toBe(0);
  });
});
