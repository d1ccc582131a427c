/**
 * Makes snapshots while writers go on, and collects the files that no kept snapshot needs.
 *
 * A checkpoint begins with a view of the state; when all that it shows is durable the log begins a new file with the same
 * vclock, so that recovery needs the snapshot and the files from its vclock on.
 * Invariants: (1) one checkpoint at a time; (2) no slice on the engine's thread is longer than a few milliseconds; (3) a
 * file is removed only when `checkpointCount` newer snapshots are durable and nobody pins it.
 */
import { assert, BoxError, boxError, ByteWriter, unreachable } from '../../base/index.ts';
import { type Vclock, vclockSignature } from '../../codec/xlog/index.ts';
import { LIMITS } from '../../config/index.ts';
import type { Env, Logger, WorkerHandle } from '../../env/index.ts';
import type { ViewLimits } from '../arena/index.ts';
import type { TransactionManager } from '../txn/index.ts';
import type { LogClient } from '../wal/index.ts';
import { asSnapshotReply, type SnapshotRequest, type SnapshotWorkerParameters } from './snapshot-protocol.ts';
import { type LostView, type SnapshotSource, SnapshotRowForm } from './snapshot-source.ts';
import { type CheckpointSource, openStateView, type StateView } from './state-view.ts';

const CHUNK_BYTES = 256 * 1024;
/** Chunks that the worker has and has not taken yet. */
const CHUNKS_IN_FLIGHT = 3;
/** Rows between two looks at the clock. */
const ROWS_PER_LOOK = 256;

export type CheckpointOptions = Readonly<{
  directory: string;
  instanceUuid: string;
  softwareVersion: string;
  /** Bounds of the read view: beyond them the snapshot is given up, so that writers are not. */
  viewLimits: ViewLimits;
}>;

export type CheckpointResult = Readonly<{ vclock: Vclock; sizeBytes: number; rows: number; durationMs: number }>;

export class Checkpointer {
  readonly #env: Env;
  readonly #log: Logger;
  readonly #transactions: TransactionManager;
  readonly #logClient: LogClient;
  readonly #source: CheckpointSource;
  readonly #options: CheckpointOptions;
  #lastVclock: Vclock | null;
  #isRunning = false;
  #isAbandoned = false;
  /** Ends the wait for what may still be undone. */
  #abandon: () => void = () => undefined;
  #longestSliceMs = 0;
  #lastDurationMs: number | null = null;

  constructor(
    env: Env,
    log: Logger,
    transactions: TransactionManager,
    logClient: LogClient,
    source: CheckpointSource,
    options: CheckpointOptions,
    lastVclock: Vclock | null,
  ) {
    this.#env = env;
    this.#log = log;
    this.#transactions = transactions;
    this.#logClient = logClient;
    this.#source = source;
    this.#options = options;
    this.#lastVclock = lastVclock;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** State that the newest durable snapshot holds; null before the first. */
  get lastVclock(): Vclock | null {
    return this.#lastVclock;
  }

  /** How long the newest snapshot took that was written since the start; null before the first. */
  get lastDurationMs(): number | null {
    return this.#lastDurationMs;
  }

  /** The longest time that a snapshot held the engine's thread. */
  get longestSliceMs(): number {
    return this.#longestSliceMs;
  }

  /**
   * Writes a snapshot of the present state, once nothing of it can be undone any more (`asItIs`: also if it can). Nothing
   * is written if the newest one already holds it. Rejects with SYNC_ROLLBACK and the like if something was undone.
   */
  async checkpoint(kind: 'final' | 'asItIs' = 'final'): Promise<CheckpointResult> {
    if (this.#isRunning) throw boxError('CHECKPOINT_IN_PROGRESS');
    this.#isRunning = true;
    const startedMs = this.#env.clock.monotonicMs();
    try {
      const { source, vclock, whenFinal } = await this.#begin();
      try {
        if (kind === 'final') await this.#finality(whenFinal);
        const isThere = this.#lastVclock !== null && vclockSignature(this.#lastVclock) === vclockSignature(vclock);
        const sizeBytes = isThere ? 0 : await this.#write(source, vclock);
        this.#lastVclock = vclock;
        const durationMs = this.#env.clock.monotonicMs() - startedMs;
        if (!isThere) this.#lastDurationMs = durationMs;
        return { vclock, sizeBytes, rows: source.rowsDone, durationMs };
      } finally {
        source.close();
      }
    } finally {
      this.#isRunning = false;
    }
  }

  /** Nothing is waited for any more, now or later. */
  abandonWaiting(): void {
    this.#isAbandoned = true;
    this.#abandon();
  }

  #finality(whenFinal: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#abandon = () => reject(boxError('READ_VIEW_ABORTED'));
      whenFinal.then(resolve, reject);
      if (this.#isAbandoned) this.#abandon();
    });
  }

  /** Opens the view; the log begins a new file behind what it shows. */
  #begin(): Promise<StateView> {
    const { clock } = this.#env;
    const form = new SnapshotRowForm(clock.realtimeSeconds());
    return openStateView(this.#source, this.#transactions, this.#logClient, form, clock.monotonicMs(), (vclock) =>
      this.#logClient.rotate(vclock),
    );
  }

  async #write(source: SnapshotSource, vclock: Vclock): Promise<number> {
    const { directory, instanceUuid, softwareVersion } = this.#options;
    const feed = new SnapshotFeed(this.#env, { directory, instanceUuid, softwareVersion, vclock });
    const lost = (loss: LostView): void => {
      const isFirst = feed.fail(boxError('READ_VIEW_ABORTED'));
      if (isFirst) this.#log.error(`the snapshot is given up: ${this.#reasonOf(loss)}`);
    };
    try {
      if (source.loss !== null) lost(source.loss);
      source.onLoss = lost;
      const rowsBefore = source.totalRows;
      let more = true;
      while (more) {
        const chunk = await feed.chunk();
        more = await this.#fillChunk(source, chunk, feed);
        feed.send(chunk);
      }
      source.close();
      const sizeBytes = await feed.finish();
      this.#log.info(`snapshot of ${rowsBefore} rows written, ${sizeBytes} bytes`);
      return sizeBytes;
    } finally {
      source.close();
      await feed.stop();
    }
  }

  #reasonOf({ loss, keptBytes }: LostView): string {
    const { ageMs, bytes } = this.#options.viewLimits;
    switch (loss) {
      case 'memory':
        return `writers needed the ${keptBytes} bytes of memory that were kept for it`;
      case 'bytes':
        return `${keptBytes} bytes were kept for it, the limit is ${bytes}`;
      case 'age':
        return `it took over ${ageMs} ms, the limit`;
      default:
        return unreachable(loss);
    }
  }

  /** Fills one chunk, giving the thread back whenever a slice of time is used up. */
  async #fillChunk(source: SnapshotSource, chunk: ByteWriter, feed: SnapshotFeed): Promise<boolean> {
    let more = true;
    while (more && chunk.position < CHUNK_BYTES) {
      const startedMs = this.#env.clock.monotonicMs();
      for (const { views } of this.#source.memories) views.enforceLimits(startedMs, this.#options.viewLimits);
      feed.check();
      let usedMs = 0;
      while (more && chunk.position < CHUNK_BYTES && usedMs < LIMITS.sliceMs / 2) {
        more = source.fill(chunk, CHUNK_BYTES, ROWS_PER_LOOK);
        usedMs = this.#env.clock.monotonicMs() - startedMs;
      }
      this.#longestSliceMs = Math.max(this.#longestSliceMs, usedMs);
      await this.#nextTurn();
    }
    return more;
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#env.timers.nextTurn(resolve));
  }
}

/** The worker of one snapshot and the chunks that travel to it. */
class SnapshotFeed {
  readonly #worker: WorkerHandle;
  readonly #free: ByteWriter[] = [];
  readonly #taken: ByteWriter[] = [];
  #made = 0;
  #failure: Error | null = null;
  #onChange: (() => void) | null = null;
  #sizeBytes = -1;
  #isStopped = false;

  constructor(env: Env, parameters: SnapshotWorkerParameters) {
    this.#worker = env.workers.start('checkpoint', parameters, {
      onMessage: (message) => this.#receive(message as Parameters<typeof asSnapshotReply>[0]),
      onFailure: (error) => this.fail(error),
    });
  }

  /** An empty chunk, when one is free. */
  async chunk(): Promise<ByteWriter> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      const free = this.#free.pop();
      if (free !== undefined) return free;
      if (this.#made < CHUNKS_IN_FLIGHT) {
        this.#made++;
        return new ByteWriter(CHUNK_BYTES + 65536, true);
      }
      await this.#changed();
    }
  }

  /** Throws if the snapshot has failed. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** Ends the snapshot with the error; false if it has failed before. */
  fail(error: Error): boolean {
    const isFirst = this.#failure === null;
    this.#failure ??= error;
    this.#onChange?.();
    return isFirst;
  }

  send(chunk: ByteWriter): void {
    this.#taken.push(chunk);
    this.#post({ kind: 'rows', rows: chunk.written() });
  }

  async finish(): Promise<number> {
    this.#post({ kind: 'finish' });
    while (this.#sizeBytes < 0) {
      if (this.#failure !== null) throw this.#failure;
      await this.#changed();
    }
    return this.#sizeBytes;
  }

  /** Ends the worker; an unfinished file is removed by it. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    if (this.#sizeBytes < 0) this.#post({ kind: 'cancel' });
    await this.#worker.stop();
  }

  #post(request: SnapshotRequest): void {
    this.#worker.post(request);
  }

  #receive(message: Parameters<typeof asSnapshotReply>[0]): void {
    const reply = asSnapshotReply(message);
    if (reply.kind === 'failed') {
      const base = boxError('SYSTEM', `the snapshot could not be written: ${reply.message}`);
      this.fail(new BoxError(base.code, base.message, { type: 'SystemError', errno: reply.errno }));
      return;
    }
    if (reply.kind === 'taken') {
      const chunk = this.#taken.shift();
      assert(chunk !== undefined, 'a taken chunk was sent');
      chunk.reset();
      this.#free.push(chunk);
    } else {
      this.#sizeBytes = reply.sizeBytes;
    }
    this.#onChange?.();
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange = resolve;
    });
  }
}
