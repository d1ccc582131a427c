/**
 * A binary heap of sources by the tuples that they have next. Which of two equal tuples comes first follows from the
 * heap's steps, and those are 2.6.0's, so that programs see the same order.
 */
export class MergeHeap<Item> {
  readonly #items: Item[] = [];
  readonly #isBefore: (one: Item, other: Item) => boolean;

  constructor(isBefore: (one: Item, other: Item) => boolean) {
    this.#isBefore = isBefore;
  }

  /** The first of all; undefined if there is none. */
  get top(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(item, items[parent]!)) break;
      items[at] = items[parent]!;
      at = parent;
      items[at] = item;
    }
  }

  /** The top stands for something else now. */
  updateTop(): void {
    const items = this.#items;
    const item = items[0];
    if (item === undefined) return;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      if (left >= items.length) return;
      const right = left + 1;
      const least = right < items.length && this.#isBefore(items[right]!, items[left]!) ? right : left;
      if (this.#isBefore(item, items[least]!)) return;
      items[at] = items[least]!;
      items[least] = item;
      at = least;
    }
  }

  removeTop(): void {
    const items = this.#items;
    const last = items.pop();
    if (last === undefined || items.length === 0) return;
    items[0] = last;
    this.updateTop();
  }
}
