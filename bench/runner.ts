/** Running the load client and the null server: bundled once, then started as plain Node processes. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { freePort, startProcess } from '../test/support/child-server.ts';
import type { ConsensusLoadOptions, ConsensusLoadResult } from './consensus/load-client.ts';
import { LOGIN, PLAIN_SPACE } from './control.ts';
import type { LoadOptions, LoadResult } from './load-client.ts';
import type { LoadLine, Shape } from './lines.ts';
import type { LagOptions, LagResult } from './replication/lag-client.ts';
import type { Workload } from './requests.ts';

const WARMUP_SECONDS = 0.5;
const LOAD_DEPTH = 500;
const LOAD_CONNECTIONS = 4;
const PROCESS_TIMEOUT_MS = 300_000;

export type Target = Readonly<{ port: number; pid: number }>;

export class LoadRunner {
  readonly #directory: string;

  /** Bundles into `directory`. */
  constructor(project: string, directory: string) {
    this.#directory = directory;
    buildSync({
      absWorkingDir: project,
      entryPoints: {
        'load-client': 'bench/load-client.ts',
        'null-server': 'bench/null-server.ts',
        'lag-client': 'bench/replication/lag-client.ts',
        'consensus-client': 'bench/consensus/load-client.ts',
      },
      outdir: directory,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'warning',
    });
  }

  /** Inserts every row of a space once. */
  load(target: Target, spaceId: number, fields: 2 | 3, rows: number): Promise<LoadResult> {
    const workload: Workload = { operation: 'load', spaceId, fields, rows };
    return this.#run(target, { connections: LOAD_CONNECTIONS, depth: LOAD_DEPTH }, workload, 0, false);
  }

  line(target: Target, line: LoadLine, rows: number, seconds: number): Promise<LoadResult> {
    const { operation, spaceId, fields } = line;
    return this.#run(target, line.shape, { operation, spaceId, fields, rows }, seconds, line.table === 'rights');
  }

  /** What the client reaches in a shape against a server that does nothing. */
  async limit(shape: Shape, rows: number, seconds: number): Promise<LoadResult> {
    const port = await freePort();
    const server = startProcess(process.execPath, [join(this.#directory, 'null-server.mjs'), String(port)], {
      cwd: this.#directory,
    });
    try {
      await server.waitForLine(/ready/, 10_000);
      const workload: Workload = { operation: 'select', spaceId: PLAIN_SPACE, fields: 2, rows };
      return await this.#run({ port, pid: server.pid }, shape, workload, seconds, false);
    } finally {
      await server.stop();
    }
  }

  /** How far a replica is behind its master at a steady pace of writes. */
  async lag(options: LagOptions): Promise<LagResult> {
    return JSON.parse(await this.#client('lag-client', options)) as LagResult;
  }

  /** Puts into a group that agrees on them. */
  async consensus(options: ConsensusLoadOptions): Promise<ConsensusLoadResult> {
    return JSON.parse(await this.#client('consensus-client', options)) as ConsensusLoadResult;
  }

  async #run(
    target: Target,
    shape: Shape,
    workload: Workload,
    seconds: number,
    loggedIn: boolean,
  ): Promise<LoadResult> {
    const options: LoadOptions = {
      port: target.port,
      serverPid: target.pid,
      ...shape,
      warmupSeconds: WARMUP_SECONDS,
      seconds,
      workload,
      ...(loggedIn ? { login: LOGIN } : {}),
    };
    const result = JSON.parse(await this.#client('load-client', options)) as LoadResult;
    if (result.errors > 0) {
      const code = result.firstError & 0x7fff;
      throw new Error(`${workload.operation}: ${result.errors} of the answers are errors, the first with code ${code}`);
    }
    return result;
  }

  /** Runs a client to its end; returns what it printed. */
  #client(name: string, options: LoadOptions | LagOptions | ConsensusLoadOptions): Promise<string> {
    const words = [join(this.#directory, `${name}.mjs`), JSON.stringify(options)];
    return new Promise<string>((resolve, reject) => {
      execFile(process.execPath, words, { timeout: PROCESS_TIMEOUT_MS }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${name}: ${stderr || error.message}`));
      });
    });
  }
}
