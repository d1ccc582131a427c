/**
 * Fills new indexes of a space from its primary one and checks its tuples against a new format, a few tuples at a time.
 * While it observes the space it follows changes that other transactions make meanwhile, and their undoing.
 *
 * Invariants: (1) the new indexes hold exactly the tuples of `#seen` that are in the space; (2) every tuple that comes
 * while the build observes is taken at once, so that the walk only has to find those that were there before; (3) what
 * does not fit fails the build, never the statement that brought it.
 */
import { boxError, boxErrorWith } from '../../base/index.ts';
import { type TupleFormat, validateTuple } from '../../tuple/index.ts';
import { type Address, NO_ADDRESS, tuplePosition, tupleSize, tupleSlab } from '../arena/index.ts';
import { DUPLICATE, type IndexCursor, ITERATOR, type SpaceIndex } from '../indexes/index.ts';
import type { Space, SpaceObserver } from '../memtx/index.ts';
import { AddressSet } from './address-set.ts';

const NO_KEY = new Uint8Array(0);

export class SpaceBuild implements SpaceObserver {
  readonly space: Space;
  readonly indexes: readonly SpaceIndex[];
  readonly format: TupleFormat;
  /** The row of the system space that the build prepares for. */
  readonly row: Uint8Array;
  readonly #seen = new AddressSet();
  readonly #cursor: IndexCursor | null;
  #failure: unknown = null;
  #isDone = false;
  #isReleased = false;

  constructor(space: Space, format: TupleFormat, indexes: readonly SpaceIndex[], row: Uint8Array = NO_KEY) {
    this.space = space;
    this.format = format;
    this.indexes = indexes;
    this.row = row;
    this.#cursor = space.primary === null ? null : space.primary.openCursor(ITERATOR.ALL, NO_KEY, 0, 0);
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Follows the changes of the space from now on, until `release`. Must be called before the first `advance`. */
  observe(): void {
    this.space.observer = this;
  }

  /** Ends the build: its indexes belong to the caller then. False if that has been done before. */
  release(): boolean {
    if (this.#isReleased) return false;
    this.#isReleased = true;
    if (this.space.observer === this) this.space.observer = null;
    return true;
  }

  /** Takes up to `count` tuples; true while there are more. Throws what made the build fail. */
  advance(count: number): boolean {
    this.throwFailure();
    for (let left = count; left > 0; left--) {
      const tuple = this.#cursor === null ? NO_ADDRESS : this.#cursor.next();
      if (tuple === NO_ADDRESS) {
        this.#isDone = true;
        return false;
      }
      if (!this.#seen.has(tuple)) this.#take(tuple);
    }
    return true;
  }

  /** Throws what made the build fail, if anything did. */
  throwFailure(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  replaced(oldTuple: Address, newTuple: Address): void {
    if (this.#failure !== null) return;
    try {
      if (oldTuple !== NO_ADDRESS && this.#seen.delete(oldTuple)) this.#drop(oldTuple);
      if (newTuple !== NO_ADDRESS) this.#take(newTuple);
    } catch (error) {
      this.#failure = error;
    }
  }

  #take(tuple: Address): void {
    const { arena } = this.space;
    const position = tuplePosition(tuple);
    validateTuple(this.format, tupleSlab(arena, tuple), position, position + tupleSize(arena, tuple));
    for (const index of this.indexes) {
      if (!index.reserve(false)) {
        throw boxErrorWith({ type: 'OutOfMemory' }, 'MEMORY_ISSUE', 1024, 'slab allocator', 'memtx index page');
      }
      if (index.replace(NO_ADDRESS, tuple, 'insert') === DUPLICATE) {
        throw boxError('TUPLE_FOUND', index.definition.name, this.space.name);
      }
    }
    this.#seen.add(tuple);
  }

  #drop(tuple: Address): void {
    for (const index of this.indexes) {
      index.reserve(true);
      index.replace(tuple, NO_ADDRESS, 'insert');
    }
  }
}
