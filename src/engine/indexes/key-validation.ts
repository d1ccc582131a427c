/**
 * Checks of a selection's key, which differ by kind of index: a tree takes partial keys, the others only whole ones, and
 * an rtree's key has a form of its own. The rules and their order are Tarantool 2.6.0's.
 */
import { boxError } from '../../base/index.ts';
import { validatePartialKey } from '../../tuple/index.ts';
import { type IndexDefinition, ITERATOR, type IteratorType } from './contract.ts';
import { validateBoxKey } from './rtree/boxes.ts';

/** Type names as errors spell them. */
const TYPE_NAME = { tree: 'TREE', hash: 'HASH', rtree: 'RTREE', bitset: 'BITSET' } as const;

/**
 * Checks the key of a selection; `keyPosition` is that of its first part. Throws KEY_PART_COUNT (31), PARTIAL_KEY (136),
 * KEY_PART_TYPE (18), RTREE_RECT (101) or FIELD_TYPE (23). Whether the index serves the iterator at all is asked afterwards.
 */
export function validateSelectKey(
  definition: IndexDefinition,
  iterator: IteratorType,
  key: Uint8Array,
  keyPosition: number,
  partCount: number,
): void {
  const { type, keyDef } = definition;
  if (partCount === 0) {
    if (type === 'tree' || iterator === ITERATOR.ALL || (type === 'hash' && iterator === ITERATOR.GT)) return;
  }
  if (type === 'rtree') {
    validateBoxKey(definition.dimension, key, keyPosition, partCount);
    return;
  }
  const partTotal = keyDef.parts.length;
  if (partCount > partTotal) throw boxError('KEY_PART_COUNT', partTotal, partCount);
  if (type !== 'tree' && partCount < partTotal) throw boxError('PARTIAL_KEY', TYPE_NAME[type], partTotal, partCount);
  validatePartialKey(keyDef, key, keyPosition, partCount);
}
