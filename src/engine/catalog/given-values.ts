/**
 * What sequences gave while something ran that will run again: it is given the same values then, for a value that was
 * taken stays taken and a new one would make another result.
 */
import type { Sequence } from './sequence.ts';

export class GivenValues {
  readonly #given: Readonly<{ sequence: Sequence; value: bigint }>[] = [];
  #next = 0;

  /** Before the same runs again. */
  rewind(): void {
    this.#next = 0;
  }

  /** Throws SEQUENCE_OVERFLOW (147). */
  take(sequence: Sequence): bigint {
    const known = this.#given[this.#next];
    if (known?.sequence !== sequence) {
      // It is not the same any more: what was given for the rest of it is of no use.
      this.#given.length = this.#next;
      this.#given.push({ sequence, value: sequence.next() });
    }
    return this.#given[this.#next++]!.value;
  }
}
