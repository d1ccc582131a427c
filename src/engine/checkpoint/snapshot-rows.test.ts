/** Rows that one thread parses must reach the other as they were in the file, plain or not. */
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../base/index.ts';
import { encodeValue, type Value } from '../../codec/msgpack/index.ts';
import { RowReader, writeRowHeader } from '../../codec/xlog/index.ts';
import { readSnapshotRows, SnapshotRowWriter } from './snapshot-rows.ts';

const INSERT = 2;
const REPLACE = 3;

/** A row with a body map of these keys and values. */
function row(type: number, body: readonly (readonly [number, Value])[]): Uint8Array {
  const writer = new ByteWriter(64);
  writeRowHeader(writer, { type, replicaId: 0, groupId: 0, lsn: 7, timestampSeconds: 1.5, tsn: 0, flags: 0 });
  writer.writeByte(0x80 | body.length);
  for (const [key, value] of body) {
    writer.writeByte(key);
    encodeValue(writer, value);
  }
  return writer.toBytes();
}

function encoded(value: Value): Uint8Array {
  const writer = new ByteWriter(64);
  encodeValue(writer, value);
  return writer.toBytes();
}

function passOn(writer: SnapshotRowWriter, rows: readonly Uint8Array[]): string[] {
  const block = Buffer.concat(rows);
  const reader = new RowReader();
  reader.reset(block);
  while (reader.next() === 'row') writer.append(reader);
  const { rows: bytes, places } = writer.written();
  const seen: string[] = [];
  const hex = (start: number, end: number): string => Buffer.from(bytes.subarray(start, end)).toString('hex');
  const count = readSnapshotRows(bytes, places, {
    onTuple: (spaceId, given, start, end) => {
      expect(given).toBe(bytes);
      seen.push(`${spaceId}: ${hex(start, end)}`);
    },
    onRow: (_given, start, end) => seen.push(`row ${hex(start, end)}`),
  });
  expect(count).toBe(rows.length);
  return seen;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('rows of a snapshot between two threads', () => {
  it('gives the place of the tuple of a plain row', () => {
    const tuple: Value = [1, 'x'.repeat(300), [2, null]];
    const plain = row(INSERT, [
      [0x10, 70000],
      [0x21, tuple],
    ]);
    expect(passOn(new SnapshotRowWriter(16, 1), [plain, plain])).toEqual(
      Array.from({ length: 2 }, () => `70000: ${hexOf(encoded(tuple))}`),
    );
  });

  it.each([
    [
      'another request',
      row(REPLACE, [
        [0x10, 512],
        [0x21, [1]],
      ]),
    ],
    [
      'keys in the other order',
      row(INSERT, [
        [0x21, [1]],
        [0x10, 512],
      ]),
    ],
    [
      'another key',
      row(INSERT, [
        [0x10, 512],
        [0x20, [1]],
      ]),
    ],
    [
      'a key more',
      row(INSERT, [
        [0x10, 512],
        [0x21, [1]],
        [0x30, 1],
      ]),
    ],
    [
      'a tuple that is none',
      row(INSERT, [
        [0x10, 512],
        [0x21, 'text'],
      ]),
    ],
    [
      'a space id that is none',
      row(INSERT, [
        [0x10, 'a'],
        [0x21, [1]],
      ]),
    ],
    ['no body', row(INSERT, [])],
  ])('gives a row with %s as a whole', (_what, bytes) => {
    expect(passOn(new SnapshotRowWriter(1024, 8), [bytes])).toEqual([`row ${hexOf(bytes)}`]);
  });

  it('begins anew after a reset', () => {
    const writer = new SnapshotRowWriter(1024, 8);
    passOn(writer, [
      row(INSERT, [
        [0x10, 600],
        [0x21, [1]],
      ]),
    ]);
    writer.reset();
    expect(
      passOn(writer, [
        row(INSERT, [
          [0x10, 601],
          [0x21, [2]],
        ]),
      ]),
    ).toEqual(['601: 9102']);
  });
});
