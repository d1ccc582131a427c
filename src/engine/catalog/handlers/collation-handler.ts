/** Rows of `_collation`. Indexes keep the order that they were made with, even if its row goes. */
import { boxError } from '../../../base/index.ts';
import { anyRow, type SystemChange, type SystemChangeHandler } from '../change.ts';
import { Collation } from '../collators.ts';
import { COLLATION_ID_FIELD, readCollationRow } from '../definitions/collation-row.ts';
import type { SchemaObject } from '../ports.ts';
import type { Schema } from '../schema.ts';

export function collationHandler(schema: Schema): SystemChangeHandler {
  return (change) => {
    if (change.newRow !== null && change.oldRow !== null) throw boxError('UNSUPPORTED', 'collation', 'alter');
    if (change.newRow === null) dropCollation(schema, change);
    else createCollation(schema, change);
  };
}

function collationObject({ definition: { id, ownerId, name } }: Pick<Collation, 'definition'>): SchemaObject {
  return { type: 'collation', id, ownerId, name };
}

function createCollation(schema: Schema, { newRow, context }: SystemChange): void {
  if (newRow === null) return;
  const definition = readCollationRow(newRow);
  schema.ports.access.check(context.user, collationObject({ definition }), 'create');
  schema.collations.set(definition.id, new Collation(definition));
  schema.revision++;
  context.transactions.schemaChanged({
    rollback: () => {
      schema.collations.delete(definition.id);
      schema.revision++;
    },
  });
}

function dropCollation(schema: Schema, change: SystemChange): void {
  const id = anyRow(change).unsigned(COLLATION_ID_FIELD);
  if (id === 0) throw boxError('DROP_COLLATION', 'none', 'system collation');
  const collation = schema.collations.get(id);
  if (collation === undefined) return;
  schema.ports.access.check(change.context.user, collationObject(collation), 'drop');
  schema.collations.delete(id);
  schema.revision++;
  change.context.transactions.schemaChanged({
    rollback: () => {
      schema.collations.set(id, collation);
      schema.revision++;
    },
  });
}
