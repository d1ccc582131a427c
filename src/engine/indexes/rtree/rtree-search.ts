/**
 * Searches of an rtree: a walk that skips pages which cannot hold a result, and for NEIGHBOR a queue of pages and tuples
 * by their distance. As in Tarantool, a search ends when the tree changes under it: boxes have no order in which it
 * could go on.
 */
import { type Address, NO_ADDRESS } from '../../arena/index.ts';
import { type IndexCursor, type IndexSnapshot, ITERATOR, type IteratorType } from '../contract.ts';
import { type Box, contains, containsStrictly, distanceFrom, equals, overlaps } from './boxes.ts';
import type { RTree } from './rtree.ts';
import type { RTreePages } from './rtree-pages.ts';

/** Whether a page within these bounds may hold what the iterator wants. */
function mayHold(iterator: IteratorType, boxes: Float64Array, at: number, key: Box): boolean {
  switch (iterator) {
    case ITERATOR.EQ:
    case ITERATOR.GE:
    case ITERATOR.GT:
      return contains(boxes, at, key, 0, key.length);
    case ITERATOR.LE:
    case ITERATOR.LT:
    case ITERATOR.OVERLAPS:
      return overlaps(boxes, at, key, 0, key.length);
    default:
      return true;
  }
}

/** Whether a box is what the iterator wants: GE and GT are those around the key, LE and LT those within it. */
function isWanted(iterator: IteratorType, boxes: Float64Array, at: number, key: Box): boolean {
  switch (iterator) {
    case ITERATOR.EQ:
      return equals(boxes, at, key, 0, key.length);
    case ITERATOR.GE:
      return contains(boxes, at, key, 0, key.length);
    case ITERATOR.GT:
      return containsStrictly(boxes, at, key, 0, key.length);
    case ITERATOR.LE:
      return contains(key, 0, boxes, at, key.length);
    case ITERATOR.LT:
      return containsStrictly(key, 0, boxes, at, key.length);
    case ITERATOR.OVERLAPS:
      return overlaps(boxes, at, key, 0, key.length);
    default:
      return true;
  }
}

export class BoxSearch implements IndexCursor {
  readonly #tree: RTree;
  readonly #walk: BoxWalk;
  readonly #version: number;

  constructor(tree: RTree, iterator: IteratorType, key: Box) {
    this.#tree = tree;
    this.#version = tree.version;
    this.#walk = new BoxWalk(tree.pages, tree.root, iterator, key);
  }

  next(): Address {
    return this.#tree.version === this.#version ? this.#walk.next() : NO_ADDRESS;
  }
}

/** Depth first over the pages below a root. */
class BoxWalk {
  readonly #pages: RTreePages;
  readonly #iterator: IteratorType;
  readonly #key: Box;
  readonly #path: Address[] = [];
  readonly #slots: number[] = [];

  constructor(pages: RTreePages, root: Address, iterator: IteratorType, key: Box) {
    this.#pages = pages;
    this.#iterator = iterator;
    this.#key = key;
    if (root !== NO_ADDRESS) this.#enter(root);
  }

  next(): Address {
    const pages = this.#pages;
    while (this.#path.length > 0) {
      const top = this.#path.length - 1;
      const page = this.#path[top]!;
      const slot = this.#slots[top]!;
      if (slot >= pages.count(page)) {
        this.#path.pop();
        this.#slots.pop();
        continue;
      }
      this.#slots[top] = slot + 1;
      const boxes = pages.boxes(page);
      const at = pages.boxAt(page, slot);
      if (pages.level(page) > 0) {
        if (mayHold(this.#iterator, boxes, at, this.#key)) this.#enter(pages.reference(page, slot));
      } else if (isWanted(this.#iterator, boxes, at, this.#key)) {
        return pages.reference(page, slot);
      }
    }
    return NO_ADDRESS;
  }

  #enter(page: Address): void {
    this.#path.push(page);
    this.#slots.push(0);
  }
}

/** All tuples of a tree by their distance from the lower corner of the key, the nearest first. */
export class NeighborSearch implements IndexCursor {
  readonly #tree: RTree;
  readonly #version: number;
  readonly #isManhattan: boolean;
  readonly #key: Box;
  // A binary heap by distance, then by arrival.
  readonly #distances: number[] = [];
  readonly #arrivals: number[] = [];
  readonly #references: Address[] = [];
  readonly #isTuple: boolean[] = [];
  #arrivalCount = 0;

  constructor(tree: RTree, isManhattan: boolean, key: Box) {
    this.#tree = tree;
    this.#version = tree.version;
    this.#isManhattan = isManhattan;
    this.#key = key;
    if (tree.root !== NO_ADDRESS) this.#push(0, tree.root, false);
  }

  next(): Address {
    if (this.#tree.version !== this.#version) return NO_ADDRESS;
    while (this.#references.length > 0) {
      const reference = this.#references[0]!;
      const isTuple = this.#isTuple[0]!;
      this.#pop();
      if (isTuple) return reference;
      this.#open(reference);
    }
    return NO_ADDRESS;
  }

  #open(page: Address): void {
    const { pages } = this.#tree;
    const boxes = pages.boxes(page);
    const count = pages.count(page);
    const isLeaf = pages.level(page) === 0;
    for (let slot = 0; slot < count; slot++) {
      const distance = distanceFrom(this.#isManhattan, boxes, pages.boxAt(page, slot), this.#key);
      this.#push(distance, pages.reference(page, slot), isLeaf);
    }
  }

  #push(distance: number, reference: Address, isTuple: boolean): void {
    let at = this.#references.length;
    this.#set(at, distance, this.#arrivalCount++, reference, isTuple);
    for (let parent = (at - 1) >> 1; at > 0 && this.#isBefore(at, parent); parent = (at - 1) >> 1) {
      this.#swap(at, parent);
      at = parent;
    }
  }

  #pop(): void {
    const last = this.#references.length - 1;
    this.#swap(0, last);
    this.#distances.pop();
    this.#arrivals.pop();
    this.#references.pop();
    this.#isTuple.pop();
    for (let at = 0; ;) {
      let least = at;
      for (let child = 2 * at + 1; child <= 2 * at + 2 && child < last; child++) {
        if (this.#isBefore(child, least)) least = child;
      }
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const difference = this.#distances[a]! - this.#distances[b]!;
    return difference < 0 || (difference === 0 && this.#arrivals[a]! < this.#arrivals[b]!);
  }

  #swap(a: number, b: number): void {
    const distance = this.#distances[a]!;
    const arrival = this.#arrivals[a]!;
    const reference = this.#references[a]!;
    const isTuple = this.#isTuple[a]!;
    this.#set(a, this.#distances[b]!, this.#arrivals[b]!, this.#references[b]!, this.#isTuple[b]!);
    this.#set(b, distance, arrival, reference, isTuple);
  }

  #set(at: number, distance: number, arrival: number, reference: Address, isTuple: boolean): void {
    this.#distances[at] = distance;
    this.#arrivals[at] = arrival;
    this.#references[at] = reference;
    this.#isTuple[at] = isTuple;
  }
}

/** All tuples below the root of a moment. */
export class BoxSnapshot implements IndexSnapshot {
  readonly size: number;
  readonly #walk: BoxWalk;

  constructor(tree: RTree) {
    this.size = tree.size;
    this.#walk = new BoxWalk(tree.pages, tree.root, ITERATOR.ALL, new Float64Array(0));
  }

  next(): Address {
    return this.#walk.next();
  }
}
