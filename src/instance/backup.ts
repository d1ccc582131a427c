/**
 * A backup: the files of one moment, pinned until they have been copied elsewhere. At most one at a time.
 */
import { boxError } from '../base/index.ts';
import type { FileCollector } from '../engine/checkpoint/index.ts';

export class Backup {
  readonly #collector: FileCollector;
  #pinned: number | null = null;

  constructor(collector: FileCollector) {
    this.#collector = collector;
  }

  get isInProgress(): boolean {
    return this.#pinned !== null;
  }

  /**
   * Paths of the snapshot that is `checkpointsBack` older than the newest, and of the logs that follow. Throws
   * ER_BACKUP_IN_PROGRESS, ER_MISSING_SNAPSHOT if there are not so many, ER_ILLEGAL_PARAMS for a negative number.
   */
  start(checkpointsBack: number): readonly string[] {
    if (!(checkpointsBack >= 0)) throw boxError('ILLEGAL_PARAMS', 'invalid checkpoint index');
    if (this.#pinned !== null) throw boxError('BACKUP_IN_PROGRESS');
    const signature = this.#collector.checkpoints().at(-1 - Math.floor(checkpointsBack))?.signature;
    if (signature === undefined) throw boxError('MISSING_SNAPSHOT');
    const files = this.#collector.pin(signature);
    this.#pinned = signature;
    return files;
  }

  /** Lets the files go, and removes those that were kept for the backup alone. Nothing happens without one. */
  stop(): void {
    if (this.#pinned === null) return;
    this.#collector.unpin(this.#pinned);
    this.#pinned = null;
    this.#collector.collect();
  }
}
