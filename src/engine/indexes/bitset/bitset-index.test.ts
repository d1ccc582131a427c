import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../base/index.ts';
import type { Value } from '../../../codec/msgpack/index.ts';
import { type Address, NO_ADDRESS } from '../../arena/index.ts';
import { ITERATOR, type IteratorType } from '../contract.ts';
import { definitionOf, IndexFixture, type Row } from '../index-fixture.ts';
import { BitsetIndex } from './bitset-index.ts';

const iterators = [
  ITERATOR.EQ,
  ITERATOR.ALL,
  ITERATOR.BITS_ALL_SET,
  ITERATOR.BITS_ANY_SET,
  ITERATOR.BITS_ALL_NOT_SET,
] as const;

/** The bits of a value as numbers, said naively. */
function bitsOf(value: unknown): Set<number> {
  const bits = new Set<number>();
  if (typeof value === 'string') {
    [...Buffer.from(value)].forEach((byte, place) => {
      for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) bits.add(8 * place + bit);
    });
  } else {
    [...BigInt(value as number).toString(2)].reverse().forEach((digit, bit) => digit === '1' && bits.add(bit));
  }
  return bits;
}

function matches(iterator: IteratorType, key: unknown, value: unknown): boolean {
  const wanted = bitsOf(key);
  const has = bitsOf(value);
  const reach = typeof key === 'string' ? 8 * Buffer.byteLength(key) : 64;
  switch (iterator) {
    case ITERATOR.EQ:
      return [...wanted].every((bit) => has.has(bit)) && [...has].every((bit) => bit >= reach || wanted.has(bit));
    case ITERATOR.BITS_ALL_SET:
      return wanted.size > 0 && [...wanted].every((bit) => has.has(bit));
    case ITERATOR.BITS_ANY_SET:
      return [...wanted].some((bit) => has.has(bit));
    case ITERATOR.BITS_ALL_NOT_SET:
      return ![...wanted].some((bit) => has.has(bit));
    default:
      return true;
  }
}

const kinds: readonly Readonly<{ type: 'unsigned' | 'string'; value: (random: SeededRandom) => Value }>[] = [
  {
    type: 'unsigned',
    value: (random) =>
      random.pick<() => Value>([
        () => random.below(8),
        () => random.below(1 << 16),
        () => (BigInt(random.uint32()) << 32n) | BigInt(random.uint32()),
      ])(),
  },
  {
    type: 'string',
    value: (random) =>
      Array.from({ length: random.below(random.chance(0.5) ? 3 : 12) }, () =>
        random.pick(['a', 'b', '\0', '\x7f']),
      ).join(''),
  },
];

class World {
  readonly fixture: IndexFixture;
  readonly index: BitsetIndex;
  readonly random: SeededRandom;
  readonly newValue: () => Value;
  readonly tuples = new Map<number, { address: Address; row: Row }>();
  /** Rows by number, with the freed numbers last in first out. */
  readonly numbers: (Row | null)[] = [];
  readonly freed: number[] = [];

  constructor(kind: (typeof kinds)[number], seed: number, quotaBytes?: number) {
    this.fixture = new IndexFixture(quotaBytes);
    this.random = new SeededRandom(seed);
    this.newValue = () => kind.value(this.random);
    const definition = definitionOf('bitset', [{ fieldNo: 1, type: kind.type }], { isUnique: false });
    this.index = new BitsetIndex(this.fixture.arena, this.fixture.views, definition);
  }

  step(): void {
    const id = this.random.below(900);
    const old = this.tuples.get(id);
    const isPut = this.random.chance(0.65);
    if (!isPut && old === undefined) return;
    const row = [id, this.newValue()];
    const address = isPut ? this.fixture.tuple(row) : NO_ADDRESS;
    expect(this.index.reserve(false)).toBe(true);
    expect(this.index.replace(old?.address ?? NO_ADDRESS, address, 'insert')).toBe(old?.address ?? NO_ADDRESS);
    if (old !== undefined) {
      this.fixture.views.retireTuple(old.address);
      const number = this.numbers.indexOf(old.row);
      this.numbers[number] = null;
      this.freed.push(number);
      this.tuples.delete(id);
    }
    if (!isPut) return;
    // What was stored is what comes back, which tells long integers apart from numbers.
    const stored = this.fixture.row(address);
    this.numbers[this.freed.pop() ?? this.numbers.length] = stored;
    this.tuples.set(id, { address, row: stored });
  }

  rows(): Row[] {
    return this.numbers.filter((row) => row !== null);
  }
}

describe.each(kinds)('bitset index over $type', (kind) => {
  it('gives what a naive look at all bits gives, in the order of numbers', () => {
    const world = new World(kind, 3);
    for (let round = 0; round < 25; round++) {
      for (let step = 0; step < 60; step++) world.step();
      const rows = world.rows();
      expect(world.index.size).toBe(rows.length);
      for (const iterator of iterators) {
        const key = world.random.chance(0.5) ? world.newValue() : world.random.pick(rows)[1]!;
        const wanted = rows.filter((row) => matches(iterator, key, row[1]));
        expect(world.fixture.select(world.index, iterator, [key])).toEqual(wanted);
        expect(world.fixture.count(world.index, iterator, [key])).toBe(wanted.length);
      }
      expect(world.fixture.select(world.index, ITERATOR.ALL, [])).toEqual(rows);
      expect(rows).toContainEqual(world.fixture.row(world.index.random(round)));
    }
  });

  it('gives each row that stays exactly once to a cursor that outlives changes', () => {
    const world = new World(kind, 5);
    for (let step = 0; step < 900; step++) world.step();
    for (let round = 0; round < 10; round++) {
      const before = world.rows();
      const cursor = world.fixture.open(world.index, ITERATOR.ALL, []);
      const seen: Row[] = [];
      for (let tuple = cursor.next(); tuple !== NO_ADDRESS; tuple = cursor.next()) {
        seen.push(world.fixture.row(tuple));
        if (world.random.chance(0.3)) world.step();
      }
      const after = new Set(world.rows());
      for (const row of before) {
        if (after.has(row)) expect(seen.filter((one) => one[0] === row[0] && one[1] === row[1]).length).toBe(1);
      }
    }
  });

  it('keeps its state for read views, and gives all memory back', () => {
    const world = new World(kind, 7);
    const open: { view: ReturnType<typeof world.fixture.views.open>; rows: Row[]; seen: () => Row[] }[] = [];
    for (let round = 0; round < 30; round++) {
      for (let step = 0; step < 80; step++) world.step();
      const view = world.fixture.views.open();
      const snapshot = world.index.freeze();
      expect(snapshot.size).toBe(world.tuples.size);
      open.push({ view, rows: world.rows(), seen: () => world.fixture.rows(snapshot) });
      if (open.length < 4) continue;
      const [closed] = open.splice(world.random.below(open.length), 1);
      expect(closed!.seen()).toEqual(closed!.rows);
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
  });
});

it('says no when the quota is spent, stays whole, and can still roll back', () => {
  const world = new World(kinds[0]!, 9, 512 * 1024);
  const view = world.fixture.views.open();
  let last: Address = NO_ADDRESS;
  let count = 0;
  for (;;) {
    const address = world.fixture.tuple([count, count]);
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
