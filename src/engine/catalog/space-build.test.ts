import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxError } from '../../base/index.ts';
import { encodeToBytes, type Value } from '../../codec/msgpack/index.ts';
import { CatalogFixture } from './catalog-fixture.ts';
import type { SpaceBuild } from './space-build.ts';
import { SYSTEM_SPACE as SYSTEM } from './system-space-ids.ts';

const SPACE = 600;
const ROWS = 1200;
const SECONDARY: readonly Value[] = [SPACE, 1, 'sk', 'tree', { unique: false }, [[1, 'unsigned']]];
const UNIQUE: readonly Value[] = [SPACE, 1, 'sk', 'tree', { unique: true }, [[1, 'unsigned']]];
const MULTIKEY: readonly Value[] = [
  SPACE,
  1,
  'sk',
  'tree',
  { unique: false },
  [{ field: 2, type: 'unsigned', path: '[*]' }],
];

function filled(primaryType: string): CatalogFixture {
  const fixture = CatalogFixture.bootstrapped();
  fixture.run(() => {
    fixture.insert(SYSTEM.space, [SPACE, 1, 'a', 'memtx', 0, {}, []]);
    fixture.insert(SYSTEM.index, [SPACE, 0, 'pk', primaryType, {}, [[0, 'unsigned']]]);
  });
  for (let key = 0; key < ROWS; key++) fixture.run(() => fixture.insert(SPACE, row(key, key * 7)));
  fixture.settle();
  return fixture;
}

function row(key: number, value: number): readonly Value[] {
  return [key, value, [value % 10, value % 7]];
}

function begin(fixture: CatalogFixture, definition: readonly Value[]): SpaceBuild {
  const space = fixture.space(SYSTEM.index);
  const build = fixture.catalog.prepareChange(space, null, encodeToBytes(definition), fixture.context);
  if (build === null) throw new TypeError('nothing was prepared');
  return build;
}

type Interference = Readonly<{ kind: 'put' | 'delete' | 'undone' | 'lost'; key: number; value: number }>;

/** `undone` is a transaction that rolls back, `lost` one that the log refuses later. */
function interfere(fixture: CatalogFixture, { kind, key, value }: Interference): void {
  switch (kind) {
    case 'put':
      return fixture.run(() => fixture.replace(SPACE, row(key, value)));
    case 'delete':
      return fixture.run(() => {
        if (fixture.find(fixture.space(SPACE), [key]) !== 0) fixture.delete(SPACE, [key]);
      });
    case 'undone':
      fixture.transactions.begin();
      fixture.replace(SPACE, row(key, value));
      fixture.replace(SPACE, row(key, value + 1));
      fixture.delete(SPACE, [key]);
      return fixture.transactions.rollback();
    case 'lost':
      fixture.settle();
      fixture.run(() => fixture.replace(SPACE, row(key, value)));
      return fixture.settle(boxError('WAL_IO'));
    default:
      throw new TypeError(kind);
  }
}

const interference = fc.record({
  kind: fc.constantFrom('put' as const, 'delete' as const, 'undone' as const, 'lost' as const),
  key: fc.integer({ min: 0, max: ROWS + 200 }),
  value: fc.integer({ min: 0, max: 1_000_000 }),
});

describe('building an index beside its space', () => {
  it.each([
    ['tree', SECONDARY],
    ['hash', SECONDARY],
    ['tree', MULTIKEY],
  ] as const)(
    'over a %s primary gives the index that building at once gives, whatever happens meanwhile',
    (type, definition) => {
      fc.assert(
        fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), interference), { maxLength: 60 }), (events) => {
          const fixture = filled(type);
          const build = begin(fixture, definition);
          for (const [count, event] of events) {
            build.advance(count);
            interfere(fixture, event);
          }
          while (build.advance(100));
          interfere(fixture, { kind: 'put', key: 3, value: 12345 });
          fixture.run(() => fixture.insert(SYSTEM.index, definition, build));
          const built = fixture.rows(fixture.space(SPACE), 1);
          fixture.run(() => fixture.delete(SYSTEM.index, [SPACE, 1]));
          fixture.run(() => fixture.insert(SYSTEM.index, definition));
          expect(built).toEqual(fixture.rows(fixture.space(SPACE), 1));
        }),
        { numRuns: 10 },
      );
    },
  );

  it('fails with the statement if keys collide, also those of tuples that come meanwhile', () => {
    const fixture = filled('tree');
    const build = begin(fixture, UNIQUE);
    build.advance(500);
    fixture.run(() => fixture.insert(SPACE, row(5000, 7)));
    expect(() => build.advance(100)).toThrow("Duplicate key exists in unique index 'sk' in space 'a'");
    fixture.catalog.abandon(build);
    expect(() => fixture.run(() => fixture.insert(SYSTEM.index, UNIQUE))).toThrow('Duplicate key');
    fixture.run(() => fixture.delete(SPACE, [5000]));
    fixture.run(() => fixture.insert(SYSTEM.index, UNIQUE));
  });

  it('keeps everybody else from altering the space', () => {
    const fixture = filled('tree');
    const build = begin(fixture, SECONDARY);
    const message = "Can't modify space 'a': the space is already being modified";
    expect(() => fixture.run(() => fixture.insert(SYSTEM.index, UNIQUE))).toThrow(message);
    expect(() => fixture.run(() => fixture.replace(SYSTEM.truncate, [SPACE, 1]))).toThrow(message);
    expect(() => fixture.run(() => fixture.delete(SYSTEM.index, [SPACE, 0]))).toThrow(message);
    fixture.catalog.abandon(build);
    fixture.run(() => fixture.replace(SYSTEM.truncate, [SPACE, 1]));
  });

  it('is not begun for what needs no reading, or fails anyway', () => {
    const fixture = filled('tree');
    const prepare = (spaceId: number, definition: readonly Value[]): SpaceBuild | null =>
      fixture.catalog.prepareChange(fixture.space(spaceId), null, encodeToBytes(definition), fixture.context);
    expect(prepare(SYSTEM.index, [SPACE, 0, 'renamed', 'tree', {}, [[0, 'unsigned']]])).toBeNull();
    expect(prepare(SYSTEM.space, [SPACE, 1, 'renamed', 'memtx', 0, {}, []])).toBeNull();
    expect(prepare(SYSTEM.index, [SPACE, 1, 'sk', 'nonsense', {}, [[0, 'unsigned']]])).toBeNull();
    const build = prepare(SYSTEM.space, [
      SPACE,
      1,
      'a',
      'memtx',
      0,
      {},
      [
        { name: 'id', type: 'unsigned' },
        { name: 'v', type: 'string' },
      ],
    ]);
    expect(() => build?.advance(1)).toThrow('Tuple field 2 type does not match one required by operation');
    if (build !== null) fixture.catalog.abandon(build);
  });

  it('is given up by a statement that fails, or that is about another row', () => {
    const fixture = filled('tree');
    fixture.collectAll();
    const before = fixture.userCellBytes;
    const failing = begin(fixture, UNIQUE);
    while (failing.advance(500));
    fixture.run(() => fixture.insert(SPACE, row(5000, 7)));
    expect(() => fixture.run(() => fixture.insert(SYSTEM.index, UNIQUE, failing))).toThrow('Duplicate key');
    fixture.catalog.abandon(failing);
    fixture.run(() => fixture.delete(SPACE, [5000]));
    const other = begin(fixture, SECONDARY);
    fixture.run(() => fixture.insert(SYSTEM.index, UNIQUE, other));
    fixture.run(() => fixture.delete(SYSTEM.index, [SPACE, 1]));
    fixture.settle();
    fixture.collectAll();
    expect(fixture.userCellBytes).toBe(before);
  });

  it('gives all memory back when it is given up', () => {
    const fixture = filled('tree');
    fixture.collectAll();
    const before = fixture.userCellBytes;
    const build = begin(fixture, SECONDARY);
    build.advance(700);
    fixture.catalog.abandon(build);
    fixture.collectAll();
    expect(fixture.userCellBytes).toBe(before);
  });
});
