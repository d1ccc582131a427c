import { expect, it } from 'vitest';
import { dataLine, openToOthersLine, trustLine } from './announcement.ts';

it('a warning for an open instance that others reach, and only for that', () => {
  const open = { kind: 'open' } as const;
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1']) {
    expect(openToOthersLine(open, { host, port: 1 })).toBeNull();
  }
  for (const host of ['0.0.0.0', '::', '192.168.0.1', '127.0.0.1.example.org', 'db1']) {
    expect(openToOthersLine(open, { host, port: 1 })).toContain(host);
    expect(openToOthersLine({ kind: 'closed', cookie: 'x' }, { host, port: 1 })).toBeNull();
  }
  expect(openToOthersLine(open, null)).toBeNull();
});

it('the cookie itself is not told', () => {
  const line = trustLine({ kind: 'closed', cookie: 'hush' }, '--cluster-cookie', '/data/.picodata-cookie');
  expect(line).toContain('--cluster-cookie');
  expect(line).not.toContain('hush');
});

it('what was recovered', () => {
  expect(dataLine('/data', null)).toBe('data directory /data is new');
  expect(dataLine('/data', { snapshotRows: 500, logRows: 2, seconds: 1.234 })).toBe(
    'data directory /data: recovered 500 rows of the snapshot and 2 of the log in 1.23 s',
  );
});
