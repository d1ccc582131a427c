/** `box.schema.index`: rows of `_index` and of what ties functions and sequences to indexes. */
import { boxError } from '../../../../base/index.ts';
import { SYSTEM_SPACE } from '../../../../engine/catalog/index.ts';
import { LuaTable } from '../../runtime/table.ts';
import { rawToText } from '../../runtime/types.ts';
import type { LuaResult, LuaValue } from '../../runtime/values.ts';
import { textOf } from '../byte-strings.ts';
import type { LuaTuple } from '../tuple/lua-tuple.ts';
import { partRows } from './index-parts.ts';
import {
  checkNumberArgument,
  checkOptions,
  checkText,
  entriesOf,
  isNull,
  type OptionTypes,
  option,
} from './option-checks.ts';
import type { SchemaRows } from './schema-rows.ts';
import { attachSequence, planSequence } from './sequence-attachment.ts';
import { dropOwnSequence, spaceFormat } from './spaces.ts';

const KEPT_OPTIONS: OptionTypes = {
  unique: ['boolean'],
  dimension: ['number'],
  distance: ['string'],
  run_count_per_level: ['number'],
  run_size_ratio: ['number'],
  range_size: ['number'],
  page_size: ['number'],
  bloom_fpr: ['number'],
};
const ALTER_OPTIONS: OptionTypes = {
  ...KEPT_OPTIONS,
  id: ['number'],
  name: ['string'],
  type: ['string'],
  parts: ['table'],
  sequence: 'any',
  func: ['number', 'string'],
};
const CREATE_OPTIONS: OptionTypes = {
  ...KEPT_OPTIONS,
  id: ['number'],
  type: ['string'],
  parts: ['table'],
  if_not_exists: ['boolean'],
  sequence: 'any',
  func: ['number', 'string'],
};
/** Fields of `_index` from 0. */
const FIELD = { id: 1, name: 2, type: 3, options: 4, parts: 5 } as const;
const FUNCTION_NAME_INDEX = 2;

export function createIndex(
  rows: SchemaRows,
  spaceId: LuaValue,
  givenName: LuaValue,
  givenOptions: LuaValue,
): LuaResult {
  const id = checkNumberArgument(spaceId, 'space_id');
  const name = checkText(givenName, 'name');
  const options = checkOptions(givenOptions, CREATE_OPTIONS);
  const space = rows.existingTable(id);
  const known = space.index.getString(name);
  if (known !== undefined) {
    if (option(options, 'if_not_exists') === true) return [known, 'not created'];
    throw boxError('INDEX_EXISTS', textOf(name));
  }
  rows.atomic(() => insertIndex(rows, id, name, options));
  return space.index.getString(name);
}

function insertIndex(rows: SchemaRows, spaceId: number, name: string, options: LuaTable): void {
  const type = String(option(options, 'type') ?? 'tree');
  const indexId = option(options, 'id') ?? nextIndexId(rows, spaceId);
  const defaultPart = [1, type.toLowerCase() === 'rtree' ? 'array' : 'unsigned'];
  const parts = partRows(rows, formatOf(rows, spaceId), option(options, 'parts') ?? new LuaTable(defaultPart));
  const kept = keptOptions(rows, options);
  if (kept.getString('unique') === undefined) {
    kept.setString('unique', !['rtree', 'bitset'].includes(type.toLowerCase()));
  }
  const functionId = functionIdOf(rows, option(options, 'func'));
  if (functionId !== null) kept.setString('func', functionId);
  const plan = planSequence(rows, spaceId, indexId, name, parts, option(options, 'sequence'));
  rows.insert(SYSTEM_SPACE.index, [spaceId, indexId, name, type, kept, parts]);
  attachSequence(rows, plan);
  if (functionId !== null) rows.insert(SYSTEM_SPACE.functionIndex, [spaceId, indexId, functionId]);
}

/** The id behind the largest of the space. */
function nextIndexId(rows: SchemaRows, spaceId: number): number {
  const last = rows.select(SYSTEM_SPACE.indexView, [spaceId]).at(-1);
  return last === undefined ? 0 : Number(last.field(FIELD.id)) + 1;
}

function formatOf(rows: SchemaRows, spaceId: number): LuaTable {
  const format = rows.get(SYSTEM_SPACE.spaceView, [spaceId])?.field(6);
  return format instanceof LuaTable ? format : spaceFormat(rows, undefined);
}

function keptOptions(rows: SchemaRows, options: LuaTable): LuaTable {
  const kept = rows.map();
  for (const name of Object.keys(KEPT_OPTIONS)) {
    const value = option(options, name);
    if (value !== undefined) kept.setString(name, value);
  }
  return kept;
}

/** Throws NO_SUCH_FUNCTION (51). */
function functionIdOf(rows: SchemaRows, given: LuaValue): number | null {
  if (isNull(given)) return null;
  const row =
    typeof given === 'number'
      ? rows.get(SYSTEM_SPACE.functionView, [given])
      : rows.get(SYSTEM_SPACE.functionView, [given], FUNCTION_NAME_INDEX);
  if (row === undefined) throw boxError('NO_SUCH_FUNCTION', textOf(rawToText(given)));
  return Number(row.field(0));
}

export function dropIndex(rows: SchemaRows, spaceId: LuaValue, indexId: LuaValue): void {
  const id = checkNumberArgument(spaceId, 'space_id');
  const index = checkNumberArgument(indexId, 'index_id');
  rows.atomic(() => {
    if (index === 0) dropOwnSequence(rows, id);
    rows.delete(SYSTEM_SPACE.functionIndex, [id, index]);
    rows.delete(SYSTEM_SPACE.index, [id, index]);
  });
}

export function renameIndex(rows: SchemaRows, spaceId: LuaValue, indexId: LuaValue, name: LuaValue): void {
  const id = checkNumberArgument(spaceId, 'space_id');
  const index = checkNumberArgument(indexId, 'index_id');
  rows.update(SYSTEM_SPACE.index, new LuaTable([id, index]), [['=', FIELD.name + 1, checkText(name, 'name')]]);
}

/** Changes what the options name. Throws NO_SUCH_INDEX_ID (35). */
export function alterIndex(rows: SchemaRows, spaceId: number, indexId: number, givenOptions: LuaValue): void {
  const space = rows.existingTable(spaceId);
  if (space.index.get(indexId) === undefined) {
    throw boxError('NO_SUCH_INDEX_ID', indexId, textOf(rawToText(space.getString('name'))));
  }
  if (givenOptions === undefined) return;
  const options = checkOptions(givenOptions, ALTER_OPTIONS);
  rows.atomic(() => {
    const row = rows.get(SYSTEM_SPACE.index, [spaceId, indexId]);
    if (row !== undefined) alterRow(rows, spaceId, indexId, row, options);
  });
}

function alterRow(rows: SchemaRows, spaceId: number, indexId: number, row: LuaTuple, options: LuaTable): void {
  const newId = option(options, 'id');
  if (newId !== undefined) {
    const canMove = indexId !== 0 && newId !== 0;
    const name = textOf(String(row.field(FIELD.name) as string));
    if (!canMove) {
      const space = textOf(rawToText(rows.existingTable(spaceId).getString('name')));
      throw boxError('MODIFY_INDEX', name, space, 'cannot change the id of the primary key');
    }
    rows.update(SYSTEM_SPACE.index, new LuaTable([spaceId, indexId]), [['=', FIELD.id + 1, newId]]);
    return;
  }
  const name = option(options, 'name') ?? row.field(FIELD.name);
  const type = option(options, 'type') ?? row.field(FIELD.type);
  const kept = keptOptions(rows, options);
  const former = row.field(FIELD.options);
  for (const [key, value] of former instanceof LuaTable ? entriesOf(former) : []) {
    if (kept.get(key) === undefined) kept.set(key, value);
  }
  const functionId = functionIdOf(rows, option(options, 'func'));
  if (functionId !== null) kept.setString('func', functionId);
  const given = option(options, 'parts');
  const parts = given === undefined ? row.field(FIELD.parts) : partRows(rows, formatOf(rows, spaceId), given);
  const sequence = option(options, 'sequence');
  const plan = planSequence(rows, spaceId, indexId, String(name as string), parts, sequence);
  if (plan !== null && indexId === 0) dropOwnSequence(rows, spaceId);
  rows.replace(SYSTEM_SPACE.index, [spaceId, indexId, name, type, kept, parts]);
  attachSequence(rows, plan);
  if (functionId !== null) rows.insert(SYSTEM_SPACE.functionIndex, [spaceId, indexId, functionId]);
}
