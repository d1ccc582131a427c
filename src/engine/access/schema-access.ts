/**
 * Rights to change the schema. The owner of an object may do everything with it but create it; everybody else needs the
 * privilege on the universe, on all objects of the class or on the object.
 */
import type { DdlAccess, SchemaObject, SchemaPrivilege, SchemaUser } from '../catalog/index.ts';
import type { Space } from '../memtx/index.ts';
import { PRIVILEGE, USER_ID } from './contract.ts';
import { accessDenied, usageDenied } from './denial.ts';
import type { ObjectType } from './privilege-row.ts';
import { Rights } from './rights.ts';
import { checkSequenceAccess, checkSpaceAccess } from './checks.ts';
import type { UserRegistry } from './user-registry.ts';

const NO_RIGHTS = new Rights();

export class SchemaAccess implements DdlAccess {
  readonly #users: UserRegistry;

  constructor(users: UserRegistry) {
    this.#users = users;
  }

  check(user: SchemaUser, object: SchemaObject, privilege: SchemaPrivilege): void {
    this.checkObject(user, object.type, object.id, object.ownerId, object.name, PRIVILEGE[privilege]);
  }

  checkSpaceWrite(user: SchemaUser, space: Space): void {
    checkSpaceAccess(this.#users, user, this.#rightsOf(user), space, PRIVILEGE.write);
  }

  checkSequenceUse(user: SchemaUser, sequence: SchemaObject): void {
    checkSequenceAccess(this.#users, user, this.#rightsOf(user), sequence);
  }

  /** `privilege` is one bit; `id` may be WHOLE_CLASS. Throws ACCESS_DENIED (42). */
  checkObject(user: SchemaUser, type: ObjectType, id: number, ownerId: number, name: string, privilege: number): void {
    let missing = (PRIVILEGE.usage | privilege) & ~user.universe;
    if (missing === 0) return;
    const kind = type === 'collation' || type === 'universe' ? null : type;
    const rights = this.#rightsOf(user);
    if (kind !== null) missing &= ~rights[kind].all;
    const isOwner = ownerId === user.userId || user.userId === USER_ID.admin;
    if (missing === 0 || (isOwner && (missing & (PRIVILEGE.usage | PRIVILEGE.create)) === 0)) return;
    // The right to use the instance is given for all of it, never for an object.
    if ((missing & PRIVILEGE.usage) !== 0) throw usageDenied(this.#users, user.userId);
    if (kind !== null) missing &= ~rights[kind].get(id);
    if (missing !== 0) throw accessDenied(this.#users, user.userId, missing, type, name);
  }

  #rightsOf(user: SchemaUser): Rights {
    return this.#users.find(user.userId)?.rights ?? NO_RIGHTS;
  }
}
