import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ballot } from '../../codec/iproto/index.ts';
import { type Candidate, chooseLeader } from './leader.ts';

const NEW: Ballot = {
  isReadOnlyConfigured: false,
  isReadOnly: false,
  vclock: [],
  gcVclock: [],
  isAnonymous: false,
  isBooted: true,
  canLead: true,
};
const OLD: Ballot = { ...NEW, isAnonymous: null, isBooted: null, canLead: null };

const server = (uuid: string, base: Ballot, changes: Partial<Ballot> = {}): Candidate => {
  return { uuid, ballot: { ...base, ...changes } };
};

/** The better one has the greater uuid, so that nothing but the rule can decide for it. */
function expectBetter(better: Candidate, worse: Candidate): void {
  expect(better.uuid > worse.uuid).toBe(true);
  expect(chooseLeader([better, worse])).toBe(better);
  expect(chooseLeader([worse, better])).toBe(better);
}

describe('of servers that say whether they have data', () => {
  it.each<[string, Partial<Ballot>, Partial<Ballot>]>([
    ['has data', {}, { isBooted: false }],
    ['has data, although it takes no writes', { isReadOnlyConfigured: true, isReadOnly: true }, { isBooted: false }],
    ['is configured to take writes', {}, { isReadOnlyConfigured: true }],
    ['is configured to take writes, not now', { isReadOnly: true, canLead: false }, { isReadOnlyConfigured: true }],
    ['takes writes now', {}, { isReadOnly: true }],
    ['takes writes now, but may not lead', { canLead: false }, { isReadOnly: true }],
    ['may lead', {}, { canLead: false }],
    ['may lead, with less data', { vclock: [0, 1] }, { canLead: false, vclock: [0, 9] }],
    ['has more data', { vclock: [0, 5, 2] }, { vclock: [0, 5, 1] }],
  ])('the one leads that %s', (_, better, worse) => {
    expectBetter(server('b', NEW, better), server('a', NEW, worse));
  });
});

describe('as soon as one of them is older', () => {
  it.each<[string, Candidate, Candidate]>([
    [
      'is configured to take writes',
      server('b', OLD, { isReadOnly: true }),
      server('a', OLD, { isReadOnlyConfigured: true }),
    ],
    ['is not loading', server('b', OLD), server('a', OLD, { isReadOnly: true })],
    ['has more data', server('b', OLD, { vclock: [0, 9] }), server('a', NEW, { vclock: [0, 8] })],
    [
      'takes writes, whatever newer ones say else',
      server('b', NEW, { isBooted: false, canLead: false }),
      server('a', OLD, { isReadOnly: true }),
    ],
  ])('the one leads that %s', (_, better, worse) => {
    expectBetter(better, worse);
  });
});

describe('the leader', () => {
  it('has the smallest uuid among equals, and among those whose data differ both ways', () => {
    expect(chooseLeader([server('c', NEW), server('a', NEW), server('b', NEW)])?.uuid).toBe('a');
    const apart = [server('b', NEW, { vclock: [0, 9, 1] }), server('a', NEW, { vclock: [0, 1, 9] })];
    expect(chooseLeader(apart)?.uuid).toBe('a');
  });

  it('is no anonymous replica, and nobody without servers', () => {
    expect(chooseLeader([server('a', NEW, { isAnonymous: true }), server('b', NEW, { isBooted: false })])?.uuid).toBe(
      'b',
    );
    expect(chooseLeader([server('a', NEW, { isAnonymous: true })])).toBeNull();
    expect(chooseLeader([])).toBeNull();
  });

  it('is the same for everybody, in whatever order they hear of the servers', () => {
    const flags = fc.record({
      isReadOnlyConfigured: fc.boolean(),
      isReadOnly: fc.boolean(),
      isBooted: fc.boolean(),
      canLead: fc.boolean(),
      // Of one history, as servers of one replica set have it: of any two, one has what the other has.
      vclock: fc.nat(3).map((lsn) => [0, lsn]),
    });
    fc.assert(
      fc.property(
        fc.array(flags, { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        fc.infiniteStream(fc.nat()),
        (ballots, isOld, numbers) => {
          const servers = ballots.map((ballot, at) =>
            server(String(at), isOld && at === 0 ? OLD : NEW, isOld && at === 0 ? {} : ballot),
          );
          const shuffled = [...servers]
            .map((each) => [numbers.next().value as number, each] as const)
            .sort((a, b) => a[0] - b[0])
            .map(([, each]) => each);
          expect(chooseLeader(shuffled)).toBe(chooseLeader(servers));
        },
      ),
    );
  });
});
