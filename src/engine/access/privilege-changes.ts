/** What follows from a change of a row of `_priv`: grants and revocations, and who may make them. */
import { type BoxError, boxError } from '../../base/index.ts';
import type { SchemaUser, SystemChange } from '../catalog/index.ts';
import { PRIVILEGE, PRIVILEGE_MASK, USER_ID } from './contract.ts';
import { accessDenied } from './denial.ts';
import { isMembership, type PrivilegeRow, readPrivilegeRow, targetOf } from './privilege-row.ts';
import { WHOLE_CLASS } from './rights.ts';
import type { SchemaAccess } from './schema-access.ts';
import type { SchemaLookup } from './schema-lookup.ts';
import type { User, UserRegistry } from './user-registry.ts';

/** What Tarantool calls an object that is not there. */
const NO_NAME = '(nil)';

export class PrivilegeChanges {
  readonly #users: UserRegistry;
  readonly #schema: SchemaLookup;
  readonly #access: SchemaAccess;

  constructor(users: UserRegistry, schema: SchemaLookup, access: SchemaAccess) {
    this.#users = users;
    this.#schema = schema;
    this.#access = access;
  }

  /** The handler of `_priv`. */
  readonly handle = ({ oldRow, newRow, context }: SystemChange): void => {
    const before = oldRow === null ? null : readPrivilegeRow(oldRow);
    const after = newRow === null ? null : readPrivilegeRow(newRow);
    if (after !== null) this.#check(context.user, after, PRIVILEGE.grant);
    else if (before !== null) this.#check(context.user, before, PRIVILEGE.revoke);
    this.#keepAdmin(before, after);
    this.#exchange(before, after);
    context.transactions.schemaChanged({ rollback: () => this.#exchange(after, before) });
  };

  /**
   * Grantor, grantee and object must be there, the user who acts must be the grantor or may grant everything, and the
   * grantor must own the object or be admin.
   */
  #check(actor: SchemaUser, row: PrivilegeRow, privilege: number): void {
    const { objectType, objectId, grantorId, privileges } = row;
    const grantor = this.#users.existing(grantorId);
    const grantee = this.#users.existing(row.granteeId);
    const name = this.#objectName(row);
    this.#access.checkObject(actor, objectType, objectId, grantorId, name, privilege);
    const ownerId = this.#ownerOf(row, grantor);
    const isPublicRole = objectType === 'role' && objectId === USER_ID.publicRole && privileges === PRIVILEGE.execute;
    if (ownerId !== grantorId && grantorId !== USER_ID.admin && !isPublicRole) {
      throw accessDenied(this.#users, grantorId, privilege, objectType, name);
    }
    if (objectType === 'role' && objectId !== WHOLE_CLASS) this.#checkLoop(grantee, this.#users.existing(objectId));
    if (privileges === 0) throw boxError('GRANT', 'the grant tuple has no privileges');
  }

  /** A role that has the grantee, directly or not, cannot be granted to it. */
  #checkLoop(grantee: User, role: User): void {
    if (this.#users.membersOf(grantee).has(role)) throw boxError('ROLE_LOOP', role.userName, grantee.userName);
  }

  #objectName({ objectType, objectId }: PrivilegeRow): string {
    if (objectType === 'universe' || objectId === WHOLE_CLASS) return objectType === 'collation' ? NO_NAME : '';
    switch (objectType) {
      case 'space':
        return this.#schema.space(objectId)?.name ?? NO_NAME;
      case 'function':
        return this.#schema.function(objectId)?.name ?? NO_NAME;
      case 'sequence':
        return this.#schema.sequence(objectId)?.definition.name ?? NO_NAME;
      case 'user':
      case 'role':
        return this.#users.find(objectId)?.userName ?? NO_NAME;
      default:
        return NO_NAME;
    }
  }

  /** Throws the error of an object that is not there. Universe and classes belong to admin, collations to everybody. */
  #ownerOf({ objectType, objectId }: PrivilegeRow, grantor: User): number {
    if (objectType === 'collation') return grantor.userId;
    if (objectType === 'universe' || objectId === WHOLE_CLASS) return USER_ID.admin;
    switch (objectType) {
      case 'space': {
        const space = this.#schema.space(objectId);
        if (space === undefined) throw boxError('NO_SUCH_SPACE', objectId);
        return space.definition.ownerId;
      }
      case 'function': {
        const definition = this.#schema.function(objectId);
        if (definition === undefined) throw boxError('NO_SUCH_FUNCTION', objectId);
        return definition.ownerId;
      }
      case 'sequence': {
        const sequence = this.#schema.sequence(objectId);
        if (sequence === undefined) throw boxError('NO_SUCH_SEQUENCE', objectId);
        return sequence.definition.ownerId;
      }
      default:
        return this.#existingUser(objectType, objectId).definition.ownerId;
    }
  }

  #existingUser(type: 'user' | 'role', id: number): User {
    const user = this.#users.find(id);
    if (user !== undefined && user.definition.type === type) return user;
    throw noSuchUser(type, user?.userName ?? String(id));
  }

  /** Admin keeps all rights. */
  #keepAdmin(before: PrivilegeRow | null, after: PrivilegeRow | null): void {
    const row = after ?? before;
    if (row === null || row.granteeId !== USER_ID.admin || row.objectType !== 'universe') return;
    if (after?.privileges !== PRIVILEGE_MASK) throw boxError('GRANT', "can't revoke universe from the admin user");
  }

  /** Takes back what one row gives and gives what the other does; the rows have the same key. */
  #exchange(before: PrivilegeRow | null, after: PrivilegeRow | null): void {
    if (before !== null) this.#give(before, 0);
    if (after !== null) this.#give(after, after.privileges);
  }

  #give(row: PrivilegeRow, privileges: number): void {
    const grantee = this.#users.find(row.granteeId);
    if (grantee === undefined) return;
    if (isMembership(row)) {
      this.#users.setRole(grantee, row.objectId, privileges !== 0);
      return;
    }
    const target = targetOf(row);
    if (target !== null) this.#users.setGranted(grantee, target, privileges);
  }
}

function noSuchUser(type: 'user' | 'role', name: string): BoxError {
  return type === 'user' ? boxError('NO_SUCH_USER', name) : boxError('NO_SUCH_ROLE', name);
}
