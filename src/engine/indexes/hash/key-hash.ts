/**
 * Hashes of keys, 32 bits, straight from the bytes of a tuple or of a whole key.
 * Invariant: keys that compare equal hash equal, so numbers hash by their value and not by their encoding, and strings
 * with a collation by what the collation keeps of them. Hashes are the same in every process and need not be secret.
 */
import {
  datetimeHint,
  decimalPayloadToNumber,
  EXTENSION_TYPE,
  extensionType,
  KIND,
  kindAt,
  payloadLength,
  payloadStart,
  readNumber,
  skipValue,
} from '../../../codec/msgpack/index.ts';
import { type Collator, type KeyDef, type KeyPart, partPosition } from '../../../tuple/index.ts';

export type KeyHash = Readonly<{
  tupleHash(bytes: Uint8Array, position: number): number;
  /** `keyPosition` is that of the first part; the key has all parts. */
  keyHash(key: Uint8Array, keyPosition: number): number;
}>;

const SEED = 13;

export function compileKeyHash(definition: KeyDef): KeyHash {
  const { parts } = definition;
  const exact = parts.map(({ type }) => type === 'unsigned' || type === 'integer');
  const addValue = (hash: number, index: number, bytes: Uint8Array, position: number): number => {
    const part: KeyPart = parts[index]!;
    return exact[index]! ? hashInteger(hash, bytes, position) : hashField(hash, part.collation, bytes, position);
  };
  return {
    tupleHash(bytes, position) {
      let hash = SEED;
      for (let index = 0; index < parts.length; index++) {
        hash = addValue(hash, index, bytes, partPosition(bytes, position, parts[index]!, 0));
      }
      return finish(hash);
    },
    keyHash(key, keyPosition) {
      let hash = SEED;
      let position = keyPosition;
      for (let index = 0; index < parts.length; index++) {
        if (index > 0) position = skipValue(key, position);
        hash = addValue(hash, index, key, position);
      }
      return finish(hash);
    },
  };
}

/** Spreads a 32-bit number over 32 bits. */
export function hashWord(word: number): number {
  return finish(mix(SEED, word));
}

/** One round of MurmurHash3 (A. Appleby, public domain). */
function mix(hash: number, word: number): number {
  let mixed = Math.imul(word, 0xcc9e2d51);
  mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
  const next = hash ^ mixed;
  return (Math.imul((next << 13) | (next >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Integers that a double cannot tell apart all have eight bytes, which are the same in both encodings. */
function hashInteger(hash: number, bytes: Uint8Array, position: number): number {
  const value = readNumber(bytes, position);
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return hashDouble(hash, value);
  return hashBytes(hash, bytes, position + 1, 8);
}

/** -0 equals 0, and all NaN are equal. */
function hashDouble(hash: number, value: number): number {
  if (value === (value | 0)) return mix(hash, value | 0);
  scratch[0] = value === value ? value : NaN;
  return mix(mix(hash, scratchWords[0]!), scratchWords[1]!);
}

const scratch = new Float64Array(1);
const scratchWords = new Int32Array(scratch.buffer);

function hashBytes(hash: number, bytes: Uint8Array, start: number, length: number): number {
  const end = start + length;
  let mixed = hash;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    mixed = mix(mixed, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
  }
  let rest = 0;
  for (; at < end; at++) rest = (rest << 8) | bytes[at]!;
  return mix(mix(mixed, rest), length);
}

function hashField(hash: number, collation: Collator | null, bytes: Uint8Array, position: number): number {
  const kind = kindAt(bytes, position);
  switch (kind) {
    case KIND.unsigned:
    case KIND.signed:
    case KIND.float:
    case KIND.double:
      return hashDouble(hash, readNumber(bytes, position));
    case KIND.string:
      return hashString(hash, collation, bytes, position);
    case KIND.binary:
      return hashBytes(hash, bytes, payloadStart(bytes, position), payloadLength(bytes, position));
    case KIND.extension:
      return hashExtension(hash, bytes, position);
    default:
      // Nil and booleans differ in their byte; no other kind has an order, so all of it is equal.
      return mix(hash, kind === KIND.boolean || kind === KIND.nil ? bytes[position]! : kind);
  }
}

function hashString(hash: number, collation: Collator | null, bytes: Uint8Array, position: number): number {
  const start = payloadStart(bytes, position);
  const length = payloadLength(bytes, position);
  if (collation === null) return hashBytes(hash, bytes, start, length);
  const key = collation.normalisedKey(bytes, start, length);
  return hashBytes(hash, key, 0, key.length);
}

function hashExtension(hash: number, bytes: Uint8Array, position: number): number {
  const start = payloadStart(bytes, position);
  const length = payloadLength(bytes, position);
  switch (extensionType(bytes, position)) {
    case EXTENSION_TYPE.decimal:
      // A decimal equals the double that it rounds to, if it equals any.
      return hashDouble(hash, decimalPayloadToNumber(bytes, start, length));
    case EXTENSION_TYPE.uuid:
      return hashBytes(hash, bytes, start, length);
    case EXTENSION_TYPE.datetime:
      return hashDouble(hash, datetimeHint(bytes, position));
    default:
      return hash;
  }
}
