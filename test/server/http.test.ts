/** The HTTP server of Node's implementation: what it does about clients that ask for too much, or badly. */
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HttpQuestion, HttpServerLimits, Listener } from '../../src/env/index.ts';
import { createTestEnv } from '../support/node-env.ts';

const LIMITS: HttpServerLimits = { connectionsMax: 2, headerBytesMax: 1024, requestMsMax: 60_000, idleMsMax: 60_000 };

let listener: Listener;
let questions: HttpQuestion[];
let sockets: Socket[];

async function serve(limits: HttpServerLimits): Promise<void> {
  listener = await createTestEnv().httpServer.listen(
    { kind: 'tcp', host: 'localhost', port: 0 },
    limits,
    (question) => {
      questions.push(question);
      return { status: 200, headers: [['X-Test', 'yes']], body: 'é\n' };
    },
  );
}

beforeEach(async () => {
  questions = [];
  sockets = [];
  await serve(LIMITS);
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await listener.close();
});

type Client = Readonly<{ socket: Socket; received: () => string; closed: Promise<string> }>;

function open(host = '127.0.0.1'): Promise<Client> {
  const { address } = listener;
  if (address.kind !== 'tcp') throw new Error('the server listens on TCP');
  const socket = connect({ host, port: address.port });
  sockets.push(socket);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve({ socket, received: () => text, closed }));
    socket.once('error', reject);
  });
}

async function exchange(request: string): Promise<string> {
  const client = await open();
  client.socket.write(request);
  return client.closed;
}

const CLOSING = 'Host: x\r\nConnection: close\r\n';

describe('requests', () => {
  it('are answered with what is given', async () => {
    const answer = await exchange(`GET /a?b HTTP/1.1\r\n${CLOSING}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\nX-Test: yes\r\nContent-Length: 3\r\n[^]*\r\n\r\né\n$/);
    expect(questions).toEqual([{ method: 'GET', target: '/a?b' }]);
  });

  it('of HEAD get no body', async () => {
    expect(await exchange(`HEAD / HTTP/1.1\r\n${CLOSING}\r\n`)).toMatch(/Content-Length: 3\r\n[^]*\r\n\r\n$/);
  });

  it('may follow each other on a connection, all at once', async () => {
    const answers = await exchange(`GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\n${CLOSING}\r\n`);
    expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect(questions.map(({ target }) => target)).toEqual(['/1', '/2']);
  });

  it('with a body are the last of their connection, and the body is no request', async () => {
    const body = 'GET /inside HTTP/1.1\r\n\r\n';
    const request = `POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}GET /2 HTTP/1.1\r\n\r\n`;
    expect((await exchange(request)).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(1);
    expect(questions.map(({ target }) => target)).toEqual(['/1']);
  });
});

describe('bad input', () => {
  it.each([
    ['no HTTP', '\x00\x01\x02\x03\r\n\r\n', 400],
    ['iproto', '\xce\x00\x00\x00\x05\x82\x00\x40\x01\x01\x80', 400],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['two lengths', `POST / HTTP/1.1\r\n${CLOSING}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400],
    ['a field beyond the limit', `GET / HTTP/1.1\r\n${CLOSING}X: ${'x'.repeat(2000)}\r\n\r\n`, 431],
    ['a target beyond the limit', `GET /${'x'.repeat(2000)} HTTP/1.1\r\n${CLOSING}\r\n`, 431],
  ])('%s is refused', async (_, request, status) => {
    expect(await exchange(request)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(questions).toEqual([]);
    expect(await exchange(`GET / HTTP/1.1\r\n${CLOSING}\r\n`)).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});

describe('a client that is too slow', () => {
  beforeEach(async () => {
    await listener.close();
    await serve({ ...LIMITS, requestMsMax: 300 });
  });

  it.each(['', 'GET', 'GET / HTTP/1.1\r\nHost:'])('loses the connection: it stops after %j', async (begun) => {
    const client = await open();
    client.socket.write(begun);
    await client.closed;
    expect(questions).toEqual([]);
  });

  it('loses the connection: it never comes to an end', async () => {
    const client = await open();
    client.socket.write('GET / HTTP/1.1\r\nX: ');
    const drip = setInterval(() => client.socket.write('x'), 100);
    expect(await client.closed).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(drip);
    expect(questions).toEqual([]);
  });
});

describe('connections', () => {
  it('above the limit are closed, on whatever address of the host they come', async () => {
    const first = await open('127.0.0.1');
    const second = await open('localhost');
    const third = await open();
    third.socket.write(`GET / HTTP/1.1\r\n${CLOSING}\r\n`);
    expect(await third.closed).toBe('');
    first.socket.end();
    second.socket.end();
    await Promise.all([first.closed, second.closed]);
    expect(await exchange(`GET / HTTP/1.1\r\n${CLOSING}\r\n`)).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  it('end with the listener', async () => {
    const client = await open();
    client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    while (!client.received().endsWith('é\n')) await new Promise((resolve) => client.socket.once('data', resolve));
    await listener.close();
    expect(await client.closed).toMatch(/^HTTP\/1\.1 200 OK/);
    await expect(open()).rejects.toThrow('ECONNREFUSED');
  });
});
