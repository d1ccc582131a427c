/**
 * Reads one log or snapshot file from a position on, in slices that the caller chooses, so that nothing holds the
 * thread for a whole file. Every block is checked before its rows are handed on.
 *
 * At the end of what is there the cursor keeps nothing of an incomplete block: a later call reads it anew. A file that
 * is still written, and whose tail may be cut back and replaced, can so be followed.
 */
import { CorruptionError, unreachable } from '../../base/index.ts';
import {
  BlockDecoder,
  type BlockStep,
  type BlockStreamEnd,
  END_MARKER,
  type FileHeader,
  isTornWrite,
  RowReader,
} from '../../codec/xlog/index.ts';
import type { Compression, Files, OpenFile } from '../../env/index.ts';
import { type LogFileChecks, readHeader } from './log-files.ts';

const READ_BYTES = 262144;
/** How far behind damage the rest of a torn write is looked for. */
const TORN_WRITE_BYTES_MAX = 4194304;
/** A compressed block may not unfold to more: a transaction of this size could not have been in memory. */
const BLOCK_CONTENT_BYTES_MAX = 1 << 30;

export type LogFileCursorOptions = LogFileChecks &
  Readonly<{
    /** Pass over what is damaged, with a warning. */
    forceRecovery: boolean;
    /** A write that a power cut has torn ends the file, with a warning, unless the file was closed. */
    acceptsTornWrite: boolean;
    /** The file must end with its marker, as snapshots do. */
    requiresEndMarker: boolean;
  }>;

/** `rows` is valid during the call only. */
export type BlockHandler = (rows: Uint8Array) => void;
/** The reader stands on the row; it is valid during the call only. */
export type RowHandler = (row: RowReader) => void;

export class LogFileCursor {
  readonly header: FileHeader;
  readonly headerSizeBytes: number;
  readonly #file: OpenFile;
  readonly #options: LogFileCursorOptions;
  readonly #decoder: BlockDecoder;
  readonly #row = new RowReader();
  #end: BlockStreamEnd | null = null;

  /** Throws FileError, CorruptionError or ER_INVALID_XLOG_TYPE. */
  constructor(
    ports: Readonly<{ files: Files; compression: Compression }>,
    path: string,
    options: LogFileCursorOptions,
  ) {
    this.#options = options;
    this.#file = ports.files.open(path, 'read');
    try {
      const { header, sizeBytes } = readHeader(this.#file, options);
      this.header = header;
      this.headerSizeBytes = sizeBytes;
    } catch (error) {
      this.#file.close();
      throw error;
    }
    this.#decoder = new BlockDecoder({
      startOffset: this.headerSizeBytes,
      forceRecovery: options.forceRecovery,
      decompress: (frame) => ports.compression.zstdDecompress(frame, BLOCK_CONTENT_BYTES_MAX),
    });
  }

  get path(): string {
    return this.#file.path;
  }

  /** Offset behind the last block that was read. */
  get position(): number {
    return this.#decoder.position;
  }

  /** How the file ended, after a read that returned 'end'; else null. */
  get end(): BlockStreamEnd | null {
    return this.#end;
  }

  /**
   * Hands on blocks until about `maxBytes` of rows have been read ('more') or there is nothing more before `endOffset`
   * ('end'). At least one block is read if there is one. Throws CorruptionError.
   */
  readBlocks(maxBytes: number, onBlock: BlockHandler, endOffset = Number.MAX_SAFE_INTEGER): 'more' | 'end' {
    this.#end = null;
    let rowsBytes = 0;
    for (;;) {
      const step: BlockStep = this.#decoder.next();
      switch (step.kind) {
        case 'block':
          rowsBytes += step.rows.length;
          onBlock(step.rows);
          if (rowsBytes >= maxBytes) return 'more';
          break;
        case 'need-bytes':
          if (!this.#fill(step.neededBytes, endOffset)) return 'end';
          break;
        case 'end-marker':
          break;
        case 'corrupt':
          if (this.#endsTorn(step)) return 'end';
          throw new CorruptionError(this.path, step.offset, step.reason);
        case 'damaged':
          if (this.#endsTorn(step)) return 'end';
          this.#options.onWarning(`${this.path}: ${step.reason} at offset ${step.offset}`);
          break;
        default:
          return unreachable(step);
      }
    }
  }

  /** The same, row by row; a slice ends between blocks, so a transaction of a log is never cut. */
  readRows(maxBytes: number, onRow: RowHandler): 'more' | 'end' {
    return this.readBlocks(maxBytes, (rows) => {
      this.#row.reset(rows);
      for (;;) {
        const step = this.#row.next();
        if (step === 'end') return;
        if (step === 'row') {
          onRow(this.#row);
          continue;
        }
        if (!this.#options.forceRecovery) throw new CorruptionError(this.path, this.position, "can't parse row");
        this.#options.onWarning(`${this.path}: can't parse row in the block before offset ${this.position}`);
      }
    });
  }

  close(): void {
    this.#file.close();
  }

  /** Whether the damage is a torn write that may end the file; then the end is known. */
  #endsTorn({ offset, reason }: Readonly<{ offset: number; reason: string }>): boolean {
    if (!this.#options.acceptsTornWrite || this.#isClosedFile()) return false;
    const sizeBytes = this.#file.sizeBytes();
    const rest = this.#read(offset, Math.min(sizeBytes - offset, TORN_WRITE_BYTES_MAX));
    if (!isTornWrite(rest, offset)) return false;
    const tornBytes = sizeBytes - offset;
    this.#options.onWarning(`${this.path}: an unfinished write of ${tornBytes} bytes at offset ${offset} (${reason})`);
    this.#end = { isClosed: false, offset, tornBytes };
    return true;
  }

  #isClosedFile(): boolean {
    const last = this.#read(Math.max(0, this.#file.sizeBytes() - END_MARKER.length), END_MARKER.length);
    return last.every((byte, index) => byte === END_MARKER[index]);
  }

  #read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let count = 0;
    while (count < length) {
      const read = this.#file.read(bytes, count, length - count, offset + count);
      if (read === 0) break;
      count += read;
    }
    return bytes.subarray(0, count);
  }

  /** Brings in more bytes; false, and the end is known, if the file does not have as many as are needed. */
  #fill(neededBytes: number, endOffset: number): boolean {
    const buffered = this.#decoder.bufferedBytes;
    const available = Math.min(this.#file.sizeBytes(), endOffset) - this.position;
    if (available >= neededBytes) {
      const wanted = Math.min(Math.max(neededBytes - buffered, READ_BYTES), available - buffered);
      const count = this.#file.read(this.#decoder.space(wanted), 0, wanted, this.position + buffered);
      this.#decoder.commit(count);
      if (count > 0) return true;
    }
    const { isClosed, offset } = this.#decoder.finish();
    this.#decoder.dropBuffered();
    const end = { isClosed: isClosed && available <= 0, offset, tornBytes: Math.max(0, available) };
    if (this.#options.requiresEndMarker && !end.isClosed) {
      throw new CorruptionError(this.path, offset, 'has no EOF marker');
    }
    this.#end = end;
    return false;
  }
}
