/**
 * The master's side of JOIN, FETCH_SNAPSHOT and REGISTER: a state, and the log from there to the row that makes the replica
 * a member.
 *
 * Guarantees: the state is one of a moment, whatever is written meanwhile; a replica that got the last answer is in
 * `_cluster`, unless it is anonymous; what waits for the peer is bounded, so that a slow one holds nobody else up (its
 * view has the limits of all views). The connection may be gone at any moment: then the rest is not done.
 */
import { BoxError, boxError, ByteWriter } from '../../base/index.ts';
import { encodeJoinRow, encodeVclockAnswer, REQUEST_TYPE, type RequestType } from '../../codec/iproto/index.ts';
import type { Vclock } from '../../codec/xlog/index.ts';
import { LIMITS } from '../../config/index.ts';
import type { Env } from '../../env/index.ts';
import {
  type CheckpointSource,
  type ControlRow,
  openStateView,
  type RowForm,
  type SnapshotSource,
} from '../../engine/checkpoint/index.ts';
import type { TransactionManager } from '../../engine/txn/index.ts';
import type { LogClient } from '../../engine/wal/index.ts';
import type { LogFilesReading } from './log-files-reading.ts';
import { NO_FILTER } from './row-framer.ts';

const PIECE_BYTES = 256 * 1024;
const ROWS_PER_LOOK = 256;
const QUEUED_BYTES_MAX = 2 * 1024 * 1024;
const INSERT = 2;
/** 2.10.0. */
const CONTROL_ROWS_SINCE = (2 << 16) | (10 << 8);
const LENGTH_BYTES = 5;

/** Where a joining replica reads; `failed` once it has gone. */
export interface JoiningReplica {
  write(bytes: Uint8Array): void;
  readonly queuedBytes: number;
  /** Resolves when the peer has taken most of what was queued. Rejects with NO_CONNECTION when it has gone. */
  whenDrained(): Promise<void>;
  /** Throws NO_CONNECTION when it has gone. */
  check(): void;
}

export type JoinNeeds = Readonly<{
  env: Env;
  transactions: TransactionManager;
  logClient: LogClient;
  source: CheckpointSource;
  files: LogFilesReading;
}>;

/** Rows as a joining replica gets them, without numbers or times: `82 00 02 01 sync 82 10 ce id 21`. */
class JoinRowForm implements RowForm {
  readonly hasLocalSpaces = false;
  readonly #sync: number;

  constructor(sync: number) {
    this.#sync = sync;
  }

  begin(writer: ByteWriter, _number: number, spaceId: number): number {
    const start = writer.position;
    writer.ensure(40);
    const { bytes, view } = writer;
    let position = start + LENGTH_BYTES;
    bytes[position++] = this.#sync === 0 ? 0x81 : 0x82;
    bytes[position++] = 0x00;
    bytes[position++] = INSERT;
    if (this.#sync !== 0) {
      bytes[position] = 0x01;
      bytes[position + 1] = 0xcf;
      view.setBigUint64(position + 2, BigInt(this.#sync));
      position += 10;
    }
    bytes[position] = 0x82;
    bytes[position + 1] = 0x10;
    bytes[position + 2] = 0xce;
    view.setUint32(position + 3, spaceId);
    bytes[position + 7] = 0x21;
    writer.position = position + 8;
    return start;
  }

  end(writer: ByteWriter, start: number): void {
    writer.bytes[start] = 0xce;
    writer.view.setUint32(start + 1, writer.position - start - LENGTH_BYTES);
  }

  /** They come before all spaces, to those who understand them. */
  control(): void {}
}

/**
 * Sends the state as it is now, behind its vclock, which is returned. Rejects with SYNC_ROLLBACK and the like if
 * something in it was not final and has been undone.
 */
export async function sendState(
  needs: JoinNeeds,
  replica: JoiningReplica,
  sync: number,
  serverVersion: number,
): Promise<Vclock> {
  const { env, transactions, logClient } = needs;
  const form = new JoinRowForm(sync);
  const nowMs = env.clock.monotonicMs();
  const view = await openStateView(needs.source, transactions, logClient, form, nowMs, () => undefined);
  const { source, vclock } = view;
  try {
    await view.whenFinal;
    replica.check();
    answerVclock(replica, sync, vclock);
    if (serverVersion >= CONTROL_ROWS_SINCE) sendControlRows(replica, sync, source.controlRows);
    for (let more = true; more;) {
      const piece = new ByteWriter(PIECE_BYTES + 65536);
      more = await fill(env, source, piece);
      if (piece.position > 0) replica.write(piece.written());
      replica.check();
      if (replica.queuedBytes > QUEUED_BYTES_MAX) await replica.whenDrained();
    }
    return vclock;
  } finally {
    source.close();
  }
}

function sendControlRows(replica: JoiningReplica, sync: number, rows: readonly ControlRow[]): void {
  const writer = new ByteWriter(512);
  const body = new Uint8Array();
  encodeJoinRow(writer, { type: REQUEST_TYPE.joinMeta, replicaId: 0, sync, body });
  for (const row of rows) encodeJoinRow(writer, { ...row, type: row.type as RequestType, sync });
  encodeJoinRow(writer, { type: REQUEST_TYPE.joinSnapshot, replicaId: 0, sync, body });
  replica.write(writer.written());
}

/** Sends the log between two states, the second of which is durable. */
export async function sendLog({ files }: JoinNeeds, replica: JoiningReplica, from: Vclock, to: Vclock): Promise<void> {
  const reading = files.open([to[0] ?? 0, ...from.slice(1)], NO_FILTER);
  try {
    for (let isEnd = false; !isEnd;) {
      const piece = await reading.next(to);
      if (piece.packets.length > 0) replica.write(piece.packets);
      replica.check();
      isEnd = piece.isEnd;
      if (replica.queuedBytes > QUEUED_BYTES_MAX) await replica.whenDrained();
    }
  } finally {
    reading.close();
  }
}

export function answerVclock(replica: JoiningReplica, sync: number, vclock: Vclock): void {
  const writer = new ByteWriter(512);
  encodeVclockAnswer(writer, { sync }, vclock);
  replica.write(writer.written());
}

/** Fills a piece with rows, giving the thread back whenever a slice of time is used up; false when all are done. */
async function fill(env: Env, source: SnapshotSource, piece: ByteWriter): Promise<boolean> {
  let more = true;
  while (more && piece.position < PIECE_BYTES) {
    if (source.loss !== null) throw boxError('READ_VIEW_ABORTED');
    const startedMs = env.clock.monotonicMs();
    while (more && piece.position < PIECE_BYTES && env.clock.monotonicMs() - startedMs < LIMITS.sliceMs / 2) {
      more = source.fill(piece, PIECE_BYTES, ROWS_PER_LOOK);
    }
    await new Promise<void>((resolve) => env.timers.nextTurn(resolve));
  }
  return more;
}

/** Whether an error is the peer's leaving, of which nobody has to be told. */
export function isLost(error: unknown): boolean {
  return error instanceof BoxError && error.code === boxError('NO_CONNECTION').code;
}
