import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FiberTimer, TimerHeap } from './timer-heap.ts';

function popAll(heap: TimerHeap): FiberTimer[] {
  const popped: FiberTimer[] = [];
  for (let first = heap.first; first !== undefined; first = heap.first) {
    heap.remove(first);
    popped.push(first);
  }
  return popped;
}

const nothing = (): void => undefined;

describe('timers of fibers', () => {
  it('go off in the order of their moments, without those that were removed', () => {
    const step = fc.record({ atMs: fc.integer({ min: 0, max: 20 }), isRemoved: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const heap = new TimerHeap();
        const timers = steps.map(({ atMs }) => heap.add(atMs, 0, nothing));
        timers.forEach((timer, at) => {
          if (steps[at]!.isRemoved) heap.remove(timer);
        });
        const expected = steps.flatMap(({ atMs, isRemoved }) => (isRemoved ? [] : [atMs]));
        expect(popAll(heap).map(({ atMs }) => atMs)).toEqual(expected.sort((a, b) => a - b));
      }),
    );
  });

  it('of one moment: the oldest, then the others from the newest on, as in Tarantool', () => {
    const heap = new TimerHeap();
    const timers = Array.from({ length: 6 }, () => heap.add(5, 0, nothing));
    expect(popAll(heap).map((timer) => timers.indexOf(timer))).toEqual([0, 5, 4, 3, 2, 1]);
  });

  it('know that they are out of the heap', () => {
    const heap = new TimerHeap();
    const timer = heap.add(1, 0, nothing);
    heap.remove(timer);
    expect(timer.place).toBe(-1);
    expect(() => heap.remove(timer)).toThrow();
  });
});
