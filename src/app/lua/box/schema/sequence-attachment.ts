/** The option `sequence` of an index: which sequence fills which field of the primary key. */
import { boxError } from '../../../../base/index.ts';
import { SYSTEM_SPACE } from '../../../../engine/catalog/index.ts';
import { LuaTable } from '../../runtime/table.ts';
import { rawToText } from '../../runtime/types.ts';
import type { LuaValue } from '../../runtime/values.ts';
import { textOf } from '../byte-strings.ts';
import { isNull } from './option-checks.ts';
import type { SchemaRows } from './schema-rows.ts';
import { createGeneratedSequence } from './sequences.ts';

const NAME_INDEX = 2;
const INTEGER_TYPES: readonly LuaValue[] = ['integer', 'unsigned'];

/** `sequence` null: no sequence any more. */
type SequencePlan = Readonly<{
  spaceId: number;
  sequence: LuaValue;
  field: number;
  path: string;
}> | null;

type Part = Readonly<{ field: number; type: LuaValue; path: string }>;

/** What is to be done; null for nothing. `parts` as in the row of `_index`. Throws MODIFY_INDEX (14). */
export function planSequence(
  rows: SchemaRows,
  spaceId: number,
  indexId: LuaValue,
  indexName: string,
  parts: LuaValue,
  given: LuaValue,
): SequencePlan {
  if (given === undefined) return null;
  const fail = (reason: string): Error => {
    const space = textOf(rawToText(rows.existingTable(spaceId).getString('name')));
    return boxError('MODIFY_INDEX', textOf(indexName), space, reason);
  };
  if (indexId !== 0) throw fail('sequence cannot be used with a secondary key');
  if (given === false) return { spaceId, sequence: undefined, field: 0, path: '' };
  const wanted = given instanceof LuaTable ? given : new LuaTable();
  const all = parts instanceof LuaTable ? parts.array.map(partOf) : [];
  const part = chosenPart(rows, spaceId, all, wanted.getString('field'));
  if (part === undefined) throw fail('sequence field must be a part of the index');
  if (!INTEGER_TYPES.includes(part.type)) throw fail('sequence cannot be used with a non-integer key');
  const id = given instanceof LuaTable ? wanted.getString('id') : given === true ? undefined : given;
  const sequence = isNull(id) ? true : existingSequenceId(rows, id);
  return { spaceId, sequence, field: part.field, path: part.path };
}

function chosenPart(rows: SchemaRows, spaceId: number, parts: readonly Part[], field: LuaValue): Part | undefined {
  if (isNull(field)) return parts[0];
  if (typeof field === 'number') return parts.find((part) => part.field === field - 1);
  const space = rows.catalog.space(spaceId);
  const name = textOf(rawToText(field));
  const end = name.search(/[.[]/);
  const fieldNo = space?.format.fieldNumbers.get(end > 0 ? name.slice(0, end) : name);
  const path = end > 0 ? name.slice(end) : '';
  return parts.find((part) => part.field === fieldNo && (path === '' || part.path === path));
}

function partOf(row: LuaValue): Part {
  if (!(row instanceof LuaTable)) return { field: -1, type: undefined, path: '' };
  if (row.length() > 0) return { field: Number(row.get(1)), type: row.get(2), path: '' };
  const path = row.getString('path');
  return {
    field: Number(row.getString('field')),
    type: row.getString('type'),
    path: typeof path === 'string' ? path : '',
  };
}

/** Throws NO_SUCH_SEQUENCE (145). */
function existingSequenceId(rows: SchemaRows, id: LuaValue): LuaValue {
  const row =
    typeof id === 'number' ? rows.get(SYSTEM_SPACE.sequence, [id]) : rows.get(SYSTEM_SPACE.sequence, [id], NAME_INDEX);
  if (row === undefined) throw boxError('NO_SUCH_SEQUENCE', textOf(rawToText(id)));
  return row.field(0);
}

export function attachSequence(rows: SchemaRows, plan: SequencePlan): void {
  if (plan === null || plan.sequence === undefined) return;
  const { spaceId, field, path } = plan;
  const isGenerated = plan.sequence === true;
  const sequence = isGenerated ? createGeneratedSequence(rows, spaceId) : plan.sequence;
  rows.insert(SYSTEM_SPACE.spaceSequence, [spaceId, sequence, isGenerated, field, path]);
}
