/** The fast path gives what the general path gives, or declines: on random tuples and operations, edges of widths first. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoxError, ByteWriter } from '../base/index.ts';
import { encodeValue, type Value, writeBigInt, writeDouble } from '../codec/msgpack/index.ts';
import { createTupleFormat, type TupleFormat } from './format.ts';
import type { FieldType } from './field-type.ts';
import { fieldBit, fieldBitsFrom, keyFields } from './key-fields.ts';
import { keyDef, keyPart } from './key-def.ts';
import { parseJsonPath, type JsonPath } from './json-path.ts';
import { FastUpdate } from './update-fast.ts';
import { applyUpdate, checkOperations } from './update.ts';

const NAMES = ['id', 'name', 'a.b', 'значение', 'd', '[1]'];

function formatOf(types: readonly FieldType[]): TupleFormat {
  return createTupleFormat({
    fields: types.map((type, index) => ({
      name: NAMES[index]!,
      type,
      isNullable: true,
      nullableAction: 'none' as const,
    })),
    keyDefs: [],
  });
}
const FORMATS = [formatOf([]), formatOf(['any', 'any', 'double', 'any', 'double', 'any'])];

function bytesOf(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(64);
  write(writer);
  return writer.toBytes();
}
const encoded = (value: Value): Uint8Array => bytesOf((writer) => encodeValue(writer, value));
const joined = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Both sides of every width, and of the range of exact doubles. */
const EDGES = [0n, 5n, 7n, 8n, 15n, 16n, 31n, 32n, 52n, 53n, 54n, 62n, 63n, 64n]
  .flatMap((bits) => [-2n, -1n, 0n, 1n, 2n].map((step) => (1n << bits) + step))
  .flatMap((value) => [value, -value])
  .filter((value) => value >= -(1n << 63n) && value < 1n << 64n);

const integers = fc.oneof(fc.constantFrom(...EDGES), fc.integer({ min: -300, max: 300 }).map(BigInt));
/** In the shortest form. */
const shortIntegers = integers.map((value) => bytesOf((writer) => writeBigInt(writer, value)));
/** In the longest form, as careless encoders write them. */
const wideIntegers = integers.map((value) =>
  bytesOf((writer) => {
    writer.ensure(9);
    writer.bytes[0] = value >= 1n << 63n || (value >= 0n && value % 2n === 0n) ? 0xcf : 0xd3;
    writer.view.setBigUint64(1, BigInt.asUintN(64, value));
    writer.position = 9;
  }),
);
const doubles = fc
  .oneof(fc.double(), fc.constantFrom(0.5, -0, 1e300, -1e300, NaN, Infinity, 2 ** 53, 2 ** 128, 1, 0.1))
  .map((value) => bytesOf((writer) => writeDouble(writer, value)));
const floats = fc.float().map((value) =>
  bytesOf((writer) => {
    writer.ensure(5);
    writer.bytes[0] = 0xca;
    writer.view.setFloat32(1, value);
    writer.position = 5;
  }),
);
const others = fc.oneof(
  fc.string({ maxLength: 40 }).map(encoded),
  fc
    .constantFrom<Value>(null, true, 'x'.repeat(300), [1, [2, 'three']], new Map<Value, Value>([['k', 5]]), [])
    .map(encoded),
  fc.constantFrom('c7030102120c', 'd501000c', 'c40201ff').map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))),
);
const numbers = fc.oneof(shortIntegers, shortIntegers, wideIntegers, doubles, floats);
const values = fc.oneof({ arbitrary: numbers, weight: 3 }, { arbitrary: others, weight: 1 });

const arrayHeader = (count: number, isWide: boolean): Uint8Array =>
  isWide || count > 15 ? new Uint8Array([0xdc, count >>> 8, count & 0xff]) : new Uint8Array([0x90 | count]);
const tuples = fc
  .tuple(fc.array(values, { maxLength: 18 }), fc.boolean())
  .map(([fields, isWide]) => joined([arrayHeader(fields.length, isWide), ...fields]));

const fieldIds = fc.oneof(
  { arbitrary: fc.integer({ min: -6, max: 8 }).map(encoded), weight: 6 },
  { arbitrary: fc.constantFrom(...NAMES, 'nope', 'id[1]', '[2]', 'name.x').map(encoded), weight: 2 },
  {
    arbitrary: fc
      .constantFrom(
        'd003',
        'cd0002',
        'ce80000000',
        'cf0000000100000000',
        'd280000000',
        'd27fffffff',
        'cb3ff0000000000000',
      )
      .map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))),
    weight: 1,
  },
);
const codes = fc.constantFrom('=', '=', '+', '-', '&', '|', '^', '!', '#', ':', '%', '==').map(encoded);
const operations = fc
  .tuple(codes, fieldIds, values)
  .map(([code, field, argument]) => joined([arrayHeader(3, false), code, field, argument]));
const plainOperations = fc
  .tuple(
    fc.constantFrom('=', '+', '-', '&', '|', '^').map(encoded),
    fc.integer({ min: 0, max: 5 }).map(encoded),
    numbers,
  )
  .map(([code, field, argument]) => joined([arrayHeader(3, false), code, field, argument]));
const requests = fc
  .oneof(fc.array(plainOperations, { maxLength: 3 }), fc.array(operations, { maxLength: 4 }))
  .map((list) => joined([arrayHeader(list.length, false), ...list]));

type Outcome = Readonly<{ isRead: boolean; bytes: Uint8Array | null; touchedFields: number }>;

const PREFIX = new Uint8Array([1, 2, 3]);

function fastOutcome(format: TupleFormat, tuple: Uint8Array, request: Uint8Array, indexBase: number): Outcome {
  const fast = new FastUpdate();
  const writer = new ByteWriter(1);
  writer.writeBytes(PREFIX, 0, PREFIX.length);
  // Both stand amid other bytes, as in a slab and in a packet.
  const isRead = fast.read(format, joined([PREFIX, request, PREFIX]), PREFIX.length, indexBase);
  const start = PREFIX.length;
  const cell = joined([PREFIX, tuple, PREFIX]);
  const isApplied = isRead && fast.apply(writer, format, cell, start, start + tuple.length);
  if (!isApplied) expect(writer.position).toBe(start);
  const bytes = isApplied ? writer.toBytes().slice(start) : null;
  return { isRead, bytes, touchedFields: fast.touchedFields };
}

function generalOutcome(format: TupleFormat, tuple: Uint8Array, request: Uint8Array, indexBase: number): string {
  const writer = new ByteWriter(1);
  try {
    applyUpdate(writer, format, tuple, 0, { bytes: request, position: 0, indexBase });
  } catch (error) {
    if (!(error instanceof BoxError)) throw error;
    return error.message;
  }
  return Buffer.from(writer.toBytes()).toString('hex');
}

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

describe('the fast path', () => {
  test('gives the bytes of the general path, or declines', () => {
    let applied = 0;
    let declined = 0;
    const property = fc.property(
      fc.constantFrom(...FORMATS),
      tuples,
      requests,
      fc.integer({ min: 0, max: 1 }),
      (format, tuple, request, indexBase) => {
        const { isRead, bytes } = fastOutcome(format, tuple, request, indexBase);
        if (isRead) checkOperations(format, { bytes: request, position: 0, indexBase });
        if (bytes === null) {
          declined++;
          return;
        }
        applied++;
        expect(Buffer.from(bytes).toString('hex')).toBe(generalOutcome(format, tuple, request, indexBase));
      },
    );
    fc.assert(property, { numRuns: 10_000, seed: 26 });
    expect(Math.min(applied, declined)).toBeGreaterThan(2000);
  });

  test('is exact at all pairs of edges', () => {
    for (const left of EDGES) {
      for (const right of EDGES) {
        const tuple = joined([hex('91'), bytesOf((writer) => writeBigInt(writer, left))]);
        for (const code of ['+', '-', '&', '|', '^']) {
          const request = joined([
            hex('91 93'),
            encoded(code),
            hex('00'),
            bytesOf((writer) => writeBigInt(writer, right)),
          ]);
          const { bytes } = fastOutcome(FORMATS[0]!, tuple, request, 0);
          if (bytes === null) continue;
          const got = Buffer.from(bytes).toString('hex');
          if (got !== generalOutcome(FORMATS[0]!, tuple, request, 0)) {
            expect(`${left} ${code} ${right}: ${got}`).toBe(generalOutcome(FORMATS[0]!, tuple, request, 0));
          }
        }
      }
    }
  });

  test.each([
    ['an assignment', '93 01 a161 02', '91 93 a13d 01 c0', '9301c002', 0b10],
    ['two, the later field first', '93 01 02 03', '92 93 a12b 02 01 93 a12d 00 05', '93fc0204', 0b101],
    ['one to the end', '92 01 02', '91 93 a13d 02 a17a', '930102a17a', 0b100],
    ['one beside one to the end', '92 01 02', '92 93 a13d 02 a17a 93 a12b 01 01', '930103a17a', 0b110],
    ['the last field', '92 01 02', '91 93 a12b ff cd00ff', '9201cd0101', 0b10],
    ['no operations', 'dc0001 01', '90', '9101', 0],
    ['an insertion', '92 01 02', '91 93 a121 01 05', '93010502', -2],
    ['an insertion at the end', '92 01 02', '91 93 a121 ff 05', '93010205', -4],
    ['a deletion of more than there is', '93 01 02 03', '91 93 a123 01 09', '9101', -2],
    [
      'a growing header',
      '9f 000000000000000000000000000000',
      '91 93 a13d 0f 01',
      'dc001000000000000000000000000000000001',
      1 << 15,
    ],
  ])('does %s', (_, tuple, request, want, touchedFields) => {
    const outcome = fastOutcome(FORMATS[0]!, hex(tuple), hex(request), 0);
    expect(outcome.bytes === null ? null : Buffer.from(outcome.bytes).toString('hex')).toBe(want);
    expect(outcome.touchedFields).toBe(touchedFields);
  });

  test('takes a name of the format, dots and all', () => {
    const { bytes } = fastOutcome(
      FORMATS[1]!,
      hex('93 01 02 03'),
      joined([hex('91 93 a13d'), encoded('a.b'), hex('07')]),
      1,
    );
    expect(bytes).toEqual(hex('93 01 02 07'));
  });

  test.each([
    ['a path', '91 93 a13d a35b315d 01'],
    ['a field twice', '92 93 a13d 00 01 93 a13d fe 02'],
    ['a field that is not there', '91 93 a12b 02 01'],
    ['an assignment beyond the end', '91 93 a13d 03 01'],
    ['a second operation beside an insertion', '92 93 a121 00 01 93 a13d 01 01'],
    ['a decimal', '91 93 a12b 00 d501000c'],
    ['a sum beyond 53 bits', '91 93 a12b 00 cf001fffffffffffff'],
    ['an operation of another length', '91 94 a13d 00 01 02'],
    ['no array of operations', '05'],
  ])('declines %s', (_, request) => {
    expect(fastOutcome(FORMATS[0]!, hex('92 01 02'), hex(request), 0).bytes).toBeNull();
  });
});

describe('fields of a key', () => {
  const path = parseJsonPath('a.b') as JsonPath;
  test.each([
    ['in one piece', [{ fieldNo: 1 }, { fieldNo: 2 }], 0b110, 1],
    ['out of order', [{ fieldNo: 2 }, { fieldNo: 1 }], 0b110, -1],
    ['with a path', [{ fieldNo: 0, path }], 0b1, -1],
    ['far behind', [{ fieldNo: 40 }], 1 << 31, 40],
  ])('%s', (_, parts, fields, firstFieldNo) => {
    expect(keyFields(keyDef(parts.map((part) => keyPart({ type: 'unsigned', ...part }))))).toEqual({
      fields,
      firstFieldNo,
    });
  });

  test('bits of a field and of all from it on', () => {
    expect([fieldBit(0), fieldBit(31), fieldBit(32), fieldBit(5000)]).toEqual([1, 1 << 31, 1 << 31, 1 << 31]);
    expect([fieldBitsFrom(0), fieldBitsFrom(31), fieldBitsFrom(99)]).toEqual([-1, 1 << 31, 1 << 31]);
  });
});
