/** Appends that are on their way to a member: how many, how many bytes, and up to which index each goes. Bounded by both. */
import { assert } from '../../base/index.ts';

export class InFlight {
  readonly #countMax: number;
  readonly #bytesMax: number;
  /** Ascending indexes of last entries, and the bytes of each; a queue of which the first `#head` are gone. */
  #lastIndexes: number[] = [];
  #sizes: number[] = [];
  #head = 0;
  #bytes = 0;

  constructor(countMax: number, bytesMax: number) {
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
  }

  get count(): number {
    return this.#lastIndexes.length - this.#head;
  }

  /** The bound of bytes may be passed by one message, else one that is larger could never leave. */
  get isFull(): boolean {
    return this.count === this.#countMax || this.#bytes >= this.#bytesMax;
  }

  add(lastIndex: number, bytes: number): void {
    assert(!this.isFull, 'too many appends in flight');
    this.#lastIndexes.push(lastIndex);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  /** Those that end at or before `index` have arrived. */
  arrived(index: number): void {
    while (this.#head < this.#lastIndexes.length && this.#lastIndexes[this.#head]! <= index) {
      this.#bytes -= this.#sizes[this.#head]!;
      this.#head++;
    }
    if (this.#head === this.#lastIndexes.length) this.clear();
    else if (this.#head >= 256) {
      this.#lastIndexes = this.#lastIndexes.slice(this.#head);
      this.#sizes = this.#sizes.slice(this.#head);
      this.#head = 0;
    }
  }

  clear(): void {
    this.#lastIndexes.length = 0;
    this.#sizes.length = 0;
    this.#head = 0;
    this.#bytes = 0;
  }
}
