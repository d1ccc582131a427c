/**
 * The worker that reads old rows for replicas: one thread for all of them, so that neither files nor checksums take the
 * engine's time. It reads when it is asked to, one piece at a time, and never beyond what the log has made durable: rows
 * of a failed write may stand in a file for a moment.
 */
import { BoxError, boxError, ByteWriter, CorruptionError, unreachable } from '../../base/index.ts';
import type { RowReader, Vclock } from '../../codec/xlog/index.ts';
import { FileError, type WorkerChannel, type WorkerEnv } from '../../env/index.ts';
import { LogReader } from '../../engine/wal/index.ts';
import { asReadingRequest, type ReadingReply, type ReadingRequest } from './reading-protocol.ts';
import { RowFramer } from './row-framer.ts';

const PIECE_BYTES = 256 * 1024;
const SYSTEM = boxError('SYSTEM').code;
const PIECE_ROOM_BYTES = PIECE_BYTES + PIECE_BYTES / 2;

type Reading = {
  readonly request: Extract<ReadingRequest, { kind: 'open' }>;
  /** State behind the rows that were handed on. */
  vclock: number[];
  /** Null until it reads, and again when it has come to the end: the next one looks for new files. */
  reader: LogReader | null;
};

export function runRelayWorker(env: WorkerEnv, channel: WorkerChannel): void {
  const readings = new Map<number, Reading>();
  const post = (reply: ReadingReply, transfer: readonly ArrayBuffer[] = []): void => channel.post(reply, transfer);
  const close = (number: number): void => {
    readings.get(number)?.reader?.close();
    readings.delete(number);
  };
  channel.onMessage((message) => {
    const request = asReadingRequest(message);
    switch (request.kind) {
      case 'open':
        readings.set(request.reading, { request, vclock: [...request.vclock], reader: null });
        return;
      case 'close':
        close(request.reading);
        return;
      case 'read': {
        const reading = readings.get(request.reading);
        if (reading === undefined) return;
        try {
          const { packets, isEnd } = readPiece(env, reading, request.limit);
          const { buffer } = packets;
          const transfer = buffer instanceof ArrayBuffer ? [buffer] : [];
          post({ kind: 'packets', reading: request.reading, packets, vclock: [...reading.vclock], isEnd }, transfer);
        } catch (error) {
          close(request.reading);
          post({ kind: 'failed', reading: request.reading, ...describe(error) });
        }
        return;
      }
      default:
        unreachable(request);
    }
  });
  channel.onStop(() => {
    for (const number of [...readings.keys()]) close(number);
  });
}

function readPiece(env: WorkerEnv, reading: Reading, limit: Vclock): { packets: Uint8Array; isEnd: boolean } {
  const { directory, filter } = reading.request;
  reading.reader ??= new LogReader(env, {
    directory,
    instanceUuid: null,
    vclock: reading.vclock,
    forceRecovery: false,
    givesLocalRows: true,
    onWarning: () => undefined,
  });
  const writer = new ByteWriter(PIECE_ROOM_BYTES);
  const framer = new RowFramer(filter);
  let isBeyond = false;
  const onRow = (row: RowReader): void => {
    isBeyond ||= row.replicaId !== 0 && row.lsn > (limit[row.replicaId] ?? 0);
    if (isBeyond) return;
    framer.add(row, writer);
    while (reading.vclock.length <= row.replicaId) reading.vclock.push(0);
    reading.vclock[row.replicaId] = Math.max(reading.vclock[row.replicaId]!, row.lsn);
  };
  let step: 'more' | 'end' = 'more';
  while (step === 'more' && !isBeyond && writer.position < PIECE_BYTES) step = reading.reader.read(PIECE_BYTES, onRow);
  const isEnd = isBeyond || step === 'end';
  if (isEnd) {
    reading.reader.close();
    reading.reader = null;
  }
  return { packets: writer.written(), isEnd };
}

function describe(error: unknown): Readonly<{ isGap: boolean; code: number; message: string }> {
  if (error instanceof BoxError) {
    const { code, message, type } = error;
    return { isGap: type === 'XlogGapError', code, message };
  }
  // What the file system refuses now it may give later, so the replica is to come again; damage stays.
  if (error instanceof FileError) return { isGap: false, code: SYSTEM, message: error.message };
  if (error instanceof CorruptionError) return { isGap: false, code: 0, message: error.message };
  throw error;
}
