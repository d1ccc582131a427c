/**
 * Gathers what one turn of the event loop writes into one write to the stream.
 * Invariant: bytes handed to the stream are not touched until the stream has given them back.
 */
import { ByteWriter } from '../base/index.ts';
import type { Stream, Timers } from '../env/index.ts';

/** A turn that writes more than this does not wait for its end. */
const EAGER_FLUSH_BYTES = 256 * 1024;
/** A buffer that grew beyond this is not used again. */
const KEPT_BYTES_MAX = 1024 * 1024;
const SPARE_BUFFERS_MAX = 4;

export class OutgoingBuffer {
  readonly #stream: Stream;
  readonly #timers: Timers;
  readonly #spare: ByteWriter[] = [];
  #writer = new ByteWriter(4096);
  #isScheduled = false;
  #isClosed = false;

  constructor(stream: Stream, timers: Timers) {
    this.#stream = stream;
    this.#timers = timers;
  }

  /** Where to write; take it anew for each packet, and call `written` after it. */
  get writer(): ByteWriter {
    return this.#writer;
  }

  /** Bytes that the peer has not taken yet. */
  get waitingBytes(): number {
    return this.#writer.position + this.#stream.queuedBytes;
  }

  written(): void {
    if (this.#writer.position >= EAGER_FLUSH_BYTES) {
      this.flush();
    } else if (!this.#isScheduled) {
      this.#isScheduled = true;
      this.#timers.endOfTurn(() => {
        this.#isScheduled = false;
        this.flush();
      });
    }
  }

  flush(): void {
    const writer = this.#writer;
    if (writer.position === 0 || this.#isClosed) return;
    this.#writer = this.#spare.pop() ?? new ByteWriter(4096);
    this.#stream.write(writer.written(), () => {
      writer.reset();
      if (writer.bytes.length <= KEPT_BYTES_MAX && this.#spare.length < SPARE_BUFFERS_MAX) this.#spare.push(writer);
    });
  }

  /** Nothing is sent from now on. */
  close(): void {
    this.#isClosed = true;
  }
}
