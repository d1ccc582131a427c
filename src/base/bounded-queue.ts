/** First in, first out, with a bound that the caller must name. A full queue refuses: it never grows past its bound. */
export class BoundedQueue<Item> {
  readonly #capacity: number;
  #items: (Item | undefined)[] = [];
  #head = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  get isFull(): boolean {
    return this.size >= this.#capacity;
  }

  /** False if the queue is full; the item was not taken. */
  push(item: Item): boolean {
    if (this.isFull) return false;
    this.#items.push(item);
    return true;
  }

  peek(): Item | undefined {
    return this.#items[this.#head];
  }

  shift(): Item | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
