/**
 * A group of three members that agree on what is written: all etcd or all of this project, each a process with a
 * temporary directory and loopback ports of its own. Members are killed and started again by process id. All end, and
 * leave nothing, with `remove`.
 */
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { freePort, temporaryDirectory, type ServerProcess } from '../../test/support/child-server.ts';
import type { Side } from '../servers.ts';
import type { ConsensusPeer } from './load.ts';

export const MEMBER_COUNT = 3;
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 5;

/** What a member says of itself. Ids are opaque. */
export type MemberStatus = Readonly<{
  id: string;
  /** null: it knows of none. */
  leaderId: string | null;
  term: number;
  appliedIndex: number;
}>;

/** Connections to one member. */
export interface ConsensusClient extends ConsensusPeer {
  status(): Promise<MemberStatus>;
  /** Asks the member, which leads, to hand over to another. */
  transferLeadership(toId: string): Promise<void>;
  close(): void;
}

/** Where a member is reached: by clients, and by other members where those have a port of their own. */
export type MemberAddress = Readonly<{ clientPort: number; peerPort: number }>;

type Directory = Readonly<{ path: string; remove: () => Promise<void> }>;

/** Starts members of one side, and connects to them. */
export type GroupKind = Readonly<{
  side: Side;
  title: string;
  /** `position` counts from 0 in `addresses`; `dataDirectory` is empty or was left by the same member. */
  launch: (position: number, addresses: readonly MemberAddress[], dataDirectory: string) => ServerProcess;
  /** Opens `connections` connections, over which clients are spread. */
  connect: (clientPort: number, connections: number) => Promise<ConsensusClient>;
}>;

async function differentPorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export class MemberGroup {
  readonly kind: GroupKind;
  readonly addresses: readonly MemberAddress[];
  readonly #directory: Directory;
  readonly #processes: ServerProcess[];

  private constructor(kind: GroupKind, addresses: readonly MemberAddress[], directory: Directory) {
    this.kind = kind;
    this.addresses = addresses;
    this.#directory = directory;
    this.#processes = addresses.map((_, position) => this.#launch(position));
  }

  /** Starts a group without data, hands it to `use` once it takes puts, and removes it. */
  static async with<Result>(kind: GroupKind, use: (group: MemberGroup) => Promise<Result>): Promise<Result> {
    const ports = await differentPorts(2 * MEMBER_COUNT);
    const addresses = Array.from({ length: MEMBER_COUNT }, (_, position) => ({
      clientPort: ports[2 * position] ?? 0,
      peerPort: ports[2 * position + 1] ?? 0,
    }));
    const group = new MemberGroup(kind, addresses, await temporaryDirectory(`bench-consensus-${kind.side}`));
    try {
      await group.settled();
      return await use(group);
    } finally {
      await group.remove();
    }
  }

  get positions(): readonly number[] {
    return this.addresses.map((_, position) => position);
  }

  pid(position: number): number {
    return this.#process(position).pid;
  }

  /** Where its clients come to. */
  clientPort(position: number): number {
    return this.#address(position).clientPort;
  }

  async withClient<Result>(position: number, use: (client: ConsensusClient) => Promise<Result>): Promise<Result> {
    const client = await this.connect(position, 1);
    try {
      return await use(client);
    } finally {
      client.close();
    }
  }

  connect(position: number, connections: number): Promise<ConsensusClient> {
    return this.kind.connect(this.clientPort(position), connections);
  }

  /** Resolves with the leader's position when all members know it, have applied what it had, and it takes a put. */
  async settled(): Promise<number> {
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      const leader = await this.#settledLeader().catch(() => null);
      if (leader !== null) return leader;
      const ended = this.#processes.find((process) => process.exited());
      if (ended !== undefined) throw new Error(`a member of ${this.kind.title} ended early:\n${ended.log()}`);
      if (performance.now() > deadlineMs) throw new Error(this.#describe('does not settle'));
      await pause(POLL_MS);
    }
  }

  async #settledLeader(): Promise<number | null> {
    const leader = leaderAmong(await this.#statuses());
    if (leader === null) return null;
    await this.withClient(leader, (client) => client.put(0));
    const { id, appliedIndex } = await this.withClient(leader, (client) => client.status());
    const statuses = await this.#statuses();
    const level = statuses.every((status) => status.leaderId === id && status.appliedIndex >= appliedIndex);
    return level ? leader : null;
  }

  #statuses(): Promise<readonly MemberStatus[]> {
    return Promise.all(this.positions.map((position) => this.withClient(position, (client) => client.status())));
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(position: number): Promise<void> {
    const killed = this.#process(position);
    process.kill(killed.pid, 'SIGKILL');
    await killed.stop();
  }

  /** Starts what was killed on its data, and waits for nothing. */
  restart(position: number): void {
    this.#processes[position] = this.#launch(position);
  }

  async remove(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop()));
    await this.#directory.remove();
  }

  #launch(position: number): ServerProcess {
    return this.kind.launch(position, this.addresses, join(this.#directory.path, `member-${position + 1}`));
  }

  #process(position: number): ServerProcess {
    const found = this.#processes[position];
    if (found === undefined) throw new Error(`there is no member ${position}`);
    return found;
  }

  #address(position: number): MemberAddress {
    const found = this.addresses[position];
    if (found === undefined) throw new Error(`there is no member ${position}`);
    return found;
  }

  #describe(what: string): string {
    return `${this.kind.title} ${what}:\n${this.#processes.map((process) => process.log()).join('\n')}`;
  }
}

/** The position of the one that all take for the leader; null while they do not agree. */
export function leaderAmong(statuses: readonly MemberStatus[]): number | null {
  const leaderId = statuses[0]?.leaderId ?? null;
  if (leaderId === null || statuses.some((status) => status.leaderId !== leaderId)) return null;
  const position = statuses.findIndex(({ id }) => id === leaderId);
  return position === -1 ? null : position;
}
