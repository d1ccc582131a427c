/** `box.schema.user` and `box.schema.role`. */
import { boxError, BoxError } from '../../../../base/index.ts';

import { SYSTEM_SPACE } from '../../../../engine/catalog/index.ts';
import { NULL } from '../../ffi/null.ts';
import { LuaTable } from '../../runtime/table.ts';
import { rawToText, typeOf } from '../../runtime/types.ts';
import type { LuaValue } from '../../runtime/values.ts';
import { textOf } from '../byte-strings.ts';
import { builtinError } from '../builtin-error.ts';
import { dropFunctionById } from './functions.ts';
import { checkOptions, isNull, option } from './option-checks.ts';
import {
  describePrivileges,
  findUser,
  grant,
  isSystemUser,
  resolveRole,
  resolveUser,
  revoke,
  revokeObject,
} from './privileges.ts';
import type { SchemaRows } from './schema-rows.ts';
import { dropSpace } from './spaces.ts';

const AUTHENTICATION_FIELD = 5;
const OWNER_INDEX = 1;
const OBJECT_NAME = 2;
/** What every user has with everything: to log in, and to use what is granted. */
const LOGIN = 'session,usage';

export function createUser(rows: SchemaRows, name: LuaValue, givenOptions: LuaValue): void {
  const options = checkOptions(givenOptions, { password: ['string'], if_not_exists: ['boolean'] });
  if (exists(rows, name)) {
    if (option(options, 'if_not_exists') === true) return;
    throw boxError('USER_EXISTS', textOf(rawToText(name)));
  }
  const authentication = rows.map();
  const password = option(options, 'password');
  if (typeof password === 'string') authentication.setString('chap-sha1', passwordHash(rows, password));
  rows.atomic(() => {
    const id = rows.largestId(SYSTEM_SPACE.user) + 1;
    rows.insert(SYSTEM_SPACE.user, [id, rows.userId, name, 'user', authentication]);
    asAdmin(rows, () => {
      const none = { options: undefined };
      grant(rows, id, name, { privilege: 'public', objectType: undefined, objectName: undefined, ...none });
      grant(rows, id, name, { privilege: 'alter', objectType: 'user', objectName: id, ...none });
      grant(rows, id, name, { privilege: LOGIN, objectType: 'universe', objectName: undefined, ...none });
    });
  });
}

/** Whether a user or role has the name, with the right to know it. */
function exists(rows: SchemaRows, name: LuaValue): boolean {
  const key = [name ?? NULL];
  if (isNull(name)) return rows.get(SYSTEM_SPACE.user, [], 2) !== undefined;
  return rows.get(SYSTEM_SPACE.user, key, typeof name === 'number' ? 0 : 2) !== undefined;
}

function asAdmin(rows: SchemaRows, action: () => void): void {
  const { context } = rows;
  const { session, box } = context;
  context.session = session.actingAs(box.adminSession.effectiveUser);
  try {
    action();
  } finally {
    context.session = session;
  }
}

/** What `_user` stores of a password, as base64. Throws for what is no text. */
export function passwordHash(rows: SchemaRows, password: LuaValue): string {
  if (typeof password !== 'string') {
    const problem = `attempt to get length of local 'password' (a ${typeOf(password)} value)`;
    throw builtinError('box/schema.lua', 2313, problem);
  }
  return btoa(String.fromCharCode(...rows.context.box.access.passwordHash(textOf(password))));
}

/** `passwd(password)` for oneself, `passwd(user, password)` for another. */
export function setPassword(rows: SchemaRows, first: LuaValue, second: LuaValue): void {
  if (isNull(first)) {
    throw new BoxError(32, 'Usage: box.schema.user.passwd([user,] password)');
  }
  const change = (id: number, password: LuaValue): void => {
    const authentication = rows.map({ 'chap-sha1': passwordHash(rows, password) });
    rows.update(SYSTEM_SPACE.user, id, [['=', AUTHENTICATION_FIELD, authentication]]);
  };
  if (isNull(second)) asAdmin(rows, () => change(rows.context.session.user.userId, first));
  else change(resolveUser(rows, first, 'user'), second);
}

export function dropUser(rows: SchemaRows, name: LuaValue, givenOptions: LuaValue): void {
  drop(rows, name, givenOptions, 'user');
}

export function dropRole(rows: SchemaRows, name: LuaValue, givenOptions: LuaValue): void {
  drop(rows, name, givenOptions, 'role');
}

function drop(rows: SchemaRows, name: LuaValue, givenOptions: LuaValue, type: 'user' | 'role'): void {
  const options = checkOptions(givenOptions, { if_exists: ['boolean'] });
  const id = isNull(name) ? null : findUser(rows, name, type);
  if (id === null) {
    if (option(options, 'if_exists') === true) return;
    throw boxError(type === 'user' ? 'NO_SUCH_USER' : 'NO_SUCH_ROLE', textOf(rawToText(name)));
  }
  const shown = textOf(rawToText(name));
  if (isSystemUser(id)) throw boxError('DROP_USER', shown, 'the user or the role is a system');
  const { session } = rows.context;
  if (id === session.user.userId || id === session.effectiveUser.userId) {
    throw boxError('DROP_USER', shown, 'the user is active in the current session');
  }
  rows.atomic(() => {
    for (const row of rows.select(SYSTEM_SPACE.spaceView, [id], OWNER_INDEX)) {
      dropSpace(rows, row.field(0), row.field(OBJECT_NAME), undefined);
    }
    for (const row of rows.select(SYSTEM_SPACE.functionView, [id], OWNER_INDEX)) dropFunctionById(rows, row.field(0));
    for (const row of rows.select(SYSTEM_SPACE.sequenceView, [id], OWNER_INDEX)) {
      revokeObject(rows, 'sequence', row.field(0));
      rows.delete(SYSTEM_SPACE.sequenceData, [row.field(0)]);
      rows.delete(SYSTEM_SPACE.sequence, [row.field(0)]);
    }
    if (type === 'role') revokeObject(rows, 'role', id);
    for (const row of rows.select(SYSTEM_SPACE.privilegeView, [id])) {
      rows.delete(SYSTEM_SPACE.privilege, [id, row.field(2), row.field(3)]);
    }
    if (type === 'user') revokeObject(rows, 'user', id);
    rows.delete(SYSTEM_SPACE.user, [id]);
  });
}

export function createRole(rows: SchemaRows, name: LuaValue, givenOptions: LuaValue): void {
  const options = checkOptions(givenOptions, { if_not_exists: ['boolean'] });
  if (exists(rows, name)) {
    if (option(options, 'if_not_exists') === true) return;
    throw boxError('ROLE_EXISTS', textOf(rawToText(name)));
  }
  rows.atomic(() => {
    const id = rows.largestId(SYSTEM_SPACE.user) + 1;
    rows.insert(SYSTEM_SPACE.user, [id, rows.userId, name, 'role', rows.map()]);
  });
}

type GrantFunction = typeof grant;

export function changeUserGrants(rows: SchemaRows, change: GrantFunction, values: readonly LuaValue[]): void {
  const [name, privilege, objectType, objectName, options] = values;
  const id = resolveUser(rows, name, 'user');
  rows.atomic(() => change(rows, id, name, { privilege, objectType, objectName, options }));
}

export function changeRoleGrants(rows: SchemaRows, change: GrantFunction, values: readonly LuaValue[]): void {
  const [name, privilege, objectType, objectName, options] = values;
  const id = resolveRole(rows, name);
  rows.atomic(() => change(rows, id, name, { privilege, objectType, objectName, options }));
}

/** Gives the right to log in, or takes it. */
export function enableUser(rows: SchemaRows, name: LuaValue, isEnabled: boolean): void {
  const options = new LuaTable();
  options.setString(isEnabled ? 'if_not_exists' : 'if_exists', true);
  changeUserGrants(rows, isEnabled ? grant : revoke, [name, LOGIN, 'universe', undefined, options]);
}

export function describeUser(rows: SchemaRows, name: LuaValue): LuaTable {
  const id = isNull(name) ? rows.userId : resolveUser(rows, name, 'user');
  return describePrivileges(rows, id);
}

export function describeRole(rows: SchemaRows, name: LuaValue): LuaTable {
  if (isNull(name)) throw boxError('NO_SUCH_ROLE', rawToText(name));
  return describePrivileges(rows, resolveRole(rows, name));
}
