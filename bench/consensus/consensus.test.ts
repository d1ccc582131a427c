import fc from 'fast-check';
import { createServer, type Http2Server } from 'node:http2';
import { createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { REQUEST } from '../../test/support/raw-iproto.ts';
import { moveLeaderRequest, PATH, putRequest, readStatus } from './etcd-messages.ts';
import { leaderAmong, type MemberStatus } from './group.ts';
import { GrpcConnection } from './grpc-connection.ts';
import { Durations, runLoad } from './load.ts';
import { CallConnection, callPacket } from './our-client.ts';

type Closable = Readonly<{ close: () => unknown }>;
const open: Closable[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

function closedLater<One extends Closable>(one: One): One {
  open.push(one);
  return one;
}

function listening(server: ReturnType<typeof createTcpServer> | Http2Server): Promise<number> {
  closedLater(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

/** Node's own HTTP/2: echoes the message, or refuses with the status that the path names. */
function echoServer(): Promise<number> {
  const server = createServer();
  server.on('stream', (stream, headers) => {
    expect(headers).toMatchObject({ ':method': 'POST', te: 'trailers', 'content-type': 'application/grpc' });
    const path = String(headers[':path']);
    const answer = { ':status': 200, 'content-type': 'application/grpc' };
    if (path.startsWith('/refuse/')) {
      stream.resume().respond({ ...answer, 'grpc-status': path.slice(8), 'grpc-message': 'no' }, { endStream: true });
      return;
    }
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      stream.respond(answer, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': '' }));
      stream.end(Buffer.concat(chunks));
    });
  });
  return listening(server);
}

describe('GrpcConnection beside the HTTP/2 of Node', () => {
  it('brings every message there and back, many at once and more than one window holds', async () => {
    const connection = closedLater(await GrpcConnection.open(await echoServer(), '/echo'));
    const messages = Array.from({ length: 600 }, (_, number) => Buffer.alloc(1 + ((number * 37) % 700), number));
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(
        messages.map((message, number) => connection.call(number % 7 === 0 ? '/other' : '/echo', message)),
      );
      expect(answers).toEqual(messages);
    }
  });

  it('rejects with the status of a refusal, and serves on', async () => {
    const connection = closedLater(await GrpcConnection.open(await echoServer(), '/echo'));
    for (const status of ['9', '14']) {
      await expect(connection.call(`/refuse/${status}`, Buffer.of(1))).rejects.toThrow(`gRPC status ${status}`);
    }
    expect(await connection.call('/echo', Buffer.of(7))).toEqual(Buffer.of(7));
  });

  it('rejects what is in flight when the connection ends', async () => {
    const server = createTcpServer((socket) => socket.once('data', () => socket.destroy()).on('error', () => {}));
    const connection = closedLater(await GrpcConnection.open(await listening(server), '/echo'));
    await expect(connection.call('/echo', Buffer.of(1))).rejects.toThrow();
    await expect(connection.call('/echo', Buffer.of(1))).rejects.toThrow('closed');
  });
});

describe('messages of etcd', () => {
  it('are those of its protocol', () => {
    expect(putRequest('foo', 'bar').toString('hex')).toBe('000000000a0a03666f6f1203626172');
    expect(moveLeaderRequest('300').toString('hex')).toBe('000000000308ac02');
    expect(moveLeaderRequest('18446744073709551615').toString('hex')).toBe('000000000b08ffffffffffffffffff01');
    expect(PATH.put).toBe('/etcdserverpb.KV/Put');
  });

  it('say who leads', () => {
    // header { member_id: 2^63 }, version: "3", dbSize: 300, leader: 5, raftIndex: 9, raftTerm: 4, raftAppliedIndex: 8
    const message = Buffer.from(
      '0a0b1080808080808080808001120133' + '18ac02' + '2005' + '2809' + '3004' + '3808',
      'hex',
    );
    const framed = Buffer.concat([Buffer.of(0, 0, 0, 0, message.length), message]);
    expect(readStatus(framed)).toEqual({ id: '9223372036854775808', leaderId: '5', term: 4, appliedIndex: 8 });
    expect(() => readStatus(framed.subarray(0, -1))).toThrow('not one uncompressed message');
  });
});

/** An answer as both servers write it, with an empty body. */
function answerTo(packet: Buffer, status: number): Buffer {
  const answer = Buffer.from('ce000000188300ce0000000001cf000000000000000005ce0000005080', 'hex');
  answer.writeUInt32BE(status, 8);
  packet.copy(answer, 18, 10, 14);
  return answer;
}

describe('CallConnection', () => {
  it('matches answers by their sync at any chunking and in any order', async () => {
    const packet = Buffer.from(callPacket('x', [1]));
    expect(packet[7]).toBe(REQUEST.call);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 40 }),
        async (failures, chunkBytes) => {
          const server = createTcpServer((socket) => {
            socket.setNoDelay(true).on('error', () => {});
            let received = Buffer.alloc(0);
            socket.on('data', (chunk) => {
              received = Buffer.concat([received, chunk]);
              if (received.length < packet.length * failures.length) return;
              const answers = failures.map((isFailed, index) =>
                answerTo(received.subarray(index * packet.length), isFailed ? 0x8003 : 0),
              );
              const stream = Buffer.concat([Buffer.alloc(128, 0x20), ...answers.reverse()]);
              for (let at = 0; at < stream.length; at += chunkBytes) socket.write(stream.subarray(at, at + chunkBytes));
            });
          });
          const connection = await CallConnection.open(await listening(server));
          const outcomes = await Promise.allSettled(failures.map(() => connection.call(packet)));
          connection.close();
          expect(outcomes.map(({ status }) => status === 'rejected')).toEqual(failures);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('the load', () => {
  it('keeps one put of each client in flight', async () => {
    const inFlight = new Set<number>();
    const seen = new Set<number>();
    let windows = 0;
    const peer = {
      put: async (clientIndex: number): Promise<void> => {
        expect(inFlight.has(clientIndex)).toBe(false);
        inFlight.add(clientIndex);
        seen.add(clientIndex);
        await new Promise((resolve) => setImmediate(resolve));
        inFlight.delete(clientIndex);
      },
    };
    const figures = await runLoad(peer, { clients: 5, warmupSeconds: 0.01, seconds: 0.02 }, () => (windows += 1));
    expect(seen).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(inFlight.size).toBe(0);
    expect(windows).toBe(2);
    expect(figures.p50Ms).toBeLessThanOrEqual(figures.p99Ms);
  });

  it('ends with the first put that fails', async () => {
    const peer = { put: () => Promise.reject(new Error('no leader')) };
    await expect(runLoad(peer, { clients: 2, warmupSeconds: 60, seconds: 60 })).rejects.toThrow('no leader');
  });

  it('knows its percentiles however many durations there are', () => {
    const durations = new Durations();
    expect(durations.percentiles(0.5)).toEqual([Number.NaN]);
    for (let value = 200_000; value > 0; value--) durations.add(value);
    expect(durations.count).toBe(200_000);
    expect(durations.percentiles(0.5, 0.99, 1)).toEqual([100_000, 198_000, 200_000]);
  });
});

describe('leaderAmong', () => {
  const status = (id: string, leaderId: string | null): MemberStatus => ({ id, leaderId, term: 1, appliedIndex: 1 });

  it('is whom all name', () => {
    expect(leaderAmong([status('a', 'b'), status('b', 'b')])).toBe(1);
    expect(leaderAmong([status('a', 'b'), status('b', 'a')])).toBeNull();
    expect(leaderAmong([status('a', null), status('b', 'b')])).toBeNull();
    expect(leaderAmong([status('a', 'c'), status('b', 'c')])).toBeNull();
  });
});
