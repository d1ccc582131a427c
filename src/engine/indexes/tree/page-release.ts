/**
 * Gives the pages of a detached tree back in slices: children before their parent, each page read for the last time
 * before it is retired.
 */
import { type Address, NO_ADDRESS } from '../../arena/index.ts';
import { childOf, pageCount, pageLevel } from './pages.ts';
import type { Tree } from './tree.ts';

export class PageRelease {
  readonly #tree: Tree;
  readonly #onEntries: ((leaf: Address) => void) | null;
  readonly #pages: Address[] = [];
  readonly #slots: number[] = [];

  /** `onEntries` sees each leaf before it goes. */
  constructor(tree: Tree, onEntries: ((leaf: Address) => void) | null = null) {
    this.#tree = tree;
    this.#onEntries = onEntries;
  }

  /** Whether there are pages to give back. */
  get isPending(): boolean {
    return this.#pages.length > 0;
  }

  /** Empties the tree; its pages are what `slice` gives back. */
  detach(): void {
    const { root } = this.#tree.detach();
    this.#tree.releaseReserve();
    if (root === NO_ADDRESS) return;
    this.#pages.push(root);
    this.#slots.push(0);
  }

  /** Gives up to `count` pages back; true while there are more. */
  slice(count: number): boolean {
    const { arena } = this.#tree;
    let left = count;
    while (this.#pages.length > 0 && left > 0) {
      const top = this.#pages.length - 1;
      const page = this.#pages[top]!;
      const slot = this.#slots[top]!;
      const isLeaf = pageLevel(arena, page) === 0;
      if (!isLeaf && slot < pageCount(arena, page)) {
        this.#slots[top] = slot + 1;
        this.#pages.push(childOf(arena, page, slot));
        this.#slots.push(0);
        continue;
      }
      if (isLeaf && this.#onEntries !== null) this.#onEntries(page);
      this.#tree.retirePage(page);
      this.#pages.pop();
      this.#slots.pop();
      left--;
    }
    return this.#pages.length > 0;
  }
}
