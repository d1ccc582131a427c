/**
 * Replies to SELECT that are too large for one turn. One at a time is gathered for a connection, in slices, and leaves as
 * one frame, because the length of a frame stands at its beginning.
 * Invariants: (1) gathering begins when the peer has taken most of what it was sent, so that a peer that does not read
 * costs one reply, and a read view for each one that waits; (2) a reply is as large as a frame may be at most; (3) its
 * memory is made of pieces, which are sent as they are and never copied together.
 */
import { BoxError, boxError, ByteWriter } from '../../base/index.ts';
import { beginDataResponse, endDataResponse } from '../../codec/iproto/index.ts';
import { LIMITS } from '../../config/index.ts';
import type { LargeSelection } from '../../engine/box/index.ts';
import type { WorkStep } from './sliced-work.ts';

/** `ce` and four bytes, in front of a packet. */
const LENGTH_BYTES = 5;
const PIECE_BYTES = 1024 * 1024;
/** What a step may do: it copies for less than a millisecond. */
const STEP = { tuples: 500, bytes: 256 * 1024 } as const;

type Reply = Readonly<{ selection: LargeSelection; syncHigh: number; syncLow: number }>;

/** The connection, as its large replies see it. */
export interface LargeReplyOwner {
  readonly isClosed: boolean;
  readonly takesReplies: boolean;
  readonly schemaVersion: number;
  replyWaits(delta: 1 | -1): void;
  inSlices(step: WorkStep): void;
  sendPieces(pieces: readonly ByteWriter[]): void;
  writeErrorTo(error: BoxError, syncHigh: number, syncLow: number): void;
  largeReplyDone(): void;
  fail(error: unknown): void;
}

export class LargeReplies {
  readonly #connection: LargeReplyOwner;
  readonly #queue: Reply[] = [];
  #pieces: ByteWriter[] = [];
  #bytes = 0;
  #isGathering = false;

  constructor(connection: LargeReplyOwner) {
    this.#connection = connection;
  }

  get count(): number {
    return this.#queue.length;
  }

  add(selection: LargeSelection, syncHigh: number, syncLow: number): void {
    this.#queue.push({ selection, syncHigh, syncLow });
    this.#connection.replyWaits(1);
    this.proceed();
  }

  /** Goes on, if there is anything to do and the peer reads. */
  proceed(): void {
    if (this.#isGathering || this.#queue.length === 0) return;
    if (!this.#connection.isClosed && !this.#connection.takesReplies) return;
    this.#isGathering = true;
    this.#connection.inSlices(() => this.#step());
  }

  #step(): boolean {
    const reply = this.#queue[0];
    if (reply === undefined || this.#connection.isClosed) return this.#abandon();
    try {
      const piece = this.#piece();
      const before = piece.position;
      const hasMore = reply.selection.advance(piece, STEP);
      this.#bytes += piece.position - before;
      if (this.#bytes > LIMITS.frameBytesMax - PIECE_BYTES) {
        throw boxError('MEMORY_ISSUE', this.#bytes, 'iproto', 'reply to SELECT');
      }
      if (hasMore) return true;
      this.#send(reply);
    } catch (error) {
      if (error instanceof BoxError) this.#connection.writeErrorTo(error, reply.syncHigh, reply.syncLow);
      else this.#connection.fail(error);
    }
    this.#finish();
    return false;
  }

  /** The piece to write to; the first has room for the header. */
  #piece(): ByteWriter {
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.position < PIECE_BYTES) return last;
    const piece = new ByteWriter(PIECE_BYTES + STEP.bytes);
    if (last === undefined) beginDataResponse(piece);
    this.#pieces.push(piece);
    return piece;
  }

  #send({ selection, syncHigh, syncLow }: Reply): void {
    const first = this.#pieces[0]!;
    endDataResponse(first, 0, selection.count, syncHigh, syncLow, this.#connection.schemaVersion);
    const totalBytes = this.#pieces.reduce((sum, piece) => sum + piece.position, 0);
    first.view.setUint32(1, totalBytes - LENGTH_BYTES);
    this.#connection.sendPieces(this.#pieces);
  }

  #finish(): void {
    this.#queue.shift()?.selection.close();
    this.#pieces = [];
    this.#bytes = 0;
    this.#isGathering = false;
    this.#connection.replyWaits(-1);
    this.#connection.largeReplyDone();
    this.proceed();
  }

  #abandon(): boolean {
    this.#pieces = [];
    this.#isGathering = false;
    for (const { selection } of this.#queue.splice(0)) {
      selection.close();
      this.#connection.replyWaits(-1);
    }
    return false;
  }
}
