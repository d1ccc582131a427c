/**
 * Key definitions: which fields of a tuple make a key, of which types, in which order.
 * Field numbers count from 0. A key is a MessagePack array of values, one a part, or only the first ones.
 * Invariant: a KeyDef never changes; what is derived from it (comparators, formats) may keep it.
 */
import { boxError, type ByteWriter, type CollationId } from '../base/index.ts';
import {
  arrayLength,
  containerHeaderSize,
  KIND,
  kindAt,
  skipValue,
  writeArrayHeader,
  writeNil,
} from '../codec/msgpack/index.ts';
import { fieldTypeMask, maskAccepts, type FieldType } from './field-type.ts';
import { elementPosition, lookupPath, sameJsonPath, type JsonPath } from './json-path.ts';

/** Order of strings that is not the order of their bytes. */
export interface Collator {
  readonly id: CollationId;
  /** Whether strings equal by this order may differ in another: then a primary key part over one field adds something. */
  readonly mayJoinDifferent: boolean;
  /** Negative, 0 or positive; lengths in bytes of UTF-8. */
  compare(a: Uint8Array, aStart: number, aLength: number, b: Uint8Array, bStart: number, bLength: number): number;
  /** Bytes that are the same for all strings equal by `compare`, for hashing; others may share them too. */
  normalisedKey(bytes: Uint8Array, start: number, length: number): Uint8Array;
}

/** What a nil in a part that does not allow it does; 2.6.0 stores the names and treats all but `none` alike. */
export type NullableAction = 'none' | 'rollback' | 'abort' | 'fail' | 'ignore' | 'replace' | 'default';
export type SortOrder = 'asc' | 'desc';

export type KeyPart = Readonly<{
  fieldNo: number;
  type: FieldType;
  isNullable: boolean;
  nullableAction: NullableAction;
  collation: Collator | null;
  /** Where in the field the part's value stands; null: the field itself. */
  path: JsonPath | null;
  /** Stored and shown; indexes are ascending whatever it says, as in 2.6.0. */
  sortOrder: SortOrder;
}>;

export type KeyDef = Readonly<{
  parts: readonly KeyPart[];
  /**
   * When a nullable key has no nil in its first `uniquePartCount` parts, those alone order it; else all do. In a unique
   * index extended by the primary key this makes keys with a nil differ from each other.
   */
  uniquePartCount: number;
}>;

export type KeyPartOptions = Partial<KeyPart> & Pick<KeyPart, 'fieldNo' | 'type'>;

/** A part with defaults for what is not given. */
export function keyPart(options: KeyPartOptions): KeyPart {
  const isNullable = options.isNullable ?? false;
  return {
    isNullable,
    nullableAction: isNullable ? 'none' : 'default',
    collation: null,
    path: null,
    sortOrder: 'asc',
    ...options,
  };
}

export function keyDef(parts: readonly KeyPart[], uniquePartCount = parts.length): KeyDef {
  return { parts, uniquePartCount };
}

export function isNullableKeyDef(definition: KeyDef): boolean {
  return definition.parts.some((part) => part.isNullable);
}

export function isMultikeyKeyDef(definition: KeyDef): boolean {
  return definition.parts.some((part) => part.path !== null && part.path.anyTokenAt >= 0);
}

function findPart(definition: KeyDef, sought: KeyPart): KeyPart | undefined {
  return definition.parts.find((part) => part.fieldNo === sought.fieldNo && sameJsonPath(part.path, sought.path));
}

/**
 * The parts of `first`, then those of `second` that add something: not the ones over a field (and path) that `first`
 * has, unless its collation there can call different strings equal.
 */
export function mergeKeyDefs(first: KeyDef, second: KeyDef): KeyDef {
  const added = second.parts.filter((part) => {
    const present = findPart(first, part);
    if (present === undefined) return true;
    if (present.collation === null || present.collation.id === part.collation?.id) return false;
    return present.collation.mayJoinDifferent;
  });
  return keyDef([...first.parts, ...added]);
}

/**
 * The definition that orders a secondary index: its own parts if they are unique and never nil, else extended by the
 * primary key's.
 */
export function comparisonKeyDef(definition: KeyDef, primary: KeyDef, isUnique: boolean): KeyDef {
  if (isUnique && !isNullableKeyDef(definition)) return definition;
  const merged = mergeKeyDefs(definition, primary);
  return isUnique ? keyDef(merged.parts, definition.parts.length) : merged;
}

/**
 * Position of a part's value in the tuple at `position`, -1 if the tuple has none. `entry` says which element `[*]`
 * stands for in a multikey part, and means nothing in others.
 */
export function partPosition(bytes: Uint8Array, position: number, part: KeyPart, entry: number): number {
  const field = elementPosition(bytes, position, part.fieldNo);
  if (part.path === null || field < 0) return field;
  return lookupPath(bytes, field, part.path, entry);
}

/** Appends the key of a tuple as its values alone; a part that the tuple lacks is nil. */
export function writeKeyParts(
  writer: ByteWriter,
  definition: KeyDef,
  bytes: Uint8Array,
  position: number,
  entry = 0,
): void {
  const { parts } = definition;
  for (let index = 0; index < parts.length; index++) {
    const at = partPosition(bytes, position, parts[index]!, entry);
    if (at < 0) writeNil(writer);
    else writer.writeBytes(bytes, at, skipValue(bytes, at));
  }
}

/** Appends the key of a tuple as an array. */
export function writeKey(writer: ByteWriter, definition: KeyDef, bytes: Uint8Array, position: number, entry = 0): void {
  writeArrayHeader(writer, definition.parts.length);
  writeKeyParts(writer, definition, bytes, position, entry);
}

/** Element count of the key at `position`. Throws TUPLE_NOT_ARRAY (22) for what is no array. */
export function keyPartCount(bytes: Uint8Array, position: number): number {
  const count = arrayLength(bytes, position);
  if (count < 0) throw boxError('TUPLE_NOT_ARRAY');
  return count;
}

/** Position of the first part of the key at `position`. */
export function keyPartsPosition(bytes: Uint8Array, position: number): number {
  return position + containerHeaderSize(bytes, position);
}

/**
 * Checks a key that may be shorter than the definition. Throws KEY_PART_COUNT (31), or KEY_PART_TYPE (18), which counts
 * parts from 0. Returns the position after the last part; `position` is that of the first.
 */
export function validatePartialKey(definition: KeyDef, bytes: Uint8Array, position: number, partCount: number): number {
  if (partCount > definition.parts.length) throw boxError('KEY_PART_COUNT', definition.parts.length, partCount);
  return validateParts(definition, bytes, position, partCount, true);
}

/**
 * Checks a key that has to find one tuple of a unique index: all parts, none nil. Throws EXACT_MATCH (19) or
 * KEY_PART_TYPE (18). Returns the position after the last part.
 */
export function validateExactKey(definition: KeyDef, bytes: Uint8Array, position: number, partCount: number): number {
  if (partCount !== definition.parts.length) throw boxError('EXACT_MATCH', definition.parts.length, partCount);
  return validateParts(definition, bytes, position, partCount, false);
}

function validateParts(
  definition: KeyDef,
  bytes: Uint8Array,
  position: number,
  partCount: number,
  allowsNil: boolean,
): number {
  let next = position;
  for (let index = 0; index < partCount; index++) {
    const part = definition.parts[index]!;
    if (!maskAccepts(fieldTypeMask(part.type, part.isNullable && allowsNil), bytes, next)) {
      throw boxError('KEY_PART_TYPE', index, part.type);
    }
    next = skipValue(bytes, next);
  }
  return next;
}

/** Whether the tuple has a nil, or nothing, in one of the first `uniquePartCount` parts. */
export function hasNilPart(definition: KeyDef, bytes: Uint8Array, position: number, entry = 0): boolean {
  for (let index = 0; index < definition.uniquePartCount; index++) {
    const part = definition.parts[index]!;
    if (!part.isNullable) continue;
    const at = partPosition(bytes, position, part, entry);
    if (at < 0 || kindAt(bytes, at) === KIND.nil) return true;
  }
  return false;
}
