/**
 * Rows of a log, as they lie in its blocks, made packets of a replication stream: each gets a length, its bytes stay.
 *
 * Rows of local spaces do not travel. A transaction that ends with one, by an older server's log or because a trigger
 * on a replica added it, gets the mark of its end on the last row that does.
 * Guarantee: what is framed between two calls of `endTransaction` are whole transactions, if whole ones are given.
 */
import { type ByteWriter } from '../../base/index.ts';
import { GROUP_LOCAL, ROW_TYPE_NOP, type RowHeader, type RowReader, writeRowHeader } from '../../codec/xlog/index.ts';

const LENGTH_BYTES = 5;
const LENGTH_HEAD = 0xce;

/** Which rows one replica does not get. */
export type RowFilter = Readonly<{
  /** Rows of these origins. */
  excludedReplicaIds: readonly number[];
  /** Rows of the replica itself beyond this LSN: it has them. 0 as id: none. */
  ownReplicaId: number;
  ownLsnMax: number;
}>;

export const NO_FILTER: RowFilter = { excludedReplicaIds: [], ownReplicaId: 0, ownLsnMax: 0 };

export function passes(filter: RowFilter, replicaId: number, lsn: number): boolean {
  if (replicaId === filter.ownReplicaId && replicaId !== 0 && lsn > filter.ownLsnMax) return false;
  return !filter.excludedReplicaIds.includes(replicaId);
}

export class RowFramer {
  readonly #filter: RowFilter;
  /** Where the packet of the open transaction's last row begins; -1 if none was framed. */
  #lastPacket = -1;
  #lastBodyBytes = 0;
  #lastHeader: RowHeader | null = null;

  constructor(filter: RowFilter = NO_FILTER) {
    this.#filter = filter;
  }

  /** Appends the row's packet unless it is not for the replica. True if a transaction has ended. */
  add(row: RowReader, writer: ByteWriter): boolean {
    const isLocal = row.replicaId === 0 || row.groupId === GROUP_LOCAL;
    if (isLocal && row.replicaId === 0) {
      if (row.isCommit) this.#endWithLast(row.flags, writer);
      return row.isCommit;
    }
    if (!passes(this.#filter, row.replicaId, row.lsn)) return row.isCommit;
    if (row.isCommit) this.#lastPacket = -1;
    else this.#remember(row, isLocal, writer.position);
    if (isLocal) addNothing(row, writer);
    else frame(row, writer);
    return row.isCommit;
  }

  #remember(row: RowReader, isLocal: boolean, position: number): void {
    this.#lastPacket = position;
    this.#lastBodyBytes = isLocal ? 0 : row.bodyEnd - row.bodyStart;
    this.#lastHeader = isLocal ? headerOfNothing(row) : row.header();
  }

  /** Writes the last packet again, with the marks of the transaction's last row. */
  #endWithLast(flags: number, writer: ByteWriter): void {
    const header = this.#lastHeader;
    const packet = this.#lastPacket;
    this.#lastPacket = -1;
    if (packet < 0 || header === null) return;
    const body = writer.bytes.slice(writer.position - this.#lastBodyBytes, writer.position);
    writer.position = packet + LENGTH_BYTES;
    writeRowHeader(writer, { ...header, flags: header.flags | flags });
    writer.writeBytes(body, 0, body.length);
    endFrame(writer, packet);
  }
}

/** A row of a space that has become local keeps its number, without its content. */
function addNothing(row: RowReader, writer: ByteWriter): void {
  const packet = writer.position;
  writer.ensure(LENGTH_BYTES);
  writer.position += LENGTH_BYTES;
  writeRowHeader(writer, headerOfNothing(row));
  endFrame(writer, packet);
}

function headerOfNothing(row: RowReader): RowHeader {
  return { ...row.header(), type: ROW_TYPE_NOP, groupId: 0 };
}

function frame(row: RowReader, writer: ByteWriter): void {
  const packet = writer.position;
  const length = row.bodyEnd - row.rowStart;
  writer.ensure(LENGTH_BYTES + length);
  writer.position = packet + LENGTH_BYTES;
  writer.writeBytes(row.bytes, row.rowStart, row.bodyEnd);
  endFrame(writer, packet);
}

function endFrame(writer: ByteWriter, packet: number): void {
  writer.bytes[packet] = LENGTH_HEAD;
  writer.view.setUint32(packet + 1, writer.position - packet - LENGTH_BYTES);
}
