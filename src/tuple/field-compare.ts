/**
 * Order and hints of single field values of one declared type.
 * Classes order as nil < boolean < number < string < binary < uuid < datetime < interval < array < map, so values that
 * are of no use to the declared type (they stand in a space from before a type change) still have a place.
 */
import {
  compareDatetimes,
  datetimeHint,
  EXTENSION_TYPE,
  extensionType,
  KIND,
  KIND_OF_BYTE,
  payloadLength,
  payloadStart,
} from '../codec/msgpack/index.ts';
import type { FieldType } from './field-type.ts';
import type { Collator } from './key-def.ts';
import { compareIntegers, compareNumbers, roundedNumber } from './number-compare.ts';

/** What the declared type lets the comparison take for granted. A number, because hot paths switch on it. */
export const COMPARISON = {
  integers: 0,
  numbers: 1,
  bytes: 2,
  collated: 3,
  booleans: 4,
  datetimes: 5,
  scalars: 6,
} as const;
export type Comparison = (typeof COMPARISON)[keyof typeof COMPARISON];

/** How values of a declared type compare. */
export function comparisonOf(type: FieldType, collation: Collator | null): Comparison {
  switch (type) {
    case 'unsigned':
    case 'integer':
      return COMPARISON.integers;
    case 'number':
    case 'double':
    case 'decimal':
      return COMPARISON.numbers;
    case 'string':
      return collation === null ? COMPARISON.bytes : COMPARISON.collated;
    case 'varbinary':
    case 'uuid':
      return COMPARISON.bytes;
    case 'boolean':
      return COMPARISON.booleans;
    case 'datetime':
      return COMPARISON.datetimes;
    default:
      return COMPARISON.scalars;
  }
}

/** Compares two values that are not nil. */
export function compareFields(
  comparison: Comparison,
  collation: Collator | null,
  aBytes: Uint8Array,
  a: number,
  bBytes: Uint8Array,
  b: number,
): number {
  switch (comparison) {
    case COMPARISON.integers:
      return compareIntegers(aBytes, a, bBytes, b);
    case COMPARISON.numbers:
      return compareNumbers(aBytes, a, bBytes, b);
    case COMPARISON.bytes:
      return comparePayloads(aBytes, a, bBytes, b);
    case COMPARISON.collated:
      return compareCollated(collation!, aBytes, a, bBytes, b);
    case COMPARISON.booleans:
      return aBytes[a]! - bBytes[b]!;
    case COMPARISON.datetimes:
      return compareDatetimes(aBytes, a, bBytes, b);
    case COMPARISON.scalars:
      return compareScalars(collation, aBytes, a, bBytes, b);
  }
}

/** Compares strings, binaries or uuids byte by byte, a prefix first. */
export function comparePayloads(aBytes: Uint8Array, a: number, bBytes: Uint8Array, b: number): number {
  const aLength = payloadLength(aBytes, a);
  const bLength = payloadLength(bBytes, b);
  const aStart = payloadStart(aBytes, a);
  const bStart = payloadStart(bBytes, b);
  const length = aLength < bLength ? aLength : bLength;
  for (let index = 0; index < length; index++) {
    const difference = aBytes[aStart + index]! - bBytes[bStart + index]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

function compareCollated(collation: Collator, aBytes: Uint8Array, a: number, bBytes: Uint8Array, b: number): number {
  return collation.compare(
    aBytes,
    payloadStart(aBytes, a),
    payloadLength(aBytes, a),
    bBytes,
    payloadStart(bBytes, b),
    payloadLength(bBytes, b),
  );
}

const CLASS = {
  nil: 0,
  boolean: 1,
  number: 2,
  string: 3,
  binary: 4,
  uuid: 5,
  datetime: 6,
  interval: 7,
  array: 8,
  map: 9,
  other: 10,
} as const;

const CLASS_OF_KIND: Uint8Array = (() => {
  const classes = new Uint8Array(16).fill(CLASS.other);
  classes[KIND.nil] = CLASS.nil;
  classes[KIND.boolean] = CLASS.boolean;
  for (const kind of [KIND.unsigned, KIND.signed, KIND.float, KIND.double]) classes[kind] = CLASS.number;
  classes[KIND.string] = CLASS.string;
  classes[KIND.binary] = CLASS.binary;
  classes[KIND.array] = CLASS.array;
  classes[KIND.map] = CLASS.map;
  return classes;
})();

function classAt(bytes: Uint8Array, position: number): number {
  const kind = KIND_OF_BYTE[bytes[position]!]!;
  if (kind !== KIND.extension) return CLASS_OF_KIND[kind]!;
  switch (extensionType(bytes, position)) {
    case EXTENSION_TYPE.decimal:
      return CLASS.number;
    case EXTENSION_TYPE.uuid:
      return CLASS.uuid;
    case EXTENSION_TYPE.datetime:
      return CLASS.datetime;
    case EXTENSION_TYPE.interval:
      return CLASS.interval;
    default:
      return CLASS.other;
  }
}

function compareScalars(
  collation: Collator | null,
  aBytes: Uint8Array,
  a: number,
  bBytes: Uint8Array,
  b: number,
): number {
  const aClass = classAt(aBytes, a);
  const bClass = classAt(bBytes, b);
  if (aClass !== bClass) return aClass - bClass;
  switch (aClass) {
    case CLASS.boolean:
      return aBytes[a]! - bBytes[b]!;
    case CLASS.number:
      return compareNumbers(aBytes, a, bBytes, b);
    case CLASS.string:
      if (collation !== null) return compareCollated(collation, aBytes, a, bBytes, b);
      return comparePayloads(aBytes, a, bBytes, b);
    case CLASS.binary:
    case CLASS.uuid:
      return comparePayloads(aBytes, a, bBytes, b);
    case CLASS.datetime:
      return compareDatetimes(aBytes, a, bBytes, b);
    default:
      return 0;
  }
}

/** The first six bytes of a payload as a whole number, missing ones counting as zero: grows with the byte order. */
export function payloadHint(bytes: Uint8Array, position: number): number {
  const length = payloadLength(bytes, position);
  const start = payloadStart(bytes, position);
  let high = 0;
  let low = 0;
  for (let index = 0; index < 3; index++) high = (high << 8) | (index < length ? bytes[start + index]! : 0);
  for (let index = 3; index < 6; index++) low = (low << 8) | (index < length ? bytes[start + index]! : 0);
  return high * 0x1000000 + low;
}

/**
 * A double that grows with the value at `position`, though it may stay the same: if the hints of two values differ, so
 * do the values, in the same direction. -1 as `position` means that there is no value, which is a nil.
 */
export function fieldHint(comparison: Comparison, bytes: Uint8Array, position: number): number {
  if (position < 0 || bytes[position] === 0xc0) return -Infinity;
  switch (comparison) {
    case COMPARISON.integers:
    case COMPARISON.numbers:
      return numberHint(bytes, position);
    case COMPARISON.bytes:
      return payloadHint(bytes, position);
    case COMPARISON.collated:
      return 0;
    case COMPARISON.booleans:
      return bytes[position]! - 0xc2;
    case COMPARISON.datetimes:
      return datetimeHint(bytes, position);
    case COMPARISON.scalars:
      return scalarHint(bytes, position);
  }
}

/** NaN is the lowest number, so it has the lowest hint. */
function numberHint(bytes: Uint8Array, position: number): number {
  const value = roundedNumber(bytes, position);
  return value === value ? value : -Infinity;
}

function scalarHint(bytes: Uint8Array, position: number): number {
  const valueClass = classAt(bytes, position);
  if (valueClass < CLASS.number) return -Infinity;
  return valueClass === CLASS.number ? numberHint(bytes, position) : Infinity;
}
