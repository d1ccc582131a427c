/** The operations of update and upsert, good and bad, each on a fresh tuple. */
import type { Value } from '../../../src/codec/msgpack/index.ts';
import { type Area, type Case, binary, decimal, double, float32, raw, replace, update } from '../steps.ts';
import { MAX_UNSIGNED, MIN_SIGNED, SETUP, SPACE, table, TUPLE } from './update-table.ts';
import { COMBINED, PATHS, UPSERTS } from './update-combined.ts';

const ARITHMETIC_ARGUMENTS: readonly Value[] = [
  0,
  1,
  -1,
  5,
  -11,
  MAX_UNSIGNED,
  9223372036854775807n,
  MIN_SIGNED,
  double(0.5),
  double(0.1),
  double(1e300),
  double(1),
  float32(0.5),
  decimal('015c'),
  decimal('000' + '9'.repeat(38) + 'c'),
  'text',
  null,
  true,
  [1],
  binary('01'),
];

const ARITHMETIC: readonly Case[] = ['+', '-'].flatMap((operator) =>
  [1, 3, 6, 9, 2, 7].map((field) =>
    table(
      `${operator} on field ${field}`,
      ARITHMETIC_ARGUMENTS.map((argument) => [[operator, field, argument]]),
    ),
  ),
);

const BITS: readonly Case[] = ['&', '|', '^'].map((operator) =>
  table(
    `bits by ${operator}`,
    [0, 1, 6, 15, MAX_UNSIGNED, -1, double(1), 'x', null]
      .map((argument): Value => [[operator, 1, argument]])
      .concat([
        [[operator, 3, 1]],
        [[operator, 9, 1]],
        [[operator, 2, 1]],
        [[operator, 6, 1]],
        [[operator, 7, 1]],
      ] as Value[]),
  ),
);

const SPLICES: readonly Value[] = [
  [0, 0, 'Z'],
  [1, 2, 'ZZ'],
  [0, 6, ''],
  [6, 0, 'Z'],
  [7, 0, 'Z'],
  [100, 100, 'Z'],
  [-1, 0, 'Z'],
  [-2, 1, 'Z'],
  [-7, 1, 'Z'],
  [-8, 1, 'Z'],
  [2, -1, 'Z'],
  [2, -100, 'Z'],
  [0, 100, 'Z'],
  [0, -6, 'Z'],
  ['a', 0, 'Z'],
  [0, 'a', 'Z'],
  [0, 0, 5],
  [0, 0, null],
  [0, 0, binary('41')],
  [0, 0],
  [0],
  [0, 0, 'a', 'b'],
  [double(1), 0, 'Z'],
  [2147483648, 0, 'Z'],
  [4294967296, 0, 'Z'],
];

const SPLICE: readonly Case[] = [
  table(
    'splice',
    SPLICES.map((args) => [[':', 2, ...(args as readonly Value[])]]),
  ),
  table(
    'splice from base one',
    SPLICES.map((args) => [[':', 3, ...(args as readonly Value[])]]),
    1,
  ),
  table(
    'splice of other fields',
    [1, 3, 4, 7, 8, 99, 'text', 'nothing'].map((field) => [[':', field, 0, 0, 'x']]),
  ),
];

const FIELDS: readonly Case[] = [
  table('assign', [
    [['=', 1, 'new']],
    [['=', 1, null]],
    [['=', 1, [1, { a: 2 }]]],
    [['=', 9, 'last']],
    [['=', 10, 'appended']],
    [['=', 11, 'too far']],
    [['=', -1, 'last']],
    [['=', -9, 'second']],
    [['=', -10, 5]],
    [['=', -11, 'before']],
    [['=', -12, 'before']],
    [['=', 0, 1]],
    [['=', 0, 2]],
    [['=', 0, 'x']],
    [['=', 0, double(1)]],
    [['=', 1]],
    [['=', 1, 2, 3]],
    [['=']],
    [
      ['=', 10, 'a'],
      ['=', 11, 'b'],
    ],
    [['=', 2147483647, 'a']],
  ]),
  {
    // The error of an upsert would name whatever field 2.6.0 finds in memory that it has not set.
    name: 'assign to fields whose number has more than 31 bits',
    steps: [
      ...SETUP,
      replace(SPACE, TUPLE),
      [4294967295, 4294967296, MAX_UNSIGNED, MIN_SIGNED].map((field) => update(SPACE, [1], [['=', field, 'a']])),
    ],
  },
  table('insert', [
    [['!', 1, 'new']],
    [['!', 0, 1]],
    [['!', 0, 'x']],
    [['!', 10, 'appended']],
    [['!', 11, 'too far']],
    [['!', -1, 'end']],
    [['!', -2, 'before last']],
    [['!', -11, 'front']],
    [['!', -12, 'front']],
    [
      ['!', 1, 'a'],
      ['!', 1, 'b'],
    ],
    [['!', 1]],
    [['!', 1, 2, 3]],
  ]),
  table('delete', [
    [['#', 1, 1]],
    [['#', 1, 3]],
    [['#', 1, 100]],
    [['#', 1, 4294967296]],
    [['#', 9, 1]],
    [['#', 9, 5]],
    [['#', 10, 1]],
    [['#', -1, 1]],
    [['#', -2, 2]],
    [['#', -10, 1]],
    [['#', -11, 1]],
    [['#', 0, 1]],
    [['#', 1, 0]],
    [['#', 1, -1]],
    [['#', 1, 'x']],
    [['#', 1, double(1)]],
    [['#', 1]],
    [['#', 1, 1, 1]],
  ]),
  table(
    'base one',
    [
      [['=', 0, 'x']],
      [['=', 1, 1]],
      [['=', 2, 'x']],
      [['=', 11, 'x']],
      [['=', 12, 'x']],
      [['=', -1, 'x']],
      [['!', 1, 'x']],
      [['#', 2, 1]],
      [['#', 11, 1]],
      [['+', 2, 1]],
      [['+', 20, 1]],
      [['=', '[2]', 'x']],
    ],
    1,
  ),
  table('base five', [[['=', 4, 'x']], [['=', 5, 1]], [['=', 6, 'x']], [['+', 30, 1]]], 5),
  table('names', [
    [['=', 'number', 'x']],
    [['+', 'number', 5]],
    [['=', 'nothing', 'x']],
    [['=', '', 'x']],
    [['!', 'number', 'x']],
    [['#', 'number', 1]],
    [['=', 'id', 1]],
    [['=', 'id', 2]],
    [['=', 'Number', 1]],
    [['=', raw('c0'), 1]],
    [['=', true, 1]],
    [['=', double(1), 1]],
    [['=', [1], 1]],
    [['=', binary('6964'), 1]],
  ]),
];

export const UPDATE: Area = {
  name: 'update',
  trust: 'open',
  cases: [...ARITHMETIC, ...BITS, ...SPLICE, ...FIELDS, ...COMBINED, ...PATHS, ...UPSERTS],
};
