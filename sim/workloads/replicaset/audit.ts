/** Reads what a member holds, over its own protocol. */
import type { Connection } from '../../../src/client/index.ts';
import { valueText } from '../common/value-text.ts';
import type { Row } from './ledger.ts';
import { SCHEMA_ROWS, SPACE, SYSTEM_SPACE } from './schema.ts';

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

/** Makes what is missing of the schema. */
export async function completeSchema(connection: Connection): Promise<void> {
  for (const { space, key, row } of SCHEMA_ROWS) {
    const found = await connection.select(space, key);
    if (found.length === 0) await connection.insert(space, row);
  }
}

export async function audit(connection: Connection): Promise<Findings> {
  const read = (space: number): Promise<readonly Row[]> => connection.select(space, []);
  const rows = await read(SPACE.rows);
  const counters = await read(SPACE.counters);
  const shared = await read(SPACE.shared);
  const local = await read(SPACE.local);
  const system: string[] = [];
  for (const [name, id] of Object.entries(SYSTEM_SPACE)) system.push(textOf(name, await read(id)));
  const dump = [
    ...system,
    textOf('rows', rows),
    textOf('counters', counters),
    textOf(
      'keys of shared',
      shared.map((row) => [row[0]!]),
    ),
  ].join('\n\n');
  return {
    rows,
    counters,
    shared,
    local,
    dump,
    ownDump: [dump, textOf('shared', shared), textOf('local', local)].join('\n\n'),
  };
}

function textOf(name: string, rows: readonly Row[]): string {
  return [name, ...rows.map((row) => valueText(row))].join('\n');
}

/** Which lines one has and the other has not. */
export function differences(before: string, after: string): string {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const [oldLines, nowLines] = [new Set(old), new Set(now)];
  const gone = old.filter((line) => !nowLines.has(line)).map((line) => `- ${line}`);
  const come = now.filter((line) => !oldLines.has(line)).map((line) => `+ ${line}`);
  return [...gone, ...come].slice(0, 20).join('\n');
}
