/**
 * A row of `_priv`: `[grantor, grantee, object type, object id, privilege bits]`. The case of letters in the type does not
 * matter.
 */
import { boxError } from '../../base/index.ts';
import { KIND, kindAt, payloadLength } from '../../codec/msgpack/index.ts';
import type { TupleReader } from '../catalog/index.ts';
import { PRIVILEGE, PRIVILEGE_MASK } from './contract.ts';
import { type RightsTarget, WHOLE_CLASS } from './rights.ts';

/** As `_priv` names them. */
const OBJECT_TYPES = ['universe', 'space', 'function', 'user', 'role', 'sequence', 'collation'] as const;
export type ObjectType = (typeof OBJECT_TYPES)[number];

export type PrivilegeRow = Readonly<{
  grantorId: number;
  granteeId: number;
  objectType: ObjectType;
  /** WHOLE_CLASS for all objects of the type. */
  objectId: number;
  privileges: number;
}>;

const FIELD = { grantor: 0, grantee: 1, objectType: 2, objectId: 3, privileges: 4 } as const;
export const GRANTOR_FIELD = FIELD.grantor;
export const GRANTEE_FIELD = FIELD.grantee;

export function readPrivilegeRow(row: TupleReader): PrivilegeRow {
  const grantorId = row.unsigned(FIELD.grantor);
  const granteeId = row.unsigned(FIELD.grantee);
  const typeName = row.string(FIELD.objectType);
  const objectType = OBJECT_TYPES.find((type) => type === typeName.toLowerCase());
  const objectId = isEmptyString(row, FIELD.objectId) ? WHOLE_CLASS : row.unsigned(FIELD.objectId);
  if (objectType === undefined || (objectType === 'universe' && objectId === WHOLE_CLASS)) {
    throw boxError('UNKNOWN_SCHEMA_OBJECT', typeName);
  }
  const privileges = row.unsigned(FIELD.privileges) & PRIVILEGE_MASK;
  return { grantorId, granteeId, objectType, objectId, privileges };
}

function isEmptyString(row: TupleReader, fieldNo: number): boolean {
  const position = row.fieldPosition(fieldNo);
  if (position < 0) throw boxError('NO_SUCH_FIELD_NO', fieldNo + 1);
  return kindAt(row.bytes, position) === KIND.string && payloadLength(row.bytes, position) === 0;
}

/** Whether the row makes the grantee a member of a role: the only bit on the role is 'execute'. */
export function isMembership({ objectType, objectId, privileges }: PrivilegeRow): boolean {
  return objectType === 'role' && objectId !== WHOLE_CLASS && privileges === PRIVILEGE.execute;
}

/** What the row gives rights to; null for a membership and for collations, which nothing protects. */
export function targetOf(row: PrivilegeRow): RightsTarget | null {
  const { objectType, objectId } = row;
  if (objectType === 'collation' || isMembership(row)) return null;
  if (objectType === 'universe') return { kind: 'universe', id: 0 };
  return { kind: objectType, id: objectId };
}
