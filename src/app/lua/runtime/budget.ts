/**
 * How long Lua may run without waiting. Loops count down `ticks`; at zero the clock is read. A fiber beyond its limit is
 * ended by an error that it cannot catch, so that a program without end does not stop the instance.
 */
import { FiberTermination } from './errors.ts';
import { captureFrames, innermostLua, positionOf } from './stack.ts';

/** Loop iterations between two looks at the clock. */
const TICKS = 20_000;
/** Once the limit is passed every look raises again, soon, until the fiber has ended. */
const TICKS_BEYOND = 100;

export class Budget {
  ticks = TICKS;
  readonly #nowMs: () => number;
  /** Bytes of the heap that are used, as a share of what it may have; 0 to 1. */
  readonly #heapShare: () => number;
  #deadlineMs = Infinity;

  constructor(nowMs: () => number, heapShare: () => number) {
    this.#nowMs = nowMs;
    this.#heapShare = heapShare;
  }

  /** Begins a slice that may take so long; Infinity for no limit. */
  start(limitMs: number): void {
    this.ticks = TICKS;
    this.#deadlineMs = this.#nowMs() + limitMs;
  }

  /** Called when `ticks` is below zero. Throws FiberTermination when the slice is over, LuaError when memory is short. */
  spent(): void {
    this.ticks = TICKS;
    if (this.#heapShare() > HEAP_SHARE_MAX) {
      this.ticks = TICKS_BEYOND;
      throw new FiberTermination('not enough memory', captureFrames());
    }
    if (this.#nowMs() <= this.#deadlineMs) return;
    this.ticks = TICKS_BEYOND;
    const frames = captureFrames();
    throw new FiberTermination(`${positionOf(innermostLua(frames))}fiber slice is exceeded`, frames);
  }
}

/** Above it the fiber that allocates is ended, while there is still room for the others. */
export const HEAP_SHARE_MAX = 0.8;
