/** How a leader feeds a member, beyond what the paper says. */
import { describe, expect, test } from 'vitest';
import { bytesOfByteText } from '../base/index.ts';
import { membershipOf, TestGroup } from './group-fixture.ts';
import { raftId } from './index.ts';
import { answers, append, between, change, entry, led, THREE, voteRequest } from './paper-fixture.ts';

/** What member 2 says to the leader, member 1. */
function acknowledge(group: TestGroup, index: number): void {
  group.node(1).step({ kind: 'append-response', ...between, term: 2, index, rejection: null });
}

describe('feeding', () => {
  test('an answer makes room for as many appends as fit', () => {
    const group = led(THREE, { messageBytesMax: 0, inFlightCountMax: 2 });
    for (const text of ['a', 'b', 'c', 'd', 'e']) group.propose(1, text);
    answers(group, 1);
    acknowledge(group, 4);
    const sent = answers(group, 1).filter(({ to }) => to === 2);
    expect(sent).toMatchObject([{ entries: [{ index: 5 }] }, { entries: [{ index: 6 }] }]);
  });

  test('a snapshot also goes if the log is compacted while it is read', () => {
    const group = led();
    group.isolated.add(raftId(2));
    group.propose(1, 'x');
    group.settle();
    group.isolated.clear();
    group.node(1).reportUnreachable(raftId(2));
    group.member(1).storage.entries = () => null;
    group.node(1).step({ kind: 'heartbeat-response', ...between, term: 2, readPosition: 0 });
    expect(answers(group, 1)).toMatchObject([{ kind: 'snapshot-request', to: 2, snapshot: { id: { index: 3 } } }]);
  });

  test('a member that is being filled is fed again when the log reaches it, and not before', () => {
    const group = led();
    group.isolated.add(raftId(2));
    for (const text of ['a', 'b', 'c', 'd']) group.propose(1, text);
    group.settle();
    group.member(1).compact();
    group.isolated.clear();
    group.node(1).step({ kind: 'append-response', ...between, term: 2, index: 6, rejection: { term: 2, index: 2 } });
    expect(group.node(1).progress()[1]).toMatchObject({ state: 'snapshot', match: 2 });
    acknowledge(group, 4);
    expect(group.node(1).progress()[1]).toMatchObject({ state: 'snapshot', match: 4 });
    acknowledge(group, 6);
    expect(group.node(1).progress()[1]).toMatchObject({ state: 'replicate', match: 6, next: 7 });
  });

  test('its own log is with it from the start', () => {
    const group = TestGroup.create([1]);
    group.node(1).campaign();
    group.member(1).take();
    group.member(1).finishWrite();
    expect(group.node(1).progress()).toMatchObject([{ state: 'replicate', match: 1, next: 2 }]);
  });
});

describe('transfers', () => {
  function transferring(): TestGroup {
    const group = led();
    group.isolated.add(raftId(2));
    group.propose(1, 'x');
    group.settle();
    group.node(1).transferLeadership(raftId(2));
    return group;
  }

  test('one to the leader itself ends the one before', () => {
    const group = transferring();
    group.node(1).transferLeadership(raftId(1));
    expect(group.node(1).status().transferee).toBe(0);
  });

  test('one goes on when others come or go', () => {
    const group = transferring();
    group.node(1).applyMembership(change({ kind: 'add-learner', id: raftId(4) }));
    expect(group.node(1).status().transferee).toBe(2);
    group.node(1).applyMembership(change({ kind: 'remove', id: raftId(2) }));
    expect(group.node(1).status().transferee).toBe(0);
  });
});

describe('limits', () => {
  test('an empty payload is never refused', () => {
    const group = led(THREE, { uncommittedBytesMax: 4 });
    expect(group.propose(1, 'larger')).toBe('done');
    expect(group.propose(1, 'x')).toBe('dropped');
    expect(group.propose(1, '')).toBe('done');
  });
});

describe('a follower', () => {
  test('that votes in the term it is in waits for a whole election time', () => {
    const group = TestGroup.create(THREE);
    group.node(1).step(voteRequest(2, { term: 0, index: 0 }));
    group.tick(1, 9);
    group.node(1).step(voteRequest(2, { term: 1, index: 1 }, 3));
    group.tick(1, 9);
    expect(group.node(1).status()).toMatchObject({ role: 'follower', vote: 3 });
  });

  test('that gets a snapshot has heard from its leader', () => {
    const group = led();
    group.tick(2, 9);
    group.node(2).forgetLeader();
    const snapshot = { id: { term: 2, index: 9 }, membership: membershipOf(THREE), data: bytesOfByteText('5') };
    group.node(2).step({ kind: 'snapshot-request', from: raftId(1), to: raftId(2), term: 2, snapshot });
    group.work(2);
    group.tick(2, 9);
    expect(group.node(2).status()).toMatchObject({ role: 'follower', leader: 1 });
  });

  test('that has what a snapshot holds acknowledges no more than that', () => {
    const group = TestGroup.create(THREE);
    group.node(1).step(append(2, { term: 1, index: 1 }, [entry(2, 2), entry(2, 3)]));
    group.work(1);
    const snapshot = { id: { term: 2, index: 2 }, membership: membershipOf(THREE), data: bytesOfByteText('5') };
    group.node(1).step({ kind: 'snapshot-request', ...between, term: 2, snapshot });
    expect(answers(group, 1)).toMatchObject([{ index: 2, rejection: null }]);
  });

  test('that tells a leader of an old term acknowledges nothing', () => {
    const group = led(THREE, { checksQuorum: true });
    group.node(1).step(append(1, { term: 1, index: 1 }, []));
    expect(answers(group, 1)).toMatchObject([{ to: 2, term: 2, index: 0, rejection: null }]);
  });

  test('that sees a higher term writes it, whatever else happens', () => {
    const group = TestGroup.create(THREE);
    group.node(1).step({ kind: 'append-response', ...between, term: 5, index: 1, rejection: null });
    expect(group.node(1).hasReady).toBe(true);
    expect(group.node(1).ready()).toMatchObject({
      standing: null,
      append: { hardState: { term: 5, vote: 0, commit: 1 }, isSyncNeeded: true },
    });
  });
});

describe('what an earlier leadership left', () => {
  test('is not answered later, nor twice', () => {
    const group = led();
    const member = group.member(1);
    member.node.readIndex(7);
    group.inFlight = [];
    member.node.step({ kind: 'heartbeat-request', ...between, term: 3, commit: 1, readPosition: 0 });
    group.work(1);
    group.inFlight = [];
    member.node.campaign();
    group.settle();
    member.node.readIndex(8);
    group.settle();
    expect(member.reads).toMatchObject([{ requestId: 8 }]);
  });

  test('an early read is answered once', () => {
    const group = TestGroup.create(THREE);
    const member = group.member(1);
    member.node.campaign();
    group.work(1);
    member.node.step({ kind: 'vote-response', ...between, term: 2, isGranted: true });
    member.node.readIndex(7);
    group.settle();
    group.propose(1, 'x');
    group.settle();
    expect(member.reads).toEqual([{ requestId: 7, index: 2 }]);
  });
});

describe('elections', () => {
  test('who said no does not say yes later', () => {
    const group = TestGroup.create(THREE);
    group.node(1).campaign();
    group.work(1);
    for (const isGranted of [false, true]) {
      group.node(1).step({ kind: 'vote-response', ...between, term: 2, isGranted });
    }
    expect(group.node(1).status().role).toBe('candidate');
  });

  test('to stand is asked also by a leader of a later term', () => {
    const group = TestGroup.create(THREE);
    group.node(1).step({ kind: 'timeout-now', ...between, term: 7 });
    expect(group.node(1).status()).toMatchObject({ role: 'candidate', term: 8 });
  });

  test('a pre-vote for the present term is one like any other', () => {
    const group = led();
    const request = { ...voteRequest(2, { term: 2, index: 2 }, 3), kind: 'pre-vote-request', to: raftId(2) } as const;
    group.node(2).step(request);
    expect(answers(group, 2)).toMatchObject([{ kind: 'pre-vote-response', isGranted: false }]);
  });

  test('a leader that became a learner steps down', () => {
    const group = led(THREE, { stepsDownOnRemoval: true });
    const changes = [{ kind: 'add-learner', id: raftId(1) }] as const;
    const context = bytesOfByteText('');
    group.node(1).propose([{ kind: 'membership', change: { transition: 'implicit', changes, context } }]);
    group.settle();
    expect(group.node(1).status()).toMatchObject({ role: 'follower', membership: { voters: [2, 3], learners: [1] } });
  });
});

test('a member of which nothing is known is tried from the start when its snapshot failed', () => {
  const group = led();
  group.node(1).propose([{ kind: 'membership', change: change({ kind: 'add-learner', id: raftId(4) }) }]);
  group.settle();
  group.node(1).step({
    ...between,
    from: raftId(4),
    kind: 'append-response',
    term: 2,
    index: 2,
    rejection: { term: 0, index: 0 },
  });
  expect(group.node(1).progress()[3]).toMatchObject({ state: 'snapshot', match: 0, next: 4 });
  group.node(1).reportSnapshot(raftId(4), false);
  expect(group.node(1).progress()[3]).toMatchObject({ state: 'probe', match: 0, next: 1 });
});
