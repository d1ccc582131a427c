import { describe, expect, test } from 'vitest';
import { CrashError, MemoryFiles } from '../../../test/support/memory-files.ts';
import { ByteWriter, SeededRandom } from '../../base/index.ts';
import { encodeToBytes } from '../../codec/msgpack/index.ts';
import { ROW_FLAG, type Vclock, writeRowHeader } from '../../codec/xlog/index.ts';
import { createZstdCompression } from '../../env/zstd/index.ts';
import type { Durability } from '../txn/index.ts';
import { LogBrokenError } from './log-file.ts';
import { LogReader } from './log-reader.ts';
import { type LogBatch, LogFileWriter, type LogWriterOptions, type LogWriteResult } from './log-writer.ts';

const DIRECTORY = '/wal';
const INSTANCE_UUID = '11111111-2222-4333-8444-555555555555';
const compression = createZstdCompression();
const name = (signature: number): string => `${DIRECTORY}/${String(signature).padStart(20, '0')}.xlog`;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const tailHex = (bytes: Uint8Array): string => Buffer.from(bytes.slice(-4)).toString('hex');

/** A row is told by `lsn/payload size`; payloads are as long as wanted. */
type Row = Readonly<{ lsn: number; payloadBytes: number }>;

function batchOf(transactions: readonly (readonly Row[])[], durability: Durability): LogBatch {
  const writer = new ByteWriter();
  const transactionEnds: number[] = [];
  for (const rows of transactions) {
    for (const [index, { lsn, payloadBytes }] of rows.entries()) {
      const flags = index === rows.length - 1 ? ROW_FLAG.commit : 0;
      const tsn = rows[0]!.lsn;
      writeRowHeader(writer, { type: 2, replicaId: 1, groupId: 0, lsn, timestampSeconds: 1.5, tsn, flags });
      const body = encodeToBytes(new Map([[0x21, [lsn, 'x'.repeat(payloadBytes)]]]));
      writer.writeBytes(body, 0, body.length);
    }
    transactionEnds.push(writer.position);
  }
  const lsns = transactions.flat().map((row) => row.lsn);
  const vclockBefore = [0, lsns[0]! - 1];
  const vclockAfter = [0, lsns.at(-1)!];
  return { rows: writer.toBytes(), transactionEnds, durability, vclockBefore, vclockAfter };
}

function openWriter(
  files: MemoryFiles,
  options: Partial<LogWriterOptions> = {},
  warnings: string[] = [],
): LogFileWriter {
  return new LogFileWriter(
    { files, compression },
    {
      directory: DIRECTORY,
      instanceUuid: INSTANCE_UUID,
      softwareVersion: '1.2.3',
      walMode: 'write',
      walMaxSizeBytes: 1 << 28,
      vclock: [],
      lastFileVclock: null,
      ...options,
    },
    (warning) => warnings.push(warning),
  );
}

type Recovered = Readonly<{ lsns: readonly number[]; vclock: Vclock; lastFileVclock: Vclock | null }>;

function recover(files: MemoryFiles): Recovered {
  const reader = new LogReader(
    { files, compression },
    { directory: DIRECTORY, instanceUuid: INSTANCE_UUID, vclock: [], forceRecovery: false, onWarning: () => {} },
  );
  const lsns: number[] = [];
  while (reader.read(1000, (row) => lsns.push(row.lsn)) === 'more');
  return { lsns, vclock: reader.vclock, lastFileVclock: reader.lastFileVclock };
}

/** Writes one-row batches with the LSNs from..to. */
function writeRows(writer: LogFileWriter, from: number, to: number, durability: Durability = 'write'): LogWriteResult {
  let result: LogWriteResult | null = null;
  for (let lsn = from; lsn <= to; lsn++) result = writer.writeBatch(batchOf([[{ lsn, payloadBytes: 10 }]], durability));
  return result!;
}

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('life of the files', () => {
  test('no file before the first row, then one that is named and headed by the state before it', () => {
    const files = new MemoryFiles();
    const writer = openWriter(files, { vclock: [3, 7], lastFileVclock: [3, 2] });
    expect(files.paths()).toEqual([]);
    const batch = batchOf([[{ lsn: 8, payloadBytes: 1 }]], 'write');
    const result = writer.writeBatch({ ...batch, vclockBefore: [3, 7], vclockAfter: [3, 8] });
    expect(files.paths()).toEqual([name(10)]);
    expect(result).toEqual({ ok: true, fileVclock: [3, 7], fileSizeBytes: files.content(name(10)).length });
    expect(text(files.content(name(10))).split('\n\n')[0]).toBe(
      `XLOG\n0.13\nVersion: 1.2.3\nInstance: ${INSTANCE_UUID}\nVClock: {0: 3, 1: 7}\nPrevVClock: {0: 3, 1: 2}`,
    );
  });

  test.each(['at once', 'with the first batch'])('a file that was there before is made durable %s', (moment) => {
    for (let seed = 0; seed < 20; seed++) {
      const files = new MemoryFiles();
      writeRows(openWriter(files), 1, 3);
      const content = files.content(name(0));
      const writer = openWriter(files, { vclock: [0, 3], lastFileVclock: [] });
      if (moment === 'at once') writer.secure();
      else writeRows(writer, 4, 4);
      const after = files.afterMachineCrash(new SeededRandom(seed));
      expect(files.content(name(0))).toEqual(content);
      expect(recover(after).lsns.slice(0, 3)).toEqual([1, 2, 3]);
    }
  });

  test('a file larger than what is written at once stays as it is', () => {
    const files = new MemoryFiles();
    const content = Uint8Array.from({ length: 2_500_000 }, (_, at) => at % 251);
    files.put(name(0), content);
    openWriter(files, { vclock: [0, 5], lastFileVclock: [] }).secure();
    expect(files.operations).toEqual(['open', 'write', 'write', 'write', 'sync']);
    expect(Buffer.compare(files.content(name(0)), content)).toBe(0);
  });

  test('a failure of that is found again by the first batch, and the next one tries anew', () => {
    const files = new MemoryFiles();
    writeRows(openWriter(files), 1, 3);
    const writer = openWriter(files, { vclock: [0, 3], lastFileVclock: [] });
    files.failing.add('sync');
    writer.secure();
    expect(writeRows(writer, 4, 4)).toMatchObject({ ok: false, code: 'EIO' });
    expect(files.paths()).toEqual([name(0)]);
    files.failing.clear();
    expect(writeRows(writer, 4, 4).ok).toBe(true);
    expect(recover(files.afterMachineCrash(new SeededRandom(1))).lsns.slice(0, 3)).toEqual([1, 2, 3]);
  });

  test('rotation ends the file with its marker, synced; a file without rows is kept', () => {
    const files = new MemoryFiles();
    const writer = openWriter(files);
    writeRows(writer, 1, 3);
    writer.rotate([0, 3]);
    expect(tailHex(files.content(name(0)))).toBe('d510aded');
    expect(files.operations.at(-1)).toBe('sync');
    writer.rotate([0, 3]);
    expect(files.paths()).toEqual([name(0)]);
    writeRows(writer, 4, 4);
    expect(files.paths()).toEqual([name(0), name(3)]);
    expect(text(files.content(name(3)))).toContain('VClock: {1: 3}\nPrevVClock: {}\n\n');
    expect(recover(files)).toEqual({ lsns: range(1, 4), vclock: [0, 4], lastFileVclock: [0, 3] });
  });

  test('rotation to a later vclock, after a join, begins there', () => {
    const files = new MemoryFiles();
    const writer = openWriter(files);
    writer.rotate([0, 20]);
    writeRows(writer, 21, 21);
    expect(files.paths()).toEqual([name(20)]);
    expect(() => writer.rotate([0, 5])).toThrow('past');
  });

  test('a file that has reached its size is followed by another', () => {
    const files = new MemoryFiles();
    const writer = openWriter(files, { walMaxSizeBytes: 400 });
    writeRows(writer, 1, 20);
    expect(files.paths().length).toBeGreaterThan(2);
    for (const path of files.paths().slice(0, -1)) {
      expect(tailHex(files.content(path))).toBe('d510aded');
      expect(files.content(path).length).toBeLessThan(520);
    }
    expect(recover(files).lsns).toEqual(range(1, 20));
  });

  test('a clean stop leaves an empty file for the state, and the next start goes on in it', () => {
    const files = new MemoryFiles();
    const first = openWriter(files);
    writeRows(first, 1, 2);
    first.stop();
    expect(files.paths()).toEqual([name(0), name(2)]);
    const empty = files.content(name(2));
    expect(text(empty)).toMatch(/VClock: \{1: 2\}\nPrevVClock: \{\}\n\n\xd5\x10\xad\xed$/);
    const { vclock, lastFileVclock } = recover(files);
    const second = openWriter(files, { vclock, lastFileVclock });
    second.stop();
    expect(files.content(name(2))).toEqual(empty);
    const third = openWriter(files, { vclock, lastFileVclock });
    writeRows(third, 3, 3);
    third.stop();
    expect(files.paths()).toEqual([name(0), name(2), name(3)]);
    expect(recover(files).lsns).toEqual([1, 2, 3]);
  });

  test('a file that only a torn block stands in is used again', () => {
    const files = new MemoryFiles();
    writeRows(openWriter(files), 1, 1);
    files.put(name(0), files.content(name(0)).slice(0, -5));
    const { vclock, lastFileVclock } = recover(files);
    const writer = openWriter(files, { vclock, lastFileVclock });
    writeRows(writer, 1, 2);
    expect(recover(files).lsns).toEqual([1, 2]);
  });

  test('a file that has rows is never written over', () => {
    const files = new MemoryFiles();
    writeRows(openWriter(files), 1, 1);
    const before = files.content(name(0));
    expect(writeRows(openWriter(files), 1, 1)).toMatchObject({ ok: false, code: 'EEXIST' });
    expect(files.content(name(0))).toEqual(before);
  });

  test('a damaged file in the way, which forced recovery passed over, is put aside', () => {
    const files = new MemoryFiles();
    writeRows(openWriter(files), 1, 1);
    const damaged = files.content(name(0));
    damaged[damaged.length - 1]! ^= 1;
    files.put(name(0), damaged);
    const warnings: string[] = [];
    expect(writeRows(openWriter(files, {}, warnings), 1, 1).ok).toBe(true);
    expect(files.content(`${name(0)}.damaged`)).toEqual(damaged);
    expect(warnings.join()).toContain('damaged');
    expect(recover(files).lsns).toEqual([1]);
  });

  test('wal_mode none touches no file', () => {
    const files = new MemoryFiles();
    const writer = openWriter(files, { walMode: 'none' });
    expect(writeRows(writer, 1, 3, 'sync')).toEqual({ ok: true, fileVclock: null, fileSizeBytes: 0 });
    writer.rotate([0, 3]);
    writer.stop();
    expect(files.operations).toEqual([]);
    expect(writer.vclock).toEqual([0, 3]);
  });

  test.each([
    ['write', 'write', 0],
    ['write', 'sync', 3],
    ['fsync', 'write', 3],
    ['fsync', 'sync', 3],
  ] as const)('wal_mode %s with durability %s syncs each of 3 batches: %i', (walMode, durability, syncs) => {
    const files = new MemoryFiles();
    const writer = openWriter(files, { walMode });
    writeRows(writer, 1, 1);
    const before = files.operations.length;
    writeRows(writer, 2, 4, durability);
    expect(files.operations.slice(before).filter((operation) => operation === 'sync').length).toBe(syncs);
  });
});

describe('blocks', () => {
  /** Rows of each block of the file. */
  function blocksOf(files: MemoryFiles): readonly (readonly number[])[] {
    const blocks: number[][] = [];
    const reader = new LogReader(
      { files, compression },
      { directory: DIRECTORY, instanceUuid: null, vclock: [], forceRecovery: false, onWarning: () => {} },
    );
    for (let state: 'more' | 'end' = 'more'; state === 'more';) {
      const rows: number[] = [];
      state = reader.read(0, (row) => rows.push(row.lsn));
      if (rows.length > 0) blocks.push(rows);
    }
    return blocks;
  }

  test('a small batch is one block', () => {
    const files = new MemoryFiles();
    const rows = range(1, 30).map((lsn) => [{ lsn, payloadBytes: 100 }]);
    openWriter(files).writeBatch(batchOf(rows, 'write'));
    expect(blocksOf(files)).toEqual([range(1, 30)]);
  });

  test('a large batch is cut between transactions, and a transaction is never cut', () => {
    const files = new MemoryFiles();
    const small = range(1, 6).map((lsn) => [{ lsn, payloadBytes: 60_000 }]);
    const large = range(7, 12).map((lsn) => ({ lsn, payloadBytes: 100_000 }));
    openWriter(files).writeBatch(batchOf([...small, large, [{ lsn: 13, payloadBytes: 5 }]], 'write'));
    expect(blocksOf(files)).toEqual([[1, 2, 3], [4, 5, 6], range(7, 12), [13]]);
  });

  test('without the ends of transactions the batch is one block', () => {
    const files = new MemoryFiles();
    const batch = batchOf(
      range(1, 8).map((lsn) => [{ lsn, payloadBytes: 60_000 }]),
      'write',
    );
    openWriter(files).writeBatch({ ...batch, transactionEnds: [] });
    expect(blocksOf(files)).toEqual([range(1, 8)]);
  });
});

describe('faults', () => {
  type Outcome = { acknowledged: number[]; synced: number[]; isBroken: boolean; isCrashed: boolean; failures: number };

  /**
   * Eight batches of mixed size and durability over several files, a checkpoint between, then a clean stop. A batch that
   * fails is followed by one that uses its LSNs again, as the engine does after a rollback.
   */
  function runScenario(files: MemoryFiles, durability: (step: number) => Durability): Outcome {
    const outcome: Outcome = { acknowledged: [], synced: [], isBroken: false, isCrashed: false, failures: 0 };
    let lsn = 0;
    try {
      const writer = openWriter(files, { walMaxSizeBytes: 700 });
      for (let step = 0; step < 8; step++) {
        const rows = range(lsn + 1, lsn + 1 + (step % 3)).map((each) => ({ lsn: each, payloadBytes: step * 300 }));
        const result = writer.writeBatch(batchOf([rows], durability(step)));
        if (result.ok) {
          for (const row of rows) outcome.acknowledged.push(row.lsn);
          if (durability(step) === 'sync') outcome.synced = [...outcome.acknowledged];
          lsn += rows.length;
        } else {
          outcome.failures++;
        }
        if (step === 4) writer.rotate(writer.vclock);
      }
      writer.stop();
    } catch (error) {
      if (error instanceof LogBrokenError) outcome.isBroken = true;
      else if (error instanceof CrashError) outcome.isCrashed = true;
      else throw error;
    }
    return outcome;
  }

  const mixed = (step: number): Durability => (step % 3 === 2 ? 'sync' : 'write');
  const always = (durability: Durability) => (): Durability => durability;

  function countOperations(durability: (step: number) => Durability): number {
    const files = new MemoryFiles();
    runScenario(files, durability);
    return files.operations.length;
  }

  /** Goes on from what a crash left, and reads that too. */
  function continueAndCheck(files: MemoryFiles, recovered: Recovered): void {
    const { vclock, lastFileVclock, lsns } = recovered;
    const last = vclock[1] ?? 0;
    const writer = openWriter(files, { vclock, lastFileVclock });
    expect(writeRows(writer, last + 1, last + 3).ok).toBe(true);
    writer.stop();
    expect(recover(files).lsns).toEqual([...lsns, ...range(last + 1, last + 3)]);
  }

  test.each(['ENOSPC', 'EIO'] as const)(
    '%s at each operation: what was acknowledged is there, nothing else',
    (code) => {
      let failures = 0;
      let broken = 0;
      for (const durability of [mixed, always('write'), always('sync')]) {
        const operations = countOperations(durability);
        for (let operation = 0; operation < operations; operation++) {
          const files = new MemoryFiles();
          files.fault = { kind: 'error', operation, code };
          const outcome = runScenario(files, durability);
          failures += outcome.failures;
          const after = files.afterProcessCrash();
          const recovered = recover(after);
          if (outcome.isBroken) {
            broken++;
            expect(recovered.lsns.slice(0, outcome.acknowledged.length)).toEqual(outcome.acknowledged);
          } else {
            expect(recovered.lsns).toEqual(outcome.acknowledged);
          }
          continueAndCheck(after, recovered);
        }
      }
      expect(failures).toBeGreaterThan(20);
      expect(broken).toBeGreaterThan(2);
    },
  );

  test('a truncation that fails ends the writer, because the failed rows may be there', () => {
    const files = new MemoryFiles();
    const writer = openWriter(files);
    writeRows(writer, 1, 1);
    files.fault = { kind: 'error', operation: files.operations.length, code: 'ENOSPC' };
    const batch = batchOf([[{ lsn: 2, payloadBytes: 1 }]], 'write');
    expect(writer.writeBatch(batch)).toMatchObject({ ok: false, code: 'ENOSPC', errno: 28 });
    files.fault = { kind: 'error', operation: files.operations.length, code: 'ENOSPC' };
    files.failing.add('truncate');
    expect(() => writer.writeBatch(batch)).toThrow(LogBrokenError);
  });

  test('rows that could be neither synced nor removed are there for good once something follows them', () => {
    for (let seed = 0; seed < 20; seed++) {
      const files = new MemoryFiles();
      const broken = openWriter(files, { walMode: 'fsync' });
      writeRows(broken, 1, 2);
      files.failing.add('sync').add('truncate');
      expect(() => writeRows(broken, 3, 3)).toThrow(LogBrokenError);
      const restarted = files.afterRestart();
      const { vclock, lastFileVclock, lsns } = recover(restarted);
      expect(lsns).toEqual([1, 2, 3]);
      expect(recover(restarted.afterMachineCrash(new SeededRandom(seed))).lsns.slice(0, 2)).toEqual([1, 2]);
      const writer = openWriter(restarted, { walMode: 'fsync', vclock, lastFileVclock });
      expect(writeRows(writer, 4, 5).ok).toBe(true);
      expect(recover(restarted.afterMachineCrash(new SeededRandom(seed))).lsns).toEqual(range(1, 5));
    }
  });

  test('where all rows are durable, nothing is written over failed ones before they are surely gone', () => {
    const files = new MemoryFiles();
    const writer = openWriter(files, { walMode: 'fsync' });
    writeRows(writer, 1, 2);
    const before = files.operations.length;
    files.fault = { kind: 'error', operation: before, code: 'ENOSPC' };
    expect(writeRows(writer, 3, 3)).toMatchObject({ ok: false, code: 'ENOSPC' });
    files.fault = { kind: 'error', operation: before + 2, code: 'EIO' };
    expect(writeRows(writer, 3, 3)).toMatchObject({ ok: false, code: 'EIO' });
    expect(writeRows(writer, 3, 4).ok).toBe(true);
    const [failed, again, done] = [
      ['write', 'truncate'],
      ['sync', 'truncate'],
      ['sync', 'write', 'sync'],
    ] as const;
    expect(files.operations.slice(before)).toEqual([...failed, ...again, ...done, 'write', 'sync']);
    expect(recover(files).lsns).toEqual(range(1, 4));
  });

  test('where they are not, as in wal_mode write, no sync is added', () => {
    const files = new MemoryFiles();
    const writer = openWriter(files);
    writeRows(writer, 1, 2);
    const before = files.operations.length;
    files.fault = { kind: 'error', operation: before, code: 'ENOSPC' };
    expect(writeRows(writer, 3, 3)).toMatchObject({ ok: false, code: 'ENOSPC' });
    expect(writeRows(writer, 3, 3).ok).toBe(true);
    expect(files.operations.slice(before)).toEqual(['write', 'truncate', 'write']);
  });

  test('a process that dies at any operation loses nothing that was acknowledged', () => {
    const operations = countOperations(mixed);
    for (let operation = 0; operation < operations; operation++) {
      const files = new MemoryFiles();
      files.fault = { kind: 'crash', operation };
      const outcome = runScenario(files, mixed);
      expect(outcome.isCrashed).toBe(true);
      const after = files.afterProcessCrash();
      const recovered = recover(after);
      expect(recovered.lsns.slice(0, outcome.acknowledged.length)).toEqual(outcome.acknowledged);
      expect(recovered.lsns).toEqual(range(1, recovered.lsns.length));
      continueAndCheck(after, recovered);
    }
  });

  test('a machine that dies at any operation loses nothing that was synced, and only from the end', () => {
    for (const durability of [mixed, always('write'), always('sync')]) {
      const operations = countOperations(durability);
      for (let operation = 0; operation < operations; operation++) {
        for (let seed = 0; seed < 4; seed++) {
          const files = new MemoryFiles();
          files.fault = { kind: 'crash', operation };
          const outcome = runScenario(files, durability);
          const after = files.afterMachineCrash(new SeededRandom(seed));
          const recovered = recover(after);
          expect(recovered.lsns.slice(0, outcome.synced.length)).toEqual(outcome.synced);
          expect(recovered.lsns).toEqual(range(1, recovered.lsns.length));
          continueAndCheck(after, recovered);
        }
      }
    }
  });

  test('a batch queued behind one that failed is refused', () => {
    const files = new MemoryFiles();
    const writer = openWriter(files);
    writeRows(writer, 1, 1);
    files.fault = { kind: 'error', operation: files.operations.length, code: 'EIO' };
    expect(writeRows(writer, 2, 2).ok).toBe(false);
    expect(writeRows(writer, 3, 3)).toMatchObject({ ok: false, code: 'ECANCELED' });
    expect(writeRows(writer, 2, 3).ok).toBe(true);
    expect(recover(files).lsns).toEqual([1, 2, 3]);
  });
});
