/** Tarantool's own client, net.box, run by an installed Tarantool. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { startProcess } from '../support/child-server.ts';
import { findPicodata } from '../support/picodata-server.ts';
import { findTarantool } from '../support/tarantool-server.ts';
import { DriverServer, USER } from './driver-server.ts';

const SCRIPT = fileURLToPath(new URL('netbox.lua', import.meta.url));
const STEP_TIMEOUT_MS = 30_000;

function reasonToSkip(): string | null {
  if (findTarantool() === null) return 'there is no tarantool whose net.box could be used';
  return findPicodata() === null ? 'bin/picodata is not built' : null;
}

const reason = reasonToSkip();
if (reason !== null) process.stderr.write(`net.box is skipped: ${reason}\n`);

describe.skipIf(reason !== null)('net.box', () => {
  test('connects, changes data, calls, and finds its way back after a restart', async () => {
    const server = await DriverServer.open();
    const words = [SCRIPT, `127.0.0.1:${server.port}`, USER.name, USER.password];
    const client = startProcess(findTarantool()!.path, words, { cwd: server.directory });
    try {
      const [reached] = await client.waitForLine(/^(stop|failed: .*)$/m, STEP_TIMEOUT_MS);
      expect(reached).toBe('stop');
      await server.stop();
      await server.start();
      const [last] = await client.waitForLine(/^(done|failed: .*)$/m, STEP_TIMEOUT_MS);
      expect(last).toBe('done');
    } finally {
      await client.stop();
      await server.close();
    }
  });
});
