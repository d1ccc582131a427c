/**
 * The course of a run in a simulated world: it is performed once, waits for what is to happen, and ends at once with what
 * went wrong. Whoever extends it knows what that may be.
 */
import type { SimulatedWorld } from '../../env/index.ts';
import { ViolationError } from './violation.ts';

const WORK_MS_MAX = 30_000;

export type RunResult<Counts> = Readonly<{ seed: number; counts: Counts; digest: string; virtualMs: number }>;

export abstract class Play<Counts> {
  readonly world: SimulatedWorld;
  readonly counts: Counts;

  constructor(world: SimulatedWorld, counts: Counts) {
    this.world = world;
    this.counts = counts;
  }

  /** What went wrong; null if all is well. */
  abstract get failure(): unknown;

  /** What all are at, for the message of a run that has failed. */
  protected abstract describe(): string;

  /** The run is over, well or not. */
  protected abstract close(): void;

  /** Runs the play to its end. Rejects with ViolationError, or whatever broke. */
  async perform(play: () => Promise<void>): Promise<RunResult<Counts>> {
    const { world } = this;
    const onRejection = (reason: unknown): void => {
      world.fail(new Error('a promise was rejected and nobody looked', { cause: reason }));
    };
    process.on('unhandledRejection', onRejection);
    try {
      await play();
      await new Promise((resolve) => setImmediate(resolve));
      await world.run(world.nowMs + 1);
    } finally {
      process.off('unhandledRejection', onRejection);
      this.close();
    }
    return { seed: world.seed, counts: this.counts, digest: world.traceDigest(), virtualMs: world.nowMs };
  }

  hasFailed(): boolean {
    return this.failure !== null;
  }

  throwUnexpected(): void {
    const { failure } = this;
    if (failure !== null) throw failure;
  }

  /** Lets the world go on until the work is done. */
  async driven<Result>(work: Promise<Result>): Promise<Result> {
    let settled: PromiseSettledResult<Result> | null = null;
    void Promise.allSettled([work]).then(([result]) => {
      settled = result;
    });
    await this.world.runUntil(() => this.hasFailed() || settled !== null, WORK_MS_MAX);
    this.throwUnexpected();
    const result = settled as PromiseSettledResult<Result> | null;
    if (result === null) throw new ViolationError(`a request never came to an end\n${this.describe()}`);
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  }

  async settle(durationMs: number): Promise<void> {
    if (durationMs > 0) await this.world.runUntil(() => this.hasFailed(), durationMs);
    this.throwUnexpected();
  }

  /** Rejects with ViolationError if the condition does not come true. */
  async waitFor(what: string, condition: () => boolean, maxMs: number): Promise<void> {
    const isThere = await this.world.runUntil(() => this.hasFailed() || condition(), maxMs);
    this.throwUnexpected();
    if (!isThere) throw new ViolationError(`${what}: not reached\n${this.describe()}`);
  }
}
