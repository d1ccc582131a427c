/** What goes between the engine's thread and the worker that reads a snapshot for it: plain data, in order. */
import { assert } from '../../base/index.ts';
import type { WorkerMessage } from '../../env/index.ts';
import { asRecord, asTaggedRecord } from './worker-messages.ts';

export type ReadingParameters = Readonly<{ path: string; forceRecovery: boolean }>;

export type ReadingReply =
  /** Rows and their places (snapshot-rows.ts), in memory that may be used again when `chunk` was given back. */
  | Readonly<{ kind: 'rows'; chunk: number; rows: Uint8Array; places: Uint8Array; position: number }>
  | Readonly<{ kind: 'warning'; text: string }>
  | Readonly<{ kind: 'end' }>
  | Readonly<{ kind: 'corrupt'; file: string; offset: number; reason: string }>
  | Readonly<{ kind: 'failed'; code: string; errno: number; path: string; operation: string }>;

/** The owner's only request: the number of a chunk that was read. */
export function asChunkNumber(message: WorkerMessage): number {
  assert(typeof message === 'number', 'a chunk is given back by its number');
  return message;
}

export function asReadingReply(message: WorkerMessage): ReadingReply {
  return asTaggedRecord(message) as unknown as ReadingReply;
}

export function asReadingParameters(message: WorkerMessage): ReadingParameters {
  const record = asRecord(message);
  assert(typeof record['path'] === 'string', 'parameters of the reading worker');
  return record as unknown as ReadingParameters;
}
