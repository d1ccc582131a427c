/**
 * Requests that take longer than a turn, on a real server: they are done in slices, so a request that comes behind one is
 * answered before it.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arrayLength, containerHeaderSize, decodeArray } from '../../src/codec/msgpack/index.ts';
import { findPicodata, startPicodata } from '../support/picodata-server.ts';
import { errorMessage, KEY, RawConnection, readResponse, REQUEST, requestPacket } from '../support/raw-iproto.ts';
import type { Response } from '../support/raw-iproto.ts';
import type { TestServer } from '../support/test-server.ts';

const reason = findPicodata() === null ? 'bin/picodata is not built' : null;
if (reason !== null) process.stderr.write(`long requests are skipped: ${reason}\n`);

const SPACE = 512;
const SPACE_SPACE = 280;
const INDEX_SPACE = 288;
const LIMIT_MAX = 0xffffffff;
const TUPLES = 60_000;
const PADDING = 'x'.repeat(60);
const BATCH = 2000;
const ALL = 2;
const GREATER = 6;

type Body = Parameters<typeof requestPacket>[2];

function insertPacket(
  sync: number,
  space: number,
  tuple: readonly (number | string | readonly unknown[] | object)[],
): Uint8Array {
  return requestPacket(REQUEST.insert, sync, [
    [KEY.spaceId, space],
    [KEY.tuple, tuple],
  ] as Body);
}

function selectPacket(
  sync: number,
  options: Readonly<{ index?: number; iterator?: number; offset?: number; limit?: number; key?: readonly number[] }>,
): Uint8Array {
  return requestPacket(REQUEST.select, sync, [
    [KEY.spaceId, SPACE],
    [KEY.indexId, options.index ?? 0],
    [KEY.iterator, options.iterator ?? ALL],
    [KEY.offset, options.offset ?? 0],
    [KEY.limit, options.limit ?? LIMIT_MAX],
    [KEY.key, options.key ?? []],
  ]);
}

async function response(connection: RawConnection): Promise<Response> {
  const reply = await connection.next(60_000);
  if (reply.kind !== 'frame') throw new Error(`no reply: ${reply.kind}`);
  return readResponse(reply.bytes);
}

async function accepted(connection: RawConnection, packet: Uint8Array): Promise<void> {
  connection.send(packet);
  expect(errorMessage(await response(connection))).toBeNull();
}

/** First fields of the tuples in a reply. */
function ids({ body }: Response): readonly number[] {
  expect(arrayLength(body, 2)).toBeGreaterThanOrEqual(0);
  expect(containerHeaderSize(body, 2)).toBeGreaterThan(0);
  return decodeArray(body, 2).map((tuple) => Number((tuple as readonly unknown[])[0]));
}

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

describe.skipIf(reason !== null)('requests that take longer than a turn', () => {
  let server: TestServer;
  let connection: RawConnection;

  beforeAll(async () => {
    server = await startPicodata();
    connection = await RawConnection.open(server.port);
    await accepted(connection, insertPacket(1, SPACE_SPACE, [SPACE, 1, 'large', 'memtx', 0, {}, []]));
    await accepted(
      connection,
      insertPacket(2, INDEX_SPACE, [SPACE, 0, 'pk', 'tree', { unique: true }, [[0, 'unsigned']]]),
    );
    for (let first = 1; first <= TUPLES; first += BATCH) {
      const batch = range(first, first + BATCH - 1);
      connection.send(Buffer.concat(batch.map((id) => insertPacket(id, SPACE, [id, id, PADDING]))));
      for (const _ of batch) expect(errorMessage(await response(connection))).toBeNull();
    }
  });

  afterAll(async () => {
    connection.close();
    await server.stop();
  });

  test('a large SELECT is answered whole, after the PING behind it', async () => {
    connection.send(Buffer.concat([selectPacket(10, {}), requestPacket(REQUEST.ping, 11, null)]));
    expect((await response(connection)).sync).toBe(11);
    const large = await response(connection);
    expect(large.sync).toBe(10);
    expect(ids(large)).toEqual(range(1, TUPLES));
  });

  test('a large SELECT shows nothing of what is written behind it', async () => {
    const remove = requestPacket(REQUEST.delete, 13, [
      [KEY.spaceId, SPACE],
      [KEY.indexId, 0],
      [KEY.key, [TUPLES]],
    ]);
    connection.send(Buffer.concat([selectPacket(12, {}), remove, insertPacket(14, SPACE, [TUPLES, TUPLES, 'later'])]));
    const replies = [await response(connection), await response(connection), await response(connection)];
    expect(replies.map(errorMessage)).toEqual([null, null, null]);
    const large = replies.find(({ sync }) => sync === 12)!;
    expect(decodeArray(large.body, 2).at(-1)).toEqual([TUPLES, TUPLES, PADDING]);
    connection.send(selectPacket(15, {}));
    expect(decodeArray((await response(connection)).body, 2).at(-1)).toEqual([TUPLES, TUPLES, 'later']);
  });

  test('offset and limit count over all slices', async () => {
    const offset = 30_000;
    const limit = 10_000;
    connection.send(selectPacket(20, { offset, limit }));
    expect(ids(await response(connection))).toEqual(range(offset + 1, offset + limit));
    connection.send(selectPacket(21, { iterator: GREATER, key: [100], limit: 5000 }));
    expect(ids(await response(connection))).toEqual(range(101, 5100));
    connection.send(selectPacket(22, { offset: TUPLES - 1, limit: 10 }));
    expect(ids(await response(connection))).toEqual([TUPLES]);
    connection.send(selectPacket(23, { offset: TUPLES }));
    expect(ids(await response(connection))).toEqual([]);
  });

  test('errors of a large SELECT are those of a small one', async () => {
    connection.send(selectPacket(30, { offset: 5000, index: 9 }));
    expect(errorMessage(await response(connection))).toBe("No index #9 is defined in space 'large'");
    connection.send(selectPacket(31, { offset: 5000, iterator: 99 }));
    expect(errorMessage(await response(connection))).toBe('Illegal parameters, Invalid iterator type');
  });

  test('a peer that reads late gets every reply that it asked for', async () => {
    const late = await RawConnection.open(server.port);
    const syncs = range(1, 20);
    late.send(Buffer.concat(syncs.map((sync) => selectPacket(sync, {}))));
    const seen: number[] = [];
    for (const _ of syncs) {
      const large = await response(late);
      seen.push(large.sync);
      expect(arrayLength(large.body, 2)).toBe(TUPLES);
    }
    expect(seen).toEqual(syncs);
    late.close();
  });

  test('a peer that goes away in the middle disturbs nobody', async () => {
    const gone = await RawConnection.open(server.port);
    gone.send(Buffer.concat(range(1, 20).map((sync) => selectPacket(sync, {}))));
    await response(gone);
    gone.close();
    connection.send(selectPacket(40, { limit: 3 }));
    expect(ids(await response(connection))).toEqual([1, 2, 3]);
  });

  test('an index is built while others are served, and holds what came meanwhile', async () => {
    const index = insertPacket(50, INDEX_SPACE, [SPACE, 1, 'second', 'tree', { unique: true }, [[1, 'unsigned']]]);
    const during = insertPacket(51, SPACE, [TUPLES + 1, TUPLES + 1, PADDING]);
    const rival = insertPacket(52, INDEX_SPACE, [SPACE, 2, 'rival', 'tree', { unique: false }, [[1, 'unsigned']]]);
    connection.send(Buffer.concat([index, during, rival]));
    const replies = [await response(connection), await response(connection), await response(connection)];
    expect(replies.map((reply) => reply.sync).indexOf(50)).toBe(2);
    const bySync = new Map(replies.map((reply) => [reply.sync, reply]));
    expect(errorMessage(bySync.get(50)!)).toBeNull();
    expect(errorMessage(bySync.get(51)!)).toBeNull();
    expect(errorMessage(bySync.get(52)!)).toContain('the space is already being modified');
    connection.send(selectPacket(53, { index: 1 }));
    expect(ids(await response(connection))).toEqual(range(1, TUPLES + 1));
  });

  test('a build that meets a duplicate leaves no index behind', async () => {
    const index = insertPacket(60, INDEX_SPACE, [SPACE, 3, 'padding', 'tree', { unique: true }, [[2, 'string']]]);
    connection.send(Buffer.concat([index, requestPacket(REQUEST.ping, 61, null)]));
    const replies = [await response(connection), await response(connection)];
    const failed = replies.find((reply) => reply.sync === 60)!;
    expect(errorMessage(failed)).toBe("Duplicate key exists in unique index 'padding' in space 'large'");
    connection.send(selectPacket(62, { index: 3, limit: 1 }));
    expect(errorMessage(await response(connection))).toBe("No index #3 is defined in space 'large'");
    await accepted(
      connection,
      insertPacket(63, INDEX_SPACE, [SPACE, 3, 'padding', 'tree', { unique: false }, [[2, 'string']]]),
    );
  });
});
