/** Reads what a member holds, over its own protocol. */
import type { Connection } from '../../../src/client/index.ts';
import { dumpOf, dumpSystemSpaces, type Row } from '../common/dumps.ts';
import { SPACE } from './schema.ts';

export type Findings = Readonly<{
  rows: readonly Row[];
  counters: readonly Row[];
  shared: readonly Row[];
  local: readonly Row[];
  /** Everything that must be the same everywhere, as text. */
  dump: string;
  /** What must be there again after a restart. */
  ownDump: string;
}>;

export async function audit(connection: Connection): Promise<Findings> {
  const read = (space: number): Promise<readonly Row[]> => connection.select(space, []);
  const rows = await read(SPACE.rows);
  const counters = await read(SPACE.counters);
  const shared = await read(SPACE.shared);
  const local = await read(SPACE.local);
  const sharedKeys = shared.map((row) => [row[0]!]);
  const dump = [
    ...(await dumpSystemSpaces(connection)),
    dumpOf('rows', rows),
    dumpOf('counters', counters),
    dumpOf('keys of shared', sharedKeys),
  ].join('\n\n');
  return {
    rows,
    counters,
    shared,
    local,
    dump,
    ownDump: [dump, dumpOf('shared', shared), dumpOf('local', local)].join('\n\n'),
  };
}
