/**
 * A relay: sends one replica everything that is written here, from the state that it named on, until the connection ends.
 *
 * Old rows come from the log's files, read by a worker; once the replica is where the log is, it gets the packets that
 * all replicas get. One that falls behind goes back to the files: a slow replica costs no memory and slows no writer.
 * Invariants: (1) transactions go out whole, in the order of the log; (2) nothing is sent that is not durable; (3) what
 * waits for the peer is bounded; (4) an end, by whatever side, is told once.
 */
import { type BoxError, ByteWriter, boxErrorWith, BoxError as RelayError } from '../../base/index.ts';
import { BODY_KEY, decodeUnsignedField, decodeVclockAnswer, encodeHeartbeat } from '../../codec/iproto/index.ts';
import { formatVclock, RowReader, type Vclock, vclockSignature } from '../../codec/xlog/index.ts';
import type { Env, TimerHandle } from '../../env/index.ts';
import type { FileReading, LogFilesReading } from './log-files-reading.ts';
import { covers, type FeedChunk, type LogFeed } from './log-feed.ts';
import { passes, type RowFilter } from './row-framer.ts';

/** A peer that says nothing for so many heartbeats is gone. */
const SILENT_HEARTBEATS_MAX = 4;
const LENGTH_BYTES = 5;
const ER_PROC_LUA = 32;

/** The replica's end of the connection. */
export interface Downstream {
  readonly peer: string;
  /** The bytes belong to the connection from now on, and are not changed by it. */
  write(bytes: Uint8Array): void;
  readonly queuedBytes: number;
  /** Tells the peer why, and closes. */
  fail(error: BoxError): void;
}

export type Subscription = Readonly<{
  replicaUuid: string;
  /** 0 for an anonymous replica. */
  replicaId: number;
  /** As SUBSCRIBE told it. */
  version: number;
  vclock: Vclock;
  filter: RowFilter;
  /** The SUBSCRIBE's; echoed by packets that are not rows. */
  sync: number;
}>;

export type RelayNeeds = Readonly<{
  env: Env;
  feed: LogFeed;
  files: LogFilesReading;
  durableVclock: () => Vclock;
  ownReplicaId: () => number;
  timeoutMs: () => number;
  /** What the peer has not taken yet; beyond it nothing more is queued for it. */
  queuedBytesMax: number;
  /** The replica has written everything up to there. */
  onAck: (relay: Relay) => void;
  onEnd: (relay: Relay, error: BoxError | null) => void;
}>;

export class Relay {
  readonly subscription: Subscription;
  readonly peer: string;
  /** What the replica acknowledged last. */
  vclock: Vclock;
  lastHeardMs: number;
  /** Between a row's writing here and the replica's word that it has it. */
  lagSeconds = 0;
  /** Of elections, as the replica knows it; 0 if it has not said. */
  term = 0;
  readonly #needs: RelayNeeds;
  readonly #downstream: Downstream;
  readonly #excluded: number;
  readonly #row = new RowReader();
  #sentVclock: Vclock;
  #nextChunk = 0;
  #reading: FileReading | null = null;
  #isReading = false;
  #lastSentMs = 0;
  #timer: TimerHandle | null = null;
  #unfollow: (() => void) | null = null;
  #isEnded = false;

  constructor(needs: RelayNeeds, downstream: Downstream, subscription: Subscription) {
    this.#needs = needs;
    this.#downstream = downstream;
    this.subscription = subscription;
    this.peer = downstream.peer;
    this.vclock = subscription.vclock;
    this.#sentVclock = subscription.vclock;
    this.lastHeardMs = needs.env.clock.monotonicMs();
    const { excludedReplicaIds, ownReplicaId } = subscription.filter;
    this.#excluded = [...excludedReplicaIds, ownReplicaId].reduce((bits, id) => bits | (id === 0 ? 0 : 1 << id), 0);
  }

  start(): void {
    const { env, feed, timeoutMs } = this.#needs;
    this.#unfollow = feed.follow(() => this.#pump());
    this.#heartbeat();
    const beat = (): void => {
      this.#beat();
      if (!this.#isEnded) this.#timer = env.timers.after(timeoutMs() / 2, beat);
    };
    this.#timer = env.timers.after(timeoutMs() / 2, beat);
    this.#continue();
    this.#pump();
  }

  /** Sends a packet that is no row, behind what has been sent. */
  send(packet: Uint8Array): void {
    if (!this.#isEnded) this.#write(packet);
  }

  /** The peer took what was queued. */
  drained(): void {
    this.#pump();
  }

  /** A packet of the replica: what it has written. Ends the relay if it is anything else. */
  packet(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isEnded) return;
    const row = this.#row;
    row.reset(bytes, start, end);
    const isRow = row.next() === 'row' && row.type === 0;
    const vclock = isRow ? decodeVclockAnswer(bytes, row.bodyStart, end) : null;
    if (vclock === null) {
      this.end(boxErrorWith({}, 'INVALID_MSGPACK', 'an acknowledgement was expected'));
      return;
    }
    this.lastHeardMs = this.#needs.env.clock.monotonicMs();
    if (row.timestampSeconds > 0) {
      this.lagSeconds = Math.max(0, this.#needs.env.clock.realtimeSeconds() - row.timestampSeconds);
    }
    this.vclock = vclock;
    this.term = decodeUnsignedField(bytes, row.bodyStart, end, BODY_KEY.term) ?? 0;
    this.#needs.onAck(this);
  }

  /** Ends the relay: with an error that the peer is told, or because it has gone. */
  end(error: BoxError | null): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#timer?.cancel();
    this.#unfollow?.();
    this.#reading?.close();
    if (error !== null) this.#downstream.fail(error);
    this.#needs.onEnd(this, error);
  }

  #beat(): void {
    const nowMs = this.#needs.env.clock.monotonicMs();
    const timeoutMs = this.#needs.timeoutMs();
    if (nowMs - this.lastHeardMs > SILENT_HEARTBEATS_MAX * timeoutMs) {
      this.end(boxErrorWith({ type: 'TimedOut' }, 'SYSTEM', 'timed out'));
      return;
    }
    // A peer that has not taken what waits for it will hear from here all the same.
    const isFull = this.#downstream.queuedBytes >= this.#needs.queuedBytesMax;
    if (nowMs - this.#lastSentMs >= timeoutMs / 2 && !isFull) this.#heartbeat();
  }

  #heartbeat(): void {
    const writer = new ByteWriter(32);
    const { env, ownReplicaId } = this.#needs;
    const timestampSeconds = env.clock.realtimeSeconds();
    encodeHeartbeat(writer, { replicaId: ownReplicaId(), sync: this.subscription.sync, timestampSeconds });
    this.#write(writer.written());
  }

  #write(bytes: Uint8Array): void {
    this.#lastSentMs = this.#needs.env.clock.monotonicMs();
    this.#downstream.write(bytes);
  }

  /** Goes on behind what was sent: with what is in memory, or with the files. */
  #continue(): void {
    const { feed, files, durableVclock } = this.#needs;
    const durable = durableVclock();
    const next = feed.continuationOf(this.#sentVclock, durable);
    if (next !== null) {
      this.#reading?.close();
      this.#reading = null;
      this.#nextChunk = next;
      return;
    }
    // Local rows are numbered for each server alone: whichever there are, the replica lacks none.
    this.#reading ??= files.open([durable[0] ?? 0, ...this.#sentVclock.slice(1)], this.subscription.filter);
  }

  #pump(): void {
    while (!this.#isEnded && !this.#isReading && this.#downstream.queuedBytes < this.#needs.queuedBytesMax) {
      if (this.#reading !== null) {
        void this.#readPiece(this.#reading);
        return;
      }
      const chunk = this.#needs.feed.chunk(this.#nextChunk);
      if (chunk === undefined) return;
      if (chunk === null) this.#continue();
      else this.#send(chunk);
    }
  }

  async #readPiece(reading: FileReading): Promise<void> {
    this.#isReading = true;
    const durable = this.#needs.durableVclock();
    try {
      const { packets, vclock, isEnd } = await reading.next(durable);
      if (this.#isEnded) return;
      if (packets.length > 0) this.#write(packets);
      this.#sentVclock = vclock;
      if (isEnd && !covers(vclock, durable)) throw missing(vclock, durable);
      this.#continue();
    } catch (error) {
      if (!(error instanceof RelayError)) throw error;
      this.end(error);
    } finally {
      this.#isReading = false;
    }
    this.#pump();
  }

  #send(chunk: FeedChunk): void {
    // A replica may have had rows of others, or of a crashed log's end, before: some servers do not see that by themselves.
    const isKnownInPart = !covers(chunk.vclockBefore, this.subscription.vclock);
    const isWhole = !isKnownInPart && (chunk.origins & this.#excluded) === 0;
    const packets = isWhole ? chunk.packets : this.#filtered(chunk.packets);
    if (packets.length > 0) this.#write(packets);
    this.#nextChunk = chunk.sequence + 1;
    this.#sentVclock = isKnownInPart ? union(chunk.vclockAfter, this.subscription.vclock) : chunk.vclockAfter;
  }

  #filtered(packets: Uint8Array): Uint8Array {
    const { filter, vclock } = this.subscription;
    const view = new DataView(packets.buffer, packets.byteOffset, packets.length);
    const kept = new ByteWriter(packets.length);
    const row = this.#row;
    for (let position = 0; position < packets.length;) {
      const end = position + LENGTH_BYTES + view.getUint32(position + 1);
      row.reset(packets, position + LENGTH_BYTES, end);
      row.next();
      const isNew = row.lsn === 0 || row.lsn > (vclock[row.replicaId] ?? 0);
      if (isNew && passes(filter, row.replicaId, row.lsn)) kept.writeBytes(packets, position, end);
      position = end;
    }
    return kept.written();
  }
}

/** What whoever has one of them or the other has together. */
function union(left: Vclock, right: Vclock): Vclock {
  const length = Math.max(left.length, right.length);
  return Array.from({ length }, (_, replicaId) => Math.max(left[replicaId] ?? 0, right[replicaId] ?? 0));
}

/** The files end before the log does. */
function missing(vclock: Vclock, durable: Vclock): BoxError {
  const text =
    `Missing .xlog file between LSN ${vclockSignature(vclock)} ${formatVclock(vclock)} ` +
    `and ${vclockSignature(durable)} ${formatVclock(durable)}`;
  return new RelayError(ER_PROC_LUA, text, { type: 'XlogGapError' });
}
