/** The spaces of the workload. */
import { spaceRows, type SchemaRow } from '../common/schema-rows.ts';

export const SPACE = {
  /** `[id, stamp, text]`; waits for a quorum. */
  synchronous: 610,
  /** `[id, stamp]`; each id is written once. */
  asynchronous: 611,
} as const;

export const SCHEMA_ROWS: readonly SchemaRow[] = [
  ...spaceRows(SPACE.synchronous, 'synchronous', { is_sync: true }),
  ...spaceRows(SPACE.asynchronous, 'asynchronous', {}),
];
