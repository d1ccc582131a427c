import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../base/index.ts';
import { Decimal, type Value } from '../../../codec/msgpack/index.ts';
import { type Address, NO_ADDRESS } from '../../arena/index.ts';
import { ITERATOR, type IteratorType } from '../contract.ts';
import { definitionOf, IndexFixture, type Row } from '../index-fixture.ts';
import { RTreeIndex } from './rtree-index.ts';

type Kind = Readonly<{ dimension: number; distance: 'euclid' | 'manhattan'; range: number }>;

const kinds: readonly Kind[] = [
  { dimension: 1, distance: 'euclid', range: 50 },
  { dimension: 2, distance: 'euclid', range: 30 },
  { dimension: 3, distance: 'manhattan', range: 12 },
  { dimension: 20, distance: 'euclid', range: 4 },
];

/** Bounds of what a tuple or key says, lower and upper by dimension. */
function boundsOf(dimension: number, coordinates: readonly number[]): [number, number][] {
  return Array.from({ length: dimension }, (_, axis) => {
    const other = coordinates[axis + dimension] ?? coordinates[axis]!;
    return [Math.min(coordinates[axis]!, other), Math.max(coordinates[axis]!, other)];
  });
}

function isWanted(iterator: IteratorType, row: [number, number][], key: [number, number][]): boolean {
  const every = (test: (own: [number, number], wanted: [number, number]) => boolean): boolean =>
    row.every((own, axis) => test(own, key[axis]!));
  switch (iterator) {
    case ITERATOR.EQ:
      return every(([low, high], [keyLow, keyHigh]) => low === keyLow && high === keyHigh);
    case ITERATOR.GE:
      return every(([low, high], [keyLow, keyHigh]) => low <= keyLow && high >= keyHigh);
    case ITERATOR.GT:
      return every(([low, high], [keyLow, keyHigh]) => low < keyLow && high > keyHigh);
    case ITERATOR.LE:
      return every(([low, high], [keyLow, keyHigh]) => low >= keyLow && high <= keyHigh);
    case ITERATOR.LT:
      return every(([low, high], [keyLow, keyHigh]) => low > keyLow && high < keyHigh);
    case ITERATOR.OVERLAPS:
      return every(([low, high], [keyLow, keyHigh]) => low <= keyHigh && high >= keyLow);
    default:
      return true;
  }
}

const iterators = [
  ITERATOR.EQ,
  ITERATOR.GE,
  ITERATOR.GT,
  ITERATOR.LE,
  ITERATOR.LT,
  ITERATOR.OVERLAPS,
  ITERATOR.ALL,
] as const;

function byId(rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => (a[0] as number) - (b[0] as number));
}

class World {
  readonly fixture: IndexFixture;
  readonly index: RTreeIndex;
  readonly random: SeededRandom;
  readonly kind: Kind;
  readonly tuples = new Map<number, { address: Address; row: Row }>();

  constructor(kind: Kind, seed: number, quotaBytes?: number) {
    this.kind = kind;
    this.fixture = new IndexFixture(quotaBytes);
    this.random = new SeededRandom(seed);
    const { dimension, distance } = kind;
    const definition = definitionOf('rtree', [{ fieldNo: 1, type: 'array' }], { isUnique: false, dimension, distance });
    this.index = new RTreeIndex(this.fixture.arena, this.fixture.views, definition);
  }

  newCoordinates(): number[] {
    const { dimension, range } = this.kind;
    const corner = Array.from({ length: dimension }, () => this.random.below(range) - range / 2);
    if (this.random.chance(0.5)) return corner;
    return [...corner, ...corner.map((value) => value + this.random.below(range / 2) - range / 4)];
  }

  step(idRange = 500, putShare = 0.62): void {
    const id = this.random.below(idRange);
    const old = this.tuples.get(id);
    const isPut = this.random.chance(putShare);
    if (!isPut && old === undefined) return;
    const row = [id, this.newCoordinates()];
    const address = isPut ? this.fixture.tuple(row) : NO_ADDRESS;
    expect(this.index.reserve(false)).toBe(true);
    expect(this.index.replace(old?.address ?? NO_ADDRESS, address, 'insert')).toBe(old?.address ?? NO_ADDRESS);
    if (old !== undefined) this.fixture.views.retireTuple(old.address);
    if (isPut) this.tuples.set(id, { address, row });
    else this.tuples.delete(id);
  }

  rows(): Row[] {
    return byId([...this.tuples.values()].map(({ row }) => row));
  }

  bounds(row: Row): [number, number][] {
    return boundsOf(this.kind.dimension, row[1] as number[]);
  }

  distance(row: Row, key: [number, number][]): number {
    const axes = this.bounds(row).map(([low, high], axis) => Math.max(low - key[axis]![0], key[axis]![0] - high, 0));
    return axes.reduce((sum, axis) => sum + (this.kind.distance === 'euclid' ? axis * axis : axis), 0);
  }
}

describe.each(kinds)('rtree index of dimension $dimension, $distance', (kind) => {
  it('gives what a look at every box gives, while it grows and shrinks', () => {
    const world = new World(kind, 3);
    for (let round = 0; round < 24; round++) {
      for (let step = 0; step < 150; step++) world.step(500, round % 12 < 7 ? 0.8 : 0.2);
      const rows = world.rows();
      expect(world.index.size).toBe(rows.length);
      if (rows.length === 0) continue;
      for (const iterator of iterators) {
        const coordinates = world.random.chance(0.5)
          ? world.newCoordinates()
          : (world.random.pick(rows)[1] as number[]);
        const key: Value[] = kind.dimension === 1 || world.random.chance(0.5) ? [coordinates] : coordinates;
        const bounds = boundsOf(kind.dimension, coordinates);
        const wanted = rows.filter((row) => isWanted(iterator, world.bounds(row), bounds));
        expect(byId(world.fixture.select(world.index, iterator, key))).toEqual(wanted);
        expect(world.fixture.count(world.index, iterator, key)).toBe(wanted.length);
      }
      const coordinates = world.newCoordinates();
      const bounds = boundsOf(kind.dimension, coordinates);
      const neighbors = world.fixture.select(world.index, ITERATOR.NEIGHBOR, [coordinates]);
      expect(byId(neighbors)).toEqual(rows);
      const distances = neighbors.map((row) => world.distance(row, bounds));
      expect(distances).toEqual([...distances].sort((a, b) => a - b));
      expect(rows).toContainEqual(world.fixture.row(world.index.random(round)));
    }
  });

  it('keeps its state for read views, and gives all memory back', () => {
    const world = new World(kind, 7);
    const open: { view: ReturnType<typeof world.fixture.views.open>; rows: Row[]; seen: () => Row[] }[] = [];
    for (let round = 0; round < 24; round++) {
      for (let step = 0; step < 80; step++) world.step();
      const view = world.fixture.views.open();
      const snapshot = world.index.freeze();
      expect(snapshot.size).toBe(world.tuples.size);
      open.push({ view, rows: world.rows(), seen: () => byId(world.fixture.rows(snapshot)) });
      if (open.length < 4) continue;
      const [closed] = open.splice(world.random.below(open.length), 1);
      expect(closed!.seen()).toEqual(closed!.rows);
      world.fixture.views.close(closed!.view);
    }
    while (world.index.dismantle(3)) expect(world.index.size).toBe(0);
    expect(world.fixture.select(world.index, ITERATOR.ALL, [])).toEqual([]);
    expect(world.index.byteSize).toBe(0);
    for (const { view, rows, seen } of open) {
      expect(seen()).toEqual(rows);
      world.fixture.views.close(view);
    }
    for (const { address } of world.tuples.values()) world.fixture.arena.free(address);
    world.fixture.freeRetired();
    expect(world.fixture.cellBytes).toBe(0);
  });

  it('gives its pages back as rows go', () => {
    const world = new World(kind, 11);
    for (let step = 0; step < 800; step++) world.step();
    for (const { address } of world.tuples.values()) {
      expect(world.index.reserve(false)).toBe(true);
      expect(world.index.replace(address, NO_ADDRESS, 'insert')).toBe(address);
    }
    expect(world.index.size).toBe(0);
    expect(world.index.byteSize).toBe(0);
  });
});

describe('rtree index', () => {
  it('ends a search when the index changes', () => {
    const world = new World(kinds[1]!, 5);
    for (let step = 0; step < 200; step++) world.step();
    for (const iterator of [ITERATOR.ALL, ITERATOR.NEIGHBOR]) {
      const cursor = world.fixture.open(world.index, iterator, [[0, 0]]);
      expect(cursor.next()).not.toBe(NO_ADDRESS);
      const size = world.index.size;
      while (world.index.size === size) world.step();
      expect(cursor.next()).toBe(NO_ADDRESS);
    }
  });

  it('says no when the quota is spent, stays whole, and can still roll back', () => {
    const world = new World(kinds[1]!, 9, 512 * 1024);
    const view = world.fixture.views.open();
    let last: Address = NO_ADDRESS;
    let count = 0;
    for (;;) {
      const address = world.fixture.tuple([count, [count % 100, Math.floor(count / 100)]]);
      if (address === NO_ADDRESS || !world.index.reserve(false)) break;
      world.index.replace(NO_ADDRESS, address, 'insert');
      last = address;
      count++;
    }
    expect(count).toBeGreaterThan(1000);
    expect(world.index.reserve(true)).toBe(true);
    expect(world.index.replace(last, NO_ADDRESS, 'insert')).toBe(last);
    expect(world.fixture.select(world.index, ITERATOR.ALL, []).length).toBe(count - 1);
    world.fixture.views.close(view);
  });

  it('refuses what is no box, and changes nothing', () => {
    const { fixture, index } = new World(kinds[1]!, 13);
    const put = (field: Value): void => {
      expect(index.reserve(false)).toBe(true);
      index.replace(NO_ADDRESS, fixture.tuple([1, field]), 'insert');
    };
    const shape = 'RTree: Field must be an array with 2 (point) or 4 (rectangle/box) numeric coordinates';
    const number = 'Tuple field 2 type does not match one required by operation: expected number';
    for (const field of [[], [1], [1, 2, 3], [1, 2, 3, 4, 5]]) expect(() => put(field)).toThrow(shape);
    for (const other of ['a', null, [1], 2n ** 64n - 1n, Decimal.fromInteger(1n)]) {
      expect(() => put([1, other])).toThrow(number);
    }
    put([1, 2n ** 60n]);
    expect(index.size).toBe(1);
  });

  it('takes a row with NaN out again', () => {
    const world = new World(kinds[1]!, 15);
    const addresses: Address[] = [];
    for (let id = 0; id < 300; id++) {
      const address = world.fixture.tuple([id, [id % 3 === 0 ? NaN : world.random.below(50), world.random.below(50)]]);
      expect(world.index.reserve(false)).toBe(true);
      world.index.replace(NO_ADDRESS, address, 'insert');
      addresses.push(address);
    }
    for (const address of addresses) {
      expect(world.index.reserve(false)).toBe(true);
      expect(world.index.replace(address, NO_ADDRESS, 'insert')).toBe(address);
    }
    expect(world.index.size).toBe(0);
  });
});
