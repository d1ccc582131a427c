import { describe, expect, it } from 'vitest';
import { ByteWriter, SeededRandom } from '../../../base/index.ts';
import { encodeValue, type Value } from '../../../codec/msgpack/index.ts';
import { compileComparator, keyDef, keyPart } from '../../../tuple/index.ts';
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
import { sortByHint } from './bulk-order.ts';
import { TreeCursor } from './cursor.ts';
import { Tree } from './tree.ts';

const arena = new Arena(256 * 1024 * 1024);
const views = new ReadViews(arena);

function store(value: Value): number {
  const writer = new ByteWriter(64);
  encodeValue(writer, value);
  const address = arena.allocate(TUPLE_HEADER_BYTES + writer.position);
  const words = arena.words[address >>> SLAB_SHIFT]!;
  words[(address & SLAB_MASK) * 2] = writer.position;
  words[(address & SLAB_MASK) * 2 + 1] = views.currentEpoch;
  tupleSlab(arena, address).set(writer.written(), tuplePosition(address));
  return address;
}

function walk(tree: Tree): number[] {
  const cursor = new TreeCursor(tree);
  cursor.seekFirst();
  const tuples: number[] = [];
  for (let tuple = cursor.next(); tuple !== NO_ADDRESS; tuple = cursor.next()) tuples.push(tuple);
  return tuples;
}

const byNumber = keyDef([keyPart({ fieldNo: 0, type: 'number' })]);
const byText = keyDef([keyPart({ fieldNo: 1, type: 'string' }), keyPart({ fieldNo: 0, type: 'number' })]);
const byGroup = keyDef([keyPart({ fieldNo: 2, type: 'integer' }), keyPart({ fieldNo: 0, type: 'number' })]);

describe('a tree that is filled at once', () => {
  it.each([
    ['numbers of all signs', byNumber],
    ['texts with common beginnings', byText],
    ['groups', byGroup],
  ])('equals one that was filled entry by entry: %s', (_name, definition) => {
    const random = new SeededRandom(17);
    for (const count of [1, 2, 78, 79, 500, 6000]) {
      const keys = new Set<number>();
      while (keys.size < count) keys.add((random.below(1_000_000) - 500_000) / (random.chance(0.5) ? 1 : 8));
      const tuples = [...keys].map((key) => store([key, `prefix${random.below(50)}`, random.below(20) - 10]));
      const loaded = new Tree(arena, views, compileComparator(definition));
      expect(loaded.load(Uint32Array.from(tuples), count, false)).toBe(true);
      const inserted = new Tree(arena, views, compileComparator(definition));
      for (const tuple of tuples) {
        inserted.reserve();
        inserted.insert(tuple);
      }
      expect(walk(loaded)).toEqual(walk(inserted));
      // It goes on as any tree does.
      for (const tuple of tuples) {
        loaded.reserve();
        expect(loaded.remove(tuple)).toBe(tuple);
      }
      expect(loaded.pageTotal).toBe(0);
    }
  });

  it('sorts by hints alone what comes in the order of the primary key', () => {
    const random = new SeededRandom(4);
    const tuples = Uint32Array.from({ length: 3000 }, (_, key) => store([key, 'x', random.below(30)]));
    const loaded = new Tree(arena, views, compileComparator(byGroup));
    expect(loaded.load(tuples, tuples.length, true)).toBe(true);
    const again = new Tree(arena, views, compileComparator(byGroup));
    expect(again.load(tuples, tuples.length, false)).toBe(true);
    expect(walk(loaded)).toEqual(walk(again));
  });

  it.each([
    ['by exact hints', keyDef([keyPart({ fieldNo: 0, type: 'unsigned' })])],
    ['by comparison', keyDef([keyPart({ fieldNo: 1, type: 'string' })])],
  ])('refuses equal keys and stays empty, %s', (_name, definition) => {
    const tree = new Tree(arena, views, compileComparator(definition));
    const tuples = Uint32Array.from([store([1, 'same']), store([2, 'other']), store([1, 'same'])]);
    expect(tree.load(tuples, 3, false)).toBe(false);
    expect(tree.root).toBe(NO_ADDRESS);
    expect(tree.load(tuples, 2, false)).toBe(true);
  });

  it('sorts every double as comparison does', () => {
    const random = new SeededRandom(9);
    const hints = Float64Array.from({ length: 5000 }, () => (random.fraction() - 0.5) * 10 ** (random.below(40) - 20));
    hints.set([0, -0, Infinity, -Infinity, 5e-324, -5e-324, 2 ** 53, -(2 ** 53)], 100);
    const expected = Float64Array.from(hints, (hint) => (hint === 0 ? 0 : hint)).sort();
    const entries = { hints, tuples: Uint32Array.from(hints.keys()), count: hints.length };
    sortByHint(entries);
    expect([...entries.hints]).toEqual([...expected]);
  });
});
