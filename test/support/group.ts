/**
 * Groups of members for tests: each a process of its own over a directory of its own, at an address of the loopback that it
 * keeps when it is stopped, killed and started again, unless it is given another one.
 */
import { join } from 'node:path';
import {
  connect,
  type Connection,
  type ConsensusStatus,
  type MemberAddress,
  type StartOptions,
  type Value,
} from '../../src/index.ts';
import { freePort, type ServerProcess, startProcess, temporaryDirectory } from './child-server.ts';

const PROGRAM = join(import.meta.dirname, '..', 'fixtures', 'group-member.mjs');
const START_TIMEOUT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 30_000;
const CONDITION_TIMEOUT_MS = 60_000;
const POLL_MS = 30;
/** While a member is down, a connection that looks for it may have been given its port. */
const START_ATTEMPTS = 50;
const TAKEN_PORT = 'address already in use';
export const PROPERTY = '_pico_property';

export type MemberOptions = Omit<StartOptions, 'raft'> &
  Readonly<{ raft?: Partial<NonNullable<StartOptions['raft']>> }>;

export class Member {
  readonly id: number;
  /** Another one counts from the next start. */
  address: string;
  readonly directory: string;
  readonly #founders: () => readonly MemberAddress[];
  #options: MemberOptions;
  #process: ServerProcess | null = null;
  #connection: Connection | null = null;

  constructor(
    id: number,
    address: string,
    directory: string,
    options: MemberOptions,
    founders: () => readonly MemberAddress[],
  ) {
    this.id = id;
    this.address = address;
    this.directory = directory;
    this.#options = options;
    this.#founders = founders;
  }

  /** Resolves when it listens. What is left out of `options` is as it was the last time. */
  async start(options: MemberOptions = {}): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.launch(options);
      try {
        await this.waitForLog(/is ready\n/);
        return;
      } catch (error) {
        await this.kill();
        if (attempt === START_ATTEMPTS || !String(error).includes(TAKEN_PORT)) throw error;
        await pause(100);
      }
    }
  }

  /** Starts the process and waits for nothing. */
  launch(given: MemberOptions = {}): void {
    if (this.isRunning) throw new Error(`member ${this.id} runs already`);
    this.#options = { ...this.#options, ...given, raft: { ...this.#options.raft, ...given.raft } };
    const { raft, ...rest } = this.#options;
    const options: StartOptions = {
      dataDir: this.directory,
      listen: this.address,
      trust: 'open',
      log: { level: 'info', format: 'plain', destination: 'stderr' },
      ...rest,
      raft: { ...raft, id: this.id, members: raft?.members ?? this.#founders() },
    };
    this.#process = startProcess(process.execPath, [PROGRAM, JSON.stringify(options)], { cwd: import.meta.dirname });
  }

  get isRunning(): boolean {
    return this.#process?.exited() === false;
  }

  /** What the process has printed since it started. */
  get log(): string {
    return this.#process?.log() ?? '';
  }

  waitForLog(pattern: RegExp): Promise<RegExpMatchArray> {
    if (this.#process === null) throw new Error(`member ${this.id} was never started`);
    return this.#process.waitForLine(pattern, START_TIMEOUT_MS);
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

  /** Resolves when the process has ended. */
  ended(): Promise<void> {
    return until(
      () => Promise.resolve(!this.isRunning),
      () => `member ${this.id} does not end:\n${this.log}`,
    );
  }

  /** Calls a method of its consensus. Rejects with what that rejects with, or NO_CONNECTION. */
  async raft(method: string, ...args: readonly Value[]): Promise<Value> {
    return (await this.call('raft', method, ...args))[0] ?? null;
  }

  async status(): Promise<ConsensusStatus> {
    return (await this.raft('status')) as unknown as ConsensusStatus;
  }

  /** Writes a property through the log; resolves with the index of its entry. */
  async put(key: string, value: Value): Promise<number> {
    const id = await this.raft('propose', { kind: 'replace', space: PROPERTY, tuple: [key, value] });
    return (id as unknown as { index: number }).index;
  }

  /** A linearizable read: the value, null without one, and an index that it is at least as new as. */
  async read(key: string): Promise<Readonly<{ index: number; value: Value }>> {
    const [index, value] = await this.call('read', key);
    return { index: Number(index), value: value ?? null };
  }

  /** All properties as they are here, by key. */
  async properties(): Promise<ReadonlyMap<string, Value>> {
    const rows = await (await this.connection()).select(PROPERTY, []);
    return new Map(rows.map(([key, value]) => [String(key), value ?? null]));
  }

  async call(name: string, ...args: readonly Value[]): Promise<readonly Value[]> {
    return (await (await this.connection()).call(name, args)) as readonly Value[];
  }

  async connection(): Promise<Connection> {
    const { trust } = this.#options;
    const login = typeof trust === 'object' ? { user: 'pico_service', password: trust.cookie } : {};
    this.#connection ??= await connect({ address: this.address, ...login, requestTimeoutMs: REQUEST_TIMEOUT_MS });
    return this.#connection;
  }

  #disconnect(): void {
    this.#connection?.close();
    this.#connection = null;
  }
}

/** The members of one test, all of which end with it. */
export class Group {
  readonly members: readonly Member[];
  readonly #all: Member[];
  readonly #directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  readonly #options: MemberOptions;

  private constructor(
    directory: Awaited<ReturnType<typeof temporaryDirectory>>,
    addresses: readonly string[],
    options: MemberOptions,
  ) {
    this.#directory = directory;
    this.#options = options;
    this.members = addresses.map((address, at) => this.#member(at + 1, address, () => this.founders()));
    this.#all = [...this.members];
  }

  /** A group of so many members, of which none is started. */
  static async open(count: number, options: MemberOptions = {}): Promise<Group> {
    const addresses: string[] = [];
    while (addresses.length < count) {
      const address = `127.0.0.1:${await freePort()}`;
      if (!addresses.includes(address)) addresses.push(address);
    }
    return new Group(await temporaryDirectory('group'), addresses, options);
  }

  /** A group that runs and has a leader. */
  static async start(count: number, options: MemberOptions = {}): Promise<Group> {
    const group = await Group.open(count, options);
    try {
      await Promise.all(group.members.map((member) => member.start()));
      await group.leader();
    } catch (error) {
      await group.close();
      throw error;
    }
    return group;
  }

  founders(): readonly MemberAddress[] {
    return this.members.map(({ id, address }) => ({ id, address }));
  }

  /** One more, that joins when it is told to; not started. */
  async join(id: number): Promise<Member> {
    const member = this.#member(id, `127.0.0.1:${await freePort()}`, () => []);
    this.#all.push(member);
    return member;
  }

  member(id: number): Member {
    const found = this.#all.find((member) => member.id === id);
    if (found === undefined) throw new Error(`there is no member ${id}`);
    return found;
  }

  get running(): readonly Member[] {
    return this.#all.filter(({ isRunning }) => isRunning);
  }

  /** Waits until all that run agree on who leads. */
  async leader(): Promise<Member> {
    return this.leaderOf(this.running);
  }

  /** Waits until these agree on which of them leads. */
  async leaderOf(members: readonly Member[]): Promise<Member> {
    let found: Member | null = null;
    await until(
      async () => {
        const states = await Promise.all(members.map((member) => member.status()));
        const ids = new Set(states.map(({ leaderId }) => leaderId));
        const terms = new Set(states.map(({ term }) => term));
        const [id = 0] = ids;
        found = ids.size === 1 && terms.size === 1 ? (members.find((member) => member.id === id) ?? null) : null;
        return found !== null;
      },
      () => `the members do not agree on a leader:\n${this.logs()}`,
    );
    return found!;
  }

  /** Waits until an entry is applied on all that run. */
  async applied(index: number): Promise<void> {
    await Promise.all(
      this.running.map((member) => member.raft('waitIndex', index, { timeoutMs: CONDITION_TIMEOUT_MS })),
    );
  }

  logs(): string {
    return this.#all.map(({ id, log }) => `member ${id}:\n${log.slice(-4000)}`).join('\n');
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((member) => member.kill()));
    await this.#directory.remove();
  }

  #member(id: number, address: string, founders: () => readonly MemberAddress[]): Member {
    return new Member(id, address, join(this.#directory.path, String(id)), this.#options, founders);
  }
}

/** Waits until the condition holds; `problem` is what is said if it does not in time. */
export async function until(condition: () => Promise<boolean>, problem: () => string): Promise<void> {
  const deadlineMs = Date.now() + CONDITION_TIMEOUT_MS;
  while (!(await condition())) {
    if (Date.now() > deadlineMs) throw new Error(problem());
    await pause(POLL_MS);
  }
}

export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
