/** The greeting: a captured one, and that what we write is read back. */
import { expect, test } from 'vitest';
import { decodeGreeting, encodeGreeting, GREETING_BYTES, SALT_BYTES } from './greeting.ts';

const UUID = '7aa5a94b-fdc7-418a-8248-5fac2814d5c4';
const SALT = Uint8Array.from({ length: SALT_BYTES }, (_, index) => 255 - index * 7);

/** As a 2.6.0 sends it. */
const CAPTURED = new TextEncoder().encode(
  `Tarantool 2.6.0 (Binary) ${UUID}  \n` + 'SAShxe9t22NSxyHwFJa68Jwb6TiDB3N0RDW9OoIh62Q=                   \n',
);

test('reads a captured greeting', () => {
  expect(CAPTURED.length).toBe(GREETING_BYTES);
  const greeting = decodeGreeting(CAPTURED);
  expect(greeting).toMatchObject({ protocol: 'Binary', version: '2.6.0', instanceUuid: UUID });
  expect(greeting.protocol === 'Binary' && greeting.salt).toEqual(
    Uint8Array.from(Buffer.from('SAShxe9t22NSxyHwFJa68Jwb6TiDB3N0RDW9OoIh62Q=', 'base64')),
  );
});

test('writes what a captured greeting holds, byte for byte', () => {
  expect(encodeGreeting(decodeGreeting(CAPTURED))).toEqual(CAPTURED);
});

test('lays out both lines', () => {
  const bytes = encodeGreeting({ protocol: 'Binary', version: '2.10.0', instanceUuid: UUID, salt: SALT });
  const lines = new TextDecoder().decode(bytes).split('\n');
  expect(bytes.length).toBe(GREETING_BYTES);
  expect(lines).toEqual([
    `Tarantool 2.10.0 (Binary) ${UUID}`.padEnd(63),
    Buffer.from(SALT).toString('base64').padEnd(63),
    '',
  ]);
});

test('a console greets in the same shape', () => {
  const bytes = encodeGreeting({ protocol: 'Lua console', version: '2.10.0' });
  expect(new TextDecoder().decode(bytes)).toBe(
    `${'Tarantool 2.10.0 (Lua console)'.padEnd(63)}\n${"type 'help' for interactive help".padEnd(63)}\n`,
  );
  expect(decodeGreeting(bytes)).toEqual({ protocol: 'Lua console', version: '2.10.0' });
});

test.each([
  ['too short', CAPTURED.subarray(0, 127)],
  ['no first newline', CAPTURED.with(63, 0x20)],
  ['no second newline', CAPTURED.with(127, 0x20)],
  ['another product', CAPTURED.with(0, 0x74)],
  ['another protocol', CAPTURED.with(17, 0x62)],
  ['a salt that is not base64', CAPTURED.with(64, 0x21)],
  ['a short salt', Uint8Array.from(CAPTURED).fill(0x20, 64 + 8, 127)],
])('refuses %s', (_what, bytes) => {
  expect(() => decodeGreeting(bytes)).toThrow('Invalid greeting');
});
