/**
 * One .xlog file that is being written.
 *
 * Guarantees: under its final name a file always has its whole header, durably; bytes behind `committedBytes` belong to
 * no acknowledged row and are gone after `rollback`; nothing is written behind bytes of unknown state.
 */
import { CorruptionError } from '../../base/index.ts';
import {
  encodeFileHeader,
  END_MARKER,
  type FileHeader,
  compareVclocks,
  type Vclock,
  vclockSignature,
} from '../../codec/xlog/index.ts';
import { FileError, type Files, type OpenFile, type WorkerEnv } from '../../env/index.ts';
import { LogFileCursor } from './log-file-cursor.ts';
import { IN_PROGRESS_SUFFIX, logFilePath } from './log-files.ts';

/** Suffix for a file that a forced recovery could read nothing from and whose name is needed. */
const DAMAGED_SUFFIX = '.damaged';
const ERRNO_EEXIST = 17;

type Ports = Pick<WorkerEnv, 'files' | 'compression'>;

export type LogFileOptions = Readonly<{
  directory: string;
  instanceUuid: string;
  softwareVersion: string;
  onWarning: (text: string) => void;
}>;

export class LogFile {
  /** The VClock in the header: state before the first row. */
  readonly vclock: Vclock;
  readonly #file: OpenFile;
  #committedBytes: number;
  #writtenBytes: number;
  #syncedBytes: number;
  /** What was cut off may still be on the disk, behind rows that are all durable. */
  #isTailDoubtful: boolean;

  private constructor(file: OpenFile, vclock: Vclock, sizeBytes: number, isTailDoubtful: boolean) {
    this.#file = file;
    this.vclock = vclock;
    this.#committedBytes = sizeBytes;
    this.#writtenBytes = sizeBytes;
    this.#syncedBytes = sizeBytes;
    this.#isTailDoubtful = isTailDoubtful;
  }

  /**
   * The file for rows after `vclock`: the one that a clean stop left without rows, else a new one. Throws FileError;
   * then no new file is there, or one that the next call takes up.
   */
  static open(ports: Ports, options: LogFileOptions, vclock: Vclock, previousVclock: Vclock | null): LogFile {
    const path = logFilePath(ports.files, options.directory, vclockSignature(vclock), 'XLOG');
    let previous = previousVclock;
    let isDamagedInTheWay = false;
    if (ports.files.status(path) !== null) {
      const found = inspect(ports, options, path, vclock);
      if (found.kind === 'reusable')
        return LogFile.#reopen(ports.files, options.directory, path, vclock, found.headerBytes);
      previous = found.previousVclock ?? previous;
      isDamagedInTheWay = true;
    }
    const { instanceUuid, softwareVersion } = options;
    const header: FileHeader = { kind: 'XLOG', softwareVersion, instanceUuid, vclock, previousVclock: previous };
    const file = LogFile.#create(ports.files, options.directory, path, header, isDamagedInTheWay);
    if (isDamagedInTheWay) {
      options.onWarning(`${path} is damaged and has no rows, renamed to ${path}${DAMAGED_SUFFIX}`);
    }
    return file;
  }

  static #create(
    files: Files,
    directory: string,
    path: string,
    header: FileHeader,
    isDamagedInTheWay: boolean,
  ): LogFile {
    const temporaryPath = path + IN_PROGRESS_SUFFIX;
    if (files.status(temporaryPath) !== null) files.remove(temporaryPath);
    const file = files.open(temporaryPath, 'create');
    try {
      const bytes = encodeFileHeader(header);
      file.write(bytes, 0, bytes.length, 0);
      file.sync();
      file.close();
      if (isDamagedInTheWay) files.rename(path, path + DAMAGED_SUFFIX);
      try {
        files.rename(temporaryPath, path);
      } catch (error) {
        // Only the damaged file knows which one is before it: the next attempt must find it.
        if (isDamagedInTheWay) quietly(() => files.rename(path + DAMAGED_SUFFIX, path));
        throw error;
      }
      return LogFile.#reopen(files, directory, path, header.vclock, bytes.length);
    } catch (error) {
      quietly(() => file.close());
      quietly(() => files.remove(temporaryPath));
      throw error;
    }
  }

  /** Opens a file without rows and leaves nothing but its header in it. */
  static #reopen(files: Files, directory: string, path: string, vclock: Vclock, headerBytes: number): LogFile {
    files.syncDirectory(directory);
    const file = files.open(path, 'update');
    let hasTail: boolean;
    try {
      hasTail = file.sizeBytes() !== headerBytes;
      if (hasTail) file.truncate(headerBytes);
    } catch (error) {
      quietly(() => file.close());
      throw error;
    }
    return new LogFile(file, vclock, headerBytes, hasTail);
  }

  get path(): string {
    return this.#file.path;
  }

  /** Bytes up to the end of the last committed block. */
  get committedBytes(): number {
    return this.#committedBytes;
  }

  /** Appends behind what was written; not part of the file until `commit`. Throws FileError. */
  write(bytes: Uint8Array, length: number): void {
    if (this.#isTailDoubtful) this.#settleTail();
    this.#file.write(bytes, 0, length, this.#writtenBytes);
    this.#writtenBytes += length;
  }

  /**
   * Makes everything written durable. Throws FileError if only uncommitted bytes are in doubt, and LogBrokenError if
   * committed ones are too: a system that failed to write pages back may have dropped them and report success the next
   * time, so nobody could tell any more what is on the disk.
   */
  sync(): void {
    try {
      this.#file.sync();
    } catch (error) {
      if (!(error instanceof FileError) || this.#syncedBytes >= this.#committedBytes) throw error;
      throw new LogBrokenError(`acknowledged rows may be lost: ${error.message}`);
    }
    this.#syncedBytes = this.#writtenBytes;
  }

  commit(): void {
    this.#committedBytes = this.#writtenBytes;
  }

  /** Cuts back what was not committed. Throws LogBrokenError if that fails. */
  rollback(): void {
    try {
      // Always, because a write that failed may have left some of its bytes.
      this.#file.truncate(this.#committedBytes);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      throw new LogBrokenError(`rows of a failed write cannot be removed: ${error.message}`);
    }
    this.#writtenBytes = this.#committedBytes;
    this.#isTailDoubtful = this.#syncedBytes >= this.#committedBytes;
    this.#syncedBytes = Math.min(this.#syncedBytes, this.#committedBytes);
  }

  /**
   * Makes sure that what was cut off is gone from the disk. Else a power cut in the midst of the next write could leave a
   * mixture of both, which recovery would have to take for damage. Where rows before it are not durable either there is
   * nothing to lose.
   */
  #settleTail(): void {
    this.#file.sync();
    this.#isTailDoubtful = false;
  }

  /**
   * Ends the file: marker, sync, close. A marker for which there is no room is left out, which costs a warning at the
   * next recovery. Throws LogBrokenError if rows could not be made durable.
   */
  close(onWarning: (text: string) => void): void {
    try {
      try {
        this.write(END_MARKER, END_MARKER.length);
      } catch (error) {
        this.rollback();
        throw error;
      }
      this.sync();
      this.commit();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      onWarning(`${this.path} was not closed well: ${error.message}`);
      if (this.#syncedBytes < this.#committedBytes) this.sync();
    } finally {
      quietly(() => this.#file.close());
    }
  }
}

/** The log can no longer keep what it promised; the process has to end. */
export class LogBrokenError extends Error {
  override readonly name = 'LogBrokenError';
}

type Inspection =
  | Readonly<{ kind: 'reusable'; headerBytes: number }>
  /** Nothing in it can be read; `previousVclock` as its header says, if it has one. */
  | Readonly<{ kind: 'damaged'; previousVclock: Vclock | null }>;

/** What a file with the name that is needed next holds. Throws FileError EEXIST if it has rows: then it is not ours. */
function inspect(ports: Ports, options: LogFileOptions, path: string, vclock: Vclock): Inspection {
  let warnings = 0;
  let cursor: LogFileCursor;
  try {
    cursor = new LogFileCursor(ports, path, {
      kind: 'XLOG',
      instanceUuid: options.instanceUuid,
      forceRecovery: true,
      acceptsTornWrite: true,
      requiresEndMarker: false,
      onWarning: () => {
        warnings++;
      },
    });
  } catch (error) {
    if (error instanceof CorruptionError) return { kind: 'damaged', previousVclock: null };
    throw error;
  }
  try {
    const { header, headerSizeBytes } = cursor;
    let blocks = 0;
    while (cursor.readBlocks(0, () => blocks++) === 'more' && blocks === 0);
    if (blocks > 0 || compareVclocks(header.vclock, vclock) !== 'equal') {
      throw new FileError('EEXIST', ERRNO_EEXIST, path, 'create');
    }
    if (warnings > 0) return { kind: 'damaged', previousVclock: header.previousVclock };
    return { kind: 'reusable', headerBytes: headerSizeBytes };
  } finally {
    cursor.close();
  }
}

/** For cleaning up behind an error that is already on its way. */
function quietly(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
  }
}
