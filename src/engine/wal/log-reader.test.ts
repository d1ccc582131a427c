import { describe, expect, test } from 'vitest';
import { MemoryFiles } from '../../../test/support/memory-files.ts';
import { BoxError, ByteWriter, CorruptionError } from '../../base/index.ts';
import {
  encodeBlock,
  encodeFileHeader,
  END_MARKER,
  type FileHeader,
  ROW_FLAG,
  type Vclock,
  vclockSignature,
  writeRowHeader,
} from '../../codec/xlog/index.ts';
import { createZstdCompression } from '../../env/zstd/index.ts';
import { LogFileCursor } from './log-file-cursor.ts';
import { LogReader, type LogReaderOptions } from './log-reader.ts';

const DIRECTORY = '/wal';
const INSTANCE_UUID = '11111111-2222-4333-8444-555555555555';
const compression = createZstdCompression();

/** `replicaId:lsn` of each row. */
type Transaction = readonly (readonly [replicaId: number, lsn: number])[];

function blockOf(transactions: readonly Transaction[]): Uint8Array {
  const writer = new ByteWriter();
  for (const rows of transactions) {
    const tsn = rows.find(([replicaId]) => replicaId !== 0)?.[1] ?? rows[0]![1];
    for (const [index, [replicaId, lsn]] of rows.entries()) {
      const flags = index === rows.length - 1 ? ROW_FLAG.commit : 0;
      const groupId = replicaId === 0 ? 1 : 0;
      writeRowHeader(writer, { type: 2, replicaId, groupId, lsn, timestampSeconds: 0, tsn, flags });
      writer.writeByte(0x80);
    }
  }
  return encodeBlock(writer.written(), compression);
}

const singles = (from: number, to: number): readonly Transaction[] =>
  Array.from({ length: to - from + 1 }, (_, index) => [[1, from + index]] as const);

function fileOf(vclock: Vclock, parts: readonly Uint8Array[], header: Partial<FileHeader> = {}): Uint8Array {
  const bytes = encodeFileHeader({
    kind: 'XLOG',
    softwareVersion: '1',
    instanceUuid: INSTANCE_UUID,
    vclock,
    previousVclock: null,
    ...header,
  });
  return new Uint8Array(Buffer.concat([bytes, ...parts]));
}

const pathOf = (vclock: Vclock): string => `${DIRECTORY}/${String(vclockSignature(vclock)).padStart(20, '0')}.xlog`;
const cut = (bytes: Uint8Array, count: number): Uint8Array => bytes.slice(0, bytes.length - count);

/** Three files with the rows 1..3, 4..6, 7..9 of replica 1. */
function threeFiles(): MemoryFiles {
  const files = new MemoryFiles();
  files.put(pathOf([]), fileOf([], [blockOf(singles(1, 3)), END_MARKER]));
  files.put(pathOf([0, 3]), fileOf([0, 3], [blockOf(singles(4, 6)), END_MARKER], { previousVclock: [] }));
  files.put(pathOf([0, 6]), fileOf([0, 6], [blockOf(singles(7, 9)), END_MARKER], { previousVclock: [0, 3] }));
  return files;
}

type Read = { rows: string[]; vclock: Vclock; warnings: string[]; slices: number };

function readAll(files: MemoryFiles, options: Partial<LogReaderOptions> = {}, maxBytes = 1 << 20): Read {
  const warnings: string[] = [];
  const reader = new LogReader(
    { files, compression },
    {
      directory: DIRECTORY,
      instanceUuid: INSTANCE_UUID,
      vclock: [],
      forceRecovery: false,
      onWarning: (text) => warnings.push(text),
      ...options,
    },
  );
  const rows: string[] = [];
  let slices = 1;
  while (reader.read(maxBytes, (row) => rows.push(`${row.replicaId}:${row.lsn}`)) === 'more') slices++;
  return { rows, vclock: reader.vclock, warnings, slices };
}

function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

const lsns = (from: number, to: number): readonly string[] => singles(from, to).map(([row]) => `1:${row![1]}`);

describe('rows', () => {
  test('of all files in order', () => {
    expect(readAll(threeFiles())).toMatchObject({ rows: lsns(1, 9), vclock: [0, 9], warnings: [] });
  });

  test.each([0, 1, 2, 3, 4, 6, 8, 9, 12])('after LSN %i only', (lsn) => {
    const { rows, vclock } = readAll(threeFiles(), { vclock: [0, lsn] });
    expect(rows).toEqual(lsns(lsn + 1, 9));
    expect(vclock).toEqual([0, Math.max(lsn, 9)]);
  });

  test('of local spaces are passed over like all others, unless they are asked for', () => {
    const files = new MemoryFiles();
    const mixed: Transaction = [
      [1, 1],
      [0, 1],
      [1, 2],
      [0, 2],
    ];
    files.put(pathOf([]), fileOf([], [blockOf([mixed, [[0, 3]]]), END_MARKER]));
    expect(readAll(files, { vclock: [2, 1] }).rows).toEqual(['1:2', '0:3']);
    const asked = readAll(files, { vclock: [9, 1], givesLocalRows: true });
    expect(asked).toMatchObject({ rows: ['0:1', '1:2', '0:2', '0:3'], vclock: [9, 2] });
  });

  test('files before the vclock are not opened', () => {
    const files = threeFiles();
    files.put(pathOf([]), cut(files.content(pathOf([])), 10));
    expect(readAll(files, { vclock: [0, 3] }).rows).toEqual(lsns(4, 9));
  });

  test('of several origins and of local spaces, each passed over by its own component', () => {
    const files = new MemoryFiles();
    const mixed: Transaction = [
      [0, 3],
      [1, 8],
      [0, 4],
      [1, 9],
    ];
    files.put(pathOf([2, 7, 5]), fileOf([2, 7, 5], [blockOf([mixed, [[2, 6]], [[3, 1]]]), END_MARKER]));
    expect(readAll(files, { vclock: [2, 7, 5] })).toMatchObject({
      rows: ['0:3', '1:8', '0:4', '1:9', '2:6', '3:1'],
      vclock: [4, 9, 6, 1],
    });
    expect(readAll(files, { vclock: [3, 8, 6] }).rows).toEqual(['0:4', '1:9', '3:1']);
  });

  test('come in slices that do not cut a block', () => {
    const files = new MemoryFiles();
    const blocks = [singles(1, 40), singles(41, 60), singles(61, 100)].map(blockOf);
    files.put(pathOf([]), fileOf([], [...blocks, END_MARKER]));
    expect(readAll(files, {}, 1)).toMatchObject({ rows: lsns(1, 100), slices: 4 });
    expect(readAll(files, {}, 1000)).toMatchObject({ rows: lsns(1, 100), slices: 1 });
  });

  test('an empty directory has none', () => {
    expect(readAll(new MemoryFiles(), { vclock: [0, 5] })).toMatchObject({ rows: [], vclock: [0, 5] });
  });
});

describe('the last file', () => {
  test.each([
    ['without its marker', 4],
    ['with a part of its marker', 2],
  ])('%s gives all rows and a warning', (_, count) => {
    const files = threeFiles();
    files.put(pathOf([0, 6]), cut(files.content(pathOf([0, 6])), count));
    const { rows, warnings } = readAll(files);
    expect(rows).toEqual(lsns(1, 9));
    expect(warnings).toEqual([`file \`${pathOf([0, 6])}\` wasn't correctly closed`]);
  });

  test('cut inside a block ends before that block', () => {
    const files = threeFiles();
    files.put(pathOf([0, 6]), cut(files.content(pathOf([0, 6])), 10));
    expect(readAll(files)).toMatchObject({ rows: lsns(1, 6), vclock: [0, 6] });
  });
});

describe('gaps', () => {
  const gap = (from: string, to: string): string => `Missing .xlog file between LSN ${from} and ${to}`;

  function expectGap(files: MemoryFiles, text: string, options: Partial<LogReaderOptions> = {}): void {
    const error = errorOf(() => readAll(files, options));
    expect(error).toBeInstanceOf(BoxError);
    expect(error).toMatchObject({ type: 'XlogGapError', message: text });
    expect(readAll(files, { ...options, forceRecovery: true }).warnings).toEqual([text, 'ignoring a gap in LSN']);
  }

  test('a file in the middle is missing', () => {
    const files = threeFiles();
    files.remove(pathOf([0, 3]));
    expectGap(files, gap('3 {1: 3}', '6 {1: 6}'));
    expect(readAll(files, { forceRecovery: true }).rows).toEqual([...lsns(1, 3), ...lsns(7, 9)]);
  });

  test('the first file begins after the snapshot', () => {
    const files = threeFiles();
    files.remove(pathOf([]));
    expectGap(files, gap('2 {1: 2}', '3 {1: 3}'), { vclock: [0, 2] });
  });

  test('the snapshot and the first file are incomparable', () => {
    expectGap(
      (() => {
        const files = new MemoryFiles();
        files.put(pathOf([0, 3]), fileOf([0, 3], [END_MARKER]));
        return files;
      })(),
      gap('5 {1: 2, 2: 3}', '3 {1: 3}'),
      { vclock: [0, 2, 3] },
    );
  });

  test('PrevVClock names another file than the one before', () => {
    const files = threeFiles();
    files.put(pathOf([0, 6]), fileOf([0, 6], [END_MARKER], { previousVclock: [0, 4] }));
    expectGap(files, gap('6 {1: 6}', '6 {1: 6}'));
  });

  // A real 2.6.0 loses these rows without a word.
  test('the end of a file that has a successor is lost', () => {
    const files = threeFiles();
    files.put(pathOf([0, 3]), cut(files.content(pathOf([0, 3])), 10));
    const error = errorOf(() => readAll(files));
    expect(error).toMatchObject({ type: 'XlogGapError', message: gap('3 {1: 3}', '6 {1: 6}') });
  });
});

describe('damaged files', () => {
  const last = pathOf([0, 6]);

  test.each([
    ['an empty file', new Uint8Array(0), "Unexpected end of file, run with 'force_recovery = true'"],
    ['half a header', fileOf([0, 6], []).slice(0, 40), "Unexpected end of file, run with 'force_recovery = true'"],
    ['another VClock than its name says', fileOf([0, 7], [END_MARKER]), 'signature check failed'],
    [
      'another owner',
      fileOf([0, 6], [END_MARKER], { instanceUuid: '22222222-2222-4333-8444-555555555555' }),
      'invalid instance UUID',
    ],
    ['no owner', fileOf([0, 6], [END_MARKER], { instanceUuid: null }), 'invalid instance UUID'],
    ['a VClock not after its predecessor', fileOf([0, 0, 6], [END_MARKER]), 'invalid xlog order'],
  ])('%s: refused, left out by forced recovery', (_, content, reason) => {
    const files = threeFiles();
    files.put(last, content);
    const error = errorOf(() => readAll(files));
    expect(error).toBeInstanceOf(CorruptionError);
    expect(error).toMatchObject({ message: `${last}: ${reason}` });
    const forced = readAll(files, { forceRecovery: true });
    expect(forced.rows).toEqual(lsns(1, 6));
    expect(forced.warnings).toEqual([`${last}: ${reason}`]);
  });

  test('another kind is refused even by forced recovery', () => {
    const files = threeFiles();
    files.put(last, fileOf([0, 6], [END_MARKER], { kind: 'SNAP' }));
    for (const forceRecovery of [false, true]) {
      expect(errorOf(() => readAll(files, { forceRecovery }))).toMatchObject({
        code: 125,
        message: 'Invalid xlog type: expected XLOG, got SNAP',
      });
    }
  });

  test('a damaged block stops recovery at its offset; forced recovery passes over it', () => {
    const files = new MemoryFiles();
    const blocks = [singles(1, 2), singles(3, 4), singles(5, 6)].map(blockOf);
    const content = fileOf([], [...blocks, END_MARKER]);
    const offset = content.length - 4 - blocks[1]!.length - blocks[2]!.length;
    content[offset + 25]! ^= 1;
    files.put(pathOf([]), content);
    expect(errorOf(() => readAll(files))).toMatchObject({
      message: `${pathOf([])}: tx checksum mismatch at offset ${offset}`,
      offset,
    });
    const forced = readAll(files, { forceRecovery: true });
    expect(forced.rows).toEqual([...lsns(1, 2), ...lsns(5, 6)]);
    expect(forced.warnings).toEqual([`${pathOf([])}: tx checksum mismatch at offset ${offset}`]);
  });

  test('a block whose rows are no rows', () => {
    const files = new MemoryFiles();
    files.put(
      pathOf([]),
      fileOf([], [encodeBlock(Uint8Array.of(0x93, 1, 2, 3), null), blockOf(singles(1, 1)), END_MARKER]),
    );
    expect(errorOf(() => readAll(files))).toMatchObject({
      message: expect.stringContaining("can't parse row") as string,
    });
    expect(readAll(files, { forceRecovery: true }).rows).toEqual(['1:1']);
  });
});

test('after a gap that was ignored the log goes on behind the last file, even if that has no rows', () => {
  const files = new MemoryFiles();
  files.put(pathOf([]), fileOf([], [blockOf(singles(1, 2)), END_MARKER]));
  files.put(pathOf([4, 7]), fileOf([4, 7], [END_MARKER], { previousVclock: [] }));
  expect(readAll(files, { forceRecovery: true })).toMatchObject({ rows: lsns(1, 2), vclock: [4, 7] });
});

describe('a write that a power cut has torn', () => {
  const zeros = new Uint8Array(600);

  test('ends the log, and what is written after the next start continues it', () => {
    const files = new MemoryFiles();
    files.put(pathOf([]), fileOf([], [blockOf(singles(1, 3)), zeros]));
    expect(readAll(files)).toMatchObject({ rows: lsns(1, 3), vclock: [0, 3] });
    expect(readAll(files).warnings[0]).toContain('an unfinished write of 600 bytes');
    files.put(pathOf([0, 3]), fileOf([0, 3], [blockOf(singles(4, 6)), END_MARKER], { previousVclock: [] }));
    expect(readAll(files)).toMatchObject({ rows: lsns(1, 6), vclock: [0, 6] });
  });

  test('hides no row that was there before the next file', () => {
    const files = new MemoryFiles();
    files.put(pathOf([]), fileOf([], [blockOf(singles(1, 2)), zeros]));
    files.put(pathOf([0, 3]), fileOf([0, 3], [blockOf(singles(4, 6)), END_MARKER], { previousVclock: [] }));
    expect(errorOf(() => readAll(files))).toMatchObject({ type: 'XlogGapError' });
  });

  test('is damage in a file that was closed, and under forced recovery, which reads what follows', () => {
    const files = new MemoryFiles();
    files.put(pathOf([]), fileOf([], [blockOf(singles(1, 2)), zeros, blockOf(singles(3, 4)), END_MARKER]));
    expect(errorOf(() => readAll(files))).toBeInstanceOf(CorruptionError);
    expect(readAll(files, { forceRecovery: true }).rows).toEqual(lsns(1, 4));
  });
});

describe('one file', () => {
  const options = { kind: 'XLOG', instanceUuid: null, forceRecovery: false, onWarning: () => {} } as const;
  const openCursor = (files: MemoryFiles, requiresEndMarker = false): LogFileCursor =>
    new LogFileCursor({ files, compression }, pathOf([]), { ...options, acceptsTornWrite: false, requiresEndMarker });

  test('that grows, and whose tail is replaced, can be followed', () => {
    const files = new MemoryFiles();
    const first = blockOf(singles(1, 1));
    const failed = blockOf(singles(2, 40));
    const second = blockOf(singles(2, 3));
    files.put(pathOf([]), fileOf([], [first, cut(failed, 5)]));
    const rows: number[] = [];
    // The file is opened once: what follows changes it under the cursor.
    const file = files.open(pathOf([]), 'update');
    const following = openCursor(files);
    const step = (endOffset?: number): string =>
      following.readBlocks(1 << 20, (block) => rows.push(block.length), endOffset);
    expect(step()).toBe('end');
    expect(following.end).toMatchObject({ isClosed: false, tornBytes: failed.length - 5 });
    const position = following.position;
    file.truncate(position);
    file.write(second, 0, second.length, position);
    expect(step(position)).toBe('end');
    expect(rows.length).toBe(1);
    expect(step(position + second.length)).toBe('end');
    expect(rows).toEqual([first.length - 19, second.length - 19]);
    file.write(END_MARKER, 0, 4, position + second.length);
    expect(step()).toBe('end');
    expect(following.end).toEqual({ isClosed: true, offset: position + second.length + 4, tornBytes: 0 });
  });

  test('that must have its end marker is refused without', () => {
    const files = new MemoryFiles();
    files.put(pathOf([]), fileOf([], [blockOf(singles(1, 1)), END_MARKER]));
    expect(openCursor(files, true).readRows(1 << 20, () => {})).toBe('end');
    files.put(pathOf([]), fileOf([], [blockOf(singles(1, 1))]));
    expect(() => openCursor(files, true).readRows(1 << 20, () => {})).toThrow('has no EOF marker');
  });

  test('with a block larger than what is read at once', () => {
    const files = new MemoryFiles();
    const rows = new Uint8Array(1_000_000).fill(0x80);
    files.put(pathOf([]), fileOf([], [encodeBlock(rows, null), encodeBlock(rows, null), END_MARKER]));
    let count = 0;
    const cursor = openCursor(files);
    while (cursor.readBlocks(1, (block) => (count += block.length)) === 'more');
    expect(count).toBe(2_000_000);
    expect(cursor.end?.isClosed).toBe(true);
  });
});
