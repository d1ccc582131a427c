/** What is between the sections of the paper: times, limits, who is told what, and what is passed over. */
import { describe, expect, test } from 'vitest';
import { bytesOfByteText } from '../base/index.ts';
import { membershipOf, TEST_OPTIONS, TestGroup, type TestMember } from './group-fixture.ts';
import { EMPTY_MEMBERSHIP, MemoryStorage, type Message, raftId, RaftNode, type RaftOptions } from './index.ts';
import { answers, append, between, change, entry, kinds, led, THREE, voteRequest } from './paper-fixture.ts';

function optionsWith(options: Partial<RaftOptions>): RaftOptions {
  const storage = new MemoryStorage(membershipOf(THREE));
  return { ...TEST_OPTIONS, id: raftId(1), storage, appliedIndex: 0, ...options };
}

/** Passes on what is on its way to `ids`; the rest gets lost. */
function deliverTo(group: TestGroup, ...ids: readonly number[]): void {
  const messages = group.inFlight;
  group.inFlight = [];
  for (const message of messages) if (ids.includes(message.to)) group.deliver(message);
}

test.each([
  { options: { id: raftId(0) }, reason: 'the id of a member is positive' },
  { options: { heartbeatTicks: 0 }, reason: 'a leader sends heartbeats' },
  { options: { electionTicks: 3, heartbeatTicks: 3 }, reason: 'elections wait longer than heartbeats' },
  { options: { inFlightCountMax: 0 }, reason: 'an append has to be on its way' },
  { options: { inFlightBytesMax: 5, messageBytesMax: 6 }, reason: 'a message has to fit in what may be on its way' },
  { options: { readMode: 'lease', checksQuorum: false } as const, reason: 'a lease is kept by looking at the quorum' },
])('options: $reason', ({ options, reason }) => {
  expect(() => new RaftNode(optionsWith(options))).toThrow(reason);
});

test('options that just fit', () => {
  const node = new RaftNode(
    optionsWith({ electionTicks: 2, heartbeatTicks: 1, inFlightCountMax: 1, inFlightBytesMax: 5, messageBytesMax: 5 }),
  );
  expect(node.status().role).toBe('follower');
});

test('a membership from disk that cannot be is a broken invariant', () => {
  const storage = new MemoryStorage({ ...EMPTY_MEMBERSHIP, leavesByItself: true });
  expect(() => new RaftNode(optionsWith({ storage }))).toThrow('that is not joint cannot be left');
});

describe('times', () => {
  test('a pre-candidate asks again after a whole election time', () => {
    const group = TestGroup.create(THREE, { hasPreVote: true });
    group.tick(1, 10);
    expect(answers(group, 1).length).toBe(2);
    group.tick(1, 9);
    expect(answers(group, 1)).toEqual([]);
    group.tick(1);
    expect(answers(group, 1).length).toBe(2);
  });

  test('a new leader has a whole election time to hear from a quorum', () => {
    const group = TestGroup.create(THREE, { checksQuorum: true });
    group.node(1).campaign();
    group.tick(1, 9);
    group.settle();
    group.isolated.add(raftId(2)).add(raftId(3));
    group.tick(1, 10);
    expect(group.node(1).status().role).toBe('leader');
    group.tick(1, 9);
    expect(group.node(1).status().role).toBe('leader');
    group.tick(1);
    expect(group.node(1).status().role).toBe('follower');
  });

  test('a leader that has not heard from anybody yet is not looked at too early', () => {
    const group = TestGroup.create(THREE, { checksQuorum: true });
    group.node(1).campaign();
    group.work(1);
    group.tick(1, 9);
    group.node(1).step({ kind: 'vote-response', ...between, term: 2, isGranted: true });
    group.tick(1, 9);
    expect(group.node(1).status().role).toBe('leader');
  });

  test('a leader counts itself before its first entry is durable', () => {
    const group = TestGroup.create([1], { checksQuorum: true });
    group.node(1).campaign();
    group.member(1).take();
    group.member(1).finishWrite();
    group.tick(1, 10);
    expect(group.node(1).status().role).toBe('leader');
    expect(group.node(1).progress()).toMatchObject([{ id: 1, match: 1, next: 2, isRecentlyActive: true }]);
  });

  test('without looking at its quorum a leader stays one', () => {
    const group = led();
    group.isolated.add(raftId(2)).add(raftId(3));
    group.tick(1, 50);
    expect(group.node(1).status().role).toBe('leader');
  });

  test('the time of a transfer begins when it is asked for', () => {
    const group = led();
    group.isolated.add(raftId(2));
    group.tick(1, 5);
    group.node(1).transferLeadership(raftId(2));
    group.tick(1, 9);
    expect(group.node(1).status().transferee).toBe(2);
    group.tick(1);
    expect(group.node(1).status().transferee).toBe(0);
  });

  test('a leader does not stand for election', () => {
    const group = led();
    group.tick(1, 50);
    group.node(1).campaign();
    expect(group.node(1).status()).toMatchObject({ role: 'leader', term: 2 });
  });

  test('a learner that hears nothing votes after an election time, and not before', () => {
    const group = TestGroup.create(THREE, { checksQuorum: true }, [4]);
    group.node(1).campaign();
    group.settle();
    const request = { ...voteRequest(5, { term: 2, index: 2 }), to: raftId(4) };
    group.tick(4, 9);
    group.node(4).step(request);
    expect(answers(group, 4)).toEqual([]);
    group.tick(4, 4);
    group.node(4).step(request);
    expect(answers(group, 4)).toMatchObject([{ kind: 'vote-response', isGranted: true }]);
  });
});

describe('what comes from an old term', () => {
  const old: readonly Message[] = [
    append(1, { term: 1, index: 1 }, []),
    { kind: 'heartbeat-request', ...between, term: 1, commit: 1, readPosition: 0 },
    voteRequest(1, { term: 9, index: 9 }),
    { kind: 'timeout-now', ...between, term: 1 },
    { kind: 'append-response', ...between, term: 1, index: 9, rejection: null },
  ];

  test.each([
    { options: {}, answered: [] },
    { options: { checksQuorum: true }, answered: ['append-response 2', 'append-response 2'] },
    { options: { hasPreVote: true }, answered: ['append-response 2', 'append-response 2'] },
  ])('with $options only a leader that is behind gets to know', ({ options, answered }) => {
    const group = led(THREE, options);
    for (const message of old) group.node(1).step(message);
    expect(kinds(answers(group, 1))).toEqual(answered);
  });

  test('a pre-vote is refused in the own term', () => {
    const group = led();
    group.node(1).step({ ...voteRequest(1, { term: 9, index: 9 }), kind: 'pre-vote-request' });
    expect(answers(group, 1)).toMatchObject([{ kind: 'pre-vote-response', term: 2, isGranted: false }]);
  });
});

describe('strangers', () => {
  test.each(['vote-response', 'pre-vote-response', 'append-response', 'heartbeat-response'] as const)(
    'a %s of one, also of a later term, is passed over',
    (kind) => {
      const group = led();
      const answer = { from: raftId(9), to: raftId(1), term: 7 };
      if (kind === 'append-response') group.node(1).step({ kind, ...answer, index: 1, rejection: null });
      else if (kind === 'heartbeat-response') group.node(1).step({ kind, ...answer, readPosition: 0 });
      else group.node(1).step({ kind, ...answer, isGranted: false });
      expect(group.node(1).status()).toMatchObject({ role: 'leader', term: 2 });
    },
  );

  test('who was removed may still answer, and its own entries count no more', () => {
    const group = led(THREE, { appliesUnstable: true });
    group.node(1).propose([{ kind: 'membership', change: change({ kind: 'remove', id: raftId(1) }) }]);
    group.propose(1, 'x');
    group.send(group.member(1).take().messages);
    deliverTo(group, 2, 3);
    group.work(2);
    group.work(3);
    deliverTo(group, 1);
    group.send(group.member(1).take().messages);
    group.member(1).applyNext();
    expect(group.node(1).status().membership.voters).toEqual([2, 3]);
    while (group.member(1).writes.length > 0) group.member(1).finishWrite();
    expect(group.node(1).status()).toMatchObject({ role: 'leader', committed: 4 });
  });
});

describe('limits', () => {
  test('what waits fills its bound, and one proposal may be larger', () => {
    const group = led(THREE, { uncommittedBytesMax: 4 });
    expect(group.propose(1, 'ab')).toBe('done');
    expect(group.propose(1, 'cd')).toBe('done');
    expect(group.propose(1, 'e')).toBe('dropped');
    expect(group.propose(1, '')).toBe('done');
    group.settle();
    expect(group.propose(1, 'larger')).toBe('done');
    expect(group.propose(1, 'x')).toBe('dropped');
    group.settle();
    expect(group.log(1)).toEqual(['2:', '2:ab', '2:cd', '2:', '2:larger']);
  });

  test('what waited in an earlier term is forgotten', () => {
    const group = led(THREE, { uncommittedBytesMax: 4 });
    group.isolated.add(raftId(2)).add(raftId(3));
    group.propose(1, 'abcd');
    group.node(1).step(append(3, { term: 2, index: 2 }, []));
    group.work(1);
    group.isolated.clear();
    group.inFlight = [];
    group.node(1).campaign();
    group.settle();
    expect(group.node(1).status().role).toBe('leader');
    expect(group.propose(1, 'wxyz')).toBe('done');
    expect(group.propose(1, 'v')).toBe('dropped');
  });
});

describe('membership', () => {
  test('a change that cannot be made changes nothing', () => {
    const group = led();
    const before = group.node(1).status().membership;
    expect(group.node(1).applyMembership(change())).toEqual(before);
    expect(group.node(1).changeRefusal(change())).toBe('the configuration is not joint');
    const all = THREE.map((id) => ({ kind: 'remove', id: raftId(id) }) as const);
    expect(group.node(1).changeRefusal(change(...all))).toBe('no voter would be left');
    group.node(1).propose([{ kind: 'membership', change: change(...all) }]);
    expect(group.log(1)).toEqual(['2:', '2:']);
  });

  test('unless changes are not looked at before they are in the log', () => {
    const group = led(THREE, { validatesChanges: false });
    group.node(1).propose([{ kind: 'membership', change: change() }]);
    group.settle();
    expect(group.log(1)).toEqual(['2:', '2:auto']);
    expect(group.node(1).status()).toMatchObject({ applied: 3, membership: membershipOf(THREE) });
  });

  test('a new leader does not know whether its last entries are changes', () => {
    const group = led();
    group.isolated.add(raftId(3));
    group.node(1).propose([{ kind: 'membership', change: change({ kind: 'add-learner', id: raftId(9) }) }]);
    group.send(group.member(1).take().messages);
    deliverTo(group, 2);
    group.work(2);
    group.inFlight = [];
    group.isolated.clear();
    group.node(2).campaign();
    group.work(2);
    deliverTo(group, 3);
    group.work(3);
    deliverTo(group, 2);
    expect(group.node(2).status()).toMatchObject({ role: 'leader', committed: 2 });
    const refusal = 'a change at index 3 may not be applied yet (applied: 2)';
    expect(group.node(2).changeRefusal(change({ kind: 'remove', id: raftId(3) }))).toBe(refusal);
  });

  test('with fewer voters more may be committed, and all are told at once', () => {
    const group = TestGroup.create([1, 2], {}, [3]);
    group.node(1).campaign();
    group.settle();
    group.node(1).propose([{ kind: 'membership', change: change({ kind: 'remove', id: raftId(2) }) }]);
    group.work(1);
    deliverTo(group, 2, 3);
    group.work(2);
    group.work(3);
    group.propose(1, 'x');
    group.work(1);
    const acknowledgements = group.inFlight.filter(({ to }) => to === 1);
    group.inFlight = [];
    for (const message of acknowledgements) group.deliver(message);
    group.member(1).take();
    expect(group.node(1).status().committed).toBe(3);
    group.member(1).applyNext();
    expect(group.node(1).status().committed).toBe(4);
    expect(group.member(1).take().messages).toMatchObject([{ kind: 'append-request', to: 3, commit: 4 }]);
  });

  test.each([1, 1000])(
    'a change that is committed and not applied keeps a member from standing: %i',
    (applyingBytesMax) => {
      const group = led(THREE, { applyingBytesMax });
      const member = group.member(2);
      group.propose(1, 'x');
      group.node(1).propose([{ kind: 'membership', change: change({ kind: 'remove', id: raftId(3) }) }]);
      while (member.node.status().committed < 4) {
        group.work(1);
        deliverTo(group, 2);
        group.send(member.take().messages);
        while (member.writes.length > 0) group.send(member.finishWrite());
        deliverTo(group, 1);
      }
      member.applying = [];
      expect(member.node.status().applied).toBe(2);
      member.node.campaign();
      expect(member.node.status().role).toBe('follower');
      member.node.applied(3);
      member.node.campaign();
      expect(member.node.status().role).toBe('follower');
      member.node.applied(4);
      member.node.campaign();
      expect(member.node.status().role).toBe('candidate');
    },
  );
});

describe('snapshots', () => {
  test.each([
    { reason: 'is of before what is committed', index: 2, voters: THREE },
    { reason: 'is for others', index: 9, voters: [2, 3] },
  ])('one that $reason is answered with what is committed', ({ index, voters }) => {
    const group = TestGroup.create(THREE);
    group.node(1).step(append(2, { term: 1, index: 1 }, [entry(2, 2), entry(2, 3), entry(2, 4)], 3));
    group.work(1);
    const snapshot = { id: { term: 2, index }, membership: membershipOf(voters), data: bytesOfByteText('5') };
    group.node(1).step({ kind: 'snapshot-request', ...between, term: 2, snapshot });
    expect(answers(group, 1)).toMatchObject([{ index: 3, rejection: null }]);
  });

  test('one that has not come takes no place', () => {
    const group = led();
    group.node(2).reportSnapshot(raftId(1), true);
    group.node(1).reportSnapshot(raftId(2), true);
    expect(group.node(1).progress()).toMatchObject([{}, { id: 2, state: 'replicate' }, {}]);
  });
});

describe('feeding', () => {
  test('a hint without term is taken as it is', () => {
    const group = led();
    for (const text of ['a', 'b', 'c']) group.propose(1, text);
    group.work(1);
    group.node(1).reportUnreachable(raftId(2));
    group.node(1).step({
      kind: 'append-response',
      ...between,
      term: 2,
      index: 2,
      rejection: { term: 0, index: 0 },
    });
    expect(group.node(1).progress()).toMatchObject([{}, { id: 2, match: 2, next: 3 }, {}]);
    const fresh = TestGroup.create(THREE);
    fresh.node(1).step(append(2, { term: 1, index: 1 }, [entry(2, 2), entry(2, 3), entry(2, 4), entry(2, 5)]));
    fresh.work(1);
    fresh.inFlight = [];
    fresh.node(1).campaign();
    fresh.work(1);
    fresh.node(1).step({ kind: 'vote-response', ...between, term: 3, isGranted: true });
    fresh.node(1).step({ kind: 'append-response', ...between, term: 3, index: 5, rejection: { term: 0, index: 3 } });
    expect(fresh.node(1).progress()).toMatchObject([{}, { id: 2, match: 0, next: 4 }, {}]);
  });

  test('an acknowledgement of what is known ends probing', () => {
    const group = led();
    group.node(1).reportUnreachable(raftId(2));
    expect(group.node(1).progress()[1]).toMatchObject({ state: 'probe', match: 2 });
    const acknowledge = (index: number): void => {
      group.node(1).step({ kind: 'append-response', ...between, term: 2, index, rejection: null });
    };
    acknowledge(1);
    expect(group.node(1).progress()[1]).toMatchObject({ state: 'probe', match: 2 });
    acknowledge(2);
    expect(group.node(1).progress()[1]).toMatchObject({ state: 'replicate', match: 2 });
  });

  test('leadership is handed over when the last entry is there, and not before', () => {
    const group = led(THREE, { messageBytesMax: 0, inFlightCountMax: 1 });
    group.isolated.add(raftId(2));
    for (const text of ['a', 'b']) group.propose(1, text);
    group.settle();
    group.isolated.clear();
    group.node(1).reportUnreachable(raftId(2));
    group.node(1).transferLeadership(raftId(2));
    expect(kinds(answers(group, 1))).toEqual(['append-request 2']);
    for (const expected of ['append-request 2', 'timeout-now 2']) {
      deliverTo(group, 2);
      group.work(2);
      deliverTo(group, 1);
      expect(kinds(answers(group, 1)).filter((each) => each.endsWith(' 2'))).toContain(expected);
    }
  });
});

describe('reads of an earlier leadership', () => {
  test('are not answered in a later one', () => {
    const group = TestGroup.create(THREE);
    const member = group.member(1);
    member.node.campaign();
    group.work(1);
    member.node.step({ kind: 'vote-response', ...between, term: 2, isGranted: true });
    member.node.readIndex(7);
    member.node.step({ kind: 'heartbeat-request', ...between, term: 3, commit: 1, readPosition: 0 });
    group.inFlight = [];
    member.node.campaign();
    group.settle();
    expect(member.node.status().role).toBe('leader');
    expect(member.reads).toEqual([]);
  });
});

describe('what is ready', () => {
  test('a new standing alone, by role or by leader', () => {
    const group = led();
    expect(group.node(2).hasReady).toBe(false);
    group.node(2).forgetLeader();
    expect(group.node(2).hasReady).toBe(true);
    expect(group.node(2).ready()).toMatchObject({ standing: { role: 'follower', leader: 0 }, append: null });
    expect(group.node(2).hasReady).toBe(false);
    const other = TestGroup.create(THREE);
    other.node(1).campaign();
    other.work(1);
    for (const id of [2, 3]) {
      other.node(1).step({ kind: 'vote-response', from: raftId(id), to: raftId(1), term: 2, isGranted: false });
    }
    expect(other.node(1).hasReady).toBe(true);
    expect(other.node(1).ready()).toMatchObject({ standing: { role: 'follower', leader: 0 }, append: null });
  });

  test('a read alone, or an entry to apply alone', () => {
    const alone = led([1]);
    alone.node(1).readIndex(7);
    expect(alone.node(1).hasReady).toBe(true);
    expect(alone.node(1).ready()).toMatchObject({ append: null, committed: [], reads: [{ requestId: 7 }] });
    const bounded = led([1], { applyingBytesMax: 1 });
    for (const text of ['a', 'b']) bounded.propose(1, text);
    const member = bounded.member(1);
    for (let times = 0; times < 2; times++) {
      member.take();
      while (member.writes.length > 0) member.finishWrite();
    }
    expect(member.node.hasReady).toBe(false);
    member.applyNext();
    expect(member.node.hasReady).toBe(true);
    expect(member.node.ready()).toMatchObject({ append: null, messages: [], committed: [{ index: 4 }] });
  });

  test('a commit index is written without waiting for the disk, entries, terms, votes and snapshots are not', () => {
    const group = led();
    group.propose(1, 'x');
    const isSynced = (member: TestMember): boolean | undefined => {
      const { append: write, messages } = member.take();
      group.send(messages);
      return write?.isSyncNeeded;
    };
    expect(isSynced(group.member(1))).toBe(true);
    group.settle();
    group.node(2).step({ ...append(2, { term: 2, index: 3 }, [entry(2, 4)]), from: raftId(1), to: raftId(2) });
    expect(isSynced(group.member(2))).toBe(true);
    group.work(2);
    group
      .node(2)
      .step({ kind: 'heartbeat-request', from: raftId(1), to: raftId(2), term: 2, commit: 4, readPosition: 0 });
    expect(isSynced(group.member(2))).toBe(false);
    group.node(2).step({ ...voteRequest(3, { term: 1, index: 1 }, 3), to: raftId(2) });
    expect(isSynced(group.member(2))).toBe(true);
    group.node(2).step({ ...voteRequest(3, { term: 9, index: 9 }, 3), to: raftId(2) });
    expect(isSynced(group.member(2))).toBe(true);
    const snapshot = { id: { term: 3, index: 9 }, membership: membershipOf(THREE), data: bytesOfByteText('5') };
    group.node(2).step({ kind: 'snapshot-request', from: raftId(1), to: raftId(2), term: 3, snapshot });
    expect(isSynced(group.member(2))).toBe(true);
  });

  test('what of the log is there', () => {
    const { node } = led().member(1);
    expect(node.lastEntry()).toEqual({ term: 2, index: 2 });
    expect([0, 1, 2, 3].map((index) => node.termAt(index))).toEqual([null, 1, 2, null]);
  });
});
