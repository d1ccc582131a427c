/**
 * Replies on their way out: buffers that are filled in a turn, sent in one write, and used again.
 * Invariant: a buffer is either being filled, or owned by the stream, or in the pool.
 */
import { ByteWriter } from '../../base/index.ts';

const BUFFER_BYTES = 32 * 1024;
/** Larger buffers are left to the collector: one big reply must not be paid for for ever. */
const KEPT_BYTES_MAX = 1024 * 1024;
const POOL_SIZE_MAX = 64;

export class BufferPool {
  readonly #free: ByteWriter[] = [];

  take(): ByteWriter {
    return this.#free.pop() ?? new ByteWriter(BUFFER_BYTES);
  }

  give(buffer: ByteWriter): void {
    if (buffer.bytes.length > KEPT_BYTES_MAX || this.#free.length >= POOL_SIZE_MAX) return;
    buffer.reset();
    this.#free.push(buffer);
  }
}
