import { expect, test } from 'vitest';
import { EMPTY_MEMBERSHIP, type Message, NO_ONE, raftId, type RaftStatus } from '../../raft/index.ts';
import { ForgottenVotes } from './forgotten-votes.ts';

const [self, other] = [raftId(3), raftId(2)];

function status(term: number, isMember: boolean): RaftStatus {
  const membership = { ...EMPTY_MEMBERSHIP, voters: isMember ? [self, other] : [] };
  const progress = { committed: 0, applied: 0, firstIndex: 1, lastIndex: 0 };
  return {
    id: self,
    term,
    vote: NO_ONE,
    role: 'follower',
    leader: NO_ONE,
    transferee: NO_ONE,
    ...progress,
    membership,
  };
}

function request(kind: 'vote-request' | 'pre-vote-request', term: number): Message {
  return { kind, from: other, to: self, term, last: { term: 1, index: 1 }, isTransfer: false };
}

test('a member that knows of no members does not vote, nor in the term in which it learns of them', () => {
  const votes = new ForgottenVotes(status(0, false));
  const heartbeat: Message = { kind: 'heartbeat-request', from: other, to: self, term: 4, commit: 0, readPosition: 0 };
  expect(votes.forbids(request('vote-request', 4), () => status(0, false))).toBe(true);
  expect(votes.forbids(request('pre-vote-request', 5), () => status(0, false))).toBe(true);
  expect(votes.forbids(heartbeat, () => status(4, false))).toBe(false);
  // A snapshot has come.
  expect(votes.forbids(request('vote-request', 4), () => status(4, true))).toBe(true);
  expect(votes.forbids(request('vote-request', 5), () => status(4, true))).toBe(false);
  expect(votes.forbids(request('pre-vote-request', 5), () => status(5, true))).toBe(false);
});

test('one that knows of members votes', () => {
  const votes = new ForgottenVotes(status(4, true));
  expect(votes.forbids(request('vote-request', 4), () => status(4, true))).toBe(false);
});
