/** Virtual time as the ports see it. A turn of the event loop ends after what is due at the same virtual time. */
import type { Clock, TimerHandle, Timers } from '../../src/env/index.ts';
import { TURN_MS, type SimulatedThread } from './thread.ts';

/** `skewSeconds` is what this machine's calendar is ahead. */
export function createSimulatedClock(thread: SimulatedThread, skewSeconds: () => number): Clock {
  return {
    realtimeSeconds: () => thread.world.startSeconds + skewSeconds() + thread.nowMs() / 1000,
    monotonicMs: () => thread.nowMs(),
  };
}

export function createSimulatedTimers(thread: SimulatedThread): Timers {
  const turn = new TurnEnd(thread);
  return {
    after: (delayMs, callback) => after(thread, delayMs, callback),
    every(periodMs, callback) {
      let handle = after(thread, periodMs, run);
      function run(): void {
        handle = after(thread, periodMs, run);
        callback();
      }
      return { cancel: () => handle.cancel() };
    },
    endOfTurn: (callback) => turn.add(callback),
    nextTurn: (callback) => void thread.schedule(TURN_MS, 'next turn', callback),
    sleep: (delayMs) =>
      new Promise((resolve) => {
        after(thread, delayMs, resolve);
      }),
  };
}

function after(thread: SimulatedThread, delayMs: number, callback: () => void): TimerHandle {
  // As in Node no timer fires in the turn that sets it.
  const event = thread.schedule(Math.max(delayMs, TURN_MS), 'timer', callback);
  return {
    cancel() {
      if (event !== null) event.isCancelled = true;
    },
  };
}

class TurnEnd {
  readonly #thread: SimulatedThread;
  #callbacks: (() => void)[] = [];
  #lastEndMs = -1;
  /** What was added while the turn ended has run as well. */
  #isOver = true;

  constructor(thread: SimulatedThread) {
    this.#thread = thread;
  }

  add(callback: () => void): void {
    this.#callbacks.push(callback);
    if (this.#callbacks.length > 1) return;
    const belongsToNext = this.#isOver && this.#thread.world.nowMs === this.#lastEndMs;
    this.#thread.schedule(belongsToNext ? TURN_MS : 0, 'end of turn', () => this.#run());
  }

  #run(): void {
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    const { nowMs } = this.#thread.world;
    this.#isOver = nowMs === this.#lastEndMs;
    this.#lastEndMs = nowMs;
    for (const callback of callbacks) callback();
  }
}
