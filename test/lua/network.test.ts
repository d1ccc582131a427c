/**
 * Lua programs that talk to a server, here and on a real Tarantool: net.box to a Tarantool, `http.client` to a server of
 * this test. What they print must be the same byte for byte. A program gets the server's port as its argument.
 */
import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findTarantool, startTarantool } from '../support/tarantool-server.ts';
import type { TestServer } from '../support/test-server.ts';

const PROGRAMS = join(import.meta.dirname, 'network');
const RUNNER = join(import.meta.dirname, 'run-program.ts');
const TIMEOUT_MS = 60_000;
const tarantool = findTarantool();

/** What the net.box programs find on their server. */
const SERVER_SCRIPT = `
box.schema.user.create('u', {password = 'p'})
box.schema.user.grant('u', 'super')
local space = box.schema.space.create('test', {format = {{'id', 'unsigned'}, {'name', 'string', is_nullable = true}}})
space:create_index('pk')
space:create_index('name', {parts = {{2, 'string', is_nullable = true}}, unique = false})
function f(...) return ... end
function err() box.error(5, 'a', 'b') end
function lerr() error('lua err') end
function slow(seconds) require('fiber').sleep(seconds) return 'slow' end
function push(count) for i = 1, count do box.session.push(i) end return 'end' end
function tup() return box.tuple.new{1, 2, 3} end
function reset()
    box.space.test:truncate()
    box.execute('drop table if exists t')
    if box.space.test2 then box.space.test2:drop() end
end
`;

/** Runs in the programs' folder, so that messages name the same files. */
function run(command: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { cwd: PROGRAMS, timeout: TIMEOUT_MS, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('latin1').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('latin1').on('data', (text: string) => (errors += text));
    child.once('error', reject);
    child.once('close', (code) => resolve(`${output}${code === 0 ? '' : `ended with ${code}: ${errors}`}`));
  });
}

async function compare(program: string, port: number): Promise<void> {
  const expected = await run('tarantool', [program, String(port)]);
  expect(await run(process.execPath, ['--import', 'tsx', RUNNER, program, String(port)])).toBe(expected);
}

describe.skipIf(tarantool === null)('net.box prints what it prints on Tarantool', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTarantool({ script: SERVER_SCRIPT });
  }, TIMEOUT_MS);
  afterAll(() => server.stop());

  for (const program of ['net-box-requests.lua', 'net-box-connections.lua']) {
    it(program, { timeout: 2 * TIMEOUT_MS }, () => compare(program, server.port));
  }
});

describe.skipIf(tarantool === null)('http.client prints what it prints on Tarantool', () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('http-requests.lua', { timeout: 2 * TIMEOUT_MS }, () =>
    compare('http-requests.lua', (server.address() as AddressInfo).port),
  );
});

/** Tells what was asked, except on the paths that stand for something else. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { method = '', url = '' } = request;
    if (url === '/slow') return;
    if (url === '/redir') {
      response.writeHead(302, { Location: '/x', 'Content-Length': '0' }).end();
      return;
    }
    if (url === '/204') {
      response.writeHead(204).end();
      return;
    }
    if (url === '/chunked') {
      response.writeHead(200, { 'Transfer-Encoding': 'chunked' });
      response.write('abc');
      response.end('de');
      return;
    }
    const headers = Object.entries(request.headers).filter(([name]) => name !== 'host');
    const body = JSON.stringify({
      method,
      url,
      body: Buffer.concat(chunks).toString('latin1'),
      headers: headers.sort(([a], [b]) => a.localeCompare(b)),
    });
    response.setHeader('X-A', ['1', '2']);
    response.setHeader('Set-Cookie', ['a=b; Path=/', 'c=d']);
    response.setHeader('Content-Length', body.length);
    response.writeHead(url === '/404' ? 404 : 200).end(method === 'HEAD' ? '' : body);
  });
}
