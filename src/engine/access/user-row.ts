/**
 * A row of `_user`: `[id, owner, name, type, {"chap-sha1": hash}]`, checked in Tarantool's order. The case of letters in
 * the type and in the method does not matter.
 */
import { boxError, type UserId, userId } from '../../base/index.ts';
import { SCRAMBLE_BYTES } from '../../codec/iproto/index.ts';
import {
  arrayLength,
  containerHeaderSize,
  KIND,
  kindAt,
  mapLength,
  payloadLength,
  readString,
  skipValue,
} from '../../codec/msgpack/index.ts';
import { checkIdentifier, NAME_BYTES_MAX, shownName, type TupleReader } from '../catalog/index.ts';
import { USER_ID } from './contract.ts';

export type UserType = 'user' | 'role';

export type UserDefinition = Readonly<{
  id: UserId;
  ownerId: UserId;
  name: string;
  type: UserType;
  /** sha1(sha1(password)); null for a user without a password, who cannot log in with one. */
  passwordHash: Uint8Array | null;
}>;

const FIELD = { id: 0, owner: 1, name: 2, type: 3, authentication: 4 } as const;
export const USER_ID_FIELD = FIELD.id;

const METHOD = 'chap-sha1';
/** Base64 of SCRAMBLE_BYTES. */
const HASH_TEXT_BYTES = 28;
/** What `_user` has for an empty password. */
export const EMPTY_PASSWORD_HASH = 'vhvewKp0tNyweZQ+cFKAlsyphfg=';

export function readUserRow(row: TupleReader): UserDefinition {
  const name = row.string(FIELD.name);
  if (row.stringLength(FIELD.name) > NAME_BYTES_MAX) {
    throw boxError('CREATE_USER', shownName(name), 'user name is too long');
  }
  const id = row.unsigned(FIELD.id);
  const ownerId = row.unsigned(FIELD.owner);
  const type = row.string(FIELD.type).toLowerCase();
  if (type !== 'user' && type !== 'role') throw boxError('CREATE_USER', name, 'unknown user type');
  checkIdentifier(name);
  let passwordHash: Uint8Array | null = null;
  if (row.fieldCount > FIELD.authentication) {
    const position = row.fieldPosition(FIELD.authentication);
    if (type === 'role' && !isEmptyContainer(row.bytes, position)) {
      throw boxError('CREATE_ROLE', name, 'authentication data can not be set for a role');
    }
    passwordHash = readPasswordHash(row.bytes, position, id, name);
  }
  return { id: userId(id), ownerId: userId(ownerId), name, type, passwordHash };
}

function isEmptyContainer(bytes: Uint8Array, position: number): boolean {
  const kind = kindAt(bytes, position);
  if (kind === KIND.array) return arrayLength(bytes, position) === 0;
  return kind === KIND.map && mapLength(bytes, position) === 0;
}

function readPasswordHash(bytes: Uint8Array, position: number, id: number, name: string): Uint8Array | null {
  const kind = kindAt(bytes, position);
  // Lua writes an empty table as an array.
  if (kind === KIND.array || kind === KIND.nil) return null;
  if (kind !== KIND.map) {
    const reason = 'invalid password format, use box.schema.user.passwd() to reset password';
    throw boxError('CREATE_USER', name, reason);
  }
  let next = position + containerHeaderSize(bytes, position);
  for (let left = mapLength(bytes, position); left > 0; left--) {
    const value = skipValue(bytes, next);
    if (
      kindAt(bytes, next) === KIND.string &&
      readString(bytes, next).slice(0, METHOD.length).toLowerCase() === METHOD
    ) {
      return decodeHash(bytes, value, id, name);
    }
    next = skipValue(bytes, value);
  }
  return null;
}

function decodeHash(bytes: Uint8Array, position: number, id: number, name: string): Uint8Array | null {
  const isString = kindAt(bytes, position) === KIND.string;
  const length = isString ? payloadLength(bytes, position) : -1;
  if (length !== 0 && length !== HASH_TEXT_BYTES) throw boxError('CREATE_USER', name, 'invalid user password');
  if (length === 0) return null;
  const text = readString(bytes, position);
  if (id === USER_ID.guest && text !== EMPTY_PASSWORD_HASH) throw boxError('GUEST_USER_PASSWORD');
  return decodeBase64(text);
}

/** SCRAMBLE_BYTES of the text; characters that are none of base64's are left out. */
function decodeBase64(text: string): Uint8Array {
  const clean = text.replace(/[^A-Za-z0-9+/]/g, '');
  const whole = clean.length % 4 === 1 ? clean.slice(0, -1) : clean;
  const hash = new Uint8Array(SCRAMBLE_BYTES);
  const decoded = atob(whole);
  for (let at = 0; at < Math.min(decoded.length, SCRAMBLE_BYTES); at++) hash[at] = decoded.charCodeAt(at);
  return hash;
}
