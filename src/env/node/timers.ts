/** Timers of the event loop. Delays above Node's limit (which it would take for 1 ms) are waited for in parts. */
import type { TimerHandle, Timers } from '../index.ts';

const LONGEST_MS = 0x7fffffff;

export function createTimers(): Timers {
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
