/**
 * Which files of a data directory may go: the last `checkpointCount` snapshots stay, and every log file that the oldest
 * of them, or a pin, needs. A pin is what a backup, or later a replica, still reads.
 */
import { type Vclock, vclockIsCoveredBy, vclockSignature } from '../../codec/xlog/index.ts';
import type { Files, Logger } from '../../env/index.ts';
import { FileError } from '../../env/index.ts';
import { listLogFiles, listSignatures, logFilePath } from '../wal/index.ts';

export type CollectorOptions = Readonly<{ directory: string; checkpointCount: number }>;

export class FileCollector {
  readonly #files: Files;
  readonly #log: Logger;
  readonly #options: CollectorOptions;
  /** Pinned snapshots and the logs from them on, by signature, with the number of pins. */
  readonly #pins = new Map<number, number>();

  constructor(files: Files, log: Logger, options: CollectorOptions) {
    this.#files = files;
    this.#log = log;
    this.#options = options;
  }

  /** Signatures of the snapshots that are there, oldest first. */
  checkpoints(): readonly number[] {
    return listSignatures(this.#files, this.#options.directory, 'SNAP');
  }

  pin(signature: number): void {
    this.#pins.set(signature, (this.#pins.get(signature) ?? 0) + 1);
  }

  unpin(signature: number): void {
    const count = (this.#pins.get(signature) ?? 0) - 1;
    if (count > 0) this.#pins.set(signature, count);
    else this.#pins.delete(signature);
  }

  /** Files that restore the snapshot with this signature: itself and the logs that follow. */
  filesOf(signature: number): readonly string[] {
    const { directory } = this.#options;
    return [logFilePath(this.#files, directory, signature, 'SNAP')];
  }

  /** Removes what nobody needs. Failures are logged: the next checkpoint tries again. */
  collect(): void {
    try {
      this.#collect();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.#log.warn(`files that are not needed any more stay for now: ${error.message}`);
    }
  }

  #collect(): void {
    const { directory, checkpointCount } = this.#options;
    const signatures = this.checkpoints();
    const oldestKept = signatures[Math.max(0, signatures.length - checkpointCount)];
    if (oldestKept === undefined) return;
    const oldestNeeded = Math.min(oldestKept, ...this.#pins.keys());
    for (const signature of signatures) {
      if (signature < oldestNeeded) this.#remove(logFilePath(this.#files, directory, signature, 'SNAP'));
    }
    const entries = listLogFiles(
      this.#files,
      directory,
      { kind: 'XLOG', instanceUuid: null, onWarning: (text) => this.#log.warn(text) },
      true,
    );
    const vclock = this.#vclockOf(oldestNeeded);
    if (vclock === null) return;
    // The newest file that begins at or before the snapshot is the first that its recovery reads.
    const first = entries.findLastIndex((entry) => vclockIsCoveredBy(entry.vclock, vclock));
    for (const entry of entries.slice(0, Math.max(0, first))) this.#remove(entry.path);
  }

  #vclockOf(signature: number): Vclock | null {
    const entries = listLogFiles(
      this.#files,
      this.#options.directory,
      { kind: 'SNAP', instanceUuid: null, onWarning: (text) => this.#log.warn(text) },
      true,
    );
    return entries.find((entry) => vclockSignature(entry.vclock) === signature)?.vclock ?? null;
  }

  #remove(path: string): void {
    try {
      this.#files.remove(path);
      this.#log.info(`removed ${path}`);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.#log.warn(`${path} could not be removed: ${error.message}`);
    }
  }
}
