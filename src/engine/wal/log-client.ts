/**
 * The engine's side of the log: numbers rows, encodes them into the batch under construction, and hands one batch at a
 * time to the worker that writes it.
 *
 * Rows of other instances come with their numbers; what this instance writes gets its own.
 *
 * Invariants: (1) LSNs of own rows in memory are gapless and follow those on disk, those of others grow; (2) at most one batch is with the worker,
 * whose memory is shared and not touched until it answers; (3) after a failed batch numbering goes on behind the last
 * durable row.
 */
import { assert, BoxError, boxError, ByteWriter, defined, unreachable } from '../../base/index.ts';
import { ROW_FLAG, ROW_TYPE_NOP, type Vclock, writeRowHeader } from '../../codec/xlog/index.ts';
import { LIMITS } from '../../config/index.ts';
import type { Clock, Logger, WorkerHandle } from '../../env/index.ts';
import type { Durability, Journal, RedoLog } from '../txn/index.ts';
import { asLogReply, type LogReply, type LogRequest } from './log-protocol.ts';
import type { LogWriteResult, WalMode } from './log-writer.ts';

const GROUP_LOCAL = 1;
const LOCAL_ORIGIN = 0;
const BATCH_BYTES = 256 * 1024;
const BATCH_BYTES_KEPT = 8 * 1024 * 1024;
/** A batch is cut into blocks where transactions end, each of about this size. */
const BLOCK_BYTES = 128 * 1024;

export type LogStatistics = Readonly<{ batches: number; rows: number; bytes: number; longestWriteMs: number }>;

type Batch = {
  rows: ByteWriter;
  blockEnds: number[];
  durability: Durability;
  vclockBefore: Vclock;
  vclockAfter: Vclock;
};

/**
 * Rows that have just been written, one after the other: valid during the call. Called in the order of the log; not in
 * wal_mode none.
 */
export type LogListener = (rows: Uint8Array, vclockBefore: Vclock, vclockAfter: Vclock) => void;

export class LogClient implements Journal {
  onSettled: (error: BoxError | null) => void = () => undefined;
  readonly #mode: WalMode;
  readonly #replicaId: () => number;
  readonly #clock: Clock;
  readonly #log: Logger;
  #worker: WorkerHandle | null = null;
  #vclock: number[];
  #durableVclock: Vclock;
  lastReplicaId = 0;
  lastLsn = 0;
  /** Told what was written, before whoever waits for it. */
  onWritten: LogListener | null = null;
  /** Told that rows could not be written, when the vclock has gone back behind them. */
  onFailed: ((error: BoxError) => void) | null = null;
  #current: Batch;
  #inFlight: Batch | null = null;
  #spare: ByteWriter | null = null;
  #timestampSeconds = 0;
  #sequence = 0;
  #onSecured: ((isDurable: boolean) => void) | null = null;
  #onStopped: (() => void) | null = null;
  #batches = 0;
  #rows = 0;
  #bytes = 0;
  #longestWriteMs = 0;
  /** Bytes written since the last call of `takeBytesWritten`. */
  #bytesSinceTaken = 0;

  /** `vclock` is the state after recovery; `replicaId` this instance's id, 0 while it has none. */
  constructor(mode: WalMode, vclock: Vclock, replicaId: () => number, clock: Clock, log: Logger) {
    this.#mode = mode;
    this.#vclock = [...vclock];
    this.#durableVclock = [...vclock];
    this.#replicaId = replicaId;
    this.#clock = clock;
    this.#log = log;
    this.#current = this.#newBatch();
  }

  /** Starts to use the worker, which `onMessage` below belongs to. Not needed in wal_mode none. */
  attach(worker: WorkerHandle): void {
    this.#worker = worker;
  }

  /** Makes durable what was recovered; false if that failed, which the log tells. */
  secure(): Promise<boolean> {
    const worker = defined(this.#worker, 'the log worker');
    return new Promise((resolve) => {
      this.#onSecured = resolve;
      worker.post({ kind: 'secure' });
    });
  }

  /** State in memory: rows numbered so far. */
  get vclock(): Vclock {
    return this.#vclock;
  }

  /** State in the log: rows that have been written, as durably as their transactions asked. */
  get durableVclock(): Vclock {
    return this.#durableVclock;
  }

  /** Bytes of rows that wait for the log, those on their way included. */
  get waitingBytes(): number {
    return this.#current.rows.position + (this.#inFlight?.rows.position ?? 0);
  }

  get statistics(): LogStatistics {
    return { batches: this.#batches, rows: this.#rows, bytes: this.#bytes, longestWriteMs: this.#longestWriteMs };
  }

  /** Bytes of rows since the last call; a checkpoint by size of the log asks for it. */
  takeBytesWritten(): number {
    const bytes = this.#bytesSinceTaken;
    this.#bytesSinceTaken = 0;
    return bytes;
  }

  append(redo: RedoLog, durability: Durability): void {
    const batch = this.#current;
    // Rows of one batch are written together: they bear the time at which it was begun.
    if (batch.rows.position === 0) this.#timestampSeconds = this.#clock.realtimeSeconds();
    if (batch.rows.position > LIMITS.logQueueBytesMax) {
      this.#log.error('the log queue is full: transactions fail until it is written');
      throw boxError('WAL_IO');
    }
    this.lastLsn = 0;
    if (redo.hasNumbers) this.#appendForeign(batch.rows, redo);
    else if (redo.count === 1 && redo.groupIds[0] !== GROUP_LOCAL) this.#appendSingle(batch.rows, redo);
    else this.#appendMany(batch.rows, redo);
    this.#rows += redo.count;
    if (durability === 'sync') batch.durability = 'sync';
    const end = batch.rows.position;
    if (end - (batch.blockEnds.at(-1) ?? 0) >= BLOCK_BYTES) batch.blockEnds.push(end);
  }

  submit(): void {
    assert(this.#inFlight === null, 'one batch at a time');
    const batch = this.#current;
    batch.vclockAfter = [...this.#vclock];
    this.#inFlight = batch;
    this.#current = this.#newBatch();
    this.#bytes += batch.rows.position;
    this.#bytesSinceTaken += batch.rows.position;
    this.#batches++;
    if (this.#mode === 'none' || batch.rows.position === 0) {
      this.#settle(null);
      return;
    }
    const end = batch.rows.position;
    if (batch.blockEnds.at(-1) !== end) batch.blockEnds.push(end);
    this.#post({
      kind: 'batch',
      sequence: ++this.#sequence,
      rows: batch.rows.written(),
      transactionEnds: batch.blockEnds,
      durability: batch.durability,
      vclockBefore: batch.vclockBefore,
      vclockAfter: batch.vclockAfter,
    });
  }

  /** Ends the current file at a checkpoint with this vclock; to be called when no batch is on its way. */
  rotate(vclock: Vclock): void {
    if (this.#mode !== 'none') this.#post({ kind: 'rotate', vclock });
  }

  /** Answers of the worker. */
  receive(message: unknown): void {
    const reply = asLogReply(message as Parameters<typeof asLogReply>[0]);
    this.#handle(reply);
  }

  /** Closes the log cleanly, once nothing is on its way. */
  async stop(): Promise<void> {
    if (this.#worker === null) return;
    const stopped = new Promise<void>((resolve) => {
      this.#onStopped = resolve;
    });
    const worker = this.#worker;
    this.#worker = null;
    await Promise.all([worker.stop(), stopped]);
  }

  #handle(reply: LogReply): void {
    switch (reply.kind) {
      case 'secured':
        this.#onSecured?.(reply.isDurable);
        return;
      case 'written':
        this.#longestWriteMs = Math.max(this.#longestWriteMs, reply.durationMs);
        this.#settle(reply.result.ok ? null : this.#writeError(reply.result));
        return;
      case 'rotated':
        return;
      case 'warning':
        this.#log.warn(reply.text);
        return;
      case 'stopped':
        this.#onStopped?.();
        return;
      default:
        unreachable(reply);
    }
  }

  #writeError(result: LogWriteResult & { ok: false }): BoxError {
    this.#log.error(`the log could not be written, its transactions are rolled back: ${result.message}`);
    const error = boxError('WAL_IO');
    return new BoxError(error.code, error.message, { errno: result.errno });
  }

  #settle(error: BoxError | null): void {
    const batch = this.#inFlight;
    assert(batch !== null, 'an answer belongs to a batch');
    this.#inFlight = null;
    if (error !== null) {
      this.#vclock = [...batch.vclockBefore];
      this.#current.rows.reset();
      this.#current = { ...this.#current, blockEnds: [], durability: 'write', vclockBefore: [...this.#vclock] };
      this.onFailed?.(error);
    } else {
      this.#durableVclock = batch.vclockAfter;
      if (this.onWritten !== null && this.#mode !== 'none' && batch.rows.position > 0) {
        this.onWritten(batch.rows.written(), batch.vclockBefore, batch.vclockAfter);
      }
    }
    if (batch.rows.bytes.length <= BATCH_BYTES_KEPT) {
      batch.rows.reset();
      this.#spare = batch.rows;
    }
    this.onSettled(error);
  }

  #newBatch(): Batch {
    const rows = this.#spare ?? new ByteWriter(BATCH_BYTES, true);
    this.#spare = null;
    return { rows, blockEnds: [], durability: 'write', vclockBefore: [...this.#vclock], vclockAfter: [] };
  }

  #post(request: LogRequest): void {
    assert(this.#worker !== null, 'the log worker runs');
    this.#worker.post(request);
  }

  #nextLsn(origin: number): number {
    while (this.#vclock.length <= origin) this.#vclock.push(0);
    const next = (this.#vclock[origin] ?? 0) + 1;
    this.#vclock[origin] = next;
    return next;
  }

  /** The commonest transaction, written without an object: `84 00 type 02 replica 03 lsn 04 time`. */
  #appendSingle(rows: ByteWriter, redo: RedoLog): void {
    const replicaId = this.#replicaId();
    const lsn = this.#nextLsn(replicaId);
    this.lastReplicaId = replicaId;
    this.lastLsn = lsn;
    if (replicaId === 0 || lsn > 0xffffffff || redo.flags !== 0) {
      this.#writeRow(rows, redo, 0, replicaId, lsn, lsn, true);
      return;
    }
    rows.ensure(24);
    const { bytes } = rows;
    let position = rows.position;
    bytes[position] = 0x84;
    bytes[position + 1] = 0x00;
    bytes[position + 2] = redo.types[0]!;
    bytes[position + 3] = 0x02;
    bytes[position + 4] = replicaId;
    bytes[position + 5] = 0x03;
    position += 6;
    if (lsn < 0x80) {
      bytes[position++] = lsn;
    } else if (lsn <= 0xff) {
      bytes[position++] = 0xcc;
      bytes[position++] = lsn;
    } else if (lsn <= 0xffff) {
      bytes[position++] = 0xcd;
      bytes[position++] = lsn >>> 8;
      bytes[position++] = lsn & 0xff;
    } else {
      bytes[position++] = 0xce;
      bytes[position++] = lsn >>> 24;
      bytes[position++] = (lsn >>> 16) & 0xff;
      bytes[position++] = (lsn >>> 8) & 0xff;
      bytes[position++] = lsn & 0xff;
    }
    bytes[position] = 0x04;
    bytes[position + 1] = 0xcb;
    rows.view.setFloat64(position + 2, this.#timestampSeconds);
    rows.position = position + 10;
    rows.writeBytes(redo.bodies.bytes, redo.starts[0]!, redo.ends[0]!);
  }

  /**
   * A transaction of several rows: they share the tsn, which is the LSN of the first row that replicas get. One that
   * would end with a local row gets a row without content behind it, so that replicas see where it ends.
   */
  #appendMany(rows: ByteWriter, redo: RedoLog): void {
    const replicaId = this.#replicaId();
    let globalRows = 0;
    for (let index = 0; index < redo.count; index++) if (redo.groupIds[index] !== GROUP_LOCAL) globalRows++;
    const last = redo.count - 1;
    const needsEnd = globalRows > 0 && redo.groupIds[last] === GROUP_LOCAL;
    const tsn = (this.#vclock[globalRows > 0 ? replicaId : LOCAL_ORIGIN] ?? 0) + 1;
    for (let index = 0; index < redo.count; index++) {
      const origin = redo.groupIds[index] === GROUP_LOCAL ? LOCAL_ORIGIN : replicaId;
      this.#writeRow(rows, redo, index, origin, this.#nextLsn(origin), tsn, index === last && !needsEnd);
    }
    if (globalRows === 0) return;
    this.lastReplicaId = replicaId;
    this.lastLsn = (this.#vclock[replicaId] ?? 0) + (needsEnd ? 1 : 0);
    if (!needsEnd) return;
    writeRowHeader(rows, {
      type: ROW_TYPE_NOP,
      replicaId,
      groupId: 0,
      lsn: this.#nextLsn(replicaId),
      timestampSeconds: this.#timestampSeconds,
      tsn,
      flags: ROW_FLAG.commit | redo.flags,
    });
  }

  /**
   * A transaction of another instance, as it was numbered there; triggers may have added local rows. Throws
   * ER_UNSUPPORTED if they added others: nobody could number those.
   */
  #appendForeign(rows: ByteWriter, redo: RedoLog): void {
    let first = -1;
    for (let index = 0; index < redo.count; index++) {
      if (redo.replicaIds[index] !== 0) first = first < 0 ? index : first;
      else if (redo.groupIds[index] !== GROUP_LOCAL)
        throw boxError('UNSUPPORTED', 'Replication', 'distributed transactions');
    }
    if (first < 0) return this.#appendMany(rows, redo);
    const tsn = redo.lsns[first]!;
    for (let index = 0; index < redo.count; index++) {
      const origin = redo.replicaIds[index]!;
      const lsn = origin === 0 ? this.#nextLsn(LOCAL_ORIGIN) : this.#reachLsn(origin, redo.lsns[index]!);
      this.#writeRow(rows, redo, index, origin, lsn, tsn, index === redo.count - 1);
    }
    this.lastReplicaId = redo.replicaIds[first]!;
    this.lastLsn = this.#vclock[this.lastReplicaId]!;
  }

  #reachLsn(origin: number, lsn: number): number {
    while (this.#vclock.length <= origin) this.#vclock.push(0);
    assert(lsn > this.#vclock[origin]!, `row ${lsn} of replica ${origin} is applied once`);
    this.#vclock[origin] = lsn;
    return lsn;
  }

  #writeRow(
    rows: ByteWriter,
    redo: RedoLog,
    index: number,
    replicaId: number,
    lsn: number,
    tsn: number,
    isLast: boolean,
  ): void {
    writeRowHeader(rows, {
      type: redo.types[index]!,
      replicaId,
      groupId: redo.groupIds[index]!,
      lsn,
      timestampSeconds: this.#timestampSeconds,
      tsn,
      flags: isLast ? ROW_FLAG.commit | redo.flags : 0,
    });
    rows.writeBytes(redo.bodies.bytes, redo.starts[index]!, redo.ends[index]!);
  }
}
