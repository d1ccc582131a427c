/** Changing the schema by method: the rows of system spaces, in the order in which a real 2.6.0 makes them. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BoxError } from '../../src/base/index.ts';
import { connect } from '../../src/client/index.ts';
import { defineKeyFunction, type LocalSchema, type RunningInstance } from '../../src/index.ts';
import { DirectoryFixture } from '../support/directory-fixture.ts';
import { createTestEnv } from '../support/node-env.ts';

const WATCHED = [
  '_schema',
  '_space',
  '_index',
  '_sequence',
  '_sequence_data',
  '_space_sequence',
  '_func',
  '_user',
  '_priv',
  '_truncate',
  '_func_index',
] as const;

let fixture: DirectoryFixture;
let directory: string;
let instance: RunningInstance;
let schema: LocalSchema;
let lines: string[];

async function start(): Promise<void> {
  instance = await fixture.start({
    dataDir: directory,
    listen: '127.0.0.1:0',
    keyFunctions: [defineKeyFunction('g', ([id]) => [id ?? null])],
  });
  schema = instance.api.schema;
}

beforeEach(async () => {
  fixture = new DirectoryFixture();
  directory = await fixture.directory();
  await start();
  lines = [];
  for (const name of WATCHED) {
    instance.api.space(name).onReplace((oldTuple, newTuple) => {
      const kind = newTuple === null ? 'delete' : oldTuple === null ? 'insert' : 'change';
      const text = JSON.stringify(newTuple ?? oldTuple, (_key, value: unknown) =>
        typeof value === 'bigint' ? `${value}` : value,
      );
      lines.push(`${name} ${kind} ${text}`);
    });
  }
});
afterEach(() => fixture.close());

/** The rows that the body makes. */
function rowsOf(body: () => void): string[] {
  lines = [];
  body();
  return lines;
}

function failure(body: () => void): [number, string] {
  try {
    body();
  } catch (error) {
    if (error instanceof BoxError) return [error.code, error.message];
    throw error;
  }
  throw new Error('nothing was thrown');
}

const A_ROW =
  '[512,1,"a","memtx",0,{},[{"name":"id","type":"unsigned"},{"name":"n","type":"string","is_nullable":true,"collation":2},' +
  '{"name":"doc","type":"map"},{"name":"loc","type":"array"}]]';

function createA(): void {
  schema.createSpace('a', {
    format: [
      { name: 'id', type: 'unsigned' },
      { name: 'n', type: 'string', is_nullable: true, collation: 'unicode_ci' },
      { name: 'doc', type: 'map' },
      { name: 'loc', type: 'array' },
    ],
  });
}

describe('spaces and indexes', () => {
  test('are made', () => {
    // Only the first space of a fresh instance finds 511 there.
    expect(rowsOf(createA)).toEqual(['_schema change ["max_id",512]', `_space insert ${A_ROW}`]);
    expect(rowsOf(() => schema.createIndex('a', 'pk', { parts: ['id'], sequence: true }))).toEqual([
      '_sequence insert [1,1,"a_seq",1,1,"9223372036854775807",1,0,false]',
      '_index insert [512,0,"pk","tree",{"unique":true},[[0,"unsigned"]]]',
      '_space_sequence insert [512,1,true,0,""]',
    ]);
    expect(rowsOf(() => schema.createIndex('a', 'n', { parts: ['n'], unique: false }))).toEqual([
      '_index insert [512,1,"n","tree",{"unique":false},' +
        '[{"field":1,"type":"string","collation":2,"is_nullable":true}]]',
    ]);
    const nullablePath = { field: 'doc', path: '.name', type: 'string', is_nullable: true } as const;
    expect(rowsOf(() => schema.createIndex('a', 'p', { parts: [nullablePath], unique: false }))).toEqual([
      '_index insert [512,2,"p","tree",{"unique":false},' +
        '[{"field":2,"type":"string","is_nullable":true,"path":".name"}]]',
    ]);
    const tags = { field: 2, path: 'tags[*]', type: 'string' } as const;
    expect(rowsOf(() => schema.createIndex('a', 'p2', { parts: [tags], unique: false }))).toEqual([
      '_index insert [512,3,"p2","tree",{"unique":false},[{"field":2,"type":"string","path":"tags[*]"}]]',
    ]);
    expect(
      rowsOf(() =>
        schema.createIndex('a', 'r', { type: 'rtree', parts: ['loc'], dimension: 3, distance: 'manhattan' }),
      ),
    ).toEqual([
      '_index insert [512,4,"r","rtree",{"unique":false,"dimension":3,"distance":"manhattan"},[[3,"array"]]]',
    ]);
  });

  test('serve by collation and path', () => {
    createA();
    schema.createIndex('a', 'pk', { parts: ['id'], sequence: true });
    schema.createIndex('a', 'n', { parts: ['n'], unique: false });
    schema.createIndex('a', 'p', { parts: ['doc.name'], unique: false });
    const space = instance.api.space('a');
    expect(space.insert([null, 'ABC', { name: 'x' }, []])[0]).toBe(1);
    space.insert([null, null, { name: 'y' }, []]);
    expect(space.select(['abc'], { index: 'n' }).map(([id]) => id)).toEqual([1]);
    expect(space.select(['y'], { index: 'p' }).map(([id]) => id)).toEqual([2]);
  });

  test('take a sequence that is there, on the primary key only', () => {
    schema.createSpace('b');
    schema.createSequence('sq', { start: 5, step: 2 });
    expect(rowsOf(() => schema.createIndex('b', 'pk', { parts: [[0, 'unsigned']], sequence: 'sq' }))).toEqual([
      '_index insert [512,0,"pk","tree",{"unique":true},[[0,"unsigned"]]]',
      '_space_sequence insert [512,1,false,0,""]',
    ]);
    expect(instance.api.space('b').insert([null])).toEqual([5]);
    expect(failure(() => schema.createIndex('b', 's', { parts: [[1, 'unsigned']], sequence: true }))).toEqual([
      14,
      "Can't create or modify index 's' in space 'b': sequence cannot be used with a secondary key",
    ]);
    expect(failure(() => schema.dropSequence('sq'))).toEqual([144, "Can't drop sequence 'sq': the sequence is in use"]);
    expect(rowsOf(() => schema.dropSpace('b'))).toEqual([
      '_space_sequence delete [512,1,false,0,""]',
      '_index delete [512,0,"pk","tree",{"unique":true},[[0,"unsigned"]]]',
      '_space delete [512,1,"b","memtx",0,{},[]]',
    ]);
    schema.dropSequence('sq');
  });

  test('are renamed, emptied and dropped with all that belongs to them', () => {
    createA();
    schema.createIndex('a', 'pk', { parts: ['id'], sequence: true });
    schema.createIndex('a', 'n', { parts: ['n'], unique: false });
    schema.createUser('alice');
    instance.api.space('a').insert([null, 'x', {}, []]);
    expect(rowsOf(() => schema.renameSpace('a', 'aa'))).toEqual([`_space change ${A_ROW.replace('"a"', '"aa"')}`]);
    expect(rowsOf(() => schema.truncate('aa'))).toEqual(['_truncate insert [512,1]']);
    expect(rowsOf(() => schema.truncate('aa'))).toEqual(['_truncate change [512,2]']);
    instance.api.space('aa').insert([null, 'x', {}, []]);
    schema.grant('alice', 'read', 'space', 'aa');
    expect(rowsOf(() => schema.dropSpace('aa'))).toEqual([
      '_space_sequence delete [512,1,true,0,""]',
      '_sequence delete [1,1,"a_seq",1,1,"9223372036854775807",1,0,false]',
      '_index delete [512,1,"n","tree",{"unique":false},' +
        '[{"field":1,"type":"string","collation":2,"is_nullable":true}]]',
      '_index delete [512,0,"pk","tree",{"unique":true},[[0,"unsigned"]]]',
      '_priv delete [1,32,"space",512,1]',
      '_truncate delete [512,2]',
      `_space delete ${A_ROW.replace('"a"', '"aa"')}`,
    ]);
    expect(failure(() => schema.dropSpace('aa'))).toEqual([36, "Space 'aa' does not exist"]);
    schema.dropSpace('aa', { ifExists: true });
  });

  test('a change that fails leaves nothing of it', () => {
    schema.createSpace('b');
    const before = instance.api.space('_sequence').select().length;
    expect(failure(() => schema.createIndex('b', 'pk', { parts: [[0, 'string']], sequence: true }))[0]).not.toBe(0);
    expect(instance.api.space('_sequence').select()).toHaveLength(before);
    expect(failure(() => schema.createIndex('b', 'x', { parts: ['nope'] }))).toEqual([
      153,
      "Field 'nope' was not found in space 'b' format",
    ]);
    expect(failure(() => schema.dropSpace('_space'))[0]).toBe(15);
    expect(instance.api.space('_index').select([280])).toHaveLength(3);
  });

  test('indexes go one by one', () => {
    createA();
    schema.createIndex('a', 'pk', { parts: ['id'], sequence: true });
    schema.createIndex('a', 'n', { parts: ['n'], unique: false });
    expect(failure(() => schema.dropIndex('a', 'pk'))[0]).toBe(17);
    expect(instance.api.space('_sequence').select()).toHaveLength(1);
    schema.dropIndex('a', 'n');
    expect(rowsOf(() => schema.dropIndex('a', 'pk'))).toEqual([
      '_space_sequence delete [512,1,true,0,""]',
      '_sequence delete [1,1,"a_seq",1,1,"9223372036854775807",1,0,false]',
      '_index delete [512,0,"pk","tree",{"unique":true},[[0,"unsigned"]]]',
    ]);
    expect(failure(() => schema.dropIndex('a', 'n'))[0]).toBe(148);
    schema.dropIndex('a', 'n', { ifExists: true });
  });

  test('functional ones have a row more, which goes with them and with their space', () => {
    schema.createSpace('b');
    schema.createIndex('b', 'pk', { parts: [[0, 'unsigned']] });
    instance.api.space('b').insert([7]);
    schema.createFunction('g', { body: 'function(t) return {t[1]} end', isDeterministic: true, isSandboxed: true });
    const id = Number(instance.api.space('_func').get(['g'], { index: 'name' })?.[0]);
    const row = `[512,1,"fi","tree",{"unique":true,"func":${id}},[[0,"unsigned"]]]`;
    const create = (): void => schema.createIndex('b', 'fi', { func: 'g', parts: [[0, 'unsigned']] });
    expect(rowsOf(create)).toEqual([`_index insert ${row}`, `_func_index insert [512,1,${id}]`]);
    expect(instance.api.space('b').get(7, { index: 'fi' })).toEqual([7]);
    expect(failure(() => schema.dropFunction('g'))[0]).toBe(71);
    expect(rowsOf(() => schema.dropIndex('b', 'fi'))).toEqual([
      `_func_index delete [512,1,${id}]`,
      `_index delete ${row}`,
    ]);
    create();
    schema.dropSpace('b');
    schema.dropFunction('g');
  });
});

describe('users and rights', () => {
  test('are made, granted and dropped', () => {
    expect(rowsOf(() => schema.createUser('alice', { password: 'x' }))).toEqual([
      '_user insert [32,1,"alice","user",{"chap-sha1":"tpAn1E9uXtwH8a6tFHeWexbygic="}]',
      '_priv insert [1,32,"role",2,4]',
      '_priv insert [1,32,"user",32,128]',
      '_priv insert [1,32,"universe",0,24]',
    ]);
    expect(failure(() => schema.createUser('alice'))).toEqual([46, "User 'alice' already exists"]);
    expect(rowsOf(() => schema.createRole('r1'))).toEqual(['_user insert [33,1,"r1","role",{}]']);
    createA();
    expect(rowsOf(() => schema.grant('alice', ['read', 'write'], 'space', 'a'))).toEqual([
      '_priv insert [1,32,"space",512,3]',
    ]);
    expect(rowsOf(() => schema.grant('alice', 'execute', 'space', 'a'))).toEqual(['_priv change [1,32,"space",512,7]']);
    expect(failure(() => schema.grant('alice', 'read', 'space', 'a'))).toEqual([
      89,
      "User 'alice' already has read access on space 'a'",
    ]);
    schema.grant('alice', 'read', 'space', 'a', { ifNotExists: true });
    expect(rowsOf(() => schema.grantRole('alice', 'r1'))).toEqual(['_priv insert [1,32,"role",33,4]']);
    expect(failure(() => schema.grantRole('alice', 'r1'))).toEqual([90, "User 'alice' already has role 'r1'"]);
    expect(rowsOf(() => schema.grant('r1', 'read', 'universe'))).toEqual(['_priv insert [1,33,"universe",0,1]']);
    expect(rowsOf(() => schema.grant('alice', 'create', 'space'))).toEqual(['_priv insert [1,32,"space","",32]']);
    expect(rowsOf(() => schema.revoke('alice', 'write', 'space', 'a'))).toEqual(['_priv change [1,32,"space",512,5]']);
    expect(rowsOf(() => schema.revoke('alice', ['read', 'execute'], 'space', 'a'))).toEqual([
      '_priv delete [1,32,"space",512,5]',
    ]);
    expect(failure(() => schema.revoke('alice', 'read', 'space', 'a'))).toEqual([
      91,
      "User 'alice' does not have read access on space 'a'",
    ]);
    schema.revokeRole('alice', 'r1');
    expect(failure(() => schema.revokeRole('alice', 'r1'))).toEqual([92, "User 'alice' does not have role 'r1'"]);
    expect(failure(() => schema.grant('nope', 'read', 'space', 'a'))).toEqual([45, "User 'nope' is not found"]);
    expect(rowsOf(() => schema.dropRole('r1'))).toEqual([
      '_priv delete [1,33,"universe",0,1]',
      '_user delete [33,1,"r1","role",{}]',
    ]);
    expect(rowsOf(() => schema.dropUser('alice'))).toEqual([
      '_priv delete [1,32,"universe",0,24]',
      '_priv delete [1,32,"role",2,4]',
      '_priv delete [1,32,"space","",32]',
      '_priv delete [1,32,"user",32,128]',
      '_user delete [32,1,"alice","user",{"chap-sha1":"tpAn1E9uXtwH8a6tFHeWexbygic="}]',
    ]);
    expect(failure(() => schema.dropUser('alice'))).toEqual([45, "User 'alice' is not found"]);
    expect(failure(() => schema.dropUser('admin'))).toEqual([
      44,
      "Failed to drop user or role 'admin': the user or the role is a system",
    ]);
    expect(failure(() => schema.dropRole('super'))[0]).toBe(44);
  });

  test('a dropped role is taken from those who have it', () => {
    schema.createUser('alice');
    schema.createRole('r1');
    schema.grantRole('alice', 'r1');
    expect(rowsOf(() => schema.dropRole('r1'))).toEqual([
      '_priv delete [1,32,"role",33,4]',
      '_user delete [33,1,"r1","role",{}]',
    ]);
  });

  test('a password lets in, what belongs to a user goes with it', async () => {
    schema.createUser('bob');
    schema.setPassword('bob', 'pw');
    schema.createSpace('bobs');
    schema.createIndex('bobs', 'pk', { parts: [[0, 'unsigned']], sequence: true });
    schema.grant('bob', ['read', 'write'], 'space', 'bobs');
    const connection = await connect(createTestEnv(), {
      address: instance.information.listen[0]!,
      user: 'bob',
      password: 'pw',
    });
    expect(await connection.insert('bobs', [null])).toEqual([1]);
    connection.close();
    const { api } = instance;
    const id = api.space('bobs').id;
    api.space('_space').update(id, [['=', 1, 32]]);
    schema.createFunction('f', { setuid: true });
    schema.dropUser('bob');
    expect(api.space('_space').get(id)).toBeNull();
    expect(api.space('_priv').select([32])).toEqual([]);
    schema.dropFunction('f');
  });

  test('functions take their grants along', () => {
    schema.createUser('alice');
    schema.createFunction('f', { setuid: true });
    const id = Number(instance.api.space('_func').get(['f'], { index: 'name' })?.[0]);
    expect(instance.api.space('_func').get(id)).toEqual([
      id,
      1,
      'f',
      1,
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
      '',
      '',
    ]);
    schema.grant('alice', 'execute', 'function', 'f');
    expect(rowsOf(() => schema.dropFunction('f'))[0]).toBe(`_priv delete [1,32,"function",${id},4]`);
    expect(failure(() => schema.dropFunction('f'))).toEqual([51, "Function 'f' does not exist"]);
  });
});

test('what was made is there after a restart', async () => {
  createA();
  schema.createIndex('a', 'pk', { parts: ['id'], sequence: true });
  schema.createUser('alice', { password: 'x' });
  schema.createSpace('gone');
  schema.createIndex('gone', 'pk', { parts: [[0, 'unsigned']] });
  schema.dropSpace('gone');
  await instance.stop();
  await start();
  expect(instance.api.space('a').insert([null, null, {}, []])[0]).toBe(1);
  expect(instance.api.space('_user').get(32)?.[2]).toBe('alice');
  expect(failure(() => schema.dropSpace('gone'))[0]).toBe(36);
});
