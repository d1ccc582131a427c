/** The spaces of the workload, and the rows of the system spaces that make them. */
import type { Value } from '../../../src/codec/msgpack/index.ts';

export const SPACE = {
  /** Rows `[id, stamp, balance, group, slot, text]` with secondary indexes; each id belongs to one client. */
  accounts: 600,
  /** The same rows in a space that is not replicated. */
  local: 601,
  /** The same rows behind a HASH index. */
  hashed: 602,
  /** `[id, value]`, counted up by transactions of all clients. */
  counters: 603,
  /** `[id, stamp]`, with ids from a sequence. */
  tickets: 604,
  /** What the client that changes the schema works on. */
  scratch: 605,
} as const;

export const SYSTEM_SPACE = {
  space: 280,
  sequence: 284,
  sequenceData: 285,
  index: 288,
  truncate: 330,
  spaceSequence: 340,
} as const;

export const INDEX = { primary: 0, byGroup: 1, bySlot: 2 } as const;
export const TICKET_SEQUENCE_ID = 1;
const ADMIN = 1;
const ROW_FORMAT = [
  { name: 'id', type: 'unsigned' },
  { name: 'stamp', type: 'unsigned' },
  { name: 'balance', type: 'integer' },
  { name: 'group', type: 'unsigned' },
  { name: 'slot', type: 'unsigned', is_nullable: true },
  { name: 'text', type: 'string' },
];

/** A row of a system space, and the key by which one finds out whether it is there. */
export type SchemaRow = Readonly<{ space: number; key: readonly Value[]; row: readonly Value[] }>;

function space(id: number, name: string, flags: Value = {}, format: readonly Value[] = []): SchemaRow {
  return { space: SYSTEM_SPACE.space, key: [id], row: [id, ADMIN, name, 'memtx', 0, flags, format] };
}

function index(
  spaceId: number,
  id: number,
  name: string,
  parts: readonly Value[],
  type = 'tree',
  unique = true,
): SchemaRow {
  return { space: SYSTEM_SPACE.index, key: [spaceId, id], row: [spaceId, id, name, type, { unique }, parts] };
}

export const SCHEMA_ROWS: readonly SchemaRow[] = [
  space(SPACE.accounts, 'accounts', {}, ROW_FORMAT),
  index(SPACE.accounts, INDEX.primary, 'primary', [[0, 'unsigned']]),
  index(SPACE.accounts, INDEX.byGroup, 'by_group', [[3, 'unsigned']], 'tree', false),
  index(SPACE.accounts, INDEX.bySlot, 'by_slot', [{ field: 4, type: 'unsigned', is_nullable: true }]),
  space(SPACE.local, 'local', { group_id: 1 }, ROW_FORMAT),
  index(SPACE.local, INDEX.primary, 'primary', [[0, 'unsigned']]),
  index(SPACE.local, INDEX.byGroup, 'by_group', [[3, 'unsigned']], 'tree', false),
  space(SPACE.hashed, 'hashed', {}, ROW_FORMAT),
  index(SPACE.hashed, INDEX.primary, 'primary', [[0, 'unsigned']], 'hash'),
  index(SPACE.hashed, INDEX.byGroup, 'by_balance', [[2, 'integer']], 'tree', false),
  space(SPACE.counters, 'counters'),
  index(SPACE.counters, INDEX.primary, 'primary', [[0, 'unsigned']]),
  space(SPACE.tickets, 'tickets'),
  index(SPACE.tickets, INDEX.primary, 'primary', [[0, 'unsigned']]),
  {
    space: SYSTEM_SPACE.sequence,
    key: [TICKET_SEQUENCE_ID],
    row: [TICKET_SEQUENCE_ID, ADMIN, 'tickets', 1, 1, Number.MAX_SAFE_INTEGER, 1, 0, false],
  },
  {
    space: SYSTEM_SPACE.spaceSequence,
    key: [SPACE.tickets],
    row: [SPACE.tickets, TICKET_SEQUENCE_ID, false, 0, ''],
  },
];

/** What the schema client makes of its space, step by step. */
export const SCRATCH_SPACE = space(SPACE.scratch, 'scratch');
export const SCRATCH_PRIMARY = index(SPACE.scratch, 0, 'primary', [[0, 'unsigned']]);
export const SCRATCH_SECONDARIES: readonly SchemaRow[] = [
  index(SPACE.scratch, 1, 'by_value', [[1, 'unsigned']], 'tree', false),
  index(SPACE.scratch, 2, 'by_both', [
    [1, 'unsigned'],
    [0, 'unsigned'],
  ]),
];
