/** What goes between the engine's thread and the worker that reads old rows for replicas: plain data. */
import { assert } from '../../base/index.ts';
import type { WorkerMessage } from '../../env/index.ts';
import type { RowFilter } from './row-framer.ts';

export type ReadingRequest =
  /** Begins to read behind a state. `reading` names it in everything that follows. */
  | Readonly<{ kind: 'open'; reading: number; directory: string; vclock: readonly number[]; filter: RowFilter }>
  /** Asks for the next packets; nothing beyond `limit`, which the log has made durable, is looked at. */
  | Readonly<{ kind: 'read'; reading: number; limit: readonly number[] }>
  | Readonly<{ kind: 'close'; reading: number }>;

export type ReadingReply =
  /**
   * The answer to 'read'. `vclock` is the state behind the packets; `isEnd`: there was nothing more up to the limit.
   * The memory of `packets` was transferred.
   */
  | Readonly<{ kind: 'packets'; reading: number; packets: Uint8Array; vclock: readonly number[]; isEnd: boolean }>
  /** The reading has failed and is closed. `isGap`: rows behind the state are not there any more. */
  | Readonly<{ kind: 'failed'; reading: number; isGap: boolean; code: number; message: string }>;

export function asReadingRequest(message: WorkerMessage): ReadingRequest {
  return tagged(message) as ReadingRequest;
}

export function asReadingReply(message: WorkerMessage): ReadingReply {
  return tagged(message) as ReadingReply;
}

function tagged(message: WorkerMessage): { readonly [key: string]: WorkerMessage } {
  const isRecord = typeof message === 'object' && message !== null && !Array.isArray(message);
  assert(isRecord && !(message instanceof Uint8Array), 'a message of the relay worker is a record');
  const record = message as { readonly [key: string]: WorkerMessage };
  assert(typeof record['kind'] === 'string', 'a message of the relay worker has a kind');
  return record;
}
