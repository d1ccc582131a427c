/**
 * The 128 bytes that a server sends first: two lines of 64 bytes, padded with spaces, ended by a newline.
 * docs/formats/iproto.md, "Greeting". The salt is what AUTH proves the password with; 20 of its 32 bytes count.
 */
import { assert, boxError } from '../../base/index.ts';

export const GREETING_BYTES = 128;
export const SALT_BYTES = 32;
/** How much of the salt takes part in authentication. */
export const SCRAMBLE_SALT_BYTES = 20;

const LINE_BYTES = GREETING_BYTES / 2;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const FIRST_LINE = /^Tarantool (\S+) \(([^)]+)\)(?: ([0-9a-fA-F-]{36}))? *$/;

export type Greeting =
  | Readonly<{ protocol: 'Binary'; version: string; instanceUuid: string; salt: Uint8Array }>
  | Readonly<{ protocol: 'Lua console'; version: string }>;

/** The greeting of a port. `version` is major.minor.patch; `salt` has SALT_BYTES. */
export function encodeGreeting(greeting: Greeting): Uint8Array {
  const bytes = new Uint8Array(GREETING_BYTES).fill(SPACE);
  bytes[LINE_BYTES - 1] = NEWLINE;
  bytes[GREETING_BYTES - 1] = NEWLINE;
  const product = `Tarantool ${greeting.version} (${greeting.protocol})`;
  if (greeting.protocol === 'Binary') {
    assert(greeting.salt.length === SALT_BYTES, 'a greeting needs a salt of 32 bytes');
    putLine(bytes, 0, `${product} ${greeting.instanceUuid}`);
    putLine(bytes, LINE_BYTES, btoa(String.fromCharCode(...greeting.salt)));
  } else {
    putLine(bytes, 0, product);
    putLine(bytes, LINE_BYTES, "type 'help' for interactive help");
  }
  return bytes;
}

function putLine(bytes: Uint8Array, start: number, text: string): void {
  assert(text.length < LINE_BYTES, `a greeting line is too long: ${text}`);
  for (let index = 0; index < text.length; index++) bytes[start + index] = text.charCodeAt(index);
}

/** Reads the first GREETING_BYTES. Throws PROTOCOL if they are no greeting. */
export function decodeGreeting(bytes: Uint8Array): Greeting {
  if (bytes.length < GREETING_BYTES || bytes[LINE_BYTES - 1] !== NEWLINE || bytes[GREETING_BYTES - 1] !== NEWLINE) {
    throw invalidGreeting();
  }
  const first = FIRST_LINE.exec(lineAt(bytes, 0));
  const version = first?.[1];
  if (first === null || version === undefined) throw invalidGreeting();
  if (first[2] === 'Lua console') return { protocol: 'Lua console', version };
  const instanceUuid = first[3];
  const salt = decodeSalt(lineAt(bytes, LINE_BYTES).trimEnd());
  if (first[2] !== 'Binary' || instanceUuid === undefined || salt === null) throw invalidGreeting();
  return { protocol: 'Binary', version, instanceUuid, salt };
}

function lineAt(bytes: Uint8Array, start: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + LINE_BYTES - 1));
}

function decodeSalt(text: string): Uint8Array | null {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return null;
  const salt = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return salt.length >= SCRAMBLE_SALT_BYTES ? salt : null;
}

function invalidGreeting(): Error {
  return boxError('PROTOCOL', 'Invalid greeting');
}
