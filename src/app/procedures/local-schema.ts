/** Changing the schema from inside: each call is a row of a system space, as Tarantool's own Lua makes them. */
import { boxError } from '../../base/index.ts';
import type { Value } from '../../codec/msgpack/index.ts';
import type { Box, Session } from '../../engine/box/index.ts';
import { LocalSpace } from './local-space.ts';

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
  /** Names of fields, or `[number from 0, type]`. */
  parts: readonly (string | readonly [fieldNo: number, type: string])[];
  ifNotExists?: boolean;
}>;

const SCHEMA_SPACE = 272;
const SPACE_SPACE = 280;
const INDEX_SPACE = 288;
const FIRST_USER_SPACE_ID = 512;

export class LocalSchema {
  readonly #box: Box;
  readonly #session: Session;

  constructor(box: Box, session: Session) {
    this.#box = box;
    this.#session = session;
  }

  /** Makes a space; it takes tuples once it has its first index. */
  createSpace(name: string, options: CreateSpaceOptions = {}): void {
    const { catalog, transactions } = this.#box;
    if (catalog.spaceByName(name) !== undefined) {
      if (options.ifNotExists === true) return;
      throw boxError('SPACE_EXISTS', name);
    }
    const flags: Record<string, Value> = {};
    if (options.isLocal === true) flags['group_id'] = 1;
    if (options.temporary === true) flags['temporary'] = true;
    const own = !transactions.isActive;
    if (own) transactions.begin();
    try {
      const id = this.#nextSpaceId();
      const owner = this.#session.effectiveUser.userId;
      const format = options.format ?? [];
      this.#system(SPACE_SPACE).insert([id, owner, name, 'memtx', options.fieldCount ?? 0, flags, format]);
    } catch (error) {
      if (own) transactions.rollback();
      throw error;
    }
    if (own) transactions.commit();
  }

  /** Makes an index; the first of a space is its primary key. */
  createIndex(spaceName: string, name: string, options: CreateIndexOptions): void {
    const space = this.#box.catalog.spaceByName(spaceName);
    if (space === undefined) throw boxError('NO_SUCH_SPACE', spaceName);
    if (space.indexList.some((index) => index.definition.name === name)) {
      if (options.ifNotExists === true) return;
      throw boxError('INDEX_EXISTS', name);
    }
    let id = 0;
    while (space.indexes[id] !== undefined && space.indexes[id] !== null) id++;
    const parts = options.parts.map((part): Value => {
      if (typeof part !== 'string') return part;
      const fieldNo = space.format.fieldNumbers.get(part);
      if (fieldNo === undefined) throw boxError('NO_SUCH_FIELD_NAME_IN_SPACE', part, spaceName);
      return [fieldNo, space.format.fields[fieldNo]?.type ?? 'any'];
    });
    const type = options.type ?? 'tree';
    const unique = options.unique ?? (type === 'tree' || type === 'hash');
    this.#system(INDEX_SPACE).insert([space.id, id, name, type, { unique }, parts]);
  }

  #system(id: number): LocalSpace {
    return new LocalSpace(this.#box, this.#session, String(id), () => {
      const space = this.#box.catalog.space(id);
      if (space === undefined) throw boxError('NO_SUCH_SPACE', String(id));
      return space;
    });
  }

  #nextSpaceId(): number {
    const updated = this.#system(SCHEMA_SPACE).update('max_id', [['+', 1, 1]]);
    const id = updated?.[1];
    if (typeof id === 'number') return id;
    this.#system(SCHEMA_SPACE).insert(['max_id', FIRST_USER_SPACE_ID]);
    return FIRST_USER_SPACE_ID;
  }
}
