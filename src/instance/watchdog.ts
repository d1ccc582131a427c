/**
 * Notices when the thread was held, that is when a timer comes late: nothing may hold it over 10 ms.
 *
 * A timer sees a hold from its own due time on, so what is reported is less than the hold by up to a period; holds a
 * period longer than the limit are always seen. At most one line is logged in a while, however bad it is.
 */
import type { Clock, Logger, TimerHandle, Timers } from '../env/index.ts';

const PERIOD_MS = 10;
const LIMIT_MS = 10;
const REPORT_PERIOD_MS = 10_000;

export type HeldThread = Readonly<{ count: number; longestMs: number }>;

export class Watchdog {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #log: Logger;
  #timer: TimerHandle | null = null;
  #dueMs = 0;
  #count = 0;
  #longestMs = 0;
  #unreportedCount = 0;
  #unreportedLongestMs = 0;
  #nextReportMs = -Infinity;

  constructor(clock: Clock, timers: Timers, log: Logger) {
    this.#clock = clock;
    this.#timers = timers;
    this.#log = log;
  }

  start(): void {
    this.#schedule(this.#clock.monotonicMs());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Since the start. */
  get held(): HeldThread {
    return { count: this.#count, longestMs: this.#longestMs };
  }

  #schedule(nowMs: number): void {
    this.#dueMs = nowMs + PERIOD_MS;
    this.#timer = this.#timers.after(PERIOD_MS, () => this.#look());
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    const heldMs = nowMs - this.#dueMs;
    if (heldMs > LIMIT_MS) this.#note(heldMs);
    if (this.#unreportedCount > 0 && nowMs >= this.#nextReportMs) this.#report(nowMs);
    this.#schedule(nowMs);
  }

  #note(heldMs: number): void {
    this.#count++;
    this.#longestMs = Math.max(this.#longestMs, heldMs);
    this.#unreportedCount++;
    this.#unreportedLongestMs = Math.max(this.#unreportedLongestMs, heldMs);
  }

  #report(nowMs: number): void {
    const longest = this.#unreportedLongestMs.toFixed(0);
    const count = this.#unreportedCount;
    this.#log.warn(
      count === 1
        ? `the thread was held for ${longest} ms: nothing was served meanwhile`
        : `the thread was held ${count} times over ${LIMIT_MS} ms, up to ${longest} ms: nothing was served meanwhile`,
    );
    this.#unreportedCount = 0;
    this.#unreportedLongestMs = 0;
    this.#nextReportMs = nowMs + REPORT_PERIOD_MS;
  }
}
