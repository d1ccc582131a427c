/**
 * What the bits of a value are, and which values a bitset iterator wants.
 * Bit n of an unsigned is the one of weight 2^n; bit n of a string is bit n % 8 of byte n / 8. A value has no bits
 * beyond its end. EQ compares a string's bits only as far as the key reaches, as Tarantool does.
 */
import { payloadLength, payloadStart, readBigInt } from '../../../codec/msgpack/index.ts';
import { ITERATOR, type IteratorType } from '../contract.ts';

/** Bits that stand in bitmaps: those of an unsigned, and of a string the first eight bytes. */
export const MAPPED_BITS = 64;
const MAPPED_BYTES = MAPPED_BITS / 8;

/** The mapped bits of a value as two 32-bit words, the lower first. */
export type MappedBits = Uint32Array;

const scratch = new DataView(new ArrayBuffer(8));

/** Writes the mapped bits of the value at `position`, an unsigned or a string, into `target`. */
export function readMappedBits(isString: boolean, bytes: Uint8Array, position: number, target: MappedBits): void {
  if (!isString) {
    scratch.setBigUint64(0, readBigInt(bytes, position));
    target[0] = scratch.getUint32(4);
    target[1] = scratch.getUint32(0);
    return;
  }
  const length = payloadLength(bytes, position);
  const start = payloadStart(bytes, position);
  target[0] = 0;
  target[1] = 0;
  for (let index = 0; index < length && index < MAPPED_BYTES; index++) {
    target[index >> 2]! |= bytes[start + index]! << ((index & 3) * 8);
  }
}

export class BitQuery {
  readonly iterator: IteratorType;
  /** Bits of the key. */
  readonly bits: MappedBits = new Uint32Array(2);
  /** Bits that the key speaks of: EQ looks at them and at no others. */
  readonly covered: MappedBits = new Uint32Array(2);
  /** Nothing can match: a key without bits, of which some are to be set. */
  readonly isEmpty: boolean;
  /** Bytes of a string key beyond the mapped ones; empty if there are none. */
  readonly #rest: Uint8Array;

  /** ALL takes no key; the others one part. */
  constructor(iterator: IteratorType, isString: boolean, key: Uint8Array, keyPosition: number) {
    this.iterator = iterator;
    this.#rest = new Uint8Array(0);
    if (iterator === ITERATOR.ALL) {
      this.isEmpty = false;
      return;
    }
    readMappedBits(isString, key, keyPosition, this.bits);
    let coveredBits = MAPPED_BITS;
    if (isString) {
      const length = payloadLength(key, keyPosition);
      const start = payloadStart(key, keyPosition);
      coveredBits = Math.min(MAPPED_BITS, 8 * length);
      if (length > MAPPED_BYTES) this.#rest = key.slice(start + MAPPED_BYTES, start + length);
    }
    for (let bit = 0; bit < coveredBits; bit++) this.covered[bit >> 5]! |= 1 << (bit & 31);
    const hasBits = this.bits[0] !== 0 || this.bits[1] !== 0 || this.#rest.some((byte) => byte !== 0);
    this.isEmpty = !hasBits && (iterator === ITERATOR.BITS_ALL_SET || iterator === ITERATOR.BITS_ANY_SET);
  }

  /** Whether the bitmaps do not decide alone. */
  get hasRest(): boolean {
    return this.#rest.length > 0;
  }

  /** Whether the string at `position`, as far as it lies beyond the mapped bytes, is one that is wanted. */
  restMatches(bytes: Uint8Array, position: number): boolean {
    const start = payloadStart(bytes, position) + MAPPED_BYTES;
    const length = payloadLength(bytes, position) - MAPPED_BYTES;
    const rest = this.#rest;
    for (let index = 0; index < rest.length; index++) {
      const wanted = rest[index]!;
      const byte = index < length ? bytes[start + index]! : 0;
      switch (this.iterator) {
        case ITERATOR.EQ:
          if (byte !== wanted) return false;
          break;
        case ITERATOR.BITS_ALL_SET:
          if ((byte & wanted) !== wanted) return false;
          break;
        case ITERATOR.BITS_ALL_NOT_SET:
          if ((byte & wanted) !== 0) return false;
          break;
        default:
          if ((byte & wanted) !== 0) return true;
      }
    }
    return this.iterator !== ITERATOR.BITS_ANY_SET;
  }
}
