/** The synchronous queue over a real engine and its log: when transactions end, what they leave, and what the log holds. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type BoxError, boxError } from '../base/index.ts';
import { ROW_FLAG, type Vclock } from '../codec/xlog/index.ts';
import { RowApplication } from './applier/row-application.ts';
import {
  EngineFixture,
  insertRow,
  type Outcome,
  promises,
  readerOn,
  rowBytes,
  SPACE,
  TYPE,
} from '../../test/support/replication-engine.ts';
import { SynchroQueue } from './synchro-queue.ts';

const TIMEOUT_MS = 5000;
const ROLLBACK = boxError('SYNC_ROLLBACK').code;
const QUORUM_TIMEOUT = boxError('SYNC_QUORUM_TIMEOUT').code;
const WAL_IO = boxError('WAL_IO').code;
const { plain, sync, local, temporary } = SPACE;
const WAITS = ROW_FLAG.commit | ROW_FLAG.waitSync;

class Fixture extends EngineFixture {
  readonly queue: SynchroQueue;
  readonly application: RowApplication;

  constructor(quorum = 2, vclock: Vclock = [0, 0]) {
    super(vclock);
    const { env, log, transactions, members, box, logClient } = this;
    const settings = { quorum, timeoutMs: TIMEOUT_MS };
    this.queue = new SynchroQueue(env, log, transactions, () => members.ownId, 'implicit', settings);
    transactions.gate = this.queue;
    this.queue.finishRecovery(vclock);
    this.queue.membersChanged([1, 2, 3]);
    const nothing = (): void => undefined;
    this.application = new RowApplication(
      { box, logClient, queue: this.queue, unwantedId: 0, skipsConflicts: () => false, onRefused: nothing },
      'peer',
    );
  }

  /** Applies a transaction of others; what becomes of a row of the queue. */
  apply(bytes: Uint8Array, flags = 0): Outcome {
    const outcome: Outcome = { state: 'waits' };
    const application = this.application.apply(bytes, 0, bytes.length, flags, (error) => {
      outcome.state = error === null ? 'done' : error.code;
    });
    return application.kind === 'applied' ? this.watch(application.batch) : outcome;
  }

  types(): number[] {
    return this.writtenRows.map(({ type }) => type);
  }
}

const confirm = (lsn: number, ownerId: number, upTo: number): Uint8Array =>
  rowBytes({
    type: TYPE.confirm,
    replicaId: ownerId,
    lsn,
    body: [
      [0x02, ownerId],
      [0x03, upTo],
    ],
  });

const rollback = (lsn: number, ownerId: number, from: number): Uint8Array =>
  rowBytes({
    type: TYPE.rollback,
    replicaId: ownerId,
    lsn,
    body: [
      [0x02, ownerId],
      [0x03, from],
    ],
  });

const promote = (lsn: number, replicaId: number, formerId: number, upTo: number, term: number): Uint8Array =>
  rowBytes({
    type: TYPE.promote,
    replicaId,
    lsn,
    body: [
      [0x02, formerId],
      [0x03, upTo],
      [0x53, term],
    ],
  });

describe('own transactions', () => {
  it('end when a quorum has them and the row that says so is in the log', () => {
    const fixture = new Fixture();
    const outcome = fixture.commit([sync, [1, 'a']]);
    fixture.write();
    expect([outcome.state, fixture.queue.length]).toEqual(['waits', 1]);
    fixture.queue.acknowledged(2, [0, 1]);
    expect(outcome.state).toBe('waits');
    fixture.write();
    expect([outcome.state, fixture.queue.isActive]).toEqual(['done', false]);
    expect(fixture.types()).toEqual([TYPE.replace, TYPE.confirm]);
    expect(fixture.rows(sync)).toEqual([[1, 'a']]);
  });

  it('need no others with a quorum of one, but their own log', () => {
    const fixture = new Fixture(1);
    const outcome = fixture.commit([sync, [1, 'a']]);
    expect(outcome.state).toBe('waits');
    fixture.write();
    expect(outcome.state).toBe('done');
  });

  it('are not counted for strangers, nor for less than they are', () => {
    const fixture = new Fixture();
    const outcome = fixture.commit([sync, [1, 'a']]);
    fixture.write();
    fixture.queue.acknowledged(7, [0, 1]);
    fixture.queue.acknowledged(2, [0, 0, 99]);
    fixture.write();
    expect(outcome.state).toBe('waits');
  });

  it('say in the log that they wait; those behind them too, and those before do not', () => {
    const fixture = new Fixture();
    fixture.commit([plain, [1]]);
    fixture.commit([sync, [1]]);
    fixture.commit([plain, [2]]);
    fixture.write();
    expect(fixture.writtenRows.map(({ flags }) => flags)).toEqual([ROW_FLAG.commit, WAITS | ROW_FLAG.waitAck, WAITS]);
  });

  it('take asynchronous ones behind them along, and are undone together, newest first', () => {
    const fixture = new Fixture();
    fixture.commit([sync, [1, 'old']]);
    fixture.write();
    fixture.queue.acknowledged(2, [0, 1]);
    fixture.write();
    const order: string[] = [];
    const outcomes = [
      fixture.commit([sync, [1, 'a']]),
      fixture.commit([plain, [1, 'b']]),
      fixture.commit([sync, [1, 'c']], [plain, [1, 'd']]),
    ];
    fixture.transactions.newestBatch?.listeners.push({
      settled: () => order.push(JSON.stringify([fixture.rows(sync), fixture.rows(plain)])),
    });
    fixture.write();
    expect(fixture.rows(plain)).toEqual([[1, 'd']]);
    fixture.time.pass(TIMEOUT_MS);
    fixture.write();
    expect(outcomes.map(({ state }) => state)).toEqual([QUORUM_TIMEOUT, ROLLBACK, ROLLBACK]);
    expect([fixture.rows(sync), fixture.rows(plain)]).toEqual([[[1, 'old']], []]);
    // Whoever is told of one finds none of the others.
    expect(order).toEqual(['[[[1,"old"]],[]]']);
    expect(fixture.types().at(-1)).toBe(TYPE.rollback);
    expect(fixture.queue.isActive).toBe(false);
  });

  it('refuse what would come behind a row that rolls back', () => {
    const fixture = new Fixture();
    fixture.commit([sync, [1]]);
    fixture.write();
    fixture.time.pass(TIMEOUT_MS);
    expect(() => fixture.commit([plain, [2]])).toThrow(boxError('SYNC_ROLLBACK'));
    expect(fixture.rows(plain)).toEqual([]);
    fixture.write();
    expect(fixture.commit([plain, [2]]).state).toBe('waits');
    fixture.write();
    expect(fixture.rows(plain)).toEqual([[2]]);
  });

  it('that the log cannot take are undone, with what came behind, and others go on', () => {
    const fixture = new Fixture();
    const first = fixture.commit([sync, [1, 'a']]);
    fixture.write();
    const second = fixture.commit([sync, [1, 'b']]);
    fixture.transactions.flush();
    const third = fixture.commit([plain, [1, 'c']]);
    fixture.fail();
    expect([first.state, second.state, third.state]).toEqual(['waits', WAL_IO, WAL_IO]);
    expect([fixture.rows(sync), fixture.rows(plain)]).toEqual([[[1, 'a']], []]);
    fixture.queue.acknowledged(2, [0, 1]);
    fixture.write();
    expect(first.state).toBe('done');
  });

  it('try their CONFIRM again when the log could not take it', () => {
    const fixture = new Fixture();
    const outcome = fixture.commit([sync, [1]]);
    fixture.write();
    fixture.queue.acknowledged(2, [0, 1]);
    fixture.transactions.flush();
    fixture.fail();
    expect(outcome.state).toBe('waits');
    fixture.time.pass(1000);
    fixture.write();
    expect(outcome.state).toBe('done');
  });
});

describe('what does not wait', () => {
  it('is what changes local spaces alone', () => {
    const fixture = new Fixture();
    fixture.commit([sync, [1]]);
    const outcome = fixture.commit([local, [1]]);
    fixture.write();
    expect(outcome.state).toBe('done');
  });

  it.each([
    ['local', local],
    ['temporary', temporary],
  ])('may not change a %s space that one that waits has changed', (_, space) => {
    const fixture = new Fixture();
    fixture.commit([sync, [1]], [space, [1, 'a']]);
    fixture.write();
    expect(() => fixture.commit([space, [1, 'b']])).toThrow(boxError('TRANSACTION_CONFLICT'));
    fixture.commit([sync, [2]], [space, [1, 'c']]);
    fixture.write();
    expect(fixture.rows(space)).toEqual([[1, 'c']]);
    fixture.time.pass(TIMEOUT_MS);
    fixture.write();
    expect(fixture.rows(space)).toEqual([]);
    fixture.commit([space, [1, 'd']]);
    fixture.write();
    expect(fixture.rows(space)).toEqual([[1, 'd']]);
  });
});

describe('whoever waits for all', () => {
  it('waits for the log and for the gate', async () => {
    const fixture = new Fixture();
    const seen: string[] = [];
    fixture.commit([sync, [1]]);
    const { transactions } = fixture;
    void transactions.whenWritten().then(() => seen.push('written'));
    void transactions.whenDurable().then(() => seen.push('durable'));
    void transactions.whenFinal().then(() => seen.push('final'));
    fixture.write();
    await promises();
    expect(seen).toEqual(['written']);
    fixture.queue.acknowledged(2, [0, 1]);
    fixture.write();
    await promises();
    expect(seen.sort()).toEqual(['durable', 'final', 'written']);
  });

  it('waits for those still there after the newest could not be written', async () => {
    const fixture = new Fixture();
    let isFinal = false;
    fixture.commit([sync, [1]]);
    fixture.write();
    fixture.commit([sync, [2]]);
    fixture.transactions.flush();
    fixture.fail();
    void fixture.transactions.whenFinal().then(() => (isFinal = true));
    await promises();
    expect(isFinal).toBe(false);
    fixture.queue.acknowledged(2, [0, 1]);
    fixture.write();
    await promises();
    expect(isFinal).toBe(true);
  });

  it('hears why it was undone', async () => {
    const fixture = new Fixture();
    fixture.commit([sync, [1]]);
    const durable = fixture.transactions.whenDurable();
    fixture.write();
    fixture.time.pass(TIMEOUT_MS);
    fixture.write();
    await expect(durable).rejects.toMatchObject({ code: QUORUM_TIMEOUT });
  });
});

describe('transactions of another instance', () => {
  let fixture: Fixture;
  beforeEach(() => {
    fixture = new Fixture();
    fixture.apply(insertRow({ lsn: 10 }, sync, [1, 'a']));
    fixture.write();
  });

  it('end by its CONFIRM, once that is in the log, and by no time', () => {
    fixture.time.pass(10 * TIMEOUT_MS);
    expect(fixture.queue.length).toBe(1);
    const outcome = fixture.apply(confirm(11, 2, 10));
    expect([outcome.state, fixture.queue.length]).toEqual(['waits', 1]);
    fixture.write();
    expect([outcome.state, fixture.queue.length]).toEqual(['done', 0]);
    expect(fixture.writtenRows.at(-1)).toMatchObject({ type: TYPE.confirm, replicaId: 2, lsn: 11 });
  });

  it('are undone by its ROLLBACK', () => {
    const behind = fixture.apply(insertRow({ lsn: 11 }, plain, [1]));
    fixture.write();
    const outcome = fixture.apply(rollback(12, 2, 10));
    expect(fixture.queue.isClosing).toBe(true);
    fixture.write();
    expect([outcome.state, behind.state]).toEqual(['done', ROLLBACK]);
    expect([fixture.rows(sync), fixture.rows(plain), fixture.queue.isClosing]).toEqual([[], [], false]);
  });

  it('keep own writes out meanwhile', () => {
    expect(() => fixture.commit([plain, [5]])).toThrow(boxError('UNCOMMITTED_FOREIGN_SYNC_TXNS', 2));
    expect(fixture.queue.barrier).toBe('foreignQueue');
  });

  it('let several CONFIRMs come at once, each in its place in the log', () => {
    let opened = 0;
    const first = fixture.apply(confirm(11, 2, 10));
    expect(fixture.queue.isClosing).toBe(false);
    fixture.apply(insertRow({ lsn: 12 }, sync, [2, 'b']));
    const second = fixture.apply(confirm(13, 2, 12));
    // The second has no place in the log yet: nothing may get one that comes behind it.
    expect(fixture.queue.isClosing).toBe(true);
    fixture.queue.whenOpen(() => {
      opened++;
      fixture.apply(insertRow({ lsn: 14 }, plain, [3, 'c']));
    });
    expect(opened).toBe(0);
    fixture.write();
    expect([opened, first.state, second.state]).toEqual([1, 'done', 'done']);
    expect(fixture.writtenRows.map(({ lsn }) => lsn)).toEqual([10, 11, 12, 13, 14]);
    expect([fixture.rows(sync), fixture.rows(plain)]).toEqual([
      [
        [1, 'a'],
        [2, 'b'],
      ],
      [[3, 'c']],
    ]);
  });

  it('refuse a row that contradicts what is known', () => {
    const outcome = fixture.apply(confirm(11, 3, 10));
    expect(outcome.state).toBe(boxError('SYNC_MASTER_MISMATCH', 3, 2).code);
    expect(fixture.queue.isClosing).toBe(false);
    fixture.write();
    expect(fixture.writtenRows).toHaveLength(1);
  });

  it('are told when the row of the queue could not be written', () => {
    const outcome = fixture.apply(confirm(11, 2, 10));
    fixture.transactions.flush();
    fixture.fail();
    expect([outcome.state, fixture.queue.length]).toEqual([WAL_IO, 1]);
    expect(fixture.logClient.vclock[2]).toBe(10);
    const again = fixture.apply(confirm(11, 2, 10));
    fixture.write();
    expect(again.state).toBe('done');
  });
});

describe('a new owner', () => {
  it('decides about all that the old one left; what comes from that later counts for nothing', () => {
    const fixture = new Fixture();
    fixture.apply(insertRow({ lsn: 10 }, sync, [1, 'kept']));
    fixture.apply(insertRow({ lsn: 11 }, sync, [2, 'lost']));
    fixture.write();
    const outcome = fixture.apply(promote(1, 3, 2, 10, 2));
    fixture.write();
    expect([outcome.state, fixture.queue.ownerId, fixture.queue.term]).toEqual(['done', 3, 2]);
    expect(fixture.rows(sync)).toEqual([[1, 'kept']]);
    // Even while the new owner's own transactions wait.
    fixture.apply(insertRow({ replicaId: 3, lsn: 2 }, sync, [3, 'new']));
    const late = fixture.apply(insertRow({ lsn: 12 }, sync, [4, 'late']), ROW_FLAG.waitSync | ROW_FLAG.waitAck);
    fixture.write();
    expect(late.state).toBe('done');
    expect(fixture.rows(sync)).toEqual([
      [1, 'kept'],
      [3, 'new'],
    ]);
    expect(fixture.writtenRows.at(-1)).toMatchObject({ type: TYPE.nop, replicaId: 2, lsn: 12, flags: ROW_FLAG.commit });
  });

  it('cannot decide about an asynchronous transaction that came directly behind what was confirmed', () => {
    const fixture = new Fixture();
    fixture.apply(insertRow({ lsn: 10 }, sync, [1, 'kept']));
    fixture.write();
    fixture.apply(promote(1, 3, 2, 10, 2));
    fixture.write();
    // Where it was made, the confirmation of what it waited for has made it final.
    const apply = (): unknown => fixture.apply(insertRow({ lsn: 11 }, plain, [2]), ROW_FLAG.waitSync);
    expect(apply).toThrow(boxError('SPLIT_BRAIN', 'got an async transaction from an old term'));
    fixture.apply(insertRow({ lsn: 11 }, sync, [3, 'void']), ROW_FLAG.waitSync | ROW_FLAG.waitAck);
    fixture.apply(insertRow({ lsn: 12 }, plain, [4]), ROW_FLAG.waitSync);
    fixture.write();
    expect([fixture.rows(sync), fixture.rows(plain)]).toEqual([[[1, 'kept']], []]);
  });

  it('has nothing against transactions without content, as others write them for void ones', () => {
    const fixture = new Fixture();
    fixture.apply(promote(1, 3, 0, 0, 2));
    fixture.write();
    const nothing = rowBytes({ type: TYPE.nop, replicaId: 2, lsn: 11 });
    expect(fixture.apply(nothing).state).toBe('waits');
    fixture.write();
    expect(fixture.writtenRows.at(-1)).toMatchObject({ type: TYPE.nop, replicaId: 2, lsn: 11 });
  });

  it('is not contradicted by what is known already, whoever sends it again', () => {
    const fixture = new Fixture();
    const old = insertRow({ lsn: 10 }, plain, [1]);
    fixture.apply(old);
    fixture.apply(promote(1, 3, 0, 0, 2));
    fixture.write();
    expect(fixture.apply(old).state).toBe('waits');
    const unknown = insertRow({ lsn: 11 }, plain, [2]);
    expect(() => fixture.apply(unknown)).toThrow(boxError('SPLIT_BRAIN', 'got an async transaction from an old term'));
    expect(fixture.rows(plain)).toEqual([[1]]);
  });
});

describe('taking the queue over', () => {
  it('waits until a quorum has all of it', async () => {
    const fixture = new Fixture();
    fixture.apply(insertRow({ lsn: 10 }, sync, [1]));
    fixture.write();
    let promoted: BoxError | null | undefined;
    fixture.queue.promote(2).then(
      () => (promoted = null),
      (error: BoxError) => (promoted = error),
    );
    fixture.write();
    await promises();
    expect(promoted).toBeUndefined();
    fixture.queue.acknowledged(3, [0, 0, 10]);
    fixture.write();
    await promises();
    expect([promoted, fixture.queue.ownerId, fixture.queue.isActive]).toEqual([null, 1, false]);
    expect(fixture.queue.controlRows()).toMatchObject([{ type: TYPE.promote, replicaId: 1 }]);
  });
});

describe('recovery', () => {
  it('leaves transactions waiting that nothing has decided about', () => {
    const source = new Fixture();
    source.commit([sync, [1]]);
    source.write();
    const [rows] = source.written;
    const { env, log, transactions, members } = source;
    const queue = new SynchroQueue(env, log, transactions, () => members.ownId, 'implicit', {
      quorum: 2,
      timeoutMs: TIMEOUT_MS,
    });
    expect(queue.recoverRow(readerOn(rows!))).toBe(false);
    expect(queue.holds(true, 1)).toBe(true);
    expect(queue.recoverRow(readerOn(promote(5, 3, 0, 0, 7)))).toBe(true);
    queue.finishRecovery([0, 1]);
    expect([queue.ownerId, queue.term]).toEqual([3, 7]);
    expect(() => queue.holds(true, 0)).toThrow(boxError('SYNC_QUEUE_FOREIGN', 3));
  });
});

describe('a queue that has stopped', () => {
  it('leaves no timer and writes nothing', () => {
    const fixture = new Fixture();
    const outcome = fixture.commit([sync, [1]]);
    fixture.write();
    fixture.queue.stop();
    fixture.queue.acknowledged(2, [0, 1]);
    fixture.time.pass(10 * TIMEOUT_MS);
    fixture.write();
    expect([outcome.state, fixture.time.pending, fixture.writtenRows.length]).toEqual(['waits', 0, 1]);
  });
});
