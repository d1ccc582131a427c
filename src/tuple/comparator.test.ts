/**
 * Numbers are compared with an oracle of fractions of BigInts; whole tuples with a naive comparison of decoded values.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../base/index.ts';
import {
  Datetime,
  Decimal,
  encodeToBytes,
  Uuid,
  writeArrayHeader,
  writeBigInt,
  writeDecimal,
  writeDouble,
  type Value,
} from '../codec/msgpack/index.ts';
import { compareKeys, compileComparator, type Comparator } from './comparator.ts';
import type { FieldType } from './field-type.ts';
import { parseJsonPath, type JsonPath } from './json-path.ts';
import { comparisonKeyDef, keyDef, keyPart, type KeyDef } from './key-def.ts';
import { compareNumbers } from './number-compare.ts';

type Fraction = Readonly<{ top: bigint; bottom: bigint }>;
/** A number in one encoding; `value` is null for NaN, and an infinity has a bottom of 0. */
type Sample = Readonly<{ bytes: Uint8Array; value: Fraction | null; name: string }>;

function bytesOf(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(16);
  write(writer);
  return writer.toBytes();
}

function decimalFraction(text: string): Fraction {
  const [significand, exponentText = '0'] = text.split('e') as [string, string?];
  const [whole, fraction = ''] = significand.split('.') as [string, string?];
  const exponent = Number(exponentText) - fraction.length;
  const digits = BigInt(whole + fraction);
  return exponent >= 0
    ? { top: digits * 10n ** BigInt(exponent), bottom: 1n }
    : { top: digits, bottom: 10n ** BigInt(-exponent) };
}

function doubleFraction(value: number): Fraction | null {
  if (Number.isNaN(value)) return null;
  if (!Number.isFinite(value)) return { top: value > 0 ? 1n : -1n, bottom: 0n };
  if (Math.abs(value) >= 2 ** 53) return { top: BigInt(value), bottom: 1n };
  return decimalFraction(String(value));
}

function compareFractions(a: Fraction | null, b: Fraction | null): number {
  if (a === null || b === null) return (b === null ? 1 : 0) - (a === null ? 1 : 0);
  if (a.bottom === 0n && b.bottom === 0n) return Number(a.top - b.top);
  const left = a.top * b.bottom;
  const right = b.top * a.bottom;
  return left < right ? -1 : left > right ? 1 : 0;
}

const boundaries = [0n, 1n, -1n, 127n, 128n, 255n, 256n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n];
const integer: fc.Arbitrary<bigint> = fc
  .oneof(
    fc.tuple(fc.constantFrom(...boundaries), fc.bigInt(-3n, 3n), fc.boolean()).map(([base, delta, negative]) => {
      return (negative ? -base : base) + delta;
    }),
    fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n),
  )
  .filter((value) => value >= -(2n ** 63n) && value < 2n ** 64n);

function integerSample(value: bigint, wide: boolean): Sample {
  const bytes = bytesOf((writer) => {
    if (!wide) return writeBigInt(writer, value);
    writer.ensure(9);
    writer.bytes[0] = value >= 2n ** 63n || (value >= 0n && value % 2n === 0n) ? 0xcf : 0xd3;
    writer.view.setBigUint64(1, BigInt.asUintN(64, value));
    writer.position = 9;
  });
  return { bytes, value: { top: value, bottom: 1n }, name: `int ${value}` };
}

const double: fc.Arbitrary<number> = fc.oneof(
  integer.map(Number),
  fc.double(),
  fc.constantFrom(0.1, -0.1, 0.3, 0.1 + 0.2, 1e22, 1e23, -0, NaN, Infinity, -Infinity, 5e-324, 1.5, 2 ** 53 + 2),
);

function doubleSample(value: number): Sample {
  return {
    bytes: bytesOf((writer) => writeDouble(writer, value)),
    value: doubleFraction(value),
    name: `double ${value}`,
  };
}

function floatSample(value: number): Sample {
  const bytes = new Uint8Array(5);
  bytes[0] = 0xca;
  new DataView(bytes.buffer).setFloat32(1, value);
  return { bytes, value: doubleFraction(Math.fround(value)), name: `float ${value}` };
}

const decimalText: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(fc.bigInt(-(10n ** 37n), 10n ** 37n), fc.integer({ min: 0, max: 38 })).map(([mantissa, scale]) => {
    return `${mantissa}e-${scale}`;
  }),
  integer.map(String),
  integer.map((value) => `${value}.${'0'.repeat(5)}`),
  double
    .filter((value) => Math.abs(value) < 1e37 && Math.abs(value) > 1e-20)
    .map((value) => Decimal.fromShortest(value).toString()),
);

const sample: fc.Arbitrary<Sample> = fc.oneof(
  fc.tuple(integer, fc.boolean()).map(([value, wide]) => integerSample(value, wide)),
  double.map(doubleSample),
  double.map(floatSample),
  decimalText.map((text) => {
    const decimal = Decimal.parse(text)!;
    return {
      bytes: bytesOf((writer) => writeDecimal(writer, decimal)),
      value: decimalFraction(decimal.toString()),
      name: `decimal ${decimal.toString()}`,
    };
  }),
);

function tupleOf(...fields: readonly Uint8Array[]): Uint8Array {
  return bytesOf((writer) => {
    writeArrayHeader(writer, fields.length);
    for (const field of fields) writer.writeBytes(field, 0, field.length);
  });
}

function comparatorOf(...types: readonly FieldType[]): Comparator {
  return compileComparator(keyDef(types.map((type, fieldNo) => keyPart({ fieldNo, type }))));
}

function expectHintsAgree(comparator: Comparator, a: Uint8Array, b: Uint8Array): void {
  const order = comparator.compareTuples(a, 0, b, 0);
  const aHint = comparator.tupleHint(a, 0);
  const bHint = comparator.tupleHint(b, 0);
  if (aHint < bHint) expect(order).toBeLessThan(0);
  if (aHint > bHint) expect(order).toBeGreaterThan(0);
  if (aHint === bHint && comparator.hintIsExact(aHint)) expect(order).toBe(0);
  expect(comparator.keyHint(a, 1, 1)).toBe(aHint);
}

describe('numbers', () => {
  test('compare as fractions do, whatever their encodings', () => {
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const expected = Math.sign(compareFractions(a.value, b.value));
        expect([a.name, b.name, Math.sign(compareNumbers(a.bytes, 0, b.bytes, 0))]).toEqual([a.name, b.name, expected]);
      }),
      { numRuns: 5000 },
    );
  });

  test('that are equal give zero and not minus zero', () => {
    const double = Uint8Array.from([203, 67, 64, 0, 0, 0, 0, 0, 0]);
    const integer = Uint8Array.from([207, 0, 32, 0, 0, 0, 0, 0, 0]);
    expect(Object.is(compareNumbers(double, 0, integer, 0), 0)).toBe(true);
    expect(Object.is(compareNumbers(integer, 0, double, 0), 0)).toBe(true);
  });

  test('have hints that never contradict their order, in number and scalar parts', () => {
    for (const type of ['number', 'scalar'] as const) {
      const comparator = comparatorOf(type);
      fc.assert(
        fc.property(sample, sample, (a, b) => {
          expectHintsAgree(comparator, tupleOf(a.bytes), tupleOf(b.bytes));
        }),
        { numRuns: 2000 },
      );
    }
  });

  test('of 64 bits compare exactly in the specialised comparator, and its equal hints below 2^53 are equal keys', () => {
    const comparator = comparatorOf('integer');
    fc.assert(
      fc.property(integer, integer, fc.boolean(), (a, b, wide) => {
        const aTuple = tupleOf(integerSample(a, wide).bytes);
        const bTuple = tupleOf(integerSample(b, false).bytes);
        const expected = a < b ? -1 : a > b ? 1 : 0;
        expect(Math.sign(comparator.compareTuples(aTuple, 0, bTuple, 0))).toBe(expected);
        expect(Math.sign(comparator.compareTupleWithKey(aTuple, 0, bTuple, 1, 1))).toBe(expected);
        expectHintsAgree(comparator, aTuple, bTuple);
      }),
      { numRuns: 3000 },
    );
    const near = [2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n].map((value) => tupleOf(integerSample(value, false).bytes));
    expect(near.map((tuple) => comparator.hintIsExact(comparator.tupleHint(tuple, 0)))).toEqual([true, false, false]);
  });
});

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.string({ maxLength: 9 }),
  fc.uint8Array({ maxLength: 9 }),
);

const CLASS_OF = (value: Value): number => {
  if (value === null || value === undefined) return 0;
  if (typeof value === 'boolean') return 1;
  if (typeof value === 'number') return 2;
  return typeof value === 'string' ? 3 : 4;
};

function naiveCompare(a: Value, b: Value): number {
  const difference = CLASS_OF(a) - CLASS_OF(b);
  if (difference !== 0) return difference;
  if (typeof a === 'boolean' || typeof a === 'number') return Number(a) - Number(b) || 0;
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array);
  return 0;
}

describe('tuples', () => {
  test('order by their parts in turn, absent fields being nil', () => {
    const definition = keyDef([
      keyPart({ fieldNo: 2, type: 'scalar', isNullable: true }),
      keyPart({ fieldNo: 0, type: 'scalar', isNullable: true }),
      keyPart({ fieldNo: 1, type: 'scalar', isNullable: true }),
    ]);
    const comparator = compileComparator(definition);
    const small = fc.oneof({ weight: 3, arbitrary: fc.constantFrom<Value>(null, true, 1, 1.5, 'a', 'ab') }, scalar);
    const row = fc.array(small, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(row, row, (a, b) => {
        const order = (fieldNo: number): number => naiveCompare(a[fieldNo] ?? null, b[fieldNo] ?? null);
        const expected = Math.sign(order(2) || order(0) || order(1));
        const aBytes = encodeToBytes(a);
        const bBytes = encodeToBytes(b);
        expect(Math.sign(comparator.compareTuples(aBytes, 0, bBytes, 0))).toBe(expected);
        const key = encodeToBytes([b[2] ?? null, b[0] ?? null, b[1] ?? null]);
        expect(Math.sign(comparator.compareTupleWithKey(aBytes, 0, key, 1, 3))).toBe(expected);
        expect(Math.sign(comparator.compareTupleWithKey(aBytes, 0, key, 1, 1))).toBe(Math.sign(order(2)));
        expect(comparator.keyHint(key, 1, 3)).toBe(comparator.tupleHint(bBytes, 0));
        const aHint = comparator.tupleHint(aBytes, 0);
        const bHint = comparator.tupleHint(bBytes, 0);
        if (aHint < bHint) expect(expected).toBe(-1);
        if (aHint > bHint) expect(expected).toBe(1);
      }),
      { numRuns: 3000 },
    );
  });

  test('with one string first compare as their bytes do', () => {
    const comparator = comparatorOf('string');
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.string({ unit: fc.constantFrom('a', '\0'), maxLength: 9 }),
    );
    fc.assert(
      fc.property(text, text, (a, b) => {
        const aBytes = encodeToBytes([a, 1]);
        const bBytes = encodeToBytes([b]);
        const expected = Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(Math.sign(comparator.compareTuples(aBytes, 0, bBytes, 0))).toBe(expected);
        expect(Math.sign(comparator.compareTupleWithKey(aBytes, 0, bBytes, 1, 1))).toBe(expected);
        expectHintsAgree(comparator, aBytes, bBytes);
      }),
      { numRuns: 2000 },
    );
  });

  test('may lie in shared memory at any place', () => {
    const comparator = comparatorOf('string');
    const shared = new Uint8Array(new SharedArrayBuffer(64), 8, 40);
    shared.set(encodeToBytes(['abc']), 3);
    shared.set(encodeToBytes(['abd']), 20);
    expect(comparator.compareTuples(shared, 3, shared, 20)).toBeLessThan(0);
    expect(comparator.tupleHint(shared, 3)).toBeLessThan(comparator.tupleHint(shared, 20));
  });

  test('of a unique nullable index differ by primary key only where a nil stands', () => {
    const primary = keyDef([keyPart({ fieldNo: 0, type: 'unsigned' })]);
    const secondary = keyDef([keyPart({ fieldNo: 1, type: 'unsigned', isNullable: true })]);
    const unique = compileComparator(comparisonKeyDef(secondary, primary, true));
    const compare = (comparator: Comparator, a: Value, b: Value): number =>
      Math.sign(comparator.compareTuples(encodeToBytes(a), 0, encodeToBytes(b), 0));
    expect(compare(unique, [1, 5], [2, 5])).toBe(0);
    expect(compare(unique, [1, null], [2, null])).toBe(-1);
    expect(compare(unique, [1], [1, null])).toBe(0);
    expect(compare(compileComparator(comparisonKeyDef(secondary, primary, false)), [1, 5], [2, 5])).toBe(-1);
  });

  test('reach into maps and arrays by path, and to one element of a multikey array', () => {
    const path = (text: string): JsonPath => parseJsonPath(text) as JsonPath;
    const definition: KeyDef = keyDef([
      keyPart({ fieldNo: 1, type: 'string', path: path('a.b[2]') }),
      keyPart({ fieldNo: 2, type: 'unsigned', path: path('[*].n') }),
    ]);
    const comparator = compileComparator(definition);
    const a = encodeToBytes([1, { x: 0, a: { b: ['q', 'm'] } }, [{ n: 3 }, { n: 9 }]]);
    const b = encodeToBytes([1, { a: { b: ['z', 'm', 'k'] } }, [{ n: 5 }]]);
    expect(comparator.compareTuples(a, 0, b, 0, 0, 0)).toBeLessThan(0);
    expect(comparator.compareTuples(a, 0, b, 0, 1, 0)).toBeGreaterThan(0);
    expect(comparator.compareTupleWithKey(a, 0, encodeToBytes(['m', 9]), 1, 2, 1)).toBe(0);
  });

  test('with uuids and datetimes order by bytes and by time', () => {
    const uuids = ['00000000-0000-0000-0000-000000000001', '00ff0000-0000-0000-0000-000000000000'].map((text) =>
      encodeToBytes([Uuid.parse(text)!]),
    );
    expect(comparatorOf('uuid').compareTuples(uuids[0]!, 0, uuids[1]!, 0)).toBeLessThan(0);
    expectHintsAgree(comparatorOf('uuid'), uuids[0]!, uuids[1]!);
    const times = [new Datetime(-5), new Datetime(-5, 1), new Datetime(7, 0, 60)].map((time) => encodeToBytes([time]));
    expect(comparatorOf('datetime').compareTuples(times[0]!, 0, times[1]!, 0)).toBeLessThan(0);
    expect(comparatorOf('datetime').compareTuples(times[1]!, 0, times[2]!, 0)).toBeLessThan(0);
    expectHintsAgree(comparatorOf('datetime'), times[0]!, times[2]!);
  });

  test('compare with a key that has no parts as equal, and no hint is below or above its', () => {
    const comparator = comparatorOf('unsigned', 'string');
    const tuple = encodeToBytes([1, 'a']);
    expect(comparator.compareTupleWithKey(tuple, 0, tuple, 1, 0)).toBe(0);
    expect(comparator.keyHint(tuple, 1, 0)).toBeNaN();
  });
});

test('keys compare by the parts that both have', () => {
  const definition = keyDef([keyPart({ fieldNo: 0, type: 'unsigned' }), keyPart({ fieldNo: 1, type: 'string' })]);
  const compare = (a: readonly Value[], b: readonly Value[]): number =>
    Math.sign(compareKeys(definition, encodeToBytes(a), 1, a.length, encodeToBytes(b), 1, b.length));
  expect(compare([1, 'b'], [1, 'a'])).toBe(1);
  expect(compare([1], [1, 'a'])).toBe(0);
  expect(compare([1, 'z'], [2])).toBe(-1);
});
