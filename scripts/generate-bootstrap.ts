/**
 * Writes the rows of a fresh data directory into the source, from a JSONL file with a row of a real Tarantool's first
 * snapshot a line: `space_id` and `mp`, the tuple's MessagePack in hexadecimal.
 * Usage: tsx scripts/generate-bootstrap.ts ROWS.jsonl
 */
import { readFileSync, writeFileSync } from 'node:fs';

const TARGET = new URL('../src/engine/catalog/bootstrap/rows.ts', import.meta.url);
const LINE_CHARACTERS = 110;

const source = process.argv[2];
if (source === undefined) throw new Error('usage: generate-bootstrap ROWS.jsonl');

const bytes: number[] = [];
for (const line of readFileSync(source, 'utf8').split('\n')) {
  if (line === '') continue;
  const { space_id: spaceId, mp } = JSON.parse(line) as { space_id: number; mp: string };
  bytes.push(0x92, 0xcd, spaceId >>> 8, spaceId & 0xff, ...Buffer.from(mp, 'hex'));
}
const text = Buffer.from(bytes).toString('base64');
const lines = text.match(new RegExp(`.{1,${LINE_CHARACTERS}}`, 'g')) ?? [];

writeFileSync(
  TARGET,
  `/**
 * The rows of a fresh data directory of Tarantool 2.6.0, as it writes them into its first snapshot: MessagePack pairs
 * of space id and tuple, one behind the other, in base64. Written by scripts/generate-bootstrap.ts.
 */
export const BOOTSTRAP_ROWS: string = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('');
`,
);
