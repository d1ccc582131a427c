/** What monitoring reads of an instance over HTTP. It is there from before replication begins, so that a wait shows. */
import type { Consensus } from '../cluster/raftnode/index.ts';
import type { ListenAddress } from '../config/index.ts';
import { type Address, type Env, NetworkError } from '../env/index.ts';
import { type Replication, replicationInformation } from '../replication/index.ts';
import { HttpDoor, type HttpPage } from '../server/http/index.ts';
import { type InstanceFacts, renderMetrics, TEXT_FORMAT_CONTENT_TYPE } from '../server/metrics/index.ts';
import { identityOf } from './identity.ts';
import { addressOf } from './opening.ts';
import type { InstanceOptions } from './options.ts';
import { StartError, type Storage } from './storage.ts';

const METRICS_PATH = '/metrics';

/** What is looked at. */
export type Monitored = Readonly<{
  env: Env;
  options: InstanceOptions;
  storage: Storage;
  replication: Replication;
  /** Null: none, or not yet. */
  consensus: Consensus | null;
}>;

export class Monitoring {
  readonly #monitored: Monitored;
  readonly #startedMs: number;
  readonly #door: HttpDoor;

  constructor(monitored: Monitored, onFailure: (error: unknown) => void) {
    this.#monitored = monitored;
    this.#startedMs = monitored.env.clock.monotonicMs();
    const metrics = { contentType: TEXT_FORMAT_CONTENT_TYPE, render: () => renderMetrics(this.#facts()) };
    this.#door = new HttpDoor(
      monitored.env.httpServer,
      new Map<string, HttpPage>([[METRICS_PATH, metrics]]),
      onFailure,
    );
  }

  get address(): Address | null {
    return this.#door.address;
  }

  /** Rejects with StartError, which names the option. */
  async listen(address: ListenAddress | Address): Promise<void> {
    try {
      await this.#door.listen(addressOf(address));
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      throw new StartError(`--http-listen: ${error.message}`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    await this.#door.stop();
  }

  #facts(): InstanceFacts {
    const { env, options, storage, replication } = this.#monitored;
    const { box, logClient, checkpointer } = storage;
    const { residentBytes, heapBytes } = env.process.memoryUsage();
    const nowMs = env.clock.monotonicMs();
    const vclock = box.vclock();
    return {
      ...identityOf(options, storage.instanceUuid, storage.box.catalog.replicasetUuid),
      uptimeSeconds: (nowMs - this.#startedMs) / 1000,
      isReadOnly: box.statements.isReadOnly,
      vclock,
      memory: storage.memoryUse(),
      counters: box.counters,
      log: { ...logClient.statistics, waitingBytes: logClient.waitingBytes },
      snapshot: {
        isInProgress: checkpointer.isRunning,
        vclock: checkpointer.lastVclock,
        durationMs: checkpointer.lastDurationMs,
      },
      process: { residentBytes, heapBytes, processorSeconds: env.process.processorSeconds() },
      replication: replicationInformation(replication, vclock, nowMs),
      consensus: this.#monitored.consensus?.status() ?? null,
    };
  }
}
