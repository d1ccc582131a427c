/**
 * Boxes of an rtree: for each dimension the lower and the upper bound, as doubles side by side.
 * In a tuple or key a box is an array of D numbers (a point) or of 2 D: one corner and then the opposite one. A number
 * counts if a double holds it exactly. The tests are written so that a NaN, which Tarantool lets in, lies within
 * everything; it can be deleted again like any other.
 */
import { boxError } from '../../../base/index.ts';
import {
  arrayLength,
  containerHeaderSize,
  KIND,
  kindAt,
  readBigInt,
  readNumber,
  skipValue,
} from '../../../codec/msgpack/index.ts';
import { fieldTypeMask, maskAccepts } from '../../../tuple/index.ts';

/** 2 D doubles: lower, upper, lower, upper... */
export type Box = Float64Array;

const NUMBER = fieldTypeMask('number', false);

/** Reads the box in a tuple's field. Throws RTREE_RECT (101) or FIELD_TYPE (23), which counts coordinates from 1. */
export function readFieldBox(dimension: number, bytes: Uint8Array, position: number, box: Box): void {
  const count = arrayLength(bytes, position);
  if (count !== dimension && count !== 2 * dimension) throw boxError('RTREE_RECT', 'Field', dimension, 2 * dimension);
  readCoordinates(dimension, bytes, position + containerHeaderSize(bytes, position), count, box);
}

/**
 * Reads the box of a key that `validateBoxKey` has passed: its coordinates are the parts, or the only part is an array
 * of them.
 */
export function readKeyBox(dimension: number, key: Uint8Array, keyPosition: number, partCount: number, box: Box): void {
  if (partCount !== 1) {
    readCoordinates(dimension, key, keyPosition, partCount, box);
    return;
  }
  const start = keyPosition + containerHeaderSize(key, keyPosition);
  readCoordinates(dimension, key, start, arrayLength(key, keyPosition), box);
}

/**
 * Checks a key: first its form, then its numbers. Throws KEY_PART_COUNT (31), KEY_PART_TYPE (18), RTREE_RECT (101) or
 * FIELD_TYPE (23).
 */
export function validateBoxKey(dimension: number, key: Uint8Array, keyPosition: number, partCount: number): void {
  if (partCount !== 1 && partCount !== dimension && partCount !== 2 * dimension) {
    throw boxError('KEY_PART_COUNT', 2 * dimension, partCount);
  }
  let start = keyPosition;
  let count = partCount;
  if (partCount === 1) {
    if (kindAt(key, keyPosition) !== KIND.array) throw boxError('KEY_PART_TYPE', 0, 'array');
    count = arrayLength(key, keyPosition);
    if (count !== dimension && count !== 2 * dimension) throw boxError('RTREE_RECT', 'Key', dimension, 2 * dimension);
    start += containerHeaderSize(key, keyPosition);
  }
  let position = start;
  for (let index = 0; index < count; index++) {
    if (!maskAccepts(NUMBER, key, position)) throw boxError('KEY_PART_TYPE', partCount === 1 ? 0 : index, 'number');
    position = skipValue(key, position);
  }
  position = start;
  for (let index = 0; index < count; index++) {
    readCoordinate(key, position, index);
    position = skipValue(key, position);
  }
}

function readCoordinates(dimension: number, bytes: Uint8Array, start: number, count: number, box: Box): void {
  let position = start;
  for (let index = 0; index < count; index++) {
    const value = readCoordinate(bytes, position, index);
    position = skipValue(bytes, position);
    if (index < dimension) {
      box[2 * index] = value;
      box[2 * index + 1] = value;
      continue;
    }
    const lower = 2 * (index - dimension);
    if (value < box[lower]!) box[lower] = value;
    else box[lower + 1] = value;
  }
}

function readCoordinate(bytes: Uint8Array, position: number, index: number): number {
  switch (kindAt(bytes, position)) {
    case KIND.float:
    case KIND.double:
      return readNumber(bytes, position);
    case KIND.unsigned:
    case KIND.signed: {
      const value = readNumber(bytes, position);
      if (Number.isSafeInteger(value) || BigInt(value) === readBigInt(bytes, position)) return value;
      break;
    }
    default:
  }
  throw boxError('FIELD_TYPE', index + 1, 'number');
}

/** Whether the box at `a` contains the one at `b`. */
export function contains(boxes: Float64Array, a: number, other: Float64Array, b: number, length: number): boolean {
  for (let side = 0; side < length; side += 2) {
    if (boxes[a + side]! > other[b + side]! || boxes[a + side + 1]! < other[b + side + 1]!) return false;
  }
  return true;
}

/** The same with no side in common. */
export function containsStrictly(
  boxes: Float64Array,
  a: number,
  other: Float64Array,
  b: number,
  length: number,
): boolean {
  for (let side = 0; side < length; side += 2) {
    if (boxes[a + side]! >= other[b + side]! || boxes[a + side + 1]! <= other[b + side + 1]!) return false;
  }
  return true;
}

/** Whether the boxes have a point in common. */
export function overlaps(boxes: Float64Array, a: number, other: Float64Array, b: number, length: number): boolean {
  for (let side = 0; side < length; side += 2) {
    if (boxes[a + side]! > other[b + side + 1]! || boxes[a + side + 1]! < other[b + side]!) return false;
  }
  return true;
}

export function equals(boxes: Float64Array, a: number, other: Float64Array, b: number, length: number): boolean {
  for (let side = 0; side < length; side++) if (boxes[a + side]! !== other[b + side]!) return false;
  return true;
}

/** Widens the box at `a` to hold the one at `b`. */
export function widen(boxes: Float64Array, a: number, other: Float64Array, b: number, length: number): void {
  for (let side = 0; side < length; side += 2) {
    if (other[b + side]! < boxes[a + side]!) boxes[a + side] = other[b + side]!;
    if (other[b + side + 1]! > boxes[a + side + 1]!) boxes[a + side + 1] = other[b + side + 1]!;
  }
}

export function area(boxes: Float64Array, a: number, length: number): number {
  let product = 1;
  for (let side = 0; side < length; side += 2) product *= boxes[a + side + 1]! - boxes[a + side]!;
  return product;
}

/** Sum of the extents. */
export function margin(boxes: Float64Array, a: number, length: number): number {
  let sum = 0;
  for (let side = 0; side < length; side += 2) sum += boxes[a + side + 1]! - boxes[a + side]!;
  return sum;
}

/** Area of the union of both. */
export function unionArea(boxes: Float64Array, a: number, other: Float64Array, b: number, length: number): number {
  let product = 1;
  for (let side = 0; side < length; side += 2) product *= unionExtent(boxes, a + side, other, b + side);
  return product;
}

/** Sum of the extents of the union of both. */
export function unionMargin(boxes: Float64Array, a: number, other: Float64Array, b: number, length: number): number {
  let sum = 0;
  for (let side = 0; side < length; side += 2) sum += unionExtent(boxes, a + side, other, b + side);
  return sum;
}

function unionExtent(boxes: Float64Array, a: number, other: Float64Array, b: number): number {
  const lower = boxes[a]! < other[b]! ? boxes[a]! : other[b]!;
  const upper = boxes[a + 1]! > other[b + 1]! ? boxes[a + 1]! : other[b + 1]!;
  return upper - lower;
}

/** Area that both have in common. */
export function overlapArea(boxes: Float64Array, a: number, other: Float64Array, b: number, length: number): number {
  let product = 1;
  for (let side = 0; side < length; side += 2) {
    const lower = boxes[a + side]! > other[b + side]! ? boxes[a + side]! : other[b + side]!;
    const upper = boxes[a + side + 1]! < other[b + side + 1]! ? boxes[a + side + 1]! : other[b + side + 1]!;
    if (upper <= lower) return 0;
    product *= upper - lower;
  }
  return product;
}

/** Distance of the box at `a` from the lower corner of `key`: the square of the euclidean one, or the sum over the axes. */
export function distanceFrom(isManhattan: boolean, boxes: Float64Array, a: number, key: Box): number {
  let sum = 0;
  for (let side = 0; side < key.length; side += 2) {
    const point = key[side]!;
    const below = boxes[a + side]! - point;
    const above = point - boxes[a + side + 1]!;
    const distance = below > 0 ? below : above > 0 ? above : 0;
    sum += isManhattan ? distance : distance * distance;
  }
  return sum;
}
