import { describe, expect, it } from 'vitest';
import { BoxError, defined, SeededRandom } from '../../../base/index.ts';
import { decodeArray, encodeToBytes, type Value } from '../../../codec/msgpack/index.ts';
import { type JsonPath, keyDef, keyPart, type KeyPartOptions, parseJsonPath } from '../../../tuple/index.ts';
import { type Address, NO_ADDRESS } from '../../arena/index.ts';
import { DUPLICATE, type IndexDefinition, ITERATOR } from '../contract.ts';
import { definitionOf, FIRST_FIELD, IndexFixture, type Row } from '../index-fixture.ts';
import { KeyRecordsIndex } from './key-records-index.ts';
import { functionalKeyFault, functionalOrderKeyDef, type KeyFunction } from './key-source.ts';

function path(text: string): JsonPath {
  const parsed = parseJsonPath(text);
  if (typeof parsed === 'number') throw new Error(text);
  return parsed;
}

type Kind = Readonly<{
  name: string;
  definition: IndexDefinition;
  keyFunction: KeyFunction | null;
  newRow: (random: SeededRandom, id: number) => Row;
  /** Keys of a row without the primary key, equal ones repeated. */
  keysOf: (row: Row) => Value[][];
}>;

/** Keys of a function: the length of each word of field 1 and the word itself. */
const wordKeys: KeyFunction = (tuple) => {
  const [, words] = decodeArray(tuple, 0) as [number, string[]];
  return words.map((word) => encodeToBytes([word.length, word]));
};
const functionParts: KeyPartOptions[] = [
  { fieldNo: 0, type: 'unsigned' },
  { fieldNo: 1, type: 'string' },
];

function numbers(random: SeededRandom): Value[] {
  return Array.from({ length: random.below(5) }, () => random.below(60));
}

function words(random: SeededRandom): string[] {
  return Array.from({ length: random.below(4) }, () => 'abcdefgh'.slice(random.below(4), 4 + random.below(5)));
}

function objects(random: SeededRandom): Value[] {
  return Array.from({ length: random.below(4) }, () =>
    random.chance(0.3) ? { b: 'x' } : { a: random.below(40), b: random.pick(['x', 'y']) },
  );
}

const kinds: readonly Kind[] = [
  {
    name: 'elements, not unique',
    definition: definitionOf('tree', [{ fieldNo: 1, type: 'unsigned', path: path('[*]') }], { isUnique: false }),
    keyFunction: null,
    newRow: (random, id) => [id, numbers(random)],
    keysOf: (row) => (row[1] as Value[]).map((value) => [value]),
  },
  {
    name: 'elements, unique',
    definition: definitionOf('tree', [{ fieldNo: 1, type: 'unsigned', path: path('[*]') }]),
    keyFunction: null,
    newRow: (random, id) => [
      id,
      random.chance(0.8) ? numbers(random).map((value) => (value as number) + 60 * id) : numbers(random),
    ],
    keysOf: (row) => (row[1] as Value[]).map((value) => [value]),
  },
  {
    name: 'members of elements, unique and nullable',
    definition: definitionOf('tree', [
      { fieldNo: 1, type: 'string', path: path('[*].b') },
      { fieldNo: 1, type: 'unsigned', path: path('[*].a'), isNullable: true },
    ]),
    keyFunction: null,
    newRow: (random, id) => [id, objects(random)],
    keysOf: (row) => (row[1] as { a?: number; b: string }[]).map(({ a, b }) => [b, a ?? null]),
  },
  {
    name: 'a function, not unique',
    definition: definitionOf('tree', functionParts, {
      isUnique: false,
      orderKeyDef: functionalOrderKeyDef(keyDef(functionParts.map(keyPart)), FIRST_FIELD, false),
    }),
    keyFunction: wordKeys,
    newRow: (random, id) => [id, words(random)],
    keysOf: (row) => (row[1] as string[]).map((word) => [word.length, word]),
  },
];

function compareKeys(a: readonly Value[], b: readonly Value[]): number {
  for (const [part, value] of a.entries()) {
    const other = b[part];
    if (other === undefined || value === other) continue;
    if (value === null) return -1;
    if (other === null) return 1;
    return (value as number) < (other as number) ? -1 : 1;
  }
  return 0;
}

type Entry = Readonly<{ key: Value[]; row: Row }>;

class World {
  readonly fixture: IndexFixture;
  readonly index: KeyRecordsIndex;
  readonly random: SeededRandom;
  readonly kind: Kind;
  readonly tuples = new Map<number, { address: Address; row: Row }>();

  constructor(kind: Kind, seed: number, quotaBytes?: number) {
    this.kind = kind;
    this.fixture = new IndexFixture(quotaBytes);
    this.random = new SeededRandom(seed);
    this.index = new KeyRecordsIndex(this.fixture.arena, this.fixture.views, kind.definition, kind.keyFunction);
  }

  /** All keys in order, those of one tuple once each. */
  entries(): Entry[] {
    const entries: Entry[] = [];
    for (const { row } of this.tuples.values()) {
      const keys = new Map(this.kind.keysOf(row).map((key) => [JSON.stringify(key), key]));
      for (const key of keys.values()) entries.push({ key, row });
    }
    return entries.sort((a, b) => compareKeys([...a.key, a.row[0]!], [...b.key, b.row[0]!]));
  }

  isForbidden(row: Row): boolean {
    if (!this.kind.definition.isUnique) return false;
    const keys = this.kind.keysOf(row).filter((key) => !key.includes(null));
    return this.entries().some(
      (entry) => entry.row[0] !== row[0] && keys.some((key) => compareKeys(key, entry.key) === 0),
    );
  }

  step(idRange = 200): void {
    const id = this.random.below(idRange);
    const old = this.tuples.get(id);
    expect(this.index.reserve(false)).toBe(true);
    if (this.random.chance(0.4)) {
      if (old === undefined) return;
      expect(this.index.replace(old.address, NO_ADDRESS, 'insert')).toBe(old.address);
      this.fixture.views.retireTuple(old.address);
      this.tuples.delete(id);
      return;
    }
    const row = this.kind.newRow(this.random, id);
    const address = this.fixture.tuple(row);
    const result = this.index.replace(old?.address ?? NO_ADDRESS, address, 'insert');
    if (this.isForbidden(row)) {
      expect(result).toBe(DUPLICATE);
      this.fixture.arena.free(address);
      return;
    }
    expect(result).toBe(old?.address ?? NO_ADDRESS);
    if (old !== undefined) this.fixture.views.retireTuple(old.address);
    this.tuples.set(id, { address, row });
  }
}

describe.each(kinds)('key records of $name', (kind) => {
  it('are what a sorted list of all keys gives', () => {
    const world = new World(kind, 3);
    for (let round = 0; round < 25; round++) {
      for (let step = 0; step < 40; step++) world.step();
      const entries = world.entries();
      expect(world.index.size).toBe(entries.length);
      expect(world.fixture.select(world.index, ITERATOR.ALL, [])).toEqual(entries.map(({ row }) => row));
      const some = world.random.pick(entries).key;
      for (const key of [some, some.slice(0, 1)]) {
        const sides = entries.map((entry) => compareKeys(key, entry.key));
        const rows = (wanted: (side: number) => boolean): Row[] =>
          entries.filter((_, place) => wanted(-sides[place]!)).map(({ row }) => row);
        const { fixture, index } = world;
        expect(fixture.select(index, ITERATOR.EQ, key)).toEqual(rows((side) => side === 0));
        expect(fixture.select(index, ITERATOR.REQ, key)).toEqual(rows((side) => side === 0).reverse());
        expect(fixture.select(index, ITERATOR.GE, key)).toEqual(rows((side) => side >= 0));
        expect(fixture.select(index, ITERATOR.LT, key)).toEqual(rows((side) => side < 0).reverse());
        expect(fixture.rows(fixture.open(index, ITERATOR.GT, key))).toEqual(rows((side) => side > 0));
        expect(fixture.count(index, ITERATOR.LE, key)).toBe(rows((side) => side <= 0).length);
        if (kind.definition.isUnique && key.length === kind.definition.keyDef.parts.length && !key.includes(null)) {
          expect(fixture.row(fixture.find(index, key))).toEqual(rows((side) => side === 0)[0]);
        }
      }
      expect(entries.map(({ row }) => row)).toContainEqual(world.fixture.row(world.index.random(round)));
    }
  });

  it('go on behind the last key under an open cursor', () => {
    const world = new World(kind, 5);
    for (let round = 0; round < 20; round++) {
      for (let step = 0; step < 60; step++) world.step();
      const cursor = world.fixture.open(world.index, ITERATOR.ALL, []);
      const stays = new Set(world.tuples.values());
      const seen = new Map<Row, number>();
      for (let tuple = cursor.next(); tuple !== NO_ADDRESS; tuple = cursor.next()) {
        const holder = [...world.tuples.values()].find(({ address }) => address === tuple);
        const { row } = defined(holder, 'tuple of a result');
        seen.set(row, (seen.get(row) ?? 0) + 1);
        if (world.random.chance(0.4)) world.step();
      }
      const there = new Set(world.tuples.values());
      for (const tuple of stays) {
        if (!there.has(tuple)) continue;
        const keys = new Set(kind.keysOf(tuple.row).map((key) => JSON.stringify(key)));
        expect(seen.get(tuple.row) ?? 0).toBe(keys.size);
      }
    }
  });

  it('keep their state for read views, and give all memory back', () => {
    const world = new World(kind, 7);
    const open: { view: ReturnType<typeof world.fixture.views.open>; rows: Row[]; seen: () => Row[] }[] = [];
    for (let round = 0; round < 30; round++) {
      for (let step = 0; step < 60; step++) world.step();
      const view = world.fixture.views.open();
      const snapshot = world.index.freeze();
      const rows = world.entries().map(({ row }) => row);
      expect(snapshot.size).toBe(rows.length);
      open.push({ view, rows, seen: () => world.fixture.rows(snapshot) });
      if (open.length < 4) continue;
      const [closed] = open.splice(world.random.below(open.length), 1);
      expect(closed!.seen()).toEqual(closed!.rows);
      world.fixture.views.close(closed!.view);
    }
    while (world.index.dismantle(1)) expect(world.index.size).toBe(0);
    expect(world.index.byteSize).toBe(0);
    for (const { view, rows, seen } of open) {
      expect(seen()).toEqual(rows);
      world.fixture.views.close(view);
    }
    for (const { address } of world.tuples.values()) world.fixture.arena.free(address);
    world.fixture.freeRetired();
    expect(world.fixture.cellBytes).toBe(0);
  });

  it('stay as they were when the quota is spent in the middle of a tuple, and can be rolled back beyond it', () => {
    const world = new World(kind, 9, 2 * 1024 * 1024);
    const { arena } = world.fixture;
    for (let step = 0; step < 200; step++) world.step();
    const rows = world.entries().map(({ row }) => row);
    // A first cell of each size before any size takes all that is left.
    const fillers = [24, 32, 40, 48, 56, 1024].map((sizeBytes) => ({ sizeBytes, cells: [arena.allocate(sizeBytes)] }));
    const fill = (): void => {
      for (const { sizeBytes, cells } of fillers) {
        for (let cell = arena.allocate(sizeBytes); cell !== NO_ADDRESS; cell = arena.allocate(sizeBytes))
          cells.push(cell);
      }
    };
    let failures = 0;
    for (let id = 1000; failures < 10; id++) {
      const row = kind.newRow(world.random, id);
      if (new Set(kind.keysOf(row).map(String)).size < 2 || world.isForbidden(row)) continue;
      const address = world.fixture.tuple(row, true);
      fill();
      // Room for one record of each size.
      for (const { cells } of fillers) arena.free(defined(cells.pop(), 'filler'));
      try {
        if (!world.index.reserve(false)) continue;
        expect(world.index.replace(NO_ADDRESS, address, 'insert')).toBe(NO_ADDRESS);
        world.index.replace(address, NO_ADDRESS, 'insert');
      } catch (error) {
        if (!(error instanceof BoxError)) throw error;
        expect(error.code).toBe(2);
        failures++;
      }
      expect(world.fixture.select(world.index, ITERATOR.ALL, [])).toEqual(rows);
      expect(world.index.reserve(true)).toBe(true);
      expect(world.index.replace(NO_ADDRESS, address, 'insert')).toBe(NO_ADDRESS);
      expect(world.index.replace(address, NO_ADDRESS, 'insert')).toBe(address);
      arena.free(address);
    }
    expect(world.fixture.select(world.index, ITERATOR.ALL, [])).toEqual(rows);
  });
});

it('names what is wrong with a key that a function gave', () => {
  const own = keyDef(functionParts.map(keyPart));
  expect(functionalKeyFault(own, encodeToBytes([1, 'a']))).toBe(null);
  expect(functionalKeyFault(own, encodeToBytes(5))).toBe('supplied key type is invalid: expected array');
  expect(functionalKeyFault(own, encodeToBytes([1]))).toBe(
    'Invalid key part count in an exact match (expected 2, got 1)',
  );
  expect(functionalKeyFault(own, encodeToBytes(['a', 'a']))).toBe('key does not follow functional index definition');
});
