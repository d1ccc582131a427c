/**
 * Epochs: what lets a read view see the state of the moment it was opened while writers go on.
 *
 * Each cell is stamped with the epoch of its allocation; opening a view ends an epoch. A cell stamped no later than
 * the newest open view may be seen by it: writers copy such a page instead of changing it, and freeing such a cell
 * waits for the view.
 * Invariants: (1) a cell that an open view can reach is neither changed nor given out again; (2) what was retired is
 * freed when the last view that could see it is closed, in slices; (3) closing a view takes no longer however much was
 * kept for it; (4) a view that has become too old or too large, or whose memory writers need, is taken from its reader:
 * writers come first.
 */
import { assert } from '../../base/index.ts';
import { type Address, type Arena, SLAB_MASK, SLAB_SHIFT } from './arena.ts';

/** Cells freed at once for a writer that needs memory. */
const ROOM_CELLS = 2000;

/** Age, and bytes of the cells that are kept: beyond either a view is taken from its reader. */
export type ViewLimits = Readonly<{ ageMs: number; bytes: number }>;

/** Why a view was taken from its reader: writers needed its memory, or one of its limits. */
export type ViewLoss = 'memory' | 'bytes' | 'age';

/** The reader of a view that can be taken away. */
export type ViewReader = Readonly<{
  /** When the view is opened, by the clock whose time `enforceLimits` is told. */
  nowMs: number;
  /** Must close the view at once. */
  giveUp: (loss: ViewLoss) => void;
}>;

/** Cells that the same views may see, in lists that pass from view to view as they are. */
type RetiredCells = { lists: number[][]; bytes: number };

export class ReadView {
  readonly epoch: number;
  /** Null for a view that is never taken away. */
  readonly reader: ViewReader | null;
  /** What was retired while this view was the newest, by the epoch of the oldest view that may see it. */
  readonly retired = new Map<number, RetiredCells>();

  constructor(epoch: number, reader: ViewReader | null) {
    this.epoch = epoch;
    this.reader = reader;
  }

  /** Bytes of the cells that are kept for this view, or for an older one as well. */
  get retiredBytes(): number {
    let bytes = 0;
    for (const group of this.retired.values()) bytes += group.bytes;
    return bytes;
  }

  groupFor(oldestEpoch: number): RetiredCells {
    let group = this.retired.get(oldestEpoch);
    if (group === undefined) {
      group = { lists: [[]], bytes: 0 };
      this.retired.set(oldestEpoch, group);
    }
    return group;
  }
}

export class ReadViews {
  readonly #arena: Arena;
  /** The oldest first. */
  readonly #open: ReadView[] = [];
  readonly #toFree: number[][] = [];
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
    const add = (cells: readonly number[]): void => void (count += cells.length);
    for (const view of this.#open) for (const { lists } of view.retired.values()) lists.forEach(add);
    this.#toFree.forEach(add);
    return count;
  }

  /** Opens a view of the present state; without a reader that can lose it, it stays until it is closed. */
  open(reader: ViewReader | null = null): ReadView {
    const view = new ReadView(this.currentEpoch++, reader);
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
    for (const [oldestEpoch, { lists, bytes }] of view.retired) {
      if (older === undefined || oldestEpoch > older.epoch) {
        for (const cells of lists) this.#toFree.push(cells);
        continue;
      }
      const group = older.groupFor(oldestEpoch);
      for (const cells of lists) group.lists.push(cells);
      group.bytes += bytes;
    }
  }

  /** Takes views away that are beyond a limit. To be called now and then. */
  enforceLimits(nowMs: number, limits: ViewLimits): void {
    for (const view of [...this.#open]) {
      if (view.reader === null || !this.#open.includes(view)) continue;
      if (view.retiredBytes > limits.bytes) this.#takeAway(view, 'bytes');
      else if (nowMs - view.reader.nowMs > limits.ageMs) this.#takeAway(view, 'age');
    }
  }

  /** Frees the cell now, or when no open view can see it. `epoch` is the cell's stamp. */
  retire(address: Address, epoch: number): void {
    if (epoch > this.newestViewEpoch) {
      this.#arena.free(address);
      return;
    }
    const group = this.#open.at(-1)!.groupFor(this.#oldestViewFrom(epoch));
    group.lists.at(-1)!.push(address);
    group.bytes += this.#arena.cellBytesAt(address);
  }

  /** The same for a tuple, whose stamp stands in its cell. */
  retireTuple(address: Address): void {
    if (this.newestViewEpoch === 0) this.#arena.free(address);
    else this.retire(address, this.#arena.words[address >>> SLAB_SHIFT]![((address & SLAB_MASK) << 1) + 1]!);
  }

  /**
   * Called when the quota is spent: frees some of what closed views have left; if there is nothing, the views for which
   * most is kept lose it. False if nothing can be had.
   */
  makeRoom(): boolean {
    while (this.#toFree.length === 0) {
      const largest = this.#largestView();
      if (largest === null) return false;
      this.#takeAway(largest, 'memory');
    }
    this.freeSlice(ROOM_CELLS);
    return true;
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

  /** Epoch of the oldest open view that may see cells of that stamp; the newest one may. */
  #oldestViewFrom(epoch: number): number {
    const open = this.#open;
    let low = 0;
    let high = open.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (open[middle]!.epoch >= epoch) high = middle;
      else low = middle + 1;
    }
    return open[low]!.epoch;
  }

  #largestView(): ReadView | null {
    let largest: ReadView | null = null;
    let most = 0;
    for (const view of this.#open) {
      const { retiredBytes } = view;
      if (view.reader === null || retiredBytes <= most) continue;
      largest = view;
      most = retiredBytes;
    }
    return largest;
  }

  #takeAway(view: ReadView, loss: ViewLoss): void {
    view.reader?.giveUp(loss);
    assert(!this.#open.includes(view), 'a read view that is given up is closed');
  }
}
