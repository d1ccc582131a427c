/** Frozen cursors of all kinds that have them: they give what a selection gave when they were opened, whatever follows. */
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../base/index.ts';
import type { Value } from '../../codec/msgpack/index.ts';
import { type JsonPath, parseJsonPath } from '../../tuple/index.ts';
import { type Address, NO_ADDRESS, type ReadView } from '../arena/index.ts';
import { type IndexCursor, ITERATOR, type IteratorType, type SpaceIndex } from './contract.ts';
import { HashIndex } from './hash/hash-index.ts';
import { definitionOf, IndexFixture, keyOf, type Row } from './index-fixture.ts';
import { KeyRecordsIndex } from './key-records/key-records-index.ts';
import { TreeIndex } from './tree/tree-index.ts';

const KEYS = 600;
const ELEMENTS = parseJsonPath('[*]') as JsonPath;
const TREE_ITERATORS = [ITERATOR.EQ, ITERATOR.REQ, ITERATOR.ALL, ITERATOR.LT, ITERATOR.LE, ITERATOR.GE, ITERATOR.GT];

type Kind = Readonly<{
  name: string;
  make: (fixture: IndexFixture) => SpaceIndex;
  iterators: readonly IteratorType[];
  /** The key of a selection; some are empty. */
  key: (random: SeededRandom) => readonly Value[];
}>;

const group = (id: number): number => id % 7;
const rowOf = (random: SeededRandom, id: number): Row => [id, group(id), [id % 5, 5 + (id % 11)], random.below(1000)];
const whole = (random: SeededRandom): Value[] => [random.below(KEYS)];
const wholeOrNone = (random: SeededRandom): Value[] => (random.chance(0.3) ? [] : whole(random));

const kinds: readonly Kind[] = [
  {
    name: 'a unique tree',
    make: ({ arena, views }) => new TreeIndex(arena, views, definitionOf('tree', [{ fieldNo: 0, type: 'unsigned' }])),
    iterators: TREE_ITERATORS,
    key: wholeOrNone,
  },
  {
    name: 'a tree with equal keys',
    make: ({ arena, views }) => {
      const definition = definitionOf('tree', [{ fieldNo: 1, type: 'unsigned' }], { isUnique: false });
      return new TreeIndex(arena, views, definition);
    },
    iterators: TREE_ITERATORS,
    key: (random) => (random.chance(0.3) ? [] : [random.below(8)]),
  },
  {
    name: 'a multikey tree',
    make: ({ arena, views }) => {
      const parts = [{ fieldNo: 2, type: 'unsigned', path: ELEMENTS } as const];
      const definition = definitionOf('tree', parts, { isUnique: false });
      return new KeyRecordsIndex(arena, views, definition, null);
    },
    iterators: TREE_ITERATORS,
    key: (random) => (random.chance(0.3) ? [] : [random.below(17)]),
  },
  {
    name: 'a hash',
    make: ({ arena, views }) => new HashIndex(arena, views, definitionOf('hash', [{ fieldNo: 0, type: 'unsigned' }])),
    iterators: [ITERATOR.ALL, ITERATOR.GT, ITERATOR.GT, ITERATOR.EQ],
    key: whole,
  },
];

class World {
  readonly fixture = new IndexFixture();
  readonly random = new SeededRandom(17);
  readonly index: SpaceIndex;
  readonly tuples = new Map<number, Address>();

  constructor(kind: Kind) {
    this.index = kind.make(this.fixture);
  }

  step(): void {
    const id = this.random.below(KEYS);
    const old = this.tuples.get(id) ?? NO_ADDRESS;
    const next =
      old !== NO_ADDRESS && this.random.chance(0.4) ? NO_ADDRESS : this.fixture.tuple(rowOf(this.random, id));
    expect(this.index.reserve(false)).toBe(true);
    this.index.replace(old, next, 'replaceOrInsert');
    if (old !== NO_ADDRESS) this.fixture.views.retireTuple(old);
    if (next === NO_ADDRESS) this.tuples.delete(id);
    else this.tuples.set(id, next);
  }

  open(iterator: IteratorType, values: readonly Value[]): IndexCursor {
    const key = keyOf(values);
    const cursor = this.index.openFrozenCursor?.(iterator, key.bytes, key.position, key.partCount);
    expect(cursor).toBeDefined();
    key.bytes.fill(0xc1);
    return cursor!;
  }
}

type Opened = Readonly<{ view: ReadView; cursor: IndexCursor; wanted: readonly Row[]; seen: Row[] }>;

describe.each(kinds)('a frozen cursor over $name', (kind) => {
  it('gives what was there when it was opened, through changes and the end of the index', () => {
    const world = new World(kind);
    const { fixture, random } = world;
    const opened: Opened[] = [];
    const finish = ({ view, cursor, wanted, seen }: Opened): void => {
      seen.push(...fixture.rows(cursor));
      expect(seen).toEqual(wanted);
      expect(cursor.next()).toBe(NO_ADDRESS);
      fixture.views.close(view);
    };
    for (let round = 0; round < 150; round++) {
      for (let step = random.below(60); step > 0; step--) world.step();
      const iterator = random.pick(kind.iterators);
      const key = kind.key(random);
      const view = fixture.views.open();
      const cursor = world.open(iterator, key);
      opened.push({ view, cursor, wanted: fixture.select(world.index, iterator, key), seen: [] });
      for (const { cursor: other, seen } of opened) {
        for (let count = random.below(30); count > 0; count--) {
          const tuple = other.next();
          if (tuple !== NO_ADDRESS) seen.push(fixture.row(tuple));
        }
      }
      if (opened.length === 5) opened.splice(random.below(5), 1).forEach(finish);
      while (fixture.views.freeSlice(50));
    }
    expect(world.tuples.size).toBeGreaterThan(100);
    while (world.index.dismantle(2));
    for (const tuple of world.tuples.values()) fixture.views.retireTuple(tuple);
    opened.forEach(finish);
    fixture.freeRetired();
    expect(fixture.cellBytes).toBe(0);
  });
});
