/**
 * Work that is too long for one turn, of all connections together: steps are taken in turn until a slice is used up,
 * then the event loop goes round.
 * Invariant: in one turn this holds the thread for `sliceMs` and one step at most, however much work there is.
 */
import { LIMITS } from '../../config/index.ts';
import type { Clock, Timers } from '../../env/index.ts';

/** Does a little; true if there is more to do. May not throw. */
export type WorkStep = () => boolean;

export class SlicedWork {
  readonly #clock: Clock;
  readonly #timers: Timers;
  #steps: WorkStep[] = [];
  #isStopped = false;

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  /** Begins at the end of this turn. */
  add(step: WorkStep): void {
    if (this.#isStopped) return;
    if (this.#steps.push(step) === 1) this.#schedule();
  }

  /** Forgets all work: what it would change could not be logged any more. */
  stop(): void {
    this.#isStopped = true;
    this.#steps = [];
  }

  #schedule(): void {
    this.#timers.nextTurn(() => this.#runSlice());
  }

  #runSlice(): void {
    const untilMs = this.#clock.monotonicMs() + LIMITS.sliceMs;
    do {
      const step = this.#steps[0];
      if (step === undefined) return;
      const hasMore = step();
      this.#steps.shift();
      if (hasMore) this.#steps.push(step);
    } while (this.#clock.monotonicMs() < untilMs);
    if (this.#steps.length > 0) this.#schedule();
  }
}
