/** Clients cannot say whose row a change is, or which number it has: those are the log's. */
import { describe, expect, it } from 'vitest';
import { ByteWriter, defined } from '../../base/index.ts';
import { REQUEST_TYPE } from '../../codec/iproto/index.ts';
import { encodeToBytes, type Value } from '../../codec/msgpack/index.ts';
import type { Env, Stream, StreamHandlers } from '../../env/index.ts';
import { EngineFixture, OWN_UUID, SPACE } from '../../../test/support/replication-engine.ts';
import { IprotoServer } from './server.ts';

class FakeStream implements Stream {
  readonly peer = 'fake';
  readonly queuedBytes = 0;
  handlers: StreamHandlers | null = null;

  start(handlers: StreamHandlers): void {
    this.handlers = handlers;
  }

  write(_bytes: Uint8Array, onWritten?: () => void): number {
    onWritten?.();
    return 0;
  }

  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {}
}

async function connected(fixture: EngineFixture): Promise<(packet: Uint8Array) => void> {
  let accept: (stream: Stream) => void = () => undefined;
  const env: Env = {
    ...fixture.env,
    network: {
      ...fixture.env.network,
      listen: (address, onConnection) => {
        accept = onConnection;
        return Promise.resolve({ address, close: () => Promise.resolve() });
      },
    },
  };
  const server = new IprotoServer(env, fixture.box, {
    instanceUuid: OWN_UUID,
    version: '2.10.0',
    netMessagesMax: 100,
    onFailure: (error) => {
      throw error;
    },
  });
  await server.listen({ kind: 'tcp', host: 'localhost', port: 1 });
  const stream = new FakeStream();
  accept(stream);
  return (packet) => defined(stream.handlers, 'a connection').onData(packet);
}

/** A request with everything in its header that a row of a log may have there. */
function packet(type: number, header: readonly (readonly [number, Value])[], body: Map<Value, Value>): Uint8Array {
  const entries = new Map<Value, Value>([[0x00, type], [0x01, 9], ...header]);
  const content = [encodeToBytes(entries), encodeToBytes(body)];
  const writer = new ByteWriter(64);
  writer.writeByte(0xce);
  const length = content.reduce((sum, part) => sum + part.length, 0);
  for (const shift of [24, 16, 8, 0]) writer.writeByte((length >>> shift) & 0xff);
  for (const part of content) writer.writeBytes(part, 0, part.length);
  return writer.toBytes();
}

const tuple = (id: number): Map<Value, Value> =>
  new Map<Value, Value>([
    [0x10, SPACE.plain],
    [0x21, [id]],
  ]);

describe('the header of a request', () => {
  it.each<[string, readonly (readonly [number, Value])[]]>([
    [
      'a replica id and an LSN',
      [
        [0x02, 7],
        [0x03, 1000],
      ],
    ],
    [
      "an LSN of the server's own",
      [
        [0x02, 1],
        [0x03, 1000],
      ],
    ],
    [
      'a transaction, a group, a time and flags',
      [
        [0x02, 7],
        [0x03, 1000],
        [0x04, 1.5],
        [0x07, 1],
        [0x08, 2],
        [0x09, 7],
      ],
    ],
  ])('does not number rows by %s', async (_, header) => {
    const fixture = new EngineFixture([0, 41]);
    const send = await connected(fixture);
    send(packet(REQUEST_TYPE.insert, header, tuple(1)));
    send(packet(REQUEST_TYPE.replace, header, tuple(1)));
    fixture.write();
    expect(fixture.rows(SPACE.plain)).toEqual([[1]]);
    expect(fixture.writtenRows).toMatchObject([
      { replicaId: 1, lsn: 42, tsn: 42, flags: 1, groupId: 0 },
      { replicaId: 1, lsn: 43, tsn: 43, flags: 1, groupId: 0 },
    ]);
    expect(fixture.logClient.durableVclock).toEqual([0, 43]);
  });

  it.each([
    REQUEST_TYPE.nop,
    REQUEST_TYPE.confirm,
    REQUEST_TYPE.rollbackSync,
    REQUEST_TYPE.raft,
    REQUEST_TYPE.raftPromote,
  ])('cannot make a row of type %i of a request', async (type) => {
    const fixture = new EngineFixture([0, 41]);
    const send = await connected(fixture);
    const body = new Map<Value, Value>([
      [0x02, 1],
      [0x03, 41],
      [0x53, 9],
    ]);
    send(
      packet(
        type,
        [
          [0x02, 2],
          [0x03, 1000],
        ],
        body,
      ),
    );
    fixture.write();
    expect([fixture.written, fixture.logClient.vclock]).toEqual([[], [0, 41]]);
  });
});
