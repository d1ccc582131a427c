/** The checks that both requests and changes of the schema make: of the right to a space's data or to a sequence. */
import type { SchemaUser } from '../catalog/index.ts';
import type { Space } from '../memtx/index.ts';
import { PRIVILEGE } from './contract.ts';
import { accessDenied, usageDenied } from './denial.ts';
import type { Rights } from './rights.ts';
import type { UserRegistry } from './user-registry.ts';

/** Throws ACCESS_DENIED (42). Owners need no privilege but that to use the instance. */
export function checkSpaceAccess(
  users: UserRegistry,
  user: SchemaUser,
  rights: Rights,
  space: Space,
  privilege: number,
): void {
  const missing = (privilege | PRIVILEGE.usage) & ~user.universe & ~rights.space.all;
  if (missing === 0) return;
  if ((missing & PRIVILEGE.usage) === 0) {
    if (space.definition.ownerId === user.userId) return;
    if ((missing & ~rights.space.get(space.id)) === 0) return;
  }
  if ((user.universe & PRIVILEGE.usage) === 0) throw usageDenied(users, user.userId);
  throw accessDenied(users, user.userId, privilege, 'space', space.name);
}

/** The right to take values from a sequence, or to set it. Throws ACCESS_DENIED (42). */
export function checkSequenceAccess(
  users: UserRegistry,
  user: SchemaUser,
  rights: Rights,
  { id, ownerId, name }: Readonly<{ id: number; ownerId: number; name: string }>,
): void {
  const missing = (PRIVILEGE.write | PRIVILEGE.usage) & ~user.universe & ~rights.sequence.all;
  if (missing === 0) return;
  if ((missing & PRIVILEGE.usage) === 0) {
    if (ownerId === user.userId || (missing & ~rights.sequence.get(id)) === 0) return;
  }
  if ((user.universe & PRIVILEGE.usage) === 0) throw usageDenied(users, user.userId);
  throw accessDenied(users, user.userId, PRIVILEGE.write, 'sequence', name);
}
