/** Log modes and snapshots as a user sets them: what is kept, what is collected, what a start shows. */
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/env/node/index.ts';
import { startProcess } from '../support/child-server.ts';
import { connected, DirectoryFixture } from '../support/directory-fixture.ts';
import { openWithPicodata } from '../support/directory-server.ts';
import { createRows, insertRows, keysOf, range, ROWS_SPACE } from '../support/durable-rows.ts';
import { findPicodata } from '../support/picodata-server.ts';

const POLL_MS = 20;

let fixture: DirectoryFixture;
beforeEach(() => {
  fixture = new DirectoryFixture();
});
afterEach(() => fixture.close());

function signatures(directory: string, extension: string): number[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(extension))
    .map((name) => Number.parseInt(name, 10))
    .sort((left, right) => left - right);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

describe.skipIf(findPicodata() === null)('wal_mode', () => {
  test('none writes no log: a start finds the last snapshot', async () => {
    const directory = await fixture.directory();
    const server = await fixture.open(openWithPicodata, directory, ['--wal-mode', 'none']);
    await connected(server, {}, async (connection) => {
      await createRows(connection);
      await insertRows(connection, 0, 10);
      process.kill(server.pid, 'SIGUSR1');
      await until(() => signatures(directory, '.snap').length === 2);
      await insertRows(connection, 10, 20);
      expect(await keysOf(connection)).toEqual(range(0, 20));
    });
    await server.stop();
    expect(signatures(directory, '.xlog')).toEqual([]);
    const again = await fixture.open(openWithPicodata, directory);
    expect(await connected(again, {}, keysOf)).toEqual(range(0, 10));
    await connected(again, {}, (connection) => insertRows(connection, 10, 12));
    await again.kill();
    const last = await fixture.open(openWithPicodata, directory);
    expect(await connected(last, {}, keysOf)).toEqual(range(0, 12));
  });

  test.each(['write', 'fsync'])('%s keeps what was acknowledged when the process is killed', async (mode) => {
    const directory = await fixture.directory();
    for (let round = 0; round < 3; round++) {
      const server = await fixture.open(openWithPicodata, directory, ['--wal-mode', mode]);
      await connected(server, {}, async (connection) => {
        if (round === 0) await createRows(connection);
        expect(await keysOf(connection)).toEqual(range(0, round * 200));
        await insertRows(connection, round * 200, (round + 1) * 200);
      });
      await server.kill();
    }
    expect(signatures(directory, '.xlog').length).toBe(3);
  });
});

describe.skipIf(findPicodata() === null)('snapshots', () => {
  test('only the newest stay, with the logs that the oldest of them needs', async () => {
    const directory = await fixture.directory();
    const server = await fixture.open(openWithPicodata, directory, ['--checkpoint-count', '2']);
    await connected(server, {}, createRows);
    for (let round = 0; round < 5; round++) {
      await connected(server, {}, (connection) => insertRows(connection, round * 10, (round + 1) * 10));
      const before = signatures(directory, '.snap').at(-1)!;
      process.kill(server.pid, 'SIGUSR1');
      await until(() => signatures(directory, '.snap').at(-1)! > before);
    }
    await until(() => signatures(directory, '.snap').length === 2);
    await connected(server, {}, (connection) => insertRows(connection, 50, 60));
    const [oldest, newest] = signatures(directory, '.snap');
    await until(() => signatures(directory, '.xlog')[0]! >= oldest!);
    expect(signatures(directory, '.xlog')).toEqual([oldest, newest]);
    await server.kill();
    const again = await fixture.open(openWithPicodata, directory);
    expect(await connected(again, {}, keysOf)).toEqual(range(0, 60));
  });

  test('come when the log has grown by the threshold', async () => {
    const directory = await fixture.directory();
    const instance = await fixture.start({ dataDir: directory, checkpointWalThresholdBytes: 100_000 });
    instance.api.schema.createSpace('rows');
    instance.api.schema.createIndex('rows', 'pk', { parts: [[0, 'unsigned']] });
    instance.api.space('rows').insert([0]);
    await instance.durable();
    const [first] = signatures(directory, '.snap');
    for (let key = 1; key < 1000; key++) instance.api.space('rows').insert([key, 'x'.repeat(200)]);
    await instance.durable();
    await until(() => signatures(directory, '.snap').length === 2);
    expect(signatures(directory, '.snap')[0]).toBe(first);
  });
});

describe.skipIf(findPicodata() === null)('recovery on a terminal', () => {
  test('shows how far it has come', async () => {
    const directory = await fixture.directory();
    const instance = await fixture.start({ dataDir: directory });
    instance.api.schema.createSpace('rows');
    instance.api.schema.createIndex('rows', 'pk', { parts: [[0, 'unsigned']] });
    instance.api.schema.createIndex('rows', 'second', { parts: [[1, 'string']], unique: false });
    expect(instance.api.space('rows').id).toBe(ROWS_SPACE);
    for (let key = 0; key < 300_000; key++) {
      instance.api.space('rows').insert([key, `a text that ends in ${(key * 7919) % 300_007}`]);
      if (key % 10_000 === 0) await instance.durable();
      if (key === 150_000) await instance.api.snapshot();
    }
    await instance.durable();
    await instance.stop();
    // The program `script` gives the command a terminal.
    const command = `${packageRoot()}/bin/picodata run --data-dir ${directory} --listen 127.0.0.1:0`;
    const terminal = startProcess('script', ['-qec', command, '/dev/null'], { cwd: directory });
    fixture.onClose(() => terminal.stop());
    await terminal.waitForLine(/ready to accept requests/, 60_000);
    expect(terminal.log()).toMatch(/recovering the snapshot: \d+ rows, \d+ %/);
    expect(terminal.log()).toMatch(/recovering the log: \d+ rows, \d+ %/);
    expect(terminal.log()).toMatch(/recovered 15\d{4} rows of the snapshot and 149999 of the log/);
  });
});
