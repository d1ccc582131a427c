/**
 * The meaning of the iterators over a tree: which entries, from which end. An empty key matches everything.
 * `TreeRange` serves the selections of one turn and allocates nothing; `LastingTreeRange` outlives changes of the tree:
 * it remembers the last entry it gave, by value, and goes on behind it.
 */
import { unreachable } from '../../../base/index.ts';
import {
  type Address,
  type Arena,
  NO_ADDRESS,
  tuplePosition,
  tupleSize,
  tupleSlab,
  tupleView,
} from '../../arena/index.ts';
import { ITERATOR, type IteratorType } from '../contract.ts';
import { TreeCursor } from './cursor.ts';
import { childOf, pageCount } from './pages.ts';
import type { Tree } from './tree.ts';
import type { KeyOrder } from './tree-search.ts';

const MODE = { ended: 0, single: 1, forward: 2, backward: 3, forwardEqual: 4, backwardEqual: 5 } as const;
type Mode = (typeof MODE)[keyof typeof MODE];

const NO_BYTES = new Uint8Array(0);

/** Whether a tree serves the iterator, with keys of any length. */
export function isTreeIterator(iterator: IteratorType): boolean {
  return iterator <= ITERATOR.GT;
}

export class TreeRange {
  readonly #tree: Tree;
  readonly #arena: Arena;
  readonly #order: KeyOrder;
  readonly #cursor: TreeCursor;
  /** A key of that many parts has one entry at most; -1 if that is not known of any. */
  readonly #singlePartCount: number;
  #mode: Mode = MODE.ended;
  #found: Address = NO_ADDRESS;
  #key: Uint8Array = NO_BYTES;
  #keyPosition = 0;
  #partCount = 0;
  #isKeyHintExact = false;
  #keyHint = 0;

  constructor(tree: Tree, singlePartCount: number) {
    this.#tree = tree;
    this.#arena = tree.arena;
    this.#order = tree.order;
    this.#cursor = new TreeCursor(tree);
    this.#singlePartCount = singlePartCount;
  }

  /** Places the range before its first entry. The key is not copied. */
  start(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): void {
    if (partCount === 0) {
      this.#startWhole(iterator);
      return;
    }
    if (partCount === this.#singlePartCount && (iterator === ITERATOR.EQ || iterator === ITERATOR.REQ)) {
      this.#found = this.#tree.find(key, keyPosition, partCount);
      this.#mode = MODE.single;
      return;
    }
    this.#key = key;
    this.#keyPosition = keyPosition;
    this.#partCount = partCount;
    this.#mode = modeOf(iterator);
    this.#cursor.seekKey(key, keyPosition, partCount, startsAfter(iterator));
    this.#isKeyHintExact = this.#tree.isKeyHintExact;
    this.#keyHint = this.#tree.lastHint;
  }

  /** The next entry, NO_ADDRESS at the end and from then on. */
  next(): Address {
    switch (this.#mode) {
      case MODE.single:
        this.#mode = MODE.ended;
        return this.#found;
      case MODE.forward:
        return this.#cursor.next();
      case MODE.backward:
        return this.#cursor.previous();
      case MODE.forwardEqual:
        return this.#whileEqual(this.#cursor.next(), false);
      case MODE.backwardEqual:
        return this.#whileEqual(this.#cursor.previous(), true);
      case MODE.ended:
        return NO_ADDRESS;
      default:
        return unreachable(this.#mode);
    }
  }

  get isStale(): boolean {
    return this.#cursor.isStale;
  }

  /** Goes on behind the entry of these bytes, whether or not it is still there. */
  resume(entry: Uint8Array): void {
    const isForward = this.#mode === MODE.forward || this.#mode === MODE.forwardEqual;
    this.#cursor.seekTuple(entry, 0, isForward);
  }

  #startWhole(iterator: IteratorType): void {
    if (isBackward(iterator)) {
      this.#mode = MODE.backward;
      this.#cursor.seekLast();
    } else {
      this.#mode = MODE.forward;
      this.#cursor.seekFirst();
    }
  }

  /** Where hints say enough, the tuple is not touched: it is mostly not in the cache. */
  #whileEqual(entry: Address, isBackward: boolean): Address {
    if (entry !== NO_ADDRESS) {
      const isEqual = this.#isKeyHintExact
        ? this.#cursor.hintOfLast(isBackward) === this.#keyHint
        : this.#order.compareTupleWithKey(
            tupleSlab(this.#arena, entry),
            tuplePosition(entry),
            this.#key,
            this.#keyPosition,
            this.#partCount,
          ) === 0;
      if (isEqual) return entry;
    }
    this.#mode = MODE.ended;
    return NO_ADDRESS;
  }
}

/**
 * A range over the tree as it is now. Its path stays true without looking at the tree again while a read view keeps the
 * pages. The key is used until the end.
 */
export function frozenRange(tree: Tree, iterator: IteratorType, key: Uint8Array, partCount: number): TreeRange {
  const range = new TreeRange(tree, -1);
  range.start(iterator, key, 0, partCount);
  return range;
}

function isBackward(iterator: IteratorType): boolean {
  return iterator === ITERATOR.REQ || iterator === ITERATOR.LT || iterator === ITERATOR.LE;
}

function startsAfter(iterator: IteratorType): boolean {
  return iterator === ITERATOR.GT || iterator === ITERATOR.LE || iterator === ITERATOR.REQ;
}

function modeOf(iterator: IteratorType): Mode {
  if (iterator === ITERATOR.EQ) return MODE.forwardEqual;
  if (iterator === ITERATOR.REQ) return MODE.backwardEqual;
  return isBackward(iterator) ? MODE.backward : MODE.forward;
}

export class LastingTreeRange {
  readonly #arena: Arena;
  readonly #range: TreeRange;
  readonly #iterator: IteratorType;
  readonly #key: Uint8Array;
  readonly #partCount: number;
  #last: Uint8Array = NO_BYTES;
  #lastSize = -1;
  #hasEnded = false;

  /** Copies the key, of which `keyEnd` is the end. */
  constructor(tree: Tree, iterator: IteratorType, key: Uint8Array, keyPosition: number, keyEnd: number, parts: number) {
    this.#arena = tree.arena;
    this.#range = new TreeRange(tree, -1);
    this.#iterator = iterator;
    this.#key = key.slice(keyPosition, keyEnd);
    this.#partCount = parts;
    this.#range.start(iterator, this.#key, 0, parts);
  }

  /** The next entry, NO_ADDRESS at the end and from then on. */
  next(): Address {
    if (this.#hasEnded) return NO_ADDRESS;
    if (this.#range.isStale) {
      if (this.#lastSize < 0) this.#range.start(this.#iterator, this.#key, 0, this.#partCount);
      else this.#range.resume(this.#last);
    }
    const entry = this.#range.next();
    if (entry === NO_ADDRESS) {
      this.#hasEnded = true;
      this.#last = NO_BYTES;
    } else {
      this.#remember(entry);
    }
    return entry;
  }

  #remember(entry: Address): void {
    const size = tupleSize(this.#arena, entry);
    if (size > this.#last.length) this.#last = new Uint8Array(Math.max(64, 2 * size));
    this.#last.set(tupleView(this.#arena, entry));
    this.#lastSize = size;
  }
}

const DEPTH_MAX = 12;
const fromPage = new Uint32Array(DEPTH_MAX);
const fromSlot = new Int32Array(DEPTH_MAX);
const toPage = new Uint32Array(DEPTH_MAX);
const toSlot = new Int32Array(DEPTH_MAX);

/** Entries that the iterator gives; looks at pages, not at entries. */
export function countRange(
  tree: Tree,
  iterator: IteratorType,
  key: Uint8Array,
  keyPosition: number,
  partCount: number,
): number {
  if (partCount === 0 || tree.height === 0) return tree.size;
  const isEqual = iterator === ITERATOR.EQ || iterator === ITERATOR.REQ;
  const isBelow = iterator === ITERATOR.LT || iterator === ITERATOR.LE;
  if (isBelow) edgePath(tree, false, fromPage, fromSlot);
  else tree.seekKey(key, keyPosition, partCount, iterator === ITERATOR.GT, fromPage, fromSlot);
  if (isEqual || isBelow) tree.seekKey(key, keyPosition, partCount, iterator !== ITERATOR.LT, toPage, toSlot);
  else edgePath(tree, true, toPage, toSlot);
  return entriesBetween(tree);
}

function edgePath(tree: Tree, isEnd: boolean, pages: Uint32Array, slots: Int32Array): void {
  let page = tree.root;
  for (let level = tree.height - 1; level >= 0; level--) {
    const count = pageCount(tree.arena, page);
    const slot = isEnd ? count - (level > 0 ? 1 : 0) : 0;
    pages[level] = page;
    slots[level] = slot;
    if (level > 0) page = childOf(tree.arena, page, slot);
  }
}

/** Entries from the path `from` up to the path `to`: whole subtrees between the two, and parts of their leaves. */
function entriesBetween(tree: Tree): number {
  const { arena, height } = tree;
  let top = height - 1;
  while (top > 0 && fromSlot[top] === toSlot[top]) top--;
  if (top === 0) return toSlot[0]! - fromSlot[0]!;
  let count = toSlot[0]! + pageCount(arena, fromPage[0]!) - fromSlot[0]!;
  for (let level = 1; level <= top; level++) {
    const fromEnd = level === top ? toSlot[top]! : pageCount(arena, fromPage[level]!);
    for (let slot = fromSlot[level]! + 1; slot < fromEnd; slot++) {
      count += entriesBelow(arena, childOf(arena, fromPage[level]!, slot), level - 1);
    }
    if (level === top) break;
    for (let slot = 0; slot < toSlot[level]!; slot++) {
      count += entriesBelow(arena, childOf(arena, toPage[level]!, slot), level - 1);
    }
  }
  return count;
}

function entriesBelow(arena: Arena, page: Address, level: number): number {
  const children = pageCount(arena, page);
  if (level === 0) return children;
  let count = 0;
  for (let slot = 0; slot < children; slot++) count += entriesBelow(arena, childOf(arena, page, slot), level - 1);
  return count;
}
