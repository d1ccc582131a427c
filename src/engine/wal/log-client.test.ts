/** Rows byte by byte as Tarantool writes them (docs/formats/xlog.md, "Rows"), and numbers over failures. */
import { describe, expect, it } from 'vitest';
import { BoxError, defined } from '../../base/index.ts';
import { RedoLog } from '../txn/index.ts';
import { Logger, type LogSink } from '../../env/index.ts';
import { LogClient } from './log-client.ts';
import { asLogRequest, type LogRequest } from './log-protocol.ts';

const INSERT = 2;
const NOP = 12;
const LOCAL = 1;
/** 0x41d8000000000000 as a double. */
const NOW_SECONDS = 1_610_612_736;
const TIME = '04cb41d8000000000000';

/** `[type, groupId, replicaId, lsn]`: a row with the body `81 10 05`; 0:0 is numbered here. */
type Row = readonly [type: number, groupId: number, replicaId?: number, lsn?: number];

class Fixture {
  readonly client: LogClient;
  readonly batches: Extract<LogRequest, { kind: 'batch' }>[] = [];
  readonly settled: (number | null)[] = [];
  readonly told: string[] = [];
  ownId: number;

  constructor(vclock: readonly number[], ownId = 1) {
    this.ownId = ownId;
    const clock = { realtimeSeconds: () => NOW_SECONDS, monotonicMs: () => 0 };
    const sink: LogSink = { level: 'fatal', write: () => undefined };
    this.client = new LogClient('write', vclock, () => this.ownId, clock, new Logger(sink, 'wal'));
    this.client.attach({
      post: (message) => {
        const request = asLogRequest(message);
        if (request.kind === 'batch') this.batches.push({ ...request, rows: request.rows.slice() });
      },
      stop: () => Promise.resolve(),
    });
    this.client.onSettled = (error) => this.settled.push(error?.code ?? null);
    this.client.onWritten = (_rows, before, after) => this.told.push(`${before.join()} to ${after.join()}`);
    this.client.onFailed = () => this.told.push(`failed, now ${this.client.vclock.join()}`);
  }

  append(rows: readonly Row[], flags = 0): void {
    const redo = new RedoLog();
    redo.reset();
    for (const [type, groupId, replicaId = 0, lsn = 0] of rows) {
      if (replicaId !== 0) redo.takeNumber(replicaId, lsn);
      redo.beginRow(type, groupId);
      if (type !== NOP) for (const byte of [0x81, 0x10, 0x05]) redo.bodies.writeByte(byte);
      redo.endRow();
    }
    redo.flags = flags;
    this.client.append(redo, 'write');
  }

  answer(isWritten: boolean): void {
    const { sequence } = defined(this.batches.at(-1), 'a batch');
    const result = isWritten
      ? ({ ok: true, fileVclock: [], fileSizeBytes: 0 } as const)
      : ({ ok: false, code: 'EIO', errno: 5, message: 'broken' } as const);
    this.client.receive({ kind: 'written', sequence, durationMs: 0, result });
  }

  /** The rows of one transaction as they go to the log. */
  static bytesOf(vclock: readonly number[], rows: readonly Row[], flags = 0, ownId = 1): string {
    const fixture = new Fixture(vclock, ownId);
    fixture.append(rows, flags);
    fixture.client.submit();
    return Buffer.from(defined(fixture.batches[0], 'a batch').rows).toString('hex');
  }
}

const BODY = '811005';

describe('rows of this instance', () => {
  it('of a transaction of one are numbered and have no tsn', () => {
    expect(Fixture.bytesOf([0, 99], [[INSERT, 0]])).toBe(`84000202010364${TIME}${BODY}`);
    expect(Fixture.bytesOf([0, 0xffff], [[INSERT, 0]])).toBe(`840002020103ce00010000${TIME}${BODY}`);
    expect(Fixture.bytesOf([0, 0xffffffff], [[INSERT, 0]])).toBe(`840002020103cf0000000100000000${TIME}${BODY}`);
  });

  it('of several share the tsn, and the last is marked', () => {
    expect(
      Fixture.bytesOf(
        [0, 9],
        [
          [INSERT, 0],
          [INSERT, 0],
        ],
      ),
    ).toBe(`8500020201030a${TIME}0800${BODY}8600020201030b${TIME}08010901${BODY}`);
  });

  it('of local spaces count by themselves, and one that would end them gets a row behind it', () => {
    expect(Fixture.bytesOf([4, 9], [[INSERT, LOCAL]])).toBe(`84000207010305${TIME}${BODY}`);
    expect(
      Fixture.bytesOf(
        [4, 9],
        [
          [INSERT, 0],
          [INSERT, LOCAL],
        ],
      ),
    ).toBe(
      `8500020201030a${TIME}0800${BODY}` +
        `85000207010305${TIME}08cffffffffffffffffb${BODY}` +
        `86000c0201030b${TIME}08010901`,
    );
  });

  it('that wait for others say so in the last row', () => {
    expect(Fixture.bytesOf([0, 99], [[INSERT, 0]], 6)).toBe(`85000202010364${TIME}0906${BODY}`);
    expect(
      Fixture.bytesOf(
        [0, 9],
        [
          [INSERT, 0],
          [INSERT, LOCAL],
        ],
        2,
      ),
    ).toMatch(/08010903$/);
  });
});

describe('rows of other instances', () => {
  it('keep type, number and grouping, and get the time of this log', () => {
    expect(Fixture.bytesOf([0, 9], [[INSERT, 0, 3, 200]])).toBe(`8400020203` + `03ccc8${TIME}${BODY}`);
    expect(
      Fixture.bytesOf(
        [0, 9, 0, 5],
        [
          [INSERT, 0, 3, 7],
          [NOP, 0, 3, 8],
        ],
      ),
    ).toBe(`85000202030307${TIME}0800${BODY}86000c02030308${TIME}08010901`);
  });

  it('may have holes between them, and go on behind them', () => {
    const fixture = new Fixture([0, 9]);
    fixture.append([
      [INSERT, 0, 3, 7],
      [INSERT, 0, 3, 12],
    ]);
    expect(fixture.client.vclock).toEqual([0, 9, 0, 12]);
    expect([fixture.client.lastReplicaId, fixture.client.lastLsn]).toEqual([3, 12]);
    expect(() => fixture.append([[INSERT, 0, 3, 12]])).toThrow('applied once');
  });

  it('of this instance, come back, are gone on behind', () => {
    const fixture = new Fixture([0, 9]);
    fixture.append([[INSERT, 0, 1, 12]]);
    fixture.append([[INSERT, 0]]);
    expect(fixture.client.vclock).toEqual([0, 13]);
  });

  it('may have local rows of triggers with them, that are numbered here', () => {
    expect(
      Fixture.bytesOf(
        [4, 9],
        [
          [INSERT, 0, 3, 7],
          [INSERT, LOCAL],
        ],
      ),
    ).toBe(`85000202030307${TIME}0800${BODY}86000207010305${TIME}08cffffffffffffffffe0901${BODY}`);
  });

  it('may not have others with them; nothing has changed then', () => {
    const fixture = new Fixture([0, 9]);
    const mixed = (): void =>
      fixture.append([
        [INSERT, 0, 3, 7],
        [INSERT, 0],
      ]);
    expect(mixed).toThrow(new BoxError(5, 'Replication does not support distributed transactions'));
    expect(fixture.client.vclock).toEqual([0, 9]);
    expect(fixture.client.waitingBytes).toBe(0);
  });
});

describe('the vclock', () => {
  it('is durable behind a batch that was written, before anybody is told of its end', () => {
    const fixture = new Fixture([0, 1]);
    fixture.append([[INSERT, 0]]);
    fixture.client.submit();
    fixture.append([[INSERT, 0, 2, 50]]);
    expect([fixture.client.vclock, fixture.client.durableVclock]).toEqual([
      [0, 2, 50],
      [0, 1],
    ]);
    fixture.answer(true);
    expect(fixture.client.durableVclock).toEqual([0, 2]);
    expect([fixture.told, fixture.settled]).toEqual([['0,1 to 0,2'], [null]]);
  });

  it('goes back behind the last durable row when a batch fails, with all behind it, foreign rows too', () => {
    const fixture = new Fixture([0, 1]);
    fixture.append([[INSERT, 0, 2, 50]]);
    fixture.client.submit();
    fixture.append([[INSERT, 0]]);
    fixture.append([[INSERT, 0, 2, 51]]);
    fixture.answer(false);
    expect([fixture.told, fixture.settled]).toEqual([['failed, now 0,1'], [40]]);
    fixture.append([[INSERT, 0, 2, 50]]);
    fixture.client.submit();
    expect(fixture.batches.at(-1)).toMatchObject({ vclockBefore: [0, 1], vclockAfter: [0, 1, 50] });
  });
});
