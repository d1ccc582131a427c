/**
 * Brings what the next searches will read into the processor's cache.
 *
 * In a tree that is larger than the cache a search waits for memory half a dozen times, each time for what the read
 * before has named. Many searches that are known together can wait together: all their leaves are touched, then all
 * their entries, then all their tuples; the reads of one step do not depend on each other, and the processor has them
 * under way at once. Nothing changes but the time that the searches take.
 */
import {
  type Address,
  type Arena,
  NO_ADDRESS,
  SLAB_SHIFT,
  tuplePosition,
  tupleSize,
  tupleSlab,
} from '../../arena/index.ts';
import { hintBase, LEAF_TUPLES_WORD, pageCount, pageDoubles, pageWords, wordBase } from './pages.ts';

/** Searches that are looked at together. */
export const LOOKAHEAD_MAX = 32;
const CACHE_LINE_BYTES = 64;

/**
 * Touches leaves and, at the share of their entries that is guessed to stand before the one that is wanted, the entry
 * and its tuple; `tuples` is room for their addresses. The return value means nothing; it keeps the reads from being left out as useless.
 */
export function touchLeaves(
  arena: Arena,
  leaves: Uint32Array,
  shares: Float64Array,
  tuples: Uint32Array,
  count: number,
): number {
  let sum = 0;
  for (let at = 0; at < count; at++) sum += pageCount(arena, leaves[at]!);
  for (let at = 0; at < count; at++) {
    const leaf = leaves[at]!;
    const slot = Math.floor(shares[at]! * pageCount(arena, leaf));
    tuples[at] = pageWords(arena, leaf)[wordBase(leaf) + LEAF_TUPLES_WORD + slot]!;
    sum += pageDoubles(arena, leaf)[hintBase(leaf) + slot]!;
  }
  for (let at = 0; at < count; at++) {
    const tuple: Address = tuples[at]!;
    if (tuple === NO_ADDRESS || tuple >>> SLAB_SHIFT >= arena.bytes.length) continue;
    const bytes = tupleSlab(arena, tuple);
    const position = tuplePosition(tuple);
    // Its first two cache lines and its last one; what lies between follows by itself.
    const end = position + tupleSize(arena, tuple) - 1;
    sum += (bytes[position + CACHE_LINE_BYTES] ?? 0) + (bytes[end] ?? 0);
  }
  return sum;
}
