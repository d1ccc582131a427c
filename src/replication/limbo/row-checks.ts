/**
 * Whether a row of another instance fits what is known here. Rules and texts are Tarantool 2.10's, for CONFIRM and
 * ROLLBACK of a queue without terms those of 2.6.0.
 */
import { type BoxError, boxError, REPLICA_ID_MAX, unreachable } from '../../base/index.ts';
import type { SynchroRow } from '../../codec/iproto/index.ts';
import { INITIAL_TERM, NOBODY, type QueueOwnership, type TransferRow } from './ownership.ts';
import type { QueueState } from './queue-state.ts';

type RangeRow = Exclude<SynchroRow, TransferRow>;

/** The error that stops replication from the sender; null if the row may be written. */
export function checkRow(state: QueueState, originId: number, row: SynchroRow): BoxError | null {
  const { ownership } = state;
  if (row.ownerId > REPLICA_ID_MAX) return boxError('INVALID_MSGPACK', 'request body');
  switch (row.kind) {
    case 'confirm':
      return checkRange(row) ?? checkConfirm(ownership, row);
    case 'rollback':
      return checkRange(row) ?? checkRollback(ownership, originId, row);
    case 'promote':
    case 'demote':
      return checkTransfer(state, row);
    default:
      return unreachable(row);
  }
}

function checkRange(row: RangeRow): BoxError | null {
  if (row.ownerId === NOBODY) return unsupported('synchronous requests with zero replica_id');
  return row.lsn === 0 ? unsupported('zero LSN for CONFIRM/ROLLBACK') : null;
}

/** A CONFIRM of what is confirmed already, maybe by a newer owner's PROMOTE, contradicts nothing. */
function checkConfirm(ownership: QueueOwnership, row: RangeRow): BoxError | null {
  if (!ownership.isImplicit && row.lsn <= ownership.confirmedLsnOf(row.ownerId)) return null;
  return checkOwner(ownership, row);
}

/** A ROLLBACK by an owner of an older term is late: the newer owner has rolled back the same. */
function checkRollback(ownership: QueueOwnership, originId: number, row: RangeRow): BoxError | null {
  const isLate =
    !ownership.isImplicit &&
    row.lsn > ownership.confirmedLsnOf(row.ownerId) &&
    ownership.termOf(originId) < ownership.term;
  return isLate ? null : checkOwner(ownership, row);
}

function checkOwner(ownership: QueueOwnership, row: SynchroRow): BoxError | null {
  if (row.ownerId === ownership.ownerId) return null;
  if (ownership.isImplicit) return boxError('SYNC_MASTER_MISMATCH', row.ownerId, ownership.ownerId);
  return splitBrain('got a request from a foreign synchro queue owner');
}

function checkTransfer(state: QueueState, row: TransferRow): BoxError | null {
  const { ownership } = state;
  if (row.kind === 'demote' && row.ownerId === NOBODY) {
    return unsupported('synchronous requests with zero replica_id');
  }
  if (row.term === 0) return unsupported('PROMOTE/DEMOTE with a zero term');
  if (row.term <= ownership.term) return splitBrain('got a PROMOTE/DEMOTE with an obsolete term');
  const { first, last } = state.queue;
  if (first !== null && row.ownerId !== ownership.ownerId) {
    return splitBrain('got a request from a foreign synchro queue owner');
  }
  const confirmedLsn = ownership.confirmedLsnOf(row.ownerId);
  if (row.lsn < confirmedLsn) return splitBrain('got a request with lsn from an already processed range');
  if (row.lsn === confirmedLsn) return null;
  if (first === null || last === null) {
    // What was confirmed before the first term, under 2.6.0's rules, is not told to instances that join.
    if (ownership.term === INITIAL_TERM) return null;
    return splitBrain('got a request mentioning future lsn');
  }
  const isInside = row.lsn >= first.lsn && row.lsn <= last.lsn;
  return isInside ? null : splitBrain('got a request lsn out of queue range');
}

function splitBrain(reason: string): BoxError {
  return boxError('SPLIT_BRAIN', reason);
}

function unsupported(what: string): BoxError {
  return boxError('UNSUPPORTED', 'Replication', what);
}
