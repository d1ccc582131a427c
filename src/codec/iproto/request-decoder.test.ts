/** Which requests are accepted, byte by byte, as a real Tarantool 2.6.0 was seen to do. */
import { describe, expect, test } from 'vitest';
import { BODY_KEY } from './constants.ts';
import { RequestDecoder } from './request-decoder.ts';

const SELECT_KEYS = [BODY_KEY.spaceId, BODY_KEY.limit, BODY_KEY.key];
const CALL_KEYS = [BODY_KEY.functionName];
const SELECT = '820001 0105';

/** The message of the first error, or the decoder. */
function decode(hex: string, mandatory: readonly number[]): RequestDecoder | string {
  const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  const decoder = new RequestDecoder();
  const error = decoder.decodeHeader(bytes, 0, bytes.length) ?? decoder.decodeBody(mandatory);
  return error === null ? decoder : error.message;
}

function decoded(hex: string, mandatory: readonly number[]): RequestDecoder {
  const result = decode(hex, mandatory);
  if (typeof result === 'string') throw new Error(result);
  return result;
}

describe('headers', () => {
  const HEADER = 'Invalid MsgPack - packet header';
  test.each([
    ['any known key with its type', '84 0040 0105 2190 2a80', null],
    ['an unsigned reserved key', '83 0040 0105 1f01', null],
    ['a nil behind the known keys', '83 0040 0105 30c0', null],
    ['a number behind the known keys', '83 0040 0105 3005', HEADER],
    ['a known key with another type', '83 0040 0105 2b05', HEADER],
    ['a timestamp that is a number', '83 0040 0105 0401', HEADER],
    ['a timestamp', '83 0040 0105 04cb3ff0000000000000', null],
    ['a key that is a string', '82 a100 40 0105', HEADER],
    ['a key beyond all tables', '83 0040 0105 ccff05', HEADER],
    ['a map that is cut', '83 0040 0105', HEADER],
  ])('%s', (_, hex, message) => {
    const result = decode(hex, []);
    expect(typeof result === 'string' ? result : null).toBe(message);
  });

  test('64 bits of sync, and a type of any width', () => {
    const { syncHigh, syncLow, type } = decoded('82 00ce00000040 01cf0102030405060708', []);
    expect([syncHigh, syncLow, type]).toEqual([0x01020304, 0x05060708, 0x40]);
  });
});

describe('bodies', () => {
  const BODY = 'Invalid MsgPack - packet body';
  test.each([
    ['keys that are no numbers', '86 a17801 c001 ff01 10cd0200 1205 2090', null],
    ['a wrong type under a key of other requests', '84 10cd0118 1201 2090 4005', null],
    ['a wrong type of a field', '83 10a131 1205 2090', BODY],
    ['a key of two bytes', '83 cc10cd0118 1201 2090', "Missing mandatory field 'space id' in request"],
    ['two values', '83 10cd0200 1205 2090 80', BODY],
    ['a cut map', '83 10cd0200 1205', BODY],
    ['an array', '91 05', BODY],
    ['nothing', '', "Missing mandatory field 'space id' in request"],
    ['no key', '82 10cd0200 1205', "Missing mandatory field 'key' in request"],
  ])('of SELECT: %s', (_, hex, message) => {
    const result = decode(SELECT + hex, SELECT_KEYS);
    expect(typeof result === 'string' ? result : null).toBe(message);
  });

  test.each([
    ['nothing', '', 'Invalid MsgPack - missing request body'],
    ['no name', '80', "Missing mandatory field 'function name' in request"],
    ['fields of other requests of any type', '83 22a161 10a0 28c0', null],
    ['arguments that are no array', '82 22a161 2105', BODY],
  ])('of CALL: %s', (_, hex, message) => {
    const result = decode(`82000a 0105${hex}`, CALL_KEYS);
    expect(typeof result === 'string' ? result : null).toBe(message);
  });

  test('numbers keep their lowest 32 bits', () => {
    const { spaceId, limit } = decoded(`${SELECT} 83 10cf0000000100000118 12cf0000000100000001 2090`, SELECT_KEYS);
    expect([spaceId, limit]).toEqual([280, 1]);
  });

  test('of a key that stands there twice the last value holds', () => {
    expect(decoded(`${SELECT} 84 1001 1002 1205 2090`, SELECT_KEYS).spaceId).toBe(2);
  });
});
