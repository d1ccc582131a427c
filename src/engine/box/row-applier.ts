/**
 * Applies rows of snapshots and logs: the same statements as a user's, as admin, without the log. Rows of user spaces
 * in a snapshot are the bulk of every start and go to the indexes directly.
 */
import { boxError } from '../../base/index.ts';
import { REQUEST_TYPE } from '../../codec/iproto/index.ts';
import type { RowReader } from '../../codec/xlog/index.ts';
import { type Address, NO_ADDRESS } from '../arena/index.ts';
import type { RowApplier } from '../checkpoint/index.ts';
import { BulkFill, type Space } from '../memtx/index.ts';
import type { Box } from './box.ts';
import { RowExecutor } from './row-executor.ts';
import type { Session } from './session.ts';

/** Whether the row, of elections or of the synchronous queue, has been taken; it is valid during the call. */
export type ControlRowHandler = (row: RowReader) => boolean;

export class BoxRowApplier implements RowApplier {
  readonly #box: Box;
  readonly #session: Session;
  readonly #rows: RowExecutor;

  readonly #toleratesRows: boolean;
  readonly #fills = new Map<number, BulkFill>();
  readonly #onControlRow: ControlRowHandler;

  /**
   * `toleratesRows`: a row that does not fit will be passed over, so each has to be judged by itself. `onControlRow` takes
   * rows that change no data. `session`: who triggers see at work.
   */
  constructor(
    box: Box,
    toleratesRows: boolean,
    onControlRow: ControlRowHandler = () => false,
    session: Session = box.adminSession,
  ) {
    this.#session = session;
    this.#box = box;
    this.#onControlRow = onControlRow;
    this.#rows = new RowExecutor(box.statements);
    this.#toleratesRows = toleratesRows;
  }

  applySnapshotRow(row: RowReader): void {
    if (this.#onControlRow(row)) return;
    if (row.type !== REQUEST_TYPE.insert) throw boxError('UNKNOWN_REQUEST_TYPE', row.type);
    const { spaceId, bytes, tuplePosition, tupleEnd } = this.#rows.decode(row);
    this.applySnapshotTuple(spaceId, bytes, tuplePosition, tupleEnd);
  }

  applySnapshotTuple(spaceId: number, bytes: Uint8Array, position: number, end: number): void {
    const space = this.#box.catalog.space(spaceId);
    if (space === undefined) throw boxError('NO_SUCH_SPACE', String(spaceId));
    const isWatchedJoin = space.reacts && this.#session.kind === 'applier';
    if (space.isSystem || space.beforeReplace.length > 0 || isWatchedJoin) {
      this.#inTransaction(() => this.#box.statements.insert(this.#session, spaceId, bytes, position, end));
      return;
    }
    if (space.reacts) {
      this.#inTransaction(() => this.#insertWatched(space, bytes, position, end));
      return;
    }
    const tuple = space.newTuple(bytes, position, end);
    if (this.#toleratesRows) this.#insertAlone(space, tuple);
    else this.#fillOf(space).add(tuple);
  }

  *finishSnapshot(): Generator<void> {
    for (const fill of this.#fills.values()) yield* fill.finish();
    this.#fills.clear();
  }

  /** Rows of a space follow each other. */
  #fillOf(space: Space): BulkFill {
    const known = this.#fills.get(space.id);
    if (known !== undefined) return known;
    space.index(0);
    const fill = new BulkFill(space);
    this.#fills.set(space.id, fill);
    return fill;
  }

  #inTransaction(statement: () => void): void {
    const { transactions } = this.#box;
    transactions.begin();
    try {
      statement();
    } catch (error) {
      transactions.rollback();
      throw error;
    }
    transactions.commit();
  }

  #insertAlone(space: Space, tuple: Address): void {
    try {
      space.replace(NO_ADDRESS, tuple, 'insert');
    } catch (error) {
      space.freeTuple(tuple);
      throw error;
    }
  }

  /** For a space with on_replace triggers, which were set when the schema was made; they see every row. */
  #insertWatched(space: Space, bytes: Uint8Array, position: number, end: number): void {
    const tuple = space.newTuple(bytes, position, end);
    this.#insertAlone(space, tuple);
    this.#box.transactions.changed(space, NO_ADDRESS, tuple);
    for (const trigger of space.onReplace) trigger(space, NO_ADDRESS, tuple);
  }

  applyLogRow(row: RowReader): void {
    const { transactions } = this.#box;
    if (!transactions.isActive && this.#onControlRow(row)) return;
    if (!transactions.isActive) transactions.begin();
    try {
      if (row.replicaId !== 0) transactions.redo.takeNumber(row.replicaId, row.lsn);
      if (row.type !== REQUEST_TYPE.nop) this.#rows.execute(this.#session, row);
    } catch (error) {
      transactions.rollback();
      throw error;
    }
    if (row.isCommit) transactions.commit();
  }
}
