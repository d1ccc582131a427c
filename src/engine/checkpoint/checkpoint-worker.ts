/** The message loop of the checkpoint worker: one snapshot, then it is stopped by its owner. */
import { unreachable } from '../../base/index.ts';
import { FileError, type WorkerChannel, type WorkerEnv, type WorkerMessage } from '../../env/index.ts';
import {
  asSnapshotRequest,
  asSnapshotWorkerParameters,
  type SnapshotReply,
  type SnapshotRequest,
} from './snapshot-protocol.ts';
import { SnapshotWriter } from './snapshot-writer.ts';

export function runCheckpointWorker(env: WorkerEnv, channel: WorkerChannel, parameters: WorkerMessage): void {
  const post = (reply: SnapshotReply): void => channel.post(reply);
  let writer: SnapshotWriter | null = null;
  let isDone = false;
  const attempt = (action: () => void): void => {
    if (isDone) return;
    try {
      action();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      isDone = true;
      writer?.cancel();
      post({ kind: 'failed', code: error.code, errno: error.errno, message: error.message });
    }
  };
  const handle = (request: SnapshotRequest): void => {
    switch (request.kind) {
      case 'rows':
        writer?.append(request.rows);
        post({ kind: 'taken' });
        return;
      case 'finish':
        if (writer !== null) post({ kind: 'finished', sizeBytes: writer.finish() });
        isDone = true;
        return;
      case 'cancel':
        writer?.cancel();
        isDone = true;
        return;
      default:
        unreachable(request);
    }
  };
  attempt(() => {
    writer = new SnapshotWriter(env, asSnapshotWorkerParameters(parameters));
  });
  channel.onMessage((message) => attempt(() => handle(asSnapshotRequest(message))));
  channel.onStop(() => {
    if (!isDone) writer?.cancel();
  });
}
