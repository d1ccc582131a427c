/** Makes snapshots from time to time, or when the log has grown, and removes the files that they make superfluous. */
import { BoxError } from '../base/index.ts';
import type { Env, Logger, TimerHandle } from '../env/index.ts';
import type { InstanceOptions } from './options.ts';
import type { Storage } from './storage.ts';

const LOOK_PERIOD_MS = 1000;
/** What made a snapshot fail, a full disk mostly, does not go away in a moment. */
const RETRY_AFTER_MS = 60_000;

export type CheckpointOptions = Pick<InstanceOptions, 'checkpointIntervalSeconds' | 'checkpointWalThresholdBytes'>;

export class CheckpointDaemon {
  readonly #env: Env;
  readonly #log: Logger;
  readonly #storage: Storage;
  #options: CheckpointOptions;
  #timer: TimerHandle | null = null;
  #nextMs = Infinity;
  #notBeforeMs = -Infinity;
  #logBytes = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(env: Env, log: Logger, storage: Storage, options: CheckpointOptions) {
    this.#env = env;
    this.#log = log;
    this.#storage = storage;
    this.#options = options;
  }

  /** The first snapshot comes at a random moment of an interval, so that instances started together do not all write at once. */
  start(): void {
    this.#plan();
    this.#timer = this.#env.timers.every(LOOK_PERIOD_MS, () => this.#look());
  }

  /** Goes by other options from now on. */
  set options(options: CheckpointOptions) {
    this.#options = options;
    this.#plan();
  }

  #plan(): void {
    this.#nextMs = Infinity;
    const intervalMs = this.#options.checkpointIntervalSeconds * 1000;
    if (intervalMs > 0) {
      const spread = this.#env.random.uint32() / 0x100000000;
      this.#nextMs = this.#env.clock.monotonicMs() + intervalMs * (1 + spread);
    }
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#storage.checkpointer.abandonWaiting();
    await this.#running;
  }

  /** Makes a snapshot and collects. Rejects with the error of the snapshot. */
  async checkpointNow(): Promise<void> {
    const { checkpointer, collector } = this.#storage;
    await checkpointer.checkpoint();
    this.#logBytes = 0;
    collector.collect();
  }

  #look(): void {
    this.#logBytes += this.#storage.logClient.takeBytesWritten();
    const { checkpointWalThresholdBytes: threshold, checkpointIntervalSeconds } = this.#options;
    const nowMs = this.#env.clock.monotonicMs();
    const isDue = nowMs >= this.#nextMs || (threshold > 0 && this.#logBytes >= threshold);
    if (!isDue || nowMs < this.#notBeforeMs || this.#storage.checkpointer.isRunning) return;
    this.#nextMs = checkpointIntervalSeconds > 0 ? nowMs + checkpointIntervalSeconds * 1000 : Infinity;
    this.#running = this.checkpointNow().catch((error: unknown) => {
      if (!(error instanceof BoxError)) throw error;
      this.#notBeforeMs = this.#env.clock.monotonicMs() + RETRY_AFTER_MS;
      this.#log.error(`the snapshot failed, the next one is tried in time: ${error.message}`);
    });
  }
}
