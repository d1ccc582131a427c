/**
 * Standard input, output and error. A line editor is node:readline; between two reads the terminal is in its ordinary
 * mode, so that Ctrl-C reaches the process while it works on a line.
 */
import * as fs from 'node:fs';
import * as readline from 'node:readline';
import { assert } from '../../base/index.ts';
import type { Completion, LineEditor, LineEvent, Terminal } from '../index.ts';

export const STANDARD_OUTPUT = 1;
export const STANDARD_ERROR = 2;
const HISTORY_LINES = 1000;

export function createTerminal(): Terminal {
  return {
    get isInteractive() {
      return process.stdin.isTTY === true && process.stdout.isTTY === true;
    },
    get isErrorScreen() {
      return process.stderr.isTTY === true && process.env['TERM'] !== 'dumb';
    },
    get screenColumns() {
      // A terminal that nobody has given a size has 0.
      return process.stdout.isTTY === true && process.stdout.columns > 0 ? process.stdout.columns : null;
    },
    writeOutput: (text) => writeAll(STANDARD_OUTPUT, new TextEncoder().encode(text)),
    writeError: (text) => writeAll(STANDARD_ERROR, new TextEncoder().encode(text)),
    openLineEditor: (complete) => new NodeLineEditor(complete),
  };
}

/**
 * At once, so that it is there when the process ends behind it: a pipe that is full is waited for. Who closed it does not
 * want the text.
 */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  let position = 0;
  while (position < bytes.length) {
    try {
      position += fs.writeSync(descriptor, bytes, position);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE' || code === 'EIO') return;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

class NodeLineEditor implements LineEditor {
  readonly #interface: readline.Interface;
  /** What came while nobody waited, as when several lines are pasted. */
  readonly #events: LineEvent[] = [];
  #waiting: ((event: LineEvent) => void) | null = null;
  #isClosed = false;

  constructor(complete: (text: string) => Completion | Promise<Completion>) {
    this.#interface = readline.createInterface({
      input: process.stdin,
      output: process.stdout,
      // Lines from a file or a pipe are neither shown nor edited.
      terminal: process.stdin.isTTY === true,
      historySize: HISTORY_LINES,
      removeHistoryDuplicates: true,
      completer: (line: string, give: (error: null, found: [string[], string]) => void): void => {
        void Promise.resolve(complete(line)).then(({ prefix, words }) => give(null, [[...words], prefix]));
      },
    });
    // An input that has ended before tells nobody again.
    this.#isClosed = process.stdin.readableEnded;
    this.#interface.on('line', (text) => this.#take({ kind: 'line', text }));
    this.#interface.on('SIGINT', () => this.#interrupt());
    this.#interface.on('close', () => {
      this.#isClosed = true;
      this.#take({ kind: 'end' });
    });
  }

  read(prompt: string): Promise<LineEvent> {
    assert(this.#waiting === null, 'a terminal is read by one');
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve(event);
    if (this.#isClosed) return Promise.resolve({ kind: 'end' });
    setRawMode(true);
    if (process.stdin.isTTY === true) {
      this.#interface.setPrompt(prompt);
      this.#interface.prompt();
    }
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  close(): void {
    this.#interface.close();
  }

  #interrupt(): void {
    const hadText = this.#interface.line.length > 0;
    // Drops what is typed: to the line's end, then all before the cursor.
    this.#interface.write(null, { ctrl: true, name: 'e' });
    this.#interface.write(null, { ctrl: true, name: 'u' });
    process.stdout.write('\n');
    this.#take({ kind: 'interrupt', hadText });
  }

  #take(event: LineEvent): void {
    const waiting = this.#waiting;
    if (waiting === null) {
      this.#events.push(event);
      return;
    }
    this.#waiting = null;
    setRawMode(false);
    waiting(event);
  }
}

function setRawMode(isRaw: boolean): void {
  if (process.stdin.isTTY === true) process.stdin.setRawMode(isRaw);
}
