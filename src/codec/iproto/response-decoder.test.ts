/** Answers: captured packets of a 2.6.0, and that damage is refused and never misread. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoxError } from '../../base/index.ts';
import { encodeToBytes, type Value } from '../msgpack/index.ts';
import { FrameDecoder } from './frame-decoder.ts';
import {
  decodeData,
  decodeError,
  decodeEvent,
  decodeIdAnswer,
  decodePrepared,
  decodeSqlResult,
  ResponseHeader,
} from './response-decoder.ts';

const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** SELECT of a space that is not there. */
const NO_SUCH_SPACE = fromHex(
  'ce0000007e8300ce0000802401cf000000000000000d05ce0000004e' +
    '8231bb53706163652027393939392720646f6573206e6f74206578697374528100918600ab436c69656e744572726f72025401' +
    'b22e2f7372632f626f782f736368656d612e6803bb53706163652027393939392720646f6573206e6f7420657869737404000524',
);
const PONG = fromHex('ce00000018 83 00ce00000000 01cf0000000000000101 05ce0000004e 80');

type Seen = Readonly<{ type: number; sync: number; schemaVersion: number; body: Uint8Array }>;

/** Every packet of the bytes, cut into chunks of `step`. */
function readAll(bytes: Uint8Array, step: number): Seen[] {
  const header = new ResponseHeader();
  const seen: Seen[] = [];
  const decoder = new FrameDecoder((packet, start, end) => {
    header.read(packet, start, end);
    const { type, sync, schemaVersion, body } = header;
    seen.push({ type, sync, schemaVersion, body: packet.slice(body, end) });
  });
  for (let start = 0; start < bytes.length; start += step) decoder.push(bytes.slice(start, start + step));
  return seen;
}

test('captured packets, whole and byte by byte', () => {
  const bytes = Uint8Array.from([...PONG, ...NO_SUCH_SPACE, ...PONG]);
  for (const step of [bytes.length, 1, 7]) {
    const [pong, failure, last] = readAll(bytes, step);
    expect(pong).toEqual({ type: 0, sync: 257, schemaVersion: 78, body: Uint8Array.of(0x80) });
    expect(last).toEqual(pong);
    expect(failure).toMatchObject({ type: 0x8024, sync: 13, schemaVersion: 78 });
    const error = decodeError(failure!.body, 0, failure!.body.length, failure!.type);
    expect(error).toMatchObject({ code: 36, type: 'ClientError', errno: 0, message: "Space '9999' does not exist" });
    expect(error.previous).toBeNull();
  }
});

function body(value: Map<number, Value>): [Uint8Array, number, number] {
  const bytes = encodeToBytes(value);
  return [bytes, 0, bytes.length];
}

const map = (...entries: [number, Value][]): Map<number, Value> => new Map(entries);

test('a stack of errors with fields', () => {
  const stack = [
    map(
      [0, 'AccessDeniedError'],
      [2, 10],
      [1, 'file.c'],
      [3, 'denied'],
      [4, 0],
      [5, 42],
      [6, { object_type: 'space', object_name: 't', access_type: 'Write' }],
    ),
    map([0, 'SystemError'], [3, 'broken'], [4, 32], [5, 115]),
    map([0, 'SomethingNew'], [3, 'first'], [5, 999]),
  ];
  const error = decodeError(...body(map([0x31, 'denied'], [0x52, map([0, stack])])), 0x802a);
  expect(error).toMatchObject({
    code: 42,
    type: 'AccessDeniedError',
    message: 'denied',
    fields: { object_type: 'space', object_name: 't', access_type: 'Write' },
  });
  expect(error.previous).toMatchObject({ code: 115, type: 'SystemError', errno: 32, message: 'broken', fields: null });
  expect(error.previous?.previous).toMatchObject({ code: 999, type: 'ClientError', message: 'first', previous: null });
});

test('an error of a server that sends a message alone', () => {
  const error = decodeError(...body(map([0x31, 'old'])), 0x8000 | 77);
  expect([error.code, error.message]).toEqual([77, 'old']);
});

test('results', () => {
  expect(decodeData(...body(map([0x30, [[1, 'a'], 5]])))).toEqual([[1, 'a'], 5]);
  expect(decodeData(...body(map()))).toEqual([]);
  expect(decodeData(new Uint8Array(0), 0, 0)).toEqual([]);
  expect(() => decodeData(...body(map([0x30, 1])))).toThrow('Invalid MsgPack - packet body');
});

test('SQL results', () => {
  const columns = [
    map([0, 'A'], [1, 'integer']),
    map([0, 'B'], [1, 'text'], [2, 'unicode'], [3, true], [4, true], [5, 'b']),
  ];
  const plain = { name: 'A', type: 'integer', collation: null, isNullable: null, isAutoincrement: false, span: null };
  const full = { name: 'B', type: 'text', collation: 'unicode', isNullable: true, isAutoincrement: true, span: 'b' };
  expect(decodeSqlResult(...body(map([0x32, columns], [0x30, [[1, 'x']]])))).toEqual({
    kind: 'rows',
    columns: [plain, full],
    rows: [[1, 'x']],
  });
  expect(decodeSqlResult(...body(map([0x42, map([0, 2], [1, [5, 6]])])))).toEqual({
    kind: 'changes',
    rowCount: 2,
    autoincrementIds: [5, 6],
  });
  expect(decodePrepared(...body(map([0x43, 77], [0x34, 1], [0x33, []], [0x32, columns])))).toEqual({
    id: 77,
    parameterCount: 1,
    columns: [plain, full],
  });
});

test('the answer to ID, and events', () => {
  expect(decodeIdAnswer(...body(map([0x54, 3], [0x55, [0, 1, 3]])))).toEqual({
    version: 3,
    features: new Set([0, 1, 3]),
  });
  expect(decodeEvent(...body(map([0x57, 'k'], [0x58, [1]])))).toEqual({ key: 'k', value: [1] });
  expect(decodeEvent(...body(map([0x57, 'k'])))).toEqual({ key: 'k', value: undefined });
  expect(() => decodeEvent(...body(map([0x58, 1])))).toThrow(BoxError);
});

test.each([
  ['a header that is no map', 'c0'],
  ['a header that ends early', '820000'],
  ['a sync that is no unsigned', '82000001ff80'],
])('refuses %s', (_what, hex) => {
  const bytes = fromHex(hex);
  expect(() => new ResponseHeader().read(bytes, 0, bytes.length)).toThrow('Invalid MsgPack - packet header');
});

test.each([
  ['a body that is no map', '810000 c0'],
  ['a body that ends early', '810000 8130'],
  ['something after the body', '810000 80 80'],
])('refuses %s', (_what, hex) => {
  const bytes = fromHex(hex);
  expect(() => new ResponseHeader().read(bytes, 0, bytes.length)).toThrow('Invalid MsgPack - packet body');
});

test('any bytes either decode or are refused with a BoxError', () => {
  const golden = NO_SUCH_SPACE.subarray(5);
  const damage = fc.array(fc.tuple(fc.nat(golden.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(damage, (changes) => {
      const bytes = Uint8Array.from(golden);
      for (const [position, value] of changes) bytes[position] = value;
      const header = new ResponseHeader();
      try {
        header.read(bytes, 0, bytes.length);
        decodeError(bytes, header.body, bytes.length, header.type);
        decodeSqlResult(bytes, header.body, bytes.length);
        decodeIdAnswer(bytes, header.body, bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(BoxError);
      }
    }),
    { numRuns: 2000 },
  );
});
