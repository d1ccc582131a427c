/** Relay workers that break a promise, to see that the workload notices. */
import type { WorkerMessage } from '../../../src/env/index.ts';
import { runRelayWorker } from '../../../src/replication/index.ts';
import type { WorkerEntry } from '../../env/index.ts';

/** Every so many answers with rows one is spoiled. */
const SPOILED_EVERY = 3;

/** The real relay worker, whose answers are changed by `spoil`. */
function spoilingPackets(spoil: (packets: Uint8Array) => Uint8Array): WorkerEntry {
  return (env, channel) => {
    let answers = 0;
    runRelayWorker(env, {
      onMessage: (handler) => channel.onMessage(handler),
      onStop: (handler) => channel.onStop(handler),
      post: (message) => {
        const reply = message as { readonly [key: string]: WorkerMessage };
        const packets = reply['packets'];
        if (!(packets instanceof Uint8Array) || packets.length === 0 || ++answers % SPOILED_EVERY !== 0) {
          channel.post(message);
        } else {
          channel.post({ ...reply, packets: spoil(packets) });
        }
      },
    });
  };
}

export const RELAY_MUTANTS = {
  /** None: what is noticed must not come from the wrapping. */
  keepsItsPromises: spoilingPackets((packets) => packets.slice()),
  /** Old rows are not sent. */
  losesRows: spoilingPackets(() => new Uint8Array(0)),
} as const satisfies Record<string, WorkerEntry>;
