/** Reads everything that an instance holds, over its own protocol, and checks what must agree within it. */
import type { Connection } from '../../../src/client/index.ts';
import { ViolationError } from '../common/violation.ts';
import { SCHEMA_ROWS, SPACE, SYSTEM_SPACE, TICKET_SEQUENCE_ID } from './schema.ts';
import { valueText } from '../common/value-text.ts';
import { rowKey, type Row, type State } from './state.ts';

const CLIENT_SPACES: readonly number[] = [SPACE.accounts, SPACE.local, SPACE.hashed];

export type Findings = Readonly<{
  /** The rows of each client, by its group. */
  states: ReadonlyMap<number, State>;
  counters: readonly Row[];
  tickets: readonly Row[];
  /** All rows of all spaces as text, for comparison with another moment. */
  dump: string;
}>;

/** Makes what is missing of the schema: all of it at first, or the end of it after a crash that lost it. */
export async function completeSchema(connection: Connection): Promise<void> {
  for (const { space, key, row } of SCHEMA_ROWS) {
    const found = await connection.select(space, key);
    if (found.length === 0) await connection.insert(space, row);
  }
}

/** What an operator does behind a forced recovery, which may have lost the sequence and kept its tickets. */
export async function repairSequence(connection: Connection): Promise<void> {
  const [last] = await connection.select(SPACE.tickets, [], { iterator: 'LE', limit: 1 });
  if (last !== undefined) await connection.replace(SYSTEM_SPACE.sequenceData, [TICKET_SEQUENCE_ID, last[0] ?? null]);
}

/** Reads all spaces by all indexes. Throws ViolationError where they disagree. */
export async function audit(connection: Connection): Promise<Findings> {
  const spaces = await connection.select(SYSTEM_SPACE.space, []);
  const indexes = await connection.select(SYSTEM_SPACE.index, []);
  const rowsBySpace = new Map<number, readonly Row[]>();
  const dump: string[] = [];
  for (const [spaceId, , name, engine] of spaces) {
    const id = Number(spaceId);
    if (engine !== 'memtx') continue;
    const ids = indexes.filter((index) => index[0] === spaceId).map((index) => Number(index[1]));
    if (!ids.includes(0)) continue;
    const rows = await connection.select(id, []);
    rowsBySpace.set(id, rows);
    const texts = rows.map((row) => valueText(row)).sort();
    // Its rows lag behind the values of sequences by design; what the values must be is checked by the tickets.
    if (id !== SYSTEM_SPACE.sequenceData) dump.push(`${String(name)}\n${texts.join('\n')}`);
    if (id < SPACE.accounts) continue;
    for (const index of ids) {
      if (index !== 0) await checkSecondary(connection, id, index, texts);
    }
    await checkPrimary(connection, id, rows);
  }
  const accounts = rowsBySpace.get(SPACE.accounts) ?? [];
  checkSlots(accounts);
  return {
    states: statesOf(rowsBySpace),
    counters: rowsBySpace.get(SPACE.counters) ?? [],
    tickets: rowsBySpace.get(SPACE.tickets) ?? [],
    dump: dump.join('\n\n'),
  };
}

async function checkSecondary(
  connection: Connection,
  space: number,
  index: number,
  expected: readonly string[],
): Promise<void> {
  const rows = await connection.select(space, [], { index, iterator: 'ALL' });
  const found = rows.map((row) => valueText(row)).sort();
  if (valueText(found) !== valueText(expected)) {
    throw new ViolationError(
      `index ${index} of space ${space} has\n${found.join('\n')}\nand the primary key\n${expected.join('\n')}`,
    );
  }
}

/** Each row must be found by its key, and its key lead to no other. */
async function checkPrimary(connection: Connection, space: number, rows: readonly Row[]): Promise<void> {
  const found = await Promise.all(rows.map((row) => connection.select(space, [row[0] ?? null])));
  rows.forEach((row, index) => {
    if (valueText(found[index]) !== valueText([row])) {
      throw new ViolationError(`key ${String(row[0])} of space ${space} gives ${valueText(found[index])}`);
    }
  });
}

function checkSlots(accounts: readonly Row[]): void {
  const slots = accounts.flatMap((row) => (row[4] === null ? [] : [row[4]]));
  if (new Set(slots).size !== slots.length)
    throw new ViolationError(`a unique index holds a key twice: ${valueText(slots)}`);
}

function statesOf(rowsBySpace: ReadonlyMap<number, readonly Row[]>): ReadonlyMap<number, State> {
  const states = new Map<number, Map<string, Row>>();
  for (const space of CLIENT_SPACES) {
    for (const row of rowsBySpace.get(space) ?? []) {
      const group = Number(row[3]);
      const state = states.get(group) ?? new Map<string, Row>();
      state.set(rowKey(space, Number(row[0])), row);
      states.set(group, state);
    }
  }
  return states;
}
