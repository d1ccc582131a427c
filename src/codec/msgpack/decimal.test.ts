/** Bytes, texts and limits are those of a real Tarantool 2.6.0; arithmetic is compared with fractions of BigInts. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../../base/index.ts';
import { compareDecimalPayloads, Decimal, decimalPayloadToNumber, isDecimalPayload, writeDecimal } from './decimal.ts';
import { payloadLength, payloadStart } from './skip.ts';

const hexOf = (value: Decimal): string => {
  const writer = new ByteWriter(8);
  writeDecimal(writer, value);
  return Buffer.from(writer.toBytes()).toString('hex');
};
const bytesOf = (value: Decimal): Uint8Array => new Uint8Array(Buffer.from(hexOf(value), 'hex'));
const decoded = (bytes: Uint8Array): Decimal =>
  Decimal.fromPayload(bytes, payloadStart(bytes, 0), payloadLength(bytes, 0));

describe('a text', () => {
  test.each([
    ['0', '0', 'd501000c'],
    ['-0', '-0', 'd501000d'],
    ['-0.00', '-0.00', 'd501020d'],
    ['1e5', '100000', 'd501fb1c'],
    ['1.20e3', '1200', 'c70301ff120c'],
    ['123e-2', '1.23', 'c7030102123c'],
    ['1e37', '10000000000000000000000000000000000000', 'c70301d0db1c'],
    [
      '99999999999999999999999999999999999999',
      '99999999999999999999999999999999999999',
      'c7150100099999999999999999999999999999999999999c',
    ],
    ['1e-38', '0.00000000000000000000000000000000000001', 'd501261c'],
    ['1e-39', '0.00000000000000000000000000000000000000', 'd501260c'],
    ['1.5e-38', '0.00000000000000000000000000000000000002', 'd501262c'],
    ['123.45e-37', '0.00000000000000000000000000000000001235', 'd6012601235c'],
    [
      '12345678901234567890123456789012345678.5',
      '12345678901234567890123456789012345679',
      'c7150100012345678901234567890123456789012345679c',
    ],
    [
      '1234567890123456789012345678901234567.85',
      '1234567890123456789012345678901234567.9',
      'c7150101012345678901234567890123456789012345679c',
    ],
    ['0e10', '00000000000', 'd501f60c'],
    ['0e40', '0'.repeat(38), 'c70301d0db0c'],
    ['0e-50', '0.00000000000000000000000000000000000000', 'd501260c'],
    ['+5', '5', 'd501005c'],
    ['.5', '0.5', 'd501015c'],
    ['5.', '5', 'd501005c'],
    ['00012.300', '12.300', 'd6010312300c'],
  ])('%s is read, shown and written as 2.6.0 does', (text, shown, hex) => {
    const value = Decimal.parse(text)!;
    expect([value.toString(), hexOf(value)]).toEqual([shown, hex]);
  });

  test('that is no number, or too large a one, is refused', () => {
    for (const text of [
      '',
      ' 5',
      '5 ',
      '.',
      '1e',
      'nan',
      'inf',
      '0x10',
      '--1',
      '1e38',
      '12e37',
      '100e36',
      '9'.repeat(39),
      '1e999999999',
    ]) {
      expect([text, Decimal.parse(text)]).toEqual([text, null]);
    }
  });
});

test.each([
  [0.1, '0.1'],
  [1e15, '1000000000000000'],
  [123456789012345678, '123456789012346000'],
  [0.1 + 0.2, '0.3'],
  [1e-7, '0.0000001'],
  [-0, '-0'],
  [5e-324, '0.00000000000000000000000000000000000000'],
  [100, '100'],
])('the double %d becomes %s', (value, text) => {
  expect(Decimal.fromDouble(value)?.toString()).toBe(text);
});

test('a double too large, or no number, becomes none', () => {
  expect([1e38, NaN, Infinity].map((value) => Decimal.fromDouble(value))).toEqual([null, null, null]);
});

test('sums keep scale, round to 38 digits, and overflow at 10^38', () => {
  const sum = (a: string, b: string): string | undefined => Decimal.parse(a)!.add(Decimal.parse(b)!)?.toString();
  expect(sum('1.20', '1.3')).toBe('2.50');
  expect(sum('1e37', '1')).toBe('10000000000000000000000000000000000001');
  expect(sum('1.0', '-1.0')).toBe('0.0');
  expect(sum('1', '-1e-38')).toBe('0.99999999999999999999999999999999999999');
  expect(sum('12345678901234567890123456789012345678', '0.5')).toBe('12345678901234567890123456789012345679');
  expect(sum('0.1', '1e37')).toBe('10000000000000000000000000000000000000');
  expect(sum('9'.repeat(38), '0.4')).toBe('9'.repeat(38));
  expect(sum('9'.repeat(38), '0.5')).toBeUndefined();
  expect(sum('9e37', '9e37')).toBeUndefined();
  expect(Decimal.parse('1')!.subtract(Decimal.parse('0.01')!)?.toString()).toBe('0.99');
});

const decimal: fc.Arbitrary<Decimal> = fc
  .tuple(
    fc.oneof(fc.bigInt(-999n, 999n), fc.bigInt(-(10n ** 38n) + 1n, 10n ** 38n - 1n)),
    fc.integer({ min: -37, max: 38 }),
  )
  .map(([mantissa, scale]) => Decimal.rounded(mantissa, scale))
  .filter((value) => value !== null);

test('bytes read back as what was written, and compare as the values do', () => {
  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      const [aBytes, bBytes] = [bytesOf(a), bytesOf(b)];
      const back = decoded(aBytes);
      expect([back.mantissa, back.scale]).toEqual([a.mantissa, a.scale]);
      const [aStart, bStart] = [payloadStart(aBytes, 0), payloadStart(bBytes, 0)];
      const [aLength, bLength] = [payloadLength(aBytes, 0), payloadLength(bBytes, 0)];
      expect(isDecimalPayload(aBytes, aStart, aLength)).toBe(true);
      const order = compareDecimalPayloads(aBytes, aStart, aLength, bBytes, bStart, bLength);
      const scaled = (value: Decimal): bigint => value.mantissa * 10n ** BigInt(38 - value.scale);
      const difference = scaled(a) - scaled(b);
      expect(Math.sign(order)).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0);
      expect(decimalPayloadToNumber(aBytes, aStart, aLength) + 0).toBe(Number(a.toString()) + 0);
    }),
    { numRuns: 3000 },
  );
});

test.each([
  ['00', 'no sign'],
  ['0001', 'a digit for a sign'],
  ['00fc', 'a sign for a digit'],
  ['271c', 'a scale over 38'],
  ['da1c', 'a scale under -37'],
  ['c01c', 'no integer for a scale'],
  ['cd001c', 'a scale cut short'],
  ['001234567890123456789012345678901234567890000c', 'over 38 digits'],
])('the payload %s is refused: %s', (hex) => {
  const bytes = new Uint8Array(Buffer.from(hex, 'hex'));
  expect(isDecimalPayload(bytes, 0, bytes.length)).toBe(false);
});

test('every sign nibble is read', () => {
  const value = (nibble: string): string => decoded(new Uint8Array(Buffer.from(`d501005${nibble}`, 'hex'))).toString();
  expect(['a', 'b', 'c', 'd', 'e', 'f'].map(value)).toEqual(['5', '-5', '5', '-5', '5', '5']);
});
