/**
 * Who waits for an entry to be applied, or for a read to be confirmed. Deadlines are looked at once a tick, for a timer for
 * each request would cost more than the request.
 */
import type { BoxError } from '../../base/index.ts';

type Waiter<Result> = Readonly<{
  deadlineMs: number;
  resolve: (result: Result) => void;
  reject: (error: BoxError) => void;
}>;

export class Waiters<Result> {
  /** By what they wait for; in the order of their arrival. */
  readonly #waiting = new Map<number, Waiter<Result>[]>();
  #count = 0;

  get size(): number {
    return this.#count;
  }

  keys(): Iterable<number> {
    return this.#waiting.keys();
  }

  add(key: number, deadlineMs: number): Promise<Result> {
    return new Promise((resolve, reject) => {
      const waiter = { deadlineMs, resolve, reject };
      const others = this.#waiting.get(key);
      if (others === undefined) this.#waiting.set(key, [waiter]);
      else others.push(waiter);
      this.#count++;
    });
  }

  resolve(key: number, result: Result): void {
    for (const { resolve } of this.#take(key)) resolve(result);
  }

  reject(key: number, error: BoxError): void {
    for (const { reject } of this.#take(key)) reject(error);
  }

  rejectAll(error: BoxError): void {
    for (const key of [...this.#waiting.keys()]) this.reject(key, error);
  }

  expire(nowMs: number, error: () => BoxError): void {
    for (const [key, waiters] of this.#waiting) {
      const left = waiters.filter(({ deadlineMs }) => deadlineMs > nowMs);
      if (left.length === waiters.length) continue;
      for (const { deadlineMs, reject } of waiters) if (deadlineMs <= nowMs) reject(error());
      this.#count -= waiters.length - left.length;
      if (left.length > 0) this.#waiting.set(key, left);
      else this.#waiting.delete(key);
    }
  }

  #take(key: number): readonly Waiter<Result>[] {
    const waiters = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    this.#count -= waiters.length;
    return waiters;
  }
}
