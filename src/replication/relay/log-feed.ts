/**
 * What was written to the log last, as packets: encoded once, sent to every replica that is up to date.
 *
 * Invariants: (1) chunks follow each other without a gap, each begins where the one before it ended; (2) a chunk holds
 * whole transactions, and is not changed any more; (3) the bytes kept are bounded, the oldest go first, and whoever needs
 * them still reads the files. Nothing is encoded while nobody follows.
 */
import { ByteWriter } from '../../base/index.ts';
import { RowReader, type Vclock, vclockIsCoveredBy } from '../../codec/xlog/index.ts';
import { RowFramer } from './row-framer.ts';

export type FeedChunk = Readonly<{
  /** Grows by one with each chunk. */
  sequence: number;
  packets: Uint8Array;
  vclockBefore: Vclock;
  vclockAfter: Vclock;
  /** Bit `id` is set if rows of that replica are among them. */
  origins: number;
}>;

export class LogFeed {
  readonly #bytesMax: number;
  readonly #followers = new Set<() => void>();
  #chunks: FeedChunk[] = [];
  #bytes = 0;
  #nextSequence = 1;
  readonly #row = new RowReader();

  /** `bytesMax`: what is kept for those who have not sent it yet. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Calls back with each chunk from now on; returns what ends it. */
  follow(onChunk: () => void): () => void {
    this.#followers.add(onChunk);
    return () => {
      this.#followers.delete(onChunk);
      if (this.#followers.size > 0) return;
      this.#chunks = [];
      this.#bytes = 0;
    };
  }

  /** Takes rows that were written; `rows` is not kept. */
  add(rows: Uint8Array, vclockBefore: Vclock, vclockAfter: Vclock): void {
    if (this.#followers.size === 0) return;
    const writer = new ByteWriter(rows.length + Math.max(64, rows.length >> 3));
    const framer = new RowFramer();
    const row = this.#row;
    let origins = 0;
    row.reset(rows);
    while (row.next() === 'row') {
      framer.add(row, writer);
      origins |= 1 << row.replicaId;
    }
    const sequence = this.#nextSequence++;
    this.#chunks.push({ sequence, packets: writer.written(), vclockBefore, vclockAfter, origins });
    this.#bytes += writer.position;
    while (this.#bytes > this.#bytesMax && this.#chunks.length > 1) {
      this.#bytes -= this.#chunks.shift()!.packets.length;
    }
    for (const follower of this.#followers) follower();
  }

  /**
   * The number of the chunk that goes on from a state: the first that has something beyond it, or the one that will come
   * next. Null if chunks before it are not here any more, or were never.
   */
  continuationOf(vclock: Vclock, durable: Vclock): number | null {
    const first = this.#chunks[0];
    if (first === undefined || !covers(vclock, first.vclockBefore)) {
      return covers(vclock, durable) ? this.#nextSequence : null;
    }
    const chunk = this.#chunks.find(({ vclockAfter }) => !covers(vclock, vclockAfter));
    return chunk?.sequence ?? this.#nextSequence;
  }

  /** The chunk with this number: null if it has gone, undefined if it has not come yet. */
  chunk(sequence: number): FeedChunk | null | undefined {
    if (sequence >= this.#nextSequence) return undefined;
    const first = this.#chunks[0]?.sequence ?? this.#nextSequence;
    return this.#chunks[sequence - first] ?? null;
  }
}

/** Whether a replica with this state has all that the other has; local rows do not count. */
export function covers(vclock: Vclock, other: Vclock): boolean {
  return vclockIsCoveredBy([0, ...other.slice(1)], vclock);
}
