import { expect, test } from 'vitest';
import { VoteTally } from './vote-tally.ts';

function tally(...votes: readonly (readonly [from: number, candidateId: number])[]): VoteTally {
  const counted = new VoteTally();
  for (const [from, candidateId] of votes) counted.add(from, candidateId);
  return counted;
}

test('each votes once', () => {
  const votes = tally([1, 1], [2, 1]);
  expect(votes.add(2, 3)).toBe(false);
  expect([votes.countFor(1), votes.countFor(3)]).toEqual([2, 0]);
  votes.revoke(2);
  expect(votes.add(2, 3)).toBe(true);
  expect([votes.countFor(1), votes.countFor(3)]).toEqual([1, 1]);
  votes.clear();
  expect(votes.countFor(1)).toBe(0);
});

test.each([
  ['nobody has voted', tally(), 2, 3, false],
  ['three for three', tally([1, 1], [2, 2], [3, 3]), 2, 3, true],
  ['the third decides', tally([1, 1], [2, 2]), 2, 3, false],
  ['two for two', tally([1, 1], [2, 2]), 2, 2, true],
  ['two and two of five: the last decides', tally([1, 1], [2, 1], [3, 3], [4, 3]), 3, 5, false],
  ['two, one and one of five: the last is not enough', tally([1, 1], [2, 2], [3, 3], [4, 1]), 4, 5, true],
  ['fewer are registered than the quorum', tally([1, 1], [2, 2]), 3, 2, false],
  ['more have voted than are registered', tally([1, 1], [2, 2], [3, 3]), 2, 2, false],
])('split: %s', (_, votes, quorum, replicaCount, isSplit) => {
  expect(votes.isSplit(quorum, replicaCount)).toBe(isSplit);
});
