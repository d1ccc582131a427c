/** This process as a command: its words, its environment, its terminal, and its end. */
import type { CommandLine } from '../index.ts';
import { createTerminal } from './terminal.ts';

/** Words of the process in front of the command's own: Node and the program. */
const OWN_WORDS = 2;

export function createCommandLine(): CommandLine {
  return {
    words: process.argv.slice(OWN_WORDS),
    environment: process.env,
    nodeVersion: process.version,
    terminal: createTerminal(),
    onUncaughtError(handler) {
      process.on('uncaughtException', handler);
    },
    exit: (code) => process.exit(code),
  };
}
