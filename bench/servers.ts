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
const PROJECT = dirname(BENCH);
const MEMORY_BYTES = 3 * 1024 * 1024 * 1024;
const START_TIMEOUT_MS = 120_000;
const POLL_MS = 2;

export type Side = 'peer' | 'ours';

type Program = Readonly<{
  side: Side;
  title: string;
  launch: (port: number, dataDirectory: string) => ServerProcess;
}>;

/** The installed Tarantool; throws without one. */
export function peerProgram(): Program {
  const tarantool = findTarantool();
  if (tarantool === null) throw new Error('bench: there is no tarantool on PATH to measure against');
  return {
    side: 'peer',
    title: `Tarantool ${tarantool.version}`,
    launch: (port, directory) =>
      startProcess(tarantool.path, [join(BENCH, 'tarantool.lua'), String(port), String(MEMORY_BYTES)], {
        cwd: directory,
      }),
  };
}

/** The built project on the given Node. */
export function ourProgram(node: string): Program {
  if (!existsSync(join(PROJECT, 'dist', 'cli.js')))
    throw new Error('bench: dist/cli.js is missing; run `npm run build`');
  const path = `${dirname(node)}:${process.env['PATH'] ?? ''}`;
  return {
    side: 'ours',
    title: 'picodata',
    launch: (port, directory) => {
      const address = `127.0.0.1:${port}`;
      const procedures = join(BENCH, 'procedures.mjs');
      const words = ['run', '--listen', address, '--data-dir', directory, '--script', procedures];
      words.push('--memtx-memory', String(MEMORY_BYTES), '--checkpoint-interval', '0', '--checkpoint-count', '1');
      return startProcess(join(PROJECT, 'bin', 'picodata'), words, { cwd: directory, env: { PATH: path } });
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

  static async start(program: Program): Promise<BenchServer> {
    const directory = await temporaryDirectory(`bench-${program.side}`);
    const server = new BenchServer(program, directory, await freePort());
    try {
      await server.#until(hasProcedures);
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
    await this.#process.stop();
    const startMs = performance.now();
    this.#process = this.#program.launch(this.port, this.#directory.path);
    await this.#until((control) => control.has(spaceId, key));
    const seconds = (performance.now() - startMs) / 1000;
    await this.#until(hasProcedures);
    return seconds;
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
    await this.#process.stop();
    await this.#directory.remove();
  }

  /** Asks until the answer is yes; a refusal or an error is a no. */
  async #until(asks: (control: Control) => Promise<boolean>): Promise<void> {
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      const answered = await this.withControl(asks).catch(() => false);
      if (answered) return;
      if (this.#process.exited()) throw new Error(`${this.title} ended early:\n${this.#process.log()}`);
      if (performance.now() > deadlineMs) throw new Error(`${this.title} does not answer:\n${this.#process.log()}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

/** The procedures come last in a start, after rights and recovery. */
async function hasProcedures(control: Control): Promise<boolean> {
  await control.call('memory_used');
  await control.evaluate(TOUCH_ONE_TEXT);
  return true;
}
