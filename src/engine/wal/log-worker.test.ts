import { expect, test } from 'vitest';
import { MemoryFiles } from '../../../test/support/memory-files.ts';
import type { WorkerChannel, WorkerMessage } from '../../env/index.ts';
import { createZstdCompression } from '../../env/zstd/index.ts';
import { asLogReply, type LogReply, type LogRequest } from './log-protocol.ts';
import { runLogWorker } from './log-worker.ts';

const DIRECTORY = '/wal';

class TestChannel implements WorkerChannel {
  readonly replies: LogReply[] = [];
  send: (message: LogRequest) => void = () => {};
  stop: () => void = () => {};

  post(message: WorkerMessage): void {
    this.replies.push(asLogReply(structuredClone(message)));
  }

  onMessage(handler: (message: WorkerMessage) => void): void {
    this.send = (message) => handler(structuredClone(message));
  }

  onStop(handler: () => void): void {
    this.stop = handler;
  }
}

function start(files: MemoryFiles, lastFileVclock: readonly number[] | null = null): TestChannel {
  const channel = new TestChannel();
  let nowMs = 0;
  const clock = { realtimeSeconds: () => 0, monotonicMs: () => nowMs++ };
  runLogWorker({ files, clock, compression: createZstdCompression() }, channel, {
    directory: DIRECTORY,
    instanceUuid: '11111111-2222-4333-8444-555555555555',
    softwareVersion: '1',
    walMode: 'write',
    walMaxSizeBytes: 1 << 28,
    vclock: [],
    lastFileVclock,
  });
  return channel;
}

const batch = (sequence: number): LogRequest => ({
  kind: 'batch',
  sequence,
  rows: Uint8Array.of(0x83, 0x00, 0x02, 0x02, 0x01, 0x03, sequence, 0x80),
  transactionEnds: [8],
  durability: 'write',
  vclockBefore: [0, sequence - 1],
  vclockAfter: [0, sequence],
});

test('every batch and rotation is answered in order, and a stop ends the log cleanly', () => {
  const files = new MemoryFiles();
  const channel = start(files);
  channel.send(batch(1));
  channel.send({ kind: 'rotate', vclock: [0, 1] });
  channel.send(batch(2));
  channel.stop();
  const paths = [0, 1, 2].map((signature) => `${DIRECTORY}/${String(signature).padStart(20, '0')}.xlog`);
  const fileSizeBytes = files.content(paths[1]!).length - 4;
  expect(files.paths()).toEqual(paths);
  expect(channel.replies).toEqual([
    {
      kind: 'written',
      sequence: 1,
      durationMs: 1,
      result: { ok: true, fileVclock: [], fileSizeBytes: files.content(paths[0]!).length - 4 },
    },
    { kind: 'rotated', vclock: [0, 1] },
    { kind: 'written', sequence: 2, durationMs: 1, result: { ok: true, fileVclock: [0, 1], fileSizeBytes } },
    { kind: 'stopped', vclock: [0, 2] },
  ]);
});

test('a failure is an answer; the next batch is written', () => {
  const files = new MemoryFiles();
  const channel = start(files);
  files.failing.add('write');
  channel.send(batch(1));
  files.failing.clear();
  channel.send(batch(1));
  expect(channel.replies).toMatchObject([
    { kind: 'written', sequence: 1, result: { ok: false, code: 'EIO', errno: 5 } },
    { kind: 'written', sequence: 1, result: { ok: true } },
  ]);
});

test('says when what was recovered cannot be made durable', () => {
  const files = new MemoryFiles();
  start(files).send(batch(1));
  files.failing.add('sync');
  const channel = start(files, []);
  channel.send({ kind: 'secure' });
  files.failing.clear();
  channel.send({ kind: 'secure' });
  const [failed, succeeded] = [false, true].map((isDurable) => ({ kind: 'secured', isDurable }));
  expect(channel.replies).toMatchObject([{ kind: 'warning' }, failed, succeeded]);
});

test('a broken log ends the worker', () => {
  const files = new MemoryFiles();
  const channel = start(files);
  channel.send(batch(1));
  files.failing.add('write').add('truncate');
  expect(() => channel.send(batch(2))).toThrow('cannot be removed');
});

test('what is no message of ours is a broken invariant', () => {
  const files = new MemoryFiles();
  const channel = start(files);
  expect(() => channel.send({ kind: 'other' } as unknown as LogRequest)).toThrow('unreachable');
});
