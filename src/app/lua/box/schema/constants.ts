/** Numbers that programs find in `box.schema`, `box.index` and `box.priv`. */
import { PRIVILEGE } from '../../../../engine/access/index.ts';
import { ITERATOR } from '../../../../engine/indexes/index.ts';
import { type LuaTable, tableOf } from '../../runtime/table.ts';

const SCHEMA: Readonly<Record<string, number>> = {
  ADMIN_ID: 1,
  CK_CONSTRAINT_ID: 364,
  CLUSTER_ID: 320,
  COLLATION_ID: 276,
  FIELD_MAX: 2147483647,
  FK_CONSTRAINT_ID: 356,
  FORMAT_ID_MAX: 65534,
  FUNC_ID: 296,
  FUNC_INDEX_ID: 372,
  GUEST_ID: 0,
  INDEX_FIELD_MAX: 32767,
  INDEX_ID: 288,
  INDEX_MAX: 128,
  INDEX_PART_MAX: 255,
  NAME_MAX: 65000,
  PRIV_ID: 312,
  PUBLIC_ROLE_ID: 2,
  REPLICA_MAX: 32,
  SCHEMA_ID: 272,
  SEQUENCE_DATA_ID: 285,
  SEQUENCE_ID: 284,
  SESSION_SETTINGS_ID: 380,
  SPACE_ID: 280,
  SPACE_MAX: 2147483647,
  SPACE_SEQUENCE_ID: 340,
  SQL_BIND_PARAMETER_MAX: 65000,
  SUPER_ROLE_ID: 31,
  SYSTEM_ID_MAX: 511,
  SYSTEM_ID_MIN: 256,
  SYSTEM_USER_ID_MAX: 2,
  SYSTEM_USER_ID_MIN: 0,
  TRIGGER_ID: 328,
  TRUNCATE_ID: 330,
  USER_ID: 304,
  VCOLLATION_ID: 277,
  VFUNC_ID: 297,
  VINDEX_ID: 289,
  VINYL_DEFERRED_DELETE_ID: 257,
  VPRIV_ID: 313,
  VSEQUENCE_ID: 286,
  VSPACE_ID: 281,
  VUSER_ID: 305,
};

const PRIVILEGES: Readonly<Record<string, number>> = {
  R: PRIVILEGE.read,
  W: PRIVILEGE.write,
  X: PRIVILEGE.execute,
  S: PRIVILEGE.session,
  U: PRIVILEGE.usage,
  C: PRIVILEGE.create,
  D: PRIVILEGE.drop,
  A: PRIVILEGE.alter,
  REFERENCE: PRIVILEGE.reference,
  TRIGGER: PRIVILEGE.trigger,
  INSERT: PRIVILEGE.insert,
  UPDATE: PRIVILEGE.update,
  DELETE: PRIVILEGE.delete,
  GRANT: PRIVILEGE.grant,
  REVOKE: PRIVILEGE.revoke,
  ALL: PRIVILEGE.all,
};

export function addSchemaConstants(schema: LuaTable): void {
  for (const [name, value] of Object.entries(SCHEMA)) schema.setString(name, value);
}

export function createIndexConstants(): LuaTable {
  return tableOf(ITERATOR);
}

export function createPrivilegeConstants(): LuaTable {
  return tableOf(PRIVILEGES);
}
