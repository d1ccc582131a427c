import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteWriter, LSN_MAX } from '../../base/index.ts';
import { ROW_FLAG, type RowHeader, RowReader, writeRowHeader } from './row.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const BASE: RowHeader = { type: 2, replicaId: 1, groupId: 0, lsn: 8, timestampSeconds: 0, tsn: 8, flags: 0 };

function encode(row: Partial<RowHeader>): Uint8Array {
  const writer = new ByteWriter();
  writeRowHeader(writer, { ...BASE, ...row });
  return writer.toBytes();
}

test("keys are in Tarantool's order and zero fields are left out", () => {
  const all = encode({ groupId: 1, timestampSeconds: 1.5, tsn: 3, flags: ROW_FLAG.commit });
  expect(hex(all)).toBe('87' + '0002' + '0201' + '0701' + '0308' + '04cb3ff8000000000000' + '0805' + '0901');
  expect(hex(encode({ replicaId: 0, lsn: 0, tsn: 0 }))).toBe('81' + '0002');
});

test('a single row has no tsn; the first of several has tsn 0; the last has the commit flag', () => {
  expect(hex(encode({ flags: ROW_FLAG.commit }))).toBe('83' + '0002' + '0201' + '0308');
  expect(hex(encode({}))).toBe('84' + '0002' + '0201' + '0308' + '0800');
  expect(hex(encode({ lsn: 9, flags: ROW_FLAG.commit }))).toBe('85' + '0002' + '0201' + '0309' + '0801' + '0901');
});

test('a local row counts from another sequence: its tsn difference wraps', () => {
  const row = encode({ replicaId: 0, groupId: 1, lsn: 4, tsn: 14 });
  expect(hex(row)).toBe('84' + '0002' + '0701' + '0304' + '08cffffffffffffffff6');
});

const lsns = fc.oneof(fc.nat(200), fc.integer({ min: 0, max: LSN_MAX }));
const headers = fc.record({
  type: fc.constantFrom(2, 3, 4, 5, 9, 12, 40),
  replicaId: fc.nat(31),
  groupId: fc.nat(1),
  lsn: lsns,
  timestampSeconds: fc.oneof(fc.constant(0), fc.double({ noNaN: true, min: 1e-300 })),
  tsn: lsns.filter((tsn) => tsn > 0),
  flags: fc.nat(7),
});

test('rows read back as written, wherever they stand in the block', () => {
  const body = Uint8Array.of(0x81, 0x21, 0x91, 0x05);
  fc.assert(
    fc.property(fc.array(headers, { maxLength: 8 }), (rows) => {
      const writer = new ByteWriter();
      for (const row of rows) {
        writeRowHeader(writer, row);
        if (row.type !== 12) writer.writeBytes(body, 0, body.length);
      }
      const reader = new RowReader();
      reader.reset(writer.toBytes());
      for (const row of rows) {
        expect(reader.next()).toBe('row');
        // A transaction whose only global row is the last cannot be told from a single row.
        const isAlone = row.tsn === row.lsn && (row.flags & ROW_FLAG.commit) !== 0;
        const flags = row.tsn === row.lsn && !isAlone ? row.flags & ~ROW_FLAG.commit : row.flags;
        expect(reader.header()).toEqual({ ...row, flags });
        expect(hex(reader.bytes.subarray(reader.bodyStart, reader.bodyEnd))).toBe(row.type === 12 ? '' : hex(body));
      }
      expect(reader.next()).toBe('end');
      expect(reader.next()).toBe('end');
    }),
  );
});

test.each([
  ['no map', '93000102'],
  ['cut short', '840002020103'],
  ['a key that is no number', '81a10002'],
  ['a type that is no number', '8100a3616263'],
  ['a timestamp that is no double', '82000204ca3f800000'],
  ['a replica id beyond 31', '8200020220'],
  ['an LSN beyond the safe integers', '82000203cf0020000000000000'],
  ['an LSN with which sums would not be exact', '82000203cf0001000000000000'],
  ['a body that is no map', '82000203019105'],
  ['a body cut short', '820002030181a5'],
  ['a byte that no encoder may write', 'c1'],
])('a row with %s is invalid and ends the block', (_, text) => {
  const reader = new RowReader();
  reader.reset(new Uint8Array(Buffer.from(text, 'hex')));
  expect(reader.next()).toBe('invalid');
  expect(reader.next()).toBe('end');
});

test('unknown header keys are skipped', () => {
  const reader = new RowReader();
  reader.reset(new Uint8Array(Buffer.from('840002' + '0505' + '0a81a16192c0c3' + '0307' + '80', 'hex')));
  expect(reader.next()).toBe('row');
  expect(reader.header()).toMatchObject({ type: 2, lsn: 7 });
});

test('arbitrary bytes never make the reader leave its range or loop', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const reader = new RowReader();
      reader.reset(bytes);
      let steps = 0;
      while (reader.next() === 'row') {
        expect(reader.bodyEnd).toBeGreaterThan(reader.rowStart);
        expect(reader.bodyEnd).toBeLessThanOrEqual(bytes.length);
        steps++;
      }
      expect(steps).toBeLessThanOrEqual(bytes.length);
    }),
  );
});
