/** Log workers that break a promise, to see that the workload notices. */
import { runLogWorker } from '../../../src/engine/wal/index.ts';
import type { Files, OpenFile, WorkerChannel, WorkerEnv, WorkerMessage } from '../../../src/env/index.ts';
import type { WorkerEntry } from '../../env/index.ts';

/** Answers a batch before it writes it, with the next message. */
const acknowledgesTooEarly: WorkerEntry = (env, channel, parameters) => {
  let handle: (message: WorkerMessage) => void = () => undefined;
  let held: WorkerMessage | null = null;
  const inner: WorkerChannel = {
    post: (message) => {
      if ((message as { kind: string }).kind !== 'written') channel.post(message);
    },
    onMessage: (handler) => {
      handle = handler;
    },
    onStop: (handler) => {
      channel.onStop(() => {
        if (held !== null) handle(held);
        handler();
      });
    },
  };
  runLogWorker(env, inner, parameters);
  channel.onMessage((message) => {
    if (held !== null) handle(held);
    held = null;
    const batch = message as { kind: string; sequence: number; rows: Uint8Array };
    if (batch.kind !== 'batch') {
      handle(message);
      return;
    }
    held = { ...(message as { readonly [key: string]: WorkerMessage }), rows: batch.rows.slice() };
    const result = { ok: true, fileVclock: null, fileSizeBytes: 0 };
    channel.post({ kind: 'written', sequence: batch.sequence, durationMs: 0, result });
  });
};

/** The real worker on files that are changed by `wrap`. */
function onFiles(wrap: (file: OpenFile) => Partial<OpenFile>): WorkerEntry {
  return (env: WorkerEnv, channel, parameters) => {
    const { files } = env;
    const open: Files['open'] = (path, mode) => {
      const file = files.open(path, mode);
      const same: OpenFile = {
        path: file.path,
        sizeBytes: () => file.sizeBytes(),
        read: (target, offset, length, position) => file.read(target, offset, length, position),
        write: (source, offset, length, position) => file.write(source, offset, length, position),
        sync: () => file.sync(),
        truncate: (sizeBytes) => file.truncate(sizeBytes),
        close: () => file.close(),
      };
      return { ...same, ...wrap(file) };
    };
    const wrapped: Files = {
      open,
      list: (directory) => files.list(directory),
      status: (path) => files.status(path),
      makeDirectories: (path) => files.makeDirectories(path),
      rename: (from, to) => files.rename(from, to),
      remove: (path) => files.remove(path),
      syncDirectory: (path) => files.syncDirectory(path),
      freeBytes: (path) => files.freeBytes(path),
      lockDirectory: (directory) => files.lockDirectory(directory),
      join: (...segments) => files.join(...segments),
      absolute: (path) => files.absolute(path),
    };
    runLogWorker({ ...env, files: wrapped }, channel, parameters);
  };
}

export const LOG_MUTANTS = {
  acknowledgesTooEarly,
  /** None: what is noticed must not come from the wrapping. */
  keepsItsPromises: onFiles(() => ({})),
  losesSyncs: onFiles(() => ({ sync: () => undefined })),
  /** What was refused stays in the file. */
  keepsFailedRows: onFiles(() => ({ truncate: () => undefined })),
  /** A write that the disk cut short counts as done. */
  ignoresFailedWrites: onFiles((file) => ({
    write: (source, offset, length, position) => {
      try {
        file.write(source, offset, length, position);
      } catch {
        // This is what must be noticed.
      }
    },
  })),
} as const satisfies Record<string, WorkerEntry>;
