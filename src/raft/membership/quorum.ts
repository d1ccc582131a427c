/**
 * What a majority has said, of one set of voters or of both sets of a joint configuration.
 *
 * An empty set decides everything, so that a configuration that is not joint is one whose outgoing set has no say.
 */
import type { RaftId } from '../raft-id.ts';
import type { MembershipState } from './types.ts';

export type VoteResult = 'won' | 'lost' | 'pending';
type Voters = Pick<MembershipState, 'voters' | 'outgoing'>;

/** Greater than every index: what an empty set of voters has agreed on. */
export const UNBOUNDED = Number.MAX_SAFE_INTEGER;

/** The greatest number that most of `voters` have reached; `reached` gives 0 for one that was not heard of. */
export function majorityReached(voters: readonly RaftId[], reached: (id: RaftId) => number): number {
  const size = voters.length;
  if (size === 0) return UNBOUNDED;
  if (size === 1) return reached(voters[0]!);
  const sorted = voters.map(reached).sort((left, right) => left - right);
  return sorted[size - (Math.floor(size / 2) + 1)]!;
}

/** Of a joint configuration: what both majorities have reached. */
export function jointReached({ voters, outgoing }: Voters, reached: (id: RaftId) => number): number {
  return Math.min(majorityReached(voters, reached), majorityReached(outgoing, reached));
}

/** `vote` gives undefined for one that has not voted yet. */
export function majorityVote(voters: readonly RaftId[], vote: (id: RaftId) => boolean | undefined): VoteResult {
  if (voters.length === 0) return 'won';
  const needed = Math.floor(voters.length / 2) + 1;
  let granted = 0;
  let open = 0;
  for (const id of voters) {
    const answer = vote(id);
    if (answer === undefined) open++;
    else if (answer) granted++;
  }
  if (granted >= needed) return 'won';
  return granted + open >= needed ? 'pending' : 'lost';
}

/** Of a joint configuration: both have to be won, and one that is lost decides. */
export function jointVote({ voters, outgoing }: Voters, vote: (id: RaftId) => boolean | undefined): VoteResult {
  const incomingResult = majorityVote(voters, vote);
  const outgoingResult = majorityVote(outgoing, vote);
  if (incomingResult === outgoingResult) return incomingResult;
  return incomingResult === 'lost' || outgoingResult === 'lost' ? 'lost' : 'pending';
}
