/** Elections over a real log: what must be written before anybody hears of it, and what is left behind at the end. */
import { beforeEach, describe, expect, it } from 'vitest';
import { boxError, ByteWriter } from '../base/index.ts';
import { ELECTION_STATE, type RaftMessage, writeRaftBody } from '../codec/iproto/index.ts';
import { writeRowHeader } from '../codec/xlog/index.ts';
import type { ElectionMode, ElectionOptions } from './election/index.ts';
import { Elections } from './elections.ts';
import { EngineFixture, insertRow, promises, readerOn, SPACE, TYPE } from '../../test/support/replication-engine.ts';
import { RowApplication } from './applier/row-application.ts';
import { SynchroQueue } from './synchro-queue.ts';

const ELECTION_TIMEOUT_MS = 5000;
const NO_MESSAGE: RaftMessage = { term: 0, vote: 0, state: 0, vclock: null, leaderId: 0, isLeaderSeen: false };

function optionsOf(mode: ElectionMode): ElectionOptions {
  return { mode, fencing: 'soft', electionTimeoutMs: ELECTION_TIMEOUT_MS, replicationTimeoutMs: 1000 };
}

class Fixture extends EngineFixture {
  readonly queue: SynchroQueue;
  readonly elections: Elections;
  readonly sent: RaftMessage[] = [];

  constructor(mode: ElectionMode = 'off', quorum = 2) {
    super();
    const { env, log, transactions, members } = this;
    const ownId = (): number => members.ownId;
    this.queue = new SynchroQueue(env, log, transactions, ownId, 'implicit', { quorum, timeoutMs: 5000 });
    transactions.gate = this.queue;
    this.elections = new Elections({
      env,
      log,
      transactions,
      queue: this.queue,
      ownId,
      broadcast: (message) => this.sent.push(message),
      onStatusChange: () => undefined,
    });
    this.queue.finishRecovery([0, 0]);
    this.queue.membersChanged([1, 2, 3]);
    this.elections.start(optionsOf(mode), [0, 0]);
    this.elections.tell({ kind: 'quorumChanged', quorum, replicaCount: 3 });
    this.elections.tell({ kind: 'peersChanged', connectedIds: [2, 3] });
  }

  receive(from: number, message: Partial<RaftMessage>): void {
    this.elections.receive(from, readerOn(raftRow({ ...NO_MESSAGE, ...message })));
  }

  get terms(): number[] {
    return this.sent.map(({ term }) => term);
  }
}

function raftRow(message: RaftMessage): Uint8Array {
  const writer = new ByteWriter(128);
  const header = { type: TYPE.raft, replicaId: 0, groupId: 1, lsn: 1, timestampSeconds: 0, tsn: 1, flags: 1 };
  writeRowHeader(writer, header);
  writeRaftBody(writer, message);
  return writer.toBytes();
}

describe('a vote', () => {
  let fixture: Fixture;
  beforeEach(() => {
    fixture = new Fixture('voter');
    fixture.receive(2, { term: 4, vote: 2, state: ELECTION_STATE.candidate, vclock: [0, 0] });
  });

  it('is told when it is in the log', () => {
    expect(fixture.sent.filter(({ vote }) => vote === 2)).toEqual([]);
    fixture.write();
    expect(fixture.writtenRows.at(-1)).toMatchObject({ type: TYPE.raft, replicaId: 0, groupId: 1 });
    expect(fixture.sent.at(-1)).toMatchObject({ term: 4, vote: 2 });
  });

  it('is tried again until the log takes it', () => {
    fixture.transactions.flush();
    fixture.fail();
    expect(fixture.sent.filter(({ vote }) => vote === 2)).toEqual([]);
    fixture.time.pass(1000);
    fixture.write();
    expect(fixture.sent.at(-1)).toMatchObject({ term: 4, vote: 2 });
  });

  it('is remembered: by the log, by a snapshot, and by whoever recovers from them', () => {
    expect(fixture.elections.controlRows()).toEqual([]);
    fixture.write();
    const [row] = fixture.elections.controlRows();
    expect(row).toMatchObject({ type: TYPE.raft, groupId: 1 });
    const other = new EngineFixture();
    const recovered = new Elections({
      env: other.env,
      log: other.log,
      transactions: other.transactions,
      queue: fixture.queue,
      ownId: () => 1,
      broadcast: () => undefined,
      onStatusChange: () => undefined,
    });
    expect(recovered.recoverRow(readerOn(fixture.written.at(-1)!))).toBe(true);
    expect([recovered.term, recovered.vote]).toEqual([4, 2]);
    expect(recovered.recoverRow(readerOn(insertRow({ lsn: 1 }, SPACE.plain, [1])))).toBe(false);
  });
});

describe('a message', () => {
  it('that is malformed ends replication from its sender', () => {
    const fixture = new Fixture('voter');
    expect(() => fixture.receive(2, { term: 0, state: ELECTION_STATE.leader })).toThrow(
      boxError('PROTOCOL', 'Invalid term or state'),
    );
    expect(() => fixture.receive(2, { term: 4, vote: 3, state: ELECTION_STATE.candidate, vclock: [] })).toThrow(
      boxError('PROTOCOL', 'Candidate should always vote for self and provide its vclock'),
    );
    fixture.receive(2, { term: 3, state: ELECTION_STATE.leader });
    expect(fixture.elections.leaderId).toBe(2);
  });
});

describe('whoever wins', () => {
  it('owns the queue, in its term, and takes writes then', async () => {
    const fixture = new Fixture('candidate');
    expect(fixture.elections.isReadOnly).toBe(true);
    fixture.time.pass(2 * ELECTION_TIMEOUT_MS);
    fixture.write();
    const { term } = fixture.elections;
    fixture.receive(3, { term, vote: 1, state: ELECTION_STATE.follower });
    expect([fixture.elections.state, fixture.queue.ownerId]).toEqual(['leader', 0]);
    fixture.write();
    await promises();
    expect([fixture.queue.ownerId, fixture.queue.term, fixture.queue.barrier]).toEqual([1, term, 'none']);
    expect(fixture.writtenRows.at(-1)).toMatchObject({ type: TYPE.promote, replicaId: 1 });
    fixture.receive(2, { term: term + 5, state: ELECTION_STATE.follower });
    expect([fixture.elections.isReadOnly, fixture.queue.barrier]).toEqual([true, 'frozen']);
  });
});

describe('a promotion without elections', () => {
  it('takes over what waits in the queue, although that waits for it', async () => {
    const fixture = new Fixture('off');
    const { box, logClient, queue } = fixture;
    const needs = { box, logClient, queue, unwantedId: 0, skipsConflicts: () => false, onRefused: () => undefined };
    const row = insertRow({ lsn: 10 }, SPACE.sync, [1]);
    new RowApplication(needs, 'peer').apply(row, 0, row.length, 1, () => undefined);
    fixture.write();
    expect(queue.length).toBe(1);
    let isPromoted = false;
    void fixture.elections.promote('off').then(() => (isPromoted = true));
    fixture.write();
    await promises();
    expect([isPromoted, queue.length]).toEqual([false, 1]);
    queue.acknowledged(3, [0, 0, 10]);
    fixture.write();
    await promises();
    expect([isPromoted, queue.ownerId, queue.term, queue.length]).toEqual([true, 1, 2, 0]);
    expect(fixture.rows(SPACE.sync)).toEqual([[1]]);
  });

  it('waits for its term while the log takes none, and holds nobody up', async () => {
    const fixture = new Fixture('off', 1);
    fixture.transactions.begin();
    let isPromoted = false;
    void fixture.elections.promote('off').then(() => (isPromoted = true));
    await promises();
    expect(isPromoted).toBe(false);
    fixture.transactions.rollback();
    fixture.time.pass(1000);
    fixture.write();
    await promises();
    fixture.write();
    await promises();
    expect([isPromoted, fixture.queue.ownerId]).toEqual([true, 1]);
  });

  it('is nothing for voters', async () => {
    await expect(new Fixture('voter').elections.promote('voter')).rejects.toMatchObject({
      code: boxError('UNSUPPORTED', '', '').code,
    });
  });
});

describe('at the end', () => {
  it('no timer is left, whatever is still told', () => {
    const fixture = new Fixture('candidate');
    fixture.elections.stop();
    fixture.elections.tell({ kind: 'peersChanged', connectedIds: [] });
    fixture.elections.tell({ kind: 'peersChanged', connectedIds: [2, 3] });
    fixture.receive(2, { term: 9, vote: 2, state: ELECTION_STATE.candidate, vclock: [0, 0] });
    fixture.write();
    expect([fixture.time.pending, fixture.written]).toEqual([0, []]);
  });

  it('a term that could not be written is not tried again', () => {
    const fixture = new Fixture('voter');
    fixture.receive(2, { term: 4, vote: 2, state: ELECTION_STATE.candidate, vclock: [0, 0] });
    fixture.transactions.flush();
    fixture.elections.stop();
    fixture.fail();
    expect(fixture.time.pending).toBe(0);
  });
});

describe('terms and votes that are remembered before the start', () => {
  it('never go back; of one term the last counts, whosever it was', () => {
    const { env, log, transactions, queue } = new Fixture();
    const elections = new Elections({
      env,
      log,
      transactions,
      queue,
      ownId: () => 1,
      broadcast: () => undefined,
      onStatusChange: () => undefined,
    });
    const remembered = (): [number, number] => [elections.term, elections.vote];
    elections.recoverRow(readerOn(raftRow({ ...NO_MESSAGE, term: 5, vote: 3 })));
    expect(remembered()).toEqual([5, 3]);
    elections.remember({ term: 5, vote: 2 });
    expect(remembered()).toEqual([5, 2]);
    elections.remember({ term: 4, vote: 1 });
    expect(remembered()).toEqual([5, 2]);
    elections.remember({ term: 6, vote: 0 });
    expect(remembered()).toEqual([6, 0]);
  });
});
