/** Arguments of schema functions, checked as Tarantool checks them: ILLEGAL_PARAMS (1) with its words. */
import { boxError } from '../../../../base/index.ts';
import { LuaTable } from '../../runtime/table.ts';
import { rawToText, typeOf } from '../../runtime/types.ts';
import { LuaCdata, type LuaTypeName, type LuaValue } from '../../runtime/values.ts';
import { textOf } from '../byte-strings.ts';

export function illegal(reason: string): Error {
  return boxError('ILLEGAL_PARAMS', textOf(reason));
}

export function checkText(value: LuaValue, name: string): string {
  if (typeof value !== 'string') throw illegal(`${name} should be a string`);
  return value;
}

export function checkNumberArgument(value: LuaValue, name: string): number {
  if (typeof value !== 'number') throw illegal(`${name} should be a number`);
  return value;
}

export function checkTableArgument(value: LuaValue, name: string): LuaTable {
  if (!(value instanceof LuaTable)) throw illegal(`${name} should be a table`);
  return value;
}

/** Types that each option may have; any for whatever is checked later. */
export type OptionTypes = Readonly<Record<string, readonly LuaTypeName[] | 'any'>>;

/** The options of a function: none for nil. */
export function checkOptions(options: LuaValue, types: OptionTypes): LuaTable {
  if (options === undefined || isNull(options)) return new LuaTable();
  if (!(options instanceof LuaTable)) throw illegal('options should be a table');
  for (const [key, value] of entriesOf(options)) {
    const allowed = typeof key === 'string' ? types[key] : undefined;
    const name = rawToText(key);
    if (allowed === undefined) throw illegal(`unexpected option '${name}'`);
    if (allowed === 'any' || allowed.includes(typeOf(value))) continue;
    const expected = allowed.length === 1 ? `of type ${allowed[0]!}` : `one of types: ${allowed.join(', ')}`;
    throw illegal(`options parameter '${name}' should be ${expected}`);
  }
  return options;
}

export function isNull(value: LuaValue): boolean {
  return value === undefined || (value instanceof LuaCdata && value.isNull);
}

/** An option that is there; undefined for nil and null. */
export function option(options: LuaTable, name: string): LuaValue {
  const value = options.getString(name);
  return isNull(value) ? undefined : value;
}

export function* entriesOf(table: LuaTable): IterableIterator<readonly [LuaValue, LuaValue]> {
  for (let entry = table.next(undefined); entry !== null && entry !== undefined; entry = table.next(entry[0])) {
    yield entry;
  }
}
