/**
 * RTREE: tuples by a point or box in a field, not unique. Iterators: EQ the same box, GE and GT boxes around the key
 * (GT: with no side in common), LE and LT boxes within it, OVERLAPS boxes that touch it, NEIGHBOR all by their distance
 * from the key's lower corner, ALL.
 */
import { defined } from '../../../base/index.ts';
import { type KeyPart, partPosition } from '../../../tuple/index.ts';
import { type Address, type Arena, NO_ADDRESS, type ReadViews, tuplePosition, tupleSlab } from '../../arena/index.ts';
import {
  type DuplicateMode,
  type IndexCursor,
  type IndexDefinition,
  type IndexSnapshot,
  ITERATOR,
  type IteratorType,
  type SpaceIndex,
} from '../contract.ts';
import { type Box, readFieldBox, readKeyBox, validateBoxKey } from './boxes.ts';
import { RTreePages } from './rtree-pages.ts';
import { BoxSearch, BoxSnapshot, NeighborSearch } from './rtree-search.ts';
import { RTree } from './rtree.ts';

export class RTreeIndex implements SpaceIndex {
  readonly definition: IndexDefinition;
  readonly isOrdered = false;
  readonly #arena: Arena;
  readonly #part: KeyPart;
  readonly #pages: RTreePages;
  readonly #tree: RTree;
  readonly #newBox: Box;
  readonly #oldBox: Box;
  readonly #releasing: Address[] = [];

  constructor(arena: Arena, views: ReadViews, definition: IndexDefinition) {
    this.definition = definition;
    this.#arena = arena;
    this.#part = defined(definition.keyDef.parts[0], 'part of an rtree index');
    this.#pages = new RTreePages(arena, definition.dimension);
    this.#tree = new RTree(this.#pages, views);
    this.#newBox = new Float64Array(this.#pages.boxLength);
    this.#oldBox = new Float64Array(this.#pages.boxLength);
  }

  get size(): number {
    return this.#tree.size;
  }

  get byteSize(): number {
    return this.#tree.pageTotal * this.#pages.pageBytes;
  }

  reserve(beyondQuota: boolean): boolean {
    return this.#tree.reserve(beyondQuota);
  }

  /**
   * No two entries of this kind of index are equal, so the mode has no say. Throws RTREE_RECT (101) or FIELD_TYPE (23)
   * for a new tuple without a box; nothing has changed then.
   */
  replace(oldTuple: Address, newTuple: Address, _mode: DuplicateMode): Address {
    if (newTuple !== NO_ADDRESS) {
      this.#readBox(newTuple, this.#newBox);
      this.#tree.insert(this.#newBox, newTuple);
    }
    if (oldTuple === NO_ADDRESS) return NO_ADDRESS;
    this.#readBox(oldTuple, this.#oldBox);
    return this.#tree.remove(this.#oldBox, oldTuple) ? oldTuple : NO_ADDRESS;
  }

  /** The index is not unique. */
  find(): Address {
    return NO_ADDRESS;
  }

  supports(iterator: IteratorType): boolean {
    switch (iterator) {
      case ITERATOR.EQ:
      case ITERATOR.ALL:
      case ITERATOR.LT:
      case ITERATOR.LE:
      case ITERATOR.GE:
      case ITERATOR.GT:
      case ITERATOR.OVERLAPS:
      case ITERATOR.NEIGHBOR:
        return true;
      default:
        return false;
    }
  }

  /** Checks the key, whose form is not that of parts; throws what `validateBoxKey` throws. */
  select(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): IndexCursor {
    const { dimension } = this.definition;
    const box = new Float64Array(this.#pages.boxLength);
    if (partCount > 0 || iterator !== ITERATOR.ALL) {
      validateBoxKey(dimension, key, keyPosition, partCount);
      readKeyBox(dimension, key, keyPosition, partCount, box);
    }
    if (iterator !== ITERATOR.NEIGHBOR) return new BoxSearch(this.#tree, iterator, box);
    return new NeighborSearch(this.#tree, this.definition.distance === 'manhattan', box);
  }

  /** Ends at the first change of the index, as Tarantool's does. */
  openCursor(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): IndexCursor {
    return this.select(iterator, key, keyPosition, partCount);
  }

  random(seed: number): Address {
    let page = this.#tree.root;
    if (page === NO_ADDRESS) return NO_ADDRESS;
    let rest = Math.imul(seed, 0x9e3779b1) >>> 0;
    for (;;) {
      const count = this.#pages.count(page);
      const reference = this.#pages.reference(page, rest % count);
      if (this.#pages.level(page) === 0) return reference;
      page = reference;
      rest = Math.floor(rest / count);
    }
  }

  count(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): number {
    if (iterator === ITERATOR.ALL && partCount === 0) return this.#tree.size;
    const cursor = this.select(iterator, key, keyPosition, partCount);
    let count = 0;
    while (cursor.next() !== NO_ADDRESS) count++;
    return count;
  }

  freeze(): IndexSnapshot {
    return new BoxSnapshot(this.#tree);
  }

  dismantle(count: number): boolean {
    if (this.#releasing.length === 0) {
      const root = this.#tree.detach();
      this.#tree.releaseReserve();
      if (root !== NO_ADDRESS) this.#releasing.push(root);
    }
    for (let left = count; left > 0; left--) {
      const page = this.#releasing.pop();
      if (page === undefined) return false;
      if (this.#pages.level(page) > 0) {
        const children = this.#pages.count(page);
        for (let slot = 0; slot < children; slot++) this.#releasing.push(this.#pages.reference(page, slot));
      }
      this.#tree.retirePage(page);
    }
    return this.#releasing.length > 0;
  }

  #readBox(tuple: Address, box: Box): void {
    const bytes = tupleSlab(this.#arena, tuple);
    const position = partPosition(bytes, tuplePosition(tuple), this.#part, 0);
    readFieldBox(this.definition.dimension, bytes, position, box);
  }
}
