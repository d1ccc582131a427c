/**
 * Users and roles, what is granted to each, and what they may do in the end.
 *
 * A user's rights are its own grants and those of its roles, and of their roles. They are computed when a grant changes,
 * not when they are asked for: one object's bits for one user are the union over the user and its roles.
 * Invariants: (1) guest and admin are always there, admin with all rights even before any row is; (2) a user's
 * `Credentials` is one object from its creation to its end; (3) roles form no cycle.
 */
import { assert, boxError, type UserId, userId } from '../../base/index.ts';
import { type Credentials, PRIVILEGE_MASK, type Trust, USER_COUNT_MAX, USER_ID } from './contract.ts';
import { Rights, type RightsTarget } from './rights.ts';
import type { UserDefinition } from './user-row.ts';

export class User implements Credentials {
  definition: UserDefinition;
  universe = 0;
  readonly rights = new Rights();
  /** Granted directly. */
  readonly granted = new Rights();
  /** Ids of the roles granted directly. */
  readonly roleIds = new Set<number>();

  constructor(definition: UserDefinition) {
    this.definition = definition;
  }

  get userId(): UserId {
    return this.definition.id;
  }

  get userName(): string {
    return this.definition.name;
  }
}

/** A function of `box.session.on_access_denied`. What it throws is ignored. */
export type AccessDeniedTrigger = (privilege: string, objectType: string, objectName: string) => void;

export class UserRegistry {
  readonly trust: Trust;
  readonly onAccessDenied: AccessDeniedTrigger[] = [];
  readonly #users = new Map<number, User>();
  readonly #byName = new Map<string, User>();

  constructor(trust: Trust) {
    this.trust = trust;
    const guest = this.add(systemUser(USER_ID.guest, 'guest'));
    const admin = this.add(systemUser(USER_ID.admin, 'admin'));
    this.setGranted(admin, { kind: 'universe', id: 0 }, PRIVILEGE_MASK);
    if (trust.kind === 'open') guest.roleIds.add(USER_ID.superRole);
  }

  find(id: number): User | undefined {
    return this.#users.get(id);
  }

  /** The user or role, or NO_SUCH_USER (45) with the id. */
  existing(id: number): User {
    const user = this.#users.get(id);
    if (user === undefined) throw boxError('NO_SUCH_USER', id);
    return user;
  }

  /** The user or role of this name. */
  findByName(name: string): User | undefined {
    return this.#byName.get(name);
  }

  [Symbol.iterator](): Iterator<User> {
    return this.#users.values();
  }

  /** Throws USER_MAX (56) if there are as many as may be. */
  add(definition: UserDefinition): User {
    if (this.#users.size >= USER_COUNT_MAX) throw boxError('USER_MAX', USER_COUNT_MAX);
    const user = new User(definition);
    this.restore(user);
    return user;
  }

  /** Puts a user back who has been removed. */
  restore(user: User): void {
    assert(!this.#users.has(user.userId), 'a user is added once');
    this.#users.set(user.userId, user);
    this.#byName.set(user.userName, user);
  }

  remove(user: User): void {
    this.#users.delete(user.userId);
    if (this.#byName.get(user.userName) === user) this.#byName.delete(user.userName);
  }

  /** Exchanges name, owner and password. */
  redefine(user: User, definition: UserDefinition): void {
    if (this.#byName.get(user.userName) === user) this.#byName.delete(user.userName);
    user.definition = definition;
    this.#byName.set(definition.name, user);
  }

  /** Sets what is granted to the user for the target, and what follows for everybody who has it as role. */
  setGranted(user: User, target: RightsTarget, bits: number): void {
    user.granted.set(target, bits);
    for (const affected of this.membersOf(user)) {
      let effective = 0;
      for (const source of this.#rolesOf(affected)) effective |= source.granted.get(target);
      affected.rights.set(target, effective);
      affected.universe = affected.rights.universe;
    }
  }

  /** Grants the role, or takes it away. */
  setRole(user: User, roleId: number, isGranted: boolean): void {
    if (isGranted || this.#hasForever(user, roleId)) user.roleIds.add(roleId);
    else user.roleIds.delete(roleId);
    this.#recompute(user);
  }

  /** Computes anew what comes to everybody from this user or role: it has come, gone, or got other roles. */
  #recompute(user: User): void {
    for (const affected of this.membersOf(user)) {
      affected.rights.clear();
      for (const source of this.#rolesOf(affected)) affected.rights.add(source.granted);
      affected.universe = affected.rights.universe;
    }
  }

  /** The user or role itself and everybody who has it as role, directly or not. */
  membersOf(user: User): Set<User> {
    const members = new Set([user]);
    for (const member of members) {
      for (const other of this.#users.values()) {
        if (other.roleIds.has(member.userId)) members.add(other);
      }
    }
    return members;
  }

  /** Whether somebody has the role directly. */
  isGrantedToSomebody(role: User): boolean {
    for (const other of this.#users.values()) {
      if (other.roleIds.has(role.userId)) return true;
    }
    return false;
  }

  /** The user itself and its roles, directly or not. */
  #rolesOf(user: User): Set<User> {
    const roles = new Set([user]);
    for (const one of roles) {
      for (const id of one.roleIds) {
        const role = this.#users.get(id);
        if (role !== undefined) roles.add(role);
      }
    }
    return roles;
  }

  #hasForever(user: User, roleId: number): boolean {
    return this.trust.kind === 'open' && user.userId === USER_ID.guest && roleId === USER_ID.superRole;
  }
}

function systemUser(id: number, name: string): UserDefinition {
  return { id: userId(id), ownerId: userId(USER_ID.admin), name, type: 'user', passwordHash: null };
}
