import { describe, expect, it } from 'vitest';
import { defined, SeededRandom } from '../../../base/index.ts';
import { Decimal, DoubleValue, encodeToBytes, RawValue, type Value } from '../../../codec/msgpack/index.ts';
import { type Address, NO_ADDRESS } from '../../arena/index.ts';
import { DUPLICATE, ITERATOR } from '../contract.ts';
import { definitionOf, FIRST_FIELD, IndexFixture, type Row } from '../index-fixture.ts';
import { HashIndex } from './hash-index.ts';
import { hashWord } from './key-hash.ts';
import { reverseBits } from './hash-table.ts';

const parts = [
  { fieldNo: 0, type: 'unsigned' },
  { fieldNo: 1, type: 'string' },
] as const;

/** An index over [number, string, payload] with a map as its model. */
class World {
  readonly fixture: IndexFixture;
  readonly index: HashIndex;
  readonly tuples = new Map<string, { address: Address; row: Row }>();
  readonly random: SeededRandom;
  #payload = 0;

  constructor(seed: number, quotaBytes?: number) {
    this.fixture = new IndexFixture(quotaBytes);
    this.random = new SeededRandom(seed);
    this.index = new HashIndex(
      this.fixture.arena,
      this.fixture.views,
      definitionOf('hash', [...parts], { primary: FIRST_FIELD }),
    );
  }

  newKey(range: number): [number, string] {
    return [this.random.below(range), this.random.pick(['', 'x'])];
  }

  put(key: readonly [number, string]): void {
    const name = key.join();
    const old = this.tuples.get(name);
    const row = [...key, this.#payload++];
    const address = this.fixture.tuple(row);
    expect(this.index.reserve(false)).toBe(true);
    if (old !== undefined && this.random.chance(0.3)) {
      expect(this.index.replace(NO_ADDRESS, address, 'insert')).toBe(DUPLICATE);
      this.fixture.arena.free(address);
      return;
    }
    const given = this.random.chance(0.5) ? NO_ADDRESS : (old?.address ?? NO_ADDRESS);
    expect(this.index.replace(given, address, 'replaceOrInsert')).toBe(old?.address ?? NO_ADDRESS);
    if (old !== undefined) this.fixture.views.retireTuple(old.address);
    this.tuples.set(name, { address, row });
  }

  delete(key: readonly [number, string]): void {
    const old = this.tuples.get(key.join());
    if (old === undefined) return;
    expect(this.index.reserve(false)).toBe(true);
    expect(this.index.replace(old.address, NO_ADDRESS, 'insert')).toBe(old.address);
    this.fixture.views.retireTuple(old.address);
    this.tuples.delete(key.join());
  }

  step(range: number): void {
    if (this.random.chance(0.6)) this.put(this.newKey(range));
    else this.delete(this.newKey(range));
  }

  rows(): Row[] {
    return [...this.tuples.values()].map(({ row }) => row);
  }
}

function inOrder(rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => (a[2] as number) - (b[2] as number));
}

describe('hash index', () => {
  it('finds and gives what a map holds, while it grows', () => {
    const world = new World(3);
    for (const range of [10, 200, 2500]) {
      for (let step = 0; step < 4 * range; step++) world.step(range);
      expect(world.index.size).toBe(world.tuples.size);
      const all = world.fixture.select(world.index, ITERATOR.ALL, []);
      expect(inOrder(all)).toEqual(inOrder(world.rows()));
      expect(world.fixture.select(world.index, ITERATOR.ALL, [1, 'x'])).toEqual(all);
      expect(world.fixture.select(world.index, ITERATOR.GT, [])).toEqual(all);
      expect(world.fixture.count(world.index, ITERATOR.ALL, [])).toBe(all.length);
      for (let probe = 0; probe < 200; probe++) {
        const key = world.newKey(range);
        const held = world.tuples.get(key.join());
        expect(world.fixture.find(world.index, key)).toBe(held?.address ?? NO_ADDRESS);
        expect(world.fixture.select(world.index, ITERATOR.EQ, key)).toEqual(held === undefined ? [] : [held.row]);
        expect(world.fixture.count(world.index, ITERATOR.EQ, key)).toBe(held === undefined ? 0 : 1);
        if (probe > 10) continue;
        const place = all.findIndex((row) => row[0] === key[0] && row[1] === key[1]);
        const behind = place < 0 ? [] : all.slice(place + 1);
        expect(world.fixture.select(world.index, ITERATOR.GT, key)).toEqual(behind);
        expect(world.fixture.count(world.index, ITERATOR.GT, key)).toBe(behind.length);
        expect(all).toContainEqual(world.fixture.row(world.index.random(probe)));
      }
    }
  });

  it('gives each row that stays exactly once to a cursor that outlives growth and changes', () => {
    const world = new World(5);
    for (let round = 0; round < 8; round++) {
      for (let step = 0; step < 300; step++) world.step(400);
      const before = world.rows();
      const cursor = world.fixture.open(world.index, ITERATOR.ALL, []);
      const seen = new Map<string, number>();
      for (let tuple = cursor.next(); tuple !== NO_ADDRESS; tuple = cursor.next()) {
        const row = world.fixture.row(tuple);
        const name = `${row[0]},${row[1]}`;
        seen.set(name, (seen.get(name) ?? 0) + 1);
        for (let step = world.random.below(6); step > 0; step--) world.step(400 * (1 + (round % 4)));
      }
      for (const row of before) {
        const name = `${row[0]},${row[1]}`;
        const held = world.tuples.get(name);
        if (held === undefined || held.row !== row) continue;
        expect([name, seen.get(name)]).toEqual([name, 1]);
      }
    }
  });

  it('keeps its state for read views, and gives all memory back', () => {
    const world = new World(7);
    const open: { view: ReturnType<typeof world.fixture.views.open>; rows: Row[]; all: Row[]; seen: () => Row[] }[] =
      [];
    for (let round = 0; round < 30; round++) {
      for (let step = 0; step < 200; step++) world.step(3000);
      const view = world.fixture.views.open();
      const snapshot = world.index.freeze();
      expect(snapshot.size).toBe(world.tuples.size);
      open.push({
        view,
        rows: world.rows(),
        all: world.fixture.select(world.index, ITERATOR.ALL, []),
        seen: () => world.fixture.rows(snapshot),
      });
      if (open.length < 4) continue;
      const [closed] = open.splice(world.random.below(open.length), 1);
      const seen = closed!.seen();
      expect(seen).toEqual(closed!.all);
      expect(inOrder(seen)).toEqual(inOrder(closed!.rows));
      world.fixture.views.close(closed!.view);
    }
    while (world.index.dismantle(3)) expect(world.index.size).toBe(0);
    expect(world.fixture.select(world.index, ITERATOR.ALL, [])).toEqual([]);
    for (const { view, all, seen } of open) {
      expect(seen()).toEqual(all);
      world.fixture.views.close(view);
    }
    for (const { address } of world.tuples.values()) world.fixture.arena.free(address);
    world.fixture.freeRetired();
    expect(world.fixture.cellBytes).toBe(0);
  });

  it('says no when the quota is spent, stays whole, and can still roll back', () => {
    const world = new World(9, 512 * 1024);
    const view = world.fixture.views.open();
    let last: Address = NO_ADDRESS;
    let count = 0;
    for (;;) {
      const address = world.fixture.tuple([count, '']);
      if (address === NO_ADDRESS || !world.index.reserve(false)) break;
      expect(world.index.replace(NO_ADDRESS, address, 'insert')).toBe(NO_ADDRESS);
      last = address;
      count++;
    }
    expect(count).toBeGreaterThan(1000);
    expect(world.index.reserve(true)).toBe(true);
    expect(world.index.replace(last, NO_ADDRESS, 'insert')).toBe(last);
    expect(world.fixture.select(world.index, ITERATOR.ALL, []).length).toBe(count - 1);
    world.fixture.views.close(view);
  });

  it('obeys the duplicate modes', () => {
    const { fixture, index } = new World(11);
    const put = (old: Address, row: Row, mode: 'insert' | 'replace' | 'replaceOrInsert'): [Address, Address] => {
      expect(index.reserve(false)).toBe(true);
      const address = fixture.tuple(row);
      return [index.replace(old, address, mode), address];
    };
    expect(put(NO_ADDRESS, [1, ''], 'replace')[0]).toBe(DUPLICATE);
    const [, first] = put(NO_ADDRESS, [1, ''], 'insert');
    const [replaced, second] = put(NO_ADDRESS, [1, ''], 'replace');
    expect(replaced).toBe(first);
    put(NO_ADDRESS, [2, ''], 'insert');
    expect(put(second, [2, ''], 'replaceOrInsert')[0]).toBe(DUPLICATE);
    expect(put(second, [3, ''], 'insert')[0]).toBe(second);
    expect(inOrder(fixture.select(index, ITERATOR.ALL, [])).length).toBe(2);
    expect(fixture.find(index, [1, ''])).toBe(NO_ADDRESS);
  });
});

function decimal(text: string): Decimal {
  return defined(Decimal.parse(text), text);
}

describe('hashes', () => {
  /** Values of one list compare equal. */
  const equalNumbers: Value[][] = [
    [5, new DoubleValue(5), decimal('5'), decimal('5.00'), new RawValue(Uint8Array.of(0xd0, 5))],
    [0, new DoubleValue(-0), new DoubleValue(0), decimal('0')],
    [new DoubleValue(0.5), decimal('0.5'), new RawValue(Uint8Array.of(0xca, 0x3f, 0, 0, 0))],
    [new DoubleValue(0.1), decimal('0.1')],
    [2n ** 64n - 1n, decimal('18446744073709551615')],
    [2n ** 53n + 1n, decimal('9007199254740993')],
    [-(2n ** 63n), new DoubleValue(-(2 ** 63)), decimal('-9223372036854775808')],
    [
      new RawValue(Uint8Array.of(0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0)),
      new RawValue(Uint8Array.of(0xca, 0xff, 0xc0, 0, 1)),
    ],
  ];

  it.each(['number', 'scalar'] as const)('find %s values by any encoding of an equal one', (type) => {
    const fixture = new IndexFixture();
    const index = new HashIndex(fixture.arena, fixture.views, definitionOf('hash', [{ fieldNo: 0, type }]));
    for (const [number, group] of equalNumbers.entries()) {
      for (const stored of group) {
        expect(index.reserve(false)).toBe(true);
        const tuple = fixture.tuple([stored, number]);
        expect(index.replace(NO_ADDRESS, tuple, 'insert')).toBe(NO_ADDRESS);
        for (const sought of group) expect(fixture.find(index, [sought])).toBe(tuple);
        for (const other of equalNumbers)
          if (other !== group) expect(fixture.find(index, [other[0]!])).toBe(NO_ADDRESS);
        index.replace(tuple, NO_ADDRESS, 'insert');
      }
    }
  });

  it('find strings by their collation, and keep different ones of one normal form apart', () => {
    const fixture = new IndexFixture();
    const text = (bytes: Uint8Array, start: number, length: number): string =>
      new TextDecoder().decode(bytes.slice(start, start + length)).toLowerCase();
    const collation = {
      id: 2 as never,
      mayJoinDifferent: true,
      compare: (...[a, aStart, aLength, b, bStart, bLength]: Parameters<typeof compareText>) =>
        compareText(a, aStart, aLength, b, bStart, bLength),
      // Coarser than the order: the first letter alone.
      normalisedKey: (bytes: Uint8Array, start: number, length: number) =>
        encodeToBytes(text(bytes, start, length).slice(0, 1)),
    };
    function compareText(a: Uint8Array, aS: number, aL: number, b: Uint8Array, bS: number, bL: number): number {
      return text(a, aS, aL) < text(b, bS, bL) ? -1 : text(a, aS, aL) > text(b, bS, bL) ? 1 : 0;
    }
    const definition = definitionOf('hash', [{ fieldNo: 0, type: 'string', collation }]);
    const index = new HashIndex(fixture.arena, fixture.views, definition);
    for (const word of ['Apple', 'aunt', 'Bee']) {
      expect(index.reserve(false)).toBe(true);
      expect(index.replace(NO_ADDRESS, fixture.tuple([word]), 'insert')).toBe(NO_ADDRESS);
    }
    expect(fixture.row(fixture.find(index, ['aPPLE']))).toEqual(['Apple']);
    expect(fixture.row(fixture.find(index, ['AUNT']))).toEqual(['aunt']);
    expect(fixture.find(index, ['ant'])).toBe(NO_ADDRESS);
    expect(index.replace(NO_ADDRESS, fixture.tuple(['BEE']), 'insert')).toBe(DUPLICATE);
  });

  it('spread consecutive numbers and multiples of powers of two', () => {
    for (const step of [1, 2 ** 10, 2 ** 20]) {
      const buckets = new Uint32Array(1024);
      for (let number = 0; number < 1024; number++) buckets[hashWord(number * step) & 1023]!++;
      expect(Math.max(...buckets)).toBeLessThan(12);
    }
    for (const word of [0, 1, 0x80000000, 0x12345678]) expect(reverseBits(reverseBits(word))).toBe(word);
    expect(reverseBits(1)).toBe(0x80000000);
  });
});
