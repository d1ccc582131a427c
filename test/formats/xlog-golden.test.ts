/**
 * The files in golden/ were written by a real Tarantool 2.6.0 (make-golden-logs.lua), which also said what it reads in
 * them. Both directions are checked: what we read, and that what we would write has the same bytes.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decompress } from '@cloudpss/zstd';
import { describe, expect, test } from 'vitest';
import { ByteWriter, SeededRandom } from '../../src/base/index.ts';
import { decodeValue } from '../../src/codec/msgpack/index.ts';
import {
  BlockDecoder,
  COMPRESSION_THRESHOLD_BYTES,
  encodeBlock,
  encodeFileHeader,
  END_MARKER,
  parseFileHeader,
  ROW_FLAG,
  RowReader,
  writeRowHeader,
} from '../../src/codec/xlog/index.ts';

const FILES = ['00000000000000000000.snap', '00000000000000000000.xlog', '00000000000000000021.xlog'] as const;
const INSTANCE_UUID = '11111111-2222-4333-8444-555555555555';
const TYPE_NAMES = new Map([
  [2, 'INSERT'],
  [3, 'REPLACE'],
  [4, 'UPDATE'],
  [5, 'DELETE'],
  [9, 'UPSERT'],
  [12, 'NOP'],
]);

const golden = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`golden/${name}`, import.meta.url))));

/** A plain array: the package gives a Buffer, which is not equal to one of the same bytes. */
const unpacked = (frame: Uint8Array): Uint8Array => new Uint8Array(decompress(frame));

type Block = Readonly<{ stored: Uint8Array; rows: Uint8Array }>;
type LogFile = Readonly<{ header: Uint8Array; blocks: readonly Block[]; isClosed: boolean }>;

/** Reads a file that arrives in chunks of 1 .. `chunkBytesMax` bytes. */
function decodeFile(bytes: Uint8Array, chunkBytesMax: number): LogFile {
  const parsed = parseFileHeader(bytes);
  if (parsed.kind !== 'header') throw new Error(parsed.kind);
  const decoder = new BlockDecoder({ decompress: unpacked, startOffset: parsed.sizeBytes, forceRecovery: false });
  const random = new SeededRandom(chunkBytesMax);
  const blocks: Block[] = [];
  for (let position = parsed.sizeBytes; position < bytes.length;) {
    const next = Math.min(position + 1 + random.below(chunkBytesMax), bytes.length);
    decoder.push(bytes.subarray(position, next));
    position = next;
    for (let step = decoder.next(); step.kind !== 'need-bytes'; step = decoder.next()) {
      if (step.kind === 'block') {
        blocks.push({ stored: bytes.slice(step.offset, step.endOffset), rows: step.rows.slice() });
      } else if (step.kind !== 'end-marker') {
        throw new Error(step.reason);
      }
    }
  }
  return { header: bytes.slice(0, parsed.sizeBytes), blocks, isClosed: decoder.finish().isClosed };
}

/** For comparing: element by element takes seconds. */
const asText = ({ header, blocks, isClosed }: LogFile): string =>
  [header, ...blocks.flatMap(({ stored, rows }) => [stored, rows])]
    .map((part) => Buffer.from(part).toString('hex'))
    .join(' ') + String(isClosed);

/** A row as make-golden-logs.lua prints it. */
function describeRow(row: RowReader, isSnapshot: boolean): string {
  const isGrouped = !isSnapshot && !(row.tsn === row.lsn && row.isCommit);
  const body = row.bodyEnd > row.bodyStart ? decodeValue(row.bytes, row.bodyStart) : null;
  const spaceId = body instanceof Map ? Number(body.get(0x10)) : null;
  return [
    row.lsn || '-',
    row.replicaId || '-',
    row.groupId || '-',
    TYPE_NAMES.get(row.type),
    isGrouped ? row.tsn : '-',
    isGrouped && row.isCommit ? 'true' : '-',
    row.timestampSeconds,
    spaceId ?? '-',
  ].join(' ');
}

describe.each(FILES)('%s', (name) => {
  const bytes = golden(name);
  const file = decodeFile(bytes, bytes.length);
  const isSnapshot = name.endsWith('.snap');

  test('is read the same byte by byte and in chunks of any size', () => {
    for (const chunkBytesMax of [1, 2, 7, 100, 5000])
      expect(asText(decodeFile(bytes, chunkBytesMax))).toBe(asText(file));
    expect(file.isClosed).toBe(true);
  });

  test('has the rows that Tarantool reads in it', () => {
    const lines: string[] = [];
    const reader = new RowReader();
    for (const { rows } of file.blocks) {
      reader.reset(rows);
      while (reader.next() === 'row') lines.push(describeRow(reader, isSnapshot));
    }
    expect(lines).toEqual(
      new TextDecoder()
        .decode(golden(`${name}.rows.txt`))
        .trimEnd()
        .split('\n')
        .map(shortenTime),
    );
  });

  test('is written back to the byte, but for what zstd is free to choose', () => {
    const parsed = parseFileHeader(bytes);
    if (parsed.kind !== 'header') throw new Error(parsed.kind);
    expect(encodeFileHeader(parsed.header)).toEqual(file.header);
    expect(parsed.header.instanceUuid).toBe(INSTANCE_UUID);
    const reader = new RowReader();
    for (const { stored, rows } of file.blocks) {
      const writer = new ByteWriter();
      reader.reset(rows);
      while (reader.next() === 'row') {
        // Rows of snapshots have no tsn on disk, which reads as the row's own LSN.
        const header = reader.header();
        writeRowHeader(writer, isSnapshot ? { ...header, tsn: 0, flags: header.flags & ~ROW_FLAG.commit } : header);
        writer.writeBytes(rows, reader.bodyStart, reader.bodyEnd);
      }
      expect(writer.toBytes()).toEqual(rows);
      const isCompressed = stored[3] === 0xba;
      expect(isCompressed).toBe(rows.length >= COMPRESSION_THRESHOLD_BYTES);
      if (!isCompressed) expect(encodeBlock(rows, null)).toEqual(stored);
    }
    const total = file.header.length + file.blocks.reduce((sum, block) => sum + block.stored.length, 0);
    expect(bytes.slice(total)).toEqual(END_MARKER);
  });
});

/** Lua printed 17 digits; JavaScript prints as few as tell the number apart. */
function shortenTime(line: string): string {
  const columns = line.split(' ');
  columns[6] = String(Number(columns[6]));
  return columns.join(' ');
}
