/** What the comparison lets pass and what it does not, on packets given byte for byte. */
import { expect, test } from 'vitest';
import { readResponse } from '../support/raw-iproto.ts';
import { comparable, comparableGreeting } from './reply.ts';

/** `Space '9999' does not exist` as 2.6.0 sends it: sync 13, schema version 78, schema.h line 84. */
const NO_SUCH_SPACE =
  'ce0000007e8300ce0000802401cf000000000000000d05ce0000004e8231bb53706163652027393939392720' +
  '646f6573206e6f74206578697374528100918600ab436c69656e744572726f72025401b22e2f7372632f626f' +
  '782f736368656d612e6803bb53706163652027393939392720646f6573206e6f7420657869737404000524';
const PONG = 'ce000000188300ce0000000001cf000000000000000705ce0000004e80';
const SCHEMA_VERSION = 78;

function reply(hex: string, base = SCHEMA_VERSION, maskUuids = false): ReturnType<typeof comparable> {
  return comparable({ kind: 'frame', bytes: Buffer.from(hex, 'hex') }, base, maskUuids);
}

test('a response is taken apart', () => {
  const response = readResponse(Buffer.from(NO_SUCH_SPACE, 'hex'));
  expect(response).toMatchObject({ status: 0x8024, sync: 13, schemaVersion: SCHEMA_VERSION });
  expect(reply(NO_SUCH_SPACE).text).toBe(`error 36 #13 "Space '9999' does not exist"`);
  expect(reply(PONG).text).toBe('ok #7 {}');
});

test('the schema version counts from the start of the case', () => {
  const next = PONG.replace('0000004e', '0000004f');
  expect(reply(next).bytes).not.toBe(reply(PONG).bytes);
  expect(reply(next, SCHEMA_VERSION + 1).bytes).toBe(reply(PONG).bytes);
});

test('file and line of an error do not count, everything else does', () => {
  const elsewhere = NO_SUCH_SPACE.replace('0254', '0255').replace('736368656d612e68', '736368656d612e63');
  expect(elsewhere).not.toBe(NO_SUCH_SPACE);
  expect(reply(elsewhere).bytes).toBe(reply(NO_SUCH_SPACE).bytes);
  const others: readonly (readonly [what: string, from: string, to: string])[] = [
    ['code in the header', '00ce00008024', '00ce00008025'],
    ['sync', '000000000000000d', '000000000000000e'],
    ['message', '31bb53', '31bb54'],
    ['message of the stack', '03bb53', '03bb54'],
    ['type', 'ab436c69', 'ab436c6a'],
    ['errno', '04000524', '04010524'],
    ['code in the stack', '04000524', '04000525'],
  ];
  for (const [what, from, to] of others) {
    const changed = NO_SUCH_SPACE.replace(from, to);
    expect(changed, what).not.toBe(NO_SUCH_SPACE);
    expect(reply(changed).bytes, what).not.toBe(reply(NO_SUCH_SPACE).bytes);
  }
});

test('the width of an integer counts', () => {
  const wide = 'ce000000248300ce0000000001cf000000000000000705ce0000004e8130dd0000000191cd0001';
  const narrow = 'ce000000228300ce0000000001cf000000000000000705ce0000004e8130dd000000019101';
  expect(reply(wide).text).toBe(reply(narrow).text);
  expect(reply(wide).bytes).not.toBe(reply(narrow).bytes);
});

test('uuids are masked on request', () => {
  const withUuid = (digit: string): string => {
    const text = Buffer.from(`${digit.repeat(8)}-1111-1111-1111-111111111111`).toString('hex');
    return `ce000000448300ce0000000001cf000000000000000705ce0000004e8130dd0000000191d924${text}`;
  };
  expect(reply(withUuid('a')).bytes).not.toBe(reply(withUuid('b')).bytes);
  expect(reply(withUuid('a'), SCHEMA_VERSION, true).bytes).toBe(reply(withUuid('b'), SCHEMA_VERSION, true).bytes);
});

test('silence, an end and a malformed packet differ from each other', () => {
  const rest = new Uint8Array(0);
  const texts = [
    comparable({ kind: 'silence' }, 0, false).bytes,
    comparable({ kind: 'closed', rest }, 0, false).bytes,
    reply('ce00000001c1').bytes,
    reply(PONG).bytes,
  ];
  expect(new Set(texts).size).toBe(texts.length);
  expect(reply('ce00000001c1').text).toContain('malformed');
});

test('a greeting is compared without version, uuid and salt', () => {
  const greeting = (version: string, uuid: string, salt: string): Uint8Array =>
    Buffer.from(`${`Tarantool ${version} (Binary) ${uuid}`.padEnd(63)}\n${salt.padEnd(63)}\n`);
  const first = greeting('2.6.0', '01234567-89ab-cdef-0123-456789abcdef', `${'A'.repeat(43)}=`);
  const second = greeting('2.10.0', '11234567-89ab-cdef-0123-456789abcdef', `${'B'.repeat(43)}=`);
  expect(comparableGreeting(first).bytes).toBe(comparableGreeting(second).bytes);
  const console = Buffer.from(first);
  console.write('Konsol', 17);
  expect(comparableGreeting(console).bytes).not.toBe(comparableGreeting(first).bytes);
  expect(comparableGreeting(greeting('2.6.0', '01234567-89ab-cdef-0123-456789abcdef', 'short')).bytes).not.toBe(
    comparableGreeting(first).bytes,
  );
});
