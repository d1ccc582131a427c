/**
 * Compare and swap: whether an operation may go into the log, given what came into it since its maker looked at the
 * state (Picodata's rules). Pure but for the formats of spaces, which it asks the catalogue for.
 */
import { BoxError, boxError, clusterError } from '../../base/index.ts';
import { encodeToBytes, type Value } from '../../codec/msgpack/index.ts';
import type { Box } from '../../engine/box/index.ts';
import type { KeyDef } from '../../tuple/index.ts';
import { compareKeys, keyPartCount, keyPartsPosition } from '../../tuple/index.ts';
import { type Change, changesOf, globalSpaceId, keyOfChange } from './operations.ts';

type Key = readonly Value[];
export type KeyBound = Readonly<{ kind: 'included' | 'excluded'; key: Key }>;
/** Keys of a global space that the maker has relied on; without bounds all of them. */
export type KeyRange = Readonly<{ space: string; keyMin?: KeyBound; keyMax?: KeyBound }>;

export type CasPredicate = Readonly<{
  /** Of the last entry that the maker has seen applied; left out: the last one applied here. */
  index?: number;
  /** Of the entry `index`; left out: not compared. */
  term?: number;
  /** Besides the keys that the operation itself changes. */
  ranges?: readonly KeyRange[];
}>;

/** A range as it is compared. */
export type EncodedRange = Readonly<{ spaceId: number; min: EncodedBound | null; max: EncodedBound | null }>;
type EncodedBound = Readonly<{ isIncluded: boolean; key: Uint8Array }>;

/** Throws CAS_TABLE_NOT_ALLOWED, or the error of a key that cannot be encoded. */
export function encodeRange(box: Box, { space, keyMin, keyMax }: KeyRange): EncodedRange {
  const bound = (given: KeyBound | undefined): EncodedBound | null =>
    given === undefined ? null : { isIncluded: given.kind === 'included', key: encodeToBytes(given.key) };
  return { spaceId: globalSpaceId(box, space), min: bound(keyMin), max: bound(keyMax) };
}

/** What the log says about entries. */
export type LogView = Readonly<{
  lastIndex: number;
  firstIndex: number;
  termAt: (index: number) => number | null;
  /** The operation of an entry; null: it changes no global space. */
  operationAt: (index: number) => Uint8Array | null;
}>;

/**
 * Why `operation` cannot follow what is in the log; null: it can. `RAFT_LOG_COMPACTED` means that nobody knows any more:
 * look at the state again.
 */
export function conflictOf(
  box: Box,
  log: LogView,
  index: number,
  term: number | null,
  ranges: readonly EncodedRange[],
  operation: Uint8Array,
): BoxError | null {
  if (!Number.isSafeInteger(index) || index < 0) {
    return boxError('ILLEGAL_PARAMS', `index of a predicate must be that of an entry, not ${index}`);
  }
  if (index > log.lastIndex) return clusterError('CAS_NO_SUCH_RAFT_INDEX', index, log.lastIndex);
  if (index + 1 < log.firstIndex) return clusterError('RAFT_LOG_COMPACTED', index);
  const found = log.termAt(index);
  if (term !== null && found !== term) return clusterError('CAS_ENTRY_TERM_MISMATCH', index, found ?? 0, term);
  const guarded = [...ranges, ...changesOf(operation).map((change) => exactly(box, operation, change))];
  for (let at = index + 1; at <= log.lastIndex; at++) {
    const later = log.operationAt(at);
    if (later === null) continue;
    for (const change of changesOf(later)) {
      const { spaceId } = change;
      const inSpace = guarded.filter((range) => range.spaceId === spaceId);
      if (inSpace.length === 0) continue;
      const key = changedKey(box, later, change);
      if (key !== null && inSpace.some((range) => holds(box, range, key)))
        return clusterError('CAS_CONFLICT_FOUND', at, index);
    }
  }
  return null;
}

/** The key that an entry changes; null: it does not fit its space, so it has changed nothing. */
function changedKey(box: Box, operation: Uint8Array, change: Change): Uint8Array | null {
  try {
    return keyOfChange(box, operation, change);
  } catch (error) {
    if (error instanceof BoxError) return null;
    throw error;
  }
}

/** The key that a change is about, as a range. */
function exactly(box: Box, operation: Uint8Array, change: Change): EncodedRange {
  const bound = { isIncluded: true, key: keyOfChange(box, operation, change) };
  return { spaceId: change.spaceId, min: bound, max: bound };
}

function holds(box: Box, { spaceId, min, max }: EncodedRange, key: Uint8Array): boolean {
  const space = box.catalog.space(spaceId);
  if (space === undefined) return true;
  const { keyDef } = space.index(0).definition;
  if (min !== null) {
    const order = compare(keyDef, key, min.key);
    if (order < 0 || (order === 0 && !min.isIncluded)) return false;
  }
  if (max === null) return true;
  const order = compare(keyDef, key, max.key);
  return order < 0 || (order === 0 && max.isIncluded);
}

function compare(keyDef: KeyDef, one: Uint8Array, other: Uint8Array): number {
  return compareKeys(
    keyDef,
    one,
    keyPartsPosition(one, 0),
    keyPartCount(one, 0),
    other,
    keyPartsPosition(other, 0),
    keyPartCount(other, 0),
  );
}
