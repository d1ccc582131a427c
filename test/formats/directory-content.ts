/**
 * What the shared data directories hold: every kind of space, index, field, user and right that both programs know, and
 * groups of changes, each of which is one transaction.
 */
import { type Connection, type TransactionStream, type Tuple } from '../../src/client/index.ts';
import { Decimal, DoubleValue, Uuid, type Value } from '../../src/codec/msgpack/index.ts';
import { defined } from '../../src/base/index.ts';

export const ADMIN = { user: 'admin', password: 'rule' } as const;
export const READER = { user: 'reader', password: 'read me' } as const;
export const WRITER = { user: 'writer', password: 'write me' } as const;

/** As a user of Tarantool makes it. */
export const SCHEMA_SCRIPT = `
local s = box.schema.space.create('types', { format = {
  { 'id', 'unsigned' }, { 'text', 'string', is_nullable = true, collation = 'unicode_ci' }, { 'number', 'number', is_nullable = true },
  { 'integer', 'integer', is_nullable = true }, { 'double', 'double', is_nullable = true }, { 'flag', 'boolean', is_nullable = true },
  { 'bytes', 'varbinary', is_nullable = true }, { 'decimal', 'decimal', is_nullable = true }, { 'uuid', 'uuid', is_nullable = true },
  { 'scalar', 'scalar', is_nullable = true }, { 'list', 'array', is_nullable = true }, { 'tree', 'map', is_nullable = true },
  { 'any', 'any', is_nullable = true } } })
s:create_index('primary')
s:create_index('text', { parts = { { 'text', 'string', collation = 'unicode_ci', is_nullable = true } }, unique = false })
s:create_index('text_ru', { parts = { { 'text', 'string', collation = 'unicode_sv_s3', is_nullable = true } }, unique = false })
s:create_index('number', { parts = { { 'number', is_nullable = true }, { 'integer', is_nullable = true } }, unique = false })
s:create_index('double', { parts = { { 'double', is_nullable = true } } })
s:create_index('bytes', { parts = { { 'bytes', is_nullable = true } }, unique = false })
s:create_index('decimal', { parts = { { 'decimal', is_nullable = true }, { 'id' } } })
s:create_index('uuid', { parts = { { 'uuid', is_nullable = true } }, unique = false })
s:create_index('scalar', { parts = { { 'scalar', is_nullable = true } }, unique = false })
s:create_index('flag', { parts = { { 'flag', is_nullable = true } }, unique = false })
local h = box.schema.space.create('hashed', { format = { { 'name', 'string' }, { 'id', 'unsigned' } } })
h:create_index('primary', { type = 'hash', parts = { 'name' } })
h:create_index('both', { type = 'hash', parts = { 'id', 'name' } })
local g = box.schema.space.create('shapes')
g:create_index('primary')
g:create_index('box', { type = 'rtree', unique = false, parts = { { 2, 'array' } } })
g:create_index('cube', { type = 'rtree', unique = false, dimension = 3, distance = 'manhattan', parts = { { 3, 'array' } } })
g:create_index('bits', { type = 'bitset', unique = false, parts = { { 4, 'unsigned' } } })
local d = box.schema.space.create('documents')
d:create_index('primary', { parts = { { 1, 'string' } } })
d:create_index('path', { parts = { { 2, 'string', path = 'owner.name', is_nullable = true } }, unique = false })
d:create_index('tags', { parts = { { 2, 'string', path = 'tags[*]' } }, unique = false })
local n = box.schema.space.create('numbered', { format = { { 'id', 'unsigned' }, { 'text', 'string' } } })
box.schema.sequence.create('own', { start = 10, step = 5, max = 100000 })
box.schema.sequence.create('down', { start = -1, step = -1, min = -100, max = -1, cycle = true })
box.sequence.down:next() box.sequence.down:next()
n:create_index('primary', { sequence = true })
local o = box.schema.space.create('ordered')
o:create_index('primary', { sequence = 'own', parts = { { 1, 'integer' } } })
box.schema.space.create('here', { is_local = true, field_count = 2 }):create_index('primary')
box.schema.space.create('gone', { temporary = true }):create_index('primary')
box.schema.space.create('left'):create_index('primary')
box.space.left:insert{1} box.space.left:truncate() box.space.left:insert{2}
box.schema.space.create('dropped'):create_index('primary')
box.space.dropped:insert{1} box.space.dropped:drop()
box.internal.collation.create('own_ci', 'ICU', 'de-DE', { strength = 'primary' })
box.schema.space.create('worded'):create_index('primary', { parts = { { 1, 'string', collation = 'own_ci' } } })
box.schema.func.create('answer', { body = 'function() return 42 end', is_deterministic = true })
box.schema.func.create('named', { setuid = true, if_not_exists = true })
box.schema.user.passwd('admin', 'rule')
box.schema.user.create('reader', { password = 'read me' })
box.schema.user.create('writer', { password = 'write me' })
box.schema.role.create('readers')
box.schema.role.create('all_readers')
box.schema.role.grant('readers', 'read', 'space', 'types')
box.schema.role.grant('all_readers', 'readers')
box.schema.user.grant('reader', 'all_readers')
box.schema.user.grant('writer', 'read,write', 'space', 'hashed')
box.schema.user.grant('writer', 'write', 'space', 'numbered')
box.schema.user.grant('writer', 'execute', 'function', 'answer')
box.schema.user.grant('writer', 'read,write', 'sequence', 'own')
`;

export type Change =
  | Readonly<{ kind: 'insert' | 'replace'; space: string; tuple: Tuple }>
  | Readonly<{ kind: 'delete'; space: string; key: Tuple; index?: string }>
  | Readonly<{ kind: 'update'; space: string; key: Tuple; operations: readonly Operation[]; index?: string }>
  | Readonly<{ kind: 'upsert'; space: string; tuple: Tuple; operations: readonly Operation[] }>;

type Operation = readonly [string, number, ...Value[]];

const decimal = (text: string): Decimal => defined(Decimal.parse(text) ?? undefined, `decimal ${text}`);
const uuid = (text: string): Uuid => defined(Uuid.parse(text) ?? undefined, `uuid ${text}`);

const TYPED: readonly Tuple[] = [
  [1],
  [2, 'Äpfel', 1.5, -9223372036854775808n, new DoubleValue(2), true, Uint8Array.of(0, 255), decimal('0.10')],
  [3, 'apfel', 18446744073709551615n, 18446744073709551615n, new DoubleValue(-0.5), false, Uint8Array.of()],
  [4, 'ЁЖ', decimal('1.50'), 0, new DoubleValue(1e300), null, null, decimal('-99999999999999999999999999999999999999')],
  [5, 'ежи', -1, 5, null, null, null, null, uuid('c8f0fa1f-da29-438c-a040-393f1126ad39'), 'text'],
  [6, '', 3, null, null, null, null, null, uuid('00000000-0000-0000-0000-000000000001'), 4.25],
  [7, null, null, 7, null, null, null, null, null, true, [1, ['two', null]], { a: { b: [1] } }, { any: -5 }],
  [8, 'x', null, 8, null, null, null, decimal('1e10'), null, Uint8Array.of(1, 2), [], {}, 'z'],
  [9, 'X', 4294967296, -4294967297, new DoubleValue(3), true, null, null, null, decimal('4.2500'), [], {}, null],
  [18446744073709551615n, 'last'],
];

const insertInto = (space: string, ...tuples: readonly Tuple[]): readonly Change[] =>
  tuples.map((tuple) => ({ kind: 'insert', space, tuple }));

/** The first content; a group of more than one change is a transaction, of values that Lua has too. */
export const FIRST_CHANGES: readonly (readonly Change[])[] = [
  ...insertInto('types', ...TYPED).map((change) => [change]),
  ...insertInto('numbered', [null, 'one'], [null, 'two'], [40, 'forty'], [null, 'forty-one']).map((change) => [change]),
  ...insertInto('ordered', [null], [null], [1000], [-5]).map((change) => [change]),
  ...insertInto('gone', [1], [2]).map((change) => [change]),
  ...insertInto('worded', ['Straße'], ['b'], ['a']).map((change) => [change]),
  insertInto('hashed', ['one', 1], ['two', 2], ['', 3], ['four', 4]),
  insertInto(
    'shapes',
    [1, [1, 2], [1, 2, 3], 7],
    [2, [0, 0, 10, 10], [0, 0, 0, 5, 5, 5], 8],
    [3, [5, 5], [9, 9, 9], 0],
  ),
  insertInto(
    'documents',
    ['a', { owner: { name: 'ann' }, tags: ['x', 'y'] }],
    ['b', { owner: {}, tags: [] }],
    ['c', { tags: ['y', 'z', 'x'] }],
  ),
  insertInto('here', [1, 'local']),
  [...insertInto('here', [2, 'b']), ...insertInto('hashed', ['five', 5]), ...insertInto('here', [3, 'c'])],
  [...insertInto('hashed', ['six', 6]), ...insertInto('here', [4, 'd']), ...insertInto('hashed', ['seven', 7])],
  [
    { kind: 'replace', space: 'hashed', tuple: ['one', 11] },
    { kind: 'delete', space: 'hashed', key: ['two'] },
    { kind: 'upsert', space: 'shapes', tuple: [4, [1, 1], [1, 1, 1], 3], operations: [['=', 3, 1]] },
    { kind: 'upsert', space: 'shapes', tuple: [1, [1, 1], [1, 1, 1], 3], operations: [['=', 3, 9]] },
    { kind: 'update', space: 'shapes', key: [2], operations: [['=', 1, [3, 4, 5, 6]]] },
    { kind: 'delete', space: 'shapes', key: [99] },
  ],
];

/** Changes for the round with this number, which starts at 1: no two rounds insert the same key. */
export function changesOfRound(round: number): readonly (readonly Change[])[] {
  const base = round * 1000;
  const many = Array.from({ length: 300 }, (_, at): Change => {
    return {
      kind: 'insert',
      space: 'documents',
      tuple: [`${base + at}`, { owner: { name: `n${at % 7}` }, tags: ['t', `t${at}`] }],
    };
  });
  return [
    insertInto('numbered', [null, `round ${round}`]),
    insertInto('ordered', [null]),
    insertInto('types', [base, 'in a round', decimal(`${round}.5`), round, new DoubleValue(base)]),
    [{ kind: 'update', space: 'types', key: [1], operations: [['=', 1, `round ${round}`]] }],
    [
      {
        kind: 'update',
        space: 'types',
        key: [2],
        operations: [
          ['+', 3, 1],
          [':', 1, 0, 1, 'ä'],
        ],
      },
    ],
    [{ kind: 'delete', space: 'types', index: 'double', key: [new DoubleValue(base)] }],
    insertInto('gone', [base]),
    many,
    [
      ...insertInto('here', [base, 'one']),
      { kind: 'replace', space: 'hashed', tuple: ['five', base] },
      ...insertInto('here', [base + 1, 'two']),
    ],
    [
      {
        kind: 'update',
        space: 'documents',
        key: ['a'],
        operations: [['=', 1, { owner: { name: `r${round}` }, tags: [] }]],
      },
    ],
  ];
}

/** Applies one group as one transaction: over a stream where the server has them, else by a Lua expression. */
export async function applyChanges(connection: Connection, group: readonly Change[]): Promise<void> {
  const [first] = group;
  if (group.length === 1 && first !== undefined) {
    await applyChange(connection, first);
  } else if (connection.supports('streams')) {
    const stream = connection.stream();
    await stream.begin();
    for (const change of group) await applyChange(stream, change);
    await stream.commit();
  } else {
    await connection.eval(TRANSACTION_SCRIPT, [group.map(luaChange)]);
  }
}

const TRANSACTION_SCRIPT = `
box.begin()
for _, change in ipairs(...) do
  local object, method, first, operations = unpack(change)
  for _, operation in ipairs(operations or {}) do operation[2] = operation[2] + 1 end
  object = type(object) == 'table' and box.space[object[1]].index[object[2]] or box.space[object]
  object[method](object, first, operations)
end
box.commit()
`;

function luaChange(change: Change): Value {
  switch (change.kind) {
    case 'insert':
    case 'replace':
      return [change.space, change.kind, change.tuple];
    case 'upsert':
      return [change.space, change.kind, change.tuple, change.operations];
    case 'update':
      return [change.space, change.kind, change.key, change.operations];
    case 'delete':
      return [change.space, change.kind, change.key];
  }
}

async function applyChange(requests: Connection | TransactionStream, change: Change): Promise<void> {
  switch (change.kind) {
    case 'insert':
    case 'replace':
      await requests[change.kind](change.space, change.tuple);
      return;
    case 'upsert':
      await requests.upsert(change.space, change.tuple, change.operations);
      return;
    case 'update':
      await requests.update(change.space, change.key, change.operations, indexOf(change.index));
      return;
    case 'delete':
      await requests.delete(change.space, change.key, indexOf(change.index));
  }
}

function indexOf(index: string | undefined): { index?: string } {
  return index === undefined ? {} : { index };
}
