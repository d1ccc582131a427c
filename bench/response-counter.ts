/**
 * Counts responses in a byte stream by their lengths alone, at any chunking, and looks at each status so that an error
 * is never counted as work.
 */
const HEAD_BYTES = 12;
const STATUS_OFFSET = 8;

export class ResponseCounter {
  /** Whole responses so far. */
  responses = 0;
  /** Bytes of them, without the length prefixes. */
  bytes = 0;
  errors = 0;
  /** The status of the first error, 0x8000 | code. */
  firstError = 0;
  /** Bytes of the current response that are still to come. */
  #left = 0;
  /** The beginning of a response that a chunk cut. */
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headLength = 0;

  /** Takes `chunk[0, end)`. */
  add(chunk: Buffer, end: number): void {
    let position = this.#finishCut(chunk, end);
    while (position < end) {
      if (end - position < HEAD_BYTES) {
        this.#headLength = chunk.copy(this.#head, 0, position, end);
        return;
      }
      this.#begin(chunk, position);
      const next = position + this.#left + 5;
      if (next > end) {
        this.#left = next - end;
        return;
      }
      this.#left = 0;
      this.responses += 1;
      position = next;
    }
  }

  /** Goes on with what the chunk before left open; returns where the next response begins. */
  #finishCut(chunk: Buffer, end: number): number {
    let position = 0;
    if (this.#headLength > 0) {
      const copied = chunk.copy(this.#head, this.#headLength, 0, Math.min(end, HEAD_BYTES - this.#headLength));
      position = copied;
      this.#headLength += copied;
      if (this.#headLength < HEAD_BYTES) return end;
      this.#begin(this.#head, 0);
      this.#left -= HEAD_BYTES - 5;
      this.#headLength = 0;
      if (this.#left === 0) this.responses += 1;
    }
    if (this.#left === 0) return position;
    const step = Math.min(this.#left, end - position);
    this.#left -= step;
    if (this.#left === 0) this.responses += 1;
    return position + step;
  }

  #begin(bytes: Buffer, at: number): void {
    // A length of 4 bytes, then a header whose first entry is the status as 4 bytes: what both servers write.
    if (bytes[at] !== 0xce || bytes[at + 6] !== 0 || bytes[at + 7] !== 0xce) {
      throw new Error(`not a response: ${bytes.toString('hex', at, at + HEAD_BYTES)}`);
    }
    this.#left = bytes.readUInt32BE(at + 1);
    this.bytes += this.#left;
    const status = bytes.readUInt32BE(at + STATUS_OFFSET);
    if (status !== 0) {
      this.errors += 1;
      if (this.firstError === 0) this.firstError = status;
    }
  }
}
