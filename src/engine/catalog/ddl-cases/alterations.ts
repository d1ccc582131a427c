/** Changes of spaces and indexes that are there. */
import type { Value } from '../../../codec/msgpack/index.ts';
import { SYSTEM_SPACE as SYSTEM } from '../system-space-ids.ts';
import { A, type DdlCase, filled, index, withPrimary } from './steps.ts';

const UPDATES_OF_SPACE: readonly (readonly Value[])[] = [
  ['=', 3, 'vinyl'],
  ['=', 3, 'blackhole'],
  ['=', 5, { group_id: 1 }],
  ['=', 5, { temporary: true }],
  ['=', 5, { view: true, sql: 'select 1' }],
  ['=', 5, { is_sync: true }],
  ['=', 5, { foo: true }],
  ['=', 2, 'renamed'],
  ['=', 2, ''],
  ['=', 2, '_space'],
  ['=', 1, 5],
  ['=', 4, 1],
  ['=', 4, 3],
  ['=', 6, [{ name: 'id', type: 'string' }]],
  ['=', 6, [{ name: 'id', type: 'scalar' }]],
  [
    '=',
    6,
    [
      { name: 'id', type: 'unsigned' },
      { name: 'b', type: 'unsigned' },
    ],
  ],
  [
    '=',
    6,
    [
      { name: 'id', type: 'unsigned' },
      { name: 'b', type: 'string' },
    ],
  ],
  [
    '=',
    6,
    [
      { name: 'id', type: 'unsigned' },
      { name: 'b', type: 'string', is_nullable: true },
    ],
  ],
  ['=', 6, [{ name: 'id' }, { name: 'b', is_nullable: true }, { name: 'c', type: 'unsigned', is_nullable: true }]],
  ['=', 6, [{ name: 'id' }, { name: 'id' }]],
  ['=', 6, [{ name: 'id', is_nullable: true }]],
  ['=', 0, 5],
];

const CHANGES_OF_INDEX: readonly (readonly Value[])[] = [
  [A, 1, 'renamed', 'tree', { unique: false }, [{ field: 1, type: 'string', is_nullable: true }]],
  [A, 1, 'pk', 'tree', { unique: false }, [{ field: 1, type: 'string', is_nullable: true }]],
  [A, 1, 'sk', 'tree', { unique: true }, [{ field: 1, type: 'string', is_nullable: true }]],
  [A, 1, 'sk', 'tree', { unique: false }, [[1, 'string']]],
  [A, 1, 'sk', 'tree', { unique: false }, [{ field: 1, type: 'scalar', is_nullable: true }]],
  [A, 1, 'sk', 'tree', { unique: false }, [{ field: 1, type: 'unsigned', is_nullable: true }]],
  [A, 1, 'sk', 'tree', { unique: false }, [{ field: 2, type: 'unsigned', is_nullable: true }]],
  [A, 1, 'sk', 'tree', { unique: false, page_size: 1024 }, [{ field: 1, type: 'string', is_nullable: true }]],
  [A, 1, 'sk', 'hash', {}, [[0, 'unsigned']]],
  [A, 1, 'sk', 'bitset', { unique: false }, [[0, 'unsigned']]],
  [A, 0, 'primary', 'tree', {}, [[0, 'unsigned']]],
  [A, 0, 'pk', 'tree', {}, [[0, 'integer']]],
  [A, 0, 'pk', 'hash', {}, [[0, 'unsigned']]],
  [A, 0, 'pk', 'tree', {}, [[1, 'string']]],
  [A, 0, 'pk', 'tree', { unique: false }, [[0, 'unsigned']]],
];

export const ALTERATION_CASES: readonly DdlCase[] = [
  ...UPDATES_OF_SPACE.map((operation, at) => ({
    name: `update ${at} of an empty space`,
    steps: [...withPrimary, ['update', SYSTEM.space, [A], [operation]] as const],
  })),
  ...UPDATES_OF_SPACE.map((operation, at) => ({
    name: `update ${at} of a space`,
    steps: [
      ...filled,
      ['update', SYSTEM.space, [A], [operation]] as const,
      ['insert', A, [10]] as const,
      ['insert', A, [11, 'x', 'y']] as const,
    ],
  })),
  ...CHANGES_OF_INDEX.map((row, at) => ({
    name: `change ${at} of an index`,
    steps: [
      ...filled,
      index(A, 1, 'sk', [{ field: 1, type: 'string', is_nullable: true }], 'tree', { unique: false }),
      ['replace', SYSTEM.index, row] as const,
      ['insert', A, [20, 'x']] as const,
      ['insert', A, [21, 5]] as const,
    ],
  })),
];
