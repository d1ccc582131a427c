import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../base/index.ts';
import { type Address, NO_ADDRESS } from '../../arena/index.ts';
import { DUPLICATE, type IndexDefinition, ITERATOR, type IteratorType } from '../contract.ts';
import { definitionOf, IndexFixture, type Row } from '../index-fixture.ts';
import { TreeIndex } from './tree-index.ts';

type Kind = Readonly<{ name: string; definition: IndexDefinition; order: readonly number[]; keyFields: number[] }>;

/** Rows are [id, nullable number, string, number]; `order` are the fields that order the index. */
const kinds: readonly Kind[] = [
  {
    name: 'a primary key of one number',
    definition: definitionOf('tree', [{ fieldNo: 0, type: 'unsigned' }]),
    order: [0],
    keyFields: [0],
  },
  {
    name: 'a secondary key with many equal values',
    definition: definitionOf('tree', [{ fieldNo: 3, type: 'integer' }], { isUnique: false }),
    order: [3, 0],
    keyFields: [3],
  },
  {
    name: 'a secondary key of two parts, one nullable',
    definition: definitionOf(
      'tree',
      [
        { fieldNo: 2, type: 'string' },
        { fieldNo: 1, type: 'unsigned', isNullable: true },
      ],
      { isUnique: false },
    ),
    order: [2, 1, 0],
    keyFields: [2, 1],
  },
  {
    name: 'a unique nullable key',
    definition: definitionOf('tree', [{ fieldNo: 1, type: 'unsigned', isNullable: true }]),
    order: [1, 0],
    keyFields: [1],
  },
];

const iterators = [
  ITERATOR.EQ,
  ITERATOR.REQ,
  ITERATOR.ALL,
  ITERATOR.LT,
  ITERATOR.LE,
  ITERATOR.GE,
  ITERATOR.GT,
] as const;

function compareValues(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return (a as number) < (b as number) ? -1 : 1;
}

function compareRows(a: Row, b: Row, fields: readonly number[]): number {
  for (const field of fields) {
    const result = compareValues(a[field], b[field]);
    if (result !== 0) return result;
  }
  return 0;
}

/** What Tarantool's iterators mean, said naively. `rows` ascend. */
function expected(rows: readonly Row[], iterator: IteratorType, fields: readonly number[], key: Row): Row[] {
  const side = (row: Row): number => {
    for (let part = 0; part < key.length; part++) {
      const result = compareValues(row[fields[part]!], key[part]);
      if (result !== 0) return result;
    }
    return 0;
  };
  const empty = key.length === 0;
  const chosen = rows.filter((row) => {
    const result = side(row);
    if (empty) return true;
    if (iterator === ITERATOR.EQ || iterator === ITERATOR.REQ) return result === 0;
    if (iterator === ITERATOR.LT) return result < 0;
    if (iterator === ITERATOR.LE) return result <= 0;
    if (iterator === ITERATOR.GT) return result > 0;
    return result >= 0;
  });
  const descends = iterator === ITERATOR.REQ || iterator === ITERATOR.LT || iterator === ITERATOR.LE;
  return descends ? chosen.reverse() : chosen;
}

/** An index with its naive model: rows by id, and which tuple each is. */
class World {
  readonly fixture = new IndexFixture();
  readonly random: SeededRandom;
  readonly kind: Kind;
  readonly index: TreeIndex;
  readonly tuples = new Map<number, { address: Address; row: Row }>();

  constructor(kind: Kind, seed: number) {
    this.kind = kind;
    this.random = new SeededRandom(seed);
    this.index = new TreeIndex(this.fixture.arena, this.fixture.views, kind.definition);
  }

  newRow(id: number): Row {
    const { random } = this;
    return [id, random.chance(0.3) ? null : random.below(4000), random.pick(['', 'a', 'ab', 'b']), random.below(20)];
  }

  newKey(): Row {
    const row = this.newRow(this.random.below(600));
    return this.kind.keyFields.slice(0, this.random.below(this.kind.keyFields.length + 1)).map((field) => row[field]!);
  }

  sorted(): Row[] {
    return [...this.tuples.values()].map(({ row }) => row).sort((a, b) => compareRows(a, b, this.kind.order));
  }

  /** Writes the row with this id as a space would: the old row of the id goes. */
  put(id: number): void {
    const old = this.tuples.get(id);
    const row = this.newRow(id);
    const duplicate = [...this.tuples.values()].some(
      (other) =>
        other !== old &&
        this.kind.definition.isUnique &&
        this.kind.keyFields.every((field) => row[field] !== null && other.row[field] === row[field]),
    );
    const address = this.fixture.tuple(row);
    expect(this.index.reserve(false)).toBe(true);
    const result = this.index.replace(old?.address ?? NO_ADDRESS, address, 'insert');
    if (duplicate) {
      expect(result).toBe(DUPLICATE);
      this.fixture.arena.free(address);
      return;
    }
    expect(result).toBe(old?.address ?? NO_ADDRESS);
    if (old !== undefined) this.fixture.views.retireTuple(old.address);
    this.tuples.set(id, { address, row });
  }

  delete(id: number): void {
    const old = this.tuples.get(id);
    if (old === undefined) return;
    expect(this.index.reserve(false)).toBe(true);
    expect(this.index.replace(old.address, NO_ADDRESS, 'insert')).toBe(old.address);
    this.fixture.views.retireTuple(old.address);
    this.tuples.delete(id);
  }

  step(): void {
    const id = this.random.below(600);
    if (this.random.chance(0.6)) this.put(id);
    else this.delete(id);
  }
}

describe.each(kinds)('tree index over $name', (kind) => {
  it('gives what a scan of sorted rows gives, for every iterator and key length', () => {
    const world = new World(kind, 5);
    for (let round = 0; round < 25; round++) {
      for (let step = 0; step < 50; step++) world.step();
      const rows = world.sorted();
      expect(world.index.size).toBe(rows.length);
      for (const iterator of iterators) {
        const key = world.newKey();
        const wanted = expected(rows, iterator, kind.keyFields, key);
        expect(world.fixture.select(world.index, iterator, key)).toEqual(wanted);
        expect(world.fixture.rows(world.fixture.open(world.index, iterator, key))).toEqual(wanted);
        expect(world.fixture.count(world.index, iterator, key)).toBe(wanted.length);
      }
      const some = world.index.random(round * 7919);
      expect(rows).toContainEqual(world.fixture.row(some));
    }
  });

  it('goes on behind the last tuple when rows come and go under an open cursor', () => {
    const world = new World(kind, 9);
    for (let step = 0; step < 1500; step++) world.step();
    for (let round = 0; round < 30; round++) {
      const iterator = world.random.pick([...iterators]);
      const key = world.newKey();
      const cursor = world.fixture.open(world.index, iterator, key);
      let last: Row | null = null;
      for (;;) {
        for (let step = world.random.below(4); step > 0; step--) world.step();
        let wanted = expected(world.sorted(), iterator, kind.keyFields, key);
        if (last !== null) {
          const behind = last;
          const descends = iterator === ITERATOR.REQ || iterator === ITERATOR.LT || iterator === ITERATOR.LE;
          wanted = wanted.filter((row) => {
            const hasNil = kind.keyFields.some((field) => row[field] === null);
            const fields = kind.definition.isUnique && !hasNil ? kind.keyFields : kind.order;
            const result = compareRows(row, behind, fields);
            return descends ? result < 0 : result > 0;
          });
        }
        const next = cursor.next();
        expect(next === NO_ADDRESS ? undefined : world.fixture.row(next)).toEqual(wanted[0]);
        if (next === NO_ADDRESS) break;
        last = world.fixture.row(next);
        if (world.random.chance(0.02)) break;
      }
    }
  });

  it('keeps its state for read views, and gives all memory back', () => {
    const world = new World(kind, 13);
    const open: { view: ReturnType<typeof world.fixture.views.open>; rows: Row[]; size: number; seen: () => Row[] }[] =
      [];
    for (let round = 0; round < 40; round++) {
      for (let step = 0; step < 80; step++) world.step();
      const view = world.fixture.views.open();
      const snapshot = world.index.freeze();
      open.push({ view, rows: world.sorted(), size: snapshot.size, seen: () => world.fixture.rows(snapshot) });
      if (open.length < 4) continue;
      const [closed] = open.splice(world.random.below(open.length), 1);
      expect(closed!.seen()).toEqual(closed!.rows);
      expect(closed!.size).toBe(closed!.rows.length);
      world.fixture.views.close(closed!.view);
    }
    while (world.index.dismantle(3)) expect(world.index.size).toBe(0);
    expect(world.fixture.select(world.index, ITERATOR.ALL, [])).toEqual([]);
    for (const { view, rows, seen } of open) {
      expect(seen()).toEqual(rows);
      world.fixture.views.close(view);
    }
    for (const { address } of world.tuples.values()) world.fixture.arena.free(address);
    world.fixture.freeRetired();
    expect(world.fixture.cellBytes).toBe(0);
    expect(world.index.byteSize).toBe(0);
  });
});

describe('tree index as a primary key', () => {
  const definition = definitionOf('tree', [{ fieldNo: 0, type: 'unsigned' }]);
  const fixture = new IndexFixture();
  const index = new TreeIndex(fixture.arena, fixture.views, definition);
  const put = (old: Address, row: Row, mode: 'insert' | 'replace' | 'replaceOrInsert'): [Address, Address] => {
    expect(index.reserve(false)).toBe(true);
    const address = fixture.tuple(row);
    return [index.replace(old, address, mode), address];
  };

  it('obeys the duplicate modes', () => {
    expect(put(NO_ADDRESS, [1, 'x'], 'replace')[0]).toBe(DUPLICATE);
    expect(index.size).toBe(0);
    const [inserted, first] = put(NO_ADDRESS, [1, 'a'], 'insert');
    expect(inserted).toBe(NO_ADDRESS);
    expect(put(NO_ADDRESS, [1, 'b'], 'insert')[0]).toBe(DUPLICATE);
    expect(fixture.find(index, [1])).toBe(first);
    const [replaced, second] = put(NO_ADDRESS, [1, 'c'], 'replace');
    expect(replaced).toBe(first);
    const [again, third] = put(NO_ADDRESS, [1, 'd'], 'replaceOrInsert');
    expect(again).toBe(second);
    const [other, fourth] = put(NO_ADDRESS, [2, 'e'], 'replaceOrInsert');
    expect(other).toBe(NO_ADDRESS);
    // The new tuple meets an entry that is not the one it replaces.
    expect(put(third, [2, 'f'], 'replaceOrInsert')[0]).toBe(DUPLICATE);
    expect(put(third, [3, 'g'], 'insert')[0]).toBe(third);
    expect(fixture.select(index, ITERATOR.ALL, [])).toEqual([
      [2, 'e'],
      [3, 'g'],
    ]);
    expect(fixture.find(index, [2])).toBe(fourth);
    expect(fixture.find(index, [1])).toBe(NO_ADDRESS);
  });
});

it('says no when the quota is spent, stays whole, and can still roll back', () => {
  const fixture = new IndexFixture(512 * 1024);
  const index = new TreeIndex(fixture.arena, fixture.views, definitionOf('tree', [{ fieldNo: 0, type: 'unsigned' }]));
  const view = fixture.views.open();
  let count = 0;
  let last = NO_ADDRESS;
  for (;;) {
    const address = fixture.tuple([count]);
    if (address === NO_ADDRESS || !index.reserve(false)) break;
    expect(index.replace(NO_ADDRESS, address, 'insert')).toBe(NO_ADDRESS);
    last = address;
    count++;
  }
  expect(count).toBeGreaterThan(1000);
  expect(index.reserve(true)).toBe(true);
  expect(index.replace(last, NO_ADDRESS, 'insert')).toBe(last);
  expect(fixture.select(index, ITERATOR.ALL, []).length).toBe(count - 1);
  fixture.views.close(view);
});

it('counts ranges over whole subtrees', () => {
  const fixture = new IndexFixture();
  const index = new TreeIndex(fixture.arena, fixture.views, definitionOf('tree', [{ fieldNo: 0, type: 'unsigned' }]));
  const rowCount = 12_000;
  for (let id = 0; id < rowCount; id++) {
    expect(index.reserve(false)).toBe(true);
    index.replace(NO_ADDRESS, fixture.tuple([2 * ((id * 7919) % rowCount)]), 'insert');
  }
  for (let bound = 0; bound < 2 * rowCount; bound += 733) {
    const below = Math.ceil(bound / 2);
    const isThere = bound % 2 === 0 ? 1 : 0;
    expect(fixture.count(index, ITERATOR.LT, [bound])).toBe(below);
    expect(fixture.count(index, ITERATOR.LE, [bound])).toBe(below + isThere);
    expect(fixture.count(index, ITERATOR.EQ, [bound])).toBe(isThere);
    expect(fixture.count(index, ITERATOR.GE, [bound])).toBe(rowCount - below);
    expect(fixture.count(index, ITERATOR.GT, [bound])).toBe(rowCount - below - isThere);
  }
});
