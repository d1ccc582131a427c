/**
 * Epochs: what lets a read view see the state of the moment it was opened while writers go on.
 *
 * Each cell is stamped with the epoch of its allocation; opening a view ends an epoch. A cell stamped no later than
 * the newest open view may be seen by it: writers copy such a page instead of changing it, and freeing such a cell
 * waits for the view.
 * Invariants: (1) a cell that an open view can reach is neither changed nor given out again; (2) what was retired is
 * freed when the last view that could see it is closed, in slices.
 */
import { assert } from '../../base/index.ts';
import { type Address, type Arena, SLAB_MASK, SLAB_SHIFT } from './arena.ts';

/** Cells freed at once for a writer that needs memory. */
const ROOM_CELLS = 2000;

export class ReadView {
  readonly epoch: number;
  readonly retired: number[] = [];
  /** Bytes of the cells that are kept for this view, or for an older one as well. */
  retiredBytes = 0;
  /** Closes the view, whatever its reader thinks of it; null for one that is never taken away. */
  readonly giveUp: (() => void) | null;

  constructor(epoch: number, giveUp: (() => void) | null) {
    this.epoch = epoch;
    this.giveUp = giveUp;
  }
}

export class ReadViews {
  readonly #arena: Arena;
  readonly #open: ReadView[] = [];
  #toFree: number[][] = [];
  /** Stamp of what is allocated now. */
  currentEpoch = 1;
  /** Epoch of the newest open view, 0 when none is open. A cell stamped later is invisible to every view. */
  newestViewEpoch = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  get openCount(): number {
    return this.#open.length;
  }

  /** Cells whose freeing waits: for a view to close, or for `freeSlice`. */
  get retiredCount(): number {
    let count = 0;
    for (const view of this.#open) count += view.retired.length;
    for (const cells of this.#toFree) count += cells.length;
    return count;
  }

  /**
   * Opens a view. `giveUp` must close it at once: it is called when the memory that is kept for the view is needed by
   * writers, who come first.
   */
  open(giveUp: (() => void) | null = null): ReadView {
    const view = new ReadView(this.currentEpoch++, giveUp);
    this.#open.push(view);
    this.newestViewEpoch = view.epoch;
    return view;
  }

  close(view: ReadView): void {
    const index = this.#open.indexOf(view);
    assert(index >= 0, 'a read view is closed once');
    this.#open.splice(index, 1);
    this.newestViewEpoch = this.#open.at(-1)?.epoch ?? 0;
    // What was retired while this view was the newest may be visible to the next older one as well.
    const older = this.#open[index - 1];
    if (older === undefined) this.#toFree.push(view.retired);
    else {
      for (const address of view.retired) older.retired.push(address);
      older.retiredBytes += view.retiredBytes;
    }
  }

  /** Frees the cell now, or when no open view can see it. `epoch` is the cell's stamp. */
  retire(address: Address, epoch: number): void {
    if (epoch > this.newestViewEpoch) this.#arena.free(address);
    else {
      const view = this.#open.at(-1)!;
      view.retired.push(address);
      view.retiredBytes += this.#arena.cellBytesAt(address);
    }
  }

  /**
   * Called when the quota is spent: frees some of what closed views have left; if there is nothing, the views for which
   * most is kept lose it. False if nothing can be had.
   */
  makeRoom(): boolean {
    if (this.#toFree.length === 0) {
      const largest = this.#open.reduce<ReadView | null>(
        (most, view) => (view.giveUp !== null && view.retiredBytes > (most?.retiredBytes ?? 0) ? view : most),
        null,
      );
      if (largest === null) return false;
      largest.giveUp?.();
      assert(!this.#open.includes(largest), 'a read view that is given up is closed');
    }
    if (this.#toFree.length === 0) return this.#open.length > 0 && this.makeRoom();
    this.freeSlice(ROOM_CELLS);
    return true;
  }

  /** The same for a tuple, whose stamp stands in its cell. */
  retireTuple(address: Address): void {
    if (this.newestViewEpoch === 0) this.#arena.free(address);
    else this.retire(address, this.#arena.words[address >>> SLAB_SHIFT]![((address & SLAB_MASK) << 1) + 1]!);
  }

  /** Frees up to `count` cells of closed views; true while there are more. */
  freeSlice(count: number): boolean {
    let left = count;
    let cells = this.#toFree.at(-1);
    while (cells !== undefined && left > 0) {
      const address = cells.pop();
      if (address === undefined) {
        this.#toFree.pop();
        cells = this.#toFree.at(-1);
      } else {
        this.#arena.free(address);
        left--;
      }
    }
    return cells !== undefined;
  }
}
