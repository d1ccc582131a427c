/** Ids of members. */
import { assert, type Brand } from '../base/index.ts';

/** A member of the group; unique for ever, given anew to an instance that lost its log. */
export type RaftId = Brand<number, 'RaftId'>;

/** No member: nobody leads, nobody was voted for. */
export const NO_ONE = 0 as RaftId;

/** 0 is nobody. */
export function raftId(value: number): RaftId {
  assert(Number.isSafeInteger(value) && value >= 0, `id of a member out of range: ${value}`);
  return value as RaftId;
}
