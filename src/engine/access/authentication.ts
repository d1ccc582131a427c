/**
 * AUTH: who a client says to be, and the proof. docs/formats/iproto.md, "Authentication".
 * The name of the method is not looked at, as in Tarantool 2.6.0: there is one.
 */
import { boxError } from '../../base/index.ts';
import { chapSha1Check, SCRAMBLE_BYTES, type Sha1 } from '../../codec/iproto/index.ts';
import {
  arrayLength,
  containerHeaderSize,
  KIND,
  kindAt,
  payloadLength,
  payloadStart,
  skipValue,
} from '../../codec/msgpack/index.ts';
import { PRIVILEGE, USER_ID } from './contract.ts';
import { accessDenied } from './denial.ts';
import type { User, UserRegistry } from './user-registry.ts';
import { EMPTY_PASSWORD_HASH } from './user-row.ts';

/** `[method, scramble]`, the body's field TUPLE. Throws INVALID_MSGPACK (20); the scramble is a view. */
export function readScramble(bytes: Uint8Array, position: number): Uint8Array {
  if (arrayLength(bytes, position) < 2) throw boxError('INVALID_MSGPACK', 'authentication request body');
  const scramble = skipValue(bytes, position + containerHeaderSize(bytes, position));
  const kind = kindAt(bytes, scramble);
  if (kind !== KIND.string && kind !== KIND.binary) throw boxError('INVALID_MSGPACK', 'authentication scramble');
  const length = payloadLength(bytes, scramble);
  if (length !== SCRAMBLE_BYTES) throw boxError('INVALID_MSGPACK', 'invalid scramble size');
  const start = payloadStart(bytes, scramble);
  return bytes.subarray(start, start + length);
}

/** Throws as `AccessControl.authenticate` does. */
export function authenticateUser(
  users: UserRegistry,
  sha1: Sha1,
  user: User,
  salt: Uint8Array,
  bytes: Uint8Array,
  position: number,
): void {
  const { passwordHash, name, id } = user.definition;
  if (arrayLength(bytes, position) === 0 && id === USER_ID.guest && isEmptyPassword(passwordHash)) return;
  if ((user.universe & PRIVILEGE.session) === 0) {
    throw accessDenied(users, id, PRIVILEGE.session, 'universe', '');
  }
  const scramble = readScramble(bytes, position);
  if (passwordHash === null || !chapSha1Check(sha1, salt, scramble, passwordHash)) {
    throw boxError('PASSWORD_MISMATCH', name);
  }
}

function isEmptyPassword(hash: Uint8Array | null): boolean {
  return hash === null || btoa(String.fromCharCode(...hash)) === EMPTY_PASSWORD_HASH;
}
