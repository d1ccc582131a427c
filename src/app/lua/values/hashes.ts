/** Hash functions that are not cryptographic: MurmurHash3 of 32 bits, and Guava's consistent hash. */

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function mixed(block: number): number {
  return Math.imul(rotated(Math.imul(block, C1), 15), C2);
}

/** MurmurHash3_x86_32 of a Lua string, unsigned. */
export function murmur3(text: string, seed: number): number {
  let hash = seed | 0;
  const whole = text.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    const block =
      text.charCodeAt(at) |
      (text.charCodeAt(at + 1) << 8) |
      (text.charCodeAt(at + 2) << 16) |
      (text.charCodeAt(at + 3) << 24);
    hash = (Math.imul(rotated(hash ^ mixed(block), 13), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let at = text.length - 1; at >= whole; at--) tail = (tail << 8) | text.charCodeAt(at);
  if (text.length > whole) hash ^= mixed(tail);
  hash ^= text.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const MULTIPLIER = 2862933555777941757n;
const INT32_LIMIT = 2 ** 31;

/** The bucket of 0 to `buckets - 1` that moves least when their number changes (jump consistent hash). */
export function guavaHash(state: bigint, buckets: number): number {
  let current = state;
  let candidate = 0;
  for (;;) {
    current = BigInt.asUintN(64, current * MULTIPLIER + 1n);
    const share = (Number(BigInt.asIntN(32, current >> 33n)) + 1) / INT32_LIMIT;
    const next = Math.trunc((candidate + 1) / share);
    if (next < 0 || next >= buckets) return candidate;
    candidate = next;
  }
}
