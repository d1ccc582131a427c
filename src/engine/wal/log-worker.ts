/**
 * The message loop of the log worker. Everything in it is synchronous: a batch has been written, and its answer posted,
 * before the next message is looked at. An exception (a broken log, a broken invariant) ends the worker and with it,
 * through the owner's `onFailure`, the process.
 */
import { unreachable } from '../../base/index.ts';
import type { WorkerChannel, WorkerEnv, WorkerMessage } from '../../env/index.ts';
import { asLogRequest, asLogWorkerParameters, type LogReply, type LogRequest } from './log-protocol.ts';
import { LogFileWriter } from './log-writer.ts';

export function runLogWorker(env: WorkerEnv, channel: WorkerChannel, parameters: WorkerMessage): void {
  const post = (reply: LogReply): void => channel.post(reply);
  const writer = new LogFileWriter(env, asLogWorkerParameters(parameters), (text) => post({ kind: 'warning', text }));
  channel.onMessage((message) => handle(env, writer, asLogRequest(message), post));
  channel.onStop(() => {
    writer.stop();
    post({ kind: 'stopped', vclock: writer.vclock });
  });
}

function handle(env: WorkerEnv, writer: LogFileWriter, request: LogRequest, post: (reply: LogReply) => void): void {
  switch (request.kind) {
    case 'batch': {
      const startedMs = env.clock.monotonicMs();
      const result = writer.writeBatch(request);
      const durationMs = env.clock.monotonicMs() - startedMs;
      post({ kind: 'written', sequence: request.sequence, durationMs, result });
      return;
    }
    case 'secure':
      post({ kind: 'secured', isDurable: writer.secure() });
      return;
    case 'rotate':
      writer.rotate(request.vclock);
      post({ kind: 'rotated', vclock: writer.vclock });
      return;
    default:
      unreachable(request);
  }
}
