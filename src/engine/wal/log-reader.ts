/**
 * Reads the rows of a log directory that come after a vclock, through all files in order, in slices.
 *
 * Guarantees: a row is handed on once and in LSN order of its origin; rows that the vclock covers are passed over; a
 * missing file, or a file whose rows do not reach the VClock of the next one, is an XlogGapError (Tarantool's check by
 * PrevVClock sees only the first kind). Only the tail of a file may be incomplete, or torn by a power cut, and then the
 * next file must go on where its rows end. With `forceRecovery` all of these become warnings.
 */
import { boxErrorWith } from '../../base/index.ts';
import {
  compareVclocks,
  formatVclock,
  type RowReader,
  type Vclock,
  vclockIsCoveredBy,
  vclockSignature,
} from '../../codec/xlog/index.ts';
import type { Compression, Files } from '../../env/index.ts';
import { LogFileCursor, type RowHandler } from './log-file-cursor.ts';
import { listLogFiles, type LogFileEntry } from './log-files.ts';

export type LogReaderOptions = Readonly<{
  directory: string;
  instanceUuid: string | null;
  /** What the snapshot holds: rows up to here are not handed on. */
  vclock: Vclock;
  forceRecovery: boolean;
  /** Local rows are handed on whatever the vclock says, because one may be the last of a transaction. */
  givesLocalRows?: boolean;
  onWarning: (text: string) => void;
}>;

export class LogReader {
  readonly #ports: Readonly<{ files: Files; compression: Compression }>;
  readonly #options: LogReaderOptions;
  readonly #entries: readonly LogFileEntry[];
  readonly #vclock: number[];
  #next: number;
  #cursor: LogFileCursor | null = null;
  #lastOpened: LogFileEntry | null = null;
  readonly #totalBytes: number;
  /** Of files that have been read to their end. */
  #doneBytes = 0;

  /** Reads the headers of all files. Throws FileError, CorruptionError or ER_INVALID_XLOG_TYPE. */
  constructor(ports: Readonly<{ files: Files; compression: Compression }>, options: LogReaderOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#vclock = [...options.vclock];
    const { instanceUuid, onWarning, forceRecovery, directory } = options;
    this.#entries = listLogFiles(ports.files, directory, { kind: 'XLOG', instanceUuid, onWarning }, forceRecovery);
    const first = this.#entries.findLastIndex((entry) => vclockIsCoveredBy(entry.vclock, options.vclock));
    this.#next = Math.max(0, first);
    this.#totalBytes = this.#entries.slice(this.#next).reduce((sum, entry) => sum + this.#sizeOf(entry.path), 0);
  }

  /** How much of the log has been read, 0 to 1. */
  get fraction(): number {
    if (this.#totalBytes === 0) return 1;
    return Math.min(1, (this.#doneBytes + (this.#cursor?.position ?? 0)) / this.#totalBytes);
  }

  /** State after the last row that was handed on or passed over. */
  get vclock(): Vclock {
    return this.#vclock;
  }

  /** VClock of the newest file of the directory, for the PrevVClock of the one after it; null without files. */
  get lastFileVclock(): Vclock | null {
    return this.#entries.at(-1)?.vclock ?? null;
  }

  /**
   * Hands on rows until about `maxBytes` were read ('more') or the log has ended ('end'). Slices end between blocks and
   * with each file: a transaction is never cut. Throws CorruptionError, XlogGapError, FileError, and what `onRow` throws.
   */
  read(maxBytes: number, onRow: RowHandler): 'more' | 'end' {
    const follow = (row: RowReader): void => {
      if (row.lsn <= (this.#vclock[row.replicaId] ?? 0)) {
        if (row.replicaId === 0 && this.#options.givesLocalRows === true) onRow(row);
        return;
      }
      while (this.#vclock.length <= row.replicaId) this.#vclock.push(0);
      this.#vclock[row.replicaId] = row.lsn;
      onRow(row);
    };
    const cursor = this.#cursor ?? this.#openNext();
    if (cursor === null) return 'end';
    if (cursor.readRows(maxBytes, follow) === 'more') return 'more';
    if (cursor.end?.isClosed !== true) this.#options.onWarning(`file \`${cursor.path}\` wasn't correctly closed`);
    this.#doneBytes += this.#sizeOf(cursor.path);
    this.close();
    return this.#next < this.#entries.length ? 'more' : 'end';
  }

  close(): void {
    this.#cursor?.close();
    this.#cursor = null;
  }

  #sizeOf(path: string): number {
    return this.#ports.files.status(path)?.sizeBytes ?? 0;
  }

  #openNext(): LogFileCursor | null {
    const entry = this.#entries[this.#next];
    if (entry === undefined) return null;
    this.#checkGap(entry);
    this.#next++;
    this.#lastOpened = entry;
    const { instanceUuid, onWarning, forceRecovery } = this.#options;
    this.#cursor = new LogFileCursor(this.#ports, entry.path, {
      kind: 'XLOG',
      instanceUuid,
      forceRecovery,
      // What it may cost is found out: the next file would not begin where this one ends.
      acceptsTornWrite: !forceRecovery,
      requiresEndMarker: false,
      onWarning,
    });
    return this.#cursor;
  }

  #checkGap(entry: LogFileEntry): void {
    const isContinued = this.#lastOpened === null || continues(entry, this.#lastOpened);
    if (isContinued && vclockIsCoveredBy(entry.vclock, this.#vclock)) return;
    const text =
      `Missing .xlog file between LSN ${vclockSignature(this.#vclock)} ${formatVclock(this.#vclock)} ` +
      `and ${entry.signature} ${formatVclock(entry.vclock)}`;
    if (!this.#options.forceRecovery) throw boxErrorWith({ type: 'XlogGapError' }, 'XLOG_GAP', text);
    this.#options.onWarning(text);
    this.#options.onWarning('ignoring a gap in LSN');
    this.#skipTo(entry.vclock);
  }

  /** Numbers of lost rows are not given again: the file behind the gap would not fit to what comes before it then. */
  #skipTo(vclock: Vclock): void {
    vclock.forEach((lsn, replicaId) => {
      while (this.#vclock.length <= replicaId) this.#vclock.push(0);
      this.#vclock[replicaId] = Math.max(this.#vclock[replicaId]!, lsn);
    });
  }
}

function continues(entry: LogFileEntry, previous: LogFileEntry): boolean {
  return entry.previousVclock === null || compareVclocks(entry.previousVclock, previous.vclock) === 'equal';
}
