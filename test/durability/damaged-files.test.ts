/** What recovery makes of files that are torn, damaged, missing, or somebody else's. */
import { appendFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CommandFixture } from '../cli/command.ts';
import { connected, DirectoryFixture } from '../support/directory-fixture.ts';
import { openWithPicodata } from '../support/directory-server.ts';
import { createRows, insertRows, keysOf, noise, range, ROWS_SPACE } from '../support/durable-rows.ts';
import { findPicodata } from '../support/picodata-server.ts';

const PAYLOAD = 'some bytes that fill a block '.repeat(10);

let fixture: DirectoryFixture;
let commands: CommandFixture;
beforeEach(() => {
  fixture = new DirectoryFixture();
  commands = new CommandFixture();
});
afterEach(async () => {
  await commands.close();
  await fixture.close();
});

function filesOf(directory: string, extension: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(extension))
    .sort();
}

/** An instance with rows `[0, count)` that was killed. */
async function killedDirectory(
  count: number,
  options: readonly string[] = [],
  payload = (): string => PAYLOAD,
): Promise<string> {
  const directory = await fixture.directory();
  const server = await fixture.open(openWithPicodata, directory, options);
  await connected(server, {}, async (connection) => {
    await createRows(connection);
    await insertRows(connection, 0, count, payload);
  });
  await server.kill();
  return directory;
}

async function keysAfterOpening(directory: string): Promise<number[]> {
  const server = await fixture.open(openWithPicodata, directory);
  const keys = await connected(server, {}, keysOf);
  await server.stop();
  return keys;
}

/** Starts over the directory, which must fail; the last line that it says. */
async function failedStart(directory: string): Promise<string> {
  const { code, stderr } = await commands.start(['run', '--data-dir', directory, '--listen', '127.0.0.1:0']).ended;
  expect(code).toBe(1);
  return stderr.trimEnd().split('\n').at(-1)!;
}

function flipByte(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 0x10, offset);
  writeFileSync(path, bytes);
}

describe.skipIf(findPicodata() === null)('recovery', () => {
  test.each([
    ['a part of a header', 7],
    ['a header and a part of its block', 60],
  ])('ignores a torn tail, %s, and goes on in a new file', async (_what, bytes) => {
    const directory = await killedDirectory(100);
    const [first] = filesOf(directory, '.xlog');
    const path = join(directory, first!);
    const content = readFileSync(path);
    const block = content.indexOf(Uint8Array.of(0xd5, 0xba, 0x0b));
    appendFileSync(path, content.subarray(block, block + bytes));
    const size = readFileSync(path).length;
    const server = await fixture.open(openWithPicodata, directory);
    await connected(server, {}, async (connection) => {
      expect(await keysOf(connection)).toEqual(range(0, 100));
      await insertRows(connection, 100, 110);
    });
    expect(server.log()).toContain("wasn't correctly closed");
    await server.kill();
    expect(filesOf(directory, '.xlog').length).toBe(2);
    expect(readFileSync(path).length).toBe(size);
    expect(await keysAfterOpening(directory)).toEqual(range(0, 110));
  });

  test('loses no more than the last write with a cut tail', async () => {
    const directory = await killedDirectory(3);
    const path = join(directory, filesOf(directory, '.xlog')[0]!);
    truncateSync(path, readFileSync(path).length - 3);
    const keys = await keysAfterOpening(directory);
    expect(range(0, 3).slice(0, keys.length)).toEqual(keys);
    expect(keys.length).toBeLessThan(3);
  });

  test('refuses a damaged log with its name and the offset; forced, it goes on behind the damage', async () => {
    const directory = await killedDirectory(2000);
    const name = filesOf(directory, '.xlog')[0]!;
    const path = join(directory, name);
    flipByte(path, readFileSync(path).length >> 1);
    const line = await failedStart(directory);
    expect(line).toMatch(new RegExp(`F> .*/${name}: .* at offset \\d+; the directory is left as it is$`));
    const offset = Number(/at offset (\d+)/.exec(line)![1]);
    expect(offset).toBeLessThanOrEqual(readFileSync(path).length >> 1);
    const forced = await fixture.start({
      dataDir: directory,
      forceRecovery: true,
      log: { level: 'fatal', format: 'plain', destination: 'stderr' },
    });
    const keys = forced.api
      .space(ROWS_SPACE)
      .select()
      .map(([key]) => Number(key));
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.length).toBeLessThan(2000);
    expect(keys).toContain(0);
    expect(keys).toContain(1999);
    forced.api.space(ROWS_SPACE).insert([5000]);
    await forced.durable();
    await forced.stop();
  });

  test('refuses a damaged snapshot with its name and the offset; forced, it takes what can be read', async () => {
    const directory = await killedDirectory(20_000);
    const server = await fixture.open(openWithPicodata, directory);
    process.kill(server.pid, 'SIGUSR1');
    await server.waitForLine(/snapshot of \d+ rows written/, 60_000);
    await server.stop();
    const name = filesOf(directory, '.snap').at(-1)!;
    const path = join(directory, name);
    flipByte(path, Math.floor(readFileSync(path).length * 0.7));
    expect(await failedStart(directory)).toMatch(new RegExp(`F> .*/${name}: .* at offset \\d+; the directory`));
    const forced = await fixture.start({
      dataDir: directory,
      forceRecovery: true,
      log: { level: 'fatal', format: 'plain', destination: 'stderr' },
    });
    const count = forced.api.space(ROWS_SPACE).length;
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(20_000);
    await forced.stop();
  });

  test('refuses a snapshot that ends early', async () => {
    const directory = await killedDirectory(10);
    const name = filesOf(directory, '.snap')[0]!;
    truncateSync(join(directory, name), readFileSync(join(directory, name)).length - 4);
    expect(await failedStart(directory)).toContain(name);
  });

  test('names the gap that a missing log leaves', async () => {
    const directory = await killedDirectory(2000, ['--wal-max-size', '64K'], () => noise(300));
    const logs = filesOf(directory, '.xlog');
    expect(logs.length).toBeGreaterThan(3);
    rmSync(join(directory, logs[2]!));
    const [from, to] = [Number(/\d+/.exec(logs[2]!)![0]), Number(/\d+/.exec(logs[3]!)![0])];
    expect(await failedStart(directory)).toContain(
      `Missing .xlog file between LSN ${from} {1: ${from}} and ${to} {1: ${to}}`,
    );
  });

  test('needs a snapshot where there are logs', async () => {
    const directory = await killedDirectory(1);
    rmSync(join(directory, filesOf(directory, '.snap')[0]!));
    expect(await failedStart(directory)).toMatch(/F> .*snapshot/i);
  });

  test('finds the directory locked while another process has it, and free when that was killed', async () => {
    const directory = await killedDirectory(1);
    const server = await fixture.open(openWithPicodata, directory);
    expect(await failedStart(directory)).toContain(`${directory} is in use by another instance`);
    await expect(fixture.start({ dataDir: directory })).rejects.toThrow('is in use by another instance');
    expect(await connected(server, {}, keysOf)).toEqual([0]);
    await server.kill();
    expect(await keysAfterOpening(directory)).toEqual([0]);
  });
});
