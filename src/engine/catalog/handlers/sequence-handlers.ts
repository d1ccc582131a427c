/** Rows of `_sequence`, which define sequences, and of `_sequence_data`, which set their values. */
import { boxError } from '../../../base/index.ts';
import { anyRow, type SystemChange, type SystemChangeHandler } from '../change.ts';
import { readSequenceRow, SEQUENCE_ID_FIELD } from '../definitions/sequence-definition.ts';
import type { SchemaObject } from '../ports.ts';
import type { Schema } from '../schema.ts';
import { Sequence } from '../sequence.ts';
import { SYSTEM_SPACE } from '../system-space-ids.ts';

const DATA_FIELD = { id: 0, value: 1 } as const;

/** The sequence as an object of rights. */
export function sequenceObject({ definition }: Pick<Sequence, 'definition'>): SchemaObject {
  return { type: 'sequence', id: definition.id, ownerId: definition.ownerId, name: definition.name };
}

export function sequenceHandler(schema: Schema): SystemChangeHandler {
  return (change) => {
    const { oldRow, newRow } = change;
    if (newRow === null) dropSequence(schema, change);
    else if (oldRow === null) createSequence(schema, change);
    else changeSequence(schema, change);
    schema.revision++;
  };
}

function createSequence(schema: Schema, { newRow, context }: SystemChange): void {
  if (newRow === null) return;
  const definition = readSequenceRow(newRow, 'CREATE_SEQUENCE');
  schema.ports.access.check(context.user, sequenceObject({ definition }), 'create');
  schema.sequences.set(definition.id, new Sequence(definition));
  context.transactions.schemaChanged({
    rollback: () => {
      schema.sequences.delete(definition.id);
      schema.revision++;
    },
  });
}

function dropSequence(schema: Schema, change: SystemChange): void {
  const id = anyRow(change).unsigned(SEQUENCE_ID_FIELD);
  const sequence = schema.sequences.get(id);
  if (sequence === undefined) return;
  const fail = (reason: string): Error => boxError('DROP_SEQUENCE', sequence.definition.name, reason);
  schema.ports.access.check(change.context.user, sequenceObject(sequence), 'drop');
  if (schema.hasRow(SYSTEM_SPACE.sequenceData, 0, [id])) throw fail('the sequence has data');
  if (schema.hasRow(SYSTEM_SPACE.spaceSequence, 1, [id])) throw fail('the sequence is in use');
  if (schema.hasRow(SYSTEM_SPACE.privilege, 2, ['sequence', id])) throw fail('the sequence has grants');
  schema.sequences.delete(id);
  change.context.transactions.schemaChanged({
    rollback: () => {
      schema.sequences.set(id, sequence);
      schema.revision++;
    },
  });
}

function changeSequence(schema: Schema, { newRow, context }: SystemChange): void {
  if (newRow === null) return;
  const definition = readSequenceRow(newRow, 'ALTER_SEQUENCE');
  const sequence = schema.sequences.get(definition.id);
  if (sequence === undefined) return;
  schema.ports.access.check(context.user, sequenceObject(sequence), 'alter');
  const former = sequence.definition;
  sequence.definition = definition;
  context.transactions.schemaChanged({
    rollback: () => {
      sequence.definition = former;
      schema.revision++;
    },
  });
}

/**
 * A value that was set stays when its transaction is undone: others may have taken values behind it. Only the
 * deletion of a row, which is part of dropping a sequence, gives the value of the row back.
 */
export function sequenceDataHandler(schema: Schema): SystemChangeHandler {
  return (change) => {
    const row = anyRow(change);
    const id = row.unsigned(DATA_FIELD.id);
    const sequence = schema.sequences.get(id);
    if (sequence === undefined) throw boxError('NO_SUCH_SEQUENCE', id);
    if (change.newRow !== null) {
      sequence.value = change.newRow.integer(DATA_FIELD.value);
      return;
    }
    const former = row.integer(DATA_FIELD.value);
    sequence.value = null;
    change.context.transactions.schemaChanged({
      rollback: () => {
        sequence.value = former;
      },
    });
  };
}
