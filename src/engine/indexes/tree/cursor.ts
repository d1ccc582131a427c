/**
 * A place in a tree, moved in both directions.
 * Invariant: the path is true as long as the tree's `version` is the one seen by the last seek; the owner must seek
 * again after a change (`isStale`). A cursor over the root of a read view never becomes stale.
 */
import { type Address, type Arena, NO_ADDRESS } from '../../arena/index.ts';
import { childOf, hintOf, pageCount, tupleOf } from './pages.ts';
import type { Tree } from './tree.ts';

const DEPTH_MAX = 12;

export class TreeCursor {
  readonly #tree: Tree;
  readonly #arena: Arena;
  readonly #pathPage = new Uint32Array(DEPTH_MAX);
  readonly #pathSlot = new Int32Array(DEPTH_MAX);
  #root: Address = NO_ADDRESS;
  #height = 0;
  #version = -1;

  constructor(tree: Tree) {
    this.#tree = tree;
    this.#arena = tree.arena;
  }

  get isStale(): boolean {
    return this.#version !== this.#tree.version;
  }

  /** Puts the cursor before the first entry. */
  seekFirst(): void {
    this.#attach();
    let page = this.#root;
    for (let level = this.#height - 1; level >= 0; level--) {
      this.#pathPage[level] = page;
      this.#pathSlot[level] = 0;
      if (level > 0) page = childOf(this.#arena, page, 0);
    }
  }

  /** Puts the cursor behind the last entry. */
  seekLast(): void {
    this.#attach();
    let page = this.#root;
    for (let level = this.#height - 1; level >= 0; level--) {
      const count = pageCount(this.#arena, page);
      this.#pathPage[level] = page;
      this.#pathSlot[level] = level > 0 ? count - 1 : count;
      if (level > 0) page = childOf(this.#arena, page, count - 1);
    }
  }

  /** Puts the cursor before the first entry that is not below the key, or (`after`) that is above it. */
  seekKey(key: Uint8Array, keyPosition: number, partCount: number, after: boolean): void {
    this.#attach();
    if (this.#height > 0) this.#tree.seekKey(key, keyPosition, partCount, after, this.#pathPage, this.#pathSlot);
  }

  /** The same for a whole tuple, so that a stale cursor can go on where it was. */
  seekTuple(tuple: Uint8Array, position: number, after: boolean): void {
    this.#attach();
    if (this.#height > 0) this.#tree.seekTuple(tuple, position, after, this.#pathPage, this.#pathSlot);
  }

  /** Moves over the next entry and returns it, NO_ADDRESS at the end. */
  next(): Address {
    if (this.#height === 0) return NO_ADDRESS;
    const page = this.#pathPage[0]!;
    const slot = this.#pathSlot[0]!;
    if (slot < pageCount(this.#arena, page)) {
      this.#pathSlot[0] = slot + 1;
      return tupleOf(this.#arena, page, slot, 0);
    }
    return this.#toNextLeaf() ? this.next() : NO_ADDRESS;
  }

  /** Moves over the entry before the cursor and returns it, NO_ADDRESS at the beginning. */
  previous(): Address {
    if (this.#height === 0) return NO_ADDRESS;
    const slot = this.#pathSlot[0]! - 1;
    if (slot >= 0) {
      this.#pathSlot[0] = slot;
      return tupleOf(this.#arena, this.#pathPage[0]!, slot, 0);
    }
    return this.#toPreviousLeaf() ? this.previous() : NO_ADDRESS;
  }

  /** Hint of the entry that `next` (or, with `isBackward`, `previous`) has just returned. */
  hintOfLast(isBackward: boolean): number {
    return hintOf(this.#arena, this.#pathPage[0]!, isBackward ? this.#pathSlot[0]! : this.#pathSlot[0]! - 1);
  }

  #attach(): void {
    this.#root = this.#tree.root;
    this.#height = this.#tree.height;
    this.#version = this.#tree.version;
  }

  #toNextLeaf(): boolean {
    for (let level = 1; level < this.#height; level++) {
      const slot = this.#pathSlot[level]! + 1;
      if (slot >= pageCount(this.#arena, this.#pathPage[level]!)) continue;
      this.#pathSlot[level] = slot;
      for (let at = level; at > 0; at--) {
        this.#pathPage[at - 1] = childOf(this.#arena, this.#pathPage[at]!, this.#pathSlot[at]!);
        this.#pathSlot[at - 1] = 0;
      }
      return true;
    }
    return false;
  }

  #toPreviousLeaf(): boolean {
    for (let level = 1; level < this.#height; level++) {
      const slot = this.#pathSlot[level]! - 1;
      if (slot < 0) continue;
      this.#pathSlot[level] = slot;
      for (let at = level; at > 0; at--) {
        const page = childOf(this.#arena, this.#pathPage[at]!, this.#pathSlot[at]!);
        const count = pageCount(this.#arena, page);
        this.#pathPage[at - 1] = page;
        this.#pathSlot[at - 1] = at - 1 > 0 ? count - 1 : count;
      }
      return true;
    }
    return false;
  }
}

/** Walks the entries below a root in order; for the roots that read views keep. */
export class TreeWalk {
  readonly #arena: Arena;
  readonly #pages: Address[] = [];
  readonly #slots: number[] = [];

  constructor(arena: Arena, root: Address, height: number) {
    this.#arena = arena;
    if (root !== NO_ADDRESS) this.#descend(root, height - 1);
  }

  next(): Address {
    for (;;) {
      const top = this.#pages.length - 1;
      if (top < 0) return NO_ADDRESS;
      const page = this.#pages[top]!;
      const slot = this.#slots[top]!;
      if (slot < pageCount(this.#arena, page)) {
        this.#slots[top] = slot + 1;
        return tupleOf(this.#arena, page, slot, 0);
      }
      this.#pages.pop();
      this.#slots.pop();
      this.#ascend();
    }
  }

  #ascend(): void {
    let level = 1;
    while (this.#pages.length > 0) {
      const top = this.#pages.length - 1;
      const slot = this.#slots[top]! + 1;
      if (slot < pageCount(this.#arena, this.#pages[top]!)) {
        this.#slots[top] = slot;
        this.#descend(childOf(this.#arena, this.#pages[top]!, slot), level - 1);
        return;
      }
      this.#pages.pop();
      this.#slots.pop();
      level++;
    }
  }

  #descend(page: Address, level: number): void {
    let at = page;
    for (let left = level; left > 0; left--) {
      this.#pages.push(at);
      this.#slots.push(0);
      at = childOf(this.#arena, at, 0);
    }
    this.#pages.push(at);
    this.#slots.push(0);
  }
}
