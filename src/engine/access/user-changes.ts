/** What follows from a change of a row of `_user`: users and roles come, change and go. */
import { boxError, defined } from '../../base/index.ts';
import { type SystemChange, SYSTEM_SPACE, type TupleReader } from '../catalog/index.ts';
import { PRIVILEGE, USER_ID } from './contract.ts';
import type { SchemaAccess } from './schema-access.ts';
import { hasRow, type SchemaLookup } from './schema-lookup.ts';
import type { User, UserRegistry } from './user-registry.ts';
import { readUserRow, USER_ID_FIELD } from './user-row.ts';

/** By owner in `_space`, `_func` and `_sequence`; by grantor and by grantee in `_priv`. */
const OWNERSHIP_INDEXES = [
  [SYSTEM_SPACE.space, 1],
  [SYSTEM_SPACE.function, 1],
  [SYSTEM_SPACE.sequence, 1],
  [SYSTEM_SPACE.privilege, 1],
  [SYSTEM_SPACE.privilege, 0],
] as const;

export class UserChanges {
  readonly #users: UserRegistry;
  readonly #schema: SchemaLookup;
  readonly #access: SchemaAccess;

  constructor(users: UserRegistry, schema: SchemaLookup, access: SchemaAccess) {
    this.#users = users;
    this.#schema = schema;
    this.#access = access;
  }

  /** The handler of `_user`. */
  readonly handle = (change: SystemChange): void => {
    const { newRow } = change;
    const row = defined(change.oldRow ?? newRow, 'a row that changed');
    const user = this.#users.find(row.unsigned(USER_ID_FIELD));
    if (newRow === null) this.#drop(change, defined(user, 'the user of a row'));
    else if (user === undefined) this.#create(change, newRow);
    else this.#alter(change, newRow, user);
  };

  #create({ context }: SystemChange, row: TupleReader): void {
    const definition = readUserRow(row);
    const { type, id, ownerId, name } = definition;
    this.#access.checkObject(context.user, type, id, ownerId, name, PRIVILEGE.create);
    const user = this.#users.add(definition);
    context.transactions.schemaChanged({ rollback: () => this.#users.remove(user) });
  }

  /** Users may change themselves; guest and admin exist before their rows do. */
  #alter({ context }: SystemChange, row: TupleReader, user: User): void {
    const before = user.definition;
    const definition = readUserRow(row);
    const { id, name } = definition;
    this.#access.checkObject(context.user, before.type, id, id, name, PRIVILEGE.alter);
    this.#users.redefine(user, definition);
    context.transactions.schemaChanged({ rollback: () => this.#users.redefine(user, before) });
  }

  #drop({ context }: SystemChange, user: User): void {
    const { type, id, ownerId, name } = user.definition;
    this.#access.checkObject(context.user, type, id, ownerId, name, PRIVILEGE.drop);
    if (isSystemUser(id)) throw boxError('DROP_USER', name, 'the user or the role is a system');
    const ownsSomething = OWNERSHIP_INDEXES.some(([space, index]) => hasRow(this.#schema, space, index, id));
    if (ownsSomething || this.#users.isGrantedToSomebody(user)) {
      throw boxError('DROP_USER', name, 'the user has objects');
    }
    this.#users.remove(user);
    context.transactions.schemaChanged({ rollback: () => this.#users.restore(user) });
  }
}

/** The role 'replication' is not among them. */
function isSystemUser(id: number): boolean {
  return id <= USER_ID.publicRole || id === USER_ID.superRole;
}
