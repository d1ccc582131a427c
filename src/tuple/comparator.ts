/**
 * Comparing tuples and keys by a key definition, straight from their bytes.
 * compileComparator() chooses once what each part needs; the functions that it returns allocate nothing, except where a
 * collation has to decode text, and a decimal meets another kind of number of nearly the same value.
 * Invariants: the order is total over tuples that fit the definition; nil and a missing value are equal and below
 * everything; hint(a) < hint(b) implies a < b, whether a and b are tuples or keys of any length.
 */
import { arrayLength, containerHeaderSize, skipValue } from '../codec/msgpack/index.ts';
import { COMPARISON, compareFields, comparePayloads, comparisonOf, fieldHint, payloadHint } from './field-compare.ts';
import type { Comparison } from './field-compare.ts';
import { elementPosition, lookupPath } from './json-path.ts';
import { isNullableKeyDef, partPosition, type KeyDef, type KeyPart } from './key-def.ts';
import { compareIntegers, roundedNumber } from './number-compare.ts';

/**
 * All functions take a tuple as the bytes it stands in and the position of its array header, and a key as the position
 * of its first part's value (after the header) and the number of parts present. The `entry` arguments say for a
 * multikey definition which element of the array is meant; others ignore them.
 * Results are negative, 0 or positive.
 */
export type Comparator = Readonly<{
  compareTuples(aBytes: Uint8Array, a: number, bBytes: Uint8Array, b: number, aEntry?: number, bEntry?: number): number;
  /** Compares the first `partCount` parts; with none, anything is equal. */
  compareTupleWithKey(
    tupleBytes: Uint8Array,
    tuple: number,
    keyBytes: Uint8Array,
    key: number,
    partCount: number,
    entry?: number,
  ): number;
  tupleHint(bytes: Uint8Array, position: number, entry?: number): number;
  /** NaN for a key without parts, which no hint is below or above. */
  keyHint(keyBytes: Uint8Array, key: number, partCount: number): number;
  /**
   * Where hints are exact: two equal ones of magnitude up to this mean equal keys, with nothing left to compare.
   * -1 where they never are.
   */
  exactHintMax: number;
  /** The same for keys of one part, whatever parts follow in the definition. */
  firstPartExactMax: number;
  /** Whether another equal hint means an equal key. */
  hintIsExact(hint: number): boolean;
}>;

/** 2^53 itself is also the rounding of 2^53 + 1. */
const EXACT_INTEGER_MAX = Number.MAX_SAFE_INTEGER;
const NEVER_EXACT = -1;

export function compileComparator(definition: KeyDef): Comparator {
  const only = definition.parts.length === 1 ? definition.parts[0]! : null;
  if (only !== null && only.fieldNo === 0 && only.path === null && !only.isNullable) {
    const comparison = comparisonOf(only.type, only.collation);
    if (comparison === COMPARISON.integers) return firstIntegerComparator();
    if (comparison === COMPARISON.bytes) return firstPayloadComparator();
  }
  return generalComparator(definition);
}

/** One integer part over the first field: the commonest primary key. */
function firstIntegerComparator(): Comparator {
  return {
    compareTuples(aBytes, a, bBytes, b) {
      const aAt = a + containerHeaderSize(aBytes, a);
      const bAt = b + containerHeaderSize(bBytes, b);
      return compareIntegers(aBytes, aAt, bBytes, bAt);
    },
    compareTupleWithKey(tupleBytes, tuple, keyBytes, key, partCount) {
      if (partCount === 0) return 0;
      return compareIntegers(tupleBytes, tuple + containerHeaderSize(tupleBytes, tuple), keyBytes, key);
    },
    tupleHint(bytes, position) {
      return roundedNumber(bytes, position + containerHeaderSize(bytes, position));
    },
    keyHint(keyBytes, key, partCount) {
      return partCount === 0 ? NaN : roundedNumber(keyBytes, key);
    },
    exactHintMax: EXACT_INTEGER_MAX,
    firstPartExactMax: EXACT_INTEGER_MAX,
    hintIsExact: isExactInteger,
  };
}

function isExactInteger(hint: number): boolean {
  return hint <= EXACT_INTEGER_MAX && hint >= -EXACT_INTEGER_MAX;
}

function neverExact(): boolean {
  return false;
}

/** One part of bytes (string without collation, binary, uuid) over the first field. */
function firstPayloadComparator(): Comparator {
  return {
    compareTuples(aBytes, a, bBytes, b) {
      const aAt = a + containerHeaderSize(aBytes, a);
      const bAt = b + containerHeaderSize(bBytes, b);
      return comparePayloads(aBytes, aAt, bBytes, bAt);
    },
    compareTupleWithKey(tupleBytes, tuple, keyBytes, key, partCount) {
      if (partCount === 0) return 0;
      return comparePayloads(tupleBytes, tuple + containerHeaderSize(tupleBytes, tuple), keyBytes, key);
    },
    tupleHint(bytes, position) {
      return payloadHint(bytes, position + containerHeaderSize(bytes, position));
    },
    keyHint(keyBytes, key, partCount) {
      return partCount === 0 ? NaN : payloadHint(keyBytes, key);
    },
    exactHintMax: NEVER_EXACT,
    firstPartExactMax: NEVER_EXACT,
    hintIsExact: neverExact,
  };
}

function generalComparator(definition: KeyDef): Comparator {
  const { parts } = definition;
  const comparisons = parts.map((part) => comparisonOf(part.type, part.collation));
  const firstPart = parts[0]!;
  const firstComparison = comparisons[0]!;
  const exact =
    parts.length === 1 && firstComparison === COMPARISON.integers && !firstPart.isNullable ? EXACT_INTEGER_MAX : -1;
  return {
    compareTuples: tuplesComparison(definition, comparisons),
    compareTupleWithKey: tupleWithKeyComparison(parts, comparisons),
    tupleHint(bytes, position, entry = 0) {
      return fieldHint(firstComparison, bytes, partPosition(bytes, position, firstPart, entry));
    },
    keyHint(keyBytes, key, partCount) {
      return partCount === 0 ? NaN : fieldHint(firstComparison, keyBytes, key);
    },
    exactHintMax: exact,
    firstPartExactMax: firstComparison === COMPARISON.integers ? EXACT_INTEGER_MAX : NEVER_EXACT,
    hintIsExact: exact === NEVER_EXACT ? neverExact : isExactInteger,
  };
}

/** For each part, how many fields lie between the part before and it; -1: look from the tuple's start. */
function stepsBetween(parts: readonly KeyPart[]): Int32Array {
  return Int32Array.from(parts, (part, index) => {
    const step = index === 0 ? -1 : part.fieldNo - parts[index - 1]!.fieldNo;
    return step >= 0 ? step : -1;
  });
}

/**
 * Position of the field of a part, walking on from the field of the part before where it can. A tuple so short that the
 * walk would leave it has no such field: the caller gives its field count.
 */
function fieldFrom(
  bytes: Uint8Array,
  tuple: number,
  fieldNo: number,
  previous: number,
  step: number,
  fieldCount: number,
): number {
  if (fieldNo >= fieldCount) return -1;
  if (step < 0 || previous < 0) return elementPosition(bytes, tuple, fieldNo);
  let next = previous;
  for (let skipped = 0; skipped < step; skipped++) next = skipValue(bytes, next);
  return next;
}

function isNil(bytes: Uint8Array, position: number): boolean {
  return position < 0 || bytes[position] === 0xc0;
}

function tuplesComparison(definition: KeyDef, comparisons: readonly Comparison[]): Comparator['compareTuples'] {
  const { parts, uniquePartCount } = definition;
  const partCount = parts.length;
  const isNullable = isNullableKeyDef(definition);
  const steps = stepsBetween(parts);
  return (aBytes, a, bBytes, b, aEntry = 0, bEntry = 0) => {
    const aCount = arrayLength(aBytes, a);
    const bCount = arrayLength(bBytes, b);
    let aField = -1;
    let bField = -1;
    let metNil = false;
    for (let index = 0; index < partCount; index++) {
      if (isNullable && index === uniquePartCount && !metNil) return 0;
      const part = parts[index]!;
      aField = fieldFrom(aBytes, a, part.fieldNo, aField, steps[index]!, aCount);
      bField = fieldFrom(bBytes, b, part.fieldNo, bField, steps[index]!, bCount);
      let aAt = aField;
      let bAt = bField;
      if (part.path !== null) {
        if (aAt >= 0) aAt = lookupPath(aBytes, aAt, part.path, aEntry);
        if (bAt >= 0) bAt = lookupPath(bBytes, bAt, part.path, bEntry);
      }
      const aNil = isNil(aBytes, aAt);
      const bNil = isNil(bBytes, bAt);
      if (aNil || bNil) {
        if (!aNil) return 1;
        if (!bNil) return -1;
        metNil = true;
        continue;
      }
      const result = compareFields(comparisons[index]!, part.collation, aBytes, aAt, bBytes, bAt);
      if (result !== 0) return result;
    }
    return 0;
  };
}

function tupleWithKeyComparison(
  parts: readonly KeyPart[],
  comparisons: readonly Comparison[],
): Comparator['compareTupleWithKey'] {
  const steps = stepsBetween(parts);
  return (tupleBytes, tuple, keyBytes, key, partCount, entry = 0) => {
    const fieldCount = arrayLength(tupleBytes, tuple);
    let field = -1;
    let keyAt = key;
    for (let index = 0; index < partCount; index++) {
      if (index > 0) keyAt = skipValue(keyBytes, keyAt);
      const part = parts[index]!;
      field = fieldFrom(tupleBytes, tuple, part.fieldNo, field, steps[index]!, fieldCount);
      let at = field;
      if (part.path !== null && at >= 0) at = lookupPath(tupleBytes, at, part.path, entry);
      const tupleNil = isNil(tupleBytes, at);
      const keyNil = keyBytes[keyAt] === 0xc0;
      if (tupleNil || keyNil) {
        if (!tupleNil) return 1;
        if (!keyNil) return -1;
        continue;
      }
      const result = compareFields(comparisons[index]!, part.collation, tupleBytes, at, keyBytes, keyAt);
      if (result !== 0) return result;
    }
    return 0;
  };
}

/** Compares two keys of a definition by the parts that both have. */
export function compareKeys(
  definition: KeyDef,
  aBytes: Uint8Array,
  a: number,
  aPartCount: number,
  bBytes: Uint8Array,
  b: number,
  bPartCount: number,
): number {
  const partCount = Math.min(aPartCount, bPartCount, definition.parts.length);
  let aAt = a;
  let bAt = b;
  for (let index = 0; index < partCount; index++) {
    const aNil = isNil(aBytes, aAt);
    const bNil = isNil(bBytes, bAt);
    if (aNil !== bNil) return aNil ? -1 : 1;
    const part = definition.parts[index]!;
    const comparison = comparisonOf(part.type, part.collation);
    const result = aNil ? 0 : compareFields(comparison, part.collation, aBytes, aAt, bBytes, bAt);
    if (result !== 0) return result;
    aAt = skipValue(aBytes, aAt);
    bAt = skipValue(bBytes, bAt);
  }
  return 0;
}
