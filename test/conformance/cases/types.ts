/** Field types, formats, nullability, the order of values of mixed types, and collations. */
import type { Value } from '../../../src/codec/msgpack/index.ts';
import { index, space, spaceWithPrimary, SYSTEM } from '../schema-steps.ts';
import {
  type Area,
  binary,
  type Case,
  decimal,
  double,
  extension,
  float32,
  insert,
  raw,
  replace,
  select,
  selectAll,
  update,
  upsert,
  uuid,
} from '../steps.ts';

const SPACE = 512;
const UUID = uuid('0123456789abcdef0123456789abcdef');

/** One value of each kind that MessagePack or Tarantool knows. */
const SAMPLES: readonly Value[] = [
  null,
  true,
  5,
  -5,
  18446744073709551615n,
  double(1.5),
  double(3),
  float32(1.5),
  decimal('02123c'),
  '',
  'text',
  binary('0102'),
  UUID,
  extension(4, '0000000000000000'),
  extension(9, 'aa'),
  [1, 2],
  { a: 1 },
];
const FIELD_TYPES = [
  'any',
  'unsigned',
  'integer',
  'number',
  'double',
  'string',
  'varbinary',
  'boolean',
  'decimal',
  'uuid',
  'scalar',
  'array',
  'map',
] as const;
const INDEXABLE_TYPES = FIELD_TYPES.filter((type) => !['any', 'array', 'map'].includes(type));

const FORMATS: readonly Case[] = FIELD_TYPES.flatMap((type) =>
  [false, true].map((nullable) => ({
    name: `a field of type ${type}${nullable ? ' that may be nil' : ''}`,
    steps: [
      spaceWithPrimary(SPACE, 'typed', {
        format: [
          { name: 'id', type: 'unsigned' },
          nullable ? { name: 'value', type, is_nullable: true } : { name: 'value', type },
        ],
      }),
      insert(SPACE, [100]),
      SAMPLES.map((sample, order) => insert(SPACE, [order, sample])),
    ],
  })),
);

const INDEXED: readonly Case[] = INDEXABLE_TYPES.map((type) => ({
  name: `an index part of type ${type}`,
  steps: [
    spaceWithPrimary(SPACE, 'indexed'),
    index(SPACE, 1, 'value', [[1, type]], 'tree', { unique: false }),
    SAMPLES.map((sample, order) => insert(SPACE, [order, sample])),
    selectAll(SPACE, 1),
    SAMPLES.map((sample) => select(SPACE, 1, 'ge', [sample], { limit: 2 })),
  ],
}));

const SCALARS: readonly Value[] = [
  'b',
  5,
  false,
  binary('62'),
  'a',
  double(2.5),
  true,
  -3,
  'B',
  9223372036854775808n,
  '',
  0,
  decimal('02250c'),
  binary(''),
  double(-1e300),
  double(Infinity),
  double(-Infinity),
  float32(0.5),
  18446744073709551615n,
  -9223372036854775808n,
  binary('61'),
  'ab',
];

const ORDERS: readonly Case[] = [
  {
    name: 'the order of scalars',
    steps: [
      spaceWithPrimary(SPACE, 'scalars'),
      index(SPACE, 1, 'value', [[1, 'scalar']], 'tree', { unique: false }),
      SCALARS.map((value, order) => insert(SPACE, [order, value])),
      selectAll(SPACE, 1),
      SCALARS.map((value) => select(SPACE, 1, 'gt', [value], { limit: 1 })),
      SCALARS.map((value) => select(SPACE, 1, 'lt', [value], { limit: 1 })),
    ],
  },
  {
    name: 'numbers compare by value over all encodings',
    steps: [
      spaceWithPrimary(SPACE, 'numbers'),
      index(SPACE, 1, 'value', [[1, 'number']]),
      insert(SPACE, [1, 1]),
      insert(SPACE, [2, double(1)]),
      insert(SPACE, [3, float32(1)]),
      insert(SPACE, [4, decimal('001c')]),
      insert(SPACE, [5, decimal('02100c')]),
      insert(SPACE, [6, 9007199254740993n]),
      insert(SPACE, [7, double(9007199254740992)]),
      insert(SPACE, [8, 18446744073709551615n]),
      insert(SPACE, [9, double(18446744073709551616)]),
      insert(SPACE, [10, double(0.1)]),
      insert(SPACE, [11, decimal('011c')]),
      insert(SPACE, [12, float32(0.1)]),
      insert(SPACE, [13, double(-0)]),
      insert(SPACE, [14, 0]),
      selectAll(SPACE, 1),
      select(SPACE, 1, 'eq', [double(9007199254740992)]),
      select(SPACE, 1, 'gt', [double(9007199254740992)]),
      select(SPACE, 1, 'eq', [decimal('001c')]),
    ],
  },
  {
    name: 'nan in an index',
    steps: [
      spaceWithPrimary(SPACE, 'nan'),
      index(SPACE, 1, 'value', [[1, 'number']], 'tree', { unique: false }),
      insert(SPACE, [1, double(NaN)]),
      insert(SPACE, [2, 0]),
      insert(SPACE, [3, double(-Infinity)]),
      insert(SPACE, [4, double(5)]),
      selectAll(SPACE, 1),
    ],
  },
  {
    name: 'decimals',
    steps: [
      spaceWithPrimary(SPACE, 'decimals'),
      index(SPACE, 1, 'value', [[1, 'decimal']]),
      insert(SPACE, [1, decimal('02123c')]),
      insert(SPACE, [2, decimal('0412300c')]),
      insert(SPACE, [3, decimal('005d')]),
      insert(SPACE, [4, decimal('000c')]),
      insert(SPACE, [5, decimal('f61c')]),
      insert(SPACE, [6, decimal('0300 0001 2c')]),
      insert(SPACE, [7, decimal('005e')]),
      insert(SPACE, [10, decimal('000' + '9'.repeat(38) + 'c')]),
      selectAll(SPACE, 1),
      select(SPACE, 1, 'eq', [decimal('02123c')]),
      select(SPACE, 1, 'ge', [decimal('000c')], { limit: 1 }),
      select(SPACE, 1, 'eq', [5]),
    ],
  },
];

const NULLS: readonly Case[] = [
  {
    name: 'nil in a unique index that allows it',
    steps: [
      spaceWithPrimary(SPACE, 'nulls'),
      index(SPACE, 1, 'value', [{ field: 1, type: 'unsigned', is_nullable: true }]),
      insert(SPACE, [1, null]),
      insert(SPACE, [2]),
      insert(SPACE, [3, 5]),
      insert(SPACE, [4, 5]),
      insert(SPACE, [5, null]),
      selectAll(SPACE, 1),
      select(SPACE, 1, 'eq', [null]),
      select(SPACE, 1, 'gt', [null]),
      select(SPACE, 1, 'le', [null]),
      select(SPACE, 1, 'req', [null]),
      update(SPACE, [null], [['=', 1, 9]], { index: 1 }),
      update(SPACE, [5], [['=', 1, null]], { index: 1 }),
      selectAll(SPACE, 1),
    ],
  },
  {
    name: 'fields that may be missing at the end',
    steps: [
      spaceWithPrimary(SPACE, 'tail', {
        format: [
          { name: 'id', type: 'unsigned' },
          { name: 'a', type: 'string', is_nullable: true },
          { name: 'b', type: 'string' },
          { name: 'c', type: 'string', is_nullable: true },
        ],
      }),
      insert(SPACE, [1]),
      insert(SPACE, [1, 'a']),
      insert(SPACE, [1, null, 'b']),
      insert(SPACE, [2, null, null]),
      insert(SPACE, [3, null, 'b', 5]),
      insert(SPACE, [4, null, 'b', 'c', 'd', 'e']),
      update(SPACE, [1], [['#', 2, 1]]),
      update(SPACE, [1], [['=', 2, null]]),
      update(SPACE, [1], [['=', 'c', 'c']]),
      upsert(SPACE, [1, null, 'b'], [['=', 'b', 5]]),
      selectAll(SPACE),
    ],
  },
  {
    name: 'an index over a field that is not there',
    steps: [
      spaceWithPrimary(SPACE, 'missing'),
      index(SPACE, 1, 'far', [[5, 'string']]),
      insert(SPACE, [1]),
      insert(SPACE, [1, 2, 3, 4, 5]),
      insert(SPACE, [1, 2, 3, 4, 5, null]),
      insert(SPACE, [1, 2, 3, 4, 5, 'six']),
      selectAll(SPACE, 1),
    ],
  },
  {
    name: 'nullable actions',
    steps: [
      ['none', 'rollback', 'abort', 'fail', 'ignore', 'replace', 'default'].flatMap((action, order) => [
        space(SPACE + order, `action_${action}`, {
          format: [
            { name: 'id', type: 'unsigned' },
            { name: 'a', type: 'string', nullable_action: action },
          ],
        }),
        index(SPACE + order, 0, 'pk', [[0, 'unsigned']]),
        insert(SPACE + order, [1, null]),
        insert(SPACE + order, [1]),
      ]),
      space(SPACE + 20, 'conflict', {
        format: [{ name: 'a', type: 'string', nullable_action: 'abort', is_nullable: true }],
      }),
      space(SPACE + 21, 'conflict2', {
        format: [{ name: 'a', type: 'string', nullable_action: 'none', is_nullable: false }],
      }),
      space(SPACE + 22, 'unknown_action', { format: [{ name: 'a', type: 'string', nullable_action: 'other' }] }),
    ],
  },
];

const WORDS: readonly string[] = [
  'a',
  'A',
  'b',
  'B',
  'á',
  'ab',
  'Äb',
  'z',
  'é',
  'ё',
  'е',
  'ж',
  'Ж',
  '1',
  '10',
  '2',
  ' ',
  '_',
  'ß',
  'ss',
];

const COLLATIONS: readonly Case[] = (
  [
    ['none', 0],
    ['unicode', 1],
    ['unicode_ci', 2],
    ['binary', 3],
    ['unicode_de__phonebook_s3', 45],
    ['unicode_sv_s2', 212],
    ['unicode_uk_s1', 238],
  ] as const
).map(([name, id]) => {
  const parts = [{ field: 1, type: 'string', collation: id }];
  return {
    name: `collation ${name}`,
    steps: [
      spaceWithPrimary(SPACE, 'words'),
      select(SYSTEM.collation, 1, 'eq', [name]),
      index(SPACE, 1, 'word', parts, 'tree', { unique: false }),
      index(SPACE, 2, 'unique', parts),
      WORDS.map((word, order) => insert(SPACE, [order, word])),
      selectAll(SPACE, 1),
      selectAll(SPACE, 2),
      select(SPACE, 2, 'eq', ['A']),
      select(SPACE, 2, 'gt', ['b']),
      replace(SPACE, [50, 'AB']),
    ],
  };
});

const COLLATION_OTHERS: readonly Case[] = [
  {
    name: 'collation of a hash index and of a scalar',
    steps: [
      spaceWithPrimary(SPACE, 'words'),
      index(SPACE, 1, 'hash', [{ field: 1, type: 'string', collation: 2 }], 'hash'),
      index(SPACE, 2, 'scalar', [{ field: 2, type: 'scalar', collation: 2 }]),
      insert(SPACE, [1, 'a', 'x']),
      insert(SPACE, [2, 'A', 'y']),
      insert(SPACE, [3, 'b', 'X']),
      insert(SPACE, [4, 'b', 5]),
      insert(SPACE, [5, 'c', 5]),
      select(SPACE, 1, 'eq', ['A']),
      select(SPACE, 2, 'eq', ['X']),
      selectAll(SPACE, 2),
    ],
  },
  {
    name: 'collations that do not fit',
    steps: [
      spaceWithPrimary(SPACE, 'words'),
      index(SPACE, 1, 'number', [{ field: 1, type: 'unsigned', collation: 2 }]),
      index(SPACE, 1, 'missing', [{ field: 1, type: 'string', collation: 9999 }]),
      index(SPACE, 1, 'named', [{ field: 1, type: 'string', collation: 'unicode' }]),
      index(SPACE, 1, 'negative', [{ field: 1, type: 'string', collation: -1 }]),
      space(SPACE + 1, 'formatted', { format: [{ name: 'a', type: 'string', collation: 9999 }] }),
      space(SPACE + 2, 'formatted2', { format: [{ name: 'a', type: 'unsigned', collation: 2 }] }),
      space(SPACE + 3, 'formatted3', { format: [{ name: 'a', type: 'any', collation: 2 }] }),
      space(SPACE + 4, 'formatted4', { format: [{ name: 'a', type: 'scalar', collation: 2 }] }),
      space(SPACE + 5, 'formatted5', { format: [{ name: 'a', type: 'string', collation: 'unicode' }] }),
      space(SPACE + 6, 'formatted6', {
        format: [
          { name: 'a', type: 'unsigned' },
          { name: 'b', type: 'string', collation: 2 },
        ],
      }),
      index(SPACE + 6, 0, 'pk', [[0, 'unsigned']]),
      index(SPACE + 6, 1, 'inherits', [[1, 'string']]),
      insert(SPACE + 6, [1, 'a']),
      insert(SPACE + 6, [2, 'A']),
      select(SPACE + 6, 1, 'eq', ['A']),
    ],
  },
];

const EXACTNESS: readonly Case[] = [
  {
    name: 'a decimal and the double nearest to it',
    steps: [
      space(SPACE, 'nearly'),
      index(SPACE, 0, 'pk', [[0, 'number']]),
      insert(SPACE, [double(0.3)]),
      select(SPACE, 0, 'eq', [decimal('013c')]),
      insert(SPACE, [decimal('013c')]),
    ],
  },
  {
    name: 'a decimal and a double that is not the nearest to it',
    steps: [
      space(SPACE, 'nearly'),
      index(SPACE, 0, 'pk', [[0, 'number']]),
      insert(SPACE, [double(0.1 + 0.2)]),
      select(SPACE, 0, 'eq', [decimal('013c')]),
    ],
    differs:
      'a double counts as the shortest decimal that names it; 2.6.0 takes 15 digits, and so finds unequal doubles equal to one decimal',
  },
  {
    name: 'numbers that are none are all equal',
    steps: [
      space(SPACE, 'none'),
      index(SPACE, 0, 'pk', [[0, 'number']]),
      ['7ff8000000000000', 'fff8000000000000', '7ff8000000000001'].map((bits) => insert(SPACE, [raw(`cb${bits}`)])),
      insert(SPACE, [raw('ca7fc00000')]),
      insert(SPACE, [double(-Infinity)]),
      selectAll(SPACE),
    ],
  },
];

export const TYPES: Area = {
  name: 'types',
  trust: 'open',
  cases: [...FORMATS, ...INDEXED, ...ORDERS, ...NULLS, ...COLLATIONS, ...COLLATION_OTHERS, ...EXACTNESS],
};
