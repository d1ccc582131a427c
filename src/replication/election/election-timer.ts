/**
 * The one timer of an election: it waits for a leader to be heard, or for votes. A moment, not a clock; the caller's timer
 * is told once a step.
 */
import type { ElectionEffect, StepContext } from './messages.ts';

/** How much of the election timeout may be added at random, so that not all stand at once. */
const SHIFT_MAX = 0.1;

export class ElectionTimer {
  #electionTimeoutMs: number;
  #deathTimeoutMs: number;
  #atMs: number | null = null;
  #reportedAtMs: number | null = null;
  #waitsForVotes = false;
  #isSpedUp = false;
  #nowMs = 0;
  #fraction = 0;

  constructor(electionTimeoutMs: number, deathTimeoutMs: number) {
    this.#electionTimeoutMs = electionTimeoutMs;
    this.#deathTimeoutMs = deathTimeoutMs;
  }

  /** The caller's timer has fired: true if it was time. If it was early, it is set anew. */
  fired(): boolean {
    this.#reportedAtMs = null;
    return this.#atMs !== null && this.#nowMs >= this.#atMs;
  }

  begin({ nowMs, fraction }: StepContext): void {
    this.#nowMs = nowMs;
    this.#fraction = fraction;
  }

  waitForLeader(): void {
    this.#waitsForVotes = false;
    this.#atMs = this.#nowMs + this.#deathTimeoutMs;
  }

  waitForVotes(): void {
    this.#waitsForVotes = true;
    this.#isSpedUp = false;
    this.#atMs = this.#nowMs + this.#electionTimeoutMs + this.#shiftMs;
  }

  /** The wait for votes is in vain: once in a wait it is cut to a short random time. */
  speedUp(): void {
    if (!this.#waitsForVotes || this.#isSpedUp || this.#atMs === null) return;
    this.#isSpedUp = true;
    this.#atMs = Math.min(this.#atMs, this.#nowMs + this.#shiftMs);
  }

  clear(): void {
    this.#atMs = null;
  }

  /** A wait that has begun becomes longer or shorter by the difference. */
  configure(electionTimeoutMs: number, deathTimeoutMs: number): void {
    const change = this.#waitsForVotes
      ? electionTimeoutMs - this.#electionTimeoutMs
      : deathTimeoutMs - this.#deathTimeoutMs;
    this.#electionTimeoutMs = electionTimeoutMs;
    this.#deathTimeoutMs = deathTimeoutMs;
    if (this.#atMs !== null) this.#atMs = Math.max(this.#atMs + change, this.#nowMs);
  }

  /** What the caller's timer has to do; null if it is right as it is. */
  report(): ElectionEffect | null {
    if (this.#atMs === this.#reportedAtMs) return null;
    this.#reportedAtMs = this.#atMs;
    if (this.#atMs === null) return { kind: 'clearTimer' };
    return { kind: 'setTimer', afterMs: Math.max(this.#atMs - this.#nowMs, 0) };
  }

  get #shiftMs(): number {
    return Math.floor(this.#electionTimeoutMs * SHIFT_MAX * this.#fraction);
  }
}
