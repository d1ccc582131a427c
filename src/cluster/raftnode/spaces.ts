/**
 * The spaces of consensus, all local: every member has its own, filled by itself. `_raft_log` and `_raft_state` are what a
 * member must not lose; `_pico_property` is the state that the log leads to, the same on all members.
 * Ids, names and formats are Picodata's. Nobody but the instance writes to them.
 */
import { boxError } from '../../base/index.ts';
import { encodeToBytes, type Value } from '../../codec/msgpack/index.ts';
import type { Box, Session } from '../../engine/box/index.ts';
import { SYSTEM_SPACE } from '../../engine/catalog/index.ts';

export const RAFT_SPACE = { property: 516, log: 518, state: 519 } as const;
/** What entries of the log change, and a snapshot holds. */
export const GLOBAL_SPACES: readonly number[] = [RAFT_SPACE.property];

type Field = Readonly<{ name: string; type: string; isNullable?: boolean }>;
type Definition = Readonly<{ id: number; name: string; format: readonly Field[]; keyField: number; keyType: string }>;

const DEFINITIONS: readonly Definition[] = [
  {
    id: RAFT_SPACE.property,
    name: '_pico_property',
    format: [
      { name: 'key', type: 'string' },
      { name: 'value', type: 'any' },
    ],
    keyField: 0,
    keyType: 'string',
  },
  {
    id: RAFT_SPACE.log,
    name: '_raft_log',
    format: [
      { name: 'entry_type', type: 'unsigned' },
      { name: 'index', type: 'unsigned' },
      { name: 'term', type: 'unsigned' },
      { name: 'data', type: 'any', isNullable: true },
      { name: 'context', type: 'any', isNullable: true },
    ],
    keyField: 1,
    keyType: 'unsigned',
  },
  {
    id: RAFT_SPACE.state,
    name: '_raft_state',
    format: [
      { name: 'key', type: 'string' },
      { name: 'value', type: 'any' },
    ],
    keyField: 0,
    keyType: 'string',
  },
];

/** They live in the memory of system spaces, so that full user spaces stop no election. */
export function isRaftSpace(id: number, name: string): boolean {
  return DEFINITIONS.some((definition) => definition.id === id && definition.name === name);
}

/** Makes those that are missing, in one transaction. Throws ER_CREATE_SPACE if another space has the id or the name. */
export function createRaftSpaces(box: Box): void {
  const { catalog, transactions } = box;
  const missing = DEFINITIONS.filter(({ id, name }) => {
    const found = catalog.space(id) ?? catalog.spaceByName(name);
    if (found === undefined) return true;
    if (found.id === id && found.name === name) return false;
    throw boxError('CREATE_SPACE', name, `id ${id} or the name belongs to space '${found.name}' (id ${found.id})`);
  });
  if (missing.length === 0) return;
  transactions.begin();
  try {
    for (const definition of missing) createSpace(box, definition);
    transactions.requireSync();
    transactions.commit();
  } catch (error) {
    if (transactions.isActive) transactions.rollback();
    throw error;
  }
}

/** The session that writes to them from now on, and nobody else, whatever rights they have. */
export function takeRaftSpaces(box: Box): Session {
  const session = box.adminSession.actingAs(box.adminSession.user);
  for (const { id } of DEFINITIONS) box.statements.writers.set(id, session);
  return session;
}

function createSpace(box: Box, { id, name, format, keyField, keyType }: Definition): void {
  const admin = box.adminSession;
  const fields = format.map((field): Value => {
    const row = { name: field.name, type: field.type };
    return field.isNullable === true ? { ...row, is_nullable: true } : row;
  });
  const owner = admin.effectiveUser.userId;
  const spaceRow = encodeToBytes([id, owner, name, 'memtx', 0, { group_id: 1 }, fields]);
  box.statements.insert(admin, SYSTEM_SPACE.space, spaceRow, 0, spaceRow.length);
  const indexRow = encodeToBytes([id, 0, 'primary', 'tree', { unique: true }, [[keyField, keyType]]]);
  box.statements.insert(admin, SYSTEM_SPACE.index, indexRow, 0, indexRow.length);
}
