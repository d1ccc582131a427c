/**
 * Telling a write that a power cut has torn from damage of another kind. A file system may keep any of the sectors of a
 * write, and the file's new length without them; what was not kept reads as zeros. A whole sector of zeros where a block
 * should be is therefore a write that was not finished, and so not promised; anything else that is no block is damage.
 */
import { findBlockMagic } from './block.ts';

const SECTOR_BYTES = 512;

/**
 * `bytes` begin where a damaged block begins, `fileOffset` in the file, and end with the file or far enough behind.
 * What is looked at ends where the next block seems to begin.
 */
export function isTornWrite(bytes: Uint8Array, fileOffset: number): boolean {
  const next = findBlockMagic(bytes, 1, bytes.length);
  const end = next < 0 ? bytes.length : next;
  for (let start = 0; start < end;) {
    const sectorEnd = Math.min(end, start + SECTOR_BYTES - ((fileOffset + start) % SECTOR_BYTES));
    if (isZero(bytes, start, sectorEnd)) return true;
    start = sectorEnd;
  }
  return false;
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let position = start; position < end; position++) if (bytes[position] !== 0) return false;
  return true;
}
