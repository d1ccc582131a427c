/** Rows of `_index`: a new row adds an index to a space, a changed one alters it, a deleted one drops it. */
import { boxError } from '../../../base/index.ts';
import type { IndexDefinition, SpaceIndex } from '../../indexes/index.ts';
import type { Space } from '../../memtx/index.ts';
import {
  type Alteration,
  alterSpace,
  type IndexSlot,
  rebuildsInTarantool,
  unchangedSpace,
  withSlot,
} from '../alteration.ts';
import { anyRow, type SystemChange, type SystemChangeHandler } from '../change.ts';
import { INDEX_FIELD, readIndexRow } from '../definitions/index-definition.ts';
import { checkFunctionForIndex } from './function-index-handler.ts';
import { isSystemId, type Schema } from '../schema.ts';
import { checkSequenceField } from './space-sequence-handler.ts';
import { spaceObject } from './space-handler.ts';

export function indexHandler(schema: Schema): SystemChangeHandler {
  return (change) => {
    alterSpace(schema, planIndexAlteration(schema, change), change.context);
  };
}

/** What a change of a row of `_index` asks for. Throws what Tarantool forbids. */
export function planIndexAlteration(schema: Schema, change: SystemChange): Alteration {
  const row = anyRow(change);
  const space = schema.existingSpace(row.unsigned(INDEX_FIELD.spaceId));
  const id = row.unsigned(INDEX_FIELD.id);
  if (space.definition.isView) throw boxError('ALTER_SPACE', space.name, 'can not add index on a view');
  const { oldRow, newRow, context } = change;
  const privilege = newRow === null ? 'drop' : oldRow === null ? 'create' : 'alter';
  schema.ports.access.check(context.user, spaceObject(space), privilege);
  if (id === 0 && newRow === null) checkPrimaryDrop(space);
  if (id !== 0 && space.primary === null) {
    throw boxError('ALTER_SPACE', space.name, 'can not add a secondary key before primary');
  }
  const previous = space.indexes[id] ?? null;
  if (newRow === null) return planDrop(schema, space, id, previous);
  const definition = readIndexRow(newRow, space, (collationId) => schema.collator(collationId));
  checkFunction(schema, definition);
  const { attachment } = schema.details(space);
  if (id === 0 && attachment !== null) {
    checkSequenceField(definition, attachment.fieldNo, attachment.path, space.name);
  }
  return previous === null
    ? planCreation(schema, space, id, definition)
    : planChange(schema, space, id, definition, previous);
}

function checkPrimaryDrop(space: Space): void {
  if (isSystemId(space.id)) throw boxError('LAST_DROP', space.name);
  if (space.indexList.length > 1) throw boxError('DROP_PRIMARY_KEY', space.name);
  if (space.sequence !== null) {
    throw boxError('ALTER_SPACE', space.name, 'can not drop primary key while space sequence exists');
  }
}

function checkFunction(schema: Schema, { functionId }: IndexDefinition): void {
  const definition = functionId === null ? undefined : schema.functions.get(functionId);
  if (definition !== undefined) checkFunctionForIndex(definition);
}

function planDrop(schema: Schema, space: Space, id: number, previous: SpaceIndex | null): Alteration {
  const alteration = unchangedSpace(schema, space);
  if (previous === null) return alteration;
  if (isReferenced(schema, space, id)) throw boxError('ALTER_SPACE', space.name, 'can not drop a referenced index');
  const { isUnique, name } = previous.definition;
  return {
    ...alteration,
    slots: withSlot(alteration.slots, id, null),
    droppedConstraint: isUnique ? name : null,
  };
}

function planCreation(schema: Schema, space: Space, id: number, definition: IndexDefinition): Alteration {
  const alteration = unchangedSpace(schema, space);
  const slot: IndexSlot = { definition, previous: null, usesFunction: true };
  const kind = id === 0 ? 'PRIMARY KEY' : 'UNIQUE';
  return {
    ...alteration,
    slots: withSlot(alteration.slots, id, slot),
    addedConstraint: definition.isUnique ? { name: definition.name, kind } : null,
  };
}

function planChange(
  schema: Schema,
  space: Space,
  id: number,
  definition: IndexDefinition,
  previous: SpaceIndex,
): Alteration {
  const alteration = unchangedSpace(schema, space);
  const former = previous.definition;
  const slots = withSlot(alteration.slots, id, { definition, previous, usesFunction: true });
  const slot = slots[id] ?? null;
  if (slot !== null && rebuildsInTarantool(slot) && isReferenced(schema, space, id)) {
    throw boxError('ALTER_SPACE', space.name, 'can not alter a referenced index');
  }
  const renames = former.name !== definition.name;
  return {
    ...alteration,
    slots,
    addedConstraint:
      definition.isUnique && (!former.isUnique || renames) ? { name: definition.name, kind: 'UNIQUE' } : null,
    droppedConstraint: former.isUnique && (!definition.isUnique || renames) ? former.name : null,
  };
}

function isReferenced(schema: Schema, space: Space, indexId: number): boolean {
  return [...schema.details(space).references].some((key) => key.parentIndexId === indexId);
}
