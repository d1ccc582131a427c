/**
 * Changing the schema from inside: each call is rows of system spaces in one transaction, as Tarantool's own Lua makes
 * them and in its order. Rights are those of the session; what is refused, and how, is what the rows are refused with.
 */
import { boxError } from '../../base/index.ts';
import type { Value } from '../../codec/msgpack/index.ts';
import type { Box, Session } from '../../engine/box/index.ts';
import { type FunctionLanguage, SYSTEM_SPACE } from '../../engine/catalog/index.ts';
import type { SpaceIndex } from '../../engine/indexes/index.ts';
import type { Space } from '../../engine/memtx/index.ts';
import { collationId, type IndexPartOption, partRows } from './index-parts.ts';
import { type GrantedObject, type IfExists, type IfNotExists, LocalUsers, type PrivilegeName } from './local-users.ts';
import { SystemRows } from './system-rows.ts';

export type LocalFieldFormat = Readonly<{ name: string; type?: string; is_nullable?: boolean; collation?: string }>;

export type CreateSpaceOptions = Readonly<{
  format?: readonly LocalFieldFormat[];
  ifNotExists?: boolean;
  isLocal?: boolean;
  temporary?: boolean;
  fieldCount?: number;
}>;

export type CreateIndexOptions = Readonly<{
  type?: 'tree' | 'hash' | 'rtree' | 'bitset';
  unique?: boolean;
  parts: readonly IndexPartOption[];
  /** RTREE only: 1 to 20, 2 if left out. */
  dimension?: number;
  /** RTREE only. */
  distance?: 'euclid' | 'manhattan';
  /** Primary keys only: fills the first part. True makes a sequence of its own, which goes with the index. */
  sequence?: true | string;
  /** Name of the function that gives the keys, which `parts` then describe. */
  func?: string;
  ifNotExists?: boolean;
}>;

export type CreateSequenceOptions = Readonly<{
  start?: number | bigint;
  step?: number | bigint;
  min?: number | bigint;
  max?: number | bigint;
  cycle?: boolean;
  ifNotExists?: boolean;
}>;

export type CreateFunctionOptions = Readonly<{
  /** Runs with the rights of its owner. */
  setuid?: boolean;
  language?: FunctionLanguage;
  /** Source text, for servers that run the language. */
  body?: string;
  isDeterministic?: boolean;
  isSandboxed?: boolean;
  /** As key function: it returns an array of keys. */
  isMultikey?: boolean;
  parameterTypes?: readonly string[];
  returns?: string;
  exports?: readonly ('LUA' | 'SQL')[];
  comment?: string;
  ifNotExists?: boolean;
}>;

export type CreateUserOptions = IfNotExists & Readonly<{ password?: string }>;

const FIRST_USER_SPACE_ID = 512;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

export class LocalSchema {
  readonly #rows: SystemRows;
  readonly #users: LocalUsers;

  constructor(box: Box, session: Session) {
    this.#rows = new SystemRows(box, session);
    this.#users = new LocalUsers(this.#rows);
  }

  /** Makes a space; it takes tuples once it has its first index. */
  createSpace(name: string, options: CreateSpaceOptions = {}): void {
    const rows = this.#rows;
    if (rows.catalog.spaceByName(name) !== undefined) {
      if (options.ifNotExists === true) return;
      throw boxError('SPACE_EXISTS', name);
    }
    const flags: Record<string, Value> = {};
    if (options.isLocal === true) flags['group_id'] = 1;
    if (options.temporary === true) flags['temporary'] = true;
    const format = (options.format ?? []).map((field, at) => this.#fieldRow(field, at));
    rows.atomic(() => {
      const id = this.#nextSpaceId();
      rows.of(SYSTEM_SPACE.space).insert([id, rows.userId, name, 'memtx', options.fieldCount ?? 0, flags, format]);
    });
  }

  /** Gives a space another name. */
  renameSpace(name: string, newName: string): void {
    this.#rows.of(SYSTEM_SPACE.space).update(this.#rows.space(name).id, [['=', 2, newName]]);
  }

  /** Drops a space with its tuples, its indexes, the sequence that was made for it, and what was granted on it. */
  dropSpace(name: string, { ifExists = false }: IfExists = {}): void {
    const space = this.#rows.catalog.spaceByName(name);
    if (space === undefined && ifExists) return;
    this.#rows.atomic(() => this.#dropSpace(space ?? this.#rows.space(name)));
  }

  /** Deletes all tuples of a space at once. */
  truncate(name: string): void {
    this.#rows.of(SYSTEM_SPACE.truncate).upsert([this.#rows.space(name).id, 1], [['+', 1, 1]]);
  }

  /** Makes an index; the first of a space is its primary key. */
  createIndex(spaceName: string, name: string, options: CreateIndexOptions): void {
    const rows = this.#rows;
    const space = rows.space(spaceName);
    if (space.indexList.some((index) => index.definition.name === name)) {
      if (options.ifNotExists === true) return;
      throw boxError('INDEX_EXISTS', name);
    }
    let id = 0;
    while (space.indexes[id] !== undefined && space.indexes[id] !== null) id++;
    if (options.sequence !== undefined && id !== 0) {
      throw boxError('MODIFY_INDEX', name, spaceName, 'sequence cannot be used with a secondary key');
    }
    const type = options.type ?? 'tree';
    const functionId = options.func === undefined ? null : rows.existingFunction(options.func).id;
    const row: Record<string, Value> = { unique: options.unique ?? (type === 'tree' || type === 'hash') };
    if (options.dimension !== undefined) row['dimension'] = options.dimension;
    if (options.distance !== undefined) row['distance'] = options.distance;
    if (functionId !== null) row['func'] = functionId;
    const parts = partRows(rows.catalog, space, options.parts);
    rows.atomic(() => {
      const sequence = this.#sequenceFor(space, options.sequence);
      rows.of(SYSTEM_SPACE.index).insert([space.id, id, name, type, row, parts]);
      if (sequence !== null) this.#attach(space, sequence.id, sequence.isGenerated);
      if (functionId !== null) rows.of(SYSTEM_SPACE.functionIndex).insert([space.id, id, functionId]);
    });
  }

  /** Drops an index; the primary key goes last, and with the tuples. */
  dropIndex(spaceName: string, name: string, { ifExists = false }: IfExists = {}): void {
    const space = this.#rows.space(spaceName);
    const index = space.indexList.find(({ definition }) => definition.name === name);
    if (index === undefined) {
      if (ifExists) return;
      throw boxError('NO_SUCH_INDEX_NAME', name, spaceName);
    }
    this.#rows.atomic(() => {
      if (index === space.primary) this.#detach(space);
      this.#dropIndex(space, index);
    });
  }

  /** Makes a sequence: from `start` on, or else from `min`; downwards, with a negative `step`, from `max`. */
  createSequence(name: string, options: CreateSequenceOptions = {}): void {
    const rows = this.#rows;
    if (rows.sequence(name) !== undefined) {
      if (options.ifNotExists === true) return;
      throw boxError('SEQUENCE_EXISTS', name);
    }
    rows.atomic(() => this.#createSequence(name, options));
  }

  dropSequence(name: string, { ifExists = false }: IfExists = {}): void {
    const sequence = this.#rows.sequence(name);
    if (sequence === undefined && ifExists) return;
    const { id } = (sequence ?? this.#rows.existingSequence(name)).definition;
    this.#rows.atomic(() => this.#dropSequence(id));
  }

  /**
   * Makes a row of `_func`: rights to a procedure of that name can be granted then, it may run with its owner's rights,
   * or be the key function of an index.
   */
  createFunction(name: string, options: CreateFunctionOptions = {}): void {
    const rows = this.#rows;
    if (rows.catalog.functionByName(name) !== undefined) {
      if (options.ifNotExists === true) return;
      throw boxError('FUNCTION_EXISTS', name);
    }
    const { language = 'LUA', body = '', returns = 'any', parameterTypes = [], exports = ['LUA'] } = options;
    const { isDeterministic = false, isSandboxed = false, comment = '' } = options;
    const settings = options.isMultikey === undefined ? {} : { is_multikey: options.isMultikey };
    const head = [name, options.setuid === true ? 1 : 0, language, body, 'function', parameterTypes, returns];
    const flags = ['none', 'none', isDeterministic, isSandboxed, true, exports];
    rows.atomic(() => {
      const id = rows.nextId(SYSTEM_SPACE.function);
      rows.of(SYSTEM_SPACE.function).insert([id, rows.userId, ...head, ...flags, settings, comment, '', '']);
    });
  }

  dropFunction(name: string, { ifExists = false }: IfExists = {}): void {
    const definition = this.#rows.catalog.functionByName(name);
    if (definition === undefined && ifExists) return;
    const { id } = definition ?? this.#rows.existingFunction(name);
    this.#rows.atomic(() => this.#dropFunction(id));
  }

  /** Makes a user, who may log in; with a password if there is one. */
  createUser(name: string, { password, ifNotExists = false }: CreateUserOptions = {}): void {
    this.#users.create(name, password ?? null, ifNotExists);
  }

  setPassword(userName: string, password: string): void {
    this.#users.setPassword(userName, password);
  }

  /** Drops a user with all spaces, functions and sequences that belong to it. */
  dropUser(name: string, { ifExists = false }: IfExists = {}): void {
    this.#users.drop(name, 'user', ifExists, (id) => this.#dropObjectsOf(id));
  }

  createRole(name: string, { ifNotExists = false }: IfNotExists = {}): void {
    this.#users.createRole(name, ifNotExists);
  }

  dropRole(name: string, { ifExists = false }: IfExists = {}): void {
    this.#users.drop(name, 'role', ifExists, (id) => this.#dropObjectsOf(id));
  }

  /** Grants privileges on an object to a user or role; without `objectName` on all of that type. */
  grant(
    grantee: string,
    privileges: PrivilegeName | readonly PrivilegeName[],
    objectType: GrantedObject,
    objectName = '',
    { ifNotExists = false }: IfNotExists = {},
  ): void {
    this.#users.grant(grantee, listOf(privileges), objectType, objectName, ifNotExists);
  }

  /** Takes privileges back. */
  revoke(
    grantee: string,
    privileges: PrivilegeName | readonly PrivilegeName[],
    objectType: GrantedObject,
    objectName = '',
    { ifExists = false }: IfExists = {},
  ): void {
    this.#users.revoke(grantee, listOf(privileges), objectType, objectName, ifExists);
  }

  grantRole(grantee: string, role: string, { ifNotExists = false }: IfNotExists = {}): void {
    this.#users.grant(grantee, ['execute'], 'role', role, ifNotExists);
  }

  revokeRole(grantee: string, role: string, { ifExists = false }: IfExists = {}): void {
    this.#users.revoke(grantee, ['execute'], 'role', role, ifExists);
  }

  #fieldRow(field: LocalFieldFormat, at: number): Value {
    if (field.collation === undefined) return field;
    const collation = collationId(this.#rows.catalog, field.collation);
    if (collation !== null) return { ...field, collation };
    throw boxError('WRONG_COLLATION_OPTIONS', at + 1, `collation was not found by name '${field.collation}'`);
  }

  #nextSpaceId(): number {
    const schema = this.#rows.of(SYSTEM_SPACE.schema);
    const id = schema.update('max_id', [['+', 1, 1]])?.[1];
    if (typeof id === 'number') return id;
    schema.insert(['max_id', FIRST_USER_SPACE_ID]);
    return FIRST_USER_SPACE_ID;
  }

  #dropSpace(space: Space): void {
    const rows = this.#rows;
    const { triggers, foreignKeys, checks } = rows.catalog.details(space);
    this.#detach(space);
    for (const name of [...triggers]) rows.of(SYSTEM_SPACE.trigger).delete([name]);
    for (const name of [...foreignKeys.keys()]) rows.of(SYSTEM_SPACE.foreignKey).delete([name, space.id]);
    for (const name of [...checks.keys()]) rows.of(SYSTEM_SPACE.check).delete([space.id, name]);
    const byId = [...space.indexList].sort((one, other) => other.definition.id - one.definition.id);
    for (const index of byId) this.#dropIndex(space, index);
    this.#users.forget('space', space.id);
    rows.of(SYSTEM_SPACE.truncate).delete(space.id);
    rows.of(SYSTEM_SPACE.space).delete(space.id);
  }

  #dropIndex(space: Space, { definition: { id, functionId } }: SpaceIndex): void {
    if (functionId !== null) this.#rows.of(SYSTEM_SPACE.functionIndex).delete([space.id, id]);
    this.#rows.of(SYSTEM_SPACE.index).delete([space.id, id]);
  }

  #dropFunction(id: number): void {
    this.#users.forget('function', id);
    this.#rows.of(SYSTEM_SPACE.function).delete(id);
  }

  #dropObjectsOf(userId: number): void {
    const { catalog } = this.#rows;
    for (const space of [...catalog.spaces()]) if (space.definition.ownerId === userId) this.#dropSpace(space);
    for (const { id, ownerId } of [...catalog.functions()]) if (ownerId === userId) this.#dropFunction(id);
    for (const { definition } of [...catalog.sequences()]) {
      if (definition.ownerId === userId) this.#dropSequence(definition.id);
    }
  }

  #sequenceFor(space: Space, option: true | string | undefined): { id: number; isGenerated: boolean } | null {
    if (option === undefined) return null;
    if (option === true) return { id: this.#createSequence(`${space.name}_seq`, {}), isGenerated: true };
    return { id: this.#rows.existingSequence(option).definition.id, isGenerated: false };
  }

  /** The sequence fills the first part of the primary key. */
  #attach(space: Space, sequenceId: number, isGenerated: boolean): void {
    const part = space.primary?.definition.keyDef.parts[0];
    const row = [space.id, sequenceId, isGenerated, part?.fieldNo ?? 0, part?.path?.text ?? ''];
    this.#rows.of(SYSTEM_SPACE.spaceSequence).insert(row);
  }

  #detach(space: Space): void {
    if (space.sequence === null) return;
    const { sequenceId, isGenerated } = space.sequence;
    this.#rows.of(SYSTEM_SPACE.spaceSequence).delete(space.id);
    if (isGenerated) this.#dropSequence(sequenceId);
  }

  #createSequence(name: string, options: CreateSequenceOptions): number {
    const rows = this.#rows;
    const step = BigInt(options.step ?? 1);
    const min = BigInt(options.min ?? (step > 0n ? 1n : INT64_MIN));
    const max = BigInt(options.max ?? (step > 0n ? INT64_MAX : -1n));
    const start = BigInt(options.start ?? (step > 0n ? min : max));
    const id = rows.nextId(SYSTEM_SPACE.sequence);
    const row = [id, rows.userId, name, step, min, max, start, 0, options.cycle === true];
    rows.of(SYSTEM_SPACE.sequence).insert(row);
    return id;
  }

  #dropSequence(id: number): void {
    this.#users.forget('sequence', id);
    this.#rows.of(SYSTEM_SPACE.sequenceData).delete(id);
    this.#rows.of(SYSTEM_SPACE.sequence).delete(id);
  }
}

function listOf(privileges: PrivilegeName | readonly PrivilegeName[]): readonly PrivilegeName[] {
  return typeof privileges === 'string' ? [privileges] : privileges;
}
