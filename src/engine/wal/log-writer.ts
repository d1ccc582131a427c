/**
 * Writes batches of rows into .xlog files; runs in the log worker and is synchronous throughout.
 *
 * Guarantees: a batch that was reported written is read back by recovery after a crash of the process, and after a crash
 * of the machine if its durability was 'sync'; a batch that was reported failed has left nothing behind (a machine that
 * dies right after may have kept it: a truncation is synced with the next write only); batches are in the files in their
 * order; a transaction is never split over two blocks.
 *
 * What can no longer be guaranteed ends the writer by a LogBrokenError (as Tarantool panics): a tail that could not be
 * cut back, and a failed sync while acknowledged rows before it had not been synced.
 */
import { ByteWriter, assert } from '../../base/index.ts';
import {
  appendBlock,
  BLOCK_FLUSH_BYTES,
  compareVclocks,
  type Vclock,
  vclockIsCoveredBy,
  vclockSignature,
} from '../../codec/xlog/index.ts';
import { FileError, type OpenFile, type WorkerEnv } from '../../env/index.ts';
import type { Durability } from '../txn/index.ts';
import { LogFile } from './log-file.ts';
import { logFilePath } from './log-files.ts';

/** `none` writes no file at all, `fsync` makes every batch durable. */
export type WalMode = 'none' | 'write' | 'fsync';

export type LogWriterOptions = Readonly<{
  directory: string;
  instanceUuid: string;
  /** For the `Version:` line of the headers. */
  softwareVersion: string;
  walMode: WalMode;
  /** A file that has reached this size is followed by a new one. */
  walMaxSizeBytes: number;
  /** State after the last row of the log. */
  vclock: Vclock;
  /** VClock of the newest .xlog of the directory; null if there is none. */
  lastFileVclock: Vclock | null;
}>;

export type LogBatch = Readonly<{
  /** Encoded rows, header and body maps, one after the other. */
  rows: Uint8Array;
  /** Where each transaction ends in `rows`, ascending. May be empty: then the batch is one block. */
  transactionEnds: readonly number[];
  durability: Durability;
  /** State before and after the batch's rows. */
  vclockBefore: Vclock;
  vclockAfter: Vclock;
}>;

export type LogWriteResult =
  | Readonly<{
      ok: true;
      /** VClock of the file that the batch is in, and its size behind the batch; null and 0 in wal_mode none. */
      fileVclock: Vclock | null;
      fileSizeBytes: number;
    }>
  | Readonly<{ ok: false; code: string; errno: number; message: string }>;

/** Bytes of a file that are read and written again at once. */
const REWRITE_BYTES = 1048576;
/** Encoded blocks are written when so many bytes have gathered, so that a huge batch needs no buffer of its size. */
const WRITE_BYTES = 1048576;
const ERRNO_ECANCELED = 125;

export class LogFileWriter {
  readonly #env: Pick<WorkerEnv, 'files' | 'compression'>;
  readonly #options: LogWriterOptions;
  readonly #onWarning: (text: string) => void;
  readonly #blocks = new ByteWriter(2 * BLOCK_FLUSH_BYTES);
  #vclock: Vclock;
  #lastFileVclock: Vclock | null;
  #file: LogFile | null = null;
  /** Of a file that was there before and may not be durable. */
  #inheritedVclock: Vclock | null;

  /** Touches no file before `secure` or the first batch. */
  constructor(
    env: Pick<WorkerEnv, 'files' | 'compression'>,
    options: LogWriterOptions,
    onWarning: (text: string) => void,
  ) {
    this.#env = env;
    this.#options = options;
    this.#onWarning = onWarning;
    this.#vclock = options.vclock;
    this.#lastFileVclock = options.lastFileVclock;
    this.#inheritedVclock = options.lastFileVclock;
  }

  /**
   * Makes durable what recovery has read, so that the first batch need not wait for it. False if that failed: then the
   * first batch tries again.
   */
  secure(): boolean {
    if (this.#options.walMode === 'none') return true;
    try {
      this.#secureInherited();
      return true;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.#onWarning(`what was recovered is not made durable yet: ${error.message}`);
      return false;
    }
  }

  /** State after the last batch written. */
  get vclock(): Vclock {
    return this.#vclock;
  }

  /**
   * Writes one batch, as far as its durability asks. A failure of the file system is a result and leaves the log as it
   * was. A batch that does not begin where the last written one ended (it was queued behind one that failed) is refused
   * with ECANCELED.
   */
  writeBatch(batch: LogBatch): LogWriteResult {
    if (compareVclocks(batch.vclockBefore, this.#vclock) !== 'equal') {
      return { ok: false, code: 'ECANCELED', errno: ERRNO_ECANCELED, message: 'an earlier batch has failed' };
    }
    if (this.#options.walMode === 'none') {
      this.#vclock = batch.vclockAfter;
      return { ok: true, fileVclock: null, fileSizeBytes: 0 };
    }
    let file: LogFile;
    try {
      file = this.#fileForWriting();
    } catch (error) {
      return failure(error);
    }
    const failed = this.#append(file, batch);
    if (failed !== null) return failed;
    this.#vclock = batch.vclockAfter;
    return { ok: true, fileVclock: file.vclock, fileSizeBytes: file.committedBytes };
  }

  /**
   * Ends the current file, unless it has no rows and belongs to `vclock` already; the next batch begins a new one.
   * `vclock` is that of the checkpoint, at least the state of the log (rows of a join are not logged).
   */
  rotate(vclock: Vclock): void {
    assert(vclockIsCoveredBy(this.#vclock, vclock), 'a log is not rotated to its past');
    this.#vclock = vclock;
    if (this.#file !== null && compareVclocks(this.#file.vclock, vclock) !== 'equal') this.#closeFile();
  }

  /**
   * A clean end: the current file gets its marker, and a file without rows tells the next start where the log stands.
   * Throws LogBrokenError if rows could not be made durable.
   */
  stop(): void {
    if (this.#options.walMode === 'none') return;
    this.rotate(this.#vclock);
    try {
      this.#file ??= this.#openFile();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.#onWarning(`no empty log file for the next start: ${error.message}`);
      return;
    }
    this.#closeFile();
  }

  #fileForWriting(): LogFile {
    if (this.#file !== null && this.#file.committedBytes >= this.#options.walMaxSizeBytes) this.#closeFile();
    this.#file ??= this.#openFile();
    return this.#file;
  }

  #openFile(): LogFile {
    const { directory, instanceUuid, softwareVersion } = this.#options;
    this.#secureInherited();
    const file = LogFile.open(
      this.#env,
      { directory, instanceUuid, softwareVersion, onWarning: this.#onWarning },
      this.#vclock,
      this.#lastFileVclock,
    );
    this.#lastFileVclock = this.#vclock;
    return file;
  }

  /**
   * Makes the file durable that the last run of the process has left, before one follows it: else a crash of the machine
   * could keep the rows of the new file and lose those before them. A sync alone would not do: if one has failed before
   * the process ended, the system may take what it could not write for written, and still show it to readers. So the file
   * is written again, byte for byte; after a clean stop it has no rows.
   */
  #secureInherited(): void {
    const vclock = this.#inheritedVclock;
    if (vclock === null) return;
    const { files } = this.#env;
    const path = logFilePath(files, this.#options.directory, vclockSignature(vclock), 'XLOG');
    if (files.status(path) !== null) {
      const file = files.open(path, 'update');
      try {
        rewrite(file);
        file.sync();
      } finally {
        file.close();
      }
    }
    this.#inheritedVclock = null;
  }

  #closeFile(): void {
    const file = this.#file;
    this.#file = null;
    file?.close(this.#onWarning);
  }

  /** Null if it worked. Whatever was thrown, the file is as before; what is not a FileError goes on. */
  #append(file: LogFile, batch: LogBatch): LogWriteResult | null {
    try {
      this.#writeBlocks(file, batch);
      if (batch.durability === 'sync' || this.#options.walMode === 'fsync') file.sync();
      file.commit();
      return null;
    } catch (error) {
      file.rollback();
      return failure(error);
    } finally {
      this.#blocks.reset();
    }
  }

  #writeBlocks(file: LogFile, batch: LogBatch): void {
    let start = 0;
    for (const end of batch.transactionEnds) {
      if (end - start < BLOCK_FLUSH_BYTES) continue;
      this.#addBlock(file, batch.rows, start, end);
      start = end;
    }
    if (start < batch.rows.length) this.#addBlock(file, batch.rows, start, batch.rows.length);
    this.#flushBlocks(file);
  }

  #addBlock(file: LogFile, rows: Uint8Array, start: number, end: number): void {
    appendBlock(this.#blocks, rows, start, end, this.#env.compression);
    if (this.#blocks.position >= WRITE_BYTES) this.#flushBlocks(file);
  }

  #flushBlocks(file: LogFile): void {
    file.write(this.#blocks.bytes, this.#blocks.position);
    this.#blocks.reset();
  }
}

/** Writes what the file holds over itself. */
function rewrite(file: OpenFile): void {
  const sizeBytes = file.sizeBytes();
  const bytes = new Uint8Array(Math.min(sizeBytes, REWRITE_BYTES));
  for (let position = 0; position < sizeBytes;) {
    const count = file.read(bytes, 0, Math.min(bytes.length, sizeBytes - position), position);
    if (count === 0) return;
    file.write(bytes, 0, count, position);
    position += count;
  }
}

function failure(error: unknown): LogWriteResult {
  if (!(error instanceof FileError)) throw error;
  return { ok: false, code: error.code, errno: error.errno, message: error.message };
}
