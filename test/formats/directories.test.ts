/**
 * Data directories that a real Tarantool and we open in turn: each must find every row of the other by every index, its
 * users and their rights, and go on writing.
 */
import { existsSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BoxError, ERROR_TABLE } from '../../src/base/index.ts';
import { connect, type Connection, type Tuple } from '../../src/client/index.ts';
import { connected, DirectoryFixture } from '../support/directory-fixture.ts';
import {
  type DirectoryServer,
  makeSnapshot,
  type OpenDirectory,
  openWithPicodata,
  openWithTarantool,
} from '../support/directory-server.ts';
import { type Dump, dumpSpaces } from '../support/dump.ts';
import { createTestEnv } from '../support/node-env.ts';
import { findPicodata } from '../support/picodata-server.ts';
import { findTarantool } from '../support/tarantool-server.ts';
import {
  ADMIN,
  applyChanges,
  changesOfRound,
  FIRST_CHANGES,
  READER,
  SCHEMA_SCRIPT,
  WRITER,
} from './directory-content.ts';

const reason =
  findTarantool() === null
    ? 'there is no tarantool on this machine'
    : findPicodata() === null
      ? 'bin/picodata is not built'
      : null;
if (reason !== null) console.log(`skipped: test/formats/directories: ${reason}`);

const env = createTestEnv();

/** How a server leaves its directory. */
type Ending = 'stopped' | 'killed' | 'snapshot, then killed' | 'snapshot and rows, then killed';

/** Ids of the system spaces whose rows are the schema, in an order in which their rows can be inserted. */
const SCHEMA_SPACES = [276, 280, 284, 296, 288, 304, 312, 340] as const;
const SPACE = { schema: 272, user: 304, privilege: 312, sequenceData: 285, truncate: 330 } as const;

let fixture: DirectoryFixture;
beforeEach(() => {
  fixture = new DirectoryFixture();
});
afterEach(() => fixture.close());

async function end(server: DirectoryServer, ending: Ending, round: number): Promise<Dump> {
  await connected(server, ADMIN, async (connection) => {
    if (ending.startsWith('snapshot')) await makeSnapshot(server);
    if (ending === 'snapshot and rows, then killed') {
      for (const group of changesOfRound(round + 50)) await applyChanges(connection, group);
    }
  });
  const state = await connected(server, ADMIN, dumpSpaces);
  await (ending === 'stopped' ? server.stop() : server.kill());
  return state;
}

/** Rows of temporary spaces end with the process; `_sequence_data` has all values after a snapshot only. */
function whatStays(dump: Dump): Dump {
  return { ...dump, 'gone.primary': [], '_sequence_data.primary': [] };
}

/** Sequences go on behind the last value that any tuple has. */
async function checkSequences(connection: Connection): Promise<void> {
  for (const [space, step] of [
    ['numbered', 1],
    ['ordered', 5],
  ] as const) {
    const [last] = await connection.select(space, [], { iterator: 'REQ', limit: 1 });
    expect(await connection.insert(space, [null, 'next'])).toEqual([Number(last![0]) + step, 'next']);
  }
  const values = await connection.select(SPACE.sequenceData, []);
  expect(values.filter(([, value]) => Number(value) < 0).map(([, value]) => value)).toEqual([-2]);
}

async function errorCode(promise: Promise<unknown>): Promise<number> {
  try {
    await promise;
    return 0;
  } catch (error) {
    if (error instanceof BoxError) return error.code;
    throw error;
  }
}

/** Passwords and rights, granted directly and by a role of a role. */
async function checkUsers(server: DirectoryServer): Promise<void> {
  const denied = ERROR_TABLE.ACCESS_DENIED.code;
  const wrong = connect(env, { address: server.address, user: READER.user, password: 'guess' });
  expect(await errorCode(wrong)).toBe(ERROR_TABLE.PASSWORD_MISMATCH.code);
  await connected(server, READER, async (reader) => {
    expect((await reader.select('types', [1])).length).toBe(1);
    expect(await errorCode(reader.replace('types', [1]))).toBe(denied);
    expect(await errorCode(reader.select(512 + 1, []))).toBe(denied);
  });
  await connected(server, WRITER, async (writer) => {
    await writer.replace('hashed', ['written by writer', 1]);
    await writer.delete('hashed', ['written by writer']);
    expect(await errorCode(writer.select(512, [1]))).toBe(denied);
    expect(await errorCode(writer.select(280, [512]))).toBe(denied);
  });
}

/** Opens in turn; what one left the next has to show, byte for byte. */
async function alternate(directory: string, first: Dump, turns: readonly [OpenDirectory, Ending][]): Promise<void> {
  let expected = whatStays(first);
  for (const [index, [program, ending]] of turns.entries()) {
    const server = await fixture.open(program, directory);
    const found = whatStays(await connected(server, ADMIN, dumpSpaces));
    // The grant to guest by which the tests' Tarantool is administered is made at its first start.
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    for (const name of Object.keys(expected)) {
      if (!name.startsWith('_priv.') || index !== 0)
        expect.soft(found[name], `${server.name}: ${name}`).toEqual(expected[name]);
    }
    await checkUsers(server);
    await connected(server, ADMIN, checkSequences);
    await connected(server, ADMIN, async (connection) => {
      for (const group of changesOfRound(index + 1)) await applyChanges(connection, group);
    });
    expected = whatStays(await end(server, ending, index + 1));
  }
}

async function fillByTarantool(directory: string, ending: Ending): Promise<Dump> {
  const server = await fixture.open(openWithTarantool, directory);
  await connected(server, {}, (connection) => connection.eval(SCHEMA_SCRIPT));
  await connected(server, ADMIN, async (connection) => {
    for (const group of FIRST_CHANGES) await applyChanges(connection, group);
  });
  return end(server, ending, 0);
}

/** Rows of system spaces that the script makes, as a Tarantool has them. */
async function schemaRows(): Promise<ReadonlyMap<number, readonly Tuple[]>> {
  const directory = await fixture.directory();
  const server = await fixture.open(openWithTarantool, directory);
  const before = await connected(server, {}, systemRows);
  await connected(server, {}, (connection) => connection.eval(SCHEMA_SCRIPT));
  const after = await connected(server, ADMIN, systemRows);
  await server.kill();
  return new Map(
    [...after].map(([id, rows]) => {
      const known = new Set((before.get(id) ?? []).map((row) => JSON.stringify(row, bigintText)));
      return [id, rows.filter((row) => !known.has(JSON.stringify(row, bigintText)))];
    }),
  );
}

const bigintText = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);

async function systemRows(connection: Connection): Promise<Map<number, readonly Tuple[]>> {
  const rows = new Map<number, readonly Tuple[]>();
  for (const id of [...SCHEMA_SPACES, SPACE.sequenceData]) rows.set(id, await connection.select(id, []));
  return rows;
}

async function fillByPicodata(directory: string, ending: Ending): Promise<Dump> {
  const rows = await schemaRows();
  const server = await fixture.open(openWithPicodata, directory);
  await connected(server, {}, async (connection) => {
    for (const id of SCHEMA_SPACES) {
      for (const row of rows.get(id) ?? []) await connection.replace(id, row);
    }
    for (const row of rows.get(SPACE.sequenceData) ?? []) await connection.replace(SPACE.sequenceData, row);
    await connection.update(SPACE.schema, ['max_id'], [['=', 1, 600]]);
    await connection.insert('left', [1]);
    const left = (await connection.select(280, ['left'], { index: 'name' }))[0]![0]!;
    await connection.upsert(SPACE.truncate, [left, 1], [['+', 1, 1]]);
    await connection.insert('left', [2]);
  });
  await connected(server, ADMIN, async (connection) => {
    for (const group of FIRST_CHANGES) await applyChanges(connection, group);
  });
  return end(server, ending, 0);
}

describe.skipIf(reason !== null)('a data directory shared with Tarantool', () => {
  const endings: readonly Ending[] = ['stopped', 'killed', 'snapshot, then killed', 'snapshot and rows, then killed'];
  test.each(endings)('made by Tarantool (%s) and opened in turn', async (ending) => {
    const directory = await fixture.directory();
    const first = await fillByTarantool(directory, ending);
    await alternate(directory, first, [
      [openWithPicodata, ending],
      [openWithTarantool, ending],
      [openWithPicodata, 'stopped'],
      [openWithTarantool, 'killed'],
    ]);
  });

  test.each(endings)('made here (%s) and opened in turn', async (ending) => {
    const directory = await fixture.directory();
    const first = await fillByPicodata(directory, ending);
    await alternate(directory, first, [
      [openWithTarantool, ending],
      [openWithPicodata, ending],
      [openWithTarantool, 'killed'],
      [openWithPicodata, 'stopped'],
    ]);
    expect(existsSync(directory)).toBe(true);
    expect(readdirSync(directory).filter((name) => name.endsWith('.inprogress'))).toEqual([]);
  });
});
