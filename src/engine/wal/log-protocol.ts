/**
 * What goes between the engine's thread and the log worker: plain data. Messages are handled in order, and each has exactly
 * one answer.
 */
import { assert } from '../../base/index.ts';
import type { WorkerMessage } from '../../env/index.ts';
import type { LogBatch, LogWriterOptions, LogWriteResult } from './log-writer.ts';

/** What the worker is started with. */
export type LogWorkerParameters = LogWriterOptions;

export type LogRequest =
  /** Make durable what was recovered. */
  | Readonly<{ kind: 'secure' }>
  /** `sequence` names the batch in its answer. The buffer of `rows` may be transferred. */
  | Readonly<{ kind: 'batch'; sequence: number } & LogBatch>
  /** End the current file: the next row comes after a checkpoint with this vclock. */
  | Readonly<{ kind: 'rotate'; vclock: readonly number[] }>;

export type LogReply =
  /** Whether all that was recovered is durable. */
  | Readonly<{ kind: 'secured'; isDurable: boolean }>
  /** `durationMs` of the write with its sync. */
  | Readonly<{ kind: 'written'; sequence: number; durationMs: number; result: LogWriteResult }>
  | Readonly<{ kind: 'rotated'; vclock: readonly number[] }>
  | Readonly<{ kind: 'warning'; text: string }>
  /** The last message: the log ended cleanly. Missing when the worker failed. */
  | Readonly<{ kind: 'stopped'; vclock: readonly number[] }>;

/** The only places where plain data becomes typed: both ends are our own code of the same version. */
export function asLogRequest(message: WorkerMessage): LogRequest {
  return tagged(message) as LogRequest;
}

export function asLogReply(message: WorkerMessage): LogReply {
  return tagged(message) as LogReply;
}

export function asLogWorkerParameters(message: WorkerMessage): LogWorkerParameters {
  assert(isRecord(message) && typeof message['directory'] === 'string', 'parameters of the log worker');
  return message as LogWorkerParameters;
}

function tagged(message: WorkerMessage): { readonly [key: string]: WorkerMessage } {
  assert(isRecord(message) && typeof message['kind'] === 'string', 'a message of the log worker has a kind');
  return message;
}

function isRecord(message: WorkerMessage): message is { readonly [key: string]: WorkerMessage } {
  return typeof message === 'object' && message !== null && !Array.isArray(message) && !(message instanceof Uint8Array);
}
