import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPicodata } from '../support/picodata-server.ts';
import { type Command, CommandFixture, PROGRAM } from './command.ts';

/** Runs a command on a terminal of its own: of util-linux, which Linux has and others need not. */
const hasScript = spawnSync('script', ['--version']).stdout?.includes('util-linux') === true;
if (!hasScript) console.log('skipped: the console on a terminal, for want of util-linux');

/** It need not be the last that is on the terminal: the log goes there, too. */
const PROMPT = /picodata> /;
const INTERRUPT = '\u0003';
const END_OF_INPUT = '\u0004';

let fixture: CommandFixture;
beforeEach(() => {
  fixture = new CommandFixture();
});
afterEach(() => fixture.close());

async function onTerminal(): Promise<Command> {
  const command = `${PROGRAM} run --data-dir data --listen 127.0.0.1:0`;
  const env = { TERM: 'xterm' };
  const run = fixture.start(['--quiet', '--return', '--command', command, '/dev/null'], { program: 'script', env });
  await run.waitFor(PROMPT);
  return run;
}

describe.skipIf(!hasScript || findPicodata() === null)('the console of picodata run on a terminal', () => {
  it('evaluates what is typed; \\quit stops the instance', async () => {
    const run = await onTerminal();
    const from = run.stdout.length;
    run.type('box.space._schema:get("max_id")\r');
    await run.waitFor(/- \['max_id', 511\]/, from);
    run.type('\\quit\r');
    expect((await run.ended).code).toBe(0);
    expect(run.stdout).toMatch(/stopping: the console was quit[^]*stopped/);
  });

  it('the end of the input stops the instance', async () => {
    const run = await onTerminal();
    run.type(END_OF_INPUT);
    expect((await run.ended).code).toBe(0);
    expect(run.stdout).toContain('stopped');
  });

  it('Ctrl-C drops a line, and ends an expression that runs', async () => {
    const run = await onTerminal();
    run.type('\\set language js\r');
    await run.waitFor(/- true[^]*picodata> /);
    let from = run.stdout.length;
    run.type('1 + ');
    await run.waitFor(/1 \+ /, from);
    run.type(INTERRUPT);
    await run.waitFor(PROMPT, from + 10);
    from = run.stdout.length;
    run.type('print("runs"); while (true) {}\r');
    await run.waitFor(/- runs\r?\n\.\.\./, from);
    run.type(INTERRUPT);
    await run.waitFor(/error: .*interrupted/, from);
    from = run.stdout.length;
    run.type('40 + 2\r');
    await run.waitFor(/- 42/, from);
    expect(run.stdout).not.toContain('stopping');
  });
});
