/**
 * What a batch of transactions has changed, oldest first: tuples that left and came, or an action that undoes a change
 * of the schema. Kept until the batch is durable.
 */
import type { Address } from '../arena/index.ts';
import type { Space } from '../memtx/index.ts';

/** A change that is not a tuple's: undone when rolled back, completed when durable. */
export type SchemaChange = Readonly<{ rollback: () => void; commit?: () => void }>;

export class UndoLog {
  count = 0;
  #spaces: (Space | null)[] = [];
  #oldTuples: Uint32Array = new Uint32Array(256);
  #newTuples: Uint32Array = new Uint32Array(256);
  readonly #changes = new Map<number, SchemaChange>();

  push(space: Space, oldTuple: Address, newTuple: Address): void {
    const at = this.#next();
    this.#spaces[at] = space;
    this.#oldTuples[at] = oldTuple;
    this.#newTuples[at] = newTuple;
  }

  pushChange(change: SchemaChange): void {
    const at = this.#next();
    this.#spaces[at] = null;
    this.#changes.set(at, change);
  }

  /** Undoes everything from `mark` on, newest first, and frees the tuples that had come. */
  rollbackTo(mark: number): void {
    while (this.count > mark) {
      const at = --this.count;
      const space = this.#spaces[at];
      if (space === null || space === undefined) {
        this.#changes.get(at)?.rollback();
        this.#changes.delete(at);
        continue;
      }
      this.#spaces[at] = null;
      space.rollback(this.#oldTuples[at]!, this.#newTuples[at]!);
      if (this.#newTuples[at] !== 0) space.freeTuple(this.#newTuples[at]!);
    }
  }

  /** Frees the tuples that had left; the changes are final. */
  commit(): void {
    for (let at = 0; at < this.count; at++) {
      const space = this.#spaces[at];
      if (space === null || space === undefined) this.#changes.get(at)?.commit?.();
      else if (this.#oldTuples[at] !== 0) space.freeTuple(this.#oldTuples[at]!);
      this.#spaces[at] = null;
    }
    this.#changes.clear();
    this.count = 0;
  }

  /** Takes everything from `mark` on out, as a log of its own. */
  splitFrom(mark: number): UndoLog {
    const split = new UndoLog();
    for (let at = mark; at < this.count; at++) {
      const space = this.#spaces[at];
      const change = this.#changes.get(at);
      if (space !== null && space !== undefined) split.push(space, this.#oldTuples[at]!, this.#newTuples[at]!);
      else if (change !== undefined) split.pushChange(change);
      this.#spaces[at] = null;
      this.#changes.delete(at);
    }
    this.count = mark;
    return split;
  }

  /** Visits the changes of tuples from `mark` on, oldest first. */
  forEach(mark: number, visit: (space: Space, oldTuple: Address, newTuple: Address) => void): void {
    for (let at = mark; at < this.count; at++) {
      const space = this.#spaces[at];
      if (space !== null && space !== undefined) visit(space, this.#oldTuples[at]!, this.#newTuples[at]!);
    }
  }

  #next(): number {
    const at = this.count++;
    if (at === this.#oldTuples.length) {
      const oldTuples = new Uint32Array(at * 2);
      oldTuples.set(this.#oldTuples);
      this.#oldTuples = oldTuples;
      const newTuples = new Uint32Array(at * 2);
      newTuples.set(this.#newTuples);
      this.#newTuples = newTuples;
    }
    return at;
  }
}
