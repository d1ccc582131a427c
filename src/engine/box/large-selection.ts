/**
 * A selection whose result is too large for one turn: it is gathered in slices.
 *
 * Over a read view all tuples are of one moment, that of its beginning, whatever happens to the space meanwhile. When
 * the view is taken away (it became too old or kept too much, or writers needed the memory) the selection ends with
 * READ_VIEW_ABORTED (130). Without a view each tuple is as it was when its slice ran: the order is the index's, no tuple
 * that stays is missed and none is given twice; a change of the space's indexes ends the selection with the same error,
 * because what it has not seen yet is not there any more in the old order.
 */
import { boxError, type ByteWriter } from '../../base/index.ts';
import {
  type Arena,
  NO_ADDRESS,
  type ReadView,
  type ReadViews,
  tuplePosition,
  tupleSize,
  tupleSlab,
} from '../arena/index.ts';
import type { Catalog } from '../catalog/index.ts';
import type { IndexCursor, SpaceIndex } from '../indexes/index.ts';
import type { Space } from '../memtx/index.ts';

/** What one call of `executeSelect` may give; beyond it the selection is a large one. */
export type SelectionBound = Readonly<{ tuples: number; bytes: number }>;

/** What keeps the tuples that a selection will give. */
interface SelectionHold {
  /** False if the tuples may be gone. */
  readonly isHeld: boolean;
  /** Lets go; a second time nothing happens. */
  release(): void;
}

/** A read view of the selection's own. */
class ViewHold implements SelectionHold {
  readonly #views: ReadViews;
  #view: ReadView | null;

  constructor(views: ReadViews, nowMs: number) {
    this.#views = views;
    this.#view = views.open({ nowMs, giveUp: () => this.release() });
  }

  get isHeld(): boolean {
    return this.#view !== null;
  }

  release(): void {
    const view = this.#view;
    this.#view = null;
    if (view !== null) this.#views.close(view);
  }
}

/** Nothing is kept; the cursor finds its way as long as the index is part of the space. */
class IndexHold implements SelectionHold {
  readonly #catalog: Catalog;
  readonly #space: Space;
  readonly #index: SpaceIndex;

  constructor(catalog: Catalog, space: Space, index: SpaceIndex) {
    this.#catalog = catalog;
    this.#space = space;
    this.#index = index;
  }

  get isHeld(): boolean {
    const { id, indexes } = this.#space;
    return this.#catalog.space(id) === this.#space && indexes[this.#index.definition.id] === this.#index;
  }

  release(): void {
    // Nothing is kept.
  }
}

export class LargeSelection {
  readonly #arena: Arena;
  readonly #cursor: IndexCursor;
  readonly #hold: SelectionHold;
  #toSkip: number;
  #toGive: number;
  /** Tuples given so far. */
  count = 0;

  private constructor(arena: Arena, cursor: IndexCursor, hold: SelectionHold, offset: number, limit: number) {
    this.#arena = arena;
    this.#cursor = cursor;
    this.#hold = hold;
    this.#toSkip = offset;
    this.#toGive = limit;
  }

  /**
   * With a time: of the moment of this call, and the cursor is a frozen one that was opened after the last change. Without:
   * the cursor is one that outlives changes of the index.
   */
  static open(
    catalog: Catalog,
    space: Space,
    index: SpaceIndex,
    cursor: IndexCursor,
    nowMs: number | null,
    offset: number,
    limit: number,
  ): LargeSelection {
    const hold = nowMs === null ? new IndexHold(catalog, space, index) : new ViewHold(space.memory.views, nowMs);
    return new LargeSelection(space.arena, cursor, hold, offset, limit);
  }

  /**
   * Visits up to `bound.tuples` tuples and appends about `bound.bytes` at most; true while there are more. Who stops
   * before that must `close`.
   */
  advance(output: ByteWriter, bound: SelectionBound): boolean {
    if (!this.#hold.isHeld) throw boxError('READ_VIEW_ABORTED');
    const hasMore = this.#give(output, bound);
    if (!hasMore) this.#hold.release();
    return hasMore;
  }

  /** Lets the tuples go. */
  close(): void {
    this.#hold.release();
  }

  #give(output: ByteWriter, bound: SelectionBound): boolean {
    const arena = this.#arena;
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

/** Whether the index has cursors that outlive changes of it; selections by others are gathered in one turn. */
export function hasLastingCursors({ definition }: SpaceIndex): boolean {
  return definition.type === 'tree' || definition.type === 'hash';
}
