/**
 * Which files of a data directory may go: the last `checkpointCount` snapshots stay, and every log file that the oldest
 * of them, a pin, or a replica needs. A pin is what a backup still reads.
 */
import { boxError } from '../../base/index.ts';
import { type Vclock, vclockIsCoveredBy, vclockSignature } from '../../codec/xlog/index.ts';
import type { Files, Logger } from '../../env/index.ts';
import { FileError } from '../../env/index.ts';
import { type LogFileEntry, listLogFiles, listSignatures, logFilePath } from '../wal/index.ts';

export type CollectorOptions = Readonly<{ directory: string; checkpointCount: number }>;

export class FileCollector {
  readonly #files: Files;
  readonly #log: Logger;
  readonly #options: Readonly<{ directory: string }>;
  /** Snapshots that are kept. */
  checkpointCount: number;
  /** States of those who will ask for the log behind them; the instance sets it. */
  consumers: () => readonly Vclock[] = () => [];
  /** Log files stay all: who needs them is not known yet. */
  keepsLogs = false;
  #oldestLogVclock: Vclock = [];
  /** Pinned snapshots, by signature: with their files, all newer ones stay. */
  readonly #pins = new Map<number, { count: number; files: readonly string[] }>();

  constructor(files: Files, log: Logger, options: CollectorOptions) {
    this.#files = files;
    this.#log = log;
    this.#options = options;
    this.checkpointCount = options.checkpointCount;
  }

  /** The snapshots that are there, oldest first. */
  checkpoints(): readonly Readonly<{ signature: number; vclock: Vclock }>[] {
    return this.#snapshots();
  }

  /**
   * Keeps the snapshot with this signature, the logs that follow it now, and everything newer; returns the paths of the
   * first two, which restore the present state. The last log may still grow. Throws ER_MISSING_SNAPSHOT.
   */
  pin(signature: number): readonly string[] {
    const files = this.#filesOf(signature);
    this.#pins.set(signature, { count: (this.#pins.get(signature)?.count ?? 0) + 1, files });
    return files;
  }

  unpin(signature: number): void {
    const pin = this.#pins.get(signature);
    if (pin !== undefined && --pin.count === 0) this.#pins.delete(signature);
  }

  isPinned(signature: number): boolean {
    return this.#pins.has(signature);
  }

  #filesOf(signature: number): readonly string[] {
    const { directory } = this.#options;
    const vclock = this.#vclockOf(signature);
    if (vclock === null) throw boxError('MISSING_SNAPSHOT');
    const logs = this.#logs();
    const paths = logs.slice(Math.max(0, firstNeeded(logs, vclock))).map((entry) => entry.path);
    return [logFilePath(this.#files, directory, signature, 'SNAP'), ...paths];
  }

  /** State before the first row that the log's files hold, or will: as last known if they cannot be read. */
  oldestLogVclock(): Vclock {
    try {
      this.#oldestLogVclock = this.#logs()[0]?.vclock ?? this.#snapshots().at(-1)?.vclock ?? [];
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.#log.warn(`the oldest log file cannot be read now: ${error.message}`);
    }
    return this.#oldestLogVclock;
  }

  /** Removes all that is older than the snapshot of this state, and does not lead to it. Failures are logged. */
  removeBefore(vclock: Vclock): void {
    this.#tolerantly(() => {
      const { directory } = this.#options;
      for (const kind of ['XLOG', 'SNAP'] as const) {
        for (const signature of listSignatures(this.#files, directory, kind)) {
          if (signature < vclockSignature(vclock)) this.#remove(logFilePath(this.#files, directory, signature, kind));
        }
      }
    });
  }

  /** Removes what nobody needs. Failures are logged: the next checkpoint tries again. */
  collect(): void {
    this.#tolerantly(() => this.#collect());
  }

  #tolerantly(remove: () => void): void {
    try {
      remove();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.#log.warn(`files that are not needed any more stay for now: ${error.message}`);
    }
  }

  #collect(): void {
    const { directory } = this.#options;
    const { checkpointCount } = this;
    const signatures = listSignatures(this.#files, directory, 'SNAP');
    const oldestKept = signatures[Math.max(0, signatures.length - checkpointCount)];
    if (oldestKept === undefined) return;
    const oldestNeeded = Math.min(oldestKept, ...this.#pins.keys());
    for (const signature of signatures) {
      if (signature < oldestNeeded) this.#remove(logFilePath(this.#files, directory, signature, 'SNAP'));
    }
    const entries = this.#logs();
    const vclock = this.#vclockOf(oldestNeeded);
    if (vclock === null || this.keepsLogs) return;
    // Local rows are no replica's business: it lacks none.
    const consumers = this.consumers().map((state) => [Infinity, ...state.slice(1)]);
    const needed = [vclock, ...consumers].map((state) => Math.max(0, firstNeeded(entries, state)));
    for (const entry of entries.slice(0, Math.min(...needed))) this.#remove(entry.path);
  }

  #logs(): readonly LogFileEntry[] {
    const checks = { kind: 'XLOG', instanceUuid: null, onWarning: (text: string) => this.#log.warn(text) } as const;
    return listLogFiles(this.#files, this.#options.directory, checks, true);
  }

  #snapshots(): readonly LogFileEntry[] {
    const checks = { kind: 'SNAP', instanceUuid: null, onWarning: (text: string) => this.#log.warn(text) } as const;
    return listLogFiles(this.#files, this.#options.directory, checks, true);
  }

  #vclockOf(signature: number): Vclock | null {
    return this.#snapshots().find((entry) => entry.signature === signature)?.vclock ?? null;
  }

  #remove(path: string): void {
    for (const { files } of this.#pins.values()) if (files.includes(path)) return;
    try {
      this.#files.remove(path);
      this.#log.info(`removed ${path}`);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.#log.warn(`${path} could not be removed: ${error.message}`);
    }
  }
}

/** The newest file that begins at or before the state is the first that whoever has it reads; -1 without one. */
function firstNeeded(entries: readonly LogFileEntry[], vclock: Vclock): number {
  return entries.findLastIndex((entry) => vclockIsCoveredBy(entry.vclock, vclock));
}
