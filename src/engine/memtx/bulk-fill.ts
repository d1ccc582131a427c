/**
 * Fills an empty space with the tuples of a snapshot: they are stored first and put into the indexes afterwards, each
 * index at once. Sorting a million entries takes a fraction of the time that a million insertions take.
 * Invariant: until `finish` has ended the space must not be read or changed by anybody else.
 */
import { boxError } from '../../base/index.ts';
import { type Address, NO_ADDRESS, tupleSize } from '../arena/index.ts';
import { DUPLICATE, type SpaceIndex } from '../indexes/index.ts';
import type { Space } from './space.ts';

const INITIAL_TUPLES = 1024;
/** Tuples that are inserted one by one between two steps. */
const STEP_TUPLES = 5000;

export class BulkFill {
  readonly space: Space;
  #tuples = new Uint32Array(INITIAL_TUPLES);
  #count = 0;

  constructor(space: Space) {
    this.space = space;
  }

  /** Takes a tuple that `Space.newTuple` has stored. */
  add(tuple: Address): void {
    if (this.#count === this.#tuples.length) {
      const grown = new Uint32Array(2 * this.#count);
      grown.set(this.#tuples);
      this.#tuples = grown;
    }
    this.#tuples[this.#count++] = tuple;
    this.space.byteSize += tupleSize(this.space.arena, tuple);
  }

  /**
   * Puts the tuples into the indexes, in steps between which the thread may be given away. Throws ER_TUPLE_FOUND if two
   * tuples have the same key, ER_MEMORY_ISSUE if the quota is spent; the space is of no use then.
   */
  *finish(): Generator<void> {
    const primary = this.space.index(0);
    yield* this.#fill(primary, false);
    if (this.space.indexList.length > 1) this.#orderByPrimary(primary);
    for (const index of this.space.indexList) {
      if (index !== primary) yield* this.#fill(index, primary.isOrdered);
    }
  }

  *#fill(index: SpaceIndex, areInKeyOrder: boolean): Generator<void> {
    if (index.load?.(this.#tuples, this.#count, areInKeyOrder) === true) {
      yield;
      return;
    }
    for (let at = 0; at < this.#count; at++) {
      if (!index.reserve(false)) throw boxError('MEMORY_ISSUE', 0, 'slab allocator', 'memtx index page');
      if (index.replace(NO_ADDRESS, this.#tuples[at]!, 'insert') === DUPLICATE) {
        throw boxError('TUPLE_FOUND', index.definition.name, this.space.name);
      }
      if (at % STEP_TUPLES === 0) yield;
    }
  }

  /** A snapshot need not be sorted; the other indexes rely on the order of the primary key. */
  #orderByPrimary(primary: SpaceIndex): void {
    const ordered = primary.freeze();
    for (let at = 0; at < this.#count; at++) this.#tuples[at] = ordered.next();
  }
}
