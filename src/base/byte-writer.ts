/**
 * A growing byte buffer with a write position; the target of every encoder.
 * Invariants: `position <= bytes.length`; `bytes` and `view` cover the same memory; growing keeps what was written.
 * The fields are public because encoders on the hot path write through them after one `ensure`.
 */
export class ByteWriter {
  bytes: Uint8Array;
  view: DataView;
  position = 0;

  readonly #isShared: boolean;

  /** `isShared`: the memory can be read by workers while it stays here. */
  constructor(initialBytes = 1024, isShared = false) {
    this.#isShared = isShared;
    this.bytes = allocateBytes(initialBytes, isShared);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
  }

  /** Makes room for `count` more bytes. */
  ensure(count: number): void {
    if (this.position + count > this.bytes.length) this.#grow(this.position + count);
  }

  reset(): void {
    this.position = 0;
  }

  writeByte(value: number): void {
    this.ensure(1);
    this.bytes[this.position++] = value;
  }

  /** Appends `source[start, end)`. Short runs are copied in a loop: a subarray object would cost more than the bytes. */
  writeBytes(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.ensure(count);
    copyBytes(source, start, this.bytes, this.position, count);
    this.position += count;
  }

  /** The bytes written so far, a view that the next write may overwrite. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.position);
  }

  /** The bytes written so far, copied. */
  toBytes(): Uint8Array {
    return this.bytes.slice(0, this.position);
  }

  #grow(needed: number): void {
    let size = Math.max(64, this.bytes.length * 2);
    while (size < needed) size *= 2;
    const grown = allocateBytes(size, this.#isShared);
    grown.set(this.bytes.subarray(0, this.position));
    this.bytes = grown;
    this.view = new DataView(grown.buffer, grown.byteOffset, grown.length);
  }
}

const LOOP_COPY_BYTES_MAX = 16;
/**
 * Measured on Node 26 for 108 bytes: 25 ns, against 45 ns for `set` with a subarray (which allocates) and 86 ns for a
 * loop. On Node 20 it is no worse than `set`.
 */
const copyRun = Buffer.prototype.copy;

/** Copies `count` bytes between arrays that do not overlap. */
export function copyBytes(
  source: Uint8Array,
  sourceStart: number,
  target: Uint8Array,
  targetStart: number,
  count: number,
): void {
  if (count <= LOOP_COPY_BYTES_MAX) {
    for (let index = 0; index < count; index++) target[targetStart + index] = source[sourceStart + index]!;
  } else {
    copyRun.call(source, target, targetStart, sourceStart, sourceStart + count);
  }
}

function allocateBytes(size: number, isShared: boolean): Uint8Array {
  return isShared ? new Uint8Array(new SharedArrayBuffer(size)) : new Uint8Array(size);
}
