/**
 * Who may do what. Checks of requests look at bits that were computed when a grant changed: none of them allocates,
 * compares text or looks at rows unless it refuses.
 * Every right needs the right to use the instance (USAGE) besides; owners of objects need it too.
 */
import { SERVICE_USER_NAME } from '../../config/index.ts';
import { type BoxError, boxError, type UserId, userId } from '../../base/index.ts';
import { chapSha1Check, chapSha1Hash, type Sha1 } from '../../codec/iproto/index.ts';
import {
  type Catalog,
  type FunctionDefinition,
  type Sequence,
  shownName,
  SYSTEM_SPACE,
  type SystemSpaceId,
  type TupleReader,
} from '../catalog/index.ts';
import type { Crypto } from '../../env/index.ts';
import type { Space } from '../memtx/index.ts';
import { authenticateUser, readScramble } from './authentication.ts';
import { checkSequenceAccess, checkSpaceAccess } from './checks.ts';
import { type Credentials, PRIVILEGE, PRIVILEGE_MASK, USER_ID } from './contract.ts';
import { accessDenied } from './denial.ts';
import type { ObjectType } from './privilege-row.ts';
import { Rights } from './rights.ts';
import type { SchemaLookup } from './schema-lookup.ts';
import { PrivilegeChanges } from './privilege-changes.ts';
import { SchemaAccess } from './schema-access.ts';
import { UserChanges } from './user-changes.ts';
import type { User, UserRegistry } from './user-registry.ts';
import { seesEveryRow, seesRow } from './visibility.ts';

const { execute, usage } = PRIVILEGE;

/** The part of `Env.crypto` that rights need. */
export type Sha1Provider = Pick<Crypto, 'sha1'>;

export class AccessControl {
  readonly users: UserRegistry;
  readonly #schema: SchemaLookup;
  readonly #sha1: Sha1;
  /** `pico_service`, if the instance is closed. */
  readonly #service: ServiceUser | null;

  /** Takes the rows of `_user` and `_priv` over from now on. */
  constructor(catalog: SchemaLookup & Pick<Catalog, 'registerHandler'>, crypto: Sha1Provider, users: UserRegistry) {
    this.users = users;
    this.#schema = catalog;
    this.#sha1 = (...parts) => crypto.sha1(...parts);
    const { trust } = users;
    this.#service = trust.kind === 'closed' ? new ServiceUser(chapSha1Hash(this.#sha1, trust.cookie)) : null;
    const schemaAccess = new SchemaAccess(users);
    catalog.registerHandler(SYSTEM_SPACE.user, new UserChanges(users, catalog, schemaAccess).handle);
    catalog.registerHandler(SYSTEM_SPACE.privilege, new PrivilegeChanges(users, catalog, schemaAccess).handle);
  }

  /** Throws NO_SUCH_USER (45) with the id. */
  credentialsOf(id: UserId): Credentials {
    return this.users.existing(id);
  }

  /** Throws NO_SUCH_USER (45), for the name of a role too. */
  credentialsByName(name: string): Credentials {
    if (this.#service !== null && name === SERVICE_USER_NAME) return this.#service;
    return this.#userByName(name);
  }

  /**
   * Whom the login makes of a session. `bytes` hold at `position` the array of AUTH: method and scramble. `salt` is the
   * greeting's. Throws NO_SUCH_USER (45), for the name of a role too, ACCESS_DENIED (42) without the privilege
   * 'session', INVALID_MSGPACK (20), PASSWORD_MISMATCH (47). Guest needs none of it: an empty array suffices.
   */
  authenticate(salt: Uint8Array, userName: string, bytes: Uint8Array, position: number): Credentials {
    const service = this.#service;
    if (service !== null && userName === SERVICE_USER_NAME) {
      const scramble = readScramble(bytes, position);
      if (chapSha1Check(this.#sha1, salt, scramble, service.passwordHash)) return service;
      throw boxError('PASSWORD_MISMATCH', userName);
    }
    const user = this.#userByName(userName);
    authenticateUser(this.users, this.#sha1, user, salt, bytes, position);
    return user;
  }

  /** What `_user` stores of a password, before base64. */
  passwordHash(password: string): Uint8Array {
    return chapSha1Hash(this.#sha1, password);
  }

  /** Throws ACCESS_DENIED (42). */
  checkSpace(credentials: Credentials, space: Space, privilege: number): void {
    checkSpaceAccess(this.users, credentials, credentials.rights, space, privilege);
  }

  /** The right to CALL; a function that no row of `_func` describes takes the right to execute everything. */
  checkCall(credentials: Credentials, functionName: string): void {
    const missing = (execute | usage) & ~credentials.universe;
    if (missing === 0) return;
    const definition = this.#schema.functionByName(functionName);
    if (definition === undefined) throw this.#denied(credentials, missing, 'function', functionName);
    this.checkFunction(credentials, definition);
  }

  checkFunction(credentials: Credentials, { id, ownerId, name }: FunctionDefinition): void {
    const missing = (execute | usage) & ~credentials.universe & ~credentials.rights.function.all;
    if (missing === 0) return;
    if ((missing & usage) === 0) {
      if (ownerId === credentials.userId || (missing & ~credentials.rights.function.get(id)) === 0) return;
    }
    throw this.#denied(credentials, execute, 'function', name);
  }

  /** The right to take values from a sequence, or to set it. */
  checkSequence(credentials: Credentials, sequence: Sequence): void {
    checkSequenceAccess(this.users, credentials, credentials.rights, sequence.definition);
  }

  /** The right to do something with everything: EVAL needs 'execute', JOIN and SUBSCRIBE 'read'. */
  checkUniverse(credentials: Credentials, privilege: number): void {
    const missing = (privilege | usage) & ~credentials.universe;
    if (missing !== 0) throw this.#denied(credentials, missing, 'universe', '');
  }

  /** Whether a user sees every row of the view on a system space. Only where not, rows have to be asked for. */
  seesEveryRow(credentials: Credentials, baseSpaceId: SystemSpaceId): boolean {
    return seesEveryRow(credentials, baseSpaceId);
  }

  /** Whether a user who does not see every row sees this one of the system space. */
  seesRow(credentials: Credentials, baseSpaceId: SystemSpaceId, row: TupleReader): boolean {
    return seesRow(credentials, baseSpaceId, row, this.#schema);
  }

  #denied(credentials: Credentials, privileges: number, objectType: ObjectType, objectName: string): BoxError {
    return accessDenied(this.users, credentials.userId, privileges, objectType, objectName);
  }

  #userByName(name: string): User {
    const user = this.users.findByName(name);
    if (user === undefined || user.definition.type !== 'user') throw boxError('NO_SUCH_USER', shownName(name));
    return user;
  }
}

/**
 * The user `pico_service`. It acts under the id of admin, so that what it makes belongs to a user whom other servers
 * find in `_user`.
 */
class ServiceUser implements Credentials {
  readonly userId = userId(USER_ID.admin);
  readonly userName = SERVICE_USER_NAME;
  readonly universe = PRIVILEGE_MASK;
  readonly rights = new Rights();
  readonly passwordHash: Uint8Array;

  constructor(passwordHash: Uint8Array) {
    this.passwordHash = passwordHash;
  }
}
