/**
 * Applies the transactions of other instances to a running one: whole, once, and with the numbers that they have there.
 *
 * Several masters may send the same transaction; the first one counts, whatever is on its way to the log included. A
 * transaction that is known in part, because the log of a crashed server kept its beginning, goes on where it ends.
 */
import { assert, BoxError, boxError } from '../../base/index.ts';
import { REQUEST_TYPE } from '../../codec/iproto/index.ts';
import type { RowReader } from '../../codec/xlog/index.ts';
import { type Box, RowExecutor, type Session } from '../../engine/box/index.ts';
import type { CommitBatch } from '../../engine/txn/index.ts';
import type { LogClient } from '../../engine/wal/index.ts';

export type ApplicationNeeds = Readonly<{
  box: Box;
  logClient: LogClient;
  /** A row that finds its place taken is passed over. */
  skipsConflicts: () => boolean;
}>;

const TUPLE_FOUND = boxError('TUPLE_FOUND', '', '').code;

export class RowApplication {
  readonly #needs: ApplicationNeeds;
  readonly #rows: RowExecutor;
  readonly #session: Session;

  constructor(needs: ApplicationNeeds, peer: string) {
    this.#needs = needs;
    const { sessions, adminSession, statements } = needs.box;
    this.#rows = new RowExecutor(statements);
    this.#session = sessions.open('applier', peer, adminSession.user);
  }

  close(): void {
    this.#needs.box.sessions.close(this.#session);
  }

  /**
   * Applies the rows of one transaction; returns the batch that makes it durable, null if it is known. Throws the
   * BoxError of a row that does not fit, with everything undone.
   */
  apply(rows: RowReader): CommitBatch | null {
    const { transactions } = this.#needs.box;
    const { vclock } = this.#needs.logClient;
    let isOpen = false;
    while (rows.next() === 'row') {
      if (rows.replicaId !== 0 && rows.lsn <= (vclock[rows.replicaId] ?? 0)) continue;
      if (!isOpen) transactions.begin();
      isOpen = true;
      try {
        this.#applyRow(rows);
      } catch (error) {
        transactions.rollback();
        throw error;
      }
    }
    return isOpen ? transactions.commit() : null;
  }

  #applyRow(row: RowReader): void {
    const { redo } = this.#needs.box.transactions;
    if (row.replicaId === 0) throw boxError('PROTOCOL', 'a row without a replica id');
    redo.takeNumber(row.replicaId, row.lsn);
    if (row.type !== REQUEST_TYPE.nop) this.#execute(row);
    if (!redo.isNumberFree) return;
    redo.beginRow(REQUEST_TYPE.nop, 0);
    redo.endRow();
    assert(!redo.isNumberFree, 'every row keeps its number');
  }

  #execute(row: RowReader): void {
    try {
      this.#rows.execute(this.#session, row);
    } catch (error) {
      const isConflict = error instanceof BoxError && error.code === TUPLE_FOUND;
      if (!isConflict || !this.#needs.skipsConflicts()) throw error;
      this.#needs.box.transactions.redo.takeNumber(row.replicaId, row.lsn);
    }
  }
}
