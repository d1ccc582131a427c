/**
 * How soon a log that refuses writes is tried again, and how often that is said.
 *
 * Guarantees: the pause doubles with each refusal from `PAUSE_MS_MIN` to `PAUSE_MS_MAX`, and is the least again after a write.
 * The first refusal is said, and while it goes on, one in `QUIET_MS`; that it is over, if it was said.
 */
export const PAUSE_MS_MIN = 500;
export const PAUSE_MS_MAX = 8000;
export const QUIET_MS = 30_000;

export class RepairPace {
  #pauseMs = PAUSE_MS_MIN;
  #isRefused = false;
  #saidMs = 0;

  /** A write was refused: how long to wait, and whether it is to be said. */
  refused(nowMs: number): Readonly<{ pauseMs: number; isNews: boolean }> {
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX);
    const isNews = !this.#isRefused || nowMs - this.#saidMs >= QUIET_MS;
    this.#isRefused = true;
    if (isNews) this.#saidMs = nowMs;
    return { pauseMs, isNews };
  }

  /** A write has succeeded; whether it is the first since others were refused. */
  written(): boolean {
    if (!this.#isRefused) return false;
    this.#isRefused = false;
    this.#pauseMs = PAUSE_MS_MIN;
    return true;
  }
}
