/**
 * One iproto connection: bytes in, replies out.
 *
 * Requests are executed as their bytes come; their replies go to one buffer that leaves in one write at the end of the
 * turn, or, if they wait for the log, when their batch has settled.
 * Invariants: (1) a reply is sent once, and never before its change is as durable as promised; (2) a peer that does
 * not read its replies is not read from: queued output is bounded by `connectionOutputBytesMax` and the replies of one
 * chunk; (3) a broken frame closes the connection after the replies to what came before it.
 */
import { BoxError, type ByteWriter } from '../../base/index.ts';
import { FrameDecoder, type RequestDecoder, writeErrorResponse } from '../../codec/iproto/index.ts';
import { LIMITS } from '../../config/index.ts';
import type { Stream } from '../../env/index.ts';
import type { Box, InteractiveTransaction, LargeSelection, NetworkCounters, Session } from '../../engine/box/index.ts';
import type { CommitBatch } from '../../engine/txn/index.ts';
import type { BufferPool } from './output.ts';
import { LargeReplies } from './large-replies.ts';
import { type PendingOwner, PendingReplies } from './pending-replies.ts';
import type { SlicedWork, WorkStep } from './sliced-work.ts';
import { ConnectionWatchers } from './connection-watchers.ts';

/** Who takes a connection over that serves no requests any more. */
export interface ConnectionTaker {
  packet(bytes: Uint8Array, start: number, end: number): void;
  drained(): void;
  closed(): void;
}

/** Large replies of one connection that wait for each other; beyond it no more of its requests are read. */
const LARGE_REPLIES_MAX = 8;

/** What a connection needs of the server it belongs to. */
export interface ConnectionHost {
  readonly pool: BufferPool;
  readonly schemaVersion: number;
  readonly packetBytesMax: number;
  nowMs(): number;
  /** Shared by all connections: gathered requests are executed before the call that brought them returns. */
  readonly decoders: readonly RequestDecoder[];
  /** Sees requests that will be executed next, all together. */
  foresee(requests: readonly RequestDecoder[], count: number): void;
  readonly traffic: NetworkCounters;
  /** Work of all connections that is too long for one turn. */
  readonly work: SlicedWork;
  /** Executes the request in the decoder and writes its reply. */
  execute(connection: IprotoConnection): void;
  /** The connection has output to send at the end of the turn. */
  scheduleFlush(connection: IprotoConnection): void;
  requestsWait(count: number): void;
  closed(connection: IprotoConnection): void;
  /** A failure that is no answer to a request: the instance must know. */
  failed(error: unknown): void;
}

/** Output that is sent without waiting for the end of the turn. */
const EARLY_SEND_BYTES = 128 * 1024;

export class IprotoConnection implements PendingOwner {
  /** The request that is being executed. */
  request: RequestDecoder;
  readonly session: Session;
  /** Open transactions by stream id. */
  readonly streams = new Map<number, InteractiveTransaction>();
  openWatchers: ConnectionWatchers | null = null;
  /** What AUTH proves itself against. */
  readonly salt: Uint8Array;
  readonly #host: ConnectionHost;
  readonly #stream: Stream;
  readonly #decoder: FrameDecoder;
  /** The chunk that is being cut into packets, and how many of its requests have been gathered. */
  #chunk: Uint8Array | null = null;
  #gathered = 0;
  /** Taken from the pool when there is something to send: idle connections hold none. */
  #output: ByteWriter | null = null;
  #flushScheduled = false;
  readonly #freePending: PendingReplies[] = [];
  #pending: PendingReplies | null = null;
  #waiting = 0;
  #isPausedForOutput = false;
  #isPausedForLog = false;
  #isPausedForLargeReplies = false;
  #largeReplies: LargeReplies | null = null;
  #taker: ConnectionTaker | null = null;
  #peerEnded = false;
  /** Nothing is taken from the peer any more. */
  #isClosing = false;
  #isClosed = false;

  constructor(host: ConnectionHost, stream: Stream, session: Session, salt: Uint8Array) {
    this.#host = host;
    this.#stream = stream;
    this.session = session;
    session.descriptor = stream.descriptor ?? -1;
    this.salt = salt;
    this.request = host.decoders[0]!;
    this.#decoder = new FrameDecoder((bytes, start, end) => this.#packet(bytes, start, end), host.packetBytesMax);
  }

  get schemaVersion(): number {
    return this.#host.schemaVersion;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  nowMs(): number {
    return this.#host.nowMs();
  }

  /** What the connection watches; made when it begins to. */
  watchers(box: Box): ConnectionWatchers {
    this.openWatchers ??= new ConnectionWatchers(box, this);
    return this.openWatchers;
  }

  start(): void {
    this.#stream.start({
      onData: (chunk) => this.#data(chunk),
      onEnd: () => this.#ended(),
      onDrain: () => this.#drained(),
      onClose: () => this.#closed(),
    });
  }

  /** Where the reply of a request that need not wait is written. */
  get output(): ByteWriter {
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      this.#host.scheduleFlush(this);
    }
    this.#output ??= this.#host.pool.take();
    return this.#output;
  }

  /** Where the reply of the request in the decoder is written if its change belongs to the batch. */
  outputAfter(batch: CommitBatch): ByteWriter {
    return this.outputAfterFor(batch, this.request.syncHigh, this.request.syncLow);
  }

  /** The same for an earlier request. */
  outputAfterFor(batch: CommitBatch, syncHigh: number, syncLow: number): ByteWriter {
    let pending = this.#pending;
    if (pending === null || pending.batch !== batch) {
      pending = this.#freePending.pop() ?? new PendingReplies(this);
      pending.start(batch, this.#host.pool.take());
      this.#pending = pending;
    }
    pending.addSync(syncHigh, syncLow);
    this.#waiting++;
    this.#host.requestsWait(1);
    return pending.writer;
  }

  sendSettled(replies: ByteWriter): void {
    if (this.#isClosed) {
      this.#host.pool.give(replies);
      return;
    }
    const output = this.output;
    if (output.position === 0) {
      this.#output = replies;
      this.#host.pool.give(output);
      return;
    }
    output.writeBytes(replies.bytes, 0, replies.position);
    this.#host.pool.give(replies);
  }

  repliesSettled(pending: PendingReplies, count: number): void {
    if (this.#pending === pending) this.#pending = null;
    this.#waiting -= count;
    this.#host.requestsWait(-count);
    this.#freePending.push(pending);
    if (this.#peerEnded) this.#endWhenAnswered();
  }

  /** A request of another kind (a procedure that waits) holds the connection open until `delta` is taken back. */
  requestWaits(delta: 1 | -1): void {
    this.#waiting += delta;
    this.#host.requestsWait(delta);
    if (delta < 0 && this.#peerEnded) this.#endWhenAnswered();
  }

  /** The same for a reply that waits for this peer, which must not count against the others. */
  replyWaits(delta: 1 | -1): void {
    this.#waiting += delta;
    if (delta < 0 && this.#peerEnded) this.#endWhenAnswered();
  }

  /** Sends what is in the output buffer. Called by the server at the end of the turn. */
  flush(): void {
    this.#flushScheduled = false;
    if (this.#isClosed) return;
    this.#send();
    if (this.#peerEnded) this.#endWhenAnswered();
  }

  #send(): void {
    const full = this.#output;
    if (full === null) return;
    this.#output = null;
    if (full.position === 0) {
      this.#host.pool.give(full);
      return;
    }
    this.#host.traffic.sentBytes += full.position;
    const queued = this.#stream.write(full.written(), () => this.#host.pool.give(full));
    this.#pauseIfFull(queued);
  }

  /** Stops or resumes reading because the log has enough, or again too little, to do. */
  pauseForLog(paused: boolean): void {
    if (this.#isPausedForLog === paused || this.#isClosed) return;
    this.#isPausedForLog = paused;
    if (paused) this.#stream.pause();
    else this.#resume();
  }

  /** Whether the peer has taken most of what it was sent; `onDrain` follows if not. */
  get takesReplies(): boolean {
    return this.#stream.queuedBytes <= LIMITS.connectionOutputBytesMax;
  }

  /** Replies to a SELECT that is too large for this turn. Too many of them stop reading. */
  replyLarge(selection: LargeSelection): void {
    this.#largeReplies ??= new LargeReplies(this);
    this.#largeReplies.add(selection, this.request.syncHigh, this.request.syncLow);
    if (this.#isPausedForLargeReplies || this.#largeReplies.count < LARGE_REPLIES_MAX) return;
    this.#isPausedForLargeReplies = true;
    this.#stream.pause();
  }

  largeReplyDone(): void {
    if (!this.#isPausedForLargeReplies || this.#isClosed) return;
    this.#isPausedForLargeReplies = false;
    this.#resume();
  }

  /** Does the work in slices; requests go on meanwhile. */
  inSlices(step: WorkStep): void {
    this.#host.work.add(step);
  }

  /** Sends a packet in pieces, which are the connection's from now on. */
  sendPieces(pieces: readonly ByteWriter[]): void {
    if (this.#isClosed) return;
    let queued = 0;
    for (const piece of pieces) {
      this.#host.traffic.sentBytes += piece.position;
      queued = this.#stream.write(piece.written());
    }
    this.#pauseIfFull(queued);
  }

  /** Packets go to the taker from now on; null: they are requests again. */
  takeOver(taker: ConnectionTaker | null): void {
    this.#taker = taker;
  }

  /** Sends packets behind what has been written; the bytes are the connection's from now on. */
  sendPackets(packets: Uint8Array): void {
    if (this.#isClosed) return;
    this.#send();
    this.#host.traffic.sentBytes += packets.length;
    this.#stream.write(packets);
  }

  get queuedBytes(): number {
    return this.#stream.queuedBytes;
  }

  /** For a failure that is no answer. */
  fail(error: unknown): void {
    this.#host.failed(error);
  }

  writeError(error: BoxError): void {
    this.writeErrorTo(error, this.request.syncHigh, this.request.syncLow);
  }

  writeErrorTo(error: BoxError, syncHigh: number, syncLow: number): void {
    if (!this.#isClosed) writeErrorResponse(this.output, error, syncHigh, syncLow, this.#host.schemaVersion);
  }

  /** Closes the connection once what it was told has been sent. */
  close(): void {
    this.#isClosing = true;
    this.#decoder.stop();
    this.flush();
    if (!this.#isClosed) this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #data(chunk: Uint8Array): void {
    this.#host.traffic.receivedBytes += chunk.length;
    try {
      this.#chunk = chunk;
      try {
        this.#decoder.push(chunk);
      } finally {
        this.#executeGathered();
        this.#chunk = null;
      }
    } catch (error) {
      if (!(error instanceof BoxError)) {
        this.#host.failed(error);
        return;
      }
      this.writeErrorTo(error, 0, 0);
      this.close();
    }
  }

  /** Gathers requests that lie in the chunk; one that was put together from several chunks is executed at once. */
  #packet(bytes: Uint8Array, start: number, end: number): void {
    if (this.#giveAway(bytes, start, end)) return;
    const { decoders } = this.#host;
    const decoder = decoders[this.#gathered++]!;
    const error = decoder.decodeHeader(bytes, start, end);
    decoder.packetStart = start;
    if (error !== null) {
      this.#gathered--;
      this.#executeGathered();
      if (this.#isClosing || this.#giveAway(bytes, start, end)) return;
      this.request = decoder;
      this.writeError(error);
    } else if (this.#gathered === decoders.length || bytes !== this.#chunk) {
      this.#executeGathered();
    }
  }

  /** Whether the packet was somebody's who has taken the connection over. */
  #giveAway(bytes: Uint8Array, start: number, end: number): boolean {
    const taker = this.#taker;
    taker?.packet(bytes, start, end);
    return taker !== null;
  }

  #executeGathered(): void {
    const count = this.#gathered;
    this.#gathered = 0;
    const { decoders } = this.#host;
    if (count > 1) this.#host.foresee(decoders, count);
    for (let at = 0; at < count && !this.#isClosed && !this.#isClosing; at++) {
      const request = decoders[at]!;
      // One of those before may have given the connection away.
      if (this.#giveAway(request.bytes, request.packetStart, request.end)) continue;
      this.request = request;
      this.#host.execute(this);
      // Long replies leave before the turn ends: the peer reads while we write, and no buffer grows beyond what it takes.
      if (this.#output !== null && this.#output.position >= EARLY_SEND_BYTES && !this.#isClosed) this.#send();
    }
  }

  #pauseIfFull(queuedBytes: number): void {
    if (queuedBytes <= LIMITS.connectionOutputBytesMax || this.#isPausedForOutput) return;
    this.#isPausedForOutput = true;
    this.#stream.pause();
  }

  #resume(): void {
    if (!this.#isPausedForOutput && !this.#isPausedForLog && !this.#isPausedForLargeReplies) this.#stream.resume();
  }

  #ended(): void {
    this.#peerEnded = true;
    this.#endWhenAnswered();
  }

  #endWhenAnswered(): void {
    if (this.#waiting > 0 || this.#isClosed || (this.#output?.position ?? 0) > 0) return;
    this.#stream.end();
  }

  #drained(): void {
    this.#largeReplies?.proceed();
    this.#taker?.drained();
    if (!this.#isPausedForOutput) return;
    this.#isPausedForOutput = false;
    this.#resume();
  }

  #closed(): void {
    this.#isClosed = true;
    this.#decoder.stop();
    for (const transaction of this.streams.values()) transaction.rollback();
    this.streams.clear();
    this.openWatchers?.unwatchAll();
    this.#taker?.closed();
    this.#largeReplies?.proceed();
    if (this.#output !== null) this.#host.pool.give(this.#output);
    this.#output = null;
    this.#host.closed(this);
  }
}
