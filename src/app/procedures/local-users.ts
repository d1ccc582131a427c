/** Users, roles and what is granted to them, as rows of `_user` and `_priv`; named as Tarantool's Lua names them. */
import { boxError } from '../../base/index.ts';
import type { Value } from '../../codec/msgpack/index.ts';
import { PRIVILEGE, USER_ID } from '../../engine/access/index.ts';
import { SYSTEM_SPACE } from '../../engine/catalog/index.ts';
import type { SystemRows } from './system-rows.ts';

export type PrivilegeName = Exclude<keyof typeof PRIVILEGE, 'all'>;

export type GrantedObject = 'universe' | 'space' | 'function' | 'sequence' | 'user' | 'role';

export type IfExists = Readonly<{ ifExists?: boolean }>;
export type IfNotExists = Readonly<{ ifNotExists?: boolean }>;

/** What every user has. */
const LOGIN = PRIVILEGE.session | PRIVILEGE.usage;

type Grant = Readonly<{ granteeId: number; objectType: GrantedObject; objectId: Value; bits: number; stored: number }>;

export class LocalUsers {
  readonly #rows: SystemRows;

  constructor(rows: SystemRows) {
    this.#rows = rows;
  }

  create(name: string, password: string | null, ifNotExists: boolean): void {
    if (this.#rows.box.access.users.findByName(name) !== undefined) {
      if (ifNotExists) return;
      throw boxError('USER_EXISTS', name);
    }
    const rows = this.#rows;
    rows.atomic(() => {
      const id = rows.nextId(SYSTEM_SPACE.user);
      rows.of(SYSTEM_SPACE.user).insert([id, rows.userId, name, 'user', this.#authentication(password)]);
      const privileges = rows.own(SYSTEM_SPACE.privilege);
      privileges.insert([USER_ID.admin, id, 'role', USER_ID.publicRole, PRIVILEGE.execute]);
      privileges.insert([USER_ID.admin, id, 'user', id, PRIVILEGE.alter]);
      privileges.insert([USER_ID.admin, id, 'universe', 0, LOGIN]);
    });
  }

  createRole(name: string, ifNotExists: boolean): void {
    if (this.#rows.box.access.users.findByName(name) !== undefined) {
      if (ifNotExists) return;
      throw boxError('ROLE_EXISTS', name);
    }
    const rows = this.#rows;
    rows.atomic(() => {
      rows.of(SYSTEM_SPACE.user).insert([rows.nextId(SYSTEM_SPACE.user), rows.userId, name, 'role', {}]);
    });
  }

  setPassword(name: string, password: string): void {
    const id = this.#existing(name, 'user');
    this.#rows.of(SYSTEM_SPACE.user).update(id, [['=', 4, this.#authentication(password)]]);
  }

  /** `dropObjects` takes away what belongs to the user, in the same transaction. */
  drop(name: string, type: 'user' | 'role', ifExists: boolean, dropObjects: (id: number) => void): void {
    const rows = this.#rows;
    const user = rows.box.access.users.findByName(name);
    if (user?.definition.type !== type) {
      if (ifExists) return;
      throw boxError(type === 'user' ? 'NO_SUCH_USER' : 'NO_SUCH_ROLE', name);
    }
    const id = user.userId;
    if (id <= USER_ID.superRole) throw boxError('DROP_USER', name, 'the user or the role is a system');
    const { session } = rows;
    if (id === session.user.userId || id === session.effectiveUser.userId) {
      throw boxError('DROP_USER', name, 'the user is active in the current session');
    }
    rows.atomic(() => {
      dropObjects(id);
      if (type === 'role') this.forget('role', id);
      else this.revoke(name, ['session', 'usage'], 'universe', '', true);
      for (const [, grantee, objectType, objectId] of rows.own(SYSTEM_SPACE.privilege).select([id])) {
        rows.of(SYSTEM_SPACE.privilege).delete([grantee!, objectType!, objectId!]);
      }
      if (type === 'user') this.forget('user', id);
      rows.of(SYSTEM_SPACE.user).delete(id);
    });
  }

  /** Takes back whatever was granted on an object that goes. */
  forget(objectType: GrantedObject, objectId: number): void {
    const granted = this.#rows.own(SYSTEM_SPACE.privilege).select([objectType, objectId], { index: 'object' });
    for (const [, grantee] of granted) {
      this.#rows.of(SYSTEM_SPACE.privilege).delete([grantee!, objectType, objectId]);
    }
  }

  grant(
    grantee: string,
    privileges: readonly PrivilegeName[],
    objectType: GrantedObject,
    objectName: string,
    ifNotExists: boolean,
  ): void {
    const grant = this.#find(grantee, privileges, objectType, objectName);
    const bits = (grant.stored | grant.bits) >>> 0;
    if (bits === grant.stored) {
      if (ifNotExists) return;
      if (isRole(objectType, objectName, privileges)) throw boxError('ROLE_GRANTED', grantee, objectName);
      const object = objectName === '' ? '' : ` '${objectName}'`;
      throw boxError('PRIV_GRANTED', grantee, privileges.join(','), objectType, object);
    }
    this.#write(grant, bits);
  }

  revoke(
    grantee: string,
    privileges: readonly PrivilegeName[],
    objectType: GrantedObject,
    objectName: string,
    ifExists: boolean,
  ): void {
    const grant = this.#find(grantee, privileges, objectType, objectName);
    const bits = (grant.stored & ~grant.bits) >>> 0;
    if (bits === grant.stored) {
      if (ifExists) return;
      if (isRole(objectType, objectName, privileges)) throw boxError('ROLE_NOT_GRANTED', grantee, objectName);
      throw boxError('PRIV_NOT_GRANTED', grantee, privileges.join(','), objectType, objectName);
    }
    if (bits !== 0) this.#write(grant, bits);
    else this.#rows.of(SYSTEM_SPACE.privilege).delete([grant.granteeId, objectType, grant.objectId]);
  }

  #write({ granteeId, objectType, objectId }: Grant, bits: number): void {
    const { userId } = this.#rows;
    this.#rows.of(SYSTEM_SPACE.privilege).replace([userId, granteeId, objectType, objectId, bits]);
  }

  #find(grantee: string, privileges: readonly PrivilegeName[], objectType: GrantedObject, objectName: string): Grant {
    const user = this.#rows.box.access.users.findByName(grantee);
    if (user === undefined) throw boxError('NO_SUCH_USER', grantee);
    let bits = 0;
    for (const name of privileges) {
      const bit = (PRIVILEGE as Readonly<Record<string, number>>)[name];
      if (bit === undefined || bit === PRIVILEGE.all) throw boxError('UNSUPPORTED_PRIV', objectType, name);
      bits |= bit;
    }
    const granteeId = user.userId;
    const objectId = this.#objectId(objectType, objectName);
    const row = this.#rows.own(SYSTEM_SPACE.privilege).get([granteeId, objectType, objectId]);
    return { granteeId, objectType, objectId, bits, stored: Number(row?.[4] ?? 0) };
  }

  /** '' stands for every object of the type. */
  #objectId(type: GrantedObject, name: string): number | string {
    if (type === 'universe') return 0;
    if (name === '') return '';
    switch (type) {
      case 'space':
        return this.#rows.space(name).id;
      case 'function':
        return this.#rows.existingFunction(name).id;
      case 'sequence':
        return this.#rows.existingSequence(name).definition.id;
      default:
        return this.#existing(name, type);
    }
  }

  #existing(name: string, type: 'user' | 'role'): number {
    const user = this.#rows.box.access.users.findByName(name);
    if (user?.definition.type !== type) throw boxError(type === 'user' ? 'NO_SUCH_USER' : 'NO_SUCH_ROLE', name);
    return user.userId;
  }

  #authentication(password: string | null): Value {
    if (password === null) return {};
    const hash = this.#rows.box.access.passwordHash(password);
    return { 'chap-sha1': btoa(String.fromCharCode(...hash)) };
  }
}

function isRole(objectType: GrantedObject, objectName: string, privileges: readonly PrivilegeName[]): boolean {
  return objectType === 'role' && objectName !== '' && privileges.length === 1 && privileges[0] === 'execute';
}
