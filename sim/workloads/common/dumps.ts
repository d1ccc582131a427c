/** What a member holds as text, to compare it with what others hold. */
import type { Connection } from '../../../src/client/index.ts';
import type { Value } from '../../../src/codec/msgpack/index.ts';
import { SYSTEM_SPACE } from './schema-rows.ts';
import { valueText } from './value-text.ts';

export type Row = readonly Value[];

export function dumpOf(name: string, rows: readonly Row[]): string {
  return [name, ...rows.map((row) => valueText(row))].join('\n');
}

/** The system spaces that are the same everywhere. */
export async function dumpSystemSpaces(connection: Connection): Promise<readonly string[]> {
  const dumps: string[] = [];
  for (const [name, id] of Object.entries(SYSTEM_SPACE)) dumps.push(dumpOf(name, await connection.select(id, [])));
  return dumps;
}

/** Which lines one has and the other has not. */
export function differences(before: string, after: string): string {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const [oldLines, nowLines] = [new Set(old), new Set(now)];
  const gone = old.filter((line) => !nowLines.has(line)).map((line) => `- ${line}`);
  const come = now.filter((line) => !oldLines.has(line)).map((line) => `+ ${line}`);
  return [...gone, ...come].slice(0, 20).join('\n');
}
