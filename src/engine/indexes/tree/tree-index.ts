/**
 * TREE: tuples in the order of the index's key, made total by the primary key's parts where it has to be.
 * `select`, `find` and `replace` allocate nothing on JavaScript's heap.
 * Invariants: (1) a tuple stands in the tree once; (2) a forbidden `replace` leaves the tree as it was.
 */
import { compileComparator, isNullableKeyDef } from '../../../tuple/index.ts';
import { type Address, type Arena, NO_ADDRESS, type ReadViews } from '../../arena/index.ts';
import {
  DUPLICATE,
  type DuplicateMode,
  type IndexCursor,
  type IndexDefinition,
  type IndexSnapshot,
  type IteratorType,
  type SpaceIndex,
} from '../contract.ts';
import { keyEnd } from '../key-end.ts';
import { TreeWalk } from './cursor.ts';
import { PageRelease } from './page-release.ts';
import { childOf, PAGE_BYTES, pageCount, tupleOf } from './pages.ts';
import { countRange, frozenRange, isTreeIterator, LastingTreeRange, TreeRange } from './tree-range.ts';
import { Tree } from './tree.ts';

export class TreeIndex implements SpaceIndex {
  readonly definition: IndexDefinition;
  readonly isOrdered = true;
  readonly #tree: Tree;
  readonly #selection: TreeRange;
  readonly #release: PageRelease;

  constructor(arena: Arena, views: ReadViews, definition: IndexDefinition) {
    this.definition = definition;
    this.#tree = new Tree(arena, views, compileComparator(definition.orderKeyDef));
    this.#selection = new TreeRange(this.#tree, singlePartCount(definition));
    this.#release = new PageRelease(this.#tree);
  }

  get size(): number {
    return this.#tree.size;
  }

  get byteSize(): number {
    return this.#tree.pageTotal * PAGE_BYTES;
  }

  reserve(beyondQuota: boolean): boolean {
    return this.#tree.reserve(beyondQuota);
  }

  replace(oldTuple: Address, newTuple: Address, mode: DuplicateMode): Address {
    const tree = this.#tree;
    if (newTuple === NO_ADDRESS) return oldTuple === NO_ADDRESS ? NO_ADDRESS : tree.remove(oldTuple);
    const equal = tree.insert(newTuple);
    if (equal === NO_ADDRESS) {
      if (mode === 'replace') {
        tree.remove(newTuple);
        return DUPLICATE;
      }
      return oldTuple === NO_ADDRESS ? NO_ADDRESS : tree.remove(oldTuple);
    }
    if (equal !== oldTuple && (oldTuple !== NO_ADDRESS || mode === 'insert')) {
      tree.insert(equal);
      return DUPLICATE;
    }
    return equal;
  }

  find(key: Uint8Array, keyPosition: number, partCount: number): Address {
    return this.#tree.find(key, keyPosition, partCount);
  }

  load(tuples: Uint32Array, count: number, areInKeyOrder: boolean): boolean {
    const { keyDef, orderKeyDef, isUnique } = this.definition;
    // A single part, extended by the primary key: tuples that come in the order of that key are sorted by hints alone.
    const isPrimaryOrder = areInKeyOrder && !isUnique && keyDef.parts.length === 1 && orderKeyDef.parts.length > 1;
    return this.#tree.load(tuples, count, isPrimaryOrder);
  }

  expectKey(key: Uint8Array, keyPosition: number, partCount: number): void {
    this.#tree.expectKey(key, keyPosition, partCount);
  }

  expectTuple(tuple: Uint8Array, position: number): void {
    this.#tree.expectTuple(tuple, position);
  }

  fetchExpected(): void {
    this.#tree.fetchExpected();
  }

  supports(iterator: IteratorType): boolean {
    return isTreeIterator(iterator);
  }

  select(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): IndexCursor {
    this.#selection.start(iterator, key, keyPosition, partCount);
    return this.#selection;
  }

  openCursor(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): IndexCursor {
    const end = keyEnd(key, keyPosition, partCount);
    return new LastingTreeRange(this.#tree, iterator, key, keyPosition, end, partCount);
  }

  openFrozenCursor(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): IndexCursor {
    return frozenRange(this.#tree, iterator, key.slice(keyPosition, keyEnd(key, keyPosition, partCount)), partCount);
  }

  random(seed: number): Address {
    return randomEntry(this.#tree, seed);
  }

  count(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): number {
    return countRange(this.#tree, iterator, key, keyPosition, partCount);
  }

  freeze(): IndexSnapshot {
    return new TreeSnapshot(this.#tree);
  }

  dismantle(count: number): boolean {
    if (!this.#release.isPending) this.#release.detach();
    return this.#release.slice(count);
  }
}

/** Parts of a key that has one tuple at most, -1 if no key is so. Nil keys of a unique index may have many. */
export function singlePartCount(definition: IndexDefinition): number {
  return definition.isUnique && !isNullableKeyDef(definition.keyDef) ? definition.keyDef.parts.length : -1;
}

/** An entry that depends on the seed: at each level it chooses the child. NO_ADDRESS if the tree is empty. */
export function randomEntry(tree: Tree, seed: number): Address {
  let page = tree.root;
  if (page === NO_ADDRESS) return NO_ADDRESS;
  let rest = Math.imul(seed, 0x9e3779b1) >>> 0;
  for (let level = tree.height - 1; level > 0; level--) {
    const count = pageCount(tree.arena, page);
    page = childOf(tree.arena, page, rest % count);
    rest = Math.imul(Math.floor(rest / count) ^ (rest << 16), 0x85ebca6b) >>> 0;
  }
  return tupleOf(tree.arena, page, rest % pageCount(tree.arena, page), 0);
}

class TreeSnapshot implements IndexSnapshot {
  readonly size: number;
  readonly #walk: TreeWalk;

  constructor(tree: Tree) {
    this.size = tree.size;
    this.#walk = new TreeWalk(tree.arena, tree.root, tree.height);
  }

  next(): Address {
    return this.#walk.next();
  }
}
