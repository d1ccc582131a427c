import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../base/index.ts';
import {
  Arena,
  NO_ADDRESS,
  ReadViews,
  SLAB_MASK,
  SLAB_SHIFT,
  TUPLE_HEADER_BYTES,
  tuplePosition,
  tupleSlab,
} from '../../arena/index.ts';
import { TreeCursor, TreeWalk } from './cursor.ts';
import { childOf, hintOf, pageCount, pageLevel, tupleOf } from './pages.ts';
import { Tree } from './tree.ts';
import type { KeyOrder } from './tree-search.ts';

/** Keys are 4 big-endian bytes; the hint keeps the upper bytes only, so that full comparisons happen all the time. */
function keyAt(bytes: Uint8Array, position: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + position, 4).getUint32(0);
}
const coarse: KeyOrder = {
  compareTuples: (a, aPosition, b, bPosition) => keyAt(a, aPosition) - keyAt(b, bPosition),
  compareTupleWithKey: (a, aPosition, b, bPosition, parts) =>
    parts === 0 ? 0 : keyAt(a, aPosition) - keyAt(b, bPosition),
  tupleHint: (bytes, position) => keyAt(bytes, position) >>> 4,
  keyHint: (bytes, position) => keyAt(bytes, position) >>> 4,
  exactHintMax: -1,
  firstPartExactMax: -1,
};
const exact: KeyOrder = {
  ...coarse,
  tupleHint: keyAt,
  keyHint: keyAt,
  exactHintMax: 2 ** 53,
  firstPartExactMax: 2 ** 53,
};

function keyBytes(key: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, key);
  return bytes;
}

class Fixture {
  readonly arena = new Arena(256 * 1024 * 1024);
  readonly views = new ReadViews(this.arena);
  readonly tree: Tree;
  constructor(order: KeyOrder) {
    this.tree = new Tree(this.arena, this.views, order);
  }
  tuple(key: number): number {
    const address = this.arena.allocate(TUPLE_HEADER_BYTES + 4);
    const word = (address & SLAB_MASK) * 2;
    this.arena.words[address >>> SLAB_SHIFT]![word] = 4;
    this.arena.words[address >>> SLAB_SHIFT]![word + 1] = this.views.currentEpoch;
    tupleSlab(this.arena, address).set(keyBytes(key), tuplePosition(address));
    return address;
  }
  key(address: number): number {
    return keyAt(tupleSlab(this.arena, address), tuplePosition(address));
  }
  insert(key: number): void {
    expect(this.tree.reserve()).toBe(true);
    const old = this.tree.insert(this.tuple(key));
    if (old !== NO_ADDRESS) this.views.retireTuple(old);
  }
  remove(key: number): boolean {
    expect(this.tree.reserve()).toBe(true);
    const probe = this.tuple(key);
    const old = this.tree.remove(probe);
    this.arena.free(probe);
    if (old !== NO_ADDRESS) this.views.retireTuple(old);
    return old !== NO_ADDRESS;
  }
  keys(): number[] {
    const cursor = new TreeCursor(this.tree);
    cursor.seekFirst();
    const keys: number[] = [];
    for (let tuple = cursor.next(); tuple !== NO_ADDRESS; tuple = cursor.next()) keys.push(this.key(tuple));
    return keys;
  }
  /** Depth, order and separators of every page. */
  checkStructure(): void {
    const visit = (page: number, level: number): number => {
      expect(pageLevel(this.arena, page)).toBe(level);
      const count = pageCount(this.arena, page);
      expect(count).toBeGreaterThan(0);
      if (level === 0) return tupleOf(this.arena, page, 0, 0);
      let first = NO_ADDRESS;
      for (let slot = 0; slot < count; slot++) {
        const lowest = visit(childOf(this.arena, page, slot), level - 1);
        if (slot === 0) first = lowest;
        else {
          expect(tupleOf(this.arena, page, slot, level)).toBe(lowest);
          expect(hintOf(this.arena, page, slot)).toBe(
            this.tree.order.tupleHint(tupleSlab(this.arena, lowest), tuplePosition(lowest)),
          );
        }
      }
      return first;
    };
    if (this.tree.root !== NO_ADDRESS) visit(this.tree.root, this.tree.height - 1);
  }
}

describe.each([
  ['coarse hints', coarse],
  ['exact hints', exact],
])('tree with %s', (_name, order) => {
  it('equals a sorted set over random changes', () => {
    const random = new SeededRandom(11);
    for (const [range, steps] of [
      [300, 4000],
      [60_000, 60_000],
    ] as const) {
      const fixture = new Fixture(order);
      const model = new Set<number>();
      for (let step = 0; step < steps; step++) {
        const key = random.below(range);
        const growing = step % 20_000 < 12_000;
        if (random.chance(growing ? 0.7 : 0.25)) {
          fixture.insert(key);
          model.add(key);
        } else {
          expect(fixture.remove(key)).toBe(model.delete(key));
        }
      }
      fixture.checkStructure();
      expect(fixture.keys()).toEqual([...model].sort((a, b) => a - b));
      expect(fixture.tree.size).toBe(model.size);
      for (const key of [...model]) {
        expect(fixture.remove(key)).toBe(true);
      }
      expect(fixture.tree.root).toBe(NO_ADDRESS);
      expect(fixture.tree.pageTotal).toBe(0);
    }
  });

  it('takes announced searches the shorter way and comes to the same', () => {
    const random = new SeededRandom(5);
    const fixture = new Fixture(order);
    const model = new Set<number>();
    for (let key = 0; key < 30_000; key += 3) {
      fixture.insert(key);
      model.add(key);
    }
    for (let round = 0; round < 3000; round++) {
      const keys = Array.from({ length: 1 + random.below(20) }, () => random.below(30_000));
      for (const key of keys) fixture.tree.expectKey(keyBytes(key), 0, 1);
      fixture.tree.fetchExpected();
      for (const key of keys) {
        const found = fixture.tree.find(keyBytes(key), 0, 1);
        expect(found !== NO_ADDRESS).toBe(model.has(key));
        if (found !== NO_ADDRESS) expect(fixture.key(found)).toBe(key);
        if (random.chance(0.4)) {
          fixture.insert(key);
          model.add(key);
        } else if (random.chance(0.5)) {
          expect(fixture.remove(key)).toBe(model.delete(key));
        }
      }
    }
    fixture.checkStructure();
    expect(fixture.keys()).toEqual([...model].sort((a, b) => a - b));
  });

  it('seeks before and after keys, in both directions', () => {
    const fixture = new Fixture(order);
    for (let key = 0; key < 20_000; key += 2) fixture.insert((key * 7919) % 20_000);
    const cursor = new TreeCursor(fixture.tree);
    for (let probe = 0; probe < 20_000; probe += 37) {
      cursor.seekKey(keyBytes(probe), 0, 1, false);
      const notBelow = probe % 2 === 0 ? probe : probe + 1;
      const next = cursor.next();
      expect(next === NO_ADDRESS ? 20_000 : fixture.key(next)).toBe(notBelow);
      cursor.seekKey(keyBytes(probe), 0, 1, true);
      const notAbove = probe % 2 === 0 ? probe : probe - 1;
      expect(fixture.key(cursor.previous())).toBe(notAbove);
    }
  });

  it('shows a read view what it showed when it was opened, and gives all memory back', () => {
    const random = new SeededRandom(3);
    const fixture = new Fixture(order);
    for (let step = 0; step < 8000; step++) fixture.insert(random.below(20_000));
    const views: { view: ReturnType<ReadViews['open']>; root: number; height: number; keys: number[] }[] = [];
    for (let round = 0; round < 30; round++) {
      views.push({
        view: fixture.views.open(),
        root: fixture.tree.root,
        height: fixture.tree.height,
        keys: fixture.keys(),
      });
      for (let step = 0; step < 700; step++) {
        if (random.chance(0.5)) fixture.insert(random.below(20_000));
        else fixture.remove(random.below(20_000));
      }
      fixture.checkStructure();
      const index = random.below(views.length);
      const chosen = views[index]!;
      const walk = new TreeWalk(fixture.arena, chosen.root, chosen.height);
      const seen: number[] = [];
      for (let tuple = walk.next(); tuple !== NO_ADDRESS; tuple = walk.next()) seen.push(fixture.key(tuple));
      expect(seen).toEqual(chosen.keys);
      if (views.length > 3) {
        fixture.views.close(chosen.view);
        views.splice(index, 1);
      }
    }
    for (const { view } of views) fixture.views.close(view);
    while (fixture.views.freeSlice(100));
    for (const key of fixture.keys()) fixture.remove(key);
    fixture.tree.releaseReserve();
    expect(fixture.arena.statistics().cellBytes).toBe(0);
  });
});
