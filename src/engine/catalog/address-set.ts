/** A set of addresses of one arena: a bit for each place where a cell can begin, kept for the slabs that have members. */
import { type Address, SLAB_MASK, SLAB_SHIFT } from '../arena/index.ts';

const WORDS_PER_SLAB = (SLAB_MASK + 1) / 32;

export class AddressSet {
  readonly #slabs: Uint32Array[] = [];

  add(address: Address): void {
    const slab = address >>> SLAB_SHIFT;
    while (this.#slabs.length <= slab) this.#slabs.push(new Uint32Array(0));
    if (this.#slabs[slab]!.length === 0) this.#slabs[slab] = new Uint32Array(WORDS_PER_SLAB);
    const place = address & SLAB_MASK;
    this.#slabs[slab]![place >>> 5]! |= 1 << (place & 31);
  }

  /** True if it was a member. */
  delete(address: Address): boolean {
    if (!this.has(address)) return false;
    const place = address & SLAB_MASK;
    this.#slabs[address >>> SLAB_SHIFT]![place >>> 5]! &= ~(1 << (place & 31));
    return true;
  }

  has(address: Address): boolean {
    const words = this.#slabs[address >>> SLAB_SHIFT];
    if (words === undefined || words.length === 0) return false;
    const place = address & SLAB_MASK;
    return (words[place >>> 5]! & (1 << (place & 31))) !== 0;
  }
}
