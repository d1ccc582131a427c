/** Refusals: error ACCESS_DENIED (42) as Tarantool words it, and those who want to hear of it. */
import { type BoxError, boxError, boxErrorWith } from '../../base/index.ts';
import { PRIVILEGE } from './contract.ts';
import type { ObjectType } from './privilege-row.ts';
import type { UserRegistry } from './user-registry.ts';

const PRIVILEGE_NAMES = [
  'Read',
  'Write',
  'Execute',
  'Session',
  'Usage',
  'Create',
  'Drop',
  'Alter',
  'Reference',
  'Trigger',
  'Insert',
  'Update',
  'Delete',
  'Grant',
  'Revoke',
];

/** Name of the lowest bit. */
export function privilegeName(bits: number): string {
  return PRIVILEGE_NAMES[31 - Math.clz32(bits & -bits)] ?? 'Any';
}

/**
 * The error for a user who lacks the lowest of `privileges`; it tells the triggers. A user who is not there any more
 * has error NO_SUCH_USER (45) instead.
 */
export function accessDenied(
  users: UserRegistry,
  userId: number,
  privileges: number,
  objectType: ObjectType,
  objectName: string,
): BoxError {
  const user = users.find(userId);
  if (user === undefined) return boxError('NO_SUCH_USER', userId);
  const privilege = privilegeName(privileges);
  for (const trigger of users.onAccessDenied) {
    try {
      trigger(privilege, objectType, objectName);
    } catch {
      // The caller gets the refusal, whatever became of the trigger.
    }
  }
  const fields = { object_type: objectType, object_name: objectName, access_type: privilege };
  const options = { type: 'AccessDeniedError', fields } as const;
  return boxErrorWith(options, 'ACCESS_DENIED', privilege, objectType, objectName, user.userName);
}

/** The error for a user who may not use the instance at all. */
export function usageDenied(users: UserRegistry, userId: number): BoxError {
  return accessDenied(users, userId, PRIVILEGE.usage, 'universe', '');
}
