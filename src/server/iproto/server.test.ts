/**
 * Reading stops while too many requests wait, for the log or for procedures, and goes on when half have been answered.
 * A server that has no data yet answers what needs none.
 */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ByteWriter, defined, ERROR_TABLE } from '../../base/index.ts';
import {
  encodeCall,
  encodeFetchSnapshot,
  encodeId,
  encodePing,
  encodeReplace,
  encodeVote,
} from '../../codec/iproto/index.ts';
import { AccessControl, SchemaAccess, UserRegistry } from '../../engine/access/index.ts';
import { Arena, ReadViews } from '../../engine/arena/index.ts';
import { Box } from '../../engine/box/index.ts';
import { bootstrapRows, Catalog, SYSTEM_SPACE } from '../../engine/catalog/index.ts';
import { type Journal, RecoveryJournal, TransactionManager } from '../../engine/txn/index.ts';
import type { Env, Stream, StreamHandlers } from '../../env/index.ts';
import { SimulatedWorld } from '../../../sim/env/index.ts';
import type { Relays } from '../../replication/index.ts';
import { IprotoServer, type ReplicationDoor } from './server.ts';

const NET_MESSAGES_MAX = 4;
/** In an answer: behind its length and `83 00 ce`. */
const TYPE_AT = 8;
const UUID = '00000000-0000-0000-0000-000000000001';

class FakeStream implements Stream {
  readonly peer = 'fake';
  readonly queuedBytes = 0;
  isPaused = false;
  hasEnded = false;
  handlers: StreamHandlers | null = null;
  writtenBytes = 0;
  /** Types of the answers, each written by itself: 0, or the code of an error. */
  readonly answers: number[] = [];

  start(handlers: StreamHandlers): void {
    this.handlers = handlers;
  }

  write(bytes: Uint8Array, onWritten?: () => void): number {
    this.writtenBytes += bytes.length;
    if (bytes.length > TYPE_AT + 4)
      this.answers.push(new DataView(bytes.buffer, bytes.byteOffset).getUint32(TYPE_AT) & 0x7fff);
    onWritten?.();
    return 0;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.hasEnded = true;
  }

  destroy(): void {
    defined(this.handlers, 'handlers').onClose(null);
  }

  receive(encode: (writer: ByteWriter) => void): void {
    const writer = new ByteWriter(256);
    encode(writer);
    defined(this.handlers, 'handlers').onData(writer.toBytes());
  }

  replace(id: number): void {
    this.receive((writer) => encodeReplace(writer, { sync: id }, SYSTEM_SPACE.schema, [`key ${id}`, id]));
  }

  call(name: string): void {
    this.receive((writer) => encodeCall(writer, { sync: 1 }, name, []));
  }
}

/** Settles a batch when it is told to. */
class SlowJournal implements Journal {
  readonly lastReplicaId = 0;
  readonly lastLsn = 0;
  onSettled: Journal['onSettled'] = () => undefined;

  append(): void {}

  submit(): void {}
}

function newMemory(): { arena: Arena; views: ReadViews } {
  const arena = new Arena(16 * 1024 * 1024);
  return { arena, views: new ReadViews(arena) };
}

class Fixture {
  readonly journal = new SlowJournal();
  readonly box: Box;
  readonly server: IprotoServer;
  #accept: (stream: Stream) => void = () => undefined;
  #endOfTurn: (() => void)[] = [];

  constructor(replication?: ReplicationDoor) {
    const transactions = new TransactionManager(new RecoveryJournal(), () => transactions.flush());
    const users = new UserRegistry({ kind: 'open' });
    const catalog = new Catalog({
      userMemory: newMemory(),
      systemMemory: newMemory(),
      tupleBytesMax: 1000,
      ports: { access: new SchemaAccess(users) },
    });
    catalog.createSystemSpaces();
    const simulated = new SimulatedWorld(1).addHost('one').createEnv();
    this.box = new Box(catalog, transactions, new AccessControl(catalog, simulated.crypto, users));
    for (const { spaceId, tuple } of bootstrapRows(UUID, UUID)) {
      this.box.statements.insert(this.box.adminSession, spaceId, tuple, 0, tuple.length);
    }
    transactions.useJournal(this.journal);
    const env: Env = {
      ...simulated,
      timers: { ...simulated.timers, endOfTurn: (callback) => void this.#endOfTurn.push(callback) },
      network: {
        ...simulated.network,
        listen: (address, onConnection) => {
          this.#accept = onConnection;
          return Promise.resolve({ address, close: () => Promise.resolve() });
        },
      },
    };
    const onFailure = (error: unknown): never => {
      throw error;
    };
    const options = { instanceUuid: UUID, version: '2.10.0', netMessagesMax: NET_MESSAGES_MAX, onFailure };
    this.server = new IprotoServer(env, this.box, replication === undefined ? options : { ...options, replication });
    this.server.isLoading = false;
  }

  async listen(): Promise<void> {
    await this.server.listen({ kind: 'tcp', host: 'localhost', port: 1 });
  }

  connect(): FakeStream {
    const stream = new FakeStream();
    this.#accept(stream);
    return stream;
  }

  endTurn(): void {
    const callbacks = this.#endOfTurn;
    this.#endOfTurn = [];
    for (const callback of callbacks) callback();
  }

  /** The log has written the batch that is on its way. */
  settle(): void {
    this.journal.onSettled(null);
    this.endTurn();
  }
}

let fixture: Fixture;
let writer: FakeStream;
let other: FakeStream;

beforeEach(async () => {
  fixture = new Fixture();
  await fixture.listen();
  writer = fixture.connect();
  other = fixture.connect();
  fixture.endTurn();
});

describe('requests that wait for the log', () => {
  test('up to the limit stop nothing', () => {
    for (let id = 1; id <= NET_MESSAGES_MAX; id++) writer.replace(id);
    expect([writer.isPaused, other.isPaused]).toEqual([false, false]);
  });

  test('one more stops reading from everybody, also from who comes then', () => {
    for (let id = 1; id <= NET_MESSAGES_MAX + 1; id++) writer.replace(id);
    expect([writer.isPaused, other.isPaused, fixture.connect().isPaused]).toEqual([true, true, true]);
  });

  test('are read on when half of them have been answered', () => {
    // The first is a batch of its own, the others wait for it and are the next one.
    for (let id = 1; id <= NET_MESSAGES_MAX + 1; id++) writer.replace(id);
    const lateComer = fixture.connect();
    fixture.settle();
    expect([writer.isPaused, other.isPaused, lateComer.isPaused]).toEqual([true, true, true]);
    fixture.settle();
    expect([writer.isPaused, other.isPaused, lateComer.isPaused]).toEqual([false, false, false]);
    const before = writer.writtenBytes;
    writer.replace(9);
    fixture.settle();
    expect(writer.writtenBytes).toBeGreaterThan(before);
  });
});

test('procedures that wait count as well', async () => {
  const waiting: (() => void)[] = [];
  fixture.box.procedures.register('wait', () => new Promise((resolve) => waiting.push(() => resolve([]))));
  for (let at = 0; at <= NET_MESSAGES_MAX; at++) writer.call('wait');
  expect([waiting.length, writer.isPaused, other.isPaused]).toEqual([NET_MESSAGES_MAX + 1, true, true]);
  const finish = async (): Promise<void> => {
    waiting.pop()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  while (waiting.length > NET_MESSAGES_MAX / 2 + 1) await finish();
  expect(writer.isPaused).toBe(true);
  await finish();
  expect([writer.isPaused, other.isPaused]).toEqual([false, false]);
});

describe('a server without data', () => {
  test('answers ID, PING and VOTE, and refuses the rest as loading', () => {
    fixture.server.isLoading = true;
    writer.answers.length = 0;
    const ask = (encode: (writer: ByteWriter) => void): void => {
      writer.receive(encode);
      fixture.endTurn();
    };
    ask((bytes) => encodeId(bytes, { sync: 1 }, 3, []));
    ask((bytes) => encodePing(bytes, { sync: 2 }));
    ask((bytes) => encodeVote(bytes, { sync: 3 }));
    ask((bytes) => encodeReplace(bytes, { sync: 4 }, SYSTEM_SPACE.schema, ['key', 1]));
    expect(writer.answers).toEqual([0, 0, 0, ERROR_TABLE.LOADING.code]);
  });

  test('that gives its engine up lets go of who came to it', () => {
    fixture.server.isLoading = true;
    const { box } = fixture;
    const open = box.counters.network.openConnections;
    const next = new Fixture().box;
    fixture.server.useBox(next);
    expect(fixture.server.connectionCount).toBe(0);
    expect([open > 0, box.counters.network.openConnections, next.counters.network.openConnections]).toEqual([
      true,
      0,
      0,
    ]);
    fixture.connect();
    expect(next.counters.network.openConnections).toBe(1);
  });
});

describe('requests behind one that gives the connection away', () => {
  test('are not served, also if they came in the same piece: the first one closes it', async () => {
    let finish: () => void = () => undefined;
    const sent = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const relays = { fetchSnapshot: () => sent } as unknown as Relays;
    fixture = new Fixture({ relays, ballot: () => expect.unreachable('nobody votes') });
    await fixture.listen();
    const replica = fixture.connect();
    fixture.endTurn();
    replica.answers.length = 0;
    const statements = vi.spyOn(fixture.box.statements, 'replace');
    replica.receive((writer) => {
      encodeFetchSnapshot(writer, { sync: 1 });
      for (let sync = 2; sync < 5; sync++) encodeReplace(writer, { sync }, SYSTEM_SPACE.schema, ['key', sync]);
    });
    fixture.endTurn();
    finish();
    await sent;
    fixture.endTurn();
    expect([replica.answers, replica.hasEnded]).toEqual([[ERROR_TABLE.PROTOCOL.code], true]);
    expect(statements).not.toHaveBeenCalled();
  });
});
