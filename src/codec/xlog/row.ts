/**
 * Rows: a header map, then a body map (docs/formats/xlog.md, "Rows"). Bodies are kept as bytes.
 *
 * `tsn` is the LSN of the first global row of the row's transaction; rows with the same tsn belong together. On disk it
 * is the difference lsn - tsn, modulo 2^64, because local rows count in a sequence of their own.
 */
import type { ByteWriter } from '../../base/index.ts';
import { LSN_MAX, REPLICA_ID_MAX } from '../../base/index.ts';
import {
  checkValue,
  containerHeaderSize,
  KIND,
  kindAt,
  mapLength,
  readBigInt,
  readNumber,
  readUnsigned,
  writeBigInt,
  writeDouble,
  writeUnsigned,
} from '../msgpack/index.ts';

/** Request type of a row without body, which only moves the vclock. */
export const ROW_TYPE_NOP = 12;
/** Group of rows that are not replicated. */
export const GROUP_LOCAL = 1;

/** Bits of a row's flags. */
export const ROW_FLAG = { commit: 1, waitSync: 2, waitAck: 4 } as const;

const KEY = { type: 0, sync: 1, replicaId: 2, lsn: 3, timestamp: 4, groupId: 7, tsn: 8, flags: 9 } as const;

const FIXMAP = 0x80;
const DOUBLE = 0xcb;
const PLAIN_FIELDS_MAX = 7;
const PLAIN_FIELD_BYTES_MAX = 10;
/** By first byte: the size of a number of up to 32 bits, or of a double; 0 for all else. */
const PLAIN_VALUE_BYTES = Uint8Array.from({ length: 256 }, (_, head) => {
  if (head < 0x80) return 1;
  return { 0xcc: 2, 0xcd: 3, 0xce: 5, [DOUBLE]: 9 }[head] ?? 0;
});

export type RowHeader = Readonly<{
  /** Request type: 2 INSERT, 3 REPLACE, 4 UPDATE, 5 DELETE, 9 UPSERT, 12 NOP ... */
  type: number;
  /** Origin; 0 for local rows and in snapshots. */
  replicaId: number;
  /** 0 or GROUP_LOCAL. */
  groupId: number;
  lsn: number;
  /** Seconds since the Unix epoch. */
  timestampSeconds: number;
  /** 0 in snapshots, which have no transactions. */
  tsn: number;
  /** ROW_FLAG bits; `commit` on the last row of the transaction. */
  flags: number;
}>;

/**
 * Writes a header map. Zero fields are left out. A transaction of one row, and the only global row at the end of a mixed
 * one, carry neither tsn nor the commit flag.
 */
export function writeRowHeader(writer: ByteWriter, row: RowHeader): void {
  const hasTsn = row.tsn !== 0 && (row.tsn !== row.lsn || (row.flags & ROW_FLAG.commit) === 0);
  let flags = row.flags & ~ROW_FLAG.commit;
  if (hasTsn && row.tsn !== row.lsn) flags |= row.flags & ROW_FLAG.commit;
  writer.ensure(1);
  const mapPosition = writer.position++;
  let count = 0;
  count += writeField(writer, KEY.type, row.type);
  count += writeField(writer, KEY.replicaId, row.replicaId);
  count += writeField(writer, KEY.groupId, row.groupId);
  count += writeField(writer, KEY.lsn, row.lsn);
  if (row.timestampSeconds !== 0) {
    writer.writeByte(KEY.timestamp);
    writeDouble(writer, row.timestampSeconds);
    count++;
  }
  if (hasTsn) {
    writer.writeByte(KEY.tsn);
    if (row.lsn >= row.tsn) writeUnsigned(writer, row.lsn - row.tsn);
    else writeBigInt(writer, BigInt.asUintN(64, BigInt(row.lsn - row.tsn)));
    count++;
  }
  count += writeField(writer, KEY.flags, flags);
  writer.bytes[mapPosition] = 0x80 | count;
}

function writeField(writer: ByteWriter, key: number, value: number): number {
  if (value === 0) return 0;
  writer.writeByte(key);
  writeUnsigned(writer, value);
  return 1;
}

export type RowStep = 'row' | 'end' | 'invalid';

/**
 * Walks over the rows of a block. The fields describe the current row and change with `next`: recovery reads millions of
 * rows and must not make an object for each.
 */
export class RowReader {
  bytes: Uint8Array = new Uint8Array(0);
  type = 0;
  replicaId = 0;
  groupId = 0;
  lsn = 0;
  timestampSeconds = 0;
  tsn = 0;
  flags = 0;
  /** Where the row begins in `bytes`. */
  rowStart = 0;
  /** The body map is `bytes[bodyStart, bodyEnd)`; empty for a NOP. */
  bodyStart = 0;
  bodyEnd = 0;
  #end = 0;

  /** Starts over at `bytes[start, end)`, which holds whole rows. */
  reset(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.bytes = bytes;
    this.bodyEnd = start;
    this.#end = end;
  }

  /** The current row is the last of its transaction. */
  get isCommit(): boolean {
    return (this.flags & ROW_FLAG.commit) !== 0;
  }

  /** Moves to the next row. After 'invalid' the rest of the block cannot be read. */
  next(): RowStep {
    const start = this.bodyEnd;
    if (start >= this.#end) return 'end';
    this.rowStart = start;
    const bodyStart = this.#readHeader(start);
    if (bodyStart < 0) return this.#invalid();
    this.bodyStart = bodyStart;
    if (this.type === ROW_TYPE_NOP || bodyStart === this.#end) {
      this.bodyEnd = bodyStart;
      return 'row';
    }
    const bodyEnd = checkValue(this.bytes, bodyStart, this.#end);
    if (bodyEnd < 0 || kindAt(this.bytes, bodyStart) !== KIND.map) return this.#invalid();
    this.bodyEnd = bodyEnd;
    return 'row';
  }

  /** A copy of the current row's header. */
  header(): RowHeader {
    const { type, replicaId, groupId, lsn, timestampSeconds, tsn, flags } = this;
    return { type, replicaId, groupId, lsn, timestampSeconds, tsn, flags };
  }

  #invalid(): RowStep {
    this.bodyEnd = this.#end;
    return 'invalid';
  }

  /** Position after the header map, or -1. */
  #readHeader(start: number): number {
    this.type = this.replicaId = this.groupId = this.lsn = this.timestampSeconds = this.flags = 0;
    const plainEnd = this.#readPlainHeader(start);
    if (plainEnd >= 0) return plainEnd;
    const { bytes } = this;
    const end = checkValue(bytes, start, this.#end);
    const count = end < 0 ? -1 : mapLength(bytes, start);
    if (count < 0) return -1;
    let tsnPosition = -1;
    let position = start + containerHeaderSize(bytes, start);
    for (let index = 0; index < count; index++) {
      const key = readUnsigned(bytes, position);
      if (key < 0) return -1;
      const valuePosition = checkValue(bytes, position, end);
      if (key === KEY.tsn) tsnPosition = valuePosition;
      if (!this.#readField(key, valuePosition)) return -1;
      position = checkValue(bytes, valuePosition, end);
    }
    if (this.lsn > LSN_MAX || this.replicaId > REPLICA_ID_MAX) return -1;
    return this.#readTsn(tsnPosition) ? end : -1;
  }

  /**
   * The header as a snapshot's and most of a log's rows have it: fields of all rows that are replicated, in their
   * commonest encodings. Position after it, or -1 if anything is different.
   */
  #readPlainHeader(start: number): number {
    const { bytes } = this;
    const count = bytes[start]! - FIXMAP;
    if (count < 0 || count > PLAIN_FIELDS_MAX || start + 1 + count * PLAIN_FIELD_BYTES_MAX > this.#end) return -1;
    let position = start + 1;
    let tsnDifference = -1;
    for (let index = 0; index < count; index++) {
      const key = bytes[position]!;
      const head = bytes[position + 1]!;
      const size = PLAIN_VALUE_BYTES[head]!;
      if (key === KEY.timestamp ? head !== DOUBLE : size === 0 || head === DOUBLE) return -1;
      const value = head < 0x80 ? head : readNumber(bytes, position + 1);
      switch (key) {
        case KEY.type:
          this.type = value;
          break;
        case KEY.replicaId:
          if (value > REPLICA_ID_MAX) return -1;
          this.replicaId = value;
          break;
        case KEY.lsn:
          this.lsn = value;
          break;
        case KEY.timestamp:
          this.timestampSeconds = value;
          break;
        case KEY.tsn:
          tsnDifference = value;
          break;
        case KEY.flags:
          if (value > 0xff) return -1;
          this.flags = value;
          break;
        case KEY.sync:
          break;
        default:
          return -1;
      }
      position += 1 + size;
    }
    if (tsnDifference > this.lsn) return -1;
    this.tsn = tsnDifference < 0 ? this.lsn : this.lsn - tsnDifference;
    if (tsnDifference < 0) this.flags |= ROW_FLAG.commit;
    return position;
  }

  #readField(key: number, position: number): boolean {
    const { bytes } = this;
    if (key === KEY.timestamp) {
      if (bytes[position] !== 0xcb) return false;
      this.timestampSeconds = readNumber(bytes, position);
      return true;
    }
    if (key > KEY.flags) return true;
    const value = readUnsigned(bytes, position);
    switch (key) {
      case KEY.type:
        this.type = value;
        return value >= 0;
      case KEY.replicaId:
        this.replicaId = value;
        return value >= 0;
      case KEY.groupId:
        this.groupId = value;
        return value >= 0;
      case KEY.lsn:
        this.lsn = value;
        return value >= 0;
      case KEY.flags:
        this.flags = value;
        return value >= 0 && value <= 0xff;
      case KEY.tsn:
      case KEY.sync:
        return value >= 0;
      default:
        return true;
    }
  }

  #readTsn(position: number): boolean {
    if (position < 0) {
      this.tsn = this.lsn;
      this.flags |= ROW_FLAG.commit;
      return true;
    }
    const difference = readUnsigned(this.bytes, position);
    this.tsn =
      difference <= this.lsn
        ? this.lsn - difference
        : Number(BigInt.asUintN(64, BigInt(this.lsn) - readBigInt(this.bytes, position)));
    return Number.isSafeInteger(this.tsn);
  }
}
