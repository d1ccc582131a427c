/**
 * How much of the memory of system spaces the log and the global spaces may take. Who leads looks at it before anything is
 * in the log: what is committed has to be made by all, and who has no memory for it could never go on.
 *
 * A share, and not all of it: entries are there twice when they are applied, what fills a member stands beside what it
 * replaces until that is written, and members with the same content need not need the same memory.
 */
import type { Arena } from '../../engine/arena/index.ts';

/** Of the quota. With more in cells, the log is cut shorter; beyond the second, nothing is taken but what makes room. */
const TIGHT_SHARE = 0.4;
const FULL_SHARE = 0.45;
/** Cells of one size share blocks, and where most have been deleted those are still there, for that size only. */
const FULL_SHARE_OF_BLOCKS = 0.75;

export class MemoryShare {
  readonly #arena: Pick<Arena, 'statistics'>;

  constructor(arena: Pick<Arena, 'statistics'>) {
    this.#arena = arena;
  }

  get isTight(): boolean {
    const { cellBytes, quotaBytes } = this.#arena.statistics();
    return cellBytes > quotaBytes * TIGHT_SHARE;
  }

  /** For entries with so much data, in the log and applied. */
  hasRoomFor(dataBytes: number): boolean {
    const { cellBytes, runBytes, quotaBytes } = this.#arena.statistics();
    const neededBytes = 2 * dataBytes;
    return (
      cellBytes + neededBytes <= quotaBytes * FULL_SHARE && runBytes + neededBytes <= quotaBytes * FULL_SHARE_OF_BLOCKS
    );
  }
}
