/**
 * The outer structure of zstd data (RFC 8878, section 3.1): frames, their headers and blocks, without decoding any of it.
 *
 * Guarantees, for any input: the walk ends inside the input, data that are not whole frames up to the last byte are
 * refused, and the bounds returned hold for whatever the blocks decode to. That is what lets a damaged or hostile frame
 * be refused before memory is spent on it.
 */

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const SKIPPABLE_MASK = 0xfffffff0;
const BLOCK_HEADER_BYTES = 3;
const BLOCK_MAX_BYTES = 128 * 1024;
const CHECKSUM_BYTES = 4;

export class ZstdFrameError extends Error {
  override readonly name = 'ZstdFrameError';
}

export type ZstdContentBounds = Readonly<{
  /** What the frames declare and their raw and run-length blocks hold. */
  leastBytes: number;
  /** No decoder yields more. */
  mostBytes: number;
  /** Where the input may be cut so that no piece decodes to more than `BLOCK_MAX_BYTES`: the end of each block. */
  cuts: readonly number[];
}>;

type FrameHeader = Readonly<{
  headerBytes: number;
  /** null if the frame does not declare it. */
  contentBytes: number | null;
  blockMaxBytes: number;
  hasChecksum: boolean;
}>;

/** Bounds of the content of the frames in `bytes`. Throws ZstdFrameError if they are not whole frames. */
export function zstdContentBounds(bytes: Uint8Array): ZstdContentBounds {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const cuts: number[] = [];
  let leastBytes = 0;
  let mostBytes = 0;
  let position = 0;
  if (bytes.length === 0) throw new ZstdFrameError('no frame');
  while (position < bytes.length) {
    requireBytes(view, position, 8);
    const magic = view.getUint32(position, true);
    if ((magic & SKIPPABLE_MASK) >>> 0 === SKIPPABLE_MAGIC) {
      position += 8 + view.getUint32(position + 4, true);
      if (position > bytes.length) throw new ZstdFrameError('frame is cut off');
      cuts.push(position);
      continue;
    }
    if (magic !== FRAME_MAGIC) throw new ZstdFrameError('no frame magic');
    const header = readFrameHeader(view, position);
    const blocks = walkBlocks(view, position + header.headerBytes, header, cuts);
    position = blocks.end;
    leastBytes += header.contentBytes ?? blocks.leastBytes;
    mostBytes += header.contentBytes ?? blocks.mostBytes;
  }
  return { leastBytes, mostBytes, cuts };
}

function requireBytes(view: DataView, position: number, length: number): void {
  if (position + length > view.byteLength) throw new ZstdFrameError('frame is cut off');
}

function readFrameHeader(view: DataView, start: number): FrameHeader {
  requireBytes(view, start, 5);
  const descriptor = view.getUint8(start + 4);
  if ((descriptor & 0x08) !== 0) throw new ZstdFrameError('reserved bit is set');
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 0x03] as number;
  const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6] as number;
  let position = start + 5;
  requireBytes(view, position, (isSingleSegment ? 0 : 1) + dictionaryIdBytes + contentSizeBytes);
  let windowBytes = Infinity;
  if (!isSingleSegment) {
    const window = view.getUint8(position);
    const base = 2 ** (10 + (window >>> 3));
    windowBytes = base + (base / 8) * (window & 0x07);
    position += 1;
  }
  position += dictionaryIdBytes;
  const contentBytes = readContentSize(view, position, contentSizeBytes);
  if (isSingleSegment && contentBytes !== null) windowBytes = contentBytes;
  return {
    headerBytes: position + contentSizeBytes - start,
    contentBytes,
    blockMaxBytes: Math.min(windowBytes, BLOCK_MAX_BYTES),
    hasChecksum: (descriptor & 0x04) !== 0,
  };
}

function readContentSize(view: DataView, position: number, sizeBytes: number): number | null {
  switch (sizeBytes) {
    case 0:
      return null;
    case 1:
      return view.getUint8(position);
    case 2:
      return view.getUint16(position, true) + 256;
    case 4:
      return view.getUint32(position, true);
    default:
      return Number(view.getBigUint64(position, true));
  }
}

function walkBlocks(
  view: DataView,
  start: number,
  header: FrameHeader,
  cuts: number[],
): { end: number; leastBytes: number; mostBytes: number } {
  let position = start;
  let leastBytes = 0;
  let mostBytes = 0;
  for (;;) {
    requireBytes(view, position, BLOCK_HEADER_BYTES);
    const word = view.getUint16(position, true) | (view.getUint8(position + 2) << 16);
    const kind = (word >>> 1) & 0x03;
    const size = word >>> 3;
    if (kind === 3) throw new ZstdFrameError('reserved block type');
    if (size > header.blockMaxBytes) throw new ZstdFrameError('block is too large');
    const storedBytes = kind === 1 ? 1 : size;
    position += BLOCK_HEADER_BYTES + storedBytes;
    if (position > view.byteLength) throw new ZstdFrameError('frame is cut off');
    leastBytes += kind === 2 ? 0 : size;
    mostBytes += kind === 2 ? header.blockMaxBytes : size;
    cuts.push(position);
    if ((word & 1) !== 0) break;
  }
  if (header.hasChecksum) {
    requireBytes(view, position, CHECKSUM_BYTES);
    position += CHECKSUM_BYTES;
    cuts[cuts.length - 1] = position;
  }
  return { end: position, leastBytes, mostBytes };
}
