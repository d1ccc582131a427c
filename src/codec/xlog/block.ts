/**
 * Blocks, the unit in which rows are written and checked (docs/formats/xlog.md, "Blocks").
 * A block is a fixed header of 19 bytes and its data: rows as they are, or one zstd frame of them.
 * Parsing reads nothing outside the given range, keeps no state and never throws.
 */
import { ByteWriter } from '../../base/index.ts';
import { checkValue, KIND, kindAt, readUnsigned, writeUnsigned } from '../msgpack/index.ts';
import { crc32c } from './crc32c.ts';

export const BLOCK_HEADER_BYTES = 19;
/** Rows of at least so many bytes are compressed. */
export const COMPRESSION_THRESHOLD_BYTES = 2029;
/** zstd level of compressed blocks. */
export const COMPRESSION_LEVEL = 3;
/** Writers that gather rows end a block when it has reached this size. */
export const BLOCK_FLUSH_BYTES = 131072;
export const MAGIC_BYTES = 4;

const MAGIC_PLAIN = 0xd5ba0bab;
const MAGIC_COMPRESSED = 0xd5ba0bba;
const MAGIC_END = 0xd510aded;

/** Ends a file; nothing may follow. */
export const END_MARKER: Uint8Array = Uint8Array.of(0xd5, 0x10, 0xad, 0xed);

/** The part of the compression port that this codec needs; the room is pure, so it is passed in. */
export interface BlockCompressor {
  zstdCompress(bytes: Uint8Array, level: number): Uint8Array;
}

/** One block of `rows`, which are whole encoded rows. Compressed if there is a compressor and the size rule says so. */
export function encodeBlock(rows: Uint8Array, compressor: BlockCompressor | null): Uint8Array {
  const writer = new ByteWriter(BLOCK_HEADER_BYTES + rows.length);
  appendBlock(writer, rows, 0, rows.length, compressor);
  return writer.written();
}

/** The same for the rows in `rows[start, end)`, appended to `writer`. */
export function appendBlock(
  writer: ByteWriter,
  rows: Uint8Array,
  start: number,
  end: number,
  compressor: BlockCompressor | null,
): void {
  if (compressor === null || end - start < COMPRESSION_THRESHOLD_BYTES) {
    appendStored(writer, MAGIC_PLAIN, rows, start, end);
    return;
  }
  const compressed = compressor.zstdCompress(rows.subarray(start, end), COMPRESSION_LEVEL);
  appendStored(writer, MAGIC_COMPRESSED, compressed, 0, compressed.length);
}

function appendStored(writer: ByteWriter, magic: number, data: Uint8Array, start: number, end: number): void {
  writer.ensure(BLOCK_HEADER_BYTES + end - start);
  const dataPosition = writer.position + BLOCK_HEADER_BYTES;
  writer.view.setUint32(writer.position, magic);
  writer.position += MAGIC_BYTES;
  writeUnsigned(writer, end - start);
  writer.writeByte(0);
  writeUnsigned(writer, crc32c(data, start, end));
  if (writer.position < dataPosition) {
    writer.bytes[writer.position] = 0xa0 | (dataPosition - writer.position - 1);
    writer.bytes.fill(0, writer.position + 1, dataPosition);
    writer.position = dataPosition;
  }
  writer.writeBytes(data, start, end);
}

export type BlockParseResult =
  /** At least `neededBytes` from the block's start must be there to say more. */
  | Readonly<{ kind: 'incomplete'; neededBytes: number }>
  | Readonly<{ kind: 'block'; isCompressed: boolean; dataStart: number; dataEnd: number }>
  | Readonly<{ kind: 'end-marker' }>
  | Readonly<{ kind: 'corrupt'; reason: string }>;

/**
 * What stands at `start`. The checksum has been checked if the kind is 'block'.
 * Fewer than 19 bytes are incomplete whatever they are, except an end marker: that is how Tarantool sees a torn tail.
 */
export function parseBlock(bytes: Uint8Array, start: number, end: number): BlockParseResult {
  if (end - start < MAGIC_BYTES) return { kind: 'incomplete', neededBytes: MAGIC_BYTES };
  const magic = magicAt(bytes, start);
  if (magic === MAGIC_END) return { kind: 'end-marker' };
  const dataStart = start + BLOCK_HEADER_BYTES;
  if (end < dataStart) return { kind: 'incomplete', neededBytes: BLOCK_HEADER_BYTES };
  if (magic !== MAGIC_PLAIN && magic !== MAGIC_COMPRESSED) return corrupt(`invalid magic: 0x${littleEndianHex(magic)}`);
  const afterLength = skipUnsigned(bytes, start + MAGIC_BYTES, dataStart);
  if (afterLength < 0) return corrupt('broken fixheader length');
  const afterPrevious = skipUnsigned(bytes, afterLength, dataStart);
  if (afterPrevious < 0) return corrupt('broken fixheader crc32p');
  const afterChecksum = skipUnsigned(bytes, afterPrevious, dataStart);
  if (afterChecksum < 0) return corrupt('broken fixheader crc32c');
  if (afterChecksum < dataStart && !isPadding(bytes, afterChecksum, dataStart)) {
    return corrupt('broken fixheader padding');
  }
  const dataEnd = dataStart + readUnsigned(bytes, start + MAGIC_BYTES);
  if (dataEnd > end) return { kind: 'incomplete', neededBytes: dataEnd - start };
  if (crc32c(bytes, dataStart, dataEnd) !== readUnsigned(bytes, afterPrevious)) return corrupt('tx checksum mismatch');
  return { kind: 'block', isCompressed: magic === MAGIC_COMPRESSED, dataStart, dataEnd };
}

/** Position of the first block magic in `bytes[start, end)`, or -1. */
export function findBlockMagic(bytes: Uint8Array, start: number, end: number): number {
  for (let position = start; position + MAGIC_BYTES <= end; position++) {
    if (bytes[position] !== 0xd5) continue;
    const magic = magicAt(bytes, position);
    if (magic === MAGIC_PLAIN || magic === MAGIC_COMPRESSED) return position;
  }
  return -1;
}

function corrupt(reason: string): BlockParseResult {
  return { kind: 'corrupt', reason };
}

function magicAt(bytes: Uint8Array, position: number): number {
  return (
    ((bytes[position]! << 24) | (bytes[position + 1]! << 16) | (bytes[position + 2]! << 8) | bytes[position + 3]!) >>> 0
  );
}

/** Tarantool prints the magic as the little-endian number that it compares. */
function littleEndianHex(magic: number): string {
  const swapped = ((magic & 0xff) << 24) | ((magic & 0xff00) << 8) | ((magic >>> 8) & 0xff00) | ((magic >>> 24) & 0xff);
  return (swapped >>> 0).toString(16);
}

function skipUnsigned(bytes: Uint8Array, position: number, end: number): number {
  const next = checkValue(bytes, position, end);
  return next >= 0 && kindAt(bytes, position) === KIND.unsigned ? next : -1;
}

function isPadding(bytes: Uint8Array, position: number, end: number): boolean {
  return kindAt(bytes, position) === KIND.string && checkValue(bytes, position, end) === end;
}
