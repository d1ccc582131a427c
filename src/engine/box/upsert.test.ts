/**
 * UPSERT on spaces with different primary keys: answers as a real Tarantool 2.6.0 gave them, in the order in which it
 * finds mistakes, and no memory is lost on any way out.
 */
import { expect, test } from 'vitest';
import { BoxError } from '../../base/index.ts';
import { decodeValue, encodeToBytes, type Value } from '../../codec/msgpack/index.ts';
import { AccessControl, SchemaAccess, UserRegistry } from '../access/index.ts';
import { Arena, NO_ADDRESS, ReadViews } from '../arena/index.ts';
import { bootstrapRows, Catalog } from '../catalog/index.ts';
import type { SpaceMemory } from '../memtx/index.ts';
import { RecoveryJournal, TransactionManager } from '../txn/index.ts';
import { Box } from './box.ts';
import { resultBytes } from './selection.ts';

const MEMORY_BYTES = 16 * 1024 * 1024;
const TUPLE_BYTES_MAX = 1000;
const UUID = '00000000-0000-0000-0000-000000000001';
const SYSTEM_SPACE = { space: 280, index: 288 };
const SPACE = 512;
const BIG = 'x'.repeat(2000);
const TOO_LARGE = /tuple is too large/;
const WRONG_KEY_TYPE = 'Tuple field 1 type does not match one required by operation: expected unsigned';
const WRONG_SECOND_TYPE = 'Tuple field 2 type does not match one required by operation: expected unsigned';
const UNKNOWN_CODE = 'Unknown UPDATE operation #1: "%"';

function newMemory(): SpaceMemory {
  const arena = new Arena(MEMORY_BYTES);
  return { arena, views: new ReadViews(arena) };
}

class Fixture {
  readonly #userMemory = newMemory();
  readonly #box: Box;

  constructor() {
    const transactions = new TransactionManager(new RecoveryJournal(), () => {});
    const users = new UserRegistry({ kind: 'stored' });
    const catalog = new Catalog({
      userMemory: this.#userMemory,
      systemMemory: newMemory(),
      tupleBytesMax: TUPLE_BYTES_MAX,
      ports: { access: new SchemaAccess(users) },
    });
    catalog.createSystemSpaces();
    const access = new AccessControl(catalog, { sha1: () => new Uint8Array(20) }, users);
    this.#box = new Box(catalog, transactions, access);
    for (const { spaceId, tuple } of bootstrapRows(UUID, UUID)) {
      this.#box.statements.insert(this.#box.adminSession, spaceId, tuple, 0, tuple.length);
    }
    this.insert(SYSTEM_SPACE.space, [SPACE, 1, 'test', 'memtx', 0, new Map(), []]);
  }

  addIndex(id: number, isUnique: boolean, parts: readonly (readonly [number, string])[]): void {
    const options = new Map<Value, Value>([['unique', isUnique]]);
    this.insert(SYSTEM_SPACE.index, [SPACE, id, `i${id}`, 'tree', options, parts.map(([...part]) => part)]);
  }

  insert(spaceId: number, tuple: Value): void {
    const bytes = encodeToBytes(tuple);
    this.#box.statements.insert(this.#box.adminSession, spaceId, bytes, 0, bytes.length);
  }

  /** 'ok', or the message of the error. */
  upsert(tuple: Value, operations: Value): string {
    const tupleBytes = encodeToBytes(tuple);
    const bytes = new Uint8Array([...tupleBytes, ...encodeToBytes(operations)]);
    const { statements, adminSession } = this.#box;
    try {
      statements.upsert(adminSession, SPACE, bytes, 0, tupleBytes.length, tupleBytes.length, bytes.length, 0);
      return 'ok';
    } catch (error) {
      if (error instanceof BoxError) return error.message;
      throw error;
    }
  }

  rows(): Value[] {
    const { statements, adminSession } = this.#box;
    const cursor = statements.select(adminSession, SPACE, 0, 2, 0, encodeToBytes([]), 0);
    const rows: Value[] = [];
    for (let tuple = cursor.next(); tuple !== NO_ADDRESS; tuple = cursor.next()) {
      rows.push(decodeValue(resultBytes(statements.selected, tuple), 0));
    }
    return rows;
  }

  /** Bytes given out to user spaces once everything is settled. */
  cellBytes(): number {
    this.#box.transactions.flush();
    return this.#userMemory.arena.statistics().cellBytes;
  }
}

function keyedByFirst(): Fixture {
  const fixture = new Fixture();
  fixture.addIndex(0, true, [[0, 'unsigned']]);
  fixture.addIndex(1, false, [[1, 'unsigned']]);
  fixture.insert(SPACE, [1, 1]);
  // The first change after the trees have grown sets pages aside for the next ones.
  fixture.upsert([1, 1], []);
  return fixture;
}

test.each<[string, Value, Value, string | RegExp, Value]>([
  ['updates', [1, 2], [['+', 1, 5]], 'ok', [[1, 6]]],
  ['skips what fails', [1, 2], [['+', 7, 5]], 'ok', [[1, 1]]],
  [
    'inserts',
    [2, 2],
    [['+', 1, 5]],
    'ok',
    [
      [1, 1],
      [2, 2],
    ],
  ],
  ['ignores another key', [1, 2], [['=', 0, 5]], 'ok', [[1, 1]]],
  ['ignores a shifted key', [1, 2], [['!', 0, 5]], 'ok', [[1, 1]]],
  [
    'takes the same key again',
    [1, 2],
    [
      ['=', 0, 1],
      ['=', 2, 'x'],
    ],
    'ok',
    [[1, 1, 'x']],
  ],
  ['takes the same key by another way', [1, 2], [['!', 0, 1]], 'ok', [[1, 1, 1]]],
  ['refuses a key of another type', [1, 2], [['=', 0, 'x']], WRONG_KEY_TYPE, [[1, 1]]],
  [
    'refuses a wrong field beside another key',
    [1, 2],
    [
      ['=', 0, 5],
      ['=', 1, 'x'],
    ],
    WRONG_SECOND_TYPE,
    [[1, 1]],
  ],
  [
    'refuses a big result beside another key',
    [1, 2],
    [
      ['=', 0, 5],
      ['=', 2, BIG],
    ],
    TOO_LARGE,
    [[1, 1]],
  ],
  ['looks at the size of what is stored only', [1, 2, BIG], [['=', 2, 'ok']], 'ok', [[1, 1, 'ok']]],
  ['looks at operations before the size', [9, 2, BIG], [['%', 2, 'ok']], UNKNOWN_CODE, [[1, 1]]],
  ['looks at the size', [9, 2, BIG], [['=', 2, 'ok']], TOO_LARGE, [[1, 1]]],
  ['looks at the tuple before operations', [1, 'x', BIG], [['%', 2, 'ok']], WRONG_SECOND_TYPE, [[1, 1]]],
  ['looks at operations though there is a tuple', [1, 2], [['%', 2, 'ok']], UNKNOWN_CODE, [[1, 1]]],
])('%s', (_, tuple, operations, answer, rows) => {
  const fixture = keyedByFirst();
  const before = fixture.cellBytes();
  expect(fixture.upsert(tuple, operations)).toEqual(
    typeof answer === 'string' ? answer : expect.stringMatching(answer),
  );
  expect(fixture.rows()).toEqual(rows);
  // Tuples as short as these have cells of one size.
  const grown = fixture.cellBytes() - before;
  expect(grown).toBe((fixture.rows().length - 1) * 16);
});

test.each<[string, readonly (readonly [number, string])[]]>([
  [
    'of fields in order',
    [
      [1, 'unsigned'],
      [2, 'string'],
    ],
  ],
  [
    'of fields out of order',
    [
      [2, 'string'],
      [1, 'unsigned'],
    ],
  ],
  [
    'of fields with a gap',
    [
      [0, 'unsigned'],
      [2, 'string'],
    ],
  ],
])('finds its tuple by a key %s', (_, parts) => {
  const fixture = new Fixture();
  fixture.addIndex(0, true, parts);
  fixture.insert(SPACE, [7, 7, 'key', 0]);
  fixture.insert(SPACE, [7, 7, 'other', 0]);
  expect(fixture.upsert([7, 7, 'key', 5], [['+', 3, 1]])).toBe('ok');
  expect(fixture.upsert([7, 7, 'key', 5], [['=', 2, 'other']])).toBe('ok');
  expect(fixture.upsert([7, 7, 'third', 5], [['+', 3, 1]])).toBe('ok');
  expect(fixture.rows()).toEqual([
    [7, 7, 'key', 1],
    [7, 7, 'other', 0],
    [7, 7, 'third', 5],
  ]);
});
