/**
 * Timers of fibers, ordered as Tarantool's event loop orders them: a heap with four children to a node, whose arrangement
 * also decides in which order timers of the same moment go off. Programs see that order when several fibers yield.
 */
import { assert } from '../../../base/index.ts';

const CHILDREN = 4;

export type FiberTimer = {
  readonly atMs: number;
  /** The turn in which it was set; it goes off in a later one. */
  readonly turn: number;
  readonly callback: () => void;
  /** Place in the heap; -1 outside of it. */
  place: number;
};

export class TimerHeap {
  readonly #timers: FiberTimer[] = [];

  /** The earliest timer; undefined if there is none. */
  get first(): FiberTimer | undefined {
    return this.#timers[0];
  }

  add(atMs: number, turn: number, callback: () => void): FiberTimer {
    const timer: FiberTimer = { atMs, turn, callback, place: this.#timers.length };
    this.#timers.push(timer);
    this.#moveUp(timer.place);
    return timer;
  }

  /** Takes a timer of this heap out. */
  remove(timer: FiberTimer): void {
    const timers = this.#timers;
    const { place } = timer;
    assert(timers[place] === timer, 'a timer knows its place');
    timer.place = -1;
    const last = timers.pop()!;
    if (last === timer) return;
    timers[place] = last;
    last.place = place;
    if (place > 0 && last.atMs <= timers[parentOf(place)]!.atMs) this.#moveUp(place);
    else this.#moveDown(place);
  }

  #moveUp(from: number): void {
    const timers = this.#timers;
    const timer = timers[from]!;
    let place = from;
    while (place > 0) {
      const parent = parentOf(place);
      const above = timers[parent]!;
      if (above.atMs <= timer.atMs) break;
      timers[place] = above;
      above.place = place;
      place = parent;
    }
    timers[place] = timer;
    timer.place = place;
  }

  #moveDown(from: number): void {
    const timers = this.#timers;
    const timer = timers[from]!;
    let place = from;
    for (;;) {
      const firstChild = place * CHILDREN + 1;
      if (firstChild >= timers.length) break;
      let least = firstChild;
      const end = Math.min(firstChild + CHILDREN, timers.length);
      for (let child = firstChild + 1; child < end; child++) {
        if (timers[child]!.atMs < timers[least]!.atMs) least = child;
      }
      const below = timers[least]!;
      if (timer.atMs <= below.atMs) break;
      timers[place] = below;
      below.place = place;
      place = least;
    }
    timers[place] = timer;
    timer.place = place;
  }
}

function parentOf(place: number): number {
  return Math.floor((place - 1) / CHILDREN);
}
