/** The one timer of an election, as a moment. Changes are told once a step. */
import type { ElectionEffect } from './messages.ts';

export class Deadline {
  #atMs: number | null = null;
  #reportedAtMs: number | null = null;

  get isSet(): boolean {
    return this.#atMs !== null;
  }

  set(nowMs: number, afterMs: number): void {
    this.#atMs = nowMs + Math.max(afterMs, 0);
  }

  clear(): void {
    this.#atMs = null;
  }

  hasPassed(nowMs: number): boolean {
    return this.#atMs !== null && nowMs >= this.#atMs;
  }

  remainingMs(nowMs: number): number {
    return this.#atMs === null ? 0 : Math.max(this.#atMs - nowMs, 0);
  }

  /** What the caller's timer has to do, null if it is right as it is. */
  report(nowMs: number): ElectionEffect | null {
    if (this.#atMs === this.#reportedAtMs) return null;
    this.#reportedAtMs = this.#atMs;
    return this.#atMs === null ? { kind: 'clearTimer' } : { kind: 'setTimer', afterMs: this.remainingMs(nowMs) };
  }
}
