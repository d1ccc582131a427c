/** The state that a joining replica gets: of one moment, in Tarantool's bytes, and nothing of it undone later. */
import { describe, expect, it } from 'vitest';
import { boxError } from '../../base/index.ts';
import { decodeVclockAnswer } from '../../codec/iproto/index.ts';
import { RowReader, type Vclock } from '../../codec/xlog/index.ts';
import type { CheckpointSource } from '../../engine/checkpoint/index.ts';
import { concatenated, EngineFixture, promises, SPACE, TYPE } from '../../../test/support/replication-engine.ts';
import { SynchroQueue } from '../synchro-queue.ts';
import { isLost, type JoiningReplica, type JoinNeeds, sendState } from './join.ts';

const LENGTH_BYTES = 5;
const TIMEOUT_MS = 5000;
const SYNC = 77;
const VERSION_2_10 = (2 << 16) | (10 << 8);
const { plain, sync, local, temporary } = SPACE;

class FakeReplica implements JoiningReplica {
  readonly writes: Uint8Array[] = [];
  queuedBytes = 0;
  hasGone = false;

  write(bytes: Uint8Array): void {
    this.writes.push(bytes.slice());
  }

  whenDrained(): Promise<void> {
    this.queuedBytes = 0;
    return Promise.resolve();
  }

  check(): void {
    if (this.hasGone) throw boxError('NO_CONNECTION');
  }

  get packets(): Uint8Array[] {
    const bytes = concatenated(this.writes);
    const packets: Uint8Array[] = [];
    for (let position = 0; position < bytes.length;) {
      const length = new DataView(bytes.buffer).getUint32(position + 1);
      packets.push(bytes.slice(position, position + LENGTH_BYTES + length));
      position += LENGTH_BYTES + length;
    }
    return packets;
  }

  get types(): number[] {
    return this.packets.map((bytes) => reader(bytes).type);
  }

  /** The state that the first answer names. */
  get vclock(): Vclock | null {
    const [first] = this.packets;
    if (first === undefined) return null;
    return decodeVclockAnswer(first, reader(first).bodyStart, first.length);
  }
}

function reader(packet: Uint8Array): RowReader {
  const row = new RowReader();
  row.reset(packet, LENGTH_BYTES, packet.length);
  row.next();
  return row;
}

class Fixture extends EngineFixture {
  readonly queue: SynchroQueue;
  readonly replica = new FakeReplica();
  readonly needs: JoinNeeds;
  outcome: Vclock | number | null = null;

  constructor(quorum = 2) {
    super();
    const { env, log, transactions, members, box, logClient } = this;
    this.queue = new SynchroQueue(env, log, transactions, () => members.ownId, 'implicit', {
      quorum,
      timeoutMs: TIMEOUT_MS,
    });
    transactions.gate = this.queue;
    this.queue.finishRecovery([0, 0]);
    this.queue.membersChanged([1, 2]);
    const memories = [...new Set([...box.catalog.spaces()].map(({ memory }) => memory))];
    const source: CheckpointSource = {
      memories,
      spaces: () => box.catalog.spaces(),
      sequenceRows: () => ({ spaceId: 286, tuples: [] }),
      controlRows: () => this.queue.controlRows(),
    };
    const files = undefined as unknown as JoinNeeds['files'];
    this.needs = { env, transactions, logClient, source, files };
  }

  /** Begins to send the state. */
  async send(version = 0): Promise<void> {
    sendState(this.needs, this.replica, SYNC, version).then(
      (vclock) => (this.outcome = vclock),
      (error: { code: number }) => (this.outcome = error.code),
    );
    await this.goOn();
  }

  async goOn(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) {
      await promises();
      this.time.endTurn();
    }
    await promises();
    const openViews = this.needs.source.memories.reduce((sum, { views }) => sum + views.openCount, 0);
    if (this.outcome !== null) expect(openViews, 'views end with the sending').toBe(0);
  }

  /** Rows of user spaces that were sent, as hexadecimal digits behind the space's number. */
  get sentRows(): string[] {
    return this.replica.packets.flatMap((packet) => {
      const row = reader(packet);
      if (row.type !== TYPE.insert) return [];
      const body = packet.subarray(row.bodyStart);
      const spaceId = new DataView(body.buffer, body.byteOffset).getUint32(3);
      return spaceId < 512 ? [] : [`${spaceId}: ${Buffer.from(body.subarray(8)).toString('hex')}`];
    });
  }
}

describe('the state', () => {
  it('is in rows that have a type, a sync and their body, behind its vclock', async () => {
    const fixture = new Fixture();
    fixture.commit([plain, [5, 'one']]);
    fixture.write();
    await fixture.send();
    expect([fixture.outcome, fixture.replica.vclock]).toEqual([
      [0, 1],
      [0, 1],
    ]);
    const last = fixture.replica.packets.at(-1)!;
    const golden = '82' + '0002' + '01cf000000000000004d' + '82' + '10ce00000200' + '21' + '9205a36f6e65';
    expect(Buffer.from(last.subarray(LENGTH_BYTES)).toString('hex')).toBe(golden);
  });

  it('has neither local nor temporary rows, and nothing that comes later', async () => {
    const fixture = new Fixture();
    fixture.commit([plain, [1]], [local, [2]], [temporary, [3]]);
    fixture.transactions.flush();
    const sending = fixture.send();
    fixture.commit([plain, [4]]);
    await sending;
    expect(fixture.outcome).toBeNull();
    fixture.writeOne();
    // Whatever is in memory by now belongs to it, but waits for the log too.
    await fixture.goOn();
    expect(fixture.outcome).toBeNull();
    fixture.write();
    fixture.commit([plain, [5]]);
    await fixture.goOn();
    expect([fixture.outcome, fixture.sentRows]).toEqual([
      [1, 3],
      ['512: 9101', '512: 9104'],
    ]);
  });

  it('is not sent when the log cannot take what it shows', async () => {
    const fixture = new Fixture();
    fixture.commit([plain, [1]]);
    await fixture.send();
    fixture.fail();
    await fixture.goOn();
    expect([fixture.outcome, fixture.replica.writes]).toEqual([boxError('WAL_IO').code, []]);
  });

  it('is not sent to one who has gone', async () => {
    const fixture = new Fixture();
    fixture.replica.hasGone = true;
    await fixture.send();
    expect(fixture.outcome).toBe(boxError('NO_CONNECTION').code);
    expect(isLost(boxError('NO_CONNECTION'))).toBe(true);
  });
});

describe('a transaction that waits for a quorum', () => {
  it('belongs to the state once it is confirmed, although others wait behind it', async () => {
    const fixture = new Fixture();
    fixture.commit([sync, [1]]);
    fixture.write();
    await fixture.send();
    fixture.commit([sync, [2]]);
    fixture.write();
    await fixture.goOn();
    expect(fixture.replica.writes).toEqual([]);
    fixture.queue.acknowledged(2, [0, 1]);
    fixture.write();
    await fixture.goOn();
    expect([fixture.outcome, fixture.sentRows, fixture.queue.length]).toEqual([[0, 1], ['513: 9101'], 1]);
  });

  it('makes an end of the sending when it is rolled back', async () => {
    const fixture = new Fixture();
    fixture.commit([sync, [1]]);
    fixture.write();
    await fixture.send();
    fixture.time.pass(TIMEOUT_MS);
    fixture.write();
    await fixture.goOn();
    expect([fixture.outcome, fixture.replica.writes]).toEqual([boxError('SYNC_QUORUM_TIMEOUT').code, []]);
  });

  it('is not waited for longer than views may be kept', async () => {
    const fixture = new Fixture();
    fixture.commit([sync, [1]]);
    fixture.write();
    await fixture.send();
    fixture.time.pass(1000);
    for (const { views } of fixture.needs.source.memories)
      views.enforceLimits(fixture.time.nowMs, { ageMs: 500, bytes: 1e9 });
    await fixture.goOn();
    expect([fixture.outcome, fixture.replica.writes]).toEqual([boxError('READ_VIEW_ABORTED').code, []]);
  });
});

describe('who owns the queue', () => {
  it('is told to those who understand it, as of the moment of the state', async () => {
    const fixture = new Fixture(1);
    void fixture.queue.promote(2);
    // The row is on its way when the view is opened.
    await fixture.send(VERSION_2_10);
    expect(fixture.replica.writes).toEqual([]);
    fixture.write();
    await fixture.goOn();
    expect(fixture.outcome).toEqual([0, 1]);
    expect(fixture.replica.types.slice(0, 4)).toEqual([0, 71, TYPE.promote, 72]);
    const other = new Fixture(1);
    void other.queue.promote(2);
    other.write();
    await other.send();
    expect(other.replica.types).not.toContain(TYPE.promote);
  });
});
