/**
 * R-tree of boxes in arena pages (A. Guttman, 1984, with the split of the R*-tree), with copy-on-write under read views.
 *
 * Invariants: (1) an inner entry's box bounds all boxes below it, and no more after a removal; (2) all leaves are equally
 * deep; (3) pages but the root have at least `minimum` entries; (4) a page that an open read view can reach is never
 * changed; (5) `version` grows with each change.
 */
import { type Address, NO_ADDRESS, type ReadViews } from '../../arena/index.ts';
import { area, type Box, contains, margin, unionArea, unionMargin, widen } from './boxes.ts';
import { PageSplit } from './page-split.ts';
import type { RTreePages } from './rtree-pages.ts';

export class RTree {
  readonly pages: RTreePages;
  readonly #views: ReadViews;
  readonly #split: PageSplit;
  readonly #minimum: number;
  readonly #reserved: Address[] = [];
  readonly #bounds: Box;
  root: Address = NO_ADDRESS;
  /** Levels, 0 when the tree is empty. */
  height = 0;
  size = 0;
  version = 0;
  pageTotal = 0;

  /** The page that the last descent left in the place of the one it was given. */
  #result: Address = NO_ADDRESS;
  /** Pages taken out because they had become too empty; their entries are put in again. */
  readonly #orphans: Address[] = [];

  constructor(pages: RTreePages, views: ReadViews) {
    this.pages = pages;
    this.#views = views;
    this.#split = new PageSplit(pages.capacity, pages.boxLength);
    this.#minimum = Math.max(2, Math.floor(pages.capacity * 0.3));
    this.#bounds = new Float64Array(pages.boxLength);
  }

  /** Sets pages aside for an insertion and a removal. False if the quota is spent. */
  reserve(beyondQuota: boolean): boolean {
    const needed = (this.#views.newestViewEpoch === 0 ? 1 : 4) * (this.height + 2);
    while (this.#reserved.length < needed) {
      const page = this.pages.arena.allocate(this.pages.pageBytes, beyondQuota);
      if (page === NO_ADDRESS) return false;
      this.#reserved.push(page);
    }
    return true;
  }

  releaseReserve(): void {
    for (const page of this.#reserved) this.pages.arena.free(page);
    this.#reserved.length = 0;
  }

  /** Puts a tuple in. Precondition: `reserve`. */
  insert(box: Box, tuple: Address): void {
    this.#insertAt(box, tuple, 0);
    this.size++;
    this.version++;
  }

  /** Takes a tuple out; false if it is not there with this box. Precondition: `reserve`. */
  remove(box: Box, tuple: Address): boolean {
    if (this.root === NO_ADDRESS || !this.#removeFrom(this.root, this.height - 1, box, tuple)) return false;
    this.root = this.#result;
    for (let orphan = this.#orphans.pop(); orphan !== undefined; orphan = this.#orphans.pop()) this.#adopt(orphan);
    this.#shrinkRoot();
    this.size--;
    this.version++;
    return true;
  }

  /** Forgets everything without touching the pages. */
  detach(): Address {
    const { root } = this;
    this.root = NO_ADDRESS;
    this.height = 0;
    this.size = 0;
    this.pageTotal = 0;
    this.version++;
    return root;
  }

  retirePage(page: Address): void {
    this.#views.retire(page, this.pages.epoch(page));
  }

  /** Puts an entry into a page of this level. */
  #insertAt(box: Box, reference: Address, level: number): void {
    if (this.root === NO_ADDRESS) {
      this.root = this.#newPage(0);
      this.height = 1;
    }
    const sibling = this.#insertInto(this.root, this.height - 1, box, reference, level);
    this.root = this.#result;
    if (sibling === NO_ADDRESS) return;
    const old = this.root;
    this.root = this.#newPage(this.height++);
    this.#append(this.root, old);
    this.#append(this.root, sibling);
  }

  /** Leaves the changed page in `#result`; returns the page that was split off it, or NO_ADDRESS. */
  #insertInto(given: Address, pageLevel: number, box: Box, reference: Address, level: number): Address {
    const { pages } = this;
    const page = this.#writable(given);
    if (pageLevel === level) {
      const split = this.#addEntry(page, box, reference);
      this.#result = page;
      return split;
    }
    const slot = this.#chooseChild(page, box);
    const sibling = this.#insertInto(pages.reference(page, slot), pageLevel - 1, box, reference, level);
    pages.setReference(page, slot, this.#result);
    let split = NO_ADDRESS;
    if (sibling === NO_ADDRESS) {
      widen(pages.boxes(page), pages.boxAt(page, slot), box, 0, pages.boxLength);
    } else {
      pages.bounds(this.#result, this.#bounds);
      pages.setEntry(page, slot, this.#bounds, 0, this.#result);
      pages.bounds(sibling, this.#bounds);
      split = this.#addEntry(page, this.#bounds, sibling);
    }
    this.#result = page;
    return split;
  }

  /** The child that grows least: by area, then by margin (flat boxes have no area), then the smallest. */
  #chooseChild(page: Address, box: Box): number {
    const { pages } = this;
    const length = pages.boxLength;
    const boxes = pages.boxes(page);
    const count = pages.count(page);
    let best = 0;
    let bestGrowth = Infinity;
    let bestMargin = Infinity;
    let bestArea = Infinity;
    for (let slot = 0; slot < count; slot++) {
      const at = pages.boxAt(page, slot);
      const own = area(boxes, at, length);
      const growth = unionArea(boxes, at, box, 0, length) - own;
      if (growth > bestGrowth) continue;
      const marginGrowth = unionMargin(boxes, at, box, 0, length) - margin(boxes, at, length);
      if (growth === bestGrowth && (marginGrowth > bestMargin || (marginGrowth === bestMargin && own >= bestArea))) {
        continue;
      }
      best = slot;
      bestGrowth = growth;
      bestMargin = marginGrowth;
      bestArea = own;
    }
    return best;
  }

  /** Adds an entry to a writable page; a full one is split, and the new page returned. */
  #addEntry(page: Address, box: Box, reference: Address): Address {
    const { pages } = this;
    const count = pages.count(page);
    if (count < pages.capacity) {
      pages.setEntry(page, count, box, 0, reference);
      pages.setCount(page, count + 1);
      return NO_ADDRESS;
    }
    const split = this.#split;
    const length = pages.boxLength;
    const start = pages.boxAt(page, 0);
    split.boxes.set(pages.boxes(page).subarray(start, start + count * length));
    split.boxes.set(box, count * length);
    for (let slot = 0; slot < count; slot++) split.references[slot] = pages.reference(page, slot);
    split.references[count] = reference;
    const first = split.divide();
    const sibling = this.#newPage(pages.level(page));
    for (let index = 0; index <= count; index++) {
      const entry = split.order[index]!;
      const target = index < first ? page : sibling;
      const slot = index < first ? index : index - first;
      pages.setEntry(target, slot, split.boxes, entry * length, split.references[entry]!);
    }
    pages.setCount(page, first);
    pages.setCount(sibling, count + 1 - first);
    return sibling;
  }

  #append(page: Address, child: Address): void {
    this.pages.bounds(child, this.#bounds);
    this.#addEntry(page, this.#bounds, child);
  }

  /** True if the tuple was below the page, whose successor is then in `#result`. */
  #removeFrom(given: Address, level: number, box: Box, tuple: Address): boolean {
    const { pages } = this;
    const count = pages.count(given);
    for (let slot = 0; slot < count; slot++) {
      if (level === 0) {
        if (pages.reference(given, slot) !== tuple) continue;
        const leaf = this.#writable(given);
        pages.removeEntry(leaf, slot);
        this.#result = leaf;
        return true;
      }
      if (!contains(pages.boxes(given), pages.boxAt(given, slot), box, 0, pages.boxLength)) continue;
      if (!this.#removeFrom(pages.reference(given, slot), level - 1, box, tuple)) continue;
      const child = this.#result;
      const page = this.#writable(given);
      if (pages.count(child) < this.#minimum) {
        this.#orphans.push(child);
        pages.removeEntry(page, slot);
      } else {
        pages.bounds(child, this.#bounds);
        pages.setEntry(page, slot, this.#bounds, 0, child);
      }
      this.#result = page;
      return true;
    }
    return false;
  }

  /** Puts the entries of a page that was taken out into others of its level. */
  #adopt(orphan: Address): void {
    const { pages } = this;
    const level = pages.level(orphan);
    const count = pages.count(orphan);
    const box = new Float64Array(pages.boxLength);
    for (let slot = 0; slot < count; slot++) {
      const start = pages.boxAt(orphan, slot);
      box.set(pages.boxes(orphan).subarray(start, start + box.length));
      this.#insertAt(box, pages.reference(orphan, slot), level);
    }
    this.#dropPage(orphan);
  }

  #shrinkRoot(): void {
    const { pages } = this;
    while (this.height > 1 && pages.count(this.root) === 1) {
      const old = this.root;
      this.root = pages.reference(old, 0);
      this.height--;
      this.#dropPage(old);
    }
    if (pages.count(this.root) > 0) return;
    this.#dropPage(this.root);
    this.root = NO_ADDRESS;
    this.height = 0;
  }

  #writable(page: Address): Address {
    const newest = this.#views.newestViewEpoch;
    if (newest === 0 || this.pages.epoch(page) > newest) return page;
    const copy = this.#newPage(this.pages.level(page));
    this.pages.copyEntries(page, copy);
    this.pages.setCount(copy, this.pages.count(page));
    this.#dropPage(page);
    return copy;
  }

  /**
   * From the reserve. A removal that puts many entries in again may need more pages than were set aside; it goes beyond
   * the quota instead of being torn apart.
   */
  #newPage(level: number): Address {
    const page = this.#reserved.pop() ?? this.pages.arena.allocate(this.pages.pageBytes, true);
    this.pages.setHeader(page, 0, this.#views.currentEpoch, level);
    this.pageTotal++;
    return page;
  }

  #dropPage(page: Address): void {
    this.pageTotal--;
    this.retirePage(page);
  }
}
