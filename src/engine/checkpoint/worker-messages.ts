/** Checks of messages between the engine's thread and the workers of this room. */
import { assert } from '../../base/index.ts';
import type { WorkerMessage } from '../../env/index.ts';

export type MessageRecord = { readonly [key: string]: WorkerMessage };

export function asRecord(message: WorkerMessage): MessageRecord {
  assert(
    typeof message === 'object' && message !== null && !Array.isArray(message) && !(message instanceof Uint8Array),
    'a message of a snapshot worker is a record',
  );
  return message as MessageRecord;
}

/** A record that says what it is in its field `kind`. */
export function asTaggedRecord(message: WorkerMessage): MessageRecord {
  const record = asRecord(message);
  assert(typeof record['kind'] === 'string', 'a message of a snapshot worker has a kind');
  return record;
}
