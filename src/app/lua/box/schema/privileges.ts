/** What is granted to users and roles: rows of `_priv` as `box.schema.user.grant` and its like make them. */
import { boxError } from '../../../../base/index.ts';
import { PRIVILEGE, USER_ID } from '../../../../engine/access/index.ts';
import { SYSTEM_SPACE } from '../../../../engine/catalog/index.ts';
import { LuaTable } from '../../runtime/table.ts';
import { rawToText } from '../../runtime/types.ts';
import type { LuaValue } from '../../runtime/values.ts';
import { textOf } from '../byte-strings.ts';
import { illegal, isNull, option } from './option-checks.ts';
import type { SchemaRows } from './schema-rows.ts';

const NAME_INDEX = 2;
const OBJECT_INDEX = 2;
/** Fields of `_priv` and `_user` from 0. */
const FIELD = { grantee: 1, type: 2, object: 3, privilege: 4, userType: 3 } as const;

/** As lists of privileges name them, in the order of their bits. */
const NAMES = [
  'read',
  'write',
  'execute',
  'session',
  'usage',
  'create',
  'drop',
  'alter',
  'reference',
  'trigger',
  'insert',
  'update',
  'delete',
] as const;

/** Id of a user or role by name or id; null if there is none. `type` limits the search. */
export function findUser(rows: SchemaRows, name: LuaValue, type: 'user' | 'role' | null = null): number | null {
  const row =
    typeof name === 'number'
      ? rows.get(SYSTEM_SPACE.userView, [name])
      : rows.get(SYSTEM_SPACE.userView, isNull(name) ? [] : [name], NAME_INDEX);
  if (row === undefined || (type !== null && row.field(FIELD.userType) !== type)) return null;
  return Number(row.field(0));
}

/** Throws NO_SUCH_USER (45). */
export function resolveUser(rows: SchemaRows, name: LuaValue, type: 'user' | 'role' | null = null): number {
  const id = isNull(name) ? null : findUser(rows, name, type);
  if (id === null) throw boxError('NO_SUCH_USER', textOf(rawToText(name)));
  return id;
}

/** Throws NO_SUCH_ROLE (82). */
export function resolveRole(rows: SchemaRows, name: LuaValue): number {
  const id = findUser(rows, name, 'role');
  if (id === null) throw boxError('NO_SUCH_ROLE', textOf(rawToText(name)));
  return id;
}

/** Takes back whatever was granted on an object that goes. */
export function revokeObject(rows: SchemaRows, type: string, id: LuaValue): void {
  for (const row of rows.select(SYSTEM_SPACE.privilegeView, [type, id], OBJECT_INDEX)) {
    rows.delete(SYSTEM_SPACE.privilege, [row.field(FIELD.grantee), type, id]);
  }
}

/** A privilege on an object, or the membership in a role: as `grant` and `revoke` are called. */
export type GrantArguments = Readonly<{
  privilege: LuaValue;
  objectType: LuaValue;
  objectName: LuaValue;
  options: LuaValue;
}>;

type Grant = Readonly<{ bits: number; shown: string; type: string; object: LuaValue; name: LuaValue; stored: number }>;

function grantOf(rows: SchemaRows, userId: number, given: GrantArguments): Grant {
  const isRole = isNull(given.objectType);
  const privilege = isRole ? 'execute' : given.privilege;
  const type = isRole ? 'role' : rawToText(given.objectType);
  const name = isRole ? given.privilege : given.objectName;
  const bits = typeof privilege === 'number' ? privilege >>> 0 : bitsOf(rawToText(privilege));
  const object = objectId(rows, type, name);
  const row = rows.get(SYSTEM_SPACE.privilegeView, [userId, type, object]);
  const stored = Number(row?.field(FIELD.privilege) ?? 0);
  return { bits, shown: rawToText(privilege), type, object, name, stored };
}

function bitsOf(text: string): number {
  let bits = 0;
  for (const word of text.split(',')) {
    const name = word.trim();
    if (name === 'all') return PRIVILEGE.all;
    bits |= (PRIVILEGE as Readonly<Record<string, number>>)[name] ?? 0;
  }
  return bits >>> 0;
}

/** '' stands for every object of the type. */
function objectId(rows: SchemaRows, type: string, name: LuaValue): LuaValue {
  if (type === 'universe') {
    if (!isNull(name) && name !== '' && typeof name !== 'number') throw illegal('no object name allowed');
    return 0;
  }
  if (type === 'role' || type === 'user') {
    if (name === '') return '';
    return type === 'role' ? resolveRole(rows, name) : resolveUser(rows, name, 'user');
  }
  if (isNull(name) || name === '') {
    if (['space', 'function', 'sequence'].includes(type)) return '';
    throw boxError('UNKNOWN_SCHEMA_OBJECT', textOf(type));
  }
  switch (type) {
    case 'space': {
      const id = typeof name === 'number' ? name : rows.catalog.spaceByName(textOf(rawToText(name)))?.id;
      if (id === undefined || rows.catalog.space(id) === undefined) throw missing('NO_SUCH_SPACE', name);
      return id;
    }
    case 'function':
      return idByName(rows, SYSTEM_SPACE.functionView, name) ?? fail('NO_SUCH_FUNCTION', name);
    case 'sequence':
      return idByName(rows, SYSTEM_SPACE.sequenceView, name) ?? fail('NO_SUCH_SEQUENCE', name);
    default:
      throw boxError('UNKNOWN_SCHEMA_OBJECT', textOf(type));
  }
}

function idByName(rows: SchemaRows, spaceId: number, name: LuaValue): number | null {
  const row = typeof name === 'number' ? rows.get(spaceId, [name]) : rows.get(spaceId, [name], NAME_INDEX);
  return row === undefined ? null : Number(row.field(0));
}

function missing(error: 'NO_SUCH_SPACE' | 'NO_SUCH_FUNCTION' | 'NO_SUCH_SEQUENCE', name: LuaValue): Error {
  return boxError(error, textOf(rawToText(name)));
}

function fail(error: 'NO_SUCH_FUNCTION' | 'NO_SUCH_SEQUENCE', name: LuaValue): never {
  throw missing(error, name);
}

function flag(options: LuaValue, name: string): boolean {
  if (options === undefined || isNull(options)) return false;
  if (!(options instanceof LuaTable)) throw illegal('options should be a table');
  return option(options, name) === true;
}

/** Throws ROLE_GRANTED (90) and PRIV_GRANTED (89). */
export function grant(rows: SchemaRows, userId: number, userName: LuaValue, given: GrantArguments): void {
  const { bits, shown, type, object, name, stored } = grantOf(rows, userId, given);
  const wanted = (stored | bits) >>> 0;
  if (wanted === stored) {
    if (flag(given.options, 'if_not_exists')) return;
    const grantee = textOf(rawToText(userName));
    if (type === 'role') throw boxError('ROLE_GRANTED', grantee, textOf(rawToText(name)));
    const suffix = isNull(name) || name === '' ? '' : ` '${textOf(rawToText(name))}'`;
    throw boxError('PRIV_GRANTED', grantee, textOf(shown), type, suffix);
  }
  const grantor = given.options instanceof LuaTable ? option(given.options, 'grantor') : undefined;
  const grantorId = grantor === undefined ? rows.userId : resolveUser(rows, grantor);
  rows.replace(SYSTEM_SPACE.privilege, [grantorId, userId, type, object, wanted]);
}

/** Throws ROLE_NOT_GRANTED (92) and PRIV_NOT_GRANTED (91). */
export function revoke(rows: SchemaRows, userId: number, userName: LuaValue, given: GrantArguments): void {
  const { bits, shown, type, object, name, stored } = grantOf(rows, userId, given);
  const wanted = (stored & ~bits) >>> 0;
  if (wanted === stored) {
    if (flag(given.options, 'if_exists')) return;
    const grantee = textOf(rawToText(userName));
    const shownName = isNull(name) ? '' : textOf(rawToText(name));
    if (type === 'role') throw boxError('ROLE_NOT_GRANTED', grantee, shownName);
    throw boxError('PRIV_NOT_GRANTED', grantee, textOf(shown), type, shownName);
  }
  if (wanted === 0) rows.delete(SYSTEM_SPACE.privilege, [userId, type, object]);
  else {
    rows.update(SYSTEM_SPACE.privilege, new LuaTable([userId, type, object]), [['=', FIELD.privilege + 1, wanted]]);
  }
}

/** What is granted to a user or role: `{{'read,write', 'space', 'name'}, ...}`. */
export function describePrivileges(rows: SchemaRows, userId: number): LuaTable {
  const list = new LuaTable();
  for (const row of rows.select(SYSTEM_SPACE.privilegeView, [userId])) {
    const type = String(row.field(FIELD.type) as string);
    const bits = Number(row.field(FIELD.privilege));
    const names = NAMES.filter((name) => (bits & PRIVILEGE[name]) !== 0);
    list.array.push(new LuaTable([names.join(','), type, objectName(rows, type, row.field(FIELD.object))]));
  }
  return list;
}

function objectName(rows: SchemaRows, type: string, id: LuaValue): LuaValue {
  if (type === 'universe' || id === '' || id === undefined) return '';
  const spaces: Readonly<Record<string, number>> = {
    space: SYSTEM_SPACE.spaceView,
    function: SYSTEM_SPACE.functionView,
    sequence: SYSTEM_SPACE.sequenceView,
    role: SYSTEM_SPACE.userView,
    user: SYSTEM_SPACE.userView,
  };
  const spaceId = spaces[type];
  return spaceId === undefined ? '' : (rows.get(spaceId, [id])?.field(2) ?? '');
}

/** Whether the user or role belongs to the system and cannot be dropped. */
export function isSystemUser(id: number): boolean {
  return id <= USER_ID.publicRole || id === USER_ID.replicationRole || id === USER_ID.superRole;
}
