/** Packets of rows, whose transactions end where they do although local rows stay behind. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../base/index.ts';
import { ROW_FLAG, RowReader } from '../../codec/xlog/index.ts';
import {
  concatenated,
  insertRow,
  rowBytes,
  type SeenRow,
  seenRows,
  TYPE,
} from '../../../test/support/replication-engine.ts';
import { NO_FILTER, passes, RowFramer, type RowFilter } from './row-framer.ts';

const LENGTH_BYTES = 5;
const LOCAL = { replicaId: 0, groupId: 1 };

type Framed = { packets: readonly Uint8Array[]; rows: readonly SeenRow[]; ends: readonly boolean[] };

function framed(rows: readonly Uint8Array[], filter: RowFilter = NO_FILTER): Framed {
  const framer = new RowFramer(filter);
  const writer = new ByteWriter(16);
  const reader = new RowReader();
  const ends: boolean[] = [];
  reader.reset(concatenated(rows));
  while (reader.next() === 'row') ends.push(framer.add(reader, writer));
  const bytes = writer.toBytes();
  const packets: Uint8Array[] = [];
  for (let position = 0; position < bytes.length;) {
    expect(bytes[position]).toBe(0xce);
    const end = position + LENGTH_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(position + 1);
    packets.push(bytes.slice(position + LENGTH_BYTES, end));
    position = end;
  }
  return { packets, rows: seenRows(concatenated(packets)), ends };
}

describe('packets', () => {
  it('are the bytes of the rows behind their length', () => {
    const row = insertRow({ lsn: 100, replicaId: 1 }, 513, [5, 'live']);
    expect(framed([row])).toMatchObject({ packets: [row], ends: [true] });
    const parts = [
      rowBytes({ lsn: 5, isLast: false }),
      rowBytes({ lsn: 6, tsn: 5, type: TYPE.nop }),
      rowBytes({ lsn: 7, flags: 6 }),
    ];
    expect(framed(parts)).toMatchObject({ packets: parts, ends: [false, true, true] });
  });
});

describe('local rows', () => {
  it('do not travel', () => {
    const { rows, ends } = framed([rowBytes({ ...LOCAL, lsn: 3 }), rowBytes({ lsn: 5 })]);
    expect(rows.map(({ lsn }) => lsn)).toEqual([5]);
    expect(ends).toEqual([true, true]);
  });

  it('leave the end of their transaction, and what it says, to the last row that travels', () => {
    const parts = [
      insertRow({ lsn: 5, isLast: false }, 512, [1]),
      rowBytes({ ...LOCAL, lsn: 3, tsn: 5, isLast: false }),
      insertRow({ lsn: 6, tsn: 5, isLast: false }, 512, [2, 'body']),
      rowBytes({ ...LOCAL, lsn: 4, tsn: 5, flags: ROW_FLAG.waitSync }),
      rowBytes({ lsn: 7 }),
    ];
    const { packets, rows, ends } = framed(parts);
    expect(ends).toEqual([false, false, false, true, true]);
    expect(rows.map(({ lsn, tsn, flags }) => [lsn, tsn, flags])).toEqual([
      [5, 5, 0],
      [6, 5, ROW_FLAG.commit | ROW_FLAG.waitSync],
      [7, 7, ROW_FLAG.commit],
    ]);
    const whole = insertRow({ lsn: 6, tsn: 5, flags: ROW_FLAG.waitSync }, 512, [2, 'body']);
    expect(packets[1]).toEqual(whole);
  });

  it('make the only row before them a transaction of its own', () => {
    const { packets } = framed([
      insertRow({ lsn: 5, isLast: false }, 512, [1]),
      rowBytes({ ...LOCAL, lsn: 9, tsn: 5 }),
    ]);
    expect(packets).toEqual([insertRow({ lsn: 5 }, 512, [1])]);
  });

  it('that have a number elsewhere keep it, without their content', () => {
    const { packets, rows } = framed([insertRow({ lsn: 5, groupId: 1 }, 512, [1, 'secret'])]);
    expect(rows).toMatchObject([{ type: TYPE.nop, lsn: 5, groupId: 0, flags: ROW_FLAG.commit }]);
    expect(packets).toEqual([rowBytes({ lsn: 5, type: TYPE.nop })]);
  });

  it('of both kinds may end a transaction together', () => {
    const { packets } = framed([
      insertRow({ lsn: 4, isLast: false }, 512, [1]),
      insertRow({ lsn: 5, tsn: 4, groupId: 1, isLast: false }, 512, [1, 'secret']),
      rowBytes({ ...LOCAL, lsn: 3, tsn: 4 }),
      rowBytes({ lsn: 6 }),
    ]);
    expect(packets).toEqual([
      insertRow({ lsn: 4, isLast: false }, 512, [1]),
      rowBytes({ lsn: 5, tsn: 4, type: TYPE.nop }),
      rowBytes({ lsn: 6 }),
    ]);
  });

  it('leave whole transactions whatever they are mixed with', () => {
    const groups = fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }), { maxLength: 8 });
    fc.assert(
      fc.property(groups, (transactions) => {
        let [global, local] = [0, 0];
        const parts: Uint8Array[] = [];
        const expected: number[][] = [];
        for (const kinds of transactions) {
          const tsn = kinds.includes(true) ? global + 1 : local + 1;
          const sent: number[] = [];
          kinds.forEach((isGlobal, at) => {
            const isLast = at === kinds.length - 1;
            if (isGlobal) sent.push(++global);
            const number = isGlobal ? { lsn: global } : { ...LOCAL, lsn: ++local };
            parts.push(rowBytes({ ...number, tsn, isLast }));
          });
          if (sent.length > 0) expected.push(sent);
        }
        const got: number[][] = [];
        let open: number[] = [];
        for (const { lsn, flags } of framed(parts).rows) {
          open.push(lsn);
          if ((flags & ROW_FLAG.commit) === 0) continue;
          got.push(open);
          open = [];
        }
        expect(got).toEqual(expected);
        expect(open).toEqual([]);
      }),
    );
  });
});

describe('a filter', () => {
  const filter = { excludedReplicaIds: [3], ownReplicaId: 2, ownLsnMax: 10 };

  it('keeps the rows of some back, and of the replica itself what it has', () => {
    expect([passes(filter, 1, 99), passes(filter, 3, 1), passes(filter, 2, 10), passes(filter, 2, 11)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(passes(NO_FILTER, 0, 99)).toBe(true);
  });

  it('takes whole transactions out', () => {
    const { rows, ends } = framed(
      [
        rowBytes({ lsn: 10, isLast: false, replicaId: 3 }),
        rowBytes({ ...LOCAL, lsn: 2, tsn: 10 }),
        rowBytes({ lsn: 4, replicaId: 1 }),
        rowBytes({ lsn: 11 }),
      ],
      filter,
    );
    expect(rows).toMatchObject([{ replicaId: 1, lsn: 4 }]);
    expect(ends).toEqual([false, true, true, true]);
  });
});
