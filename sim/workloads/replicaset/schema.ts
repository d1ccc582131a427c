/** The spaces of the workload. */
import { spaceRows, type SchemaRow } from '../common/schema-rows.ts';

export const SPACE = {
  /** `[id, stamp, text]`; each id belongs to one client of one master. */
  rows: 600,
  /** `[id, value]`; two at a time belong to one client and are counted up together. */
  counters: 601,
  /** `[id, stamp]`; clients of all masters try for each id, and conflicts are passed over. */
  shared: 602,
  /** `[id, name of the member, stamp]`; not replicated. */
  local: 603,
} as const;

export const SCHEMA_ROWS: readonly SchemaRow[] = [
  ...spaceRows(SPACE.rows, 'rows', {}),
  ...spaceRows(SPACE.counters, 'counters', {}),
  ...spaceRows(SPACE.shared, 'shared', {}),
  ...spaceRows(SPACE.local, 'local', { group_id: 1 }),
];
