/** Whether a transaction that is about to be written waits in the queue. Asking changes nothing. */
import { boxError, type ErrorName } from '../../base/index.ts';
import type { EntryQueue } from './entry-queue.ts';
import type { Admission } from './messages.ts';
import { INITIAL_TERM, NOBODY, type QueueOwnership } from './ownership.ts';

const FREE: Admission = { kind: 'free' };
const HELD: Admission = { kind: 'held' };

/** Of any origin, as far as its place in the queue goes. `isClosing`: the queue is being rolled back or handed over. */
export function admit(
  ownership: QueueOwnership,
  queue: EntryQueue,
  transaction: Readonly<{ originId: number; isSync: boolean; isClosing: boolean }>,
): Admission {
  const { originId, isSync, isClosing } = transaction;
  const { ownerId } = ownership;
  if (!isSync && queue.isEmpty) return FREE;
  // Rollbacks go newest first, so nothing may come to stand behind what is being rolled back.
  if (isClosing) return refused('SYNC_ROLLBACK');
  if (ownerId === originId || (ownership.isImplicit && queue.isEmpty)) return HELD;
  if (!queue.isEmpty) return refused('UNCOMMITTED_FOREIGN_SYNC_TXNS', ownerId);
  return ownerId === NOBODY ? refused('SYNC_QUEUE_UNCLAIMED') : refused('SYNC_QUEUE_FOREIGN', ownerId);
}

/**
 * What the term of a replicated transaction's origin says; null if it is the current one. `waitsSync`: the row has the
 * flag of that name, which asynchronous transactions behind a synchronous one have too.
 */
export function admitTerm(ownership: QueueOwnership, originId: number, waitsSync: boolean): Admission | null {
  if (ownership.term === INITIAL_TERM || ownership.termOf(originId) === ownership.term) return null;
  // The current owner's PROMOTE has decided about all that an older owner held.
  if (waitsSync) return { kind: 'nop' };
  if (ownership.ownerId === NOBODY) return null;
  return refused('SPLIT_BRAIN', 'got an async transaction from an old term');
}

export function refused(name: ErrorName, ...args: readonly (string | number)[]): Admission {
  return { kind: 'refused', error: boxError(name, ...args) };
}
