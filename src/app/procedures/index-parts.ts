/** Parts of an index as a program names them, and as a row of `_index` has them. */
import { boxError } from '../../base/index.ts';
import type { Value } from '../../codec/msgpack/index.ts';
import type { Catalog } from '../../engine/catalog/index.ts';
import type { Space } from '../../engine/memtx/index.ts';

/** What is left out is as the format has it; a path has no format and is a `scalar`. */
export type IndexPart = Readonly<{
  /** Name, or number from 0. */
  field: string | number;
  type?: string;
  /** Where in the field the value stands: `name`, `.tags[*]`. */
  path?: string;
  /** Name of a collation. */
  collation?: string;
  is_nullable?: boolean;
}>;

/** Name of a field, with a JSON path behind it if it has one; or number from 0 and type; or all that can be said. */
export type IndexPartOption = string | readonly [fieldNo: number, type: string] | IndexPart;

type PartRow = Readonly<{
  field: number;
  type: string;
  collation: number;
  isNullable: boolean;
  path: string | null;
}>;

/**
 * The array of parts for the row: pairs where those say everything, else maps, as Tarantool writes them. Throws
 * NO_SUCH_FIELD_NAME_IN_SPACE (153) and WRONG_INDEX_OPTIONS (108) for a collation that is not there.
 */
export function partRows(catalog: Catalog, space: Space, options: readonly IndexPartOption[]): readonly Value[] {
  const parts = options.map((option, at) => partRow(catalog, space, option, at));
  const isPlain = parts.every(({ collation, isNullable, path }) => collation === 0 && !isNullable && path === null);
  if (isPlain) return parts.map(({ field, type }) => [field, type]);
  return parts.map(({ field, type, collation, isNullable, path }) => ({
    field,
    type,
    ...(collation === 0 ? {} : { collation }),
    ...(isNullable ? { is_nullable: true } : {}),
    ...(path === null ? {} : { path }),
  }));
}

function partRow(catalog: Catalog, space: Space, option: IndexPartOption, at: number): PartRow {
  if (isPair(option)) return { field: option[0], type: option[1], collation: 0, isNullable: false, path: null };
  const part = typeof option === 'string' ? namedPart(space, option) : option;
  const field = typeof part.field === 'number' ? part.field : fieldNumber(space, part.field);
  const path = part.path ?? null;
  const declared = path === null ? catalog.details(space).fields[field] : undefined;
  return {
    field,
    type: part.type ?? declared?.type ?? 'scalar',
    collation: part.collation === undefined ? (declared?.collationId ?? 0) : partCollation(catalog, part.collation, at),
    isNullable: part.is_nullable ?? declared?.isNullable ?? false,
    path,
  };
}

function isPair(option: IndexPartOption): option is readonly [fieldNo: number, type: string] {
  return Array.isArray(option);
}

/** A name that the format has is one whole, whatever it consists of. */
function namedPart(space: Space, text: string): IndexPart {
  if (space.format.fieldNumbers.has(text)) return { field: text };
  const end = text.search(/[.[]/);
  return end <= 0 ? { field: text } : { field: text.slice(0, end), path: text.slice(end) };
}

function fieldNumber(space: Space, name: string): number {
  const fieldNo = space.format.fieldNumbers.get(name);
  if (fieldNo === undefined) throw boxError('NO_SUCH_FIELD_NAME_IN_SPACE', name, space.name);
  return fieldNo;
}

function partCollation(catalog: Catalog, name: string, at: number): number {
  const id = collationId(catalog, name);
  if (id === null) throw boxError('WRONG_INDEX_OPTIONS', at + 1, `collation was not found by name '${name}'`);
  return id;
}

/** null if there is no collation of that name. */
export function collationId(catalog: Catalog, name: string): number | null {
  for (const { definition } of catalog.collations()) if (definition.name === name) return definition.id;
  return null;
}
