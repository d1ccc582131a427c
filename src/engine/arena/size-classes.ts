/**
 * Size classes of cells: each multiple of 8 bytes up to 512, then sixteen steps to each doubling, so that rounding up
 * wastes at most a sixteenth. Cells above 128 KiB get a run of blocks of their own.
 */
import { assert } from '../../base/index.ts';

const BLOCK_BYTES = 64 * 1024;
const FINE_BYTES_MAX = 512;
const SHARED_RUN_BYTES_MAX = 128 * 1024;
/** The largest cell: a whole slab of 16 MiB. */
export const CELL_BYTES_MAX = 16 * 1024 * 1024;

const cellBytes: number[] = [];
const runBlocks: number[] = [];
for (let size = 8; size <= FINE_BYTES_MAX; size += 8) addClass(size);
for (let size = FINE_BYTES_MAX; size < CELL_BYTES_MAX; size *= 2) {
  for (let step = 1; step <= 16; step++) addClass(size + (size / 16) * step);
}

function addClass(size: number): void {
  cellBytes.push(size);
  runBlocks.push(
    size > SHARED_RUN_BYTES_MAX ? Math.ceil(size / BLOCK_BYTES) : Math.max(1, Math.ceil((size * 8) / BLOCK_BYTES)),
  );
}

export const CLASS_COUNT = cellBytes.length;
const CELL_BYTES = Uint32Array.from(cellBytes);
const RUN_BLOCKS = Uint32Array.from(runBlocks);
const FINE_CLASSES = FINE_BYTES_MAX / 8;

/** The class whose cells hold `sizeBytes`, which is 1 .. CELL_BYTES_MAX. */
export function sizeClass(sizeBytes: number): number {
  if (sizeBytes <= FINE_BYTES_MAX) return ((sizeBytes + 7) >>> 3) - 1;
  assert(sizeBytes <= CELL_BYTES_MAX, 'a cell is at most a slab');
  const doubling = 31 - Math.clz32((sizeBytes - 1) / FINE_BYTES_MAX);
  const base = FINE_BYTES_MAX * 2 ** doubling;
  return FINE_CLASSES + doubling * 16 + Math.ceil((sizeBytes - base) / (base / 16)) - 1;
}

export function cellBytesOfClass(class_: number): number {
  return CELL_BYTES[class_]!;
}

export function runBlocksOfClass(class_: number): number {
  return RUN_BLOCKS[class_]!;
}
