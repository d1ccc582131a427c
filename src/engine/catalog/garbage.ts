/**
 * Memory of what schema changes left behind: indexes that were dropped, and the tuples of truncated spaces. Given back
 * in slices, because a space may hold millions of tuples.
 * Invariant: what comes here is in no space any more, and no rollback will want it back.
 */
import { NO_ADDRESS } from '../arena/index.ts';
import type { IndexSnapshot, SpaceIndex } from '../indexes/index.ts';
import type { SpaceMemory } from '../memtx/index.ts';

type Item = { readonly memory: SpaceMemory; readonly index: SpaceIndex; tuples: IndexSnapshot | null };

/** Pages hold many entries: a page costs about as much as this many tuples. */
const TUPLES_PER_PAGE = 16;

export class Garbage {
  readonly #items: Item[] = [];

  /** An index whose tuples live on elsewhere. */
  addIndex(memory: SpaceMemory, index: SpaceIndex): void {
    this.#items.push({ memory, index, tuples: null });
  }

  /** A primary index and all its tuples. */
  addTuples(memory: SpaceMemory, index: SpaceIndex): void {
    this.#items.push({ memory, index, tuples: index.freeze() });
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Frees up to about `count` tuples' worth; true while there is more. */
  collect(count: number): boolean {
    let left = count;
    while (left > 0) {
      const item = this.#items.at(-1);
      if (item === undefined) return false;
      if (item.tuples !== null) {
        left = freeTuples(item, item.tuples, left);
      } else {
        const pages = Math.ceil(left / TUPLES_PER_PAGE);
        if (!item.index.dismantle(pages)) this.#items.pop();
        left -= pages * TUPLES_PER_PAGE;
      }
    }
    return !this.isEmpty;
  }
}

/** Returns what is left of the budget. */
function freeTuples(item: Item, tuples: IndexSnapshot, budget: number): number {
  let left = budget;
  while (left > 0) {
    const tuple = tuples.next();
    if (tuple === NO_ADDRESS) {
      item.tuples = null;
      return left;
    }
    item.memory.views.retireTuple(tuple);
    left--;
  }
  return left;
}
