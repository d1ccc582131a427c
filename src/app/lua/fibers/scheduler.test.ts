import { describe, expect, it } from 'vitest';
import { Budget } from '../runtime/budget.ts';
import { LuaRuntime } from '../runtime/runtime.ts';
import type { LuaExecution } from '../runtime/values.ts';
import { type Interruption, waitFor, type Wake } from './fiber.ts';
import { Scheduler } from './scheduler.ts';

/** A scheduler whose turns and time the test drives. */
class Bench {
  nowMs = 1000;
  readonly notes: string[] = [];
  readonly unhandled: unknown[] = [];
  readonly #turns: (() => void)[] = [];
  #alarms: { atMs: number; callback: () => void }[] = [];
  readonly scheduler = new Scheduler<string>({
    runtime: new LuaRuntime(
      new Budget(
        () => this.nowMs,
        () => 0,
      ),
    ),
    nextTurn: (callback) => this.#turns.push(callback),
    after: (delayMs, callback) => {
      const alarm = { atMs: this.nowMs + delayMs, callback };
      this.#alarms.push(alarm);
      return { cancel: () => (this.#alarms = this.#alarms.filter((other) => other !== alarm)) };
    },
    nowMs: () => this.nowMs,
    onSwitch: (fiber) => this.notes.push(`switch ${fiber.name}`),
    onUnhandledError: (_fiber, error) => this.unhandled.push(error),
  });

  get alarmCount(): number {
    return this.#alarms.length;
  }

  /** Runs turns until nobody asks for one. */
  settle(): void {
    for (let turn = this.#turns.shift(); turn !== undefined; turn = this.#turns.shift()) turn();
  }

  pass(durationMs: number): void {
    this.nowMs += durationMs;
    const due = this.#alarms.filter(({ atMs }) => atMs <= this.nowMs);
    this.#alarms = this.#alarms.filter((alarm) => !due.includes(alarm));
    for (const { callback } of due) callback();
    this.settle();
  }

  fiber(name: string, execution: LuaExecution): ReturnType<Scheduler<string>['create']> {
    return this.scheduler.create(name, 'session', execution, Infinity);
  }

  *sleep(delayMs: number): Generator<object, unknown, unknown> {
    return yield* waitFor((wake) => this.scheduler.after(delayMs, () => wake({ value: 'slept' })), 'wakeup');
  }

  /** Waits for what the test wakes. */
  *waiting(interruption: Interruption, keep: (wake: Wake) => void): LuaExecution {
    const value = yield* waitFor<string>((wake) => {
      keep(wake);
      return undefined;
    }, interruption);
    return value;
  }
}

describe('the scheduler', () => {
  it('runs a started fiber at once and a scheduled one later', () => {
    const bench = new Bench();
    const order: string[] = [];
    function* note(name: string): LuaExecution {
      order.push(name);
      yield* bench.sleep(0);
      order.push(`${name} again`);
      return undefined;
    }
    bench.scheduler.schedule(bench.fiber('later', note('later')));
    bench.scheduler.start(bench.fiber('at once', note('at once')));
    order.push('here');
    bench.settle();
    expect(order).toEqual(['at once', 'here', 'later', 'at once again', 'later again']);
  });

  it('keeps one alarm for the earliest timer, and none when there is none', () => {
    const bench = new Bench();
    for (const delayMs of [50, 10, 30]) bench.scheduler.start(bench.fiber('f', bench.sleep(delayMs) as LuaExecution));
    bench.settle();
    expect(bench.alarmCount).toBe(1);
    bench.pass(10);
    expect(bench.scheduler.fibers.size).toBe(2);
    bench.pass(40);
    expect(bench.scheduler.fibers.size).toBe(0);
    expect(bench.alarmCount).toBe(0);
  });

  it('ends a wait once, however often it is woken', () => {
    const bench = new Bench();
    const wakes: Wake[] = [];
    const fiber = bench.fiber(
      'f',
      bench.waiting('cancel', (wake) => wakes.push(wake)),
    );
    bench.scheduler.start(fiber);
    wakes[0]!({ value: 'first' });
    wakes[0]!({ value: 'second' });
    bench.settle();
    expect(fiber.outcome).toEqual({ result: 'first' });
  });

  it.each([
    ['wakeup', { result: undefined }],
    ['cancel', { error: expect.objectContaining({ type: 'FiberIsCancelled' }) as unknown }],
    ['none', null],
  ] as const)('cancels a fiber in a wait of the kind %s', (interruption, outcome) => {
    const bench = new Bench();
    const fiber = bench.fiber(
      'f',
      bench.waiting(interruption, () => undefined),
    );
    fiber.isJoinable = true;
    bench.scheduler.start(fiber);
    bench.scheduler.cancel(fiber);
    bench.settle();
    expect(fiber.isCancelled).toBe(true);
    expect(fiber.outcome).toEqual(outcome);
  });

  it('keeps a joinable fiber until it is forgotten, and tells of errors that nobody joins', () => {
    const bench = new Bench();
    function* fail(): LuaExecution {
      throw new Error('broken');
    }
    const joined = bench.fiber('joined', fail());
    joined.isJoinable = true;
    bench.scheduler.start(joined);
    bench.scheduler.start(bench.fiber('lost', fail()));
    expect(bench.unhandled).toEqual([new Error('broken')]);
    expect([...bench.scheduler.fibers.values()]).toEqual([joined]);
    bench.scheduler.forget(joined);
    expect(bench.scheduler.fibers.size).toBe(0);
  });
});
