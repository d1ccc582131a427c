/**
 * The load of the kill test of consensus: clients that write, read and swap properties through any member, and the history of
 * what they were told.
 *
 * Values are unique, so that a read tells which write it has seen. What was refused has not happened; any other failure
 * leaves open whether it has. A swap by the index of a read is a swap by the value that was read.
 */
import { BoxError, CLUSTER_ERROR_TABLE, ERROR_TABLE, type SeededRandom } from '../../src/base/index.ts';
import { connect, type Connection } from '../../src/index.ts';
import type { RegisterOperation } from '../../sim/checkers/register-model.ts';
import { History, type OpenRequest } from '../../sim/workloads/consensus/history.ts';
import { type Member, pause, PROPERTY } from './group.ts';

const KEYS = 5;
const REQUEST_TIMEOUT_MS = 1500;
/** Beyond the time that the member itself should keep to. */
const GRACE_MS = 500;
const REST_MS_MAX = 8;

/** The operation has not happened and will not. */
const REFUSALS: ReadonlySet<number> = new Set(
  [
    CLUSTER_ERROR_TABLE.NOT_A_LEADER,
    CLUSTER_ERROR_TABLE.RAFT_LOG_COMPACTED,
    CLUSTER_ERROR_TABLE.CAS_NO_SUCH_RAFT_INDEX,
    CLUSTER_ERROR_TABLE.CAS_CONFLICT_FOUND,
    CLUSTER_ERROR_TABLE.LEADER_UNKNOWN,
    CLUSTER_ERROR_TABLE.UNINITIALIZED,
    CLUSTER_ERROR_TABLE.RAFT_PROPOSAL_DROPPED,
  ].map(({ code }) => code),
);
const UNKNOWN: ReadonlySet<number> = new Set([ERROR_TABLE.TIMEOUT.code, ERROR_TABLE.NO_CONNECTION.code]);

export type LoadCounts = {
  writes: number;
  swaps: number;
  reads: number;
  conflicts: number;
  refused: number;
  unknown: number;
};

export class ConsensusLoad {
  readonly counts: LoadCounts = { writes: 0, swaps: 0, reads: 0, conflicts: 0, refused: 0, unknown: 0 };
  readonly #members: readonly Member[];
  readonly #random: SeededRandom;
  /** Reads take what the member has, and ask nobody: then the history must be found wrong. */
  readonly #readsLocally: boolean;
  readonly #history: History;
  readonly #keys = new Set<string>();
  #moment = 0;
  #stamp = 0;
  #period = 0;
  #isOver = false;

  constructor(members: readonly Member[], random: SeededRandom, readsLocally: boolean) {
    this.#members = members;
    this.#random = random;
    this.#readsLocally = readsLocally;
    this.#history = new History(() => ++this.#moment);
  }

  /** From now on other keys: the history of one stays short enough to be judged. */
  nextPeriod(): void {
    this.#period++;
  }

  operations(): readonly RegisterOperation[] {
    return this.#history.operations();
  }

  /** Writes, reads and swaps until `end` is called. Rejects with what no request may end with. */
  async run(client: string): Promise<void> {
    const connections = new Map<Member, Connection>();
    try {
      while (!this.#isOver) {
        await pause(this.#random.below(REST_MS_MAX));
        const connection = await connected(connections, this.#random.pick(this.#members));
        if (connection !== null) await this.#turn(client, connection);
      }
    } finally {
      for (const connection of connections.values()) connection.close();
    }
  }

  end(): void {
    this.#isOver = true;
  }

  /** Reads all keys that were ever written, from each member: what was acknowledged at any time is there. */
  async readAll(): Promise<void> {
    for (const member of this.#members) {
      const connection = await member.connection();
      for (const key of this.#keys) {
        if ((await this.#read(`end ${member.id}`, connection, key)) === null) throw new Error(`${key} cannot be read`);
      }
    }
  }

  async #turn(client: string, connection: Connection): Promise<void> {
    const key = `${this.#period} ${this.#random.below(KEYS)}`;
    this.#keys.add(key);
    switch (this.#random.below(4)) {
      case 0:
        return this.#write(client, connection, key);
      case 1:
        return this.#swap(client, connection, key);
      default:
        await this.#read(client, connection, key);
    }
  }

  async #write(client: string, connection: Connection, key: string): Promise<void> {
    const value = this.#newValue(client);
    const request = this.#history.begin(client, [{ key, input: { kind: 'write', value } }]);
    const operation = { kind: 'replace', space: PROPERTY, tuple: [key, value] };
    const args = ['propose', operation, { timeoutMs: REQUEST_TIMEOUT_MS }];
    if (await this.#settle(request, connection.call('raft', args, PATIENCE))) this.counts.writes++;
  }

  async #swap(client: string, connection: Connection, key: string): Promise<void> {
    const found = await this.#read(client, connection, key);
    if (found === null) return;
    const [index, expected] = [found.index, found.value];
    const value = this.#newValue(client);
    const request = this.#history.begin(client, [{ key, input: { kind: 'compare-and-swap', expected, value } }]);
    const operation = { kind: 'replace', space: PROPERTY, tuple: [key, value] };
    const args = ['compareAndSwap', operation, { index }, { timeoutMs: REQUEST_TIMEOUT_MS }];
    if (await this.#settle(request, connection.call('raft', args, PATIENCE))) this.counts.swaps++;
  }

  /** The value and the index that it is at least as new as; null: it could not be read. */
  async #read(
    client: string,
    connection: Connection,
    key: string,
  ): Promise<Readonly<{ index: number; value: string | null }> | null> {
    const request = this.#history.begin(client, [{ key, input: { kind: 'read' } }]);
    const name = this.#readsLocally ? 'read_locally' : 'read';
    try {
      const [index, found] = await connection.call(name, [key, { timeoutMs: REQUEST_TIMEOUT_MS }], PATIENCE);
      const value = typeof found === 'string' ? found : null;
      request.answered({ kind: 'value', value });
      this.counts.reads++;
      return { index: Number(index), value };
    } catch (error) {
      if (!isFailure(error)) throw error;
      request.refused();
      return null;
    }
  }

  /** Whether it was acknowledged. */
  async #settle(request: OpenRequest, answer: Promise<unknown>): Promise<boolean> {
    try {
      await answer;
      request.answered({ kind: 'done' });
      return true;
    } catch (error) {
      if (!isFailure(error)) throw error;
      if (UNKNOWN.has(error.code)) {
        this.counts.unknown++;
        return false;
      }
      request.refused();
      if (error.code === CLUSTER_ERROR_TABLE.CAS_CONFLICT_FOUND.code) this.counts.conflicts++;
      else this.counts.refused++;
      return false;
    }
  }

  #newValue(client: string): string {
    return `${client}.${++this.#stamp}`;
  }
}

const PATIENCE = { timeoutMs: REQUEST_TIMEOUT_MS + GRACE_MS } as const;

function isFailure(error: unknown): error is BoxError {
  return error instanceof BoxError && (UNKNOWN.has(error.code) || REFUSALS.has(error.code));
}

/** Null while the member cannot be reached. */
async function connected(connections: Map<Member, Connection>, member: Member): Promise<Connection | null> {
  const known = connections.get(member);
  if (known?.state === 'active') return known;
  known?.close();
  connections.delete(member);
  try {
    const connection = await connect({ address: member.address, fetchSchema: false, connectTimeoutMs: 1000 });
    connections.set(member, connection);
    return connection;
  } catch (error) {
    if (isFailure(error)) return null;
    throw error;
  }
}
