/** A relay between files and memory: nothing is missed, nothing comes twice, and what waits for the peer is bounded. */
import { beforeEach, describe, expect, it } from 'vitest';
import { BoxError, ByteWriter, defined } from '../../base/index.ts';
import { encodeAck } from '../../codec/iproto/index.ts';
import type { Vclock } from '../../codec/xlog/index.ts';
import {
  concatenated,
  ManualTime,
  manualEnv,
  promises,
  rowBytes,
  seenRows,
  TYPE,
} from '../../../test/support/replication-engine.ts';
import { LogFeed } from './log-feed.ts';
import type { FileReading, LogFilesReading, Piece } from './log-files-reading.ts';
import { type Downstream, Relay, type Subscription } from './relay.ts';
import { NO_FILTER } from './row-framer.ts';

const LENGTH_BYTES = 5;
const TIMEOUT_MS = 1000;
const REPLICA_UUID = '00000000-0000-0000-0000-000000000002';

/** What a peer gets and says; it takes nothing unless it is told to. */
class FakePeer implements Downstream {
  readonly peer = 'peer';
  readonly writes: Uint8Array[] = [];
  queuedBytes = 0;
  failure: BoxError | null = null;

  write(bytes: Uint8Array): void {
    this.writes.push(bytes);
    this.queuedBytes += bytes.length;
  }

  fail(error: BoxError): void {
    this.failure = error;
  }

  get packets(): Uint8Array[] {
    const bytes = concatenated(this.writes);
    const packets: Uint8Array[] = [];
    for (let position = 0; position < bytes.length;) {
      const short = bytes[position]! < 0x80;
      const length = short ? bytes[position]! : new DataView(bytes.buffer, bytes.byteOffset).getUint32(position + 1);
      const start = position + (short ? 1 : LENGTH_BYTES);
      packets.push(bytes.slice(start, start + length));
      position = start + length;
    }
    return packets;
  }

  /** `replicaId:lsn` of the rows that it got. */
  get rows(): string[] {
    return this.packets.flatMap((packet) =>
      seenRows(packet).flatMap(({ replicaId, lsn }) => (lsn === 0 ? [] : [`${replicaId}:${lsn}`])),
    );
  }

  get heartbeats(): number {
    return this.packets.filter((packet) => seenRows(packet)[0]?.lsn === 0).length;
  }
}

type Request = {
  from: Vclock;
  limit: Vclock;
  isClosed: boolean;
  answer: (piece: Piece) => void;
  fail: (error: BoxError) => void;
};

class Fixture {
  readonly time = new ManualTime();
  readonly feed: LogFeed;
  readonly peer = new FakePeer();
  readonly requests: Request[] = [];
  readonly ends: (BoxError | null)[] = [];
  readonly acks: Vclock[] = [];
  durable: Vclock;
  closedReadings = 0;
  #relay: Relay | null = null;

  constructor(durable: Vclock, feedBytesMax = 1 << 20) {
    this.durable = durable;
    this.feed = new LogFeed(feedBytesMax);
  }

  follow(vclock: Vclock, changes: Partial<Subscription> = {}): Relay {
    const files = { open: (from: Vclock) => this.#open(from) } as unknown as LogFilesReading;
    const subscription: Subscription = {
      replicaUuid: REPLICA_UUID,
      replicaId: 2,
      version: 0,
      vclock,
      filter: NO_FILTER,
      sync: 0,
      ...changes,
    };
    this.#relay = new Relay(
      {
        env: manualEnv(this.time),
        feed: this.feed,
        files,
        durableVclock: () => this.durable,
        ownReplicaId: () => 1,
        timeoutMs: () => TIMEOUT_MS,
        queuedBytesMax: 1000,
        onAck: (relay) => this.acks.push(relay.vclock),
        onEnd: (_relay, error) => this.ends.push(error),
      },
      this.peer,
      subscription,
    );
    this.#relay.start();
    return this.#relay;
  }

  #open(from: Vclock): FileReading {
    const reading = {
      next: (limit: Vclock) =>
        new Promise<Piece>((answer, fail) => {
          this.requests.push({ from, limit, isClosed: false, answer, fail });
        }),
      close: () => void this.closedReadings++,
    };
    return reading as unknown as FileReading;
  }

  /** Rows of replica 1 up to this LSN are written, with these of others. */
  write(lsn: number, others: Readonly<Record<number, number>> = {}): void {
    const before = this.durable;
    const after = [...before];
    const rows: Uint8Array[] = [];
    for (let next = (before[1] ?? 0) + 1; next <= lsn; next++) rows.push(rowBytes({ replicaId: 1, lsn: next }));
    after[1] = lsn;
    for (const [id, reached] of Object.entries(others)) {
      while (after.length <= Number(id)) after.push(0);
      rows.push(rowBytes({ replicaId: Number(id), lsn: reached }));
      after[Number(id)] = reached;
    }
    this.durable = after;
    this.feed.add(concatenated(rows), before, after);
  }

  /** The files give the rows of replica 1 from the one LSN to the other, `isEnd`: all that there are. */
  async give(from: number, to: number, isEnd: boolean, vclock: Vclock = [0, to]): Promise<void> {
    const packets = concatenated(
      Array.from({ length: to - from + 1 }, (_, at) => {
        const row = rowBytes({ replicaId: 1, lsn: from + at });
        const head = new Uint8Array([0xce, 0, 0, row.length >> 8, row.length & 0xff]);
        return concatenated([head, row]);
      }),
    );
    this.request.answer({ packets, vclock, isEnd });
    await promises();
  }

  get request(): Request {
    return defined(this.requests.at(-1), 'a piece that was asked for');
  }

  async drain(): Promise<void> {
    this.peer.queuedBytes = 0;
    this.#relay?.drained();
    await promises();
  }

  ack(vclock: Vclock, term = 0): void {
    const writer = new ByteWriter(128);
    encodeAck(writer, vclock, 0, term);
    const bytes = writer.toBytes();
    const start = bytes[0]! < 0x80 ? 1 : LENGTH_BYTES;
    defined(this.#relay, 'a relay').packet(bytes, start, bytes.length);
  }
}

const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `1:${from + at}`);

describe('a replica that is up to date', () => {
  it('gets what is written from then on, and needs no files', () => {
    const fixture = new Fixture([0, 5]);
    fixture.follow([0, 5]);
    fixture.write(7);
    fixture.write(8);
    expect(fixture.peer.rows).toEqual(range(6, 8));
    expect(fixture.requests).toEqual([]);
  });

  it('lacks no local rows, however many there are', () => {
    const fixture = new Fixture([40, 5]);
    fixture.follow([0, 5]);
    fixture.write(6);
    expect(fixture.peer.rows).toEqual(['1:6']);
  });

  it('does not get again what it had before it came', () => {
    const fixture = new Fixture([0, 5]);
    fixture.feed.follow(() => undefined);
    fixture.write(7, { 3: 50 });
    fixture.follow([0, 6, 0, 50]);
    expect(fixture.peer.rows).toEqual(['1:7']);
    fixture.write(8, { 3: 51 });
    expect(fixture.peer.rows).toEqual(['1:7', '1:8', '3:51']);
  });

  it('gets all of its own lost rows that were here when it came, and none that come later', () => {
    const fixture = new Fixture([0, 5]);
    fixture.feed.follow(() => undefined);
    fixture.write(6, { 2: 10 });
    fixture.follow([0, 5, 7], { filter: { excludedReplicaIds: [], ownReplicaId: 2, ownLsnMax: 10 } });
    fixture.write(7, { 2: 11 });
    expect(fixture.peer.rows).toEqual(['1:6', '2:10', '1:7']);
  });

  it('does not get rows of those that it does not want', () => {
    const fixture = new Fixture([0, 5]);
    fixture.follow([0, 5], { filter: { excludedReplicaIds: [3], ownReplicaId: 2, ownLsnMax: 0 } });
    fixture.write(6, { 3: 9 });
    expect(fixture.peer.rows).toEqual(['1:6']);
  });
});

describe('a replica that is behind', () => {
  it('gets old rows from the files, and goes on in memory without a gap', async () => {
    const fixture = new Fixture([0, 5]);
    fixture.follow([0, 2]);
    expect(fixture.request).toMatchObject({ from: [0, 2], limit: [0, 5] });
    fixture.write(6);
    await fixture.give(3, 4, false);
    fixture.write(7);
    expect(fixture.request.limit).toEqual([0, 6]);
    await fixture.give(5, 6, true);
    expect(fixture.peer.rows).toEqual(range(3, 7));
    fixture.write(8);
    expect(fixture.peer.rows).toEqual(range(3, 8));
    expect([fixture.requests.length, fixture.closedReadings]).toEqual([2, 1]);
  });

  it('reads on in the files when memory has let go of what comes next', async () => {
    const fixture = new Fixture([0, 5], 100);
    fixture.follow([0, 2]);
    for (let lsn = 6; lsn <= 30; lsn++) fixture.write(lsn);
    await fixture.give(3, 5, true);
    expect(fixture.request.limit).toEqual([0, 30]);
    await fixture.give(6, 30, true);
    fixture.write(31);
    expect(fixture.peer.rows).toEqual(range(3, 31));
  });

  it('is told that rows are missing when the files end before the log does', async () => {
    const fixture = new Fixture([0, 5]);
    fixture.follow([0, 2]);
    await fixture.give(3, 4, true);
    expect(fixture.peer.failure).toMatchObject({
      type: 'XlogGapError',
      message: 'Missing .xlog file between LSN 4 {1: 4} and 5 {1: 5}',
    });
    expect(fixture.ends).toHaveLength(1);
  });

  it('is told why the files cannot be read', async () => {
    const fixture = new Fixture([0, 5]);
    fixture.follow([0, 2]);
    fixture.request.fail(new BoxError(32, 'damaged'));
    await promises();
    expect(fixture.peer.failure?.message).toBe('damaged');
  });

  it('gets nothing more once it has gone, whatever the files still give', async () => {
    const fixture = new Fixture([0, 5]);
    const relay = fixture.follow([0, 2]);
    relay.end(null);
    relay.end(null);
    await fixture.give(3, 5, true);
    fixture.write(6);
    expect([fixture.peer.rows, fixture.ends, fixture.requests.length]).toEqual([[], [null], 1]);
    expect(fixture.closedReadings).toBe(1);
  });
});

describe('a peer that does not read', () => {
  it('has only so much waiting for it, and goes on by the files when memory has let go', async () => {
    const fixture = new Fixture([0, 5], 2000);
    fixture.follow([0, 5]);
    for (let lsn = 6; lsn <= 500; lsn++) fixture.write(lsn);
    expect(fixture.peer.queuedBytes).toBeLessThan(1100);
    const got = fixture.peer.rows.length;
    expect(fixture.peer.rows).toEqual(range(6, 5 + got));
    await fixture.drain();
    expect(fixture.request).toMatchObject({ from: [0, 5 + got], limit: [0, 500] });
    await fixture.give(6 + got, 500, true);
    await fixture.drain();
    fixture.write(501);
    expect(fixture.peer.rows).toEqual(range(6, 501));
  });

  it('is not given by the files what it had before it came', async () => {
    const fixture = new Fixture([0, 5, 0, 40], 200);
    fixture.follow([0, 5, 0, 50]);
    fixture.write(6, { 3: 45 });
    fixture.peer.queuedBytes = 1000;
    for (let lsn = 7; lsn <= 30; lsn++) fixture.write(lsn);
    await fixture.drain();
    expect(fixture.request.from).toEqual([0, 6, 0, 50]);
    expect(fixture.peer.rows).toEqual(['1:6']);
  });

  it('goes on in memory when what it needs is still there', async () => {
    const fixture = new Fixture([0, 5]);
    fixture.follow([0, 5]);
    for (let lsn = 6; lsn <= 100; lsn++) fixture.write(lsn);
    for (let turn = 0; turn < 10; turn++) await fixture.drain();
    expect(fixture.peer.rows).toEqual(range(6, 100));
    expect(fixture.requests).toEqual([]);
  });

  it('gets no heartbeats either', () => {
    const fixture = new Fixture([0, 5]);
    fixture.follow([0, 5]);
    fixture.peer.queuedBytes = 1000;
    const before = fixture.peer.heartbeats;
    fixture.time.pass(2 * TIMEOUT_MS);
    expect(fixture.peer.heartbeats).toBe(before);
  });
});

describe('time', () => {
  let fixture: Fixture;
  beforeEach(() => {
    fixture = new Fixture([0, 5]);
  });

  it('brings heartbeats while nothing is written, the first at once', () => {
    const relay = fixture.follow([0, 5]);
    expect(seenRows(fixture.peer.packets[0]!)).toMatchObject([{ type: 0, replicaId: 1, lsn: 0 }]);
    fixture.time.pass(2 * TIMEOUT_MS);
    expect(fixture.peer.heartbeats).toBeGreaterThanOrEqual(3);
    relay.end(null);
    expect(fixture.time.pending).toBe(0);
  });

  it('ends a relay whose peer says nothing, and no other', () => {
    fixture.follow([0, 5]);
    for (let beat = 0; beat < 10; beat++) {
      fixture.time.pass(3 * TIMEOUT_MS);
      fixture.ack([0, 5]);
    }
    expect(fixture.ends).toEqual([]);
    fixture.time.pass(5 * TIMEOUT_MS);
    expect(fixture.peer.failure).toMatchObject({ type: 'TimedOut' });
    expect([fixture.ends.length, fixture.time.pending]).toEqual([1, 0]);
  });
});

describe('what the peer says', () => {
  it('is what it has, and the term that it knows', () => {
    const fixture = new Fixture([0, 5]);
    const relay = fixture.follow([0, 5]);
    fixture.ack([0, 7, 3], 4);
    expect([fixture.acks, relay.term]).toEqual([[[0, 7, 3]], 4]);
  });

  it.each([
    ['a row', rowBytes({ lsn: 5 })],
    ['a request', rowBytes({ type: TYPE.replace, replicaId: 0, lsn: 0 })],
    ['no vclock', Uint8Array.of(0x80, 0x80)],
    ['half a packet', Uint8Array.of(0x82, 0x00)],
  ])('ends the relay if it is %s', (_, bytes) => {
    const fixture = new Fixture([0, 5]);
    fixture.follow([0, 5]).packet(bytes, 0, bytes.length);
    expect([fixture.acks, fixture.ends.length, fixture.peer.failure?.code]).toEqual([[], 1, 20]);
  });
});
