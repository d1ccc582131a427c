/**
 * Rounds of a real server that is killed under load: start it, check that every acknowledged write of the rounds before
 * is there, load it from several connections, and kill it with SIGKILL at a random moment, sometimes while it still
 * starts. The directory goes on from round to round.
 */
import { BoxError, ERROR_TABLE, SeededRandom } from '../../src/base/index.ts';
import { connect, type Connection } from '../../src/client/index.ts';
import { freePort, startProcess, temporaryDirectory, type ServerProcess } from './child-server.ts';
import { createLoad, type KillLoad } from './kill-load.ts';
import { createTestEnv } from './node-env.ts';
import { findPicodata } from './picodata-server.ts';

const ENV = createTestEnv();
const START_TIMEOUT_MS = 30_000;
const START_ATTEMPTS = 3;
const POLL_MS = 15;
const CONNECTIONS = 4;
const LOAD_MS_MAX = 350;
/** Now and then a round is long enough for snapshots. */
const LONG_LOAD_MS = 2500;
const LONG_CHANCE = 0.04;
const KILLED_IN_START_CHANCE = 0.15;

/** `none` promises nothing: with it the test must fail. */
export type WalMode = 'none' | 'write' | 'fsync';

export type KillOptions = Readonly<{
  walMode: WalMode;
  rounds: number;
  seed: number;
  onRound?: (round: number) => void;
}>;

export type KillResult = Readonly<{ rounds: number; acknowledged: number; unknown: number; killedInStart: number }>;

/** Runs the rounds. Rejects with what was lost, naming the round. */
export async function killRounds(options: KillOptions): Promise<KillResult> {
  const directory = await temporaryDirectory('kill');
  try {
    return await new KillRun(options, directory.path).run();
  } finally {
    await directory.remove();
  }
}

class KillRun {
  readonly #options: KillOptions;
  readonly #directory: string;
  readonly #random: SeededRandom;
  readonly #load: KillLoad = createLoad();
  #killedInStart = 0;

  constructor(options: KillOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
    this.#random = new SeededRandom(options.seed);
  }

  async run(): Promise<KillResult> {
    const { rounds, onRound } = this.#options;
    for (let round = 0; round < rounds; round++) {
      try {
        await this.#round();
      } catch (error) {
        throw new Error(`wal_mode ${this.#options.walMode}, seed ${this.#options.seed}, round ${round}`, {
          cause: error,
        });
      }
      onRound?.(round);
    }
    await this.#finish();
    const { acknowledged, unknown } = this.#load;
    return { rounds, acknowledged, unknown, killedInStart: this.#killedInStart };
  }

  async #round(): Promise<void> {
    if (this.#random.chance(KILLED_IN_START_CHANCE)) await this.#killInStart();
    const { server, port } = await this.#start();
    try {
      const connections = await openAll(port);
      await this.#load.prepare(connections[0]!);
      await this.#load.verify(connections[0]!);
      const loads = this.#load.run(connections);
      const loadMs = this.#random.chance(LONG_CHANCE) ? LONG_LOAD_MS : this.#random.below(LOAD_MS_MAX);
      await sleep(loadMs);
      kill(server);
      await loads;
      for (const connection of connections) connection.close();
      await untilExited(server);
    } finally {
      if (!server.exited()) kill(server);
    }
  }

  async #finish(): Promise<void> {
    const { server, port } = await this.#start();
    try {
      const [connection] = await openAll(port);
      await this.#load.verify(connection!);
      await this.#load.verifyAll(connection!);
      connection!.close();
    } finally {
      await server.stop();
    }
  }

  async #killInStart(): Promise<void> {
    const server = this.#spawn(await freePort());
    await sleep(this.#random.below(400));
    kill(server);
    await untilExited(server);
    this.#killedInStart++;
  }

  async #start(): Promise<{ server: ServerProcess; port: number }> {
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      const server = this.#spawn(port);
      try {
        await untilListening(server, port);
        return { server, port };
      } catch (error) {
        if (!server.exited()) kill(server);
        await untilExited(server);
        if (attempt === START_ATTEMPTS || !server.log().includes('EADDRINUSE')) throw error;
      }
    }
  }

  #spawn(port: number): ServerProcess {
    const program = findPicodata();
    if (program === null) throw new Error('there is no built picodata to start');
    const args = ['run', '--listen', `127.0.0.1:${port}`, '--data-dir', this.#directory];
    args.push('--wal-mode', this.#options.walMode, '--wal-max-size', '256K', '--checkpoint-interval', '1');
    return startProcess(program, args, { cwd: this.#directory });
  }
}

function openAll(port: number): Promise<Connection[]> {
  const options = { address: { kind: 'tcp', host: '127.0.0.1', port }, fetchSchema: false } as const;
  return Promise.all(Array.from({ length: CONNECTIONS }, () => connect(ENV, options)));
}

/** Until a connection is greeted, which the server does when it has recovered. */
async function untilListening(server: ServerProcess, port: number): Promise<void> {
  const deadlineMs = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (server.exited()) throw new Error(`picodata ended early:\n${server.log()}`);
    if (Date.now() > deadlineMs) throw new Error(`picodata does not listen in time:\n${server.log()}`);
    try {
      const address = { kind: 'tcp', host: '127.0.0.1', port } as const;
      (await connect(ENV, { address, fetchSchema: false })).close();
      return;
    } catch (error) {
      if (!(error instanceof BoxError) || error.code !== ERROR_TABLE.NO_CONNECTION.code) throw error;
      await sleep(POLL_MS);
    }
  }
}

function kill(server: ServerProcess): void {
  process.kill(server.pid, 'SIGKILL');
}

async function untilExited(server: ServerProcess): Promise<void> {
  while (!server.exited()) await sleep(5);
}

function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
