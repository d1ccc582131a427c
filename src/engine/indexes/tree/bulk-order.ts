/**
 * Sorts entries of a tree that is to be built at once: a stable radix sort of hints, then a comparison of what has equal
 * hints where hints do not say all.
 */
import type { Address } from '../../arena/index.ts';

/** Hints and tuples side by side, in one order. */
export type BulkEntries = { hints: Float64Array; tuples: Uint32Array; count: number };

const DIGIT_BITS = 16;
const DIGITS = 1 << DIGIT_BITS;
const WORDS_PER_HINT = 2;

/** Sorts by hint; entries of equal hints keep their order. */
export function sortByHint(entries: BulkEntries): void {
  const { count } = entries;
  let low = new Uint32Array(count);
  let high = new Uint32Array(count);
  let tuples = entries.tuples.slice(0, count);
  splitHints(entries, low, high);
  let otherLow = new Uint32Array(count);
  let otherHigh = new Uint32Array(count);
  let otherTuples = new Uint32Array(count);
  const offsets = new Uint32Array(DIGITS);
  for (let pass = 0; pass < (WORDS_PER_HINT * 32) / DIGIT_BITS; pass++) {
    const words = pass < 2 ? low : high;
    const shift = pass % 2 === 0 ? 0 : DIGIT_BITS;
    if (!countDigits(words, shift, count, offsets)) continue;
    for (let at = 0; at < count; at++) {
      const target = offsets[(words[at]! >>> shift) & (DIGITS - 1)]!++;
      otherLow[target] = low[at]!;
      otherHigh[target] = high[at]!;
      otherTuples[target] = tuples[at]!;
    }
    [low, otherLow] = [otherLow, low];
    [high, otherHigh] = [otherHigh, high];
    [tuples, otherTuples] = [otherTuples, tuples];
  }
  entries.tuples = tuples;
  joinHints(entries, low, high);
}

/** Where each digit's entries begin; false if all have the same digit, and the pass would change nothing. */
function countDigits(words: Uint32Array, shift: number, count: number, offsets: Uint32Array): boolean {
  offsets.fill(0);
  for (let at = 0; at < count; at++) offsets[(words[at]! >>> shift) & (DIGITS - 1)]!++;
  if (count > 0 && offsets[(words[0]! >>> shift) & (DIGITS - 1)] === count) return false;
  let sum = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const size = offsets[digit]!;
    offsets[digit] = sum;
    sum += size;
  }
  return true;
}

/** Bits of the hints, changed so that they order as unsigned numbers do: all flipped below zero, the sign above. */
function splitHints(entries: BulkEntries, low: Uint32Array, high: Uint32Array): void {
  const bits = new Uint32Array(entries.hints.buffer, entries.hints.byteOffset, entries.count * WORDS_PER_HINT);
  for (let at = 0; at < entries.count; at++) {
    // Minus zero would stand before zero, to which it is equal.
    if (entries.hints[at] === 0) entries.hints[at] = 0;
    const highBits = bits[2 * at + 1]!;
    const isNegative = highBits >>> 31 === 1;
    low[at] = isNegative ? ~bits[2 * at]! : bits[2 * at]!;
    high[at] = isNegative ? ~highBits : highBits ^ 0x80000000;
  }
}

function joinHints(entries: BulkEntries, low: Uint32Array, high: Uint32Array): void {
  const bits = new Uint32Array(entries.hints.buffer, entries.hints.byteOffset, entries.count * WORDS_PER_HINT);
  for (let at = 0; at < entries.count; at++) {
    const isNegative = high[at]! >>> 31 === 0;
    bits[2 * at] = isNegative ? ~low[at]! : low[at]!;
    bits[2 * at + 1] = isNegative ? ~high[at]! : high[at]! ^ 0x80000000;
  }
}

/** Sorts each run of equal hints by the full comparison. */
export function sortRuns(entries: BulkEntries, compare: (a: Address, b: Address) => number): void {
  const { hints, tuples, count } = entries;
  let start = 0;
  while (start < count) {
    let end = start + 1;
    while (end < count && hints[end] === hints[start]) end++;
    if (end - start > 1) tuples.subarray(start, end).sort(compare);
    start = end;
  }
}
