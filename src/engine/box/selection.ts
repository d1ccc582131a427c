/**
 * SELECT: from a request's numbers and key bytes to tuples, checked in the order in which Tarantool checks.
 * The tuples are given as addresses; whoever sends them copies their bytes in the same turn.
 */
import { boxError, defined } from '../../base/index.ts';
import { arrayLength, containerHeaderSize } from '../../codec/msgpack/index.ts';
import { validateExactKey, validatePartialKey } from '../../tuple/index.ts';
import { type Address, NO_ADDRESS, tuplePosition, tupleSize, tupleSlab } from '../arena/index.ts';
import {
  ITERATOR,
  ITERATOR_NUMBER_MAX,
  type IndexCursor,
  type IteratorType,
  type SpaceIndex,
} from '../indexes/index.ts';
import type { Space } from '../memtx/index.ts';

export function iteratorType(iterator: number): IteratorType {
  if (iterator > ITERATOR_NUMBER_MAX) throw boxError('ILLEGAL_PARAMS', 'Invalid iterator type');
  return iterator as IteratorType;
}

/**
 * Throws unless the key fits the index and the index serves the iterator with it. An RTREE index checks its keys
 * itself: they are points or boxes, not parts.
 */
export function checkSelection(
  space: Space,
  index: SpaceIndex,
  iterator: IteratorType,
  key: Uint8Array,
  keyPosition: number,
): void {
  const { type, keyDef } = index.definition;
  const partCount = arrayLength(key, keyPosition);
  const isWhole =
    partCount === 0 && (type === 'tree' || iterator === ITERATOR.ALL || (type === 'hash' && iterator === ITERATOR.GT));
  if (!isWhole && type !== 'rtree') {
    if (type !== 'tree' && partCount < keyDef.parts.length) {
      throw boxError('PARTIAL_KEY', type.toUpperCase(), keyDef.parts.length, partCount);
    }
    validatePartialKey(keyDef, key, keyPosition + containerHeaderSize(key, keyPosition), partCount);
  }
  if (index.supports(iterator, partCount)) return;
  if (type === 'rtree') checkBoxPartCount(index, partCount);
  throw unsupportedIterator(space, index);
}

/** The key of an RTREE is one array, a point or a box; its form is wrong before an iterator is. */
function checkBoxPartCount({ definition: { dimension } }: SpaceIndex, partCount: number): void {
  if (partCount === 1 || partCount === dimension || partCount === dimension * 2) return;
  throw boxError('KEY_PART_COUNT', dimension * 2, partCount);
}

export function unsupportedIterator(space: Space, index: SpaceIndex): Error {
  return boxError(
    'UNSUPPORTED_INDEX_FEATURE',
    index.definition.name,
    index.definition.type.toUpperCase(),
    space.name,
    space.definition.engine,
    'requested iterator type',
  );
}

/** Opens the selection; `skip` tuples are passed over. */
export function openSelection(
  space: Space,
  index: SpaceIndex,
  iterator: IteratorType,
  skip: number,
  key: Uint8Array,
  keyPosition: number,
): IndexCursor {
  checkSelection(space, index, iterator, key, keyPosition);
  const cursor = index.select(
    iterator,
    key,
    keyPosition + containerHeaderSize(key, keyPosition),
    arrayLength(key, keyPosition),
  );
  for (let left = skip; left > 0; left--) {
    if (cursor.next() === NO_ADDRESS) break;
  }
  return cursor;
}

/**
 * A cursor from the beginning of the selection that outlives changes of the index: it follows them, or (`isFrozen`) shows
 * the present state as long as a read view of this turn keeps it.
 */
export function openOwnCursor(
  space: Space,
  index: SpaceIndex,
  iterator: IteratorType,
  key: Uint8Array,
  keyPosition: number,
  isFrozen: boolean,
): IndexCursor {
  checkSelection(space, index, iterator, key, keyPosition);
  const parts = keyPosition + containerHeaderSize(key, keyPosition);
  const partCount = arrayLength(key, keyPosition);
  if (!isFrozen) return index.openCursor(iterator, key, parts, partCount);
  return defined(index.openFrozenCursor?.(iterator, key, parts, partCount), 'a frozen cursor of a TREE or HASH');
}

/** Throws unless the key is a whole one of a unique index; returns where its first part stands. */
export function exactKey({ definition }: SpaceIndex, key: Uint8Array, keyPosition: number): number {
  if (!definition.isUnique) throw boxError('MORE_THAN_ONE_TUPLE');
  const parts = keyPosition + containerHeaderSize(key, keyPosition);
  validateExactKey(definition.keyDef, key, parts, arrayLength(key, keyPosition));
  return parts;
}

/** The one tuple with the whole key of a unique index, as GET, UPDATE and DELETE need it. */
export function findExact(index: SpaceIndex, key: Uint8Array, keyPosition: number): Address {
  return index.find(key, exactKey(index, key, keyPosition), arrayLength(key, keyPosition));
}

/** Bytes of a result, valid until the turn ends. */
export function resultBytes(space: Space, tuple: Address): Uint8Array {
  const start = tuplePosition(tuple);
  return tupleSlab(space.arena, tuple).subarray(start, start + tupleSize(space.arena, tuple));
}
