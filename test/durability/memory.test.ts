/** Memory that is full: writers are refused by name, everything else goes on, and snapshots are in nobody's way. */
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ERROR_TABLE } from '../../src/base/index.ts';
import type { LocalSpace, LogSink, RunningInstance } from '../../src/index.ts';
import { connected, DirectoryFixture } from '../support/directory-fixture.ts';
import { openWithPicodata } from '../support/directory-server.ts';
import { createRows, keysOf, range, refusal, ROWS_SPACE } from '../support/durable-rows.ts';
import { findPicodata } from '../support/picodata-server.ts';

const MIB = 1024 * 1024;
const PAYLOAD = 'x'.repeat(10_000);
const PIPELINE = 64;
const ATTEMPTS = 20;

let fixture: DirectoryFixture;
beforeEach(() => {
  fixture = new DirectoryFixture();
});
afterEach(() => fixture.close());

describe.skipIf(findPicodata() === null)('a full quota', () => {
  test('refuses tuples; reads, deletions, changes of the schema and a restart go on', async () => {
    const directory = await fixture.directory();
    const options = ['--memtx-memory', '32M'];
    const server = await fixture.open(openWithPicodata, directory, options);
    const kept = await connected(server, {}, async (connection) => {
      await createRows(connection);
      let refused: unknown = null;
      for (let next = 0; refused === null; next += PIPELINE) {
        const outcomes = await Promise.allSettled(
          range(next, next + PIPELINE).map((key) => connection.insert(ROWS_SPACE, [key, PAYLOAD])),
        );
        refused = outcomes.find((outcome) => outcome.status === 'rejected')?.reason ?? null;
      }
      expect(refused).toMatchObject({ code: ERROR_TABLE.MEMORY_ISSUE.code, type: 'OutOfMemory' });
      expect((refused as Error).message).toMatch(/^Failed to allocate \d+ bytes in slab allocator for memtx_tuple$/);
      const keys = await keysOf(connection);
      expect(keys.length).toBeGreaterThan(1000);
      expect((await refusal(connection.replace(ROWS_SPACE, [keys[0]!, PAYLOAD]))).code).toBe(2);
      expect((await connection.select(ROWS_SPACE, [keys[5]!]))[0]![1]).toBe(PAYLOAD);
      await connection.insert(280, [600, 1, 'another', 'memtx', 0, {}, []]);
      await connection.insert(288, [600, 0, 'pk', 'tree', { unique: true }, [[0, 'unsigned']]]);
      await connection.delete(288, [600, 0]);
      await connection.delete(280, [600]);
      for (const key of keys.slice(0, 200)) expect(await connection.delete(ROWS_SPACE, [key])).not.toBeNull();
      for (const key of keys.slice(0, 100)) await connection.insert(ROWS_SPACE, [key, PAYLOAD]);
      return keysOf(connection);
    });
    await server.kill();
    const again = await fixture.open(openWithPicodata, directory, options);
    expect(await connected(again, {}, keysOf)).toEqual(kept);
  });
});

describe.skipIf(findPicodata() === null)("a snapshot's view of the data", () => {
  const lines: string[] = [];
  const log: LogSink = {
    level: 'info',
    write: (_level, _module, message) => lines.push(message),
  };
  let directory: string;
  let space: LocalSpace;

  /** A directory with 3 MB of rows, opened again with the options. */
  async function start(options: Parameters<DirectoryFixture['start']>[0]): Promise<RunningInstance> {
    directory = await fixture.directory();
    const first = await fixture.start({ dataDir: directory });
    first.api.schema.createSpace('rows');
    first.api.schema.createIndex('rows', 'pk', { parts: [[0, 'unsigned']] });
    for (const key of range(0, 1000)) first.api.space('rows').insert([key, PAYLOAD]);
    await first.durable();
    await first.stop();
    lines.length = 0;
    const instance = await fixture.start({ dataDir: directory, log, ...options });
    space = instance.api.space('rows');
    return instance;
  }

  /** Makes snapshots while `write` goes on, until one fails; a fast one may be complete before much is kept for it. */
  async function failedSnapshot(instance: RunningInstance, write: () => void): Promise<unknown> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const made = instance.api.snapshot().catch((error: unknown) => error);
      for (let round = 0; round < 2; round++) {
        write();
        await instance.durable();
      }
      const failure = await made;
      if (failure !== undefined) return failure;
    }
    return null;
  }

  const snapshotCount = (suffix = '.snap'): number =>
    readdirSync(directory).filter((name) => name.endsWith(suffix)).length;

  test('is given up when it keeps too many bytes', async () => {
    const instance = await start({ readViewBytesMax: 100_000, checkpointCount: 100 });
    let before = 0;
    const failure = await failedSnapshot(instance, () => {
      before = snapshotCount();
      for (const key of range(0, 100)) space.replace([key, `${PAYLOAD}!`]);
    });
    expect(failure).toMatchObject({ code: ERROR_TABLE.READ_VIEW_ABORTED.code });
    expect(lines.join('\n')).toMatch(/the snapshot is given up: \d+ bytes were kept for it, the limit is 100000/);
    expect([snapshotCount(), snapshotCount('.inprogress')]).toEqual([before, 0]);
    await instance.api.snapshot();
    expect(snapshotCount()).toBe(before + 1);
    expect(space.select([3])[0]?.[1]).toBe(`${PAYLOAD}!`);
  });

  test('is given up when it takes too long', async () => {
    const instance = await start({ readViewAgeMsMax: 0 });
    const failure = await failedSnapshot(instance, () => space.replace([5000]));
    expect(failure).toMatchObject({ code: ERROR_TABLE.READ_VIEW_ABORTED.code });
    expect(lines.join('\n')).toMatch(/the snapshot is given up: it took over 0 ms, the limit/);
    expect([snapshotCount(), snapshotCount('.inprogress')]).toEqual([1, 0]);
  });

  test('is given up before writers run out of memory', async () => {
    const instance = await start({ memtxMemoryBytes: 16 * MIB });
    let key = 1000;
    expect(() => {
      for (;;) space.insert([key++, PAYLOAD]);
    }).toThrow(/^Failed to allocate/);
    await instance.durable();
    const count = space.length;
    for (const spare of range(0, 50)) space.delete([spare]);
    await instance.durable();
    // Room is left for 50 tuples; a snapshot that keeps those that were replaced before leaves 10.
    const failure = await failedSnapshot(instance, () => {
      for (const replaced of range(100, 140)) space.replace([replaced, PAYLOAD]);
    });
    expect(failure).toMatchObject({ code: ERROR_TABLE.READ_VIEW_ABORTED.code });
    expect(lines.join('\n')).toMatch(/the snapshot is given up: writers needed the \d+ bytes/);
    expect(space.length).toBe(count - 50);
  });
});
