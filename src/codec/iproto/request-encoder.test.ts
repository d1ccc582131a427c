/** Requests: their exact bytes where they are fixed by other implementations, else what they decode to. */
import { expect, test } from 'vitest';
import { ByteWriter } from '../../base/index.ts';
import { decodeValue, encodeToBytes, RawValue, skipValue, type Value } from '../msgpack/index.ts';
import { REQUEST_TYPE } from './constants.ts';
import type { RequestHeader } from './packet-writer.ts';
import { encodeJoin, encodeRegister, encodeSubscribe } from './replication-encoder.ts';
import {
  encodeAuth,
  encodeBegin,
  encodeCall,
  encodeCommit,
  encodeDelete,
  encodeEval,
  encodeExecute,
  encodeId,
  encodeInsert,
  encodePing,
  encodePrepare,
  encodeRaw,
  encodeReplace,
  encodeRollback,
  encodeSelect,
  encodeUpdate,
  encodeUpsert,
  encodeWatch,
} from './request-encoder.ts';

type Encode = (writer: ByteWriter, header: RequestHeader) => void;

function hexOf(encode: Encode, header: RequestHeader = { sync: 7 }): string {
  const writer = new ByteWriter(1);
  encode(writer, header);
  return Buffer.from(writer.written()).toString('hex');
}

/** Header and body of a packet that stands after something else in the writer. */
function decode(encode: Encode, header: RequestHeader = { sync: 7 }): { header: unknown; body: unknown } {
  const writer = new ByteWriter(1);
  writer.writeByte(0xaa);
  encode(writer, header);
  const bytes = writer.written();
  expect(bytes[1]).toBe(0xce);
  expect(writer.view.getUint32(2)).toBe(bytes.length - 6);
  const bodyStart = skipValue(bytes, 6);
  const body = bodyStart === bytes.length ? undefined : decodeValue(bytes, bodyStart);
  if (body !== undefined) expect(skipValue(bytes, bodyStart)).toBe(bytes.length);
  return { header: decodeValue(bytes, 6), body };
}

const map = (...entries: [number, Value][]): Map<number, Value> => new Map(entries);

test('bytes of the smallest requests', () => {
  expect(hexOf(encodePing)).toBe('ce0000000582004001' + '07');
  expect(hexOf(encodePing, { sync: 0 })).toBe('ce00000003810040');
  expect(hexOf(encodePing, { sync: 300, streamId: 5, schemaVersion: 78 })).toBe(
    'ce0000000b84004001cd012c' + '054e0a05',
  );
  expect(hexOf((writer, header) => encodeCall(writer, header, 'f', [1]))).toBe(
    'ce0000000c8200' + '0a0107' + '8222a1662191' + '01',
  );
});

test('bytes of a JOIN as replicas send it', () => {
  const uuid = '550e8400-e29b-41d4-a716-446655440000';
  const expected = `ce0000002b81004181${'24d924'}${Buffer.from(uuid).toString('hex')}`;
  expect(hexOf((writer, header) => encodeJoin(writer, header, uuid), { sync: 0 })).toBe(expected);
});

const CASES: readonly [name: string, encode: Encode, type: number, body: unknown][] = [
  ['ID', (w, h) => encodeId(w, h, 3, [0, 1]), 73, map([0x54, 3], [0x55, [0, 1]])],
  ['AUTH of guest', (w, h) => encodeAuth(w, h, 'guest', null), 7, map([0x23, 'guest'], [0x21, []])],
  [
    'SELECT',
    (w, h) => encodeSelect(w, h, { spaceId: 512, indexId: 1, iterator: 5, offset: 2, limit: 0xffffffff, key: ['a'] }),
    1,
    map([0x10, 512], [0x11, 1], [0x14, 5], [0x13, 2], [0x12, 0xffffffff], [0x20, ['a']]),
  ],
  ['INSERT', (w, h) => encodeInsert(w, h, 512, [1, null]), 2, map([0x10, 512], [0x21, [1, null]])],
  [
    'REPLACE of encoded bytes',
    (w, h) => encodeReplace(w, h, 512, new RawValue(encodeToBytes([1, 'x']))),
    3,
    map([0x10, 512], [0x21, [1, 'x']]),
  ],
  [
    'UPDATE',
    (w, h) => encodeUpdate(w, h, { spaceId: 1, indexId: 2, key: [3], operations: [['=', 1, 'v']], indexBase: 0 }),
    4,
    map([0x10, 1], [0x11, 2], [0x15, 0], [0x21, [['=', 1, 'v']]], [0x20, [3]]),
  ],
  [
    'UPSERT',
    (w, h) => encodeUpsert(w, h, { spaceId: 1, tuple: [3], operations: [['+', 1, 1]], indexBase: 1 }),
    9,
    map([0x10, 1], [0x15, 1], [0x28, [['+', 1, 1]]], [0x21, [3]]),
  ],
  ['DELETE', (w, h) => encodeDelete(w, h, 1, 2, [3]), 5, map([0x10, 1], [0x11, 2], [0x20, [3]])],
  ['CALL_16', (w, h) => encodeCall(w, h, 'f', [], true), 6, map([0x22, 'f'], [0x21, []])],
  ['EVAL', (w, h) => encodeEval(w, h, 'return ...', [1]), 8, map([0x27, 'return ...'], [0x21, [1]])],
  ['EXECUTE', (w, h) => encodeExecute(w, h, 'SELECT ?', [1]), 11, map([0x40, 'SELECT ?'], [0x41, [1]], [0x2b, []])],
  ['EXECUTE by id', (w, h) => encodeExecute(w, h, 99, []), 11, map([0x43, 99], [0x41, []], [0x2b, []])],
  ['PREPARE', (w, h) => encodePrepare(w, h, 'SELECT 1'), 13, map([0x40, 'SELECT 1'])],
  ['BEGIN', (w, h) => encodeBegin(w, h, { timeoutSeconds: 0.5, isolation: 2 }), 14, map([0x56, 0.5], [0x59, 2])],
  ['COMMIT', (w, h) => encodeCommit(w, h), 15, undefined],
  ['COMMIT for a quorum', (w, h) => encodeCommit(w, h, true), 15, map([0x61, true])],
  ['ROLLBACK', encodeRollback, 16, undefined],
  ['WATCH', (w, h) => encodeWatch(w, h, REQUEST_TYPE.watch, 'box.id'), 74, map([0x57, 'box.id'])],
  ['a body already encoded', (w, h) => encodeRaw(w, h, REQUEST_TYPE.call, Uint8Array.of(0x80)), 10, {}],
  ['REGISTER', (w, h) => encodeRegister(w, h, 'u', [9, 3, 5, 0]), 70, map([0x24, 'u'], [0x26, map([1, 3], [2, 5])])],
  [
    'SUBSCRIBE',
    (w, h) =>
      encodeSubscribe(w, h, {
        replicasetUuid: 'r',
        instanceUuid: 'i',
        vclock: [0, 10],
        serverVersion: 132608,
        isAnonymous: false,
        idFilter: [2],
      }),
    66,
    map([0x25, 'r'], [0x24, 'i'], [0x26, map([1, 10])], [0x06, 132608], [0x50, false], [0x51, [2]]),
  ],
];

test.each(CASES)('%s', (_name, encode, type, body) => {
  expect(decode(encode)).toEqual({ header: map([0, type], [1, 7]), body });
  expect(decode(encode, { sync: 9, streamId: 3 }).header).toEqual(map([0, type], [1, 9], [0x0a, 3]));
});

test('AUTH sends the scramble as a string', () => {
  const scramble = Uint8Array.from({ length: 20 }, (_, index) => index + 200);
  const hex = hexOf((writer, header) => encodeAuth(writer, header, 'u', scramble));
  expect(hex).toContain(`a9${Buffer.from('chap-sha1').toString('hex')}b4${Buffer.from(scramble).toString('hex')}`);
});
