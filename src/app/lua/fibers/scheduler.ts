/**
 * Runs fibers: those that are ready in the order in which they became so, each until it waits or ends.
 *
 * Invariants: (1) one fiber runs at a time; (2) a woken fiber runs after the one that woke it has waited or ended, never
 * inside it, except by `start`, which runs the new fiber at once as Tarantool does; (3) a fiber that has ended is never
 * resumed; (4) whom a fiber wakes runs before the next timer that has gone off, as in Tarantool's event loop.
 */
import { assert } from '../../../base/index.ts';
import type { TimerHandle } from '../../../env/index.ts';
import { LuaError } from '../runtime/errors.ts';
import type { LuaRuntime } from '../runtime/runtime.ts';
import { onOwnStack } from '../runtime/stack.ts';
import type { LuaExecution, LuaResult } from '../runtime/values.ts';
import { cancellationError, Fiber, type Outcome, Wait } from './fiber.ts';
import { type FiberTimer, TimerHeap } from './timer-heap.ts';

export type SchedulerHost<Session> = Readonly<{
  runtime: LuaRuntime;
  /** Calls back before the thread looks for new events. */
  nextTurn: (callback: () => void) => void;
  /** Calls back after so many milliseconds. */
  after: (delayMs: number, callback: () => void) => TimerHandle;
  nowMs: () => number;
  /** A fiber gives the thread away, also by ending: what must not span that is undone. */
  onSwitch: (fiber: Fiber<Session>) => void;
  /** An error that ended a fiber which nobody joins. */
  onUnhandledError: (fiber: Fiber<Session>, error: unknown) => void;
}>;

/** Fibers that are run before the thread is given to other events. */
const FIBERS_PER_TURN_MAX = 1000;
const TURN_MS_MAX = 5;
/** Ids below are Tarantool's own fibers'. */
const FIRST_ID = 103;

type ReadyFiber<Session> = Readonly<{ fiber: Fiber<Session>; outcome: Outcome }>;

const NOTHING: Outcome = { value: undefined };

export class Scheduler<Session> {
  readonly #host: SchedulerHost<Session>;
  #ready: ReadyFiber<Session>[] = [];
  #readyHead = 0;
  readonly #fibers = new Map<number, Fiber<Session>>();
  readonly #timers = new TimerHeap();
  /** Timers that have gone off and whose callbacks are still to be called; those at `#expiredHead` and behind it. */
  #expired: FiberTimer[] = [];
  #expiredHead = 0;
  /** Counts turns; what happens between two of them belongs to the later one. */
  #turnNumber = 0;
  /** What `now` is for all timers of this turn; null until it is asked for. */
  #turnNowMs: number | null = null;
  #isInTurn = false;
  #alarm: Readonly<{ handle: TimerHandle; atMs: number }> | null = null;
  /** The running fiber; null between fibers. */
  current: Fiber<Session> | null = null;
  /** Takes the times that fibers run, for `fiber.top`. */
  isTimed = false;
  #nextId = FIRST_ID;
  #isTurnAsked = false;

  constructor(host: SchedulerHost<Session>) {
    this.#host = host;
  }

  get fibers(): ReadonlyMap<number, Fiber<Session>> {
    return this.#fibers;
  }

  /** A fiber that has not run yet; `start` or `schedule` runs it. */
  create(name: string, session: Session, execution: LuaExecution, sliceLimitMs: number): Fiber<Session> {
    const fiber = new Fiber(this.#nextId++, name, session, execution, sliceLimitMs);
    this.#fibers.set(fiber.id, fiber);
    return fiber;
  }

  /** Runs a new fiber at once, until it waits for the first time; the running one goes on afterwards. */
  start(fiber: Fiber<Session>): void {
    const outer = this.current;
    const { coroutine, environment } = this.#host.runtime;
    if (outer !== null) {
      this.#host.onSwitch(outer);
      outer.status = 'suspended';
    }
    this.#resume(fiber, NOTHING);
    this.current = outer;
    this.#host.runtime.coroutine = coroutine;
    this.#host.runtime.environment = environment;
    if (outer !== null) {
      outer.status = 'running';
      this.#host.runtime.budget.start(outer.sliceLimitMs);
    }
  }

  /** Lets the fiber run in its turn. */
  schedule(fiber: Fiber<Session>, outcome: Outcome = NOTHING): void {
    this.#ready.push({ fiber, outcome });
    this.#askForTurn();
  }

  /** Ends the fiber's wait, whatever it waits for. Nothing happens to one that is ready, running or dead. */
  wake(fiber: Fiber<Session>, outcome: Outcome = NOTHING): void {
    const stop = fiber.stopWaiting;
    if (stop === null) return;
    fiber.stopWaiting = null;
    stop();
    this.schedule(fiber, outcome);
  }

  /** What `fiber.wakeup` does: ends a wait that lets itself be ended so. */
  wakeUp(fiber: Fiber<Session>): void {
    if (fiber.interruption === 'wakeup') this.wake(fiber);
  }

  /** Asks the fiber to end: what it waits for throws, or looks at `isCancelled`. */
  cancel(fiber: Fiber<Session>): void {
    if (fiber.status === 'dead') return;
    fiber.isCancelled = true;
    if (fiber.interruption === 'wakeup') this.wake(fiber);
    else if (fiber.interruption === 'cancel') this.wake(fiber, { error: cancellationError() });
  }

  /** Calls back among the fibers, not before the next turn. Returns what stops it. */
  after(delayMs: number, callback: () => void): () => void {
    this.#turnNowMs ??= this.#host.nowMs();
    const timer = this.#timers.add(this.#turnNowMs + Math.max(0, delayMs), this.#turnNumber, callback);
    // The turn also ends what is now for timers, and sets the alarm.
    this.#askForTurn();
    return () => {
      if (timer.place >= 0) this.#timers.remove(timer);
      else this.#dropExpired(timer);
    };
  }

  /** A fiber that has ended and was kept for `join` is forgotten. */
  forget(fiber: Fiber<Session>): void {
    assert(fiber.outcome !== null, 'only a fiber that has ended is forgotten');
    fiber.status = 'dead';
    this.#fibers.delete(fiber.id);
  }

  #askForTurn(): void {
    if (this.#isTurnAsked || this.#isInTurn) return;
    this.#isTurnAsked = true;
    this.#host.nextTurn(() => this.#turn());
  }

  /** Sees to it that a turn comes when the first timer goes off. */
  #setAlarm(): void {
    const first = this.#timers.first;
    if (first === undefined) return;
    if (this.#alarm !== null && this.#alarm.atMs <= first.atMs) return;
    this.#alarm?.handle.cancel();
    this.#alarm = null;
    const delayMs = Math.ceil(first.atMs - this.#host.nowMs());
    if (delayMs <= 0) {
      this.#askForTurn();
      return;
    }
    const handle = this.#host.after(delayMs, () => {
      this.#alarm = null;
      this.#askForTurn();
    });
    this.#alarm = { handle, atMs: first.atMs };
  }

  #turn(): void {
    const startMs = this.#host.nowMs();
    this.#isTurnAsked = false;
    this.#isInTurn = true;
    this.#turnNowMs ??= startMs;
    if (this.isTimed) for (const fiber of this.#fibers.values()) fiber.spent.turnMs = 0;
    this.#collectExpired(startMs);
    for (let count = 0; count < FIBERS_PER_TURN_MAX; count++) {
      if (this.#readyHead < this.#ready.length) {
        const { fiber, outcome } = this.#takeReady();
        this.#resume(fiber, outcome);
      } else if (this.#expiredHead < this.#expired.length) {
        this.#expired[this.#expiredHead++]!.callback();
      } else break;
      if (this.#host.nowMs() - startMs > TURN_MS_MAX) break;
    }
    this.#isInTurn = false;
    this.#turnNowMs = null;
    this.#turnNumber++;
    const isMore = this.#readyHead < this.#ready.length || this.#expiredHead < this.#expired.length;
    if (isMore) this.#askForTurn();
    else this.#setAlarm();
  }

  #takeReady(): ReadyFiber<Session> {
    const entry = this.#ready[this.#readyHead++]!;
    if (this.#readyHead === this.#ready.length) {
      this.#ready = [];
      this.#readyHead = 0;
    }
    return entry;
  }

  #collectExpired(nowMs: number): void {
    if (this.#expiredHead > 0) {
      this.#expired = this.#expired.slice(this.#expiredHead);
      this.#expiredHead = 0;
    }
    for (;;) {
      const first = this.#timers.first;
      if (first === undefined || first.atMs > nowMs || first.turn === this.#turnNumber) return;
      this.#timers.remove(first);
      this.#expired.push(first);
    }
  }

  #dropExpired(timer: FiberTimer): void {
    const at = this.#expired.indexOf(timer, this.#expiredHead);
    if (at >= 0) this.#expired.splice(at, 1);
  }

  #resume(fiber: Fiber<Session>, outcome: Outcome): void {
    if (fiber.outcome !== null) return;
    const { runtime, nowMs } = this.#host;
    this.current = fiber;
    runtime.coroutine = null;
    runtime.environment = fiber.environment;
    fiber.status = 'running';
    fiber.switches++;
    runtime.budget.start(fiber.sliceLimitMs);
    const startMs = this.isTimed ? nowMs() : 0;
    let step: IteratorResult<object, LuaResult>;
    try {
      step = onOwnStack(() =>
        'error' in outcome ? fiber.execution.throw(outcome.error) : fiber.execution.next(outcome.value),
      );
    } catch (error) {
      this.#end(fiber, { error });
      return;
    } finally {
      this.current = null;
      fiber.environment = runtime.environment;
      if (this.isTimed) {
        const spentMs = nowMs() - startMs;
        fiber.spent.totalMs += spentMs;
        fiber.spent.turnMs += spentMs;
      }
    }
    if (step.done === true) this.#end(fiber, { result: step.value });
    else this.#wait(fiber, step.value);
  }

  #wait(fiber: Fiber<Session>, wait: object): void {
    if (!(wait instanceof Wait)) {
      this.schedule(fiber, { error: new LuaError('attempt to yield across C-call boundary', []) });
      return;
    }
    this.current = fiber;
    this.#host.onSwitch(fiber);
    this.current = null;
    fiber.status = 'suspended';
    let isOver = false;
    fiber.interruption = wait.interruption;
    fiber.stopWaiting = () => {
      isOver = true;
      stop?.();
    };
    const stop = wait.arm((outcome) => {
      if (isOver) return;
      isOver = true;
      fiber.stopWaiting = null;
      this.schedule(fiber, outcome);
    });
  }

  #end(fiber: Fiber<Session>, outcome: NonNullable<Fiber['outcome']>): void {
    assert(fiber.outcome === null, 'a fiber ends once');
    this.current = fiber;
    this.#host.onSwitch(fiber);
    this.current = null;
    fiber.outcome = outcome;
    // Tarantool shows a fiber that waits to be joined as suspended.
    if (fiber.isJoinable) fiber.status = 'suspended';
    else this.forget(fiber);
    for (const callback of fiber.onEnd) callback();
    if ('error' in outcome && !fiber.isJoinable && fiber.onEnd.length === 0) {
      this.#host.onUnhandledError(fiber, outcome.error);
    }
  }
}
