import { describe, expect, test } from 'vitest';
import { BoxError, ByteWriter } from '../../base/index.ts';
import { Datetime } from './datetime.ts';
import { ErrorStack, readErrorStackMap, writeErrorStackMap } from './error.ts';
import { ExtensionValue } from './extensions.ts';
import { Interval } from './interval.ts';
import { Uuid } from './uuid.ts';
import { decodeValue, encodeToBytes, type Value } from './values.ts';

const hexOf = (value: Value): string => Buffer.from(encodeToBytes(value)).toString('hex');
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

describe('values and their bytes', () => {
  test.each<[string, Value, string]>([
    ['a uuid', Uuid.parse('64D22E4D-ac92-4a23-899a-e59f34af5479')!, 'd80264d22e4dac924a23899ae59f34af5479'],
    ['a datetime of whole seconds, UTC', new Datetime(1), 'd7040100000000000000'],
    ['a datetime before 1970', new Datetime(-1, 5), 'd804ffffffffffffffff0500000000000000'],
    [
      'a datetime with a zone',
      new Datetime(0x100000002, 0, -180, 947),
      'd804020000000100000000000000' + '4cff' + 'b303',
    ],
    ['an interval of nothing', new Interval({}), 'd40600'],
    ['an interval', new Interval({ year: 1, day: -200, adjust: 1 }), 'c7090603' + '0001' + '03d1ff38' + '0801'],
    ['an unknown extension', new ExtensionValue(99, new Uint8Array([1, 2, 3])), 'c70363010203'],
  ])('%s', (_, value, hex) => {
    expect(hexOf(value)).toBe(hex);
    expect(decodeValue(bytesOf(hex), 0)).toEqual(value);
  });

  test('a uuid has one text form', () => {
    expect(Uuid.parse('64d22e4dac924a23899ae59f34af5479')).toBeNull();
    expect(Uuid.parse('64D22E4D-AC92-4A23-899A-E59F34AF5479')!.text).toBe('64d22e4d-ac92-4a23-899a-e59f34af5479');
  });

  test.each([
    ['a uuid of 8 bytes', 'd7020000000000000000'],
    ['a decimal without digits', 'd40100'],
    ['a datetime of 4 bytes', 'd60400000000'],
    ['a datetime with a second of nanoseconds', 'd804000000000000000000ca9a3b00000000'],
    ['a datetime in no year that there is', 'd704ffffffffffffff7f'],
    ['an interval with a field cut short', 'd5060100'],
    ['an interval with a field of no number', 'c7030601' + '00c0'],
    ['an interval of an unknown field', 'c7030601' + '0901'],
    ['an interval with more than it says', 'c7030600' + '0001'],
    ['an error without a message', 'c70a0381' + '0091' + '8200a178' + '01a179'],
  ])('%s is refused', (_, hex) => {
    expect(() => decodeValue(bytesOf(hex), 0)).toThrow(BoxError);
  });
});

describe('an error stack', () => {
  const stack =
    '8100' +
    '9186' +
    '00ab436c69656e744572726f72' +
    '0254' +
    '01b22e2f7372632f626f782f736368656d612e6363' +
    '03bb53706163652027393939392720646f6573206e6f74206578697374' +
    '0400' +
    '0524';
  const record = {
    type: 'ClientError',
    file: './src/box/schema.cc',
    line: 84,
    message: "Space '9999' does not exist",
    errno: 0,
    code: 36,
    fields: null,
  };

  test('reads and writes the bytes of an error response', () => {
    const fixed = stack.replace('01b2', '01b3');
    expect(readErrorStackMap(bytesOf(fixed), 0)?.errors).toEqual([record]);
    const writer = new ByteWriter(16);
    writeErrorStackMap(writer, new ErrorStack([record]));
    expect(Buffer.from(writer.toBytes()).toString('hex')).toBe(fixed);
  });

  test('keeps causes and fields, as a value and back as an error', () => {
    const cause = new BoxError(36, 'below');
    const denied = { object_type: 'space', object_name: 's', access_type: 'Read' };
    const top = new BoxError(42, 'above', { type: 'AccessDeniedError', fields: denied, cause });
    const value = ErrorStack.of(top, 'file.lua', 3);
    const back = decodeValue(encodeToBytes(value), 0);
    expect(back).toEqual(value);
    const error = (back as ErrorStack).toBoxError()!;
    expect([error.code, error.type, error.fields, error.previous?.message]).toEqual([
      42,
      'AccessDeniedError',
      denied,
      'below',
    ]);
  });
});
