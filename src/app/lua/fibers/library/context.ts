/** What the fiber library's parts work with. */
import type { Clock } from '../../../../env/index.ts';
import type { LuaRuntime } from '../../runtime/runtime.ts';
import { cancellationError, waitFor } from '../fiber.ts';
import type { Scheduler } from '../scheduler.ts';

export type FiberHost<Session> = Readonly<{
  runtime: LuaRuntime;
  scheduler: Scheduler<Session>;
  clock: Clock;
  usedBytes: () => number;
}>;

/** Waits for so long; `wakeup` and `cancel` end it early. True if the time was over. */
export function sleep<Session>(host: FiberHost<Session>, delayMs: number): Generator<object, boolean, unknown> {
  return waitFor<boolean | undefined>(
    (wake) => host.scheduler.after(delayMs, () => wake({ value: true })),
    'wakeup',
  ) as Generator<object, boolean, unknown>;
}

/** Throws if the running fiber was cancelled. */
export function testCancel<Session>({ scheduler }: FiberHost<Session>): void {
  if (scheduler.current?.isCancelled === true) throw cancellationError();
}

/** Fibers that wait for something, in the order in which they came. */
export class Waiters<Payload> {
  readonly #queue = new Set<Waiter<Payload>>();

  get isEmpty(): boolean {
    return this.#queue.size === 0;
  }

  /**
   * Waits until `wakeFirst`, the timeout (Infinity for none), `wakeup` or `cancel`. Tells which it was; the payload is what
   * the waker sees and may change.
   */
  wait<Session>(
    host: FiberHost<Session>,
    timeoutMs: number,
    payload: Payload,
  ): Generator<object, 'woken' | 'timeout' | undefined, unknown> {
    return waitFor((wake) => {
      const waiter: Waiter<Payload> = { payload, wake: () => wake({ value: 'woken' }) };
      this.#queue.add(waiter);
      const stopTimer =
        timeoutMs === Infinity
          ? null
          : host.scheduler.after(timeoutMs, () => {
              this.#queue.delete(waiter);
              wake({ value: 'timeout' });
            });
      waiter.stopTimer = stopTimer;
      return () => {
        this.#queue.delete(waiter);
        stopTimer?.();
      };
    }, 'wakeup');
  }

  /** Wakes the one that waits longest, and gives its payload; undefined if nobody waits. */
  wakeFirst(): Payload | undefined {
    for (const waiter of this.#queue) {
      this.#queue.delete(waiter);
      waiter.stopTimer?.();
      waiter.wake();
      return waiter.payload;
    }
    return undefined;
  }

  /** Wakes all, and shows each payload first. */
  wakeAll(prepare?: (payload: Payload) => void): void {
    while (this.#queue.size > 0) {
      const payload = this.wakeFirst();
      if (payload !== undefined) prepare?.(payload);
    }
  }
}

type Waiter<Payload> = {
  readonly payload: Payload;
  readonly wake: () => void;
  stopTimer?: (() => void) | null;
};
