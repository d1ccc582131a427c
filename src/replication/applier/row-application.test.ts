/** Transactions of others on a real engine: whole, once, with their numbers, whatever is known of them already. */
import { beforeEach, describe, expect, it } from 'vitest';
import { BoxError, boxError } from '../../base/index.ts';
import { ROW_FLAG } from '../../codec/xlog/index.ts';
import {
  concatenated,
  EngineFixture,
  insertRow,
  OWN_UUID,
  rowBytes,
  type SeenRow,
  SPACE,
  TYPE,
} from '../../../test/support/replication-engine.ts';
import { SynchroQueue } from '../synchro-queue.ts';
import { type Application, RowApplication } from './row-application.ts';

const { plain, local, temporary } = SPACE;

class Fixture extends EngineFixture {
  skipsConflicts = false;
  unwantedId = 0;
  readonly refused: string[] = [];
  readonly application: RowApplication;

  constructor() {
    super([0, 5, 9]);
    const { env, log, transactions, members, box, logClient } = this;
    const queue = new SynchroQueue(env, log, transactions, () => members.ownId, 'implicit', {
      quorum: 1,
      timeoutMs: 1,
    });
    transactions.gate = queue;
    queue.finishRecovery([0, 5, 9]);
    const unwanted = (): number => this.unwantedId;
    this.application = new RowApplication(
      {
        box,
        logClient,
        queue,
        get unwantedId() {
          return unwanted();
        },
        skipsConflicts: () => this.skipsConflicts,
        onRefused: (row) => this.refused.push(row),
      },
      'peer',
    );
  }

  apply(...rows: readonly Uint8Array[]): Application {
    const bytes = concatenated([Uint8Array.of(0xc1), ...rows, Uint8Array.of(0xc1)]);
    return this.application.apply(bytes, 1, bytes.length - 1, ROW_FLAG.commit, () => undefined);
  }

  get numbers(): string[] {
    return this.writtenRows.map(({ type, replicaId, lsn, tsn }) => `${type} ${replicaId}:${lsn}/${tsn}`);
  }
}

let fixture: Fixture;
beforeEach(() => {
  fixture = new Fixture();
});

describe('a transaction', () => {
  it('is applied and logged with its numbers, and is written when its batch is', () => {
    const applied = fixture.apply(
      insertRow({ lsn: 10, isLast: false }, plain, [1, 'a']),
      insertRow({ lsn: 12, tsn: 10 }, plain, [2, 'b']),
    );
    expect(applied).toMatchObject({ kind: 'applied' });
    expect([fixture.rows(plain), fixture.application.isWritten]).toEqual([
      [
        [1, 'a'],
        [2, 'b'],
      ],
      false,
    ]);
    fixture.write();
    expect(fixture.application.isWritten).toBe(true);
    expect(fixture.numbers).toEqual(['2 2:10/10', '2 2:12/10']);
    expect(fixture.logClient.durableVclock).toEqual([0, 5, 12]);
  });

  it('is applied once, also while the log does not have it yet', () => {
    const row = insertRow({ lsn: 10 }, plain, [1, 'a']);
    expect([fixture.apply(row).kind, fixture.apply(row).kind]).toEqual(['applied', 'known']);
    expect(fixture.apply(insertRow({ lsn: 9 }, plain, [2, 'old'])).kind).toBe('known');
    fixture.write();
    expect([fixture.rows(plain), fixture.numbers]).toEqual([[[1, 'a']], ['2 2:10/10']]);
  });

  it('comes again after the log has failed', () => {
    const row = insertRow({ lsn: 10 }, plain, [1, 'a']);
    fixture.apply(row);
    fixture.transactions.flush();
    fixture.fail();
    expect([fixture.rows(plain), fixture.application.isWritten]).toEqual([[], false]);
    expect(fixture.apply(row).kind).toBe('applied');
    fixture.write();
    expect([fixture.rows(plain), fixture.numbers]).toEqual([[[1, 'a']], ['2 2:10/10']]);
  });

  it('goes on where what is known of it ends', () => {
    fixture.apply(
      insertRow({ lsn: 8, isLast: false }, plain, [1, 'known']),
      insertRow({ lsn: 9, tsn: 8, isLast: false }, plain, [2, 'known']),
      insertRow({ lsn: 10, tsn: 8, isLast: false }, plain, [3]),
      insertRow({ lsn: 11, tsn: 8 }, plain, [4]),
    );
    fixture.write();
    expect(fixture.rows(plain)).toEqual([[3], [4]]);
    expect(fixture.numbers).toEqual(['2 2:10/10', '2 2:11/10']);
  });

  it('may be of this instance, which had lost it', () => {
    fixture.apply(insertRow({ replicaId: 1, lsn: 6 }, plain, [1, 'lost']));
    fixture.commit([plain, [2, 'next']]);
    fixture.write();
    expect(fixture.numbers).toEqual(['2 1:6/6', '3 1:7/7']);
  });

  it('is undone whole if one of its rows does not fit; nobody has it then', () => {
    fixture.commit([plain, [2, 'here']]);
    fixture.write();
    const apply = (): unknown =>
      fixture.apply(
        insertRow({ lsn: 10, isLast: false }, plain, [1, 'a']),
        insertRow({ lsn: 11, tsn: 10 }, plain, [2, 'b']),
      );
    expect(apply).toThrow(boxError('TUPLE_FOUND', 'primary', 'plain'));
    expect([fixture.rows(plain), fixture.refused]).toEqual([[[2, 'here']], ["row 2:11, of space 'plain',"]]);
    expect(fixture.logClient.vclock).toEqual([0, 6, 9]);
  });
});

describe('rows without effect here', () => {
  it('keep their numbers, so that the state goes on', () => {
    fixture.apply(rowBytes({ lsn: 10, type: TYPE.nop }));
    fixture.apply(insertRow({ lsn: 11 }, temporary, [1]));
    fixture.write();
    expect(fixture.numbers).toEqual(['12 2:10/10', '12 2:11/11']);
    expect(fixture.rows(temporary)).toEqual([[1]]);
  });

  it('are those that find their place taken, if that may be', () => {
    fixture.skipsConflicts = true;
    fixture.commit([plain, [1, 'here']]);
    fixture.apply(
      insertRow({ lsn: 10, isLast: false }, plain, [1, 'there']),
      insertRow({ lsn: 11, tsn: 10 }, plain, [2, 'there']),
    );
    fixture.write();
    expect(fixture.numbers.slice(1)).toEqual(['12 2:10/10', '2 2:11/10']);
    expect(fixture.rows(plain)).toEqual([
      [1, 'here'],
      [2, 'there'],
    ]);
  });

  it('are not those that fail for other reasons', () => {
    fixture.skipsConflicts = true;
    expect(() => fixture.apply(insertRow({ lsn: 10 }, 999, [1]))).toThrow(boxError('NO_SUCH_SPACE', '999'));
  });
});

describe('triggers', () => {
  const follow = (spaceId: number): void => {
    fixture.box.catalog.space(plain)?.addTrigger(() => fixture.replace(spaceId, [7, 'by a trigger']));
  };

  it('may write to local spaces, with numbers of their own', () => {
    follow(local);
    fixture.apply(insertRow({ lsn: 10 }, plain, [1]));
    fixture.write();
    expect(fixture.rows(local)).toEqual([[7, 'by a trigger']]);
    expect(fixture.writtenRows.map(({ replicaId, lsn }: SeenRow) => `${replicaId}:${lsn}`).sort()).toEqual([
      '0:1',
      '2:10',
    ]);
  });

  it('may not add rows that all would get', () => {
    follow(SPACE.sync);
    const apply = (): unknown => fixture.apply(insertRow({ lsn: 10 }, plain, [1]));
    expect(apply).toThrow(BoxError);
    expect([fixture.rows(plain), fixture.rows(SPACE.sync), fixture.logClient.vclock]).toEqual([[], [], [0, 5, 9]]);
  });
});

describe('rows that no peer should send', () => {
  it.each<[string, Uint8Array, BoxError]>([
    ["nobody's", rowBytes({ replicaId: 0, lsn: 10 }), boxError('PROTOCOL', 'a row without a replica id')],
    ['a selection', rowBytes({ type: 1, lsn: 10 }), boxError('UNKNOWN_REQUEST_TYPE', 1)],
    ['a call', rowBytes({ type: 10, lsn: 10 }), boxError('UNKNOWN_REQUEST_TYPE', 10)],
    ['without a tuple', rowBytes({ lsn: 10, body: [[0x10, plain]] }), boxError('MISSING_REQUEST_FIELD', 'tuple')],
  ])('%s are refused', (_, row, error) => {
    expect(() => fixture.apply(row)).toThrow(error);
    expect(fixture.transactions.isActive).toBe(false);
    fixture.write();
    expect(fixture.written).toEqual([]);
  });

  it('are new rows of this instance that were not asked for, in whatever transaction', () => {
    fixture.unwantedId = 1;
    const known = insertRow({ replicaId: 1, lsn: 5, isLast: false }, plain, [1]);
    const row = insertRow({ replicaId: 1, lsn: 6, tsn: 5 }, plain, [2]);
    for (const rows of [[known, row], [insertRow({ replicaId: 1, lsn: 900 }, plain, [1])]]) {
      expect(() => fixture.apply(...rows)).toThrow(boxError('PROTOCOL', 'rows of replica 1 were not asked for'));
    }
    const confirmation = rowBytes({ type: TYPE.confirm, replicaId: 1, lsn: 6, body: [[2, 1]] });
    expect(() => fixture.apply(confirmation)).toThrow(boxError('PROTOCOL', 'rows of replica 1 were not asked for'));
    expect(fixture.apply(insertRow({ replicaId: 1, lsn: 5 }, plain, [1])).kind).toBe('known');
    expect([fixture.transactions.isActive, fixture.rows(plain), fixture.logClient.vclock]).toEqual([
      false,
      [],
      [0, 5, 9],
    ]);
  });

  it('cannot take the membership of this instance away', () => {
    const row = rowBytes({
      type: TYPE.delete,
      lsn: 10,
      body: [
        [0x10, 320],
        [0x20, [1]],
      ],
    });
    expect(() => fixture.apply(row)).toThrow(BoxError);
    expect(fixture.rows(320)).toEqual([[1, OWN_UUID]]);
  });
});
