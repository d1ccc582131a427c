/**
 * Rights as the administrator's guide grants them (section 10.2), typed in this product's console, in a real Tarantool's
 * that is connected to it, and by its net.box: each on a closed instance of its own.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/index.ts';
import { CommandFixture } from '../cli/command.ts';
import { findPicodata } from '../support/picodata-server.ts';

const hasTarantool = spawnSync('tarantool', ['--version']).status === 0;
if (!hasTarantool) console.log('test/lua/access: skipped in part, there is no tarantool on this machine');

/** The grants as they are printed; the user is made first. */
const LINES = [
  "box.schema.user.create('internal')",
  "box.schema.user.grant('internal', 'read,write', 'space', '_func')",
  "box.schema.user.grant('guest', 'read,write,execute', 'universe')",
];
const SCHEMA_ID = 272;
const COOKIE = 'secret';

let fixture: CommandFixture;
beforeEach(() => {
  fixture = new CommandFixture();
});
afterEach(() => fixture.close());

async function openInstance(): Promise<string> {
  return fixture.run(['--cluster-cookie', COOKIE, '--admin-sock', 'admin.sock']).ready();
}

async function output(program: string, args: readonly string[], input: string): Promise<string> {
  const command = fixture.start(args, program === '' ? {} : { program });
  command.type(input);
  command.endInput();
  const { code, stdout, stderr } = await command.ended;
  expect({ code, stderr: stderr.replace(/^connected to .*\n/, '') }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

async function guestCan(address: string): Promise<readonly string[]> {
  const connection = await connect({ address, fetchSchema: false });
  const attempts = [
    connection.select(SCHEMA_ID, ['cluster']),
    connection.replace(SCHEMA_ID, ['of guest', 1]),
    connection.eval('return box.session.user()', []),
  ];
  const outcomes = await Promise.all(
    attempts.map((attempt) =>
      attempt.then(
        () => 'done',
        (error: Error) => error.message,
      ),
    ),
  );
  connection.close();
  return outcomes;
}

async function expectGranted(address: string): Promise<void> {
  expect(await guestCan(address)).toEqual(['done', 'done', 'done']);
  const question = "\\set output lua\nbox.schema.user.info('internal')\n";
  expect(await output('', ['connect', './admin.sock'], question)).toBe(
    'true;\n' +
      '{{"execute", "role", "public"}, {"read,write", "space", "_func"}, ' +
      '{"session,usage", "universe", ""}, {"alter", "user", "internal"}};\n',
  );
}

describe.skipIf(findPicodata() === null)('grants of the guide', () => {
  it('are refused to guest before', async () => {
    const address = await openInstance();
    expect(await guestCan(address)).toEqual([
      "Read access to space '_schema' is denied for user 'guest'",
      "Write access to space '_schema' is denied for user 'guest'",
      "Execute access to universe '' is denied for user 'guest'",
    ]);
  });

  it('typed in the console of the instance', async () => {
    const address = await openInstance();
    const answers = await output('', ['connect', './admin.sock'], `${LINES.join('\n')}\n`);
    expect(answers).toBe('---\n...\n---\n...\n---\n...\n');
    await expectGranted(address);
  });

  it.skipIf(!hasTarantool)("typed in a Tarantool's console that is connected to the instance", async () => {
    const address = await openInstance();
    writeFileSync(
      fixture.path('console.lua'),
      `local console = require('console')
       console.on_start(function() console.connect('pico_service:${COOKIE}@${address}') end)
       console.start()
       os.exit(0)`,
    );
    const answers = await output('tarantool', ['console.lua'], `${LINES.join('\n')}\n`);
    expect(answers.match(/^---\n\.\.\.$/gm)?.length).toBe(LINES.length);
    await expectGranted(address);
  });

  it.skipIf(!hasTarantool)("given through a Tarantool's net.box", async () => {
    const address = await openInstance();
    writeFileSync(
      fixture.path('remote.lua'),
      `local connection = require('net.box').connect('pico_service:${COOKIE}@${address}')
       for line in io.lines() do connection:eval(line) end
       os.exit(0)`,
    );
    expect(await output('tarantool', ['remote.lua'], `${LINES.join('\n')}\n`)).toBe('');
    await expectGranted(address);
  });
});
