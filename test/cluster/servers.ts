/**
 * Servers of a replica set for tests, of either kind: this project's (`picodata tarantool`) and a real Tarantool, each
 * from a Lua text over a directory of its own, killed, stopped and started again at will.
 *
 * They listen on Unix sockets in the temporary directory, so that a server's address outlives it and is nobody else's.
 * Users are asked for passwords: tests come in as admin, servers as `replicator`, guest has Tarantool's rights.
 */
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type Connection } from '../../src/index.ts';
import { startProcess, temporaryDirectory, type ServerProcess } from '../support/child-server.ts';
import { findPicodata } from '../support/picodata-server.ts';
import { findTarantool } from '../support/tarantool-server.ts';

export type Kind = 'picodata' | 'tarantool';

/** Every order in which a pair of servers can be of different kinds. */
export const MIXED_PAIRS: readonly (readonly [Kind, Kind])[] = [
  ['picodata', 'tarantool'],
  ['tarantool', 'picodata'],
];
/** The same, and two of this project's. */
export const PAIRS: typeof MIXED_PAIRS = [...MIXED_PAIRS, ['picodata', 'picodata']];
export const KINDS: readonly Kind[] = ['picodata', 'tarantool'];

/** Whether servers of both kinds can be started; says why not. */
export const hasBothKinds = ((): boolean => {
  const missing = [findPicodata() === null ? 'the build' : '', findTarantool() === null ? 'tarantool' : ''];
  const names = missing.filter((name) => name !== '');
  if (names.length > 0) console.log(`test/cluster: skipped, without ${names.join(' and ')}`);
  return names.length === 0;
})();

const ADMIN_PASSWORD = 'secret';
export const REPLICATOR = 'replicator:replicating';
const WORKLOAD = join(import.meta.dirname, 'workload.lua');
const START_TIMEOUT_MS = 60_000;
const CONDITION_TIMEOUT_MS = 45_000;
const POLL_MS = 30;
const REQUEST_TIMEOUT_MS = 30_000;
const STARTED = /the script has ended\n/;
/** What the first server of a set does for those that follow. */
const FOUNDING = `
  box.schema.user.passwd('admin', '${ADMIN_PASSWORD}')
  box.schema.user.create('replicator', { password = 'replicating', if_not_exists = true })
  box.schema.user.grant('replicator', 'replication', nil, nil, { if_not_exists = true })
`;

export type Start = Readonly<{
  /** Lua inside the braces of `box.cfg`. */
  configuration?: string;
  /** Lua to run before and after `box.cfg`. */
  before?: string;
  after?: string;
  /** It makes the users. */
  founds?: boolean;
}>;

export class Server {
  readonly name: string;
  readonly kind: Kind;
  readonly directory: string;
  readonly socket: string;
  #start: Start = {};
  #process: ServerProcess | null = null;
  #connection: Connection | null = null;

  constructor(name: string, kind: Kind, parent: string) {
    this.name = name;
    this.kind = kind;
    this.directory = join(parent, name);
    this.socket = join(parent, `${name}.sock`);
    mkdirSync(this.directory);
  }

  /** Its entry in the `replication` of others. */
  uri(login: string | null = REPLICATOR): string {
    return `'${login === null ? '' : `${login}@`}unix/:${this.socket}'`;
  }

  /** Starts the process and waits for nothing. */
  launch(start: Start = this.#start): void {
    if (this.isRunning) throw new Error(`${this.name} runs already`);
    this.#start = { ...start, founds: false };
    const { configuration = '', before = '', after = '', founds = false } = start;
    const script = join(this.directory, 'init.lua');
    writeFileSync(
      script,
      `dofile('${WORKLOAD}')
       ${before}
       box.cfg{ listen = '${this.socket}', memtx_memory = 64 * 1024 * 1024, replication_timeout = 0.3, ${configuration} }
       ${founds ? FOUNDING : ''}
       ${after}
       io.stdout:write('the script has ended\\n') io.stdout:flush()`,
    );
    const [program, words] =
      this.kind === 'tarantool' ? [findTarantool()?.path, [script]] : [findPicodata(), ['tarantool', script]];
    if (program === null || program === undefined) throw new Error(`there is no ${this.kind} to start`);
    this.#process = startProcess(program, words, { cwd: this.directory });
  }

  /** Starts it and waits until its script has run; what is left out is as it was the last time. */
  async start(start?: Start): Promise<void> {
    this.launch(start);
    await this.started();
  }

  async started(): Promise<void> {
    await this.waitForLog(STARTED);
  }

  get isRunning(): boolean {
    return this.#process?.exited() === false;
  }

  /** What the process has printed since it started. */
  get log(): string {
    return this.#process?.log() ?? '';
  }

  async waitForLog(pattern: RegExp): Promise<RegExpMatchArray> {
    if (this.#process === null) throw new Error(`${this.name} was never started`);
    return this.#process.waitForLine(pattern, START_TIMEOUT_MS);
  }

  /** Resolves when the process has ended by itself. */
  async ended(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (this.isRunning) {
      if (Date.now() > deadline) throw new Error(`${this.name} does not end:\n${this.log}`);
      await pause();
    }
  }

  async stop(): Promise<void> {
    this.#disconnect();
    await this.#process?.stop();
  }

  async kill(): Promise<void> {
    this.#disconnect();
    if (this.#process === null || this.#process.exited()) return;
    process.kill(this.#process.pid, 'SIGKILL');
    await this.ended();
  }

  /** Waits until it lets admin in, whether its script has run or not. */
  async reachable(): Promise<void> {
    await until(
      async () => {
        try {
          await this.eval('return 1');
          return true;
        } catch (error) {
          if (!this.isRunning) throw error;
          return false;
        }
      },
      async () => `${this.name} lets nobody in:\n${this.log}`,
    );
  }

  /** Runs Lua as admin; resolves with the first value that it returns. */
  async eval(lua: string, ...values: readonly (string | number | boolean)[]): Promise<unknown> {
    this.#connection ??= await connect({
      address: this.socket,
      user: 'admin',
      password: ADMIN_PASSWORD,
      fetchSchema: false,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    });
    try {
      return (await this.#connection.eval(lua, values))[0];
    } catch (error) {
      if (error instanceof Error) error.message = `${this.name} (${this.kind}): ${error.message}, by ${lua}`;
      throw error;
    }
  }

  /** A value of Lua by way of JSON, so that maps become objects. */
  async json(expression: string): Promise<unknown> {
    return JSON.parse(String(await this.eval(`return require('json').encode(${expression})`))) as unknown;
  }

  /** Waits until an expression of Lua is true. */
  async until(expression: string): Promise<void> {
    await until(
      async () => (await this.eval(`return ${expression}`)) === true,
      async () =>
        `${this.name} (${this.kind}): ${expression} does not come true; ` +
        `box.info.replication: ${JSON.stringify(await this.json('box.info.replication'))}\n${this.log}`,
    );
  }

  /** Waits until it follows all masters that it is configured with and knows. */
  async follows(count = 1): Promise<void> {
    await this.until(`upstreams('follow') == ${count}`);
  }

  /** Waits until its worker has taken so many more steps. */
  async works(steps = 150): Promise<void> {
    const count = async (): Promise<number> => Number(await this.eval('return work_count()'));
    const end = (await count()) + steps;
    await until(
      async () => (await count()) >= end,
      async () => `${this.name} does not work: ${String(await this.eval('return stop_work()'))}\n${this.log}`,
    );
  }

  /** Names of the files of a kind that lie in its directory, in order. */
  files(extension: 'xlog' | 'snap'): readonly string[] {
    return readdirSync(this.directory)
      .filter((name) => name.endsWith(`.${extension}`))
      .sort();
  }

  /** Gives it another's data as if it had always been its own. */
  takeFiles(other: Server): void {
    for (const name of [...other.files('snap'), ...other.files('xlog')]) {
      cpSync(join(other.directory, name), join(this.directory, name));
    }
  }

  #disconnect(): void {
    this.#connection?.close();
    this.#connection = null;
  }
}

/** The servers of one test, all of which end with it. */
export class Servers {
  readonly #directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  readonly #servers: Server[] = [];

  private constructor(directory: Awaited<ReturnType<typeof temporaryDirectory>>) {
    this.#directory = directory;
  }

  static async open(): Promise<Servers> {
    return new Servers(await temporaryDirectory('set'));
  }

  /** A server over an empty directory; `launch` or `start` starts it. */
  add(name: string, kind: Kind): Server {
    const server = new Server(name, kind, this.#directory.path);
    this.#servers.push(server);
    return server;
  }

  /** A server that made a replica set, with users and the spaces of the workload. */
  async master(name: string, kind: Kind, start: Start = {}): Promise<Server> {
    const server = this.add(name, kind);
    await server.start({ ...start, founds: true });
    await server.eval('prepare_work()');
    return server;
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.kill()));
    await this.#directory.remove();
  }
}

/** The option of `box.cfg` that names these masters. */
export function replicationOf(masters: readonly Server[], login: string | null = REPLICATOR): string {
  return `replication = { ${masters.map((master) => master.uri(login)).join(', ')} },`;
}

/** Writes and makes snapshots, of which one is kept, until the log from before is needed by nobody else. */
export async function passSnapshots(master: Server): Promise<void> {
  for (let round = 0; round < 3; round++) {
    // With local rows in its log, a Tarantool 2.6.0 loses count of what replicas need.
    await master.eval(`writes_local = ${String(master.kind === 'picodata')} start_work(1)`);
    await master.works(40);
    const end = await master.eval('return stop_work()');
    if (end !== 'done') throw new Error(`${master.name} could not work: ${String(end)}`);
    await master.eval('box.snapshot()');
  }
}

/** Forgets at its next start what replicas need; this project's servers do that only when they are told to. */
export function forgetful(kind: Kind): string {
  return `checkpoint_count = 1, ${kind === 'picodata' ? 'wal_cleanup_delay = 0,' : ''}`;
}

/**
 * Waits until all servers have the same state, and checks that they have the same rows then. `only`: what the server with
 * this id wrote, as far as the first one knows; members may differ.
 */
export async function expectEqual(servers: readonly Server[], only = 0): Promise<void> {
  const vclocks = async (): Promise<readonly string[]> =>
    Promise.all(servers.map(async (server) => String(await server.eval('return global_vclock(...)', only))));
  await until(
    async () => new Set(await vclocks()).size === 1,
    async () => {
      const [all, texts] = [await vclocks(), servers.map(({ log }) => log.slice(-3000))];
      return `vclocks stay different: ${servers.map(({ name }, at) => `${name} ${all[at]}\n${texts[at]}`).join('\n')}`;
    },
  );
  const states = await Promise.all(servers.map((server) => server.json(`global_rows(${only})`)));
  for (const [at, state] of states.entries()) {
    const difference = differenceOf(states[0], state);
    if (difference !== null) {
      throw new Error(`${servers[0]?.name ?? ''} and ${servers[at]?.name ?? ''} differ: ${difference}`);
    }
  }
}

function differenceOf(first: unknown, second: unknown): string | null {
  if (typeof first !== 'object' || typeof second !== 'object' || first === null || second === null) return 'no state';
  const [left, right] = [new Map(Object.entries(first)), new Map(Object.entries(second))];
  const names = [...new Set([...left.keys(), ...right.keys()])].filter((name) => left.get(name) !== right.get(name));
  if (left.size === 0) return 'nothing is there';
  return names.length === 0 ? null : names.map((name) => `${name}: ${left.get(name)} ${right.get(name)}`).join(', ');
}

export async function until(condition: () => Promise<boolean>, problem: () => Promise<string>): Promise<void> {
  const deadline = Date.now() + CONDITION_TIMEOUT_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(await problem());
    await pause();
  }
}

export function pause(durationMs = POLL_MS): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
