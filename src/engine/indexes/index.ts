/** The kinds of index behind one contract. */
import type { Arena, ReadViews } from '../arena/index.ts';
import { isMultikeyKeyDef } from '../../tuple/index.ts';
import { unreachable } from '../../base/index.ts';
import { BitsetIndex } from './bitset/bitset-index.ts';
import type { IndexDefinition, SpaceIndex } from './contract.ts';
import { HashIndex } from './hash/hash-index.ts';
import { KeyRecordsIndex } from './key-records/key-records-index.ts';
import type { KeyFunction } from './key-records/key-source.ts';
import { RTreeIndex } from './rtree/rtree-index.ts';
import { TreeIndex } from './tree/tree-index.ts';

export * from './contract.ts';
export { functionalKeyFault, functionalOrderKeyDef, type KeyFunction } from './key-records/key-source.ts';
export { validateSelectKey } from './key-validation.ts';

/**
 * An empty index. `keyFunction` is that of a functional index, else null; the definition of a functional index has the
 * `orderKeyDef` that `functionalOrderKeyDef` gives.
 */
export function createIndex(
  arena: Arena,
  views: ReadViews,
  definition: IndexDefinition,
  keyFunction: KeyFunction | null,
): SpaceIndex {
  switch (definition.type) {
    case 'tree':
      return keyFunction !== null || isMultikeyKeyDef(definition.keyDef)
        ? new KeyRecordsIndex(arena, views, definition, keyFunction)
        : new TreeIndex(arena, views, definition);
    case 'hash':
      return new HashIndex(arena, views, definition);
    case 'bitset':
      return new BitsetIndex(arena, views, definition);
    case 'rtree':
      return new RTreeIndex(arena, views, definition);
    default:
      return unreachable(definition.type);
  }
}
