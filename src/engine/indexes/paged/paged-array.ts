/**
 * An array of equal pages in the arena, with copy-on-write under read views: what tables of dense numbers stand on.
 * A page's first word is the epoch of its allocation; the rest belongs to the user of the array. The directory of page
 * addresses is a plain array of four bytes a page, so that a look-up is one step and a snapshot is a copy of it.
 * Invariant: a page that an open read view can reach is never changed: who writes asks for `writablePage`.
 */
import { type Address, type Arena, NO_ADDRESS, type ReadViews, SLAB_MASK, SLAB_SHIFT } from '../../arena/index.ts';

export const PAGE_HEADER_WORDS = 2;

export class PagedArray {
  readonly arena: Arena;
  readonly #views: ReadViews;
  readonly #pageBytes: number;
  readonly #reserved: Address[] = [];
  readonly #releasing: Uint32Array[] = [];
  /** Addresses of the pages by number; valid below `pageCount`. */
  pages = new Uint32Array(4);
  pageCount = 0;

  constructor(arena: Arena, views: ReadViews, pageBytes: number) {
    this.arena = arena;
    this.#views = views;
    this.#pageBytes = pageBytes;
  }

  get byteSize(): number {
    return this.pageCount * this.#pageBytes;
  }

  /** Whether a page that is written may have to be copied. */
  get copiesPages(): boolean {
    return this.#views.newestViewEpoch !== 0;
  }

  /** Sets pages aside for `append` and `writablePage`. False if the quota is spent. */
  reserve(count: number, beyondQuota: boolean): boolean {
    while (this.#reserved.length < count) {
      const page = this.arena.allocate(this.#pageBytes, beyondQuota);
      if (page === NO_ADDRESS) return false;
      this.#reserved.push(page);
    }
    return true;
  }

  releaseReserve(): void {
    for (const page of this.#reserved) this.arena.free(page);
    this.#reserved.length = 0;
  }

  /** A new last page, whose content is undefined. */
  append(): Address {
    if (this.pageCount === this.pages.length) {
      const grown = new Uint32Array(2 * this.pages.length);
      grown.set(this.pages);
      this.pages = grown;
    }
    const page = this.#newPage();
    this.pages[this.pageCount++] = page;
    return page;
  }

  /** The page, or a copy that takes its place if a read view may see it. */
  writablePage(index: number): Address {
    const page = this.pages[index]!;
    const newest = this.#views.newestViewEpoch;
    if (newest === 0 || this.#epoch(page) > newest) return page;
    const copy = this.#newPage();
    const source = this.arena.words[page >>> SLAB_SHIFT]!;
    const start = ((page & SLAB_MASK) << 1) + 1;
    const words = source.subarray(start, start + (this.#pageBytes >>> 2) - 1);
    this.arena.words[copy >>> SLAB_SHIFT]!.set(words, ((copy & SLAB_MASK) << 1) + 1);
    this.pages[index] = copy;
    this.#views.retire(page, this.#epoch(page));
    return copy;
  }

  /** The present directory, for a read view. */
  freeze(): Uint32Array {
    return this.pages.slice(0, this.pageCount);
  }

  /** Empties the array; `releaseSlice` gives its pages back. */
  detach(): void {
    this.releaseReserve();
    if (this.pageCount > 0) this.#releasing.push(this.pages.slice(0, this.pageCount));
    this.pages = new Uint32Array(4);
    this.pageCount = 0;
  }

  get isReleasing(): boolean {
    return this.#releasing.length > 0;
  }

  /** Gives up to `count` pages of detached arrays back; true while there are more. */
  releaseSlice(count: number): boolean {
    for (let left = count; left > 0;) {
      const pages = this.#releasing.pop();
      if (pages === undefined) return false;
      const kept = Math.max(0, pages.length - left);
      for (let index = kept; index < pages.length; index++)
        this.#views.retire(pages[index]!, this.#epoch(pages[index]!));
      left -= pages.length - kept;
      if (kept > 0) this.#releasing.push(pages.subarray(0, kept));
    }
    return this.isReleasing;
  }

  /**
   * From the reserve. A change that touches more pages than its owner could foresee goes beyond the quota instead of
   * being torn apart.
   */
  #newPage(): Address {
    const page = this.#reserved.pop() ?? this.arena.allocate(this.#pageBytes, true);
    this.arena.words[page >>> SLAB_SHIFT]![(page & SLAB_MASK) << 1] = this.#views.currentEpoch;
    return page;
  }

  #epoch(page: Address): number {
    return this.arena.words[page >>> SLAB_SHIFT]![(page & SLAB_MASK) << 1]!;
  }
}
