/**
 * `picodata tarantool`: runs a Lua script as Tarantool's own command does. The process stays while the database runs that
 * `box.cfg` has started, or while fibers live; without a script it is a console.
 */
import { bytesOfByteText, byteTextOf } from '../base/index.ts';
import { type CommandLine, type Env, FileError } from '../env/index.ts';
import { createNodeEnv } from '../env/node/index.ts';
import { TarantoolProgram } from '../instance/index.ts';
import { Lifetime } from './lifetime.ts';
import { readAll } from './text-file.ts';
import { UsageError } from './usage-error.ts';
import type { TarantoolWords } from './words.ts';

/** Ends the process by itself, with the script's code. */
export async function runTarantool(commandLine: CommandLine, words: TarantoolWords): Promise<void> {
  const env = createNodeEnv({ log: { level: 'info', format: 'plain', destination: 'stderr' } });
  const lifetime = new Lifetime(env, commandLine);
  const { terminal } = commandLine;
  const { script } = words;
  const readsInput = script === '-' || (script === null && !words.isInteractive && isInputOnly(commandLine, words));
  const source = readsInput
    ? byteTextOf(await commandLine.readInput())
    : script === null
      ? null
      : readScript(env, script);
  const program = new TarantoolProgram(env, commandLine, [script ?? '', ...words.scriptArguments], {
    onStarted: (instance) => {
      lifetime.started({ stop: () => program.stop(), checkpoint: () => instance.checkpoint() });
    },
    onFailure: (error) => lifetime.fail(error),
    openLog: (path, format) => {
      env.log.moveTo({ format, destination: path === null ? 'stderr' : { file: path } });
      if (path !== null) env.process.onSignal('SIGHUP', () => env.log.reopen());
    },
  });
  try {
    for (const library of words.libraries) await program.run(`${library} = require('${library}')`, '=-l', []);
    for (const expression of words.expressions) await program.run(expression, '=-e', []);
    if (source !== null) await program.run(source, readsInput ? '=stdin' : `@${script}`, words.scriptArguments);
  } catch (error) {
    const text = `LuajitError: ${program.machine.errorText(error)}\nfatal error, exiting the event loop\n`;
    commandLine.writeErrorBytes(bytesOfByteText(text));
    await program.stop();
    commandLine.exit(1);
  }
  const hasNothingToRun = source === null && words.expressions.length === 0;
  if (words.isInteractive || (hasNothingToRun && terminal.isInteractive)) await program.runConsole();
  else await program.untilIdle();
  await program.stop();
  commandLine.exit(0);
}

/** Whether there is nothing but standard input to run. */
function isInputOnly({ terminal }: CommandLine, { expressions, libraries }: TarantoolWords): boolean {
  return !terminal.isInteractive && expressions.length === 0 && libraries.length === 0;
}

/** Bytes as characters. */
function readScript(env: Env, path: string): string {
  try {
    return byteTextOf(readAll(env.files, path));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const reason = error.code === 'ENOENT' ? 'No such file or directory' : error.code;
    throw new UsageError(`Can't open script ${path}: ${reason}`);
  }
}
