/** What rarely happens: each of these would be a hole if it went the other way. */
import { describe, expect, test } from 'vitest';
import { bytesOfByteText } from '../base/index.ts';
import { membershipOf, TestGroup } from './group-fixture.ts';
import { EMPTY_MEMBERSHIP, type MembershipChange, raftId } from './index.ts';
import { answers, append, between, change, entry, led, THREE, voteRequest } from './paper-fixture.ts';

describe('votes', () => {
  test('a candidate does not count pre-votes, nor a pre-candidate votes', () => {
    const group = TestGroup.create(THREE);
    group.node(1).campaign();
    group.work(1);
    group.node(1).step({ kind: 'pre-vote-response', ...between, term: 2, isGranted: true });
    expect(group.node(1).status().role).toBe('candidate');
    const asking = TestGroup.create(THREE, { hasPreVote: true });
    asking.node(1).campaign();
    asking.work(1);
    asking.node(1).step({ kind: 'vote-response', ...between, term: 1, isGranted: true });
    expect(asking.node(1).status()).toMatchObject({ role: 'pre-candidate', term: 1 });
  });

  test('pre-votes of an earlier round do not count', () => {
    const group = TestGroup.create([1, 2, 3, 4, 5], { hasPreVote: true });
    for (const from of [2, 3]) {
      group.node(1).campaign();
      group.work(1);
      const message = {
        kind: 'pre-vote-response',
        from: raftId(from),
        to: raftId(1),
        term: 2,
        isGranted: true,
      } as const;
      group.node(1).step(message);
    }
    expect(group.node(1).status()).toMatchObject({ role: 'pre-candidate', term: 1 });
  });

  test('who is led in a term votes for nobody else in it', () => {
    const group = TestGroup.create(THREE);
    group.node(1).step(append(2, { term: 1, index: 1 }, []));
    group.work(1);
    group.node(1).step(voteRequest(2, { term: 9, index: 9 }, 3));
    expect(answers(group, 1)).toMatchObject([{ kind: 'vote-response', to: 3, isGranted: false }]);
  });
});

test('heartbeats go out at each interval, also later', () => {
  const group = led(THREE, { heartbeatTicks: 3 });
  const counts = Array.from({ length: 9 }, () => {
    group.tick(1);
    return answers(group, 1).length;
  });
  expect(counts).toEqual([0, 0, 2, 0, 0, 2, 0, 0, 2]);
});

test('who leads again begins its first heartbeat interval anew', () => {
  const group = led(THREE, { heartbeatTicks: 3 });
  group.tick(1, 2);
  group.node(1).step({ kind: 'heartbeat-request', ...between, term: 3, commit: 1, readPosition: 0 });
  group.node(1).campaign();
  group.settle();
  expect(group.node(1).status()).toMatchObject({ role: 'leader', term: 4 });
  group.tick(1);
  expect(answers(group, 1)).toEqual([]);
});

test('a membership in a snapshot that cannot be is a broken invariant', () => {
  const group = TestGroup.create(THREE);
  const membership = { ...EMPTY_MEMBERSHIP, voters: [raftId(1)], leavesByItself: true };
  const snapshot = { id: { term: 2, index: 9 }, membership, data: bytesOfByteText('0') };
  const step = (): unknown => group.node(1).step({ kind: 'snapshot-request', ...between, term: 2, snapshot });
  expect(step).toThrow('that is not joint cannot be left');
});

test('an append of before a compacted log is answered with what is committed', () => {
  const group = led();
  group.propose(1, 'x');
  group.settle();
  group.member(2).compact();
  group.node(2).step({ ...append(2, { term: 1, index: 1 }, [entry(2, 2)]), from: raftId(1), to: raftId(2) });
  expect(answers(group, 2)).toMatchObject([{ index: 3, rejection: null }]);
});

test('what waited in an earlier term is forgotten before it is applied', () => {
  const group = led(THREE, { uncommittedBytesMax: 4 });
  group.propose(1, 'abcd');
  group.work(1);
  group.inFlight = [];
  group.node(1).step({ kind: 'heartbeat-request', ...between, term: 3, commit: 1, readPosition: 0 });
  group.node(1).campaign();
  group.work(1);
  group.node(1).step({ kind: 'vote-response', ...between, term: 4, isGranted: true });
  expect(group.node(1).status()).toMatchObject({ role: 'leader', committed: 2 });
  expect(group.propose(1, 'wxyz')).toBe('done');
});

test('the place of a change is that in the log, also among other proposals', () => {
  const group = led();
  const adding = change({ kind: 'add-learner', id: raftId(4) });
  group.node(1).propose([
    { kind: 'data', data: bytesOfByteText('x') },
    { kind: 'membership', change: adding },
  ]);
  expect(group.node(1).changeRefusal(adding)).toBe('a change at index 4 may not be applied yet (applied: 2)');
});

test('a refused append leads back to where the logs may match by their terms', () => {
  const group = TestGroup.create(THREE);
  group.member(1).storage.append([entry(2, 2), entry(5, 3), entry(5, 4), entry(5, 5)]);
  group.member(1).storage.hardState = { term: 5, vote: raftId(0), commit: 1 };
  group.member(1).restart();
  group.node(1).campaign();
  group.work(1);
  group.node(1).step({ kind: 'vote-response', ...between, term: 6, isGranted: true });
  group.node(1).step({ kind: 'append-response', ...between, term: 6, index: 5, rejection: { term: 3, index: 4 } });
  expect(group.node(1).progress()[1]).toMatchObject({ match: 0, next: 3 });
});

test('a member is filled until the log reaches it without a gap', () => {
  const group = led();
  group.isolated.add(raftId(2));
  for (const text of ['a', 'b', 'c', 'd']) group.propose(1, text);
  group.settle();
  group.member(1).compact();
  group.node(1).step({ kind: 'append-response', ...between, term: 2, index: 6, rejection: { term: 2, index: 2 } });
  group.node(1).step({ kind: 'append-response', ...between, term: 2, index: 5, rejection: null });
  expect(group.node(1).progress()[1]).toMatchObject({ state: 'snapshot', match: 5 });
});

test('asking again for the same transfer does not prolong it', () => {
  const group = led();
  group.isolated.add(raftId(2));
  group.node(1).transferLeadership(raftId(2));
  group.tick(1, 5);
  group.node(1).transferLeadership(raftId(2));
  group.tick(1, 5);
  expect(group.node(1).status().transferee).toBe(0);
});

describe('reads', () => {
  test('the only voter of a joint configuration has to ask the old ones', () => {
    const group = led();
    const context = bytesOfByteText('');
    const changes = [2, 3].map((id) => ({ kind: 'remove', id: raftId(id) }) as const);
    const leaving: MembershipChange = { transition: 'explicit', changes, context };
    group.node(1).propose([{ kind: 'membership', change: leaving }]);
    group.settle();
    expect(group.node(1).status().membership).toMatchObject({ voters: [1], outgoing: [1, 2, 3] });
    group.node(1).readIndex(7);
    expect(group.node(1).ready().reads).toEqual([]);
  });

  test('a lease that a transfer has ended begins anew with the next leadership', () => {
    const group = led(THREE, { checksQuorum: true, readMode: 'lease' });
    group.node(1).transferLeadership(raftId(2));
    group.settle();
    group.node(2).transferLeadership(raftId(1));
    group.settle();
    expect(group.node(1).status()).toMatchObject({ role: 'leader', membership: membershipOf(THREE) });
    group.node(1).readIndex(7);
    expect(group.node(1).ready().reads).toMatchObject([{ requestId: 7 }]);
  });
});

test('a leader that steps down in a tick sends no heartbeats in it', () => {
  const group = led(THREE, { checksQuorum: true });
  group.isolated.add(raftId(2)).add(raftId(3));
  group.tick(1, 19);
  group.work(1);
  expect(group.node(1).status().role).toBe('leader');
  group.tick(1);
  expect(group.node(1).status().role).toBe('follower');
  expect(group.member(1).take().messages).toEqual([]);
});

test('no snapshot goes to who is silent', () => {
  const group = led(THREE, { checksQuorum: true });
  group.isolated.add(raftId(3));
  group.propose(1, 'x');
  group.settle();
  group.member(1).compact();
  for (let ticks = 0; ticks < 25; ticks++) {
    group.tick(1);
    group.settle();
  }
  group.node(1).step({ kind: 'append-response', from: raftId(2), to: raftId(1), term: 2, index: 3, rejection: null });
  group.node(1).reportUnreachable(raftId(3));
  group.propose(1, 'y');
  expect(group.node(1).progress()[2]).toMatchObject({ state: 'probe', isRecentlyActive: false });
  group.node(1).step({ kind: 'heartbeat-response', from: raftId(3), to: raftId(1), term: 2, readPosition: 0 });
  expect(group.node(1).progress()[2]).toMatchObject({ state: 'snapshot', isRecentlyActive: true });
});
