import { describe, expect, it } from 'vitest';
import { Decimal, type Value } from '../../codec/msgpack/index.ts';
import { NO_ADDRESS } from '../arena/index.ts';
import { createIndex, type IndexDefinition, ITERATOR, type IteratorType, validateSelectKey } from './index.ts';
import { definitionOf, IndexFixture, keyOf } from './index-fixture.ts';

const number = { fieldNo: 0, type: 'unsigned' } as const;
const definitions = {
  tree: definitionOf('tree', [number, { fieldNo: 1, type: 'string' }]),
  hash: definitionOf('hash', [number, { fieldNo: 1, type: 'string' }]),
  bitset: definitionOf('bitset', [number], { isUnique: false }),
  rtree: definitionOf('rtree', [{ fieldNo: 1, type: 'array' }], { isUnique: false }),
} as const;

describe('createIndex', () => {
  it.each(Object.values(definitions))('makes an empty index of kind $type', (definition: IndexDefinition) => {
    const fixture = new IndexFixture();
    const index = createIndex(fixture.arena, fixture.views, definition, null);
    expect(index.definition).toBe(definition);
    expect(index.size).toBe(0);
    expect(index.byteSize).toBe(0);
    expect(index.isOrdered).toBe(definition.type === 'tree');
    expect(fixture.select(index, ITERATOR.ALL, [])).toEqual([]);
    expect(index.random(1)).toBe(NO_ADDRESS);
    expect(index.freeze().next()).toBe(NO_ADDRESS);
    expect(index.dismantle(1)).toBe(false);
  });
});

describe('validateSelectKey', () => {
  const partial = (type: string, wanted: number, got: number): string =>
    `${type} index  does not support selects via a partial key (expected ${wanted} parts, got ${got}). Please Consider changing index type to TREE.`;
  const type = (part: number, expected: string): string =>
    `Supplied key type of part ${part} does not match index part type: expected ${expected}`;
  const shape = 'RTree: Key must be an array with 2 (point) or 4 (rectangle/box) numeric coordinates';
  const { EQ, ALL, GT, GE, OVERLAPS, BITS_ANY_SET } = ITERATOR;
  /** As a real 2.6.0 answers; null where it accepts the key. */
  const cases: readonly [keyof typeof definitions, IteratorType, Value[], string | null][] = [
    ['tree', EQ, [], null],
    ['tree', GE, [1], null],
    ['tree', EQ, [1, 'a'], null],
    ['tree', EQ, [1, 'a', 1], 'Invalid key part count (expected [0..2], got 3)'],
    ['tree', EQ, [1, 1], type(1, 'string')],
    ['hash', ALL, [], null],
    ['hash', GT, [], null],
    ['hash', EQ, [], partial('HASH', 2, 0)],
    ['hash', ALL, [1], partial('HASH', 2, 1)],
    ['hash', EQ, ['1', '1'], type(0, 'unsigned')],
    ['hash', EQ, [1, 'a', 2], 'Invalid key part count (expected [0..2], got 3)'],
    ['bitset', ALL, [], null],
    ['bitset', GT, [], partial('BITSET', 1, 0)],
    ['bitset', BITS_ANY_SET, ['1'], type(0, 'unsigned')],
    ['rtree', ALL, [], null],
    ['rtree', OVERLAPS, [], 'Invalid key part count (expected [0..4], got 0)'],
    ['rtree', OVERLAPS, [1, 2, 3], 'Invalid key part count (expected [0..4], got 3)'],
    ['rtree', OVERLAPS, [1], type(0, 'array')],
    ['rtree', OVERLAPS, [[1]], shape],
    ['rtree', ALL, [[1, 2, 3]], shape],
    ['rtree', OVERLAPS, [[]], shape],
    ['rtree', OVERLAPS, [1, '2'], type(1, 'number')],
    ['rtree', OVERLAPS, [[1, '2']], type(0, 'number')],
    ['rtree', OVERLAPS, [[1, null]], type(0, 'number')],
    ['rtree', OVERLAPS, [1.5, 2], null],
    ['rtree', OVERLAPS, [[1, 2, 3, 4]], null],
    [
      'rtree',
      OVERLAPS,
      [1, Decimal.fromInteger(2n)],
      'Tuple field 2 type does not match one required by operation: expected number',
    ],
    [
      'rtree',
      OVERLAPS,
      [2n ** 64n - 1n, 1],
      'Tuple field 1 type does not match one required by operation: expected number',
    ],
  ];

  it.each(cases)('case %#: %s, iterator %s', (kind, iterator, values, message) => {
    const key = keyOf(values);
    const check = (): void => validateSelectKey(definitions[kind], iterator, key.bytes, key.position, key.partCount);
    if (message === null) expect(check).not.toThrow();
    else expect(check).toThrow(message);
  });
});
