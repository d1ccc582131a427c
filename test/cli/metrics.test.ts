/** `picodata run --http-listen` as monitoring sees it. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/index.ts';
import { findPicodata } from '../support/picodata-server.ts';
import { type Command, CommandFixture } from './command.ts';

let fixture: CommandFixture;
beforeEach(() => {
  fixture = new CommandFixture();
});
afterEach(() => fixture.close());

/** The URL that the start announces. */
function urlOf(run: Command): string {
  return /metrics are served at (\S+)/.exec(run.stderr)?.[1] ?? '';
}

async function scrape(url: string): Promise<string> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return response.text();
}

function valueOf(text: string, sample: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${sample} `));
  return line === undefined ? NaN : Number(line.slice(sample.length));
}

describe.skipIf(findPicodata() === null)('--http-listen', () => {
  it('serves what the instance counts, and nothing when it has stopped', async () => {
    const run = fixture.run(['--http-listen', '127.0.0.1:0']);
    const address = await run.ready();
    const url = urlOf(run);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*\/metrics$/);
    const before = await scrape(url);
    expect(valueOf(before, 'picodata_replica_id')).toBe(1);
    expect(valueOf(before, 'picodata_lsn')).toBe(0);
    expect(valueOf(before, 'picodata_snapshot_signature')).toBe(0);
    expect(valueOf(before, 'picodata_snapshot_duration_seconds')).toBeGreaterThan(0);
    expect(valueOf(before, 'picodata_arena_quota_bytes')).toBe(256 * 1024 * 1024);
    expect(valueOf(before, 'picodata_process_resident_memory_bytes')).toBeGreaterThan(1024 * 1024);
    expect(valueOf(before, 'picodata_orphan')).toBe(0);
    expect(valueOf(before, 'picodata_read_only')).toBe(0);
    expect(before).toContain('instance_uuid="68d4a766-4144-3248-aeb4-e212356716e4"');

    const connection = await connect(address);
    await connection.insert(280, [600, 1, 'users', 'memtx', 0, {}, []]);
    await expect(connection.insert(280, [600, 1, 'users', 'memtx', 0, {}, []])).rejects.toThrow();
    const after = await scrape(url);
    expect(valueOf(after, 'picodata_lsn')).toBe(1);
    expect(valueOf(after, 'picodata_vclock{replica_id="1"}')).toBe(1);
    expect(valueOf(after, 'picodata_log_rows_total')).toBe(valueOf(before, 'picodata_log_rows_total') + 1);
    expect(valueOf(after, 'picodata_requests_total{type="insert"}')).toBe(2);
    expect(valueOf(after, 'picodata_request_errors_total')).toBe(1);
    expect(valueOf(after, 'picodata_connections')).toBe(1);
    connection.close();

    const kept = await fetch(url, { headers: { connection: 'keep-alive' } });
    await kept.text();
    run.kill('SIGTERM');
    expect(await run.ended).toMatchObject({ code: 0, stdout: '' });
    await expect(fetch(url)).rejects.toThrow();
  });

  it('answers nothing but GET /metrics', async () => {
    const run = fixture.run([], { env: { PICODATA_HTTP_LISTEN: 'localhost:0' } });
    await run.ready();
    const url = urlOf(run);
    expect((await fetch(new URL('/', url))).status).toBe(404);
    expect((await fetch(`${url}/more`)).status).toBe(404);
    const posted = await fetch(url, { method: 'POST', body: 'x'.repeat(1000) });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(await scrape(`${url}?format=any`)).toContain('picodata_lsn ');
  });

  it('is off unless given, also by the key of a file', async () => {
    const without = fixture.run();
    await without.ready();
    expect(urlOf(without)).toBe('');
    without.kill('SIGTERM');
    await without.ended;
    writeFileSync(fixture.path('p.yaml'), 'http-listen: 127.0.0.1:0\n');
    const run = fixture.run(['--cfg', 'p.yaml']);
    await run.ready();
    expect(await scrape(urlOf(run))).toContain('picodata_lsn ');
  });

  it('a port that is taken ends the start in one line that names the flag', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { code, stderr } = await fixture.run(['--http-listen', `127.0.0.1:${port}`]).ended;
    server.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`F> --http-listen: .*EADDRINUSE.*127\\.0\\.0\\.1:${port}\\n$`));
  });

  it.each([
    [['--http-listen', 'a:b'], {}, "picodata: --http-listen: 'a:b' is not an address such as localhost:8080"],
    [
      [],
      { PICODATA_HTTP_LISTEN: ':99999' },
      "picodata: PICODATA_HTTP_LISTEN: ':99999' is not an address such as localhost:8080",
    ],
    [['--http-listen='], {}, 'picodata: --http-listen: the value is empty'],
  ])('%j %j is wrong usage', async (args, env, expected) => {
    const { code, stderr } = await fixture.run(args, { env }).ended;
    expect({ code, stderr }).toEqual({ code: 2, stderr: `${expected}\n` });
  });
});
