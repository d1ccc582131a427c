/**
 * Memory of tuples and index pages: size-classed cells in slabs of shared memory.
 *
 * - A slab is a SharedArrayBuffer, so that workers can read it. The first has 64 KiB, each next one doubles up to
 *   16 MiB. An address is 32 bits in units of 8 bytes: the upper 11 bits name the slab, the lower 21 the place in it.
 *   Address 0 is never given out and means 'none'.
 * - A slab is cut into blocks of 64 KiB. A run of blocks serves cells of one size class and goes back to the slab when
 *   its last cell is freed, so memory moves between classes.
 * Invariants: (1) slabs are taken within the quota, but for rolling back; (2) a freed cell is never read before it is given out
 * again; (3) a run is in its class's list of runs with room exactly when it has room.
 */
import { assert } from '../../base/index.ts';
import { cellBytesOfClass, CLASS_COUNT, runBlocksOfClass, sizeClass } from './size-classes.ts';

/** Units of 8 bytes; 0 is none. */
export type Address = number;
export const NO_ADDRESS: Address = 0;

export const SLAB_SHIFT = 21;
export const SLAB_MASK = (1 << SLAB_SHIFT) - 1;
const SLAB_BYTES_MIN = 64 * 1024;
const SLAB_BYTES_MAX = 16 * 1024 * 1024;
const SLAB_COUNT_MAX = 1 << 11;
/** Block number of an address: 64 KiB are 2^13 units. */
const BLOCK_SHIFT = 13;
const BLOCK_UNITS = 1 << BLOCK_SHIFT;
const BLOCK_BYTES = BLOCK_UNITS * 8;
const BLOCKS_PER_SLAB = 1 << (SLAB_SHIFT - BLOCK_SHIFT);

export type ArenaStatistics = Readonly<{
  quotaBytes: number;
  /** Slabs taken from the system. */
  arenaBytes: number;
  /** Blocks that hold cells. */
  runBytes: number;
  /** Cells given out. */
  cellBytes: number;
}>;

export class Arena {
  /** Views of each slab by slab number; public for the hot paths that read cells in place. */
  readonly bytes: Uint8Array[] = [];
  readonly words: Uint32Array[] = [];
  readonly doubles: Float64Array[] = [];

  quotaBytes: number;
  #arenaBytes = 0;
  #runBytes = 0;
  #cellBytes = 0;

  /** Tables by block number of a run's first block; grown with the slabs. */
  #runClass: Uint8Array = new Uint8Array(BLOCKS_PER_SLAB);
  /** First address never given out. */
  #runFresh: Uint32Array = new Uint32Array(BLOCKS_PER_SLAB);
  /** First freed cell; a freed cell's first word is the next one. */
  #runFreed: Uint32Array = new Uint32Array(BLOCKS_PER_SLAB);
  #runUsedCells: Uint32Array = new Uint32Array(BLOCKS_PER_SLAB);
  #runPrevious: Int32Array = new Int32Array(BLOCKS_PER_SLAB);
  #runNext: Int32Array = new Int32Array(BLOCKS_PER_SLAB);
  /** By block: the first block of its run, or -1 if the block is free or outside of its slab. */
  #runOfBlock: Int32Array = new Int32Array(BLOCKS_PER_SLAB).fill(-1);
  /** By slab: blocks it has. */
  readonly #slabBlocks: number[] = [];
  readonly #slabFreeBlocks: number[] = [];
  /** By class: the runs with room, or -1. */
  readonly #classHead = new Int32Array(CLASS_COUNT).fill(-1);

  constructor(quotaBytes: number) {
    this.quotaBytes = quotaBytes;
  }

  /**
   * A cell of at least `sizeBytes`, or NO_ADDRESS if the quota is spent. Its content is undefined. `beyondQuota` is for
   * rolling back, which must not fail.
   */
  allocate(sizeBytes: number, beyondQuota = false): Address {
    const class_ = sizeClass(sizeBytes);
    let run = this.#classHead[class_]!;
    if (run < 0) {
      run = this.#addRun(class_, beyondQuota);
      if (run < 0) return NO_ADDRESS;
    }
    const cellUnits = cellBytesOfClass(class_) >>> 3;
    let address = this.#runFreed[run]!;
    if (address !== NO_ADDRESS) {
      this.#runFreed[run] = this.words[address >>> SLAB_SHIFT]![(address & SLAB_MASK) << 1]!;
    } else {
      address = this.#runFresh[run]!;
      this.#runFresh[run] = address + cellUnits;
    }
    this.#runUsedCells[run]!++;
    this.#cellBytes += cellUnits << 3;
    if (this.#runFreed[run] === NO_ADDRESS && !this.#hasFreshRoom(run, class_, cellUnits)) this.#unlink(run, class_);
    return address;
  }

  /** Gives a cell back. */
  free(address: Address): void {
    const run = this.#runOfBlock[address >>> BLOCK_SHIFT]!;
    const class_ = this.#runClass[run]!;
    const cellUnits = cellBytesOfClass(class_) >>> 3;
    const hadRoom = this.#runFreed[run] !== NO_ADDRESS || this.#hasFreshRoom(run, class_, cellUnits);
    this.words[address >>> SLAB_SHIFT]![(address & SLAB_MASK) << 1] = this.#runFreed[run]!;
    this.#runFreed[run] = address;
    this.#cellBytes -= cellUnits << 3;
    if (--this.#runUsedCells[run]! === 0) {
      this.#removeRun(run, class_, hadRoom);
    } else if (!hadRoom) {
      this.#link(run, class_);
    }
  }

  /** Bytes of the cell at the address, which has been given out. */
  cellBytesAt(address: Address): number {
    return cellBytesOfClass(this.#runClass[this.#runOfBlock[address >>> BLOCK_SHIFT]!]!);
  }

  statistics(): ArenaStatistics {
    return {
      quotaBytes: this.quotaBytes,
      arenaBytes: this.#arenaBytes,
      runBytes: this.#runBytes,
      cellBytes: this.#cellBytes,
    };
  }

  #hasFreshRoom(run: number, class_: number, cellUnits: number): boolean {
    const endUnits = (run << BLOCK_SHIFT) + runBlocksOfClass(class_) * BLOCK_UNITS;
    return this.#runFresh[run]! + cellUnits <= endUnits;
  }

  #addRun(class_: number, beyondQuota: boolean): number {
    const blocks = runBlocksOfClass(class_);
    let first = this.#takeBlocks(blocks);
    while (first < 0) {
      if (!this.#addSlab(blocks, beyondQuota)) return -1;
      first = this.#takeBlocks(blocks);
    }
    this.#runClass[first] = class_;
    // The very first unit of the arena is address 0: that one cell is left out.
    this.#runFresh[first] = first === 0 ? cellBytesOfClass(class_) >>> 3 : first << BLOCK_SHIFT;
    this.#runFreed[first] = NO_ADDRESS;
    this.#runUsedCells[first] = 0;
    for (let block = first; block < first + blocks; block++) this.#runOfBlock[block] = first;
    this.#runBytes += blocks * BLOCK_BYTES;
    this.#link(first, class_);
    return first;
  }

  #removeRun(run: number, class_: number, linked: boolean): void {
    // The last run of a class stays: freeing and allocating one cell in turn must not thrash.
    if (linked && this.#classHead[class_] === run && this.#runNext[run]! < 0) return;
    if (!linked) {
      if (this.#classHead[class_]! < 0) {
        this.#link(run, class_);
        return;
      }
    } else {
      this.#unlink(run, class_);
    }
    const blocks = runBlocksOfClass(class_);
    for (let block = run; block < run + blocks; block++) this.#runOfBlock[block] = -1;
    this.#slabFreeBlocks[Math.floor(run / BLOCKS_PER_SLAB)]! += blocks;
    this.#runBytes -= blocks * BLOCK_BYTES;
  }

  /** First fit over the slabs; runs come and go rarely, cells often. */
  #takeBlocks(count: number): number {
    for (let slab = 0; slab < this.bytes.length; slab++) {
      if (this.#slabFreeBlocks[slab]! < count) continue;
      const start = slab * BLOCKS_PER_SLAB;
      const end = start + this.#slabBlocks[slab]!;
      let run = 0;
      for (let block = start; block < end; block++) {
        run = this.#runOfBlock[block]! < 0 ? run + 1 : 0;
        if (run === count) {
          this.#slabFreeBlocks[slab]! -= count;
          return block - count + 1;
        }
      }
    }
    return -1;
  }

  #addSlab(blocksNeeded: number, beyondQuota: boolean): boolean {
    const slab = this.bytes.length;
    if (slab === SLAB_COUNT_MAX) return false;
    let sizeBytes = Math.min(SLAB_BYTES_MAX, SLAB_BYTES_MIN * 2 ** Math.min(slab, 16));
    while (sizeBytes < blocksNeeded * BLOCK_BYTES) sizeBytes *= 2;
    assert(sizeBytes <= SLAB_BYTES_MAX, 'a cell fits into a slab');
    while (!beyondQuota && this.#arenaBytes + sizeBytes > this.quotaBytes) {
      sizeBytes /= 2;
      if (sizeBytes < blocksNeeded * BLOCK_BYTES || sizeBytes < SLAB_BYTES_MIN) return false;
    }
    const memory = new SharedArrayBuffer(sizeBytes);
    this.bytes.push(new Uint8Array(memory));
    this.words.push(new Uint32Array(memory));
    this.doubles.push(new Float64Array(memory));
    this.#slabBlocks.push(sizeBytes / BLOCK_BYTES);
    this.#slabFreeBlocks.push(sizeBytes / BLOCK_BYTES);
    this.#arenaBytes += sizeBytes;
    this.#growTables((slab + 1) * BLOCKS_PER_SLAB);
    return true;
  }

  #growTables(blocks: number): void {
    if (blocks <= this.#runOfBlock.length) return;
    const size = Math.max(blocks, this.#runOfBlock.length * 2);
    const runOfBlock = new Int32Array(size).fill(-1);
    runOfBlock.set(this.#runOfBlock);
    this.#runOfBlock = runOfBlock;
    this.#runClass = grown(this.#runClass, new Uint8Array(size));
    this.#runFresh = grown(this.#runFresh, new Uint32Array(size));
    this.#runFreed = grown(this.#runFreed, new Uint32Array(size));
    this.#runUsedCells = grown(this.#runUsedCells, new Uint32Array(size));
    this.#runPrevious = grown(this.#runPrevious, new Int32Array(size));
    this.#runNext = grown(this.#runNext, new Int32Array(size));
  }

  #link(run: number, class_: number): void {
    const head = this.#classHead[class_]!;
    this.#runPrevious[run] = -1;
    this.#runNext[run] = head;
    if (head >= 0) this.#runPrevious[head] = run;
    this.#classHead[class_] = run;
  }

  #unlink(run: number, class_: number): void {
    const previous = this.#runPrevious[run]!;
    const next = this.#runNext[run]!;
    if (previous >= 0) this.#runNext[previous] = next;
    else this.#classHead[class_] = next;
    if (next >= 0) this.#runPrevious[next] = previous;
  }
}

function grown<Table extends Uint8Array | Uint32Array | Int32Array>(from: Table, to: Table): Table {
  to.set(from);
  return to;
}
