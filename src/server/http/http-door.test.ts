import { expect, it } from 'vitest';
import type { HttpAnswer, HttpQuestion, HttpServer } from '../../env/index.ts';
import { HttpDoor, type HttpPage } from './http-door.ts';

const ADDRESS = { kind: 'tcp', host: 'localhost', port: 0 } as const;
const BOUND = { ...ADDRESS, port: 8080 };

class FakeServer implements HttpServer {
  answer: (question: HttpQuestion) => HttpAnswer = () => ({ status: 0, headers: [], body: '' });
  isOpen = false;

  listen(_address: unknown, _limits: unknown, answer: (question: HttpQuestion) => HttpAnswer) {
    this.answer = answer;
    this.isOpen = true;
    return Promise.resolve({
      address: BOUND,
      close: () => {
        this.isOpen = false;
        return Promise.resolve();
      },
    });
  }
}

async function open(
  render: () => string,
): Promise<Readonly<{ server: FakeServer; door: HttpDoor; failures: unknown[] }>> {
  const server = new FakeServer();
  const failures: unknown[] = [];
  const pages = new Map<string, HttpPage>([['/page', { contentType: 'text/x', render }]]);
  const door = new HttpDoor(server, pages, (error) => failures.push(error));
  await door.listen(ADDRESS);
  return { server, door, failures };
}

it('makes a page when it is asked for', async () => {
  let count = 0;
  const { server } = await open(() => `page ${++count}`);
  const targets = ['/page', '/page?a=b?c', 'http://some.host:80/page', 'HTTPS://[::1]/page?'];
  expect(targets.map((target) => server.answer({ method: 'GET', target }))).toEqual(
    targets.map((_, index) => ({ status: 200, headers: [['Content-Type', 'text/x']], body: `page ${index + 1}` })),
  );
  expect(server.answer({ method: 'HEAD', target: '/page' }).status).toBe(200);
});

it.each(['/', '', '/pag', '/page/', '//page', '*', '/PAGE', '/%70age', 'http://host/', '/toString'])(
  'there is no %j',
  async (target) => {
    const { server } = await open(() => 'page');
    for (const method of ['GET', 'POST']) expect(server.answer({ method, target }).status).toBe(404);
  },
);

it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'get', ''])('method %j is refused', async (method) => {
  const { server } = await open(() => 'page');
  const { status, headers } = server.answer({ method, target: '/page' });
  expect(status).toBe(405);
  expect(headers).toContainEqual(['Allow', 'GET, HEAD']);
});

it('a page that fails is told, and the client learns no more than that', async () => {
  const error = new Error('secret');
  const { server, failures } = await open(() => {
    throw error;
  });
  const { status, body } = server.answer({ method: 'GET', target: '/page' });
  expect({ status, body }).toEqual({ status: 500, body: 'Internal Server Error\n' });
  expect(failures).toEqual([error]);
});

it('says where it listens, until it is stopped', async () => {
  const { server, door } = await open(() => 'page');
  expect(door.address).toEqual(BOUND);
  await door.stop();
  expect(door.address).toBeNull();
  expect(server.isOpen).toBe(false);
  await door.stop();
});
