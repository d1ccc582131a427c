/** What `_vspace` and `_vindex` of the server say about spaces and indexes that the user may see. Immutable. */
import { boxError } from '../base/index.ts';
import type { Value } from '../codec/msgpack/index.ts';

export type RemoteField = Readonly<{ name: string; type: string; isNullable: boolean }>;
export type RemoteIndex = Readonly<{ id: number; name: string; type: string; isUnique: boolean }>;

export type RemoteSpace = Readonly<{
  id: number;
  name: string;
  engine: string;
  fields: readonly RemoteField[];
  indexes: ReadonlyMap<string, RemoteIndex>;
}>;

/** A space or an index by name, or by its number. */
export type NameOrId = string | number;

export class RemoteSchema {
  readonly version: number;
  readonly #byName: ReadonlyMap<string, RemoteSpace>;
  readonly #byId: ReadonlyMap<number, RemoteSpace>;

  constructor(version: number, spaces: readonly RemoteSpace[]) {
    this.version = version;
    this.#byName = new Map(spaces.map((space) => [space.name, space]));
    this.#byId = new Map(spaces.map((space) => [space.id, space]));
  }

  get spaces(): readonly RemoteSpace[] {
    return [...this.#byName.values()];
  }

  find(space: NameOrId): RemoteSpace | undefined {
    return typeof space === 'number' ? this.#byId.get(space) : this.#byName.get(space);
  }

  /** Throws NO_SUCH_SPACE. */
  spaceId(space: NameOrId): number {
    return typeof space === 'number' ? space : this.#require(space).id;
  }

  /** Throws NO_SUCH_SPACE or NO_SUCH_INDEX_NAME. */
  indexId(space: NameOrId, index: NameOrId): number {
    if (typeof index === 'number') return index;
    const found = this.#require(space);
    const entry = found.indexes.get(index);
    if (entry === undefined) throw boxError('NO_SUCH_INDEX_NAME', index, found.name);
    return entry.id;
  }

  #require(space: NameOrId): RemoteSpace {
    const found = this.find(space);
    if (found === undefined) throw boxError('NO_SUCH_SPACE', space);
    return found;
  }
}

export const EMPTY_SCHEMA = new RemoteSchema(0, []);

type Row = readonly Value[];

/** Builds the schema of rows as the server sent them. Rows of an unexpected shape are left out. */
export function readSchema(version: number, spaceRows: readonly Value[], indexRows: readonly Value[]): RemoteSchema {
  const indexes = new Map<number, Map<string, RemoteIndex>>();
  for (const row of indexRows) {
    if (!isRow(row)) continue;
    const [spaceId, id, name, type, options] = row;
    if (typeof spaceId !== 'number' || typeof id !== 'number' || typeof name !== 'string') continue;
    const ofSpace = indexes.get(spaceId) ?? new Map<string, RemoteIndex>();
    indexes.set(spaceId, ofSpace);
    ofSpace.set(name, { id, name, type: String(type), isUnique: property(options, 'unique') !== false });
  }
  const spaces: RemoteSpace[] = [];
  for (const row of spaceRows) {
    if (!isRow(row)) continue;
    const [id, , name, engine, , , format] = row;
    if (typeof id !== 'number' || typeof name !== 'string') continue;
    const fields = isRow(format) ? format.map(readField) : [];
    spaces.push({ id, name, engine: String(engine), fields, indexes: indexes.get(id) ?? new Map() });
  }
  return new RemoteSchema(version, spaces);
}

function readField(field: Value): RemoteField {
  const name = property(field, 'name');
  const type = property(field, 'type');
  return {
    name: typeof name === 'string' ? name : '',
    type: typeof type === 'string' ? type : 'any',
    isNullable: property(field, 'is_nullable') === true,
  };
}

function isRow(value: Value): value is Row {
  return Array.isArray(value);
}

function property(value: Value, name: string): Value {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return (value as { readonly [key: string]: Value })[name];
}
