/**
 * The simulated world: virtual time, one source of chance, and the machines and the network between them.
 *
 * Guarantees: with the same seed and the same calls the same happens, event by event (`traceDigest` tells); between two
 * events all promise continuations have run; an exception that no one caught ends the run, as it would end a process.
 * Times are multiples of 1/16 ms, so that events meet in one turn of the event loop, as they do under load.
 */
import { SeededRandom, assert } from '../../src/base/index.ts';
import type { WorkerChannel, WorkerEnv, WorkerKind, WorkerMessage } from '../../src/env/index.ts';
import { EventQueue, type SimulatedEvent } from './event-queue.ts';
import { SimulatedHost, type HostOptions } from './host.ts';
import { SimulatedInternet } from './internet.ts';
import { TURN_MS, type SimulatedThread } from './thread.ts';

/** What runs in a worker of a kind. */
export type WorkerEntry = (env: WorkerEnv, channel: WorkerChannel, parameters: WorkerMessage) => void;

export type WorldOptions = Readonly<{
  /** Called for each event, with its time and what it is. */
  onTrace?: (atMs: number, what: string) => void;
  /** Events of one `run` or `runUntil`; more end it with an error. */
  eventLimit?: number;
}>;

export class SimulatedWorld {
  readonly seed: number;
  readonly random: SeededRandom;
  readonly internet: SimulatedInternet;
  /** Seconds since the Unix epoch at virtual time 0. */
  readonly startSeconds = 1_800_000_000;
  readonly #options: WorldOptions;
  readonly #queue = new EventQueue();
  readonly #hosts = new Map<string, SimulatedHost>();
  readonly #workerEntries = new Map<WorkerKind, WorkerEntry>();
  #nowMs = 0;
  #sequence = 0;
  #eventCount = 0;
  #digestHigh = 0x811c9dc5;
  #digestLow = 0x9e3779b9;
  #failure: Error | null = null;
  #isRunning = false;

  constructor(seed: number, options: WorldOptions = {}) {
    this.seed = seed;
    this.random = new SeededRandom(seed);
    this.#options = options;
    this.internet = new SimulatedInternet(this);
  }

  /** Virtual milliseconds since the start. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events run so far. */
  get eventCount(): number {
    return this.#eventCount;
  }

  /** A digest of all events so far: equal for equal histories. */
  traceDigest(): string {
    const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
    return hex(this.#digestHigh) + hex(this.#digestLow);
  }

  /** A new machine; other machines reach it under this name. */
  addHost(name: string, options: HostOptions = {}): SimulatedHost {
    assert(!this.#hosts.has(name), `there is a host ${name}`);
    const host = new SimulatedHost(this, name, this.#hosts.size + 1, options);
    this.#hosts.set(name, host);
    return host;
  }

  host(name: string): SimulatedHost | undefined {
    return this.#hosts.get(name);
  }

  /** What workers of this kind run, on every host. */
  registerWorkerEntry(kind: WorkerKind, entry: WorkerEntry): void {
    this.#workerEntries.set(kind, entry);
  }

  workerEntry(kind: WorkerKind): WorkerEntry | undefined {
    return this.#workerEntries.get(kind);
  }

  /** A duration by chance, uniform over the range, in whole turns. */
  randomDelayMs(leastMs: number, mostMs: number): number {
    return Math.ceil((leastMs + this.random.fraction() * (mostMs - leastMs)) / TURN_MS) * TURN_MS;
  }

  /** Runs `run` at a virtual time (not before now), on a thread as long as it lives, or in the world itself. */
  schedule(atMs: number, label: string, thread: SimulatedThread | null, run: () => void): SimulatedEvent {
    const roundedMs = Math.max(this.#nowMs, Math.ceil(atMs / TURN_MS) * TURN_MS);
    const event = { atMs: roundedMs, sequence: this.#sequence++, label, thread, run, isCancelled: false };
    this.#queue.push(event);
    return event;
  }

  /** Ends the run with this error, after the current event. The first one counts. */
  fail(error: Error): void {
    this.#failure ??= error;
  }

  /** Adds to the trace what is not an event of its own. */
  trace(what: string): void {
    for (let index = 0; index < what.length; index++) {
      const unit = what.charCodeAt(index);
      this.#digestHigh = Math.imul(this.#digestHigh ^ unit, 0x01000193);
      this.#digestLow = Math.imul(this.#digestLow + unit, 0x85ebca6b) ^ (this.#digestLow >>> 13);
    }
    this.#digestHigh = Math.imul(this.#digestHigh ^ (this.#nowMs / TURN_MS), 0x01000193);
    this.#options.onTrace?.(this.#nowMs, what);
  }

  /** Lets everything happen up to the virtual time `untilMs`. Rejects with what nobody caught. */
  async run(untilMs: number): Promise<void> {
    await this.#loop(untilMs, () => false);
  }

  /** Lets things happen until the predicate holds, at most for `maxMs` from now; tells whether it holds. */
  async runUntil(predicate: () => boolean, maxMs: number): Promise<boolean> {
    return this.#loop(this.#nowMs + maxMs, predicate);
  }

  async #loop(untilMs: number, predicate: () => boolean): Promise<boolean> {
    assert(!this.#isRunning, 'the world runs once at a time');
    this.#isRunning = true;
    try {
      let left = this.#options.eventLimit ?? 20_000_000;
      await settlePromises();
      for (;;) {
        this.#throwFailure();
        if (predicate()) return true;
        const event = this.#queue.peek();
        if (event === undefined || event.atMs > untilMs) break;
        this.#queue.pop();
        if (!this.#mayRun(event)) continue;
        if (left-- === 0) throw new Error(`seed ${this.seed}: the limit of events is reached at ${this.#nowMs} ms`);
        this.#nowMs = event.atMs;
        this.#runEvent(event);
        await settlePromises();
      }
      this.#nowMs = Math.max(this.#nowMs, untilMs);
      return false;
    } finally {
      this.#isRunning = false;
    }
  }

  /** Puts the event of a busy thread off until the thread is free. */
  #mayRun(event: SimulatedEvent): boolean {
    if (event.isCancelled) return false;
    const thread = event.thread;
    if (thread === null) return true;
    if (!thread.isAlive) return false;
    const freeMs = Math.ceil(thread.nowMs() / TURN_MS) * TURN_MS;
    if (freeMs <= event.atMs) return true;
    event.atMs = freeMs;
    // A later place among the events of that time: they come here in the order in which they were due.
    event.sequence = this.#sequence++;
    this.#queue.push(event);
    return false;
  }

  #runEvent(event: SimulatedEvent): void {
    this.#eventCount++;
    this.trace(event.thread === null ? event.label : `${event.thread.name} ${event.label}`);
    try {
      event.run();
    } catch (error) {
      // A thread that was ended while it ran, by a crash inside its own call, takes its exceptions with it.
      if (event.thread?.isAlive === false) return;
      throw new Error(`seed ${this.seed}, ${this.#nowMs} ms, ${event.thread?.name ?? 'world'} ${event.label}`, {
        cause: error,
      });
    }
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure;
  }
}

/** All promise continuations run before the next macrotask. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
