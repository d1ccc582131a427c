import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RaftId } from '../types.ts';
import { changeMembership, checkMembership, isJoint, leavesJoint, membersOf } from './change.ts';
import {
  EMPTY_MEMBERSHIP,
  type MemberChange,
  type MembershipChange,
  type MembershipState,
  type Transition,
} from './types.ts';

const CONTEXT = new Uint8Array(0);
const KINDS: Readonly<Record<string, MemberChange['kind']>> = { '+': 'add-voter', '~': 'add-learner', '-': 'remove' };

/** `auto +4 ~3 -2` */
function parse(text: string): MembershipChange {
  const [transition, ...words] = text.split(' ');
  const changes = words.map((word) => ({ kind: KINDS[word[0]!]!, id: Number(word.slice(1)) as RaftId }));
  return { transition: transition as Transition, changes, context: CONTEXT };
}

function describeState({ voters, learners, outgoing, nextLearners, leavesByItself }: MembershipState): string {
  return `${voters.join(' ')}|${outgoing.join(' ')}|${learners.join(' ')}|${nextLearners.join(' ')}${leavesByItself ? '!' : ''}`;
}

/** From an empty configuration with voter 1; what each change leads to. */
function play(...texts: readonly string[]): readonly string[] {
  let membership: MembershipState = { ...EMPTY_MEMBERSHIP, voters: [1 as RaftId] };
  return texts.map((text) => {
    const outcome = changeMembership(membership, parse(text));
    if (outcome.kind === 'refused') return outcome.reason;
    membership = outcome.membership;
    return describeState(membership);
  });
}

describe('changes at once', () => {
  test('add, demote, promote, remove', () => {
    expect(play('auto +3', 'auto +2', 'auto ~2', 'auto +2', 'auto ~4', 'auto -4', 'auto -3', 'auto -9')).toEqual([
      '1 3|||',
      '1 2 3|||',
      '1 3||2|',
      '1 2 3|||',
      '1 2 3||4|',
      '1 2 3|||',
      '1 2|||',
      '1 2|||',
    ]);
  });

  test('leave a voter', () => {
    expect(play('auto -1', 'auto ~1', 'auto ~2', 'auto -1')).toEqual([
      'no voter would be left',
      'no voter would be left',
      '1||2|',
      'no voter would be left',
    ]);
  });
});

describe('joint configurations', () => {
  test('of several changes leave by themselves, if nothing else is said', () => {
    expect(play('auto +2 +3', 'auto')).toEqual(['1 2 3|1||!', '1 2 3|||']);
    expect(play('implicit +2', 'auto')).toEqual(['1 2|1||!', '1 2|||']);
    expect(play('explicit +2', 'auto')).toEqual(['1 2|1||', '1 2|||']);
    expect(play('explicit +2 +3')).toEqual(['1 2 3|1||']);
  });

  test('have to be left first', () => {
    expect(play('explicit', 'auto +2', 'auto +2 +3', 'explicit +2', 'implicit', 'auto', 'auto')).toEqual([
      '1|1||',
      'the configuration is joint and has to be left first',
      'the configuration is joint already',
      'the configuration is joint already',
      'the configuration is joint already',
      '1|||',
      'the configuration is not joint',
    ]);
  });

  test('an outgoing voter becomes a learner when it is left', () => {
    expect(play('explicit +2 ~1', 'auto')).toEqual(['2|1||1', '2||1|']);
    expect(play('explicit +2 ~1 +1', 'auto')).toEqual(['1 2|1||', '1 2|||']);
    expect(play('explicit +2 ~1 -1', 'auto')).toEqual(['2|1||', '2|||']);
    expect(play('explicit +2 ~3 ~2 +3', 'auto')).toEqual(['1 3|1|2|', '1 3||2|']);
  });

  test('leave a voter', () => {
    expect(play('explicit -1', 'explicit ~1 ~2')).toEqual(['no voter would be left', 'no voter would be left']);
    const outcome = changeMembership(EMPTY_MEMBERSHIP, parse('explicit +1'));
    expect(outcome).toEqual({ kind: 'refused', reason: 'a configuration without voters cannot become joint' });
    const first = changeMembership(EMPTY_MEMBERSHIP, parse('auto +1'));
    expect(first.kind).toBe('changed');
  });
});

test('leaving is an empty change, and none of another transition', () => {
  expect(['auto', 'auto +1', 'explicit', 'implicit'].map((text) => leavesJoint(parse(text)))).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test('everybody that a configuration names', () => {
  const numbers = (...ids: readonly number[]): readonly RaftId[] => ids as readonly RaftId[];
  const membership = {
    voters: numbers(7, 3),
    learners: numbers(10),
    outgoing: numbers(3, 2),
    nextLearners: numbers(2),
    leavesByItself: true,
  };
  expect(membersOf(membership)).toEqual([2, 3, 7, 10]);
  expect(isJoint(membership)).toBe(true);
  expect(isJoint(EMPTY_MEMBERSHIP)).toBe(false);
});

describe('configurations from elsewhere', () => {
  const one = [1 as RaftId];
  const two = [2 as RaftId];
  test.each([
    { membership: { voters: one, learners: one }, reason: 'member 1 is voter and learner' },
    { membership: { voters: one, outgoing: two, learners: two }, reason: 'member 2 is voter and learner' },
    { membership: { voters: one, outgoing: one, nextLearners: two }, reason: 'member 2 is to be a learner and is no' },
    { membership: { voters: one, nextLearners: one }, reason: 'member 1 is to be a learner and is no' },
    { membership: { voters: one, leavesByItself: true }, reason: 'that is not joint cannot be left' },
  ])('$reason', ({ membership, reason }) => {
    expect(() => checkMembership({ ...EMPTY_MEMBERSHIP, ...membership })).toThrow(reason);
  });

  test('good ones', () => {
    checkMembership(EMPTY_MEMBERSHIP);
    checkMembership({ ...EMPTY_MEMBERSHIP, voters: one, outgoing: two, nextLearners: two, leavesByItself: true });
  });
});

/** Independent of the order of sets: where each member stands. */
test('any changes keep the invariants, and a refused one keeps everything', () => {
  const change = fc.record({
    transition: fc.constantFrom<Transition>('auto', 'implicit', 'explicit'),
    changes: fc.array(
      fc.record({
        kind: fc.constantFrom<MemberChange['kind']>('add-voter', 'add-learner', 'remove'),
        id: fc.integer({ min: 1, max: 6 }).map((id) => id as RaftId),
      }),
      { maxLength: 4 },
    ),
    context: fc.constant(CONTEXT),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      let membership: MembershipState = { ...EMPTY_MEMBERSHIP, voters: [1 as RaftId] };
      for (const each of changes) {
        const outcome = changeMembership(membership, each);
        if (outcome.kind === 'refused') continue;
        const { voters, learners, outgoing, nextLearners } = outcome.membership;
        checkMembership(outcome.membership);
        if (voters.length === 0) return false;
        // Whoever voted before votes until the joint configuration is left.
        if (outgoing.length > 0 && outgoing.join() !== membership.voters.join()) return false;
        for (const { kind, id } of each.changes.slice(-1)) {
          const isVoter = voters.includes(id);
          const isLearner = learners.includes(id) || nextLearners.includes(id);
          if (isVoter !== (kind === 'add-voter') || isLearner !== (kind === 'add-learner')) return false;
        }
        membership = outcome.membership;
      }
      return true;
    }),
  );
});
