/** Collations by name, and `box.internal.collation`. */
import { SYSTEM_SPACE } from '../../../../engine/catalog/index.ts';
import { LuaTable } from '../../runtime/table.ts';
import type { LuaValue } from '../../runtime/values.ts';
import type { SchemaRows } from './schema-rows.ts';

const NAME_INDEX = 1;

/** null if there is no collation of that name. */
export function collationIdByName(rows: SchemaRows, name: LuaValue): number | null {
  const id = rows.get(SYSTEM_SPACE.collationView, [name], NAME_INDEX)?.field(0);
  return typeof id === 'number' ? id : null;
}

export function createCollation(
  rows: SchemaRows,
  name: LuaValue,
  type: LuaValue,
  locale: LuaValue,
  options: LuaValue,
): void {
  const id = rows.largestId(SYSTEM_SPACE.collation) + 1;
  const isEmpty = !(options instanceof LuaTable) || options.next(undefined) === null;
  const given = isEmpty ? rows.map() : options;
  rows.insert(SYSTEM_SPACE.collation, [id, name, rows.userId, type, locale, given]);
}

export function dropCollation(rows: SchemaRows, name: LuaValue): void {
  const id = collationIdByName(rows, name);
  if (id !== null) rows.delete(SYSTEM_SPACE.collation, [id]);
}
