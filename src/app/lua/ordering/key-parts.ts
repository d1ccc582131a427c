/** The parts of a key as `key_def.new` takes them. */
import { boxError } from '../../../base/index.ts';
import type { Catalog, Collation } from '../../../engine/catalog/index.ts';
import {
  type FieldType,
  type JsonPath,
  type KeyPart,
  keyPart,
  parseFieldType,
  parseJsonPath,
} from '../../../tuple/index.ts';
import { byteStringOf, textOf } from '../box/byte-strings.ts';
import { LuaTable } from '../runtime/table.ts';
import { rawToText, toNumber, typeOf } from '../runtime/types.ts';
import { isTrue, LuaCdata, type LuaValue } from '../runtime/values.ts';
import { placelessError } from '../values/builtin-error.ts';
import { illegalParams } from './tuples.ts';

const UNSUPPORTED_TYPES: ReadonlySet<FieldType> = new Set<FieldType>(['any', 'array', 'map', 'varbinary', 'interval']);
/** Of no collation. */
const NO_COLLATION = 0;

/** A part, and the name of its collation, if it has one. */
export type NamedKeyPart = Readonly<{ part: KeyPart; collationName: string | null }>;

/** Throws IllegalParams for what is wrong with it. `index` counts from 0; without a catalog there are no collations. */
export function readKeyPart(catalog: Catalog | null, given: LuaValue, index: number): NamedKeyPart {
  if (!(given instanceof LuaTable)) throw placelessError(`attempt to index a ${typeOf(given)} value`);
  const option = (name: string): LuaValue => {
    const value = given.getString(name);
    return value instanceof LuaCdata && value.isNull ? undefined : value;
  };
  const fieldNo = option('fieldno') ?? option('field');
  if (fieldNo === undefined) throw illegalParams('fieldno or field must not be nil');
  const type = readType(option('type'));
  const collation = readCollation(catalog, option('collation_id'), option('collation'), index);
  const part = keyPart({
    fieldNo: (integerOf(fieldNo) - 1) >>> 0,
    type,
    isNullable: isTrue(option('is_nullable')),
    collation: collation?.collator ?? null,
    path: readPath(option('path')),
  });
  return { part, collationName: collation === null ? null : byteStringOf(collation.definition.name) };
}

function readType(given: LuaValue): FieldType {
  if (given === undefined) throw illegalParams('type must not be nil');
  const name = rawToText(given);
  const type = parseFieldType(name);
  if (type === null) throw illegalParams(`Unknown field type: ${name}`);
  if (UNSUPPORTED_TYPES.has(type)) throw illegalParams(`Unsupported field type: ${type}`);
  return type;
}

/** Null for none. */
function readCollation(catalog: Catalog | null, id: LuaValue, name: LuaValue, index: number): Collation | null {
  if (id !== undefined && name !== undefined) throw illegalParams('Conflicting options: collation_id and collation');
  if (id === undefined && name === undefined) return null;
  const text = id === undefined ? rawToText(name) : '';
  const number = id === undefined ? idByName(catalog, textOf(text)) : integerOf(id);
  if (number === NO_COLLATION) return null;
  const collation = number === null ? undefined : catalog?.collation(number);
  if (collation !== undefined) return collation;
  if (id !== undefined) throw boxError('WRONG_INDEX_OPTIONS', index + 1, 'collation was not found by ID');
  throw illegalParams(`Unknown collation: "${text}"`);
}

function idByName(catalog: Catalog | null, name: string): number | null {
  for (const { definition } of catalog?.collations() ?? []) if (definition.name === name) return definition.id;
  return null;
}

function readPath(given: LuaValue): JsonPath | null {
  if (given === undefined) return null;
  const path = parseJsonPath(textOf(rawToText(given)));
  if (typeof path === 'number' || path.tokens.length === 0) throw illegalParams('invalid path');
  if (path.anyTokenAt >= 0) throw illegalParams('multikey path is unsupported');
  return path;
}

/** As C's `lua_tointeger`. */
function integerOf(value: LuaValue): number {
  return Math.trunc(toNumber(value) ?? 0);
}
