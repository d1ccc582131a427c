/** Rows of `_space`: a new row is a new space, a changed one alters it, a deleted one drops it. */
import { boxError } from '../../../base/index.ts';
import { Space } from '../../memtx/index.ts';
import { type Alteration, alterSpace, formatOf, unchangedSpace } from '../alteration.ts';
import { anyRow, type SystemChange, type SystemChangeHandler } from '../change.ts';
import { checkEngine, readSpaceRow, SPACE_ID_FIELD } from '../definitions/space-definition.ts';
import type { SchemaObject } from '../ports.ts';
import { refreshRefusal } from '../refusals.ts';
import { type Schema, SpaceDetails } from '../schema.ts';
import { SYSTEM_SPACE } from '../system-space-ids.ts';

export function spaceHandler(schema: Schema): SystemChangeHandler {
  return (change) => {
    const space = schema.spaces.get(anyRow(change).unsigned(SPACE_ID_FIELD));
    if (space === undefined) createSpace(schema, change);
    else if (change.newRow === null) dropSpace(schema, space, change);
    else alterSpace(schema, planSpaceAlteration(schema, space, change), change.context);
  };
}

/** The space as an object of rights. */
export function spaceObject({ definition }: Pick<Space, 'definition'>): SchemaObject {
  return { type: 'space', id: definition.id, ownerId: definition.ownerId, name: definition.name };
}

function createSpace(schema: Schema, { newRow, context }: SystemChange): void {
  // A row without its space can only be one that Tarantool could not read either.
  if (newRow === null) return;
  const { definition, fields, sql } = readSpaceRow(newRow, 'CREATE_SPACE');
  schema.ports.access.check(context.user, spaceObject({ definition }), 'create');
  checkEngine(definition);
  const format = formatOf(schema, definition, fields, []);
  const memory = schema.memoryFor(definition.id, definition.name);
  const space = new Space(definition, format, memory, schema.tupleBytesMaxFor(definition.id, definition.name));
  const details = new SpaceDetails(fields, sql);
  schema.addSpace(space, details);
  refreshRefusal(schema, space);
  schema.version++;
  context.transactions.schemaChanged({ rollback: () => schema.removeSpace(space) });
}

function dropSpace(schema: Schema, space: Space, { context }: SystemChange): void {
  const fail = (reason: string): Error => boxError('DROP_SPACE', space.name, reason);
  schema.ports.access.check(context.user, spaceObject(space), 'drop');
  if (space.indexList.length > 0) throw fail('the space has indexes');
  if (schema.hasRow(SYSTEM_SPACE.privilege, 2, ['space', space.id])) throw fail('the space has grants');
  if (schema.hasRow(SYSTEM_SPACE.truncate, 0, [space.id])) throw fail('the space has truncate record');
  const details = schema.details(space);
  if (details.foreignKeys.size > 0) throw fail('the space has foreign key constraints');
  if (details.checks.size > 0) throw fail('the space has check constraints');
  schema.removeSpace(space);
  schema.version++;
  context.transactions.schemaChanged({ rollback: () => schema.addSpace(space, details) });
}

/** What a new row of an existing space asks for. Throws what Tarantool forbids. */
export function planSpaceAlteration(schema: Schema, space: Space, { newRow, context }: SystemChange): Alteration {
  if (newRow === null) throw new TypeError('an alteration has a new row');
  const { definition, fields } = readSpaceRow(newRow, 'ALTER_SPACE', space.name);
  const fail = (reason: string): Error => boxError('ALTER_SPACE', space.name, reason);
  schema.ports.access.check(context.user, spaceObject({ definition }), 'alter');
  if (definition.id !== space.id) throw fail('space id is immutable');
  const former = space.definition;
  if (definition.engine !== former.engine) throw fail('can not change space engine');
  if (definition.isLocal !== former.isLocal) throw fail('replication group is immutable');
  if (definition.isView !== former.isView) throw fail('can not convert a space to a view and vice versa');
  return { ...unchangedSpace(schema, space), definition, fields };
}
