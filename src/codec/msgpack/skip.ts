/**
 * Walking over MessagePack without decoding it.
 * `skipValue` trusts its input: it is for bytes that `checkValue` accepted or that we wrote.
 * `checkValue` reads nothing outside [position, end), visits each header once, and needs no recursion, so neither deep
 * nesting nor a lying length can harm it.
 */

/** What a first byte says: the kind of the value. Numbers, because hot paths switch on them. */
export const KIND = {
  nil: 0,
  boolean: 1,
  unsigned: 2,
  /** An int header (0xd0-0xd3, negative fixint); the value may be non-negative when written by a careless encoder. */
  signed: 3,
  float: 4,
  double: 5,
  string: 6,
  binary: 7,
  array: 8,
  map: 9,
  extension: 10,
  /** 0xc1, which no encoder may write. */
  invalid: 11,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

/** By first byte: the kind. */
export const KIND_OF_BYTE: Uint8Array = new Uint8Array(256);
/** By first byte: the bytes of the header and fixed payload; 0 where the size stands in the bytes that follow. */
const FIXED_SIZE = new Uint8Array(256);
/** By first byte: bytes of the length field that follows it, 0 when there is none. */
const LENGTH_BYTES = new Uint8Array(256);

function fill(from: number, to: number, kind: Kind, fixedSize: number, lengthBytes = 0): void {
  for (let byte = from; byte <= to; byte++) {
    KIND_OF_BYTE[byte] = kind;
    FIXED_SIZE[byte] = fixedSize;
    LENGTH_BYTES[byte] = lengthBytes;
  }
}
fill(0x00, 0x7f, KIND.unsigned, 1);
fill(0x80, 0x8f, KIND.map, 0);
fill(0x90, 0x9f, KIND.array, 0);
for (let length = 0; length < 32; length++) fill(0xa0 + length, 0xa0 + length, KIND.string, 1 + length);
fill(0xc0, 0xc0, KIND.nil, 1);
fill(0xc1, 0xc1, KIND.invalid, 0);
fill(0xc2, 0xc3, KIND.boolean, 1);
[1, 2, 4].forEach((width, index) => {
  fill(0xc4 + index, 0xc4 + index, KIND.binary, 0, width);
  fill(0xc7 + index, 0xc7 + index, KIND.extension, 0, width);
  fill(0xd9 + index, 0xd9 + index, KIND.string, 0, width);
});
fill(0xca, 0xca, KIND.float, 5);
fill(0xcb, 0xcb, KIND.double, 9);
[1, 2, 4, 8].forEach((width, index) => {
  fill(0xcc + index, 0xcc + index, KIND.unsigned, 1 + width);
  fill(0xd0 + index, 0xd0 + index, KIND.signed, 1 + width);
});
[1, 2, 4, 8, 16].forEach((width, index) => fill(0xd4 + index, 0xd4 + index, KIND.extension, 2 + width));
fill(0xdc, 0xdc, KIND.array, 0, 2);
fill(0xdd, 0xdd, KIND.array, 0, 4);
fill(0xde, 0xde, KIND.map, 0, 2);
fill(0xdf, 0xdf, KIND.map, 0, 4);
fill(0xe0, 0xff, KIND.signed, 1);

export function kindAt(bytes: Uint8Array, position: number): Kind {
  return KIND_OF_BYTE[bytes[position]!] as Kind;
}

/** The big-endian length of `width` bytes at `position`. */
export function lengthAt(bytes: Uint8Array, position: number, width: number): number {
  if (width === 1) return bytes[position]!;
  if (width === 2) return (bytes[position]! << 8) | bytes[position + 1]!;
  return (
    ((bytes[position]! << 24) | (bytes[position + 1]! << 16) | (bytes[position + 2]! << 8) | bytes[position + 3]!) >>> 0
  );
}

/** Position after the value at `position`. The bytes must be valid. */
export function skipValue(bytes: Uint8Array, position: number): number {
  let left = 1;
  while (left > 0) {
    left--;
    const first = bytes[position]!;
    const fixed = FIXED_SIZE[first]!;
    if (fixed !== 0) {
      position += fixed;
      continue;
    }
    const width = LENGTH_BYTES[first]!;
    const length = width === 0 ? first & 0x0f : lengthAt(bytes, position + 1, width);
    position += 1 + width;
    switch (KIND_OF_BYTE[first]) {
      case KIND.array:
        left += length;
        break;
      case KIND.map:
        left += 2 * length;
        break;
      case KIND.extension:
        position += 1 + length;
        break;
      default:
        position += length;
    }
  }
  return position;
}

/** Position after the value at `position`, or -1 if there is no whole valid value in [position, end). */
export function checkValue(bytes: Uint8Array, position: number, end: number): number {
  let left = 1;
  while (left > 0) {
    left--;
    if (position >= end) return -1;
    const first = bytes[position]!;
    const fixed = FIXED_SIZE[first]!;
    if (fixed !== 0) {
      position += fixed;
      continue;
    }
    const kind = KIND_OF_BYTE[first];
    if (kind === KIND.invalid) return -1;
    const width = LENGTH_BYTES[first]!;
    if (position + 1 + width > end) return -1;
    const length = width === 0 ? first & 0x0f : lengthAt(bytes, position + 1, width);
    position += 1 + width;
    if (kind === KIND.array) left += length;
    else if (kind === KIND.map) left += 2 * length;
    else if (kind === KIND.extension) position += 1 + length;
    else position += length;
    // Each value still expected takes a byte at least, so a lying length is found before it is walked.
    if (left > end - position) return -1;
  }
  return position <= end ? position : -1;
}

/** Element count of the array at `position`, or -1 if something else stands there. */
export function arrayLength(bytes: Uint8Array, position: number): number {
  const first = bytes[position]!;
  if ((first & 0xf0) === 0x90) return first & 0x0f;
  if (first === 0xdc) return lengthAt(bytes, position + 1, 2);
  if (first === 0xdd) return lengthAt(bytes, position + 1, 4);
  return -1;
}

/** Pair count of the map at `position`, or -1 if something else stands there. */
export function mapLength(bytes: Uint8Array, position: number): number {
  const first = bytes[position]!;
  if ((first & 0xf0) === 0x80) return first & 0x0f;
  if (first === 0xde) return lengthAt(bytes, position + 1, 2);
  if (first === 0xdf) return lengthAt(bytes, position + 1, 4);
  return -1;
}

/** Bytes of the header of the array or map at `position`. */
export function containerHeaderSize(bytes: Uint8Array, position: number): number {
  return 1 + LENGTH_BYTES[bytes[position]!]!;
}

/** Where the bytes of the string, binary or extension at `position` begin (an extension's after its type byte). */
export function payloadStart(bytes: Uint8Array, position: number): number {
  const first = bytes[position]!;
  const start = position + 1 + LENGTH_BYTES[first]!;
  return KIND_OF_BYTE[first] === KIND.extension ? start + 1 : start;
}

/** Length in bytes of the payload of the string, binary or extension at `position`. */
export function payloadLength(bytes: Uint8Array, position: number): number {
  const first = bytes[position]!;
  const width = LENGTH_BYTES[first]!;
  if (width !== 0) return lengthAt(bytes, position + 1, width);
  return KIND_OF_BYTE[first] === KIND.extension ? FIXED_SIZE[first]! - 2 : first & 0x1f;
}

/** Type of the extension at `position`, signed as the format says. */
export function extensionType(bytes: Uint8Array, position: number): number {
  return (bytes[position + 1 + LENGTH_BYTES[bytes[position]!]!]! << 24) >> 24;
}
