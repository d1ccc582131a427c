/**
 * The two servers: a real Tarantool and `bin/picodata`, each in a temporary directory on a loopback port, with the same
 * memory limit, no periodic checkpoints and the same procedures. A server can be ended and started again on its data.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { freePort, startProcess, temporaryDirectory, type ServerProcess } from '../test/support/child-server.ts';
import { findTarantool } from '../test/support/tarantool-server.ts';
import { Control } from './control.ts';
import { TOUCH_ONE_TEXT } from './requests.ts';

const BENCH = dirname(fileURLToPath(import.meta.url));
export const PROJECT = dirname(BENCH);
const MEMORY_BYTES = 3 * 1024 * 1024 * 1024;
const START_TIMEOUT_MS = 120_000;
const POLL_MS = 2;

export type Side = 'peer' | 'ours';

export type Program = Readonly<{
  side: Side;
  title: string;
  launch: (port: number, dataDirectory: string) => ServerProcess;
  /** Whether a start is over; an error is a no. */
  isReady: (control: Control) => Promise<boolean>;
}>;

/** What one side runs, in a directory. */
type Command = Readonly<{ title: string; start: (directory: string, words: readonly string[]) => ServerProcess }>;

/** The installed Tarantool; throws without one. */
export function peerCommand(): Command {
  const tarantool = findTarantool();
  if (tarantool === null) throw new Error('bench: there is no tarantool on PATH to measure against');
  return {
    title: `Tarantool ${tarantool.version}`,
    start: (directory, words) => startProcess(tarantool.path, words, { cwd: directory }),
  };
}

/** The built project on the given Node; throws without a build. */
export function ourCommand(node: string): Command {
  if (!existsSync(join(PROJECT, 'dist', 'cli.js')))
    throw new Error('bench: dist/cli.js is missing; run `npm run build`');
  const env = { PATH: `${dirname(node)}:${process.env['PATH'] ?? ''}` };
  return {
    title: 'picodata',
    start: (directory, words) => startProcess(join(PROJECT, 'bin', 'picodata'), words, { cwd: directory, env }),
  };
}

export function peerProgram(): Program {
  const { title, start } = peerCommand();
  return {
    side: 'peer',
    title,
    launch: (port, directory) => start(directory, [join(BENCH, 'tarantool.lua'), String(port), String(MEMORY_BYTES)]),
    isReady: hasProcedures,
  };
}

export function ourProgram(node: string): Program {
  const { title, start } = ourCommand(node);
  return {
    side: 'ours',
    title,
    isReady: hasProcedures,
    launch: (port, directory) => {
      const address = `127.0.0.1:${port}`;
      const procedures = join(BENCH, 'procedures.mjs');
      const words = ['run', '--listen', address, '--data-dir', directory, '--script', procedures];
      words.push('--memtx-memory', String(MEMORY_BYTES), '--checkpoint-interval', '0', '--checkpoint-count', '1');
      return start(directory, words);
    },
  };
}

export class BenchServer {
  readonly #program: Program;
  readonly #directory: Readonly<{ path: string; remove: () => Promise<void> }>;
  readonly port: number;
  #process: ServerProcess;

  private constructor(program: Program, directory: BenchServer['directory'], port: number) {
    this.#program = program;
    this.#directory = directory;
    this.port = port;
    this.#process = program.launch(port, directory.path);
  }

  /** Starts a server with an empty directory; resolves when it is ready, which it is asked every `pollMs`. */
  static async start(program: Program, pollMs = POLL_MS): Promise<BenchServer> {
    const directory = await temporaryDirectory(`bench-${program.side}`);
    const server = new BenchServer(program, directory, await freePort());
    try {
      await server.until(program.isReady, pollMs);
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  get side(): Side {
    return this.#program.side;
  }

  get title(): string {
    return this.#program.title;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get directory(): Readonly<{ path: string; remove: () => Promise<void> }> {
    return this.#directory;
  }

  /** Ends the process and starts it on the same data; seconds from the start to the first answer with that tuple. */
  async restart(spaceId: number, key: number): Promise<number> {
    await this.stop();
    const startMs = performance.now();
    this.launch();
    await this.until((control) => control.has(spaceId, key));
    const seconds = (performance.now() - startMs) / 1000;
    await this.until(this.#program.isReady);
    return seconds;
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  /** Starts what was stopped on its data, and waits for nothing. */
  launch(): void {
    this.#process = this.#program.launch(this.port, this.#directory.path);
  }

  async withControl<Result>(use: (control: Control) => Promise<Result>): Promise<Result> {
    const control = await Control.open(this.port);
    try {
      return await use(control);
    } finally {
      control.close();
    }
  }

  async remove(): Promise<void> {
    await this.stop();
    await this.#directory.remove();
  }

  /** Asks until the answer is yes; a refusal or an error is a no. */
  async until(asks: (control: Control) => Promise<boolean>, pollMs = POLL_MS): Promise<void> {
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      const answered = await this.withControl(asks).catch(() => false);
      if (answered) return;
      if (this.#process.exited()) throw new Error(`${this.title} ended early:\n${this.#process.log()}`);
      if (performance.now() > deadlineMs) throw new Error(`${this.title} does not answer:\n${this.#process.log()}`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}

/** The procedures come last in a start, after rights and recovery. */
async function hasProcedures(control: Control): Promise<boolean> {
  await control.call('memory_used');
  await control.evaluate(TOUCH_ONE_TEXT);
  return true;
}
