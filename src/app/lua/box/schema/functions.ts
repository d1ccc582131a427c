/** `box.schema.func`: rows of `_func`. */
import { boxError } from '../../../../base/index.ts';
import { SYSTEM_SPACE } from '../../../../engine/catalog/index.ts';
import { LuaTable } from '../../runtime/table.ts';
import { rawToText } from '../../runtime/types.ts';
import type { LuaValue } from '../../runtime/values.ts';
import { textOf } from '../byte-strings.ts';
import { checkOptions, isNull, type OptionTypes, option } from './option-checks.ts';
import { revokeObject } from './privileges.ts';
import type { SchemaRows } from './schema-rows.ts';

const CREATE_OPTIONS: OptionTypes = {
  setuid: ['boolean'],
  if_not_exists: ['boolean'],
  language: ['string'],
  body: ['string'],
  is_deterministic: ['boolean'],
  is_sandboxed: ['boolean'],
  is_multikey: ['boolean'],
  aggregate: ['string'],
  comment: ['string'],
  param_list: ['table'],
  returns: ['string'],
  exports: ['table'],
  opts: ['table'],
  // Of 2.10.
  takes_raw_args: ['boolean'],
};
const NAME_INDEX = 2;

/** `now` is the time as rows have it: `2026-01-31 23:59:59`. */
export function createFunction(rows: SchemaRows, name: LuaValue, givenOptions: LuaValue, now: string): void {
  const options = checkOptions(givenOptions, CREATE_OPTIONS);
  if (rows.get(SYSTEM_SPACE.function, isNull(name) ? [] : [name], NAME_INDEX) !== undefined) {
    if (option(options, 'if_not_exists') === true) return;
    throw boxError('FUNCTION_EXISTS', textOf(rawToText(name)));
  }
  const value = (field: string, otherwise: LuaValue): LuaValue => option(options, field) ?? otherwise;
  const settings = rows.map();
  const given = option(options, 'opts');
  for (const setting of ['is_multikey', 'takes_raw_args']) {
    const chosen = option(options, setting) ?? (given instanceof LuaTable ? given.getString(setting) : undefined);
    if (chosen !== undefined) settings.setString(setting, chosen);
  }
  rows.atomic(() => {
    rows.insert(SYSTEM_SPACE.function, [
      rows.largestId(SYSTEM_SPACE.function) + 1,
      rows.userId,
      name,
      option(options, 'setuid') === true ? 1 : 0,
      rawToText(value('language', 'LUA')).toUpperCase(),
      value('body', ''),
      'function',
      value('param_list', new LuaTable()),
      value('returns', 'any'),
      value('aggregate', 'none'),
      'none',
      value('is_deterministic', false),
      value('is_sandboxed', false),
      true,
      value('exports', new LuaTable(['LUA'])),
      settings,
      value('comment', ''),
      now,
      now,
    ]);
  });
}

export function dropFunction(rows: SchemaRows, name: LuaValue, givenOptions: LuaValue): void {
  const options = checkOptions(givenOptions, { if_exists: ['boolean'] });
  const row =
    typeof name === 'number'
      ? rows.get(SYSTEM_SPACE.functionView, [name])
      : rows.get(SYSTEM_SPACE.functionView, isNull(name) ? [] : [name], NAME_INDEX);
  if (row === undefined) {
    if (option(options, 'if_exists') === true) return;
    throw boxError('NO_SUCH_FUNCTION', textOf(rawToText(name)));
  }
  rows.atomic(() => dropFunctionById(rows, row.field(0)));
}

export function dropFunctionById(rows: SchemaRows, id: LuaValue): void {
  revokeObject(rows, 'function', id);
  rows.delete(SYSTEM_SPACE.function, [id]);
}

export function functionExists(rows: SchemaRows, name: LuaValue): boolean {
  const key = isNull(name) ? [] : [name];
  return rows.get(SYSTEM_SPACE.functionView, key, typeof name === 'number' ? 0 : NAME_INDEX) !== undefined;
}
