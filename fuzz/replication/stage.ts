/** A simulated world with instances in it, and what is looked at of them. */
import { assert, defined } from '../../src/base/index.ts';
import { encodeToBytes, type Value } from '../../src/codec/msgpack/index.ts';
import { runCheckpointWorker, runReadingWorker } from '../../src/engine/checkpoint/index.ts';
import { runLogWorker } from '../../src/engine/wal/index.ts';
import { DEFAULT_INSTANCE_OPTIONS, Instance, type InstanceOptions } from '../../src/instance/index.ts';
import { DEFAULT_REPLICATION_OPTIONS, type ReplicationOptions, runRelayWorker } from '../../src/replication/index.ts';
import { type SimulatedHost, SimulatedWorld } from '../../sim/env/index.ts';

export const PORT = 3301;
/** Between heartbeats, and between attempts to connect. */
export const REPLICATION_TIMEOUT_MS = 50;
const START_MS_MAX = 20_000;
const MEMORY_BYTES = 32 * 1024 * 1024;

export type Start = Readonly<{
  options?: Partial<InstanceOptions>;
  replication?: Partial<ReplicationOptions>;
}>;

export class Stage {
  readonly world: SimulatedWorld;
  /** What instances failed with, by themselves. */
  readonly failures: Error[] = [];

  constructor(seed: number) {
    this.world = new SimulatedWorld(seed);
    this.world.registerWorkerEntry('log', runLogWorker);
    this.world.registerWorkerEntry('checkpoint', runCheckpointWorker);
    this.world.registerWorkerEntry('recovery', runReadingWorker);
    this.world.registerWorkerEntry('relay', runRelayWorker);
  }

  /** Whatever nobody catches meanwhile ends the run. */
  async guarded(work: () => Promise<void>): Promise<void> {
    const onRejection = (reason: unknown): void => {
      this.world.fail(new Error('a promise was rejected and nobody looked', { cause: reason }));
    };
    process.on('unhandledRejection', onRejection);
    try {
      await work();
      await this.pass(1);
    } finally {
      process.off('unhandledRejection', onRejection);
    }
  }

  host(name: string): SimulatedHost {
    return this.world.host(name) ?? this.world.addHost(name, { longestSyncMs: 0.5 });
  }

  /** Starts an instance on a host that runs none. Rejects with why it did not start. */
  async start(name: string, { options = {}, replication = {} }: Start = {}): Promise<Instance> {
    const env = this.host(name).createEnv({ logLevel: 'fatal' });
    const all: InstanceOptions = {
      ...DEFAULT_INSTANCE_OPTIONS,
      dataDir: '/data',
      listen: { host: '0.0.0.0', port: PORT },
      instanceId: name,
      walMode: 'write',
      checkpointIntervalSeconds: 0,
      memtxMemoryBytes: MEMORY_BYTES,
      ...options,
      replication: {
        ...DEFAULT_REPLICATION_OPTIONS,
        timeoutMs: REPLICATION_TIMEOUT_MS,
        connectTimeoutMs: 1000,
        syncTimeoutMs: 1000,
        ...replication,
      },
    };
    return this.settled(Instance.start(env, all, { onFailure: (error) => this.failures.push(error) }), START_MS_MAX);
  }

  /** Lets the world go on until the promise is settled. */
  async settled<Result>(promise: Promise<Result>, maxMs: number): Promise<Result> {
    let outcome: (() => Result) | null = null;
    promise.then(
      (result) => {
        outcome = () => result;
      },
      (error: unknown) => {
        outcome = () => {
          throw error;
        };
      },
    );
    assert(await this.world.runUntil(() => outcome !== null, maxMs), 'it comes to an end in time');
    return defined(outcome as (() => Result) | null, 'an outcome')();
  }

  async pass(durationMs: number): Promise<void> {
    await this.world.run(this.world.nowMs + durationMs);
    const [failure] = this.failures;
    if (failure !== undefined) throw new Error('an instance failed', { cause: failure });
  }

  async until(condition: () => boolean, maxMs: number): Promise<boolean> {
    const isTrue = await this.world.runUntil(condition, maxMs);
    const [failure] = this.failures;
    if (failure !== undefined) throw new Error('an instance failed', { cause: failure });
    return isTrue;
  }

  /** Writes rows as admin, each in a transaction of its own, and waits until the log has them. */
  async write({ box }: Instance, rows: readonly (readonly [spaceId: number, row: Value])[]): Promise<void> {
    for (const [spaceId, row] of rows) {
      const bytes = encodeToBytes(row);
      box.statements.replace(box.adminSession, spaceId, bytes, 0, bytes.length);
    }
    await this.settled(box.transactions.whenDurable(), 1000);
  }

  async remove({ box }: Instance, spaceId: number, key: Value): Promise<void> {
    box.statements.delete(box.adminSession, spaceId, 0, encodeToBytes(key), 0);
    await this.settled(box.transactions.whenDurable(), 1000);
  }
}

/** A vclock as text, without zeros. */
export function vclockText(vclock: readonly number[]): string {
  return vclock.flatMap((lsn, id) => (id === 0 || lsn === 0 ? [] : [`${id}:${lsn}`])).join(' ');
}

/** Rows that make a space with a key of one number. */
export function spaceRows(id: number, options: Readonly<Record<string, Value>>): readonly (readonly [number, Value])[] {
  const flags = new Map<Value, Value>(Object.entries(options));
  return [
    [280, [id, 1, `space ${id}`, 'memtx', 0, flags, []]],
    [288, [id, 0, 'primary', 'tree', new Map<Value, Value>([['unique', true]]), [[0, 'unsigned']]]],
  ];
}
