/**
 * Applies the transactions of other instances to a running one: whole, once, and with the numbers that they have there.
 *
 * Several masters may send the same transaction; the first one counts, whatever is on its way to the log included. A
 * transaction that is known in part, because the log of a crashed server kept its beginning, goes on where it ends.
 */
import { assert, BoxError, boxError } from '../../base/index.ts';
import { REQUEST_TYPE, synchroRowKind } from '../../codec/iproto/index.ts';
import { ROW_FLAG, RowReader } from '../../codec/xlog/index.ts';
import { decodeValue } from '../../codec/msgpack/index.ts';
import { type Box, RowExecutor, type Session } from '../../engine/box/index.ts';
import { SYSTEM_SPACE } from '../../engine/catalog/index.ts';
import type { CommitBatch } from '../../engine/txn/index.ts';
import type { LogClient } from '../../engine/wal/index.ts';
import type { SynchroQueue } from '../synchro-queue.ts';

export type ApplicationNeeds = Readonly<{
  box: Box;
  logClient: LogClient;
  /** A row that finds its place taken is passed over. */
  skipsConflicts: () => boolean;
  queue: SynchroQueue;
  /** An origin whose rows the master was asked to leave out; 0: none. */
  unwantedId: number;
  /** Told which row it is that cannot be applied, in words. */
  onRefused: (row: string, error: unknown) => void;
}>;

/**
 * How a transaction went: known already; applied, and durable with the batch; or a row of the synchronous queue, of the end
 * of which `settled` is told, before which nothing more may be applied if it rolls back.
 */
export type Application =
  Readonly<{ kind: 'known' }> | Readonly<{ kind: 'applied'; batch: CommitBatch }> | Readonly<{ kind: 'queued' }>;

const KNOWN: Application = { kind: 'known' };

const TUPLE_FOUND = boxError('TUPLE_FOUND', '', '').code;
const WHOLE_TUPLES: ReadonlySet<number> = new Set([REQUEST_TYPE.insert, REQUEST_TYPE.replace]);
const SPACE_NAME_FIELD = 2;

export class RowApplication {
  readonly #needs: ApplicationNeeds;
  readonly #rows: RowExecutor;
  readonly #session: Session;
  readonly #row = new RowReader();
  /** The last row that was applied, or is to take effect when it is written. */
  #lastReplicaId = 0;
  #lastLsn = 0;

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
   * Applies the rows `bytes[start, end)` of one transaction; `flags` are those of the last. Throws the BoxError of a row
   * that does not fit, with everything undone.
   */
  apply(
    bytes: Uint8Array,
    start: number,
    end: number,
    flags: number,
    settled: (error: BoxError | null) => void,
  ): Application {
    const row = this.#row;
    row.reset(bytes, start, end);
    row.next();
    const { replicaId, lsn } = row;
    if (replicaId === 0) throw boxError('PROTOCOL', 'a row without a replica id');
    if (synchroRowKind(row.type) === null) return this.#applyTransaction(row, flags);
    if (this.#isKnown(replicaId, lsn)) return KNOWN;
    this.#checkWanted(replicaId);
    this.#applied(row);
    this.#needs.queue.receive(row, settled);
    return { kind: 'queued' };
  }

  /** Whether all that was applied is in the log. */
  get isWritten(): boolean {
    return this.#lastLsn <= (this.#needs.logClient.durableVclock[this.#lastReplicaId] ?? 0);
  }

  #applied({ replicaId, lsn }: RowReader): void {
    this.#lastReplicaId = replicaId;
    this.#lastLsn = lsn;
  }

  #isKnown(replicaId: number, lsn: number): boolean {
    return lsn <= (this.#needs.logClient.vclock[replicaId] ?? 0);
  }

  /** Rows of this instance that it does not have, and has not lost, are nobody's: its numbers would go on behind them. */
  #checkWanted(replicaId: number): void {
    if (replicaId === this.#needs.unwantedId)
      throw boxError('PROTOCOL', `rows of replica ${replicaId} were not asked for`);
  }

  /** Whether a newer owner of the synchronous queue has decided against it. Throws ER_SPLIT_BRAIN. */
  #isVoid(replicaId: number, flags: number): boolean {
    return this.#needs.queue.isVoid(replicaId, (flags & ROW_FLAG.waitAck) !== 0, (flags & ROW_FLAG.waitSync) !== 0);
  }

  /** The reader stands on the first row. */
  #applyTransaction(rows: RowReader, flags: number): Application {
    const { transactions } = this.#needs.box;
    let isOpen = false;
    let isVoid: boolean | null = null;
    do {
      if (this.#isKnown(rows.replicaId, rows.lsn)) continue;
      if (!isOpen) {
        this.#checkWanted(rows.replicaId);
        transactions.begin();
      }
      isOpen = true;
      try {
        // Rows without content, as others write for void ones, are nothing that anybody need decide about.
        if (rows.type !== REQUEST_TYPE.nop) isVoid ??= this.#isVoid(rows.replicaId, flags);
        this.#applyRow(rows, isVoid === true);
      } catch (error) {
        this.#needs.onRefused(this.#describe(rows), error);
        transactions.rollback();
        throw error;
      }
    } while (rows.next() === 'row');
    const batch = isOpen ? transactions.commit() : null;
    if (batch === null) return KNOWN;
    this.#applied(rows);
    return { kind: 'applied', batch };
  }

  #applyRow(row: RowReader, isVoid: boolean): void {
    const { redo } = this.#needs.box.transactions;
    redo.takeNumber(row.replicaId, row.lsn);
    if (row.type !== REQUEST_TYPE.nop && !isVoid) this.#execute(row);
    if (!redo.isNumberFree) return;
    redo.beginRow(REQUEST_TYPE.nop, 0);
    redo.endRow();
    assert(!redo.isNumberFree, 'every row keeps its number');
  }

  /** Its number, and what it is about. */
  #describe(row: RowReader): string {
    const number = `row ${row.replicaId}:${row.lsn}`;
    try {
      const { spaceId, bytes, tuplePosition } = this.#rows.decode(row);
      const isDefinition = spaceId === SYSTEM_SPACE.space && WHOLE_TUPLES.has(row.type);
      const tuple = isDefinition ? decodeValue(bytes, tuplePosition) : null;
      if (Array.isArray(tuple)) return `${number}, the definition of space '${String(tuple[SPACE_NAME_FIELD])}',`;
      return `${number}, of space '${this.#needs.box.catalog.space(spaceId)?.name ?? spaceId}',`;
    } catch {
      return number;
    }
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
