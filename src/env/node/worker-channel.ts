/** The worker's side of its channel. Messages that come before there is a handler wait for it. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert, defined } from '../../base/index.ts';
import type { WorkerChannel, WorkerMessage } from '../index.ts';
import { STOP_MESSAGE, type WorkerStart } from './workers.ts';

/** What this worker was started with. */
export function workerStart(): WorkerStart {
  return workerData as WorkerStart;
}

/** To be called once, in a worker. */
export function workerChannel(): WorkerChannel {
  const port = defined(parentPort, 'the port of a worker thread');
  let messageHandler: ((message: WorkerMessage) => void) | null = null;
  let stopHandler: (() => void) | null = null;

  function receive(message: WorkerMessage | typeof STOP_MESSAGE): void {
    if (message !== STOP_MESSAGE) {
      messageHandler?.(message);
      return;
    }
    // Without a listener the port no longer keeps the thread, which ends when its work is done.
    port.off('message', receive);
    stopHandler?.();
  }

  return {
    post(message, transfer) {
      port.postMessage(message, transfer);
    },
    onMessage(handler) {
      assert(messageHandler === null, 'a worker has one message handler');
      messageHandler = handler;
      port.on('message', receive);
    },
    onStop(handler) {
      stopHandler = handler;
    },
  };
}
