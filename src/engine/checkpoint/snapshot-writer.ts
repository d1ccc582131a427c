/**
 * Writes one snapshot file; runs in the checkpoint worker.
 * Guarantees: the file has its final name only when all of it is durable; a failure or `cancel` removes what was
 * written; rows are packed into blocks of about 128 KiB, compressed by the size rule (docs/formats/xlog.md).
 */
import { ByteWriter } from '../../base/index.ts';
import {
  appendBlock,
  BLOCK_FLUSH_BYTES,
  encodeFileHeader,
  END_MARKER,
  vclockSignature,
} from '../../codec/xlog/index.ts';
import type { OpenFile, WorkerEnv } from '../../env/index.ts';
import { IN_PROGRESS_SUFFIX, logFilePath } from '../wal/index.ts';
import type { SnapshotWorkerParameters } from './snapshot-protocol.ts';

export class SnapshotWriter {
  readonly #env: Pick<WorkerEnv, 'files' | 'compression'>;
  readonly #directory: string;
  readonly #path: string;
  readonly #temporaryPath: string;
  readonly #file: OpenFile;
  readonly #rows = new ByteWriter(2 * BLOCK_FLUSH_BYTES);
  readonly #block = new ByteWriter(2 * BLOCK_FLUSH_BYTES);
  #sizeBytes = 0;

  /** Creates the file under its temporary name. Throws FileError. */
  constructor(env: Pick<WorkerEnv, 'files' | 'compression'>, parameters: SnapshotWorkerParameters) {
    this.#env = env;
    const { files } = env;
    this.#directory = parameters.directory;
    this.#path = logFilePath(files, parameters.directory, vclockSignature(parameters.vclock), 'SNAP');
    this.#temporaryPath = this.#path + IN_PROGRESS_SUFFIX;
    if (files.status(this.#temporaryPath) !== null) files.remove(this.#temporaryPath);
    this.#file = files.open(this.#temporaryPath, 'create');
    const { instanceUuid, softwareVersion, vclock } = parameters;
    this.#write(encodeFileHeader({ kind: 'SNAP', softwareVersion, instanceUuid, vclock, previousVclock: null }));
  }

  /** Adds whole rows. Throws FileError. */
  append(rows: Uint8Array): void {
    this.#rows.writeBytes(rows, 0, rows.length);
    if (this.#rows.position >= BLOCK_FLUSH_BYTES) this.#flushBlock();
  }

  /** Makes the file durable and gives it its name; returns its size. Throws FileError. */
  finish(): number {
    if (this.#rows.position > 0) this.#flushBlock();
    this.#write(END_MARKER);
    this.#file.sync();
    this.#file.close();
    this.#env.files.rename(this.#temporaryPath, this.#path);
    this.#env.files.syncDirectory(this.#directory);
    return this.#sizeBytes;
  }

  /** Removes what was written; never throws. */
  cancel(): void {
    try {
      this.#file.close();
    } catch {
      // It may be closed already; removing it is what matters.
    }
    try {
      this.#env.files.remove(this.#temporaryPath);
    } catch {
      // A left over temporary file is removed by the next start.
    }
  }

  #flushBlock(): void {
    this.#block.reset();
    appendBlock(this.#block, this.#rows.bytes, 0, this.#rows.position, this.#env.compression);
    this.#rows.reset();
    this.#write(this.#block.written());
  }

  #write(bytes: Uint8Array): void {
    this.#file.write(bytes, 0, bytes.length, this.#sizeBytes);
    this.#sizeBytes += bytes.length;
  }
}
