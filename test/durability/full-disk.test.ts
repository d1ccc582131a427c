/** A disk that fills up and gets room again: what was acknowledged stays, what was refused is gone, reads go on. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BoxError, ERROR_TABLE } from '../../src/base/index.ts';
import type { Connection } from '../../src/client/index.ts';
import { connected, DirectoryFixture } from '../support/directory-fixture.ts';
import { type DirectoryServer, openWithPicodata } from '../support/directory-server.ts';
import { createRows, insertRows, keysOf, noise, range, refusal, ROWS_SPACE } from '../support/durable-rows.ts';
import { findPicodata } from '../support/picodata-server.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';

const DISK_BYTES = 8 * 1024 * 1024;
const OPEN_MAX = 64;
/** What is left before writing starts. */
const ROOM_BYTES = 1024 * 1024;
const PAYLOAD_BYTES = 2600;
/** No room is left for it behind the last row in a page of a full disk. */
const BEYOND_PAGE_BYTES = 20_000;
const payload = (): string => noise(PAYLOAD_BYTES);

function whyNot(): string | null {
  if (findPicodata() === null) return 'bin/picodata is not built';
  const disk = mountSmallDisk(DISK_BYTES);
  if (typeof disk === 'string') return disk;
  disk.remove();
  return null;
}

const reason = whyNot();
if (reason !== null) console.log(`skipped: test/durability/full-disk: ${reason}`);

describe.skipIf(reason !== null)('a full disk', () => {
  let fixture: DirectoryFixture;
  let disk: SmallDisk;
  let directory: string;
  beforeEach(() => {
    fixture = new DirectoryFixture();
    const mounted = mountSmallDisk(DISK_BYTES);
    if (typeof mounted === 'string') throw new Error(mounted);
    disk = mounted;
    directory = join(disk.path, 'data');
    mkdirSync(directory);
  });
  afterEach(async () => {
    await fixture.close();
    disk.remove();
  });

  /** Inserts from `from` on until a request is refused; the keys that were acknowledged, and the refusals. */
  async function insertUntilRefused(
    connection: Connection,
    from: number,
  ): Promise<Readonly<{ acknowledged: number[]; next: number; refusals: BoxError[] }>> {
    const acknowledged: number[] = [];
    const refusals: BoxError[] = [];
    let next = from;
    // Sent in turns of their own, not when others are answered: there are always some behind those that the log writes.
    const open = new Set<Promise<unknown>>();
    while (refusals.length === 0) {
      const key = next++;
      const request = connection.insert(ROWS_SPACE, [key, payload()]).then(
        () => acknowledged.push(key),
        (error: unknown) => {
          if (!(error instanceof BoxError)) throw error;
          refusals.push(error);
        },
      );
      open.add(request);
      void request.finally(() => open.delete(request));
      if (open.size > OPEN_MAX) await Promise.race(open);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(open);
    return { acknowledged: acknowledged.sort((left, right) => left - right), next, refusals };
  }

  async function open(options: readonly string[] = []): Promise<DirectoryServer> {
    return fixture.open(openWithPicodata, directory, options);
  }

  test.each(['write', 'fsync'])('refuses writes and nothing else, in wal_mode %s', async (mode) => {
    const server = await open(['--wal-mode', mode]);
    const kept = await connected(server, {}, async (connection) => {
      await createRows(connection);
      const all: number[] = [];
      let next = 0;
      for (let round = 0; round < 3; round++) {
        disk.empty();
        disk.fill(ROOM_BYTES);
        const outcome = await insertUntilRefused(connection, next);
        next = outcome.next;
        all.push(...outcome.acknowledged);
        for (const error of outcome.refusals) {
          expect(error).toMatchObject({ code: ERROR_TABLE.WAL_IO.code, message: 'Failed to write to disk' });
        }
        expect(outcome.acknowledged.length).toBeGreaterThan(100);
        expect(await keysOf(connection)).toEqual(all);
        disk.fill();
        expect((await refusal(connection.replace(ROWS_SPACE, [all[0]!, noise(BEYOND_PAGE_BYTES)]))).code).toBe(
          ERROR_TABLE.WAL_IO.code,
        );
        expect(String((await connection.select(ROWS_SPACE, [all[0]!]))[0]![1]).length).toBe(PAYLOAD_BYTES);
        disk.empty();
        await insertRows(connection, next, next + 2, payload);
        all.push(next, next + 1);
        next += 2;
      }
      return all;
    });
    expect(server.log()).toContain('ENOSPC');
    await server.kill();
    const again = await open();
    expect(await connected(again, {}, keysOf)).toEqual(kept);
  });

  test('leaves the old snapshot and nothing of the new one', async () => {
    const server = await open();
    await connected(server, {}, async (connection) => {
      await createRows(connection);
      await insertRows(connection, 0, 500, payload);
      disk.fill(256 * 1024);
      const before = readdirSync(directory).filter((name) => name.includes('.snap'));
      process.kill(server.pid, 'SIGUSR1');
      await server.waitForLine(/SIGUSR1: the snapshot failed: .*ENOSPC/, 60_000);
      expect(readdirSync(directory).filter((name) => name.includes('.snap'))).toEqual(before);
      await insertRows(connection, 500, 502, payload);
      disk.empty();
      process.kill(server.pid, 'SIGUSR1');
      await server.waitForLine(/snapshot of 1\d{3} rows written/, 60_000);
      await insertRows(connection, 502, 504, payload);
    });
    await server.kill();
    const again = await open();
    expect(again.log()).toMatch(/recovered \d+ rows of the snapshot and 2 of the log/);
    expect(await connected(again, {}, keysOf)).toEqual(range(0, 504));
  });
});
