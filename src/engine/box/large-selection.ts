/**
 * A selection whose result is too large for one turn: it is gathered in slices.
 *
 * Each tuple is as it was when its slice ran, so tuples of one result may come from different moments; the order is the
 * index's, no tuple that stays is missed and none is given twice. A change of the space's indexes ends the selection
 * with READ_VIEW_ABORTED (130): what it has not seen yet is not there any more in the old order.
 */
import { boxError, type ByteWriter } from '../../base/index.ts';
import { NO_ADDRESS, tuplePosition, tupleSize, tupleSlab } from '../arena/index.ts';
import type { Catalog } from '../catalog/index.ts';
import type { IndexCursor, SpaceIndex } from '../indexes/index.ts';
import type { Space } from '../memtx/index.ts';

/** What one call of `executeSelect` may give; beyond it the selection is a large one. */
export type SelectionBound = Readonly<{ tuples: number; bytes: number }>;

export class LargeSelection {
  readonly #catalog: Catalog;
  readonly #space: Space;
  readonly #index: SpaceIndex;
  readonly #cursor: IndexCursor;
  #toSkip: number;
  #toGive: number;
  /** Tuples given so far. */
  count = 0;

  constructor(catalog: Catalog, space: Space, index: SpaceIndex, cursor: IndexCursor, offset: number, limit: number) {
    this.#catalog = catalog;
    this.#space = space;
    this.#index = index;
    this.#cursor = cursor;
    this.#toSkip = offset;
    this.#toGive = limit;
  }

  /** Visits up to `bound.tuples` tuples and appends about `bound.bytes` at most; true while there are more. */
  advance(output: ByteWriter, bound: SelectionBound): boolean {
    const { arena, id } = this.#space;
    if (this.#catalog.space(id) !== this.#space || this.#space.indexes[this.#index.definition.id] !== this.#index) {
      throw boxError('READ_VIEW_ABORTED');
    }
    const positionMax = output.position + bound.bytes;
    for (let left = bound.tuples; left > 0 && output.position < positionMax; left--) {
      const tuple = this.#toGive === 0 ? NO_ADDRESS : this.#cursor.next();
      if (tuple === NO_ADDRESS) return false;
      if (this.#toSkip > 0) {
        this.#toSkip--;
        continue;
      }
      const position = tuplePosition(tuple);
      output.writeBytes(tupleSlab(arena, tuple), position, position + tupleSize(arena, tuple));
      this.#toGive--;
      this.count++;
    }
    return true;
  }
}

/** Whether cursors of the index go on after changes of it; selections by others are gathered in one turn. */
export function hasLastingCursors({ definition }: SpaceIndex): boolean {
  return definition.type === 'tree' || definition.type === 'hash';
}
