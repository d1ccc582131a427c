/**
 * Executes decoded data requests: from the positions that the decoder found to statements, and from their results to
 * tuples in a buffer. The iproto door and transactions over several requests use the same path.
 */
import { type ByteWriter } from '../../base/index.ts';
import { BODY_KEY, REQUEST_TYPE, type RequestDecoder } from '../../codec/iproto/index.ts';
import { type Address, type Arena, NO_ADDRESS, tuplePosition, tupleSize, tupleSlab } from '../arena/index.ts';
import type { IndexCursor } from '../indexes/index.ts';
import type { LargeSelection, SelectionBound } from './large-selection.ts';
import type { Session } from './session.ts';
import type { Statements } from './statements.ts';

const SELECT_KEYS = [BODY_KEY.spaceId, BODY_KEY.limit, BODY_KEY.key];
const PUT_KEYS = [BODY_KEY.spaceId, BODY_KEY.tuple];
const UPDATE_KEYS = [BODY_KEY.spaceId, BODY_KEY.key, BODY_KEY.tuple];
const DELETE_KEYS = [BODY_KEY.spaceId, BODY_KEY.key];
const UPSERT_KEYS = [BODY_KEY.spaceId, BODY_KEY.tuple, BODY_KEY.operations];

/** The keys that a data request of this type must have, or null for another kind of request. */
export function mandatoryKeys(type: number): readonly number[] | null {
  switch (type) {
    case REQUEST_TYPE.select:
      return SELECT_KEYS;
    case REQUEST_TYPE.insert:
    case REQUEST_TYPE.replace:
      return PUT_KEYS;
    case REQUEST_TYPE.update:
      return UPDATE_KEYS;
    case REQUEST_TYPE.delete:
      return DELETE_KEYS;
    case REQUEST_TYPE.upsert:
      return UPSERT_KEYS;
    default:
      return null;
  }
}

/** Result of `executeSelect` for a selection beyond its bound; what has been written counts for nothing. */
export const TOO_LARGE = -1;

/**
 * Appends the tuples that the SELECT in the decoder gives; returns how many, or TOO_LARGE if that would be more than the
 * bound allows. Throws BoxError.
 */
export function executeSelect(
  statements: Statements,
  session: Session,
  request: RequestDecoder,
  output: ByteWriter,
  bound: SelectionBound,
): number {
  if (request.offset > bound.tuples) return TOO_LARGE;
  const cursor = statements.select(
    session,
    request.spaceId,
    request.indexId,
    request.iterator,
    request.offset,
    request.bytes,
    request.keyPosition,
  );
  const { arena } = statements.selected;
  const { limit } = request;
  const countMax = Math.min(limit, bound.tuples);
  const positionMax = output.position + bound.bytes;
  const { addresses } = TUPLES_AHEAD;
  let count = 0;
  while (count < countMax && output.position <= positionMax) {
    const ahead = nextTuples(cursor, arena, Math.min(countMax - count, addresses.length));
    for (let at = 0; at < ahead; at++) {
      const tuple = addresses[at]!;
      const position = tuplePosition(tuple);
      output.writeBytes(tupleSlab(arena, tuple), position, position + tupleSize(arena, tuple));
    }
    count += ahead;
    if (ahead < addresses.length && count < countMax) return count;
  }
  return count === limit || cursor.next() === NO_ADDRESS ? count : TOO_LARGE;
}

/**
 * Room for the tuples of a range that are touched together before they are copied: the waits for memory overlap then
 * (see engine/indexes/tree/lookahead.ts). Used within one call only.
 */
const TUPLES_AHEAD = { addresses: new Uint32Array(16), sum: 0 };
const CACHE_LINE_BYTES = 64;

/** Takes up to `count` tuples from the cursor; returns how many there were. */
function nextTuples(cursor: IndexCursor, arena: Arena, count: number): number {
  const { addresses } = TUPLES_AHEAD;
  let taken = 0;
  while (taken < count) {
    const tuple = cursor.next();
    if (tuple === NO_ADDRESS) break;
    addresses[taken++] = tuple;
  }
  if (taken > 1) {
    let sum = 0;
    for (let at = 0; at < taken; at++) {
      const tuple = addresses[at]!;
      const bytes = tupleSlab(arena, tuple);
      const position = tuplePosition(tuple);
      const end = position + tupleSize(arena, tuple) - 1;
      sum += bytes[end]! + (bytes[position + CACHE_LINE_BYTES] ?? 0);
    }
    TUPLES_AHEAD.sum = sum;
  }
  return taken;
}

/**
 * The selection of the SELECT in the decoder as of now, to be gathered in slices and closed; null where that is not
 * possible.
 */
export function openLargeSelection(
  statements: Statements,
  session: Session,
  request: RequestDecoder,
  nowMs: number,
): LargeSelection | null {
  const { spaceId, indexId, iterator, offset, limit, bytes, keyPosition } = request;
  return statements.selectLarge(session, spaceId, indexId, iterator, offset, limit, bytes, keyPosition, nowMs);
}

/**
 * Executes the change in the decoder; returns the tuple of its reply, or NO_ADDRESS. `statements.waitingFor` says what
 * the reply has to wait for. Throws BoxError.
 */
export function executeChange(
  statements: Statements,
  session: Session,
  request: RequestDecoder,
  type: number,
): Address {
  const { bytes, spaceId, tuplePosition: start, tupleEnd: end } = request;
  switch (type) {
    case REQUEST_TYPE.insert:
      return statements.insert(session, spaceId, bytes, start, end);
    case REQUEST_TYPE.replace:
      return statements.replace(session, spaceId, bytes, start, end);
    case REQUEST_TYPE.delete:
      return statements.delete(session, spaceId, request.indexId, bytes, request.keyPosition);
    case REQUEST_TYPE.update:
      return statements.update(
        session,
        spaceId,
        request.indexId,
        bytes,
        request.keyPosition,
        start,
        end,
        request.indexBase,
      );
    default:
      statements.upsert(
        session,
        spaceId,
        bytes,
        start,
        end,
        request.operationsPosition,
        request.operationsEnd,
        request.indexBase,
      );
      return NO_ADDRESS;
  }
}

/** Appends the result of a change; returns how many tuples that is. */
export function writeChangeResult(statements: Statements, tuple: Address, output: ByteWriter): number {
  if (tuple === NO_ADDRESS) return 0;
  const { arena } = statements.selected;
  const position = tuplePosition(tuple);
  output.writeBytes(tupleSlab(arena, tuple), position, position + tupleSize(arena, tuple));
  return 1;
}
