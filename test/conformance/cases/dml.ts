/** Insert, replace, update, delete, upsert and select on a space: what succeeds, and each way to be refused. */
import { REQUEST } from '../../support/raw-iproto.ts';
import { index, space, spaceWithPrimary, SYSTEM } from '../schema-steps.ts';
import {
  type Area,
  binary,
  call,
  type Case,
  double,
  evaluate,
  float32,
  insert,
  ping,
  raw,
  remove,
  replace,
  request,
  select,
  selectAll,
  update,
  upsert,
} from '../steps.ts';

const SPACE = 512;
const MISSING = 999;

const BASICS: readonly Case[] = [
  {
    name: 'insert, replace, delete',
    steps: [
      spaceWithPrimary(SPACE, 'basics'),
      insert(SPACE, [1, 'one']),
      insert(SPACE, [1, 'again']),
      replace(SPACE, [1, 'first']),
      replace(SPACE, [2, 'second', { a: 1 }, [1, 2, 3], null, true, double(1), binary('0102')]),
      selectAll(SPACE),
      remove(SPACE, [1]),
      remove(SPACE, [1]),
      selectAll(SPACE),
    ],
  },
  {
    name: 'stored bytes are kept as they were sent',
    steps: [
      spaceWithPrimary(SPACE, 'bytes'),
      insert(SPACE, raw('92 cd0001 d90161')),
      insert(SPACE, raw('dc0002 02 da000161')),
      insert(SPACE, raw('dd00000002 cf0000000000000003 db0000000161')),
      insert(SPACE, raw('93 04 d1ff9c d3ffffffffffffffff')),
      insert(SPACE, [5, float32(1.5), double(1.5), double(2), -0]),
      insert(SPACE, raw('92 06 de0001a16101')),
      insert(SPACE, raw('92 07 c70105aa')),
      insert(SPACE, raw('92 08 d405aa')),
      selectAll(SPACE),
    ],
  },
  {
    name: 'keys in a longer form than they need',
    steps: [
      spaceWithPrimary(SPACE, 'forms'),
      insert(SPACE, raw('92 cd0001 01')),
      select(SPACE, 0, 'eq', [1]),
      select(SPACE, 0, 'eq', raw('91 cf0000000000000001')),
      select(SPACE, 0, 'eq', raw('91 cd0001')),
      remove(SPACE, raw('91 ce00000001')),
    ],
    differs: '2.6.0 compares unsigned keys by their first byte, and so takes two forms of one number for two keys',
  },
  {
    name: 'a space that is not there',
    steps: [
      insert(MISSING, [1]),
      replace(MISSING, [1]),
      update(MISSING, [1], [['=', 1, 1]]),
      upsert(MISSING, [1], []),
      remove(MISSING, [1]),
      selectAll(MISSING),
      select(0, 0, 'all', []),
      select(4294967295, 0, 'all', []),
      request(REQUEST.select, [
        [0x10, 4294967296],
        [0x12, 1],
        [0x20, []],
      ]),
      request(REQUEST.select, [
        [0x10, 4294967296 + SYSTEM.space],
        [0x12, 1],
        [0x20, []],
      ]),
    ],
  },
  {
    name: 'a space without indexes',
    steps: [
      space(SPACE, 'bare'),
      insert(SPACE, [1]),
      replace(SPACE, [1]),
      update(SPACE, [1], [['=', 1, 1]]),
      upsert(SPACE, [1], []),
      remove(SPACE, [1]),
      selectAll(SPACE),
      select(SPACE, 1, 'all', []),
    ],
  },
  {
    name: 'an index that is not there',
    steps: [
      spaceWithPrimary(SPACE, 'few'),
      insert(SPACE, [1]),
      select(SPACE, 1, 'all', []),
      select(SPACE, 127, 'all', []),
      select(SPACE, 4294967295, 'all', []),
      update(SPACE, [1], [['=', 1, 1]], { index: 1 }),
      remove(SPACE, [1], 3),
    ],
  },
  {
    name: 'keys of delete and update',
    steps: [
      spaceWithPrimary(SPACE, 'keys'),
      index(SPACE, 1, 'pair', [
        [1, 'unsigned'],
        [2, 'string'],
      ]),
      index(SPACE, 2, 'many', [[1, 'unsigned']], 'tree', { unique: false }),
      insert(SPACE, [1, 10, 'a']),
      remove(SPACE, []),
      remove(SPACE, [1, 2]),
      remove(SPACE, ['1']),
      remove(SPACE, [null]),
      remove(SPACE, [-1]),
      remove(SPACE, [10], 1),
      remove(SPACE, [10, 'b'], 1),
      remove(SPACE, [10, 'a', 1], 1),
      remove(SPACE, ['10', 'a'], 1),
      remove(SPACE, [10], 2),
      update(SPACE, [], [['=', 1, 1]]),
      update(SPACE, [1, 2], [['=', 1, 1]]),
      update(SPACE, ['x'], [['=', 1, 1]]),
      update(SPACE, [10], [['=', 1, 1]], { index: 1 }),
      update(SPACE, [10], [['=', 1, 1]], { index: 2 }),
      update(SPACE, [10, 'a'], [['=', 3, 'new']], { index: 1 }),
      update(SPACE, [99], [['=', 3, 'new']]),
      remove(SPACE, [10, 'a'], 1),
      selectAll(SPACE),
    ],
  },
  {
    name: 'a unique secondary index',
    steps: [
      spaceWithPrimary(SPACE, 'unique'),
      index(SPACE, 1, 'second', [[1, 'string']]),
      insert(SPACE, [1, 'a']),
      insert(SPACE, [2, 'a']),
      insert(SPACE, [1, 'b']),
      replace(SPACE, [2, 'a']),
      replace(SPACE, [2, 'b']),
      replace(SPACE, [1, 'b']),
      update(SPACE, [1], [['=', 1, 'b']]),
      upsert(SPACE, [3, 'b'], [['=', 1, 'c']]),
      upsert(SPACE, [1, 'z'], [['=', 1, 'b']]),
      replace(SPACE, [1, 'a', 'same']),
      selectAll(SPACE),
      selectAll(SPACE, 1),
    ],
  },
  {
    name: 'tuples that do not fit',
    steps: [
      spaceWithPrimary(SPACE, 'fit', { fieldCount: 3 }),
      insert(SPACE, []),
      insert(SPACE, [1]),
      insert(SPACE, [1, 2]),
      insert(SPACE, [1, 2, 3, 4]),
      insert(SPACE, ['a', 2, 3]),
      insert(SPACE, [null, 2, 3]),
      insert(SPACE, [-1, 2, 3]),
      insert(SPACE, [double(1), 2, 3]),
      insert(SPACE, [1, 2, 3]),
      update(SPACE, [1], [['!', 3, 4]]),
      update(SPACE, [1], [['#', 2, 1]]),
      upsert(SPACE, [1, 2], []),
      upsert(SPACE, [1, 2, 3], [['!', 3, 4]]),
      selectAll(SPACE),
    ],
  },
  {
    name: 'offset and limit',
    steps: [
      spaceWithPrimary(SPACE, 'limits'),
      [1, 2, 3, 4, 5].map((id) => insert(SPACE, [id])),
      select(SPACE, 0, 'all', [], { limit: 0 }),
      select(SPACE, 0, 'all', [], { limit: 2 }),
      select(SPACE, 0, 'all', [], { limit: 2, offset: 4 }),
      select(SPACE, 0, 'all', [], { limit: 2, offset: 5 }),
      select(SPACE, 0, 'req', [], { limit: 3, offset: 1 }),
      select(SPACE, 0, 'gt', [2], { limit: 1, offset: 1 }),
      select(SPACE, 0, 'eq', [2], { offset: 1 }),
      request(REQUEST.select, [
        [0x10, SPACE],
        [0x12, 10],
        [0x20, []],
      ]),
      request(REQUEST.select, [
        [0x10, SPACE],
        [0x12, 10],
        [0x20, [3]],
      ]),
      request(REQUEST.select, [
        [0x20, [4]],
        [0x12, 10],
        [0x10, SPACE],
      ]),
      request(REQUEST.select, [
        [0x10, 1],
        [0x10, SPACE],
        [0x12, 10],
        [0x20, [4]],
      ]),
      request(REQUEST.select, [
        [0x10, SPACE],
        [0x12, 4294967296],
        [0x20, []],
      ]),
      request(REQUEST.select, [
        [0x10, SPACE],
        [0x12, 4294967297],
        [0x20, []],
      ]),
    ],
  },
  {
    name: 'calls of what is not defined',
    steps: [
      call('nothing'),
      call('box.nothing'),
      call(''),
      call('a b c'),
      call('nothing', [1, 2, 3]),
      request(REQUEST.call16, [
        [0x22, 'nothing'],
        [0x21, []],
      ]),
      request(REQUEST.call, [[0x22, 'nothing']]),
      ping(),
    ],
  },
  {
    name: 'a broken expression',
    steps: [evaluate('return 1'), evaluate('this is no Lua'), evaluate('return ...', [1, 'two', [3]]), ping()],
  },
];

const LIMITS: readonly Case[] = [
  {
    name: 'tuples up to the limit of size',
    steps: [
      spaceWithPrimary(SPACE, 'large'),
      insert(SPACE, [1, 'x'.repeat(1_000_000)]),
      select(SPACE, 0, 'eq', [1]),
      insert(SPACE, [2, 'x'.repeat(1_048_500)]),
      insert(SPACE, [3, 'x'.repeat(1_048_576)]),
      insert(SPACE, [4, 'x'.repeat(3_000_000)]),
      replace(SPACE, [1, 'x'.repeat(1_100_000)]),
      update(SPACE, [1], [['=', 2, 'y'.repeat(100_000)]]),
      upsert(SPACE, [1, 'short'], [['=', 2, 'y'.repeat(100_000)]]),
      remove(SPACE, [1]),
      remove(SPACE, [2]),
      selectAll(SPACE),
    ],
  },
  {
    name: 'a tuple of many fields',
    steps: [
      spaceWithPrimary(SPACE, 'wide'),
      insert(
        SPACE,
        Array.from({ length: 1000 }, (_, field) => field),
      ),
      update(
        SPACE,
        [0],
        [
          ['=', 999, 'last'],
          ['!', 500, 'middle'],
          ['#', 1, 1],
        ],
      ),
      insert(SPACE, [1, Array.from({ length: 20 }).reduce<readonly unknown[]>((inner) => [inner], []) as never]),
      selectAll(SPACE),
    ],
  },
];

const RAW_TUPLES: readonly Case[] = [
  {
    name: 'integers at their borders in a key',
    steps: [
      spaceWithPrimary(SPACE, 'borders'),
      index(SPACE, 1, 'number', [[1, 'number']]),
      [0, 127, 128, 255, 256, 65535, 65536, 4294967295, 4294967296, 9007199254740993n, 18446744073709551615n].map(
        (id, order) => insert(SPACE, [id, -order]),
      ),
      selectAll(SPACE),
      selectAll(SPACE, 1),
      select(SPACE, 0, 'gt', [9007199254740992n]),
      select(SPACE, 0, 'ge', [9223372036854775808n]),
      select(SPACE, 0, 'lt', [128]),
    ],
  },
];

export const DML: Area = { name: 'dml', trust: 'open', cases: [...BASICS, ...LIMITS, ...RAW_TUPLES] };
