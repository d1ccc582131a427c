/**
 * One simulated thread: the main thread of an instance, or a worker of it.
 *
 * Guarantees: nothing scheduled for a thread runs after the thread has ended, nor while it is busy. Work that takes
 * time (a slow disk, a frozen machine) moves the thread's own clock ahead of the world's.
 */
import type { SimulatedEvent } from './event-queue.ts';
import type { SimulatedWorld } from './world.ts';

/** The step of virtual time: a turn of an event loop. */
export const TURN_MS = 1 / 16;

export class SimulatedThread {
  readonly world: SimulatedWorld;
  readonly name: string;
  #isAlive = true;
  #busyUntilMs = 0;

  constructor(world: SimulatedWorld, name: string) {
    this.world = world;
    this.name = name;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Ends the thread silently. */
  end(): void {
    this.#isAlive = false;
  }

  /** The world's time, or later while the thread is busy. */
  nowMs(): number {
    return Math.max(this.world.nowMs, this.#busyUntilMs);
  }

  /** The thread does nothing else for so long. */
  spend(durationMs: number): void {
    if (durationMs > 0) this.#busyUntilMs = this.nowMs() + durationMs;
  }

  /** Runs `run` on this thread, `delayMs` after what it is doing now. A thread that has ended schedules nothing. */
  schedule(delayMs: number, label: string, run: () => void): SimulatedEvent | null {
    if (!this.#isAlive) return null;
    return this.world.schedule(this.nowMs() + delayMs, label, this, run);
  }
}
