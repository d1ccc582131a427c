/**
 * Requests with several flaws at once: the reply tells which check comes first. Each row starts with all flaws, and
 * every next one has the flaw repaired that 2.6.0 complains about.
 */
import type { Value } from '../../../src/codec/msgpack/index.ts';
import { REQUEST } from '../../support/raw-iproto.ts';
import { index, space, SYSTEM, user } from '../schema-steps.ts';
import { type Area, type Case, insert, remove, request, select, update, upsert } from '../steps.ts';

const SPACE = 512;
const BARE = 513;
const BAD_NAME = 'a\u0001';

type Flaw = readonly [field: number, bad: Value];

/** Rows of one space with fewer and fewer flaws; the last row is good. */
function peel(name: string, spaceId: number, good: readonly Value[], flaws: readonly Flaw[]): Case {
  const rows = Array.from({ length: flaws.length + 1 }, (_, repaired) => {
    const row = [...good];
    // Several flaws of one field are tried one after the other.
    for (const [field, bad] of flaws.slice(repaired).reverse()) row[field] = bad;
    return insert(spaceId, row);
  });
  return { name, steps: [setup(), rows] };
}

function setup(): Case['steps'] {
  return [
    space(SPACE, 'taken', { format: [{ name: 'id', type: 'unsigned' }] }),
    index(SPACE, 0, 'pk', [[0, 'unsigned']]),
    space(BARE, 'bare', { format: [{ name: 'id', type: 'unsigned' }] }),
    user(40, 'role', {}, 'role'),
  ];
}

const FUNCTION: readonly Value[] = [
  600,
  1,
  'good',
  0,
  'LUA',
  '',
  'function',
  [],
  'any',
  'none',
  'none',
  false,
  false,
  true,
  ['LUA'],
  {},
  '',
  '2020-01-01 00:00:00',
  '2020-01-01 00:00:00',
];

export const CHECKS: Area = {
  name: 'checks',
  trust: 'closed',
  cases: [
    peel(
      'a space',
      SYSTEM.space,
      [600, 1, 'good', 'memtx', 0, {}, []],
      [
        [2, BAD_NAME],
        [0, 0],
        [6, [{ name: 'a', type: 'any' }, { type: 'any' }]],
        [5, { other: 1 }],
        [3, 'rocks'],
      ],
    ),
    peel(
      'a space with long names',
      SYSTEM.space,
      [600, 1, 'good', 'memtx', 0, {}, [{ name: 'a', type: 'any' }]],
      [
        [2, 'x'.repeat(65_001)],
        [0, 2147483648],
        [3, BAD_NAME],
        [5, { temporary: 1 }],
        [6, [{ name: 'a' }, { name: 'a' }]],
        [3, 'rocks'],
      ],
    ),
    peel(
      'a field of a format',
      SYSTEM.space,
      [600, 1, 'good', 'memtx', 0, {}, [{ name: 'a', type: 'any' }]],
      [
        [6, [{ name: BAD_NAME, type: 'other', collation: 9999, nullable_action: 'other', is_nullable: 5 }]],
        [6, [{ name: BAD_NAME, type: 'other', collation: 9999, nullable_action: 'other' }]],
        [6, [{ name: 'a', type: 'other', collation: 9999, nullable_action: 'other' }]],
        [6, [{ name: 'a', type: 'any', collation: 9999, nullable_action: 'other' }]],
        [6, [{ name: 'a', type: 'any', collation: 9999, nullable_action: 'none' }]],
        [6, [{ name: 'a', type: 'unsigned', collation: 2, is_nullable: true, nullable_action: 'abort' }]],
        [6, [{ name: 'a', type: 'unsigned', collation: 2 }]],
        [6, [{ name: 'a', type: 'any', collation: 9999 }]],
      ],
    ),
    peel(
      'an index',
      SYSTEM.index,
      [SPACE, 5, 'good', 'tree', { unique: true }, [[0, 'unsigned']]],
      [
        [0, 999],
        [4, { unique: true, other: 1 }],
        [2, BAD_NAME],
        [5, [[0, 'other']]],
        [1, 128],
        [3, 'btree'],
      ],
    ),
    peel(
      'an index against its space',
      SYSTEM.index,
      [SPACE, 5, 'good', 'hash', { unique: true }, [[0, 'unsigned']]],
      [
        [2, 'x'.repeat(65_001)],
        [1, 128],
        [
          5,
          [
            [0, 'string'],
            [0, 'string'],
          ],
        ],
        [4, { unique: false }],
        [5, [[0, 'string']]],
      ],
    ),
    peel(
      'a primary index',
      SYSTEM.index,
      [BARE, 0, 'good', 'tree', { unique: true }, [[0, 'unsigned']]],
      [
        [1, 1],
        [5, [{ field: 0, type: 'other', is_nullable: true }]],
        [4, { unique: false }],
        [5, [{ field: 0, type: 'string', is_nullable: true }]],
        [5, [[0, 'string']]],
      ],
    ),
    peel(
      'a user',
      SYSTEM.user,
      [60, 1, 'good', 'user', {}],
      [
        [3, 'other'],
        [2, BAD_NAME],
        [4, { 'chap-sha1': 5 }],
      ],
    ),
    peel(
      'a right',
      SYSTEM.priv,
      [1, 40, 'universe', 0, 1],
      [
        [2, 'other'],
        [0, 99],
        [1, 98],
        [0, 40],
        [4, 0],
      ],
    ),
    peel(
      'a right on an object',
      SYSTEM.priv,
      [1, 40, 'space', SPACE, 1],
      [
        [3, 'x'],
        [0, 99],
        [1, 98],
        [3, 999],
        [0, 40],
        [4, 0],
      ],
    ),
    peel(
      'a sequence',
      SYSTEM.sequence,
      [60, 1, 'good', 1, 1, 10, 1, 0, false],
      [
        [2, BAD_NAME],
        [3, 0],
        [4, 20],
        [6, -5],
      ],
    ),
    peel('a function', SYSTEM.func, FUNCTION, [
      [2, BAD_NAME],
      [6, 'other'],
      [0, 32001],
      [4, 'OTHER'],
      [8, 'other'],
      [14, ['OTHER']],
      [9, 'other'],
      [7, ['other']],
      [15, { is_multikey: 5 }],
      [12, true],
    ]),
    peel(
      'a collation',
      SYSTEM.collation,
      [400, 'good', 1, 'ICU', 'ru', {}],
      [
        [1, BAD_NAME],
        [3, 'OTHER'],
        [4, 'x'.repeat(100)],
        [5, { other: 1 }],
      ],
    ),
    {
      name: 'requests for data',
      steps: [
        setup(),
        space(700, 'counted', { fieldCount: 2, format: [{ name: 'a', type: 'unsigned' }] }),
        index(700, 0, 'pk', [[0, 'unsigned']]),
        index(700, 1, 'many', [[1, 'unsigned']], 'tree', { unique: false }),
        insert(700, ['x']),
        insert(700, ['x', 'y']),
        select(999, 0, 99, ['x']),
        select(999, 0, 'eq', ['x']),
        select(700, 9, 99, ['x', 2]),
        select(700, 9, 'eq', ['x', 2]),
        select(700, 0, 'eq', ['x', 2]),
        select(700, 0, 'bitsAllSet', ['x']),
        request(REQUEST.select, [
          [0x10, 999],
          [0x20, []],
        ]),
        update(700, ['x'], [5]),
        update(700, ['x', 1], [5], { index: 1 }),
        update(700, [5], [['%', 1, 1]]),
        update(700, [5], [5]),
        upsert(700, ['x'], [5]),
        upsert(700, ['x', 1], [5]),
        upsert(700, [7, 7], [5]),
        upsert(700, [7, 7], [['%', 1, 1]]),
        remove(700, ['x', 1], 1),
        remove(999, ['x', 1], 9),
        remove(700, ['x', 1], 9),
      ],
    },
  ],
};
