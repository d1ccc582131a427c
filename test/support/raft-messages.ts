/** Messages, entries and memberships of any kind, for tests by chance. */
import fc from 'fast-check';
import type { Entry, Message, MembershipChange, MembershipState, Payload, RaftId } from '../../src/raft/index.ts';

const number = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat());
export const anyId = fc.integer({ min: 1, max: 2 ** 40 }) as fc.Arbitrary<RaftId>;
const anyIds = fc.uniqueArray(anyId, { maxLength: 4 });
const anyBytes = fc.uint8Array({ maxLength: 40 });
const entryId = fc.record({ term: number, index: fc.nat({ max: 2 ** 40 }) });

export const anyChange: fc.Arbitrary<MembershipChange> = fc.record({
  transition: fc.constantFrom('auto', 'implicit', 'explicit'),
  changes: fc.array(fc.record({ kind: fc.constantFrom('add-voter', 'add-learner', 'remove'), id: anyId }), {
    maxLength: 4,
  }),
  context: anyBytes,
});

export const anyPayload: fc.Arbitrary<Payload> = fc.oneof(
  fc.record({ kind: fc.constant('data' as const), data: anyBytes }),
  fc.record({ kind: fc.constant('membership' as const), change: anyChange }),
);

export const anyMembership: fc.Arbitrary<MembershipState> = fc.record({
  voters: anyIds,
  learners: anyIds,
  outgoing: anyIds,
  nextLearners: anyIds,
  leavesByItself: fc.boolean(),
});

/** Entries behind one another. */
function entriesBehind(previousIndex: number): fc.Arbitrary<readonly Entry[]> {
  return fc
    .array(fc.record({ term: number, payload: anyPayload }), { maxLength: 4 })
    .map((items) => items.map((item, place) => ({ ...item, index: previousIndex + 1 + place })));
}

/** By kind, from one member, so that none is forgotten. */
export function anyMessages(from: RaftId): Readonly<Record<Message['kind'], fc.Arbitrary<Message>>> {
  const between = { from: fc.constant(from), to: anyId };
  const inTerm = { ...between, term: number };
  const kind = <Kind extends Message['kind']>(name: Kind): fc.Arbitrary<Kind> => fc.constant(name);
  const vote = { ...inTerm, last: entryId, isTransfer: fc.boolean() };
  const answer = { ...inTerm, isGranted: fc.boolean() };
  return {
    'vote-request': fc.record({ kind: kind('vote-request'), ...vote }),
    'pre-vote-request': fc.record({ kind: kind('pre-vote-request'), ...vote }),
    'vote-response': fc.record({ kind: kind('vote-response'), ...answer }),
    'pre-vote-response': fc.record({ kind: kind('pre-vote-response'), ...answer }),
    'append-request': entryId.chain((previous) =>
      fc.record({
        kind: kind('append-request'),
        ...inTerm,
        previous: fc.constant(previous),
        entries: entriesBehind(previous.index),
        commit: number,
      }),
    ),
    'append-response': fc.record({
      kind: kind('append-response'),
      ...inTerm,
      index: number,
      rejection: fc.option(entryId, { nil: null }),
    }),
    'heartbeat-request': fc.record({
      kind: kind('heartbeat-request'),
      ...inTerm,
      commit: number,
      readPosition: number,
    }),
    'heartbeat-response': fc.record({ kind: kind('heartbeat-response'), ...inTerm, readPosition: number }),
    'snapshot-request': fc.record({
      kind: kind('snapshot-request'),
      ...inTerm,
      snapshot: fc.record({ id: entryId, membership: anyMembership, data: anyBytes }),
    }),
    'timeout-now': fc.record({ kind: kind('timeout-now'), ...inTerm }),
    'proposal-request': fc.record({
      kind: kind('proposal-request'),
      ...between,
      payloads: fc.array(anyPayload, { maxLength: 4 }),
    }),
    'read-index-request': fc.record({ kind: kind('read-index-request'), ...between, requestId: number }),
    'read-index-response': fc.record({
      kind: kind('read-index-response'),
      ...inTerm,
      index: number,
      requestId: number,
    }),
    'transfer-request': fc.record({ kind: kind('transfer-request'), ...between, transferee: anyId }),
  };
}
