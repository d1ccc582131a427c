import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxError } from '../../base/index.ts';
import { RowReader } from '../../codec/xlog/index.ts';
import { concatenated, rowBytes, type RowSpec, seenRows } from '../../../test/support/replication-engine.ts';
import { TransactionAssembler } from './transaction-assembler.ts';

class Fixture {
  /** `replicaId:lsn` of the rows of each transaction, and the flags that were told. */
  readonly transactions: string[] = [];
  readonly #assembler = new TransactionAssembler((bytes, start, end, flags) => {
    const rows = seenRows(bytes.slice(start, end)).map(({ replicaId, lsn }) => `${replicaId}:${lsn}`);
    this.transactions.push(`${rows.join(' ')} /${flags}`);
  });
  readonly #row = new RowReader();

  /** As packets bring them: each in bytes of its own. */
  add(...specs: readonly RowSpec[]): void {
    for (const spec of specs) {
      const bytes = concatenated([new Uint8Array(5), rowBytes(spec)]);
      this.#row.reset(bytes, 5, bytes.length);
      this.#row.next();
      this.#assembler.add(this.#row);
      bytes.fill(0xc1);
    }
  }
}

describe('the assembler', () => {
  it('hands on rows that are transactions by themselves', () => {
    const fixture = new Fixture();
    fixture.add({ lsn: 5 }, { lsn: 9, flags: 2 }, { lsn: 4, replicaId: 3 });
    expect(fixture.transactions).toEqual(['2:5 /1', '2:9 /3', '3:4 /1']);
  });

  it('waits for the last row of one that has several, whose flags count', () => {
    const fixture = new Fixture();
    fixture.add({ lsn: 5, isLast: false }, { lsn: 7, tsn: 5, isLast: false });
    expect(fixture.transactions).toEqual([]);
    fixture.add({ lsn: 8, tsn: 5, type: 12, flags: 6 }, { lsn: 9 });
    expect(fixture.transactions).toEqual(['2:5 2:7 2:8 /7', '2:9 /1']);
  });

  it.each<[string, RowSpec]>([
    ['another tsn', { lsn: 7, tsn: 6 }],
    ['another origin', { lsn: 7, tsn: 5, replicaId: 3 }],
    ['a transaction of its own', { lsn: 7 }],
  ])('refuses a row of %s before the last', (_, spec) => {
    const fixture = new Fixture();
    fixture.add({ lsn: 5, isLast: false });
    expect(() => fixture.add(spec)).toThrow(boxError('UNSUPPORTED', 'replication', 'interleaving transactions'));
    expect(fixture.transactions).toEqual([]);
  });

  it.each([5, 4])('refuses LSN %i behind 5', (lsn) => {
    const fixture = new Fixture();
    fixture.add({ lsn: 5, isLast: false });
    expect(() => fixture.add({ lsn, tsn: 5 })).toThrow(boxError('PROTOCOL', 'LSNs of a transaction must grow'));
  });

  it('refuses a first row that is not the first', () => {
    expect(() => new Fixture().add({ lsn: 5, tsn: 4 })).toThrow(
      boxError('PROTOCOL', 'Transaction id must be equal to LSN of the first row in the transaction.'),
    );
  });

  it('gives back any transactions as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }), { maxLength: 10 }), (sizes) => {
        const fixture = new Fixture();
        const expected: string[] = [];
        let lsn = 0;
        for (const gaps of sizes) {
          const lsns = gaps.map((gap) => (lsn += gap + 1));
          const tsn = lsns[0]!;
          fixture.add(...lsns.map((each, at) => ({ lsn: each, tsn, isLast: at === lsns.length - 1 })));
          expected.push(`${lsns.map((each) => `2:${each}`).join(' ')} /1`);
        }
        expect(fixture.transactions).toEqual(expected);
      }),
    );
  });
});
