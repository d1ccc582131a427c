import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RaftId } from '../types.ts';
import { jointReached, jointVote, majorityReached, majorityVote, UNBOUNDED } from './quorum.ts';

type Votes = ReadonlyMap<RaftId, boolean>;

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 7 }).map((each) => each as RaftId[]);
const numbers = fc.array(fc.nat(6), { minLength: 10, maxLength: 10 });
const ballots = fc.array(fc.constantFrom(true, false, undefined), { minLength: 10, maxLength: 10 });

/** More than half of them have at least this much. */
function isReached(voters: readonly RaftId[], index: number, reached: readonly number[]): boolean {
  return 2 * voters.filter((id) => reached[id]! >= index).length > voters.length;
}

/** How it may still end, whatever the others say. */
function outcomes(voters: readonly RaftId[], votes: readonly (boolean | undefined)[]): readonly boolean[] {
  const open = voters.filter((id) => votes[id] === undefined).length;
  const granted = voters.filter((id) => votes[id]).length;
  const isWon = (count: number): boolean => voters.length === 0 || 2 * count > voters.length;
  return [...new Set([isWon(granted), isWon(granted + open)])];
}

describe('what is reached', () => {
  test('is the greatest number that more than half have', () => {
    fc.assert(
      fc.property(ids, numbers, (voters, reached) => {
        const index = majorityReached(voters, (id) => reached[id]!);
        if (voters.length === 0) return index === UNBOUNDED;
        return isReached(voters, index, reached) && !isReached(voters, index + 1, reached);
      }),
    );
  });

  test('by both majorities of a joint configuration is the smaller one', () => {
    fc.assert(
      fc.property(ids, ids, numbers, (voters, outgoing, reached) => {
        const of = (each: readonly RaftId[]): number => majorityReached(each, (id) => reached[id]!);
        return jointReached({ voters, outgoing }, (id) => reached[id]!) === Math.min(of(voters), of(outgoing));
      }),
    );
  });

  test('by nobody is everything', () => {
    expect(UNBOUNDED).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('votes', () => {
  test('are decided when the open ones cannot change the result', () => {
    fc.assert(
      fc.property(ids, ballots, (voters, votes) => {
        const result = majorityVote(voters, (id) => votes[id]);
        const possible = outcomes(voters, votes);
        if (possible.length > 1) return result === 'pending';
        return result === (possible[0] === true ? 'won' : 'lost');
      }),
    );
  });

  test('of a joint configuration have to be won twice, and are lost once', () => {
    fc.assert(
      fc.property(ids, ids, ballots, (voters, outgoing, votes) => {
        const results = [voters, outgoing].map((each) => majorityVote(each, (id) => votes[id]));
        const isLost = results.includes('lost');
        const expected = isLost ? 'lost' : results.includes('pending') ? 'pending' : 'won';
        return jointVote({ voters, outgoing }, (id) => votes[id]) === expected;
      }),
    );
  });

  test.each([
    { voters: [], yes: [], no: [], result: 'won' },
    { voters: [1], yes: [], no: [], result: 'pending' },
    { voters: [1, 2], yes: [1], no: [], result: 'pending' },
    { voters: [1, 2], yes: [1], no: [2], result: 'lost' },
    { voters: [1, 2, 3], yes: [1, 2], no: [], result: 'won' },
    { voters: [1, 2, 3, 4], yes: [1, 2], no: [], result: 'pending' },
  ])('of $voters, $yes say yes and $no no', ({ voters, yes, no, result }) => {
    const votes: Votes = new Map([
      ...yes.map((id) => [id as RaftId, true] as const),
      ...no.map((id) => [id as RaftId, false] as const),
    ]);
    expect(majorityVote(voters as RaftId[], (id) => votes.get(id))).toBe(result);
  });
});
