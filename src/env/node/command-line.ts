/** This process as a command: its words, its environment, its terminal, and its end. */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { CommandLine } from '../index.ts';
import { withFileErrors } from './file-errors.ts';
import { createTerminal, STANDARD_ERROR, STANDARD_OUTPUT, writeAll } from './terminal.ts';

/** Words of the process in front of the command's own: Node and the program. */
const OWN_WORDS = 2;
/** Lies beside the program. */
const SCRIPT_PROGRAM = 'tarantool';
/** Set for a process that was started in the background. */
const BACKGROUND_VARIABLE = 'PICODATA_IN_BACKGROUND';

export function createCommandLine(): CommandLine {
  const isBackground = process.env[BACKGROUND_VARIABLE] !== undefined;
  // Programs that this one starts are not in the background for that.
  Reflect.deleteProperty(process.env, BACKGROUND_VARIABLE);
  return {
    words: process.argv.slice(OWN_WORDS),
    environment: process.env,
    scriptProgram: join(dirname(process.argv[1] ?? ''), SCRIPT_PROGRAM),
    nodeVersion: process.version,
    terminal: createTerminal(),
    writeBytes: (bytes) => writeAll(STANDARD_OUTPUT, bytes),
    writeErrorBytes: (bytes) => writeAll(STANDARD_ERROR, bytes),
    readInput: async () => new Uint8Array(await buffer(process.stdin)),
    changeDirectory: (path) => withFileErrors('chdir', path, () => process.chdir(path)),
    isBackground,
    respawnInBackground(outputPath) {
      const environment = { ...process.env, [BACKGROUND_VARIABLE]: '1' };
      const [program, ...words] = [...process.execArgv, ...process.argv.slice(1)];
      if (program === undefined) return;
      const output = withFileErrors('open', outputPath, () => fs.openSync(outputPath, 'a'));
      const child = spawn(process.execPath, [program, ...words], {
        detached: true,
        stdio: ['ignore', output, output],
        env: environment,
      });
      child.unref();
      fs.closeSync(output);
    },
    onUncaughtError(handler) {
      process.on('uncaughtException', handler);
    },
    exit: (code) => process.exit(code),
  };
}
