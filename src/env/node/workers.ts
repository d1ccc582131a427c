/**
 * Workers as node:worker_threads. Each runs the bundle `dist/worker.js` with `{ kind, parameters }`; between the threads
 * go the messages themselves, and `undefined`, which is no message, to stop.
 *
 * A view of a large buffer is copied with the whole buffer, as structured clone does; senders on a hot path transfer.
 */
import * as nodePath from 'node:path';
import { Worker } from 'node:worker_threads';
import type { WorkerHandle, WorkerHandlers, WorkerKind, WorkerMessage, Workers } from '../index.ts';
import { packageRoot } from './package-root.ts';

export const STOP_MESSAGE = undefined;

/** What the worker's side finds as its `workerData`. */
export type WorkerStart = Readonly<{ kind: WorkerKind; parameters: WorkerMessage }>;

/** `workerFile` takes the place of `dist/worker.js`. */
export function createWorkers(workerFile: string | undefined): Workers {
  return {
    start(kind, parameters, handlers) {
      const path = workerFile ?? nodePath.join(packageRoot(), 'dist', 'worker.js');
      const start: WorkerStart = { kind, parameters };
      return new NodeWorker(new Worker(path, { workerData: start, execArgv: [], name: kind }), kind, handlers);
    },
  };
}

class NodeWorker implements WorkerHandle {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #isStopping = false;
  #hasFailed = false;

  constructor(worker: Worker, kind: WorkerKind, handlers: WorkerHandlers) {
    this.#worker = worker;
    const fail = (error: Error): void => {
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      handlers.onFailure(error);
    };
    worker.on('message', handlers.onMessage);
    worker.on('messageerror', fail);
    worker.on('error', (error: unknown) => fail(error instanceof Error ? error : new Error(String(error))));
    this.#ended = new Promise((resolve) => {
      worker.on('exit', (code) => {
        if (!this.#isStopping || code !== 0) fail(new Error(`worker ${kind} has ended with code ${code}`));
        resolve();
      });
    });
  }

  post(message: WorkerMessage, transfer?: readonly ArrayBuffer[]): void {
    this.#worker.postMessage(message, transfer);
  }

  stop(): Promise<void> {
    if (!this.#isStopping) {
      this.#isStopping = true;
      this.#worker.postMessage(STOP_MESSAGE);
    }
    return this.#ended;
  }
}
