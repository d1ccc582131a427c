/** `box.schema.space`: rows of `_space` and of all that belongs to a space. */
import { boxError } from '../../../../base/index.ts';
import { SYSTEM_SPACE } from '../../../../engine/catalog/index.ts';
import { LuaTable } from '../../runtime/table.ts';
import type { LuaResult, LuaValue } from '../../runtime/values.ts';
import { NO_VALUES } from '../../runtime/values.ts';
import { textOf } from '../byte-strings.ts';
import {
  checkNumberArgument,
  checkOptions,
  checkTableArgument,
  checkText,
  entriesOf,
  illegal,
  option,
} from './option-checks.ts';
import { collationIdByName } from './collations.ts';
import { revokeObject, resolveUser } from './privileges.ts';
import type { SchemaRows } from './schema-rows.ts';

const CREATE_OPTIONS = {
  if_not_exists: ['boolean'],
  engine: ['string'],
  id: ['number'],
  field_count: ['number'],
  user: ['string', 'number'],
  format: ['table'],
  is_local: ['boolean'],
  temporary: ['boolean'],
  is_sync: ['boolean'],
} as const;

const FIRST_USER_SPACE_ID = 512;
/** Fields of `_space` from 1. */
const FIELD = { name: 3, format: 7 } as const;
const INDEX_OF_SEQUENCE = { generated: 2, sequenceId: 1 } as const;

export function createSpace(rows: SchemaRows, given: LuaValue, givenOptions: LuaValue): LuaResult {
  const name = checkText(given, 'name');
  const options = checkOptions(givenOptions, CREATE_OPTIONS);
  const known = rows.tables.directory.getString(name);
  if (known !== undefined) {
    if (option(options, 'if_not_exists') === true) return [known, 'not created'];
    throw boxError('SPACE_EXISTS', textOf(name));
  }
  // An id is taken even if the space then cannot be made.
  const id = option(options, 'id') ?? nextSpaceId(rows);
  const owner = ownerOf(rows, option(options, 'user'));
  const flags = rows.map();
  if (option(options, 'is_local') === true) flags.setString('group_id', 1);
  if (option(options, 'temporary') === true) flags.setString('temporary', true);
  if (option(options, 'is_sync') === true) flags.setString('is_sync', true);
  const format = spaceFormat(rows, option(options, 'format'));
  const engine = option(options, 'engine') ?? 'memtx';
  const fieldCount = option(options, 'field_count') ?? 0;
  rows.insert(SYSTEM_SPACE.space, [id, owner, name, engine, fieldCount, flags, format]);
  return [rows.tables.directory.get(id), 'created'];
}

function ownerOf(rows: SchemaRows, user: LuaValue): number {
  if (user === undefined) return rows.userId;
  return resolveUser(rows, user);
}

function nextSpaceId(rows: SchemaRows): number {
  const row = rows.update(SYSTEM_SPACE.schema, new LuaTable(['max_id']), [['+', 2, 1]]);
  const id = row?.field(1);
  if (typeof id === 'number') return id;
  rows.insert(SYSTEM_SPACE.schema, ['max_id', FIRST_USER_SPACE_ID]);
  return FIRST_USER_SPACE_ID;
}

/** A format as rows of `_space` have it: each field a map with a name and a type. */
export function spaceFormat(rows: SchemaRows, given: LuaValue): LuaTable {
  const format = given === undefined ? new LuaTable() : checkTableArgument(given, 'format');
  const fields = new LuaTable();
  for (let number = 1; number <= format.length(); number++) {
    fields.set(number, fieldOf(rows, format.get(number), number));
  }
  for (const [key] of entriesOf(format)) {
    if (typeof key !== 'number') fields.set(key, fieldOf(rows, format.get(key), 0));
  }
  return fields;
}

function fieldOf(rows: SchemaRows, given: LuaValue, number: number): LuaTable {
  const field = rows.map();
  if (!(given instanceof LuaTable)) field.setString('name', given);
  else {
    for (const [key, value] of entriesOf(given)) {
      if (key === 1) field.setString('name', value);
      else if (key === 2) field.setString('type', value);
      else field.set(key, value);
    }
  }
  if (typeof field.getString('name') !== 'string') throw illegal(`format[${number}]: name (string) is expected`);
  const type = field.getString('type');
  if (type === undefined) field.setString('type', 'any');
  else if (typeof type !== 'string') throw illegal(`format[${number}]: type must be a string`);
  const collation = field.getString('collation');
  if (typeof collation === 'string') {
    const id = collationIdByName(rows, collation);
    if (id === null) throw illegal(`format[${number}]: collation was not found by name '${collation}'`);
    field.setString('collation', id);
  }
  return field;
}

/** The format of a space, or a change of it. Throws NO_SUCH_SPACE (36). */
export function formatSpace(rows: SchemaRows, spaceId: LuaValue, format: LuaValue): LuaResult {
  const id = checkNumberArgument(spaceId, 'space_id');
  if (format === undefined) {
    const row = rows.get(SYSTEM_SPACE.spaceView, [id]);
    if (row === undefined) throw boxError('NO_SUCH_SPACE', `#${id}`);
    return row.field(FIELD.format - 1);
  }
  checkTableArgument(format, 'format');
  rows.update(SYSTEM_SPACE.space, id, [['=', FIELD.format, spaceFormat(rows, format)]]);
  return NO_VALUES;
}

export function renameSpace(rows: SchemaRows, spaceId: LuaValue, name: LuaValue): void {
  const id = checkNumberArgument(spaceId, 'space_id');
  rows.update(SYSTEM_SPACE.space, id, [['=', FIELD.name, checkText(name, 'space_name')]]);
}

/** Drops a space with its indexes, its own sequence, constraints, triggers and what was granted on it. */
export function dropSpace(rows: SchemaRows, spaceId: LuaValue, name: LuaValue, givenOptions: LuaValue): void {
  const id = checkNumberArgument(spaceId, 'space_id');
  const options = checkOptions(givenOptions, { if_exists: ['boolean'] });
  rows.atomic(() => {
    dropOwnSequence(rows, id);
    for (const row of rows.select(SYSTEM_SPACE.trigger, [id], 1)) rows.delete(SYSTEM_SPACE.trigger, [row.field(0)]);
    for (const row of rows.select(SYSTEM_SPACE.foreignKey, [id], 1)) {
      rows.delete(SYSTEM_SPACE.foreignKey, [row.field(0), id]);
    }
    for (const row of rows.select(SYSTEM_SPACE.check, [id])) rows.delete(SYSTEM_SPACE.check, [id, row.field(1)]);
    for (const row of rows.select(SYSTEM_SPACE.functionIndex, [id])) {
      rows.delete(SYSTEM_SPACE.functionIndex, [id, row.field(1)]);
    }
    const indexes = rows.select(SYSTEM_SPACE.indexView, [id]).toReversed();
    for (const row of indexes) rows.delete(SYSTEM_SPACE.index, [id, row.field(1)]);
    revokeObject(rows, 'space', id);
    rows.delete(SYSTEM_SPACE.truncate, [id]);
    if (rows.delete(SYSTEM_SPACE.space, [id]) !== undefined || option(options, 'if_exists') === true) return;
    throw boxError('NO_SUCH_SPACE', typeof name === 'string' ? textOf(name) : `#${id}`);
  });
}

/** Takes the sequence off a space; one that was made for it goes. */
export function dropOwnSequence(rows: SchemaRows, spaceId: number): void {
  const attachment = rows.delete(SYSTEM_SPACE.spaceSequence, [spaceId]);
  if (attachment?.field(INDEX_OF_SEQUENCE.generated) !== true) return;
  const sequenceId = attachment.field(INDEX_OF_SEQUENCE.sequenceId);
  rows.delete(SYSTEM_SPACE.sequenceData, [sequenceId]);
  rows.delete(SYSTEM_SPACE.sequence, [sequenceId]);
}

/** Deletes all tuples at once; triggers do not hear of it. */
export function truncateSpace(rows: SchemaRows, spaceId: number): void {
  rows.upsert(SYSTEM_SPACE.truncate, [spaceId, 1], [['+', 2, 1]]);
}
