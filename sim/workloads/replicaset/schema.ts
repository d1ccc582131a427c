/** The spaces of the workload, and the rows of the system spaces that make them. */
import type { Value } from '../../../src/codec/msgpack/index.ts';

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

/** Its rows are the same everywhere. */
export const SYSTEM_SPACE = { schema: 272, space: 280, index: 288, cluster: 320 } as const;

/** A row of a system space, and the key by which one finds out whether it is there. */
export type SchemaRow = Readonly<{ space: number; key: readonly Value[]; row: readonly Value[] }>;

const ADMIN = 1;

function space(id: number, name: string, flags: Value): readonly SchemaRow[] {
  return [
    { space: SYSTEM_SPACE.space, key: [id], row: [id, ADMIN, name, 'memtx', 0, flags, []] },
    {
      space: SYSTEM_SPACE.index,
      key: [id, 0],
      row: [id, 0, 'primary', 'tree', { unique: true }, [[0, 'unsigned']]],
    },
  ];
}

export const SCHEMA_ROWS: readonly SchemaRow[] = [
  ...space(SPACE.rows, 'rows', {}),
  ...space(SPACE.counters, 'counters', {}),
  ...space(SPACE.shared, 'shared', {}),
  ...space(SPACE.local, 'local', { group_id: 1 }),
];
