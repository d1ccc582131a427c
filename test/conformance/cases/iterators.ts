/** Every iterator over every kind of index, with empty, partial, full and excessive keys. */
import type { Value } from '../../../src/codec/msgpack/index.ts';
import { index, spaceWithPrimary } from '../schema-steps.ts';
import {
  type Area,
  type Case,
  insert,
  ITERATOR,
  type IteratorName,
  remove,
  select,
  selectAll,
  update,
} from '../steps.ts';

const SPACE = 512;
const ITERATORS = Object.keys(ITERATOR) as readonly IteratorName[];

/** One case an index: each iterator with each key. */
function matrix(
  name: string,
  setup: Case['steps'],
  indexId: number,
  keys: readonly Value[],
  iterators: readonly IteratorName[] = ITERATORS,
): readonly Case[] {
  return iterators.map((iterator) => ({
    name: `${name} ${iterator}`,
    steps: [...setup, keys.map((key) => select(SPACE, indexId, iterator, key))],
  }));
}

const ROWS: readonly Value[] = [
  [1, 10, 'a', 'x'],
  [2, 10, 'b', 'y'],
  [3, 10, 'b', 'z'],
  [4, 20, 'a', 'w'],
  [5, 20, 'c', 'v'],
  [7, 30, 'b', 'u'],
];

const TREE_SETUP: Case['steps'] = [
  spaceWithPrimary(SPACE, 'tree'),
  index(
    SPACE,
    1,
    'many',
    [
      [1, 'unsigned'],
      [2, 'string'],
    ],
    'tree',
    { unique: false },
  ),
  ROWS.map((row) => insert(SPACE, row)),
];
const HASH_SETUP: Case['steps'] = [
  spaceWithPrimary(SPACE, 'hash'),
  index(
    SPACE,
    1,
    'pair',
    [
      [1, 'unsigned'],
      [3, 'string'],
    ],
    'hash',
  ),
  ROWS.slice(0, 1).map((row) => insert(SPACE, row)),
];
const RTREE_SETUP: Case['steps'] = [
  spaceWithPrimary(SPACE, 'rtree'),
  index(SPACE, 1, 'area', [[1, 'array']], 'rtree', { unique: false }),
  insert(SPACE, [1, [0, 0]]),
  insert(SPACE, [2, [0, 0, 4, 4]]),
  insert(SPACE, [3, [10, 10, 20, 20]]),
];
const BITSET_SETUP: Case['steps'] = [
  spaceWithPrimary(SPACE, 'bitset'),
  index(SPACE, 1, 'bits', [[1, 'unsigned']], 'bitset', { unique: false }),
  [0, 1, 2, 3, 4, 6, 7, 255, 4294967296].map((bits, order) => insert(SPACE, [order + 1, bits])),
];

const RTREE: readonly Case[] = [
  {
    name: 'rtree keys that do not fit',
    steps: [
      ...RTREE_SETUP,
      select(SPACE, 1, 'eq', [1, 2, 3]),
      select(SPACE, 1, 'eq', [1]),
      select(SPACE, 1, 'eq', [1, 2, 3, 4, 5]),
      select(SPACE, 1, 'eq', ['a', 'b']),
      select(SPACE, 1, 'eq', [[1, 2, 3]]),
      select(SPACE, 1, 'eq', [[0, 0]]),
      select(SPACE, 1, 'eq', [null]),
      select(SPACE, 1, 'all', [[0, 0]]),
      select(SPACE, 1, 'overlaps', [4, 4, 0, 0]),
    ],
  },
  {
    name: 'rtree tuples that do not fit',
    steps: [
      ...RTREE_SETUP,
      insert(SPACE, [10]),
      insert(SPACE, [10, 5]),
      insert(SPACE, [10, []]),
      insert(SPACE, [10, [1]]),
      insert(SPACE, [10, [1, 2, 3]]),
      insert(SPACE, [10, [1, 2, 3, 4, 5]]),
      insert(SPACE, [10, ['a', 'b']]),
      insert(SPACE, [10, [1.5, -2.5]]),
      insert(SPACE, [11, [5, 5, 1, 1]]),
      insert(SPACE, [12, null]),
      remove(SPACE, [[0, 0]], 1),
      update(SPACE, [1], [['=', 1, [100, 100]]]),
      select(SPACE, 1, 'overlaps', [50, 50, 200, 200]),
    ],
  },
  {
    name: 'rtree of three dimensions with the manhattan distance',
    steps: [
      spaceWithPrimary(SPACE, 'rtree3'),
      index(SPACE, 1, 'area', [[1, 'array']], 'rtree', { unique: false, dimension: 3, distance: 'manhattan' }),
      insert(SPACE, [1, [1, 1, 1]]),
      insert(SPACE, [2, [4, 0, 0]]),
      insert(SPACE, [3, [0, 0, 0, 9, 9, 9]]),
      insert(SPACE, [4, [1, 2]]),
      select(SPACE, 1, 'neighbor', [20, 20, 20]),
      select(SPACE, 1, 'overlaps', [0, 0, 0, 2, 2, 2]),
      select(SPACE, 1, 'eq', [1, 1, 1]),
    ],
  },
];

const OTHERS: readonly Case[] = [
  {
    name: 'iterator numbers out of range',
    steps: [...TREE_SETUP, [12, 13, 255, 256, 4294967295].map((number) => select(SPACE, 0, number, [1]))],
  },
  {
    name: 'keys of a wrong type',
    steps: [
      ...TREE_SETUP,
      [['1'], [null], [-1], [1.5], [true], [[1]], [{ a: 1 }], [1, 2], [1, 2, 3]].flatMap((key) => [
        select(SPACE, 0, 'eq', key as Value),
        select(SPACE, 0, 'ge', key as Value),
      ]),
      select(SPACE, 1, 'eq', [10, 5]),
      select(SPACE, 1, 'eq', ['a', 'a']),
      select(SPACE, 1, 'eq', [10, null]),
      select(SPACE, 1, 'all', [10, 5]),
      select(SPACE, 1, 'eq', [10, 'a', 1]),
    ],
  },
  {
    name: 'hash keys that do not fit',
    steps: [
      ...HASH_SETUP,
      select(SPACE, 1, 'eq', []),
      select(SPACE, 1, 'eq', [10]),
      select(SPACE, 1, 'eq', [10, 5]),
      select(SPACE, 1, 'eq', [10, 'x', 1]),
      remove(SPACE, [10], 1),
      remove(SPACE, [10, 'x'], 1),
      selectAll(SPACE, 1),
    ],
  },
  {
    name: 'a hash index as primary',
    steps: [
      insertSpaceWithHashPrimary(),
      insert(SPACE, ['a', 1]),
      insert(SPACE, ['a', 2]),
      select(SPACE, 0, 'eq', ['a']),
      select(SPACE, 0, 'eq', ['b']),
      select(SPACE, 0, 'gt', ['a']),
      select(SPACE, 0, 'ge', ['a']),
      select(SPACE, 0, 'gt', ['absent']),
      update(SPACE, ['a'], [['+', 1, 5]]),
      remove(SPACE, ['a']),
      selectAll(SPACE),
    ],
  },
  {
    name: 'a bitset over strings',
    steps: [
      spaceWithPrimary(SPACE, 'bitset2'),
      index(SPACE, 1, 'bits', [[1, 'string']], 'bitset', { unique: false }),
      insert(SPACE, [1, 'a']),
      insert(SPACE, [2, 'b']),
      insert(SPACE, [3, 'ab']),
      insert(SPACE, [4, '']),
      insert(SPACE, [5, 7]),
      select(SPACE, 1, 'eq', ['a']),
      select(SPACE, 1, 'bitsAllSet', ['a']),
      select(SPACE, 1, 'bitsAnySet', ['b']),
      select(SPACE, 1, 'bitsAllNotSet', ['b']),
      selectAll(SPACE, 1),
    ],
  },
  {
    name: 'deleting while indexes stay in order',
    steps: [
      ...TREE_SETUP,
      remove(SPACE, [2]),
      update(SPACE, [5], [['=', 1, 5]]),
      insert(SPACE, [6, 10, 'b']),
      selectAll(SPACE, 1),
      select(SPACE, 1, 'req', [10]),
      select(SPACE, 1, 'le', [10, 'b']),
    ],
  },
];

function insertSpaceWithHashPrimary(): Case['steps'][number] {
  const [create] = spaceWithPrimary(SPACE, 'hashpk');
  return [create!, index(SPACE, 0, 'pk', [[0, 'string']], 'hash')];
}

export const ITERATORS_AREA: Area = {
  name: 'iterators',
  trust: 'open',
  cases: [
    ...matrix('tree primary', TREE_SETUP, 0, [[], [3], [6], [0], [100]]),
    ...matrix('tree secondary', TREE_SETUP, 1, [[], [10], [15], [10, 'b'], [10, 'aa'], [40], [20, 'c']]),
    ...matrix('hash', HASH_SETUP, 1, [[], [10], [10, 'x'], [10, 'q']]),
    ...matrix('rtree', RTREE_SETUP, 1, [[], [0, 0], [0, 0, 4, 4], [15, 15], [-1, -1, 50, 50], [30, 30, 40, 40]]),
    ...matrix('bitset', BITSET_SETUP, 1, [[], [0], [1], [3], [6], [256]]),
    ...RTREE,
    ...OTHERS,
  ],
};
