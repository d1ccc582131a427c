/** Rows of `_truncate`: writing one empties a space. */
import { boxError } from '../../../base/index.ts';
import { REQUEST_TYPE } from '../../../codec/iproto/index.ts';
import { alterSpace, unchangedSpace } from '../alteration.ts';
import type { SystemChangeHandler } from '../change.ts';
import { isSystemId, type Schema } from '../schema.ts';

const SPACE_ID_FIELD = 0;
const GROUP_LOCAL = 1;

export function truncateHandler(schema: Schema): SystemChangeHandler {
  return ({ newRow, context }) => {
    if (newRow === null) return;
    const space = schema.existingSpace(newRow.unsigned(SPACE_ID_FIELD));
    const { redo } = context.transactions;
    // The first row only says how often the space has been emptied; a snapshot holds it as INSERT.
    if (redo.count > 0 && redo.types[redo.count - 1] === REQUEST_TYPE.insert) return;
    if (isSystemId(space.id)) throw boxError('TRUNCATE_SYSTEM_SPACE', space.name);
    schema.ports.access.checkSpaceWrite(context.user, space);
    if (space.definition.isTemporary || space.definition.isLocal) {
      // Emptying a space that replicas do not have is not for them either.
      if (redo.count > 0) redo.groupIds[redo.count - 1] = GROUP_LOCAL;
    }
    alterSpace(schema, { ...unchangedSpace(schema, space), truncates: true, changesVersion: false }, context);
  };
}
