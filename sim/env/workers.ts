/**
 * Simulated workers: each is a thread of its own with an entry that the world knows for its kind. Messages are cloned,
 * arrive in order and after a delay; buffers named in `transfer` are empty at the sender, as with real threads.
 */
import { AssertionError, assert } from '../../src/base/index.ts';
import type {
  WorkerChannel,
  WorkerHandle,
  WorkerHandlers,
  WorkerKind,
  WorkerMessage,
  Workers,
} from '../../src/env/index.ts';
import type { SimulatedInstance } from './instance.ts';
import { type SimulatedThread } from './thread.ts';

const START_MS = { least: 1, most: 40 } as const;
const MESSAGE_MS = { least: 0, most: 0.3 } as const;

export function createSimulatedWorkers(instance: SimulatedInstance): Workers {
  return { start: (kind, parameters, handlers) => new SimulatedWorker(instance, kind, parameters, handlers) };
}

class SimulatedWorker implements WorkerHandle {
  readonly #instance: SimulatedInstance;
  readonly #handlers: WorkerHandlers;
  readonly #thread: SimulatedThread;
  readonly #toWorker: OneWay;
  readonly #toOwner: OneWay;
  /** Arrived, not handled: the worker has no handler yet. */
  readonly #received: WorkerMessage[] = [];
  #messageHandler: ((message: WorkerMessage) => void) | null = null;
  #stopHandler: (() => void) | null = null;
  #stopped: Promise<void> | null = null;
  #hasEnded = false;
  #onEnd: (() => void) | null = null;

  constructor(instance: SimulatedInstance, kind: WorkerKind, parameters: WorkerMessage, handlers: WorkerHandlers) {
    this.#instance = instance;
    this.#handlers = handlers;
    const main = instance.mainThread;
    this.#thread = instance.addThread(kind);
    this.#toWorker = new OneWay(main, this.#thread);
    this.#toOwner = new OneWay(this.#thread, main);
    const entry = main.world.workerEntry(kind);
    if (entry === undefined) throw new AssertionError(`no entry is registered for workers of kind ${kind}`);
    const given = structuredClone(parameters);
    this.#toWorker.send('start', main.world.randomDelayMs(START_MS.least, START_MS.most), () => {
      this.#guard(() => entry(instance.createWorkerEnv(this.#thread), this.#channel(), given));
    });
  }

  post(message: WorkerMessage, transfer?: readonly ArrayBuffer[]): void {
    const cloned = clone(message, transfer);
    this.#toWorker.send('message', 0, () => {
      this.#received.push(cloned);
      this.#handleReceived();
    });
  }

  stop(): Promise<void> {
    this.#stopped ??= new Promise((resolve) => {
      if (this.#hasEnded) {
        resolve();
        return;
      }
      this.#onEnd = resolve;
      this.#toWorker.send('stop', 0, () => {
        this.#handleReceived();
        this.#guard(() => this.#stopHandler?.());
        this.#end(null);
      });
    });
    return this.#stopped;
  }

  #channel(): WorkerChannel {
    return {
      post: (message, transfer) => {
        const cloned = clone(message, transfer);
        this.#toOwner.send('message', 0, () => this.#handlers.onMessage(cloned));
      },
      onMessage: (handler) => {
        assert(this.#messageHandler === null, 'a worker has one message handler');
        this.#messageHandler = handler;
        this.#thread.schedule(0, 'early messages', () => this.#handleReceived());
      },
      onStop: (handler) => {
        this.#stopHandler = handler;
      },
    };
  }

  #handleReceived(): void {
    const handler = this.#messageHandler;
    if (handler === null) return;
    for (let message = this.#received.shift(); message !== undefined; message = this.#received.shift()) {
      const taken = message;
      this.#guard(() => handler(taken));
      if (!this.#thread.isAlive) return;
    }
  }

  /** Runs code of the worker: what it throws ends the worker, not the instance. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #end(failure: Error | null): void {
    if (!this.#thread.isAlive) return;
    this.#toOwner.send('end', 0, () => {
      this.#hasEnded = true;
      if (failure !== null) this.#handlers.onFailure(failure);
      this.#onEnd?.();
    });
    this.#instance.endThread(this.#thread);
  }
}

/** Messages of one direction, in order. */
class OneWay {
  readonly #from: SimulatedThread;
  readonly #to: SimulatedThread;
  #lastMs = 0;

  constructor(from: SimulatedThread, to: SimulatedThread) {
    this.#from = from;
    this.#to = to;
  }

  send(what: string, extraMs: number, run: () => void): void {
    if (!this.#from.isAlive || !this.#to.isAlive) return;
    const world = this.#from.world;
    const delayMs = extraMs + world.randomDelayMs(MESSAGE_MS.least, MESSAGE_MS.most);
    this.#lastMs = Math.max(this.#lastMs, this.#from.nowMs() + delayMs);
    world.schedule(this.#lastMs, `${what} from ${this.#from.name}`, this.#to, run);
  }
}

function clone(message: WorkerMessage, transfer: readonly ArrayBuffer[] | undefined): WorkerMessage {
  return structuredClone(message, transfer === undefined ? undefined : { transfer: [...transfer] });
}
