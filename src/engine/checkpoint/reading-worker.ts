/**
 * The message loop of the worker that reads a snapshot: it reads, decompresses, checks and parses ahead of the thread that
 * applies the rows, a few chunks at most.
 */
import { CorruptionError } from '../../base/index.ts';
import { FileError, type WorkerChannel, type WorkerEnv, type WorkerMessage } from '../../env/index.ts';
import { LogFileCursor } from '../wal/index.ts';
import { asChunkNumber, asReadingParameters, type ReadingReply } from './reading-protocol.ts';
import { SnapshotRowWriter } from './snapshot-rows.ts';

const CHUNKS = 4;
const CHUNK_BYTES = 512 * 1024;
/** A block may overshoot the size of a chunk by about its own. */
const CHUNK_ROOM_BYTES = CHUNK_BYTES + 256 * 1024;
const CHUNK_ROWS = 8192;

export function runReadingWorker(env: WorkerEnv, channel: WorkerChannel, parameters: WorkerMessage): void {
  const post = (reply: ReadingReply): void => channel.post(reply);
  const snapshot = asReadingParameters(parameters);
  const chunks = Array.from({ length: CHUNKS }, () => new SnapshotRowWriter(CHUNK_ROOM_BYTES, CHUNK_ROWS));
  let cursor: LogFileCursor | null = null;
  const close = (): void => {
    cursor?.close();
    cursor = null;
  };
  const readInto = (chunk: number): void => {
    const writer = chunks[chunk]!;
    if (cursor === null) return;
    writer.reset();
    const step = cursor.readRows(CHUNK_BYTES, (row) => writer.append(row));
    post({ kind: 'rows', chunk, ...writer.written(), position: cursor.position });
    if (step === 'more') return;
    close();
    post({ kind: 'end' });
  };
  const attempt = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      close();
      if (error instanceof CorruptionError) {
        const { file, offset, reason } = error;
        post({ kind: 'corrupt', file, offset, reason });
      } else if (error instanceof FileError) {
        const { code, errno, path, operation } = error;
        post({ kind: 'failed', code, errno, path, operation });
      } else throw error;
    }
  };
  attempt(() => {
    cursor = new LogFileCursor(env, snapshot.path, {
      kind: 'SNAP',
      instanceUuid: null,
      forceRecovery: snapshot.forceRecovery,
      acceptsTornWrite: false,
      requiresEndMarker: true,
      onWarning: (text) => post({ kind: 'warning', text }),
    });
    for (let chunk = 0; chunk < CHUNKS; chunk++) readInto(chunk);
  });
  channel.onMessage((message) => attempt(() => readInto(asChunkNumber(message))));
  channel.onStop(close);
}
