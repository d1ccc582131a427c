/** What goes between the engine's thread and the worker that writes a snapshot: plain data, in order. */
import { assert } from '../../base/index.ts';
import type { WorkerMessage } from '../../env/index.ts';
import { asRecord, asTaggedRecord } from './worker-messages.ts';

export type SnapshotWorkerParameters = Readonly<{
  directory: string;
  instanceUuid: string;
  softwareVersion: string;
  /** State that the snapshot holds: it names the file. */
  vclock: readonly number[];
}>;

export type SnapshotRequest =
  /** Encoded rows, whole ones. The memory may be used again when 'taken' has come. */
  | Readonly<{ kind: 'rows'; rows: Uint8Array }>
  /** All rows are there: make the file durable and give it its name. */
  | Readonly<{ kind: 'finish' }>
  /** Leave nothing behind. */
  | Readonly<{ kind: 'cancel' }>;

export type SnapshotReply =
  | Readonly<{ kind: 'taken' }>
  | Readonly<{ kind: 'finished'; sizeBytes: number }>
  | Readonly<{ kind: 'failed'; code: string; errno: number; message: string }>;

export function asSnapshotRequest(message: WorkerMessage): SnapshotRequest {
  return asTaggedRecord(message) as unknown as SnapshotRequest;
}

export function asSnapshotReply(message: WorkerMessage): SnapshotReply {
  return asTaggedRecord(message) as unknown as SnapshotReply;
}

export function asSnapshotWorkerParameters(message: WorkerMessage): SnapshotWorkerParameters {
  const record = asRecord(message);
  assert(typeof record['directory'] === 'string', 'parameters of the snapshot worker');
  return record as unknown as SnapshotWorkerParameters;
}
