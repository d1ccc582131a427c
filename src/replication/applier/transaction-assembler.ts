/**
 * Puts the rows of a stream together to transactions: those of one follow each other, have the same tsn, which is the LSN
 * of the first, and the last is marked; their LSNs grow. A transaction of one row is handed on where it lies.
 */
import { boxError, ByteWriter } from '../../base/index.ts';
import type { RowReader } from '../../codec/xlog/index.ts';

/** Beyond it the peer is more likely out of its mind than busy with one transaction. */
const TRANSACTION_BYTES_MAX = 1024 * 1024 * 1024;
const BYTES_KEPT_MAX = 4 * 1024 * 1024;

/** The rows of one transaction are `bytes[start, end)`, valid during the call; `flags` are those of the last. */
export type TransactionHandler = (bytes: Uint8Array, start: number, end: number, flags: number) => void;

export class TransactionAssembler {
  readonly #onTransaction: TransactionHandler;
  #bytes = new ByteWriter(64 * 1024);
  #rowCount = 0;
  #replicaId = 0;
  #tsn = 0;
  #lsn = 0;

  constructor(onTransaction: TransactionHandler) {
    this.#onTransaction = onTransaction;
  }

  /** Takes the row that the reader stands on. Throws ER_PROTOCOL and ER_UNSUPPORTED for rows that fit into no transaction. */
  add(row: RowReader): void {
    if (this.#rowCount === 0) {
      if (row.tsn !== row.lsn) {
        throw boxError('PROTOCOL', 'Transaction id must be equal to LSN of the first row in the transaction.');
      }
      if (row.isCommit) {
        this.#onTransaction(row.bytes, row.rowStart, row.bodyEnd, row.flags);
        return;
      }
      this.#tsn = row.tsn;
      this.#replicaId = row.replicaId;
    } else if (row.tsn !== this.#tsn || row.replicaId !== this.#replicaId) {
      throw boxError('UNSUPPORTED', 'replication', 'interleaving transactions');
    } else if (row.lsn <= this.#lsn) {
      throw boxError('PROTOCOL', 'LSNs of a transaction must grow');
    }
    this.#lsn = row.lsn;
    if (this.#bytes.position > TRANSACTION_BYTES_MAX) throw boxError('PROTOCOL', 'a transaction without end');
    this.#bytes.writeBytes(row.bytes, row.rowStart, row.bodyEnd);
    this.#rowCount++;
    if (row.isCommit) this.#complete(row.flags);
  }

  #complete(flags: number): void {
    const { bytes, position } = this.#bytes;
    this.#rowCount = 0;
    this.#bytes.reset();
    if (bytes.length > BYTES_KEPT_MAX) this.#bytes = new ByteWriter(64 * 1024);
    this.#onTransaction(bytes, 0, position, flags);
  }
}
