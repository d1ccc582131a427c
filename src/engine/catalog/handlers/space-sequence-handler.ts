/** Rows of `_space_sequence`: which sequence fills which field of a space's primary key. */
import { boxError, sequenceId } from '../../../base/index.ts';
import { type JsonPath, parseJsonPath, sameJsonPath } from '../../../tuple/index.ts';
import type { IndexDefinition } from '../../indexes/index.ts';
import type { Space } from '../../memtx/index.ts';
import { anyRow, type SystemChange, type SystemChangeHandler } from '../change.ts';
import type { Schema, SequenceAttachment } from '../schema.ts';
import type { Sequence } from '../sequence.ts';
import type { TupleReader } from '../tuple-reader.ts';
import { sequenceObject } from './sequence-handlers.ts';
import { spaceObject } from './space-handler.ts';

const FIELD = { spaceId: 0, sequenceId: 1, isGenerated: 2, fieldNo: 3, path: 4 } as const;

/** Throws unless the field is an integer part of the index. */
export function checkSequenceField(
  { keyDef, name }: IndexDefinition,
  fieldNo: number,
  path: JsonPath | null,
  spaceName: string,
): void {
  const part = keyDef.parts.find((each) => each.fieldNo === fieldNo && sameJsonPath(each.path, path));
  if (part === undefined) {
    throw boxError('MODIFY_INDEX', name, spaceName, 'sequence field must be a part of the index');
  }
  if (part.type !== 'unsigned' && part.type !== 'integer') {
    throw boxError('MODIFY_INDEX', name, spaceName, 'sequence cannot be used with a non-integer key');
  }
}

export function spaceSequenceHandler(schema: Schema): SystemChangeHandler {
  return (change) => {
    const row = change.newRow ?? anyRow(change);
    const space = schema.spaces.get(row.unsigned(FIELD.spaceId));
    const sequenceNumber = row.unsigned(FIELD.sequenceId);
    const isGenerated = row.boolean(FIELD.isGenerated);
    if (space === undefined) throw boxError('NO_SUCH_SPACE', row.unsigned(FIELD.spaceId));
    const sequence = schema.sequences.get(sequenceNumber);
    if (sequence === undefined) throw boxError('NO_SUCH_SEQUENCE', sequenceNumber);
    if (change.newRow !== null && change.oldRow !== null) {
      throw boxError('UNSUPPORTED', 'space "_space_sequence"', 'update');
    }
    checkRights(schema, change, space, sequence, isGenerated);
    if (change.newRow === null) exchange(schema, change, space, null, sequence, false);
    else attach(schema, change, space, sequence, isGenerated, change.newRow);
  };
}

function checkRights(
  schema: Schema,
  { newRow, context: { user } }: SystemChange,
  space: Space,
  sequence: Sequence,
  isGenerated: boolean,
): void {
  const { access } = schema.ports;
  const object = sequenceObject(sequence);
  if (isGenerated || newRow === null) {
    access.check(user, object, newRow === null ? 'drop' : 'create');
  } else {
    access.check(user, object, 'read');
    access.check(user, object, 'write');
  }
  access.check(user, spaceObject(space), 'alter');
}

function attach(
  schema: Schema,
  change: SystemChange,
  space: Space,
  sequence: Sequence,
  isGenerated: boolean,
  row: TupleReader,
): void {
  const primary = space.index(0);
  const firstPart = primary.definition.keyDef.parts[0];
  let fieldNo = firstPart?.fieldNo ?? 0;
  let path = firstPart?.path ?? null;
  if (row.fieldCount > FIELD.fieldNo) {
    fieldNo = row.unsigned(FIELD.fieldNo);
    path = pathOf(row.string(FIELD.path));
  }
  checkSequenceField(primary.definition, fieldNo, path, space.name);
  if (sequence.isGenerated) throw boxError('ALTER_SPACE', space.name, 'can not attach generated sequence');
  exchange(schema, change, space, { sequence, fieldNo, path }, sequence, isGenerated);
}

/** A text that is no path leads nowhere, so no part of an index has it. */
function pathOf(text: string): JsonPath | null {
  if (text === '') return null;
  const path = parseJsonPath(text);
  return typeof path === 'number' ? { text, tokens: [{ kind: 'any' }, { kind: 'any' }], anyTokenAt: 0 } : path;
}

function exchange(
  schema: Schema,
  { context }: SystemChange,
  space: Space,
  attachment: SequenceAttachment | null,
  sequence: Sequence,
  isGenerated: boolean,
): void {
  const details = schema.details(space);
  const former = { attachment: details.attachment, sequence: space.sequence, isGenerated: sequence.isGenerated };
  details.attachment = attachment;
  space.sequence =
    attachment === null
      ? null
      : {
          sequenceId: sequenceId(sequence.definition.id),
          fieldNo: attachment.fieldNo,
          path: attachment.path?.text ?? '',
          isGenerated,
        };
  sequence.isGenerated = isGenerated;
  schema.revision++;
  context.transactions.schemaChanged({
    rollback: () => {
      details.attachment = former.attachment;
      space.sequence = former.sequence;
      sequence.isGenerated = former.isGenerated;
      schema.revision++;
    },
  });
}
