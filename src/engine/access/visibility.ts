/**
 * Which rows of the views `_vspace`, `_vindex`, `_vuser`, `_vpriv`, `_vfunc`, `_vsequence` and `_vcollation` a user
 * sees: all of them with a right on everything or to read the space that the view shows, else those of the user's own
 * objects and of objects on which the user has a right.
 */
import type { TupleReader } from '../catalog/index.ts';
import { SYSTEM_SPACE, type SystemSpaceId } from '../catalog/index.ts';
import { type Credentials, PRIVILEGE, USER_ID } from './contract.ts';
import { GRANTEE_FIELD, GRANTOR_FIELD } from './privilege-row.ts';
import type { ObjectClass } from './rights.ts';
import type { SchemaLookup } from './schema-lookup.ts';

const { read, write, drop, alter, execute } = PRIVILEGE;
const DATA = read | write | drop | alter;
const CODE = DATA | execute;

/** First fields of every row that describes an object. */
const FIELD = { id: 0, owner: 1 } as const;

/**
 * Whether the user sees every row of the view on this space. Only where not, single rows have to be asked for.
 */
export function seesEveryRow({ universe, rights }: Credentials, baseSpaceId: SystemSpaceId): boolean {
  switch (baseSpaceId) {
    case SYSTEM_SPACE.collation:
      return true;
    case SYSTEM_SPACE.space:
    case SYSTEM_SPACE.index:
      if (((universe | rights.space.all) & DATA) !== 0) return true;
      break;
    case SYSTEM_SPACE.function:
      if (((universe | rights.function.all) & CODE) !== 0) return true;
      break;
    case SYSTEM_SPACE.sequence:
      if (((universe | rights.sequence.all) & CODE) !== 0) return true;
      break;
    default:
      if ((universe & DATA) !== 0) return true;
  }
  return (rights.space.get(baseSpaceId) & read) !== 0;
}

/** Whether a user who does not see every row sees this one, which is one of the base space. */
export function seesRow(
  credentials: Credentials,
  baseSpaceId: SystemSpaceId,
  row: TupleReader,
  schema: SchemaLookup,
): boolean {
  switch (baseSpaceId) {
    case SYSTEM_SPACE.space:
    case SYSTEM_SPACE.index: {
      const space = schema.space(row.unsigned(FIELD.id));
      return space !== undefined && seesObject(credentials, 'space', space.id, space.definition.ownerId, DATA);
    }
    case SYSTEM_SPACE.function:
      return seesObject(credentials, 'function', row.unsigned(FIELD.id), row.unsigned(FIELD.owner), CODE);
    case SYSTEM_SPACE.sequence:
      return seesObject(credentials, 'sequence', row.unsigned(FIELD.id), row.unsigned(FIELD.owner), CODE);
    case SYSTEM_SPACE.user: {
      const id = row.unsigned(FIELD.id);
      return id === credentials.userId || row.unsigned(FIELD.owner) === credentials.userId || id === USER_ID.publicRole;
    }
    case SYSTEM_SPACE.privilege:
      return row.unsigned(GRANTOR_FIELD) === credentials.userId || row.unsigned(GRANTEE_FIELD) === credentials.userId;
    default:
      return true;
  }
}

function seesObject(credentials: Credentials, kind: ObjectClass, id: number, ownerId: number, bits: number): boolean {
  return ownerId === credentials.userId || (credentials.rights[kind].get(id) & bits) !== 0;
}
