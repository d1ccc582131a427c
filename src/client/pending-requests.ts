/**
 * Requests that wait for an answer, by sync, each with a deadline.
 * Invariant: each request that was added is completed or failed exactly once; one timer, set to the earliest deadline
 * or earlier, serves all.
 */
import type { ResponseHeader } from '../codec/iproto/index.ts';
import type { TimerHandle } from '../env/index.ts';
import { timedOut } from './errors.ts';
import type { ClientEnv } from './options.ts';

export type PendingRequest = Readonly<{
  /** Called with each packet that carries the sync; the bytes are valid during the call. */
  onResponse: (header: ResponseHeader, bytes: Uint8Array, end: number) => void;
  fail: (error: Error) => void;
  deadlineMs: number;
}>;

export class PendingRequests {
  readonly #env: ClientEnv;
  readonly #bySync = new Map<number, PendingRequest>();
  #timer: TimerHandle | null = null;
  #timerMs = Infinity;

  constructor(env: ClientEnv) {
    this.#env = env;
  }

  get size(): number {
    return this.#bySync.size;
  }

  add(sync: number, request: PendingRequest, nowMs: number): void {
    this.#bySync.set(sync, request);
    if (request.deadlineMs < this.#timerMs) this.#arm(request.deadlineMs, nowMs);
  }

  get(sync: number): PendingRequest | undefined {
    return this.#bySync.get(sync);
  }

  remove(sync: number): void {
    this.#bySync.delete(sync);
  }

  /** Fails what waits, and forgets it. */
  failAll(error: Error): void {
    const failed = [...this.#bySync.values()];
    this.#bySync.clear();
    this.#timer?.cancel();
    this.#timerMs = Infinity;
    for (const request of failed) request.fail(error);
  }

  #arm(deadlineMs: number, nowMs: number): void {
    this.#timer?.cancel();
    this.#timerMs = deadlineMs;
    this.#timer = this.#env.timers.after(Math.max(1, Math.ceil(deadlineMs - nowMs)), () => this.#expire());
  }

  #expire(): void {
    this.#timerMs = Infinity;
    const nowMs = this.#env.clock.monotonicMs();
    let nextMs = Infinity;
    for (const [sync, request] of this.#bySync) {
      if (request.deadlineMs <= nowMs) {
        this.#bySync.delete(sync);
        request.fail(timedOut());
      } else {
        nextMs = Math.min(nextMs, request.deadlineMs);
      }
    }
    if (nextMs < this.#timerMs) this.#arm(nextMs, nowMs);
  }
}
