/**
 * Replies of one connection to requests that wait for one log batch. They are encoded when the change is applied and
 * sent when the batch settles; if it fails, each request gets the error instead.
 */
import { type BoxError, type ByteWriter, defined } from '../../base/index.ts';
import { writeErrorResponse } from '../../codec/iproto/index.ts';
import type { CommitBatch, CommitListener } from '../../engine/txn/index.ts';

export interface PendingOwner {
  /** Takes the encoded replies over. */
  sendSettled(replies: ByteWriter): void;
  readonly schemaVersion: number;
  repliesSettled(pending: PendingReplies, count: number): void;
}

export class PendingReplies implements CommitListener {
  readonly #owner: PendingOwner;
  #writer: ByteWriter | null = null;
  batch: CommitBatch | null = null;
  /** Syncs of the requests, high and low word in turn. */
  #syncs: Uint32Array = new Uint32Array(128);
  #count = 0;

  constructor(owner: PendingOwner) {
    this.#owner = owner;
  }

  /** Where the next reply is written. */
  get writer(): ByteWriter {
    return defined(this.#writer, 'the buffer of replies that wait');
  }

  /** Joins the batch; until it settles, replies may be added to the buffer. */
  start(batch: CommitBatch, writer: ByteWriter): void {
    this.batch = batch;
    this.#writer = writer;
    this.#count = 0;
    batch.listeners.push(this);
  }

  addSync(high: number, low: number): void {
    const at = this.#count++ * 2;
    if (at === this.#syncs.length) {
      const grown = new Uint32Array(at * 2);
      grown.set(this.#syncs);
      this.#syncs = grown;
    }
    this.#syncs[at] = high;
    this.#syncs[at + 1] = low;
  }

  settled(error: BoxError | null): void {
    const { writer } = this;
    if (error !== null) {
      writer.reset();
      for (let index = 0; index < this.#count; index++) {
        const high = this.#syncs[index * 2]!;
        const low = this.#syncs[index * 2 + 1]!;
        writeErrorResponse(writer, error, high, low, this.#owner.schemaVersion);
      }
    }
    this.batch = null;
    this.#writer = null;
    this.#owner.sendSettled(writer);
    this.#owner.repliesSettled(this, this.#count);
  }
}
