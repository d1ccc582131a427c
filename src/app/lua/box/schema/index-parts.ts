/** Parts of an index as programs write them, and as rows of `_index` have them. */
import { LuaTable } from '../../runtime/table.ts';
import type { LuaValue } from '../../runtime/values.ts';
import { collationIdByName } from './collations.ts';
import { checkTableArgument, entriesOf, illegal, isNull } from './option-checks.ts';
import type { SchemaRows } from './schema-rows.ts';

const TYPE_ALIASES: Readonly<Record<string, string>> = {
  num: 'unsigned',
  uint: 'unsigned',
  str: 'string',
  int: 'integer',
};

/** The array of parts for a row: pairs where those say everything, else maps. `format` is that of the space. */
export function partRows(rows: SchemaRows, format: LuaTable, given: LuaValue): LuaTable {
  const parts = checkTableArgument(given, 'options.parts');
  if (parts.length() === 0) throw illegal('options.parts must have at least one part');
  const written = isPairList(parts) ? pairsOf(parts) : parts.array.map((part) => part);
  const maps = written.map((part, at) => partMap(rows, format, part, at + 1));
  const isPlain = maps.every((part) => [...entriesOf(part)].every(([key]) => key === 'field' || key === 'type'));
  if (!isPlain) return new LuaTable(maps);
  return new LuaTable(maps.map((part) => new LuaTable([part.getString('field'), part.getString('type')])));
}

/** `{1, 'unsigned', 2, 'string'}`: the old form. */
function isPairList(parts: LuaTable): boolean {
  return typeof parts.get(1) === 'number' && typeof parts.get(2) === 'string';
}

function pairsOf(parts: LuaTable): LuaTable[] {
  const pairs: LuaTable[] = [];
  for (let at = 1; at <= parts.length(); at += 2) {
    const [field, type] = [parts.get(at), parts.get(at + 1)];
    if (typeof field !== 'number' || typeof type !== 'string') {
      throw illegal('options.parts: expected field_no (number), type (string) pairs');
    }
    pairs.push(new LuaTable([field, type]));
  }
  return pairs;
}

function partMap(rows: SchemaRows, format: LuaTable, given: LuaValue, number: number): LuaTable {
  const where = `options.parts[${number}]`;
  const part = rows.map();
  if (!(given instanceof LuaTable)) part.setString('field', given);
  else {
    for (const [key, value] of entriesOf(given)) {
      if (key === 1) part.setString('field', value);
      else if (key === 2) part.setString('type', value);
      else part.set(key, value);
    }
  }
  const field = fieldNumber(part, format, where);
  part.setString('field', field - 1);
  checkCollation(rows, part, where);
  const nullable = part.getString('is_nullable');
  if (!isNull(nullable) && typeof nullable !== 'boolean') throw illegal(`${where}: type (boolean) is expected`);
  completeFromFormat(part, format.get(field), where);
  return part;
}

/** Number of the field from 1; a path behind its name goes to `path`. */
function fieldNumber(part: LuaTable, format: LuaTable, where: string): number {
  const field = part.getString('field');
  if (typeof field === 'number') {
    if (field < 1) throw illegal(`${where}: field (number) must be one-based`);
    return field;
  }
  if (typeof field !== 'string') throw illegal(`${where}: field (name or number) is expected`);
  const whole = fieldByName(format, field);
  if (whole !== null) return whole;
  const numbered = /^\[(\d+)\](.*)$/s.exec(field);
  if (numbered !== null) {
    if (numbered[2] !== '') part.setString('path', numbered[2]);
    return Number(numbered[1]);
  }
  const end = field.search(/[.[]/);
  const named = end <= 0 ? null : fieldByName(format, field.slice(0, end));
  if (named === null) throw illegal(`${where}: field was not found by name '${field}'`);
  part.setString('path', field.slice(end));
  return named;
}

function fieldByName(format: LuaTable, name: string): number | null {
  for (let number = 1; number <= format.length(); number++) {
    const field = format.get(number);
    if (field instanceof LuaTable && field.getString('name') === name) return number;
  }
  return null;
}

function checkCollation(rows: SchemaRows, part: LuaTable, where: string): void {
  const collation = part.getString('collation');
  if (isNull(collation)) return;
  const id = collationIdByName(rows, collation);
  if (id === null) throw illegal(`${where}: collation was not found by name '${String(collation as string)}'`);
  part.setString('collation', id);
}

/** What is left out is as the format has it; a path has no format. */
function completeFromFormat(part: LuaTable, field: LuaValue, where: string): void {
  const declared = field instanceof LuaTable && part.getString('path') === undefined ? field : null;
  const type = part.getString('type');
  if (isNull(type)) {
    const known = declared?.getString('type') ?? 'scalar';
    part.setString('type', known === 'any' && declared === null ? 'scalar' : known);
  } else if (typeof type !== 'string') throw illegal(`${where}: type (string) is expected`);
  else part.setString('type', TYPE_ALIASES[type.toLowerCase()] ?? type.toLowerCase());
  if (part.getString('is_nullable') === undefined && declared?.getString('is_nullable') === true) {
    part.setString('is_nullable', true);
  }
}
