/** Timers of the event loop. Delays above Node's limit (which it would take for 1 ms) are waited for in parts. */
import type { TimerHandle, Timers } from '../index.ts';

const LONGEST_MS = 0x7fffffff;

export function createTimers(): Timers {
  const turn = new TurnEnd();
  return {
    after,
    every(periodMs, callback) {
      let handle = after(periodMs, run);
      function run(): void {
        handle = after(periodMs, run);
        callback();
      }
      return {
        cancel() {
          handle.cancel();
        },
      };
    },
    endOfTurn(callback) {
      turn.add(callback);
    },
    nextTurn(callback) {
      setImmediate(callback);
    },
    sleep(delayMs) {
      return new Promise((resolve) => {
        after(delayMs, resolve);
      });
    },
  };
}

function after(delayMs: number, callback: () => void): TimerHandle {
  let leftMs = delayMs;
  let timer = setTimeout(run, Math.min(leftMs, LONGEST_MS));
  function run(): void {
    leftMs -= LONGEST_MS;
    if (leftMs <= 0) callback();
    else timer = setTimeout(run, Math.min(leftMs, LONGEST_MS));
  }
  return {
    cancel() {
      clearTimeout(timer);
    },
  };
}

const RESOLVED = Promise.resolve();

/**
 * Node runs immediates behind the events of a turn, and those that they ask for behind the events of the next one. An
 * answer that is made at the end of a turn would wait for all of these before it is written.
 */
class TurnEnd {
  #isEnding = false;
  #late: (() => void)[] = [];

  add(callback: () => void): void {
    if (this.#isEnding) this.#late.push(callback);
    else setImmediate(this.#end, callback);
  }

  readonly #end = (callback: () => void): void => {
    this.#isEnding = true;
    void RESOLVED.then(this.#leavePromises);
    callback();
  };

  /** Ticks that are asked for among the promises run when all of these are done. */
  readonly #leavePromises = (): void => {
    process.nextTick(this.#endLate);
  };

  readonly #endLate = (): void => {
    this.#isEnding = false;
    const callbacks = this.#late;
    if (callbacks.length === 0) return;
    this.#late = [];
    for (const callback of callbacks) callback();
  };
}
