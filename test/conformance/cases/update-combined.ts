/** Several operations in one list, malformed ones, paths into fields, and what upsert makes of failures. */
import { index, spaceWithPrimary } from '../schema-steps.ts';
import { type Case, binary, insert, replace, select, selectAll, update, upsert } from '../steps.ts';
import { SETUP, SPACE, MAX_UNSIGNED, TUPLE, table } from './update-table.ts';

export const COMBINED: readonly Case[] = [
  table('several operations', [
    [],
    [
      ['=', 1, 'a'],
      ['=', 2, 'b'],
    ],
    [
      ['+', 1, 1],
      ['-', 3, 1],
    ],
    [
      ['+', 1, 1],
      ['+', 1, 1],
    ],
    [
      ['=', 1, 5],
      ['+', 1, 1],
    ],
    [
      ['+', 1, 1],
      ['=', 1, 5],
    ],
    [
      ['=', 1, 5],
      ['=', 1, 6],
    ],
    [
      ['!', 1, 'x'],
      ['+', 2, 1],
    ],
    [
      ['#', 1, 1],
      ['=', 1, 'x'],
    ],
    [
      ['#', 1, 1],
      ['!', 1, 'x'],
      ['=', 1, 'y'],
    ],
    [
      ['=', 1, 'x'],
      ['#', 1, 1],
    ],
    [
      ['+', 1, 1],
      ['#', 1, 1],
    ],
    [
      ['=', 10, 'x'],
      ['#', 10, 1],
    ],
    [
      ['!', -1, 'x'],
      ['=', -1, 'y'],
    ],
    [
      ['=', 2, 'x'],
      [':', 2, 0, 0, 'y'],
    ],
    [
      [':', 2, 0, 1, 'y'],
      [':', 2, 1, 1, 'z'],
    ],
    [
      ['=', '[5][1]', 'x'],
      ['=', 4, 'y'],
    ],
    [
      ['=', '[5][1]', 'x'],
      ['=', '[5][1]', 'y'],
    ],
    [
      ['=', '[5][1]', 'x'],
      ['=', '[5][2]', 'y'],
    ],
    [
      ['=', '[5][3][1]', 'x'],
      ['=', '[5][3][2]', 'y'],
    ],
    [
      ['=', '[5][1]', 'x'],
      ['!', 4, 'y'],
    ],
    [
      ['!', 4, 'y'],
      ['=', '[6][1]', 'x'],
    ],
  ]),
  {
    ...table('a path into a value that the same request assigns', [
      [
        ['=', 4, 'y'],
        ['=', '[5][1]', 'x'],
      ],
    ]),
    differs: 'this is a double update; 2.6.0 takes the operation for the value, and crashes on paths with names',
  },
  table('malformed operations', [
    [5],
    ['x'],
    [null],
    [[]],
    [[5]],
    [[5, 1, 1]],
    [['', 1, 1]],
    [['==', 1, 1]],
    [['%', 1, 1]],
    [['a', 1, 1]],
    [[null, 1, 1]],
    [
      ['=', 1, 1],
      ['%', 1, 1],
    ],
    [['+', 1]],
    [['+', 1, 1, 1]],
    [['&', 1]],
    [{ a: 1 }],
    [[binary('3d'), 1, 1]],
  ]),
];

export const PATHS: readonly Case[] = [
  table('paths', [
    [['=', '[5][1]', 'x']],
    [['=', '[5][3]', 'x']],
    [['=', '[5][4]', 'appended']],
    [['=', '[5][5]', 'too far']],
    [['=', '[5][0]', 'x']],
    [['=', '[5][-1]', 'x']],
    [['=', '[5][3][2]', 'x']],
    [['=', 'list[1]', 'x']],
    [['=', 'list.k', 'x']],
    [['=', 'map.k', 'x']],
    [['=', 'map.new', 'x']],
    [['=', 'map.m.n', 'x']],
    [['=', 'map.m.new', 'x']],
    [['=', 'map.q.n', 'x']],
    [['=', 'map["k"]', 'x']],
    [['=', "map['k']", 'x']],
    [['=', 'map.l[2]', 'x']],
    [['=', 'map[1]', 'x']],
    [['=', 'map.k.z', 'x']],
    [['=', '[2].a', 'x']],
    [['=', '[2][1]', 'x']],
    [['=', '[3][1]', 'x']],
    [['=', '[20][1]', 'x']],
    [['=', '[1]', 1]],
    [['=', '[0]', 1]],
    [['=', '[10]', 'x']],
    [['=', '[11]', 'x']],
    [['=', '[12]', 'x']],
    [['=', 'nothing.k', 'x']],
    [['=', 'map.', 'x']],
    [['=', 'map..k', 'x']],
    [['=', 'map[', 'x']],
    [['=', 'map[*]', 'x']],
    [['=', '[5][*]', 'x']],
    [['=', '.map.k', 'x']],
    [['=', '["map"].k', 'x']],
  ]),
  table('other operations on paths', [
    [['!', '[5][1]', 'x']],
    [['!', '[5][4]', 'x']],
    [['!', '[5][5]', 'x']],
    [['!', 'map.new', 'x']],
    [['!', 'map.k', 'x']],
    [['#', '[5][1]', 1]],
    [['#', '[5][1]', 100]],
    [['#', '[5][9]', 1]],
    [['#', 'map.k', 1]],
    [['#', 'map.k', 2]],
    [['#', 'map.none', 1]],
    [['+', '[5][1]', 5]],
    [['+', 'map.k', 5]],
    [['+', 'map.none', 5]],
    [['-', 'map.m.n', 5]],
    [['&', 'map.k', 3]],
    [['|', '[5][2]', 5]],
    [[':', 'map.m.n', 0, 1, 'yz']],
    [[':', 'map.k', 0, 1, 'yz']],
    [
      ['=', 'map.k', 1],
      ['=', 'map.new', 2],
      ['#', 'map.m', 1],
    ],
    [
      ['+', 'map.k', 1],
      ['+', 'map.k', 1],
    ],
  ]),
];

export const UPSERTS: readonly Case[] = [
  {
    name: 'upsert that inserts',
    steps: [
      ...SETUP,
      upsert(SPACE, [5, 'a', 'b', 'c', 'd', 'e'], [['=', 1, 'never']]),
      upsert(SPACE, [6, 'a', 'b', 'c', 'd', 'e'], []),
      upsert(SPACE, [7, 'a', 'b', 'c', 'd', 'e'], [['%', 1, 1]]),
      upsert(SPACE, [8, 'a', 'b', 'c', 'd', 'e'], [['=', 'nothing', 1]]),
      upsert(SPACE, [9, 'a', 'b', 'c', 'd', 'e'], [['+', 1, 'x']]),
      upsert(SPACE, ['x'], []),
      upsert(SPACE, [], []),
      upsert(SPACE, [10], []),
      selectAll(SPACE),
    ],
  },
  {
    name: 'upsert where some operations fail',
    steps: [
      ...SETUP,
      [
        [
          ['+', 2, 1],
          ['=', 1, 'kept'],
        ],
        [
          ['=', 50, 1],
          ['=', 1, 'kept'],
        ],
        [
          ['=', 'nothing', 1],
          ['=', 1, 'kept'],
        ],
        [
          ['#', 50, 1],
          ['=', 1, 'kept'],
        ],
        [
          ['=', 0, 2],
          ['=', 1, 'kept'],
        ],
        [
          ['=', 0, 'x'],
          ['=', 1, 'kept'],
        ],
        [
          ['+', 1, MAX_UNSIGNED],
          ['=', 2, 'kept'],
        ],
        [
          [':', 1, 0, 0, 'x'],
          ['=', 2, 'kept'],
        ],
        [['+', 0, 1]],
        [['#', 0, 1]],
        [
          ['=', 'map.q.z', 1],
          ['=', 1, 'kept'],
        ],
      ].map((operations) => [replace(SPACE, TUPLE), upsert(SPACE, TUPLE, operations), select(SPACE, 0, 'eq', [1])]),
    ],
  },
  {
    name: 'updates against format and secondary keys',
    steps: [
      spaceWithPrimary(SPACE, 'formatted', {
        format: [
          { name: 'id', type: 'unsigned' },
          { name: 'count', type: 'unsigned' },
          { name: 'name', type: 'string', is_nullable: true },
        ],
      }),
      index(SPACE, 1, 'name', [{ field: 2, type: 'string', is_nullable: true }]),
      insert(SPACE, [1, 5, 'a']),
      insert(SPACE, [2, 5, 'b']),
      update(SPACE, [1], [['=', 'count', 'x']]),
      update(SPACE, [1], [['-', 'count', 6]]),
      update(SPACE, [1], [['=', 'name', 'b']]),
      update(SPACE, [1], [['=', 'name', 5]]),
      update(SPACE, [1], [['#', 'count', 2]]),
      update(SPACE, [1], [['#', 'count', 1]]),
      update(SPACE, [1], [['=', 'name', null]]),
      update(SPACE, [1], [['#', 'name', 1]]),
      update(SPACE, [1], [['=', 3, 'more']]),
      update(
        SPACE,
        [1],
        [
          ['=', 2, null],
          ['=', 3, 'more'],
        ],
      ),
      upsert(SPACE, [1, 5], [['=', 'count', 'x']]),
      upsert(SPACE, [1, 5], [['=', 'name', 'b']]),
      upsert(SPACE, [3, 5, 'b'], []),
      update(SPACE, ['b'], [['+', 'count', 1]], { index: 1 }),
      update(SPACE, ['b'], [['=', 'name', 'c']], { index: 1 }),
      update(SPACE, ['c'], [['=', 'id', 7]], { index: 1 }),
      selectAll(SPACE),
      selectAll(SPACE, 1),
    ],
  },
  {
    name: 'four thousand operations, and more',
    steps: [
      ...SETUP,
      replace(SPACE, TUPLE),
      update(
        SPACE,
        [1],
        Array.from({ length: 4000 }, () => ['!', 10, 'x']),
      ),
      replace(SPACE, TUPLE),
      update(
        SPACE,
        [1],
        Array.from({ length: 4001 }, () => ['!', 10, 'x']),
      ),
      select(SPACE, 0, 'eq', [1]),
    ],
  },
];
