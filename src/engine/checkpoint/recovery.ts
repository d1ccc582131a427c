/**
 * Brings the state of a data directory into memory: the newest snapshot, then the log behind it.
 *
 * Guarantees: rows are applied in the order in which they were written, transactions whole; a file that is damaged
 * anywhere but at its unfinished end stops recovery with its name and the offset (unless `forceRecovery`); the thread is
 * given back between slices. Nothing in the directory is changed, except that left over temporary files are removed.
 */
import { BoxError, CorruptionError, boxError } from '../../base/index.ts';
import { type FileHeader, RowReader, type Vclock, vclockSignature } from '../../codec/xlog/index.ts';
import type { Env, Logger } from '../../env/index.ts';
import { IN_PROGRESS_SUFFIX, LogFileCursor, LogReader, listSignatures, logFilePath } from '../wal/index.ts';
import { SnapshotReading } from './snapshot-reading.ts';
import { readSnapshotRows, type SnapshotRowHandlers } from './snapshot-rows.ts';

/** Applies rows to the engine; `engine/box` implements it. Throws BoxError for a row that does not fit the state. */
export interface RowApplier {
  /** An INSERT of a snapshot, already parsed: `bytes[position, end)` is a valid MessagePack array. */
  applySnapshotTuple(spaceId: number, bytes: Uint8Array, position: number, end: number): void;
  /** Any other row of a snapshot. */
  applySnapshotRow(row: RowReader): void;
  /** All rows of the snapshot were given: brings them into use, in steps between which the thread may be given away. */
  finishSnapshot(): Iterable<void>;
  /** A row of the log; rows of one transaction follow each other, the last has `isCommit`. */
  applyLogRow(row: RowReader): void;
}

export type RecoveryOptions = Readonly<{
  directory: string;
  forceRecovery: boolean;
}>;

export type RecoveredState = Readonly<{
  instanceUuid: string;
  snapshotVclock: Vclock;
  /** State after the last row. */
  vclock: Vclock;
  lastFileVclock: Vclock | null;
  snapshotRows: number;
  logRows: number;
}>;

/** `fraction` of the snapshot's bytes, or of those of the log behind it, 0 to 1. */
export type RecoveryProgress = (stage: 'snapshot' | 'log', rows: number, fraction: number) => void;

const SLICE_BYTES = 512 * 1024;

/** Whether the directory holds a state to recover. Throws FileError. */
export function hasState(env: Env, directory: string): boolean {
  if (env.files.status(directory) === null) return false;
  if (listSignatures(env.files, directory, 'SNAP').length > 0) return true;
  if (listSignatures(env.files, directory, 'XLOG').length > 0) {
    throw boxError('MISSING_SNAPSHOT');
  }
  return false;
}

/** Whose directory it is, by its newest snapshot. Throws as `recover`. */
export function ownerOf(env: Env, directory: string): string {
  return openNewestSnapshot(env, { directory, forceRecovery: false }, () => undefined).instanceUuid;
}

/** Recovers the directory. Throws CorruptionError, BoxError (a gap in the log, a row that cannot be applied), FileError. */
export async function recover(
  env: Env,
  log: Logger,
  options: RecoveryOptions,
  applier: RowApplier,
  onProgress: RecoveryProgress,
): Promise<RecoveredState> {
  removeTemporaryFiles(env, options.directory);
  const onWarning = (text: string): void => log.warn(text);
  const { path, header, instanceUuid } = openNewestSnapshot(env, options, onWarning);
  log.info(`recovering from \`${path}'`);
  const snapshotRows = await recoverSnapshot(env, log, path, options, applier, onProgress);
  for (const _step of applier.finishSnapshot()) await nextTurn(env);
  onProgress('snapshot', snapshotRows, 1);
  const reader = new LogReader(env, {
    directory: options.directory,
    instanceUuid,
    vclock: header.vclock,
    forceRecovery: options.forceRecovery,
    onWarning,
  });
  const logRows = await recoverLog(env, log, reader, options, applier, onProgress);
  const { vclock, lastFileVclock } = reader;
  return { instanceUuid, snapshotVclock: header.vclock, vclock, lastFileVclock, snapshotRows, logRows };
}

function openNewestSnapshot(
  env: Env,
  { directory, forceRecovery }: RecoveryOptions,
  onWarning: (text: string) => void,
): Readonly<{ path: string; header: FileHeader; instanceUuid: string }> {
  const { files } = env;
  const signature = listSignatures(files, directory, 'SNAP').at(-1);
  if (signature === undefined) throw boxError('MISSING_SNAPSHOT');
  const path = logFilePath(files, directory, signature, 'SNAP');
  const snapshot = new LogFileCursor(env, path, {
    kind: 'SNAP',
    instanceUuid: null,
    forceRecovery,
    acceptsTornWrite: false,
    requiresEndMarker: true,
    onWarning,
  });
  const { header } = snapshot;
  snapshot.close();
  checkSignature(path, signature, header.vclock);
  const { instanceUuid } = header;
  if (instanceUuid === null) throw new CorruptionError(path, -1, 'the header names no instance');
  return { path, header, instanceUuid };
}

/** Applies the rows that a worker reads, chunk by chunk; returns their number. */
async function recoverSnapshot(
  env: Env,
  log: Logger,
  path: string,
  { forceRecovery }: RecoveryOptions,
  applier: RowApplier,
  onProgress: RecoveryProgress,
): Promise<number> {
  const tolerant = tolerantly(log, path, forceRecovery);
  const sizeBytes = Math.max(1, env.files.status(path)?.sizeBytes ?? 1);
  const row = new RowReader();
  // The bulk of every start: only what is tolerant pays for it, with a closure a row.
  const onTuple: SnapshotRowHandlers['onTuple'] = forceRecovery
    ? (...tuple) => tolerant(() => applier.applySnapshotTuple(...tuple))
    : (spaceId, bytes, position, end) => applier.applySnapshotTuple(spaceId, bytes, position, end);
  const onRow: SnapshotRowHandlers['onRow'] = (bytes, start, end) => {
    row.reset(bytes, start, end);
    row.next();
    tolerant(() => applier.applySnapshotRow(row));
  };
  let rows = 0;
  const reading = new SnapshotReading(env, { path, forceRecovery }, (text) => log.warn(text));
  try {
    for (let chunk = await reading.next(); chunk !== null; chunk = await reading.next()) {
      rows += readSnapshotRows(chunk.rows, chunk.places, { onTuple, onRow });
      reading.giveBack(chunk);
      onProgress('snapshot', rows, chunk.position / sizeBytes);
      await nextTurn(env);
    }
  } finally {
    await reading.stop();
  }
  return rows;
}

async function recoverLog(
  env: Env,
  log: Logger,
  reader: LogReader,
  options: RecoveryOptions,
  applier: RowApplier,
  onProgress: RecoveryProgress,
): Promise<number> {
  const tolerant = tolerantly(log, options.directory, options.forceRecovery);
  let rows = 0;
  try {
    const onRow = (row: RowReader): void => {
      rows++;
      tolerant(() => applier.applyLogRow(row));
    };
    while (reader.read(SLICE_BYTES, onRow) === 'more') {
      onProgress('log', rows, reader.fraction);
      await nextTurn(env);
    }
  } finally {
    reader.close();
  }
  onProgress('log', rows, 1);
  return rows;
}

/** Runs an application of a row; with `forceRecovery` a row that cannot be applied is passed over with a warning. */
function tolerantly(log: Logger, where: string, forceRecovery: boolean): (apply: () => void) => void {
  if (!forceRecovery) return (apply) => apply();
  return (apply) => {
    try {
      apply();
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      log.error(`${where}: a row was skipped: ${error.message}`);
    }
  };
}

function checkSignature(path: string, signature: number, vclock: Vclock): void {
  if (vclockSignature(vclock) !== signature) throw new CorruptionError(path, -1, 'signature check failed');
}

function removeTemporaryFiles(env: Env, directory: string): void {
  for (const name of env.files.list(directory)) {
    if (name.endsWith(IN_PROGRESS_SUFFIX)) env.files.remove(env.files.join(directory, name));
  }
}

function nextTurn(env: Env): Promise<void> {
  return new Promise((resolve) => env.timers.nextTurn(resolve));
}
