import { expect, test } from 'vitest';
import type { Clock, Timers } from '../../env/index.ts';
import { LIMITS } from '../../config/index.ts';
import { SlicedWork } from './sliced-work.ts';

function notExpected(): never {
  throw new Error('slices are taken at the end of turns');
}

/** A clock that moves when it is told to, and turns that end when they are told to. */
class Turns {
  nowMs = 0;
  #callbacks: (() => void)[] = [];

  readonly clock: Clock = { monotonicMs: () => this.nowMs, realtimeSeconds: () => this.nowMs / 1000 };
  readonly timers: Timers = {
    nextTurn: (callback) => {
      this.#callbacks.push(callback);
    },
    endOfTurn: notExpected,
    after: notExpected,
    every: notExpected,
    sleep: notExpected,
  };

  /** False if nothing was scheduled. */
  end(): boolean {
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    for (const callback of callbacks) callback();
    return callbacks.length > 0;
  }
}

function counted(turns: Turns, steps: number, stepMs: number): { step: () => boolean; done: () => number } {
  let done = 0;
  const step = (): boolean => {
    turns.nowMs += stepMs;
    return ++done < steps;
  };
  return { step, done: () => done };
}

test('a turn takes a slice and one step at most, and the work is shared out', () => {
  const turns = new Turns();
  const work = new SlicedWork(turns.clock, turns.timers);
  const tasks = [counted(turns, 100, 2), counted(turns, 100, 2), counted(turns, 3, 2)];
  for (const task of tasks) work.add(task.step);
  let turnCount = 0;
  let before = turns.nowMs;
  while (turns.end()) {
    turnCount++;
    expect(turns.nowMs - before).toBeLessThanOrEqual(LIMITS.sliceMs + 2);
    before = turns.nowMs;
    const [first, second] = [tasks[0]!.done(), tasks[1]!.done()];
    expect(Math.abs(first - second)).toBeLessThanOrEqual(1);
  }
  expect(tasks.map((task) => task.done())).toEqual([100, 100, 3]);
  expect(turnCount).toBeGreaterThan(50);
});

test('work that comes later is begun again', () => {
  const turns = new Turns();
  const work = new SlicedWork(turns.clock, turns.timers);
  const first = counted(turns, 1, 0);
  work.add(first.step);
  turns.end();
  expect(turns.end()).toBe(false);
  const second = counted(turns, 2, 0);
  work.add(second.step);
  turns.end();
  expect([first.done(), second.done()]).toEqual([1, 2]);
});

test('a step may add work, and stopping forgets all of it', () => {
  const turns = new Turns();
  const work = new SlicedWork(turns.clock, turns.timers);
  const added = counted(turns, 1, 0);
  work.add(() => {
    work.add(added.step);
    return false;
  });
  turns.end();
  turns.end();
  expect(added.done()).toBe(1);
  const forgotten = counted(turns, 5, 0);
  work.add(forgotten.step);
  work.stop();
  turns.end();
  work.add(forgotten.step);
  turns.end();
  expect(forgotten.done()).toBe(0);
});
