/** Spaces of a workload as rows of the system spaces that make them, which replicas get like all other rows. */
import type { Connection } from '../../../src/client/index.ts';
import type { Value } from '../../../src/codec/msgpack/index.ts';

/** Its rows are the same everywhere. */
export const SYSTEM_SPACE = { schema: 272, space: 280, index: 288, cluster: 320 } as const;

/** A row of a system space, and the key by which one finds out whether it is there. */
export type SchemaRow = Readonly<{ space: number; key: readonly Value[]; row: readonly Value[] }>;

const ADMIN = 1;

/** A space of its own format, with unsigned ids. */
export function spaceRows(id: number, name: string, flags: Value): readonly SchemaRow[] {
  return [
    { space: SYSTEM_SPACE.space, key: [id], row: [id, ADMIN, name, 'memtx', 0, flags, []] },
    {
      space: SYSTEM_SPACE.index,
      key: [id, 0],
      row: [id, 0, 'primary', 'tree', { unique: true }, [[0, 'unsigned']]],
    },
  ];
}

/** Makes what is missing of the schema. */
export async function completeSchema(connection: Connection, rows: readonly SchemaRow[]): Promise<void> {
  for (const { space, key, row } of rows) {
    const found = await connection.select(space, key);
    if (found.length === 0) await connection.insert(space, row);
  }
}
