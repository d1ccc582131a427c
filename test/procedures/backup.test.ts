/** Backups: the files that are named restore the state, and stay until the backup ends. */
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunningInstance } from '../../src/index.ts';
import { DirectoryFixture } from '../support/directory-fixture.ts';
import { range } from '../support/durable-rows.ts';

let fixture: DirectoryFixture;
let directory: string;
let instance: RunningInstance;

beforeEach(async () => {
  fixture = new DirectoryFixture();
  directory = await fixture.directory();
  instance = await fixture.start({ dataDir: directory, checkpointCount: 2 });
  instance.api.schema.createSpace('rows');
  instance.api.schema.createIndex('rows', 'pk', { parts: [[0, 'unsigned']] });
});
afterEach(() => fixture.close());

async function rowsAndSnapshot(from: number, to: number): Promise<void> {
  for (const key of range(from, to)) instance.api.space('rows').insert([key]);
  await instance.durable();
  await instance.api.snapshot();
}

async function restored(files: readonly string[]): Promise<unknown[]> {
  const copy = join(await fixture.directory(), 'copy');
  mkdirSync(copy);
  for (const file of files) copyFileSync(file, join(copy, basename(file)));
  const other = await fixture.start({ dataDir: copy });
  return other.api
    .space('rows')
    .select()
    .map(([key]) => key);
}

test('the files of a backup restore what was durable, from either snapshot', async () => {
  await rowsAndSnapshot(0, 10);
  await rowsAndSnapshot(10, 20);
  for (const key of range(20, 30)) instance.api.space('rows').insert([key]);
  await instance.durable();
  const files = instance.api.backup.start();
  expect(files.map((file) => file.slice(-5))).toEqual(['.snap', '.xlog']);
  expect(await restored(files)).toEqual(range(0, 30));
  instance.api.backup.stop();
  const older = instance.api.backup.start(1);
  expect(older.map((file) => file.slice(-5))).toEqual(['.snap', '.xlog', '.xlog']);
  expect(await restored(older)).toEqual(range(0, 30));
});

test('the files stay while the backup goes on, and go when it ends', async () => {
  await rowsAndSnapshot(0, 10);
  const files = instance.api.backup.start(0);
  expect(instance.api.garbage()).toMatchObject({ isBackupInProgress: true, isCheckpointInProgress: false });
  for (const round of range(1, 5)) await rowsAndSnapshot(round * 10, (round + 1) * 10);
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
  expect(instance.api.garbage().checkpoints.map(({ isPinned }) => isPinned)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
  instance.api.backup.stop();
  expect(files.filter((file) => existsSync(file))).toEqual([]);
  expect(readdirSync(directory).filter((name) => name.endsWith('.snap')).length).toBe(2);
  expect(instance.api.garbage().checkpoints.length).toBe(2);
  instance.api.backup.stop();
});

test('one at a time, of a snapshot that is there', async () => {
  instance.api.backup.start();
  expect(() => instance.api.backup.start()).toThrow('Backup is already in progress');
  instance.api.backup.stop();
  expect(() => instance.api.backup.start(9)).toThrow("Can't find snapshot");
  expect(() => instance.api.backup.start(-1)).toThrow('invalid checkpoint index');
  expect(instance.api.garbage().isBackupInProgress).toBe(false);
});
