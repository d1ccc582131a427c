/**
 * A replica set of the benchmark: a master and any number of replicas, all real Tarantools or all of this project, each a
 * process with a temporary directory and a loopback port of its own. All end, and leave nothing, with `remove`.
 */
import { join } from 'node:path';
import type { Control } from '../control.ts';
import { BenchServer, ourCommand, peerCommand, PROJECT, type Program, type Side } from '../servers.ts';

const MEMBER = join(PROJECT, 'bench', 'replication', 'member.lua');
const MEMORY_BYTES = 1024 * 1024 * 1024;
/** Asking costs a replica that is busy; what is waited for takes seconds. */
const POLL_MS = 10;

/** Makes the programs of members. */
export type MemberKind = Readonly<{
  side: Side;
  title: string;
  start: (directory: string, words: readonly string[]) => ReturnType<Program['launch']>;
}>;

/** Throws without an installed Tarantool. */
export function peerMembers(): MemberKind {
  const { title, start } = peerCommand();
  return { side: 'peer', title, start };
}

/** Throws without a build. */
export function ourMembers(node: string): MemberKind {
  const { title, start } = ourCommand(node);
  return { side: 'ours', title, start: (directory, words) => start(directory, ['tarantool', ...words]) };
}

function memberProgram({ side, title, start }: MemberKind, masterPort: number | null): Program {
  const master = masterPort === null ? [] : [String(masterPort)];
  return {
    side,
    title: `${title} (${masterPort === null ? 'master' : 'replica'})`,
    launch: (port, directory) => start(directory, [MEMBER, String(port), String(MEMORY_BYTES), ...master]),
    // The master's last step lets guest call procedures.
    isReady: async (control) => {
      const follows = await first(control, 'follows');
      return masterPort === null || follows === true;
    },
  };
}

export class ReplicaSet {
  readonly master: BenchServer;
  readonly replicas: BenchServer[] = [];
  readonly #kind: MemberKind;

  private constructor(kind: MemberKind, master: BenchServer) {
    this.#kind = kind;
    this.master = master;
  }

  /** Starts a set without replicas, hands it to `use`, and removes it. */
  static async with<Result>(kind: MemberKind, use: (set: ReplicaSet) => Promise<Result>): Promise<Result> {
    const set = new ReplicaSet(kind, await BenchServer.start(memberProgram(kind, null)));
    try {
      return await use(set);
    } finally {
      for (const server of [...set.replicas, set.master]) await server.remove();
    }
  }

  /** Starts a replica with an empty directory; resolves when it follows. */
  async addReplica(): Promise<BenchServer> {
    const replica = await BenchServer.start(memberProgram(this.#kind, this.master.port), POLL_MS);
    this.replicas.push(replica);
    return replica;
  }

  /** Resolves when a replica has all that the master has now. */
  async caughtUp(replica: BenchServer): Promise<void> {
    const target = await this.master.withControl(appliedLsn);
    await replica.until(async (control) => (await appliedLsn(control)) >= target, POLL_MS);
  }

  /** Throws unless a space has so many rows on every member. */
  async expectRows(spaceId: number, rows: number): Promise<void> {
    for (const server of [this.master, ...this.replicas]) {
      const count = await server.withControl((control) => first(control, 'row_count', spaceId));
      if (count !== rows) throw new Error(`${server.title} has ${String(count)} rows in place of ${rows}`);
    }
  }
}

async function appliedLsn(control: Control): Promise<number> {
  return Number(await first(control, 'applied_lsn'));
}

/** The first value that a procedure returns. */
async function first(control: Control, name: string, ...values: readonly number[]): Promise<unknown> {
  const answer = await control.call(name, ...values);
  return Array.isArray(answer) ? answer[0] : null;
}
