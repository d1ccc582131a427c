/**
 * What the paper promises, section by section: Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm"
 * (extended version, 2014).
 */
import { describe, expect, test } from 'vitest';
import { bytesOfByteText, SeededRandom } from '../base/index.ts';
import { membershipOf, TestGroup, TestMember } from './group-fixture.ts';
import { raftId } from './index.ts';
import { answers, append, between, change, entry, kinds, led, THREE, voteRequest } from './paper-fixture.ts';

describe('Raft 5.1: terms', () => {
  test.each(['follower', 'candidate', 'leader'] as const)('a %s that sees a higher term follows in it', (role) => {
    const group = role === 'leader' ? led() : TestGroup.create(THREE);
    if (role === 'candidate') group.node(1).campaign();
    expect(group.node(1).status().role).toBe(role);
    group.node(1).step(append(7, { term: 1, index: 1 }, []));
    expect(group.node(1).status()).toMatchObject({ role: 'follower', term: 7, leader: 2 });
  });

  test('a request of an old term changes nothing', () => {
    const group = led();
    const before = group.node(1).status();
    group.node(1).step(append(1, { term: 1, index: 1 }, [entry(1, 2, 'x')]));
    expect(group.node(1).status()).toEqual(before);
    expect(answers(group, 1)).toEqual([]);
  });

  test('a candidate raises its term, and a leader keeps it', () => {
    const group = TestGroup.create(THREE);
    group.node(1).campaign();
    expect(group.node(1).status()).toMatchObject({ role: 'candidate', term: 2, vote: 1 });
    group.settle();
    expect(group.node(1).status()).toMatchObject({ role: 'leader', term: 2 });
  });
});

describe('Raft 5.2: leader election', () => {
  test('everybody begins as a follower', () => {
    expect(TestGroup.create(THREE).node(1).status()).toMatchObject({ role: 'follower', leader: 0 });
  });

  test('a leader sends heartbeats to everybody else, each interval', () => {
    const group = led(THREE, { heartbeatTicks: 2 });
    group.tick(1);
    expect(answers(group, 1)).toEqual([]);
    group.tick(1);
    expect(kinds(answers(group, 1))).toEqual(['heartbeat-request 2', 'heartbeat-request 3']);
  });

  test('who hears nothing for its election time stands, votes for itself and asks everybody', () => {
    const group = TestGroup.create(THREE);
    group.tick(1, 9);
    expect(group.node(1).status().role).toBe('follower');
    group.tick(1);
    expect(group.node(1).status()).toMatchObject({ role: 'candidate', vote: 1 });
    expect(kinds(answers(group, 1))).toEqual(['vote-request 2', 'vote-request 3']);
  });

  test('who hears from the leader does not stand', () => {
    const group = led();
    for (let round = 0; round < 50; round++) {
      group.tick(1);
      group.tick(2);
      group.settle();
    }
    expect(group.node(2).status()).toMatchObject({ role: 'follower', leader: 1, term: 2 });
  });

  test.each([
    { voters: 1, granted: 0, refused: 0, role: 'leader' },
    { voters: 3, granted: 1, refused: 0, role: 'leader' },
    { voters: 3, granted: 0, refused: 1, role: 'candidate' },
    { voters: 3, granted: 0, refused: 2, role: 'follower' },
    { voters: 4, granted: 1, refused: 0, role: 'candidate' },
    { voters: 4, granted: 1, refused: 2, role: 'follower' },
    { voters: 4, granted: 2, refused: 1, role: 'leader' },
    { voters: 5, granted: 2, refused: 2, role: 'leader' },
    { voters: 5, granted: 1, refused: 3, role: 'follower' },
    { voters: 5, granted: 1, refused: 2, role: 'candidate' },
  ])('of $voters, $granted say yes and $refused no: $role', ({ voters, granted, refused, role }) => {
    const group = TestGroup.create(Array.from({ length: voters }, (_, place) => place + 1));
    const { node } = group.member(1);
    node.campaign();
    group.work(1);
    for (let id = 2; id < 2 + granted + refused; id++) {
      const isGranted = id < 2 + granted;
      node.step({ kind: 'vote-response', from: raftId(id), to: raftId(1), term: 2, isGranted });
    }
    expect(node.status().role).toBe(role);
  });

  test('the first vote of each counts, once', () => {
    const group = TestGroup.create([1, 2, 3, 4, 5]);
    const { node } = group.member(1);
    node.campaign();
    group.work(1);
    const vote = (isGranted: boolean): void => {
      node.step({ kind: 'vote-response', from: raftId(2), to: raftId(1), term: 2, isGranted });
    };
    for (let times = 0; times < 3; times++) vote(true);
    vote(false);
    expect(node.status().role).toBe('candidate');
  });

  test('one vote in a term, for the first who asks; and again for the same one', () => {
    const group = TestGroup.create(THREE);
    const { node } = group.member(1);
    const last = { term: 1, index: 1 };
    node.step(voteRequest(2, last));
    expect(answers(group, 1)).toMatchObject([{ to: 2, isGranted: true }]);
    node.step(voteRequest(2, last, 3));
    expect(answers(group, 1)).toMatchObject([{ to: 3, isGranted: false }]);
    node.step(voteRequest(2, last));
    expect(answers(group, 1)).toMatchObject([{ to: 2, isGranted: true }]);
    node.step(voteRequest(3, last, 3));
    expect(answers(group, 1)).toMatchObject([{ to: 3, isGranted: true }]);
  });

  test('a vote is remembered over a restart', () => {
    const group = TestGroup.create(THREE);
    group.node(1).step(voteRequest(2, { term: 1, index: 1 }));
    group.work(1);
    group.member(1).restart();
    group.node(1).step(voteRequest(2, { term: 1, index: 1 }, 3));
    expect(answers(group, 1)).toMatchObject([{ to: 3, isGranted: false }]);
  });

  test('who votes waits for its whole election time again', () => {
    const group = TestGroup.create(THREE);
    group.tick(1, 9);
    group.node(1).step(voteRequest(2, { term: 1, index: 1 }));
    group.tick(1, 9);
    expect(group.node(1).status().role).toBe('follower');
    group.tick(1);
    expect(group.node(1).status().role).toBe('candidate');
  });

  test.each(['append-request', 'heartbeat-request', 'snapshot-request'] as const)(
    'a candidate that hears %s from a leader of its term follows it',
    (kind) => {
      const group = TestGroup.create(THREE);
      const { node } = group.member(1);
      node.campaign();
      if (kind === 'append-request') node.step(append(2, { term: 1, index: 1 }, [entry(2, 2)]));
      else if (kind === 'heartbeat-request') node.step({ kind, ...between, term: 2, commit: 1, readPosition: 0 });
      else {
        const snapshot = { id: { term: 2, index: 5 }, membership: membershipOf(THREE), data: bytesOfByteText('0') };
        node.step({ kind, ...between, term: 2, snapshot });
      }
      expect(node.status()).toMatchObject({ role: 'follower', leader: 2, term: 2 });
      expect(answers(group, 1).map(({ kind: answer }) => answer)).toContain(
        kind.replace('snapshot', 'append').replace('request', 'response'),
      );
    },
  );

  test('election times are spread over one to two times the configured one', () => {
    const random = new SeededRandom(1);
    const seen = new Set<number>();
    for (let times = 0; times < 300; times++) {
      seen.add(TestGroup.create([1], { random }).node(1).core.electionTimeoutTicks);
    }
    expect([...seen].sort((left, right) => left - right)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });

  test('a split vote is followed by another election', () => {
    const group = TestGroup.create([1, 2]);
    group.node(1).campaign();
    group.node(2).campaign();
    group.settle();
    expect(group.node(1).status()).toMatchObject({ role: 'follower', term: 2 });
    group.tick(1, 10);
    group.settle();
    expect(group.node(1).status()).toMatchObject({ role: 'leader', term: 3 });
  });

  test('proposals of who does not lead are sent on, or dropped without a leader', () => {
    const group = led();
    expect(group.propose(2, 'x')).toBe('done');
    group.settle();
    expect(group.log(1)).toEqual(['2:', '2:x']);
    const other = TestGroup.create(THREE);
    expect(other.propose(1, 'x')).toBe('dropped');
    other.node(1).campaign();
    expect(other.propose(1, 'x')).toBe('dropped');
  });
});

describe('Raft 5.3: log replication', () => {
  test('a leader begins its term with an entry and sends proposals with what they follow', () => {
    const group = led();
    group.propose(1, 'x');
    const { messages } = group.member(1).take();
    expect(messages).toMatchObject([
      { to: 2, previous: { term: 2, index: 2 }, entries: [{ index: 3, term: 2 }], commit: 2 },
      { to: 3, previous: { term: 2, index: 2 }, entries: [{ index: 3, term: 2 }], commit: 2 },
    ]);
  });

  test.each([
    { voters: 1, acknowledged: 0, isCommitted: true },
    { voters: 3, acknowledged: 0, isCommitted: false },
    { voters: 3, acknowledged: 1, isCommitted: true },
    { voters: 4, acknowledged: 1, isCommitted: false },
    { voters: 4, acknowledged: 2, isCommitted: true },
    { voters: 5, acknowledged: 1, isCommitted: false },
    { voters: 5, acknowledged: 2, isCommitted: true },
  ])(
    'of $voters, $acknowledged others have an entry: committed $isCommitted',
    ({ voters, acknowledged, isCommitted }) => {
      const group = led(Array.from({ length: voters }, (_, place) => place + 1));
      for (let id = 2 + acknowledged; id <= voters; id++) group.isolated.add(raftId(id));
      group.propose(1, 'x');
      group.settle();
      expect(group.node(1).status().committed).toBe(isCommitted ? 3 : 2);
    },
  );

  test("the leader's own entry counts only when it is durable", () => {
    const group = led();
    group.propose(1, 'x');
    group.send(group.member(1).take().messages);
    for (const id of [2, 3]) {
      const request = group.inFlight.find(({ to }) => to === id);
      group.deliver(request!);
    }
    group.inFlight = [];
    group.isolated.add(raftId(3));
    group.work(2);
    for (const message of group.inFlight) group.deliver(message);
    expect(group.node(1).status().committed).toBe(2);
    group.member(1).finishWrite();
    expect(group.node(1).status().committed).toBe(3);
  });

  test('what is committed is told to the others, and applied in order', () => {
    const group = led();
    const applied: number[] = [];
    group.member(3).onApplied = ({ index }) => applied.push(index);
    for (const text of ['a', 'b', 'c']) group.propose(1, text);
    group.settle();
    expect(group.node(3).status()).toMatchObject({ committed: 5, applied: 5 });
    expect(applied).toEqual([3, 4, 5]);
    expect(group.member(3).state).toEqual(group.member(1).state);
  });

  test.each([
    { previous: { term: 1, index: 1 }, entries: [entry(3, 2), entry(3, 3)], result: ['3:', '3:'] },
    { previous: { term: 1, index: 1 }, entries: [entry(2, 2)], result: ['2:', '2:'] },
    { previous: { term: 2, index: 2 }, entries: [entry(3, 3, 'x')], result: ['2:', '3:x'] },
    { previous: { term: 2, index: 3 }, entries: [entry(3, 4)], result: ['2:', '2:', '3:'] },
    { previous: { term: 2, index: 3 }, entries: [], result: ['2:', '2:'] },
  ])('entries that conflict are replaced, others stay: $result', ({ previous, entries, result }) => {
    const group = TestGroup.create(THREE);
    group.node(1).step(append(2, { term: 1, index: 1 }, [entry(2, 2), entry(2, 3)]));
    group.work(1);
    group.node(1).step(append(3, previous, entries));
    expect(answers(group, 1)).toMatchObject([{ index: previous.index + entries.length, rejection: null }]);
    expect(group.log(1)).toEqual(result);
  });

  test.each([
    { previous: { term: 3, index: 3 }, rejection: { term: 2, index: 3 } },
    { previous: { term: 1, index: 3 }, rejection: { term: 1, index: 1 } },
    { previous: { term: 3, index: 9 }, rejection: { term: 2, index: 3 } },
  ])(
    'an append behind $previous that is not there is refused, with where the logs may match',
    ({ previous, rejection }) => {
      const group = TestGroup.create(THREE);
      group.node(1).step(append(2, { term: 1, index: 1 }, [entry(2, 2), entry(2, 3)]));
      group.work(1);
      group.node(1).step(append(3, previous, [entry(3, previous.index + 1)]));
      expect(answers(group, 1)).toMatchObject([{ index: previous.index, rejection }]);
      expect(group.log(1)).toEqual(['2:', '2:']);
    },
  );

  test('an append of before what is committed is answered with what is committed', () => {
    const group = led();
    group.node(2).step({ ...append(2, { term: 1, index: 1 }, [entry(2, 2)]), from: raftId(1), to: raftId(2) });
    expect(answers(group, 2)).toMatchObject([{ index: 2, rejection: null }]);
  });

  test('the commit index of an append counts up to its last entry', () => {
    const group = TestGroup.create(THREE);
    group.node(1).step(append(2, { term: 1, index: 1 }, [entry(2, 2), entry(2, 3)], 2));
    expect(group.node(1).status().committed).toBe(2);
    group.node(1).step(append(2, { term: 1, index: 1 }, [entry(2, 2)], 9));
    expect(group.node(1).status().committed).toBe(2);
    group.node(1).step(append(2, { term: 2, index: 2 }, [entry(2, 3)], 9));
    expect(group.node(1).status().committed).toBe(3);
  });

  /** The logs of figure 7 of the paper, by the terms of their entries; the leader's is the first. */
  const FIGURE_7 = [
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
    [1, 1, 1, 4, 4, 5, 5, 6, 6],
    [1, 1, 1, 4],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    [1, 1, 1, 4, 4, 4, 4],
    [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  ];
  test('a new leader brings all logs of figure 7 to its own', () => {
    const ids = FIGURE_7.map((_, place) => place + 1);
    const group = TestGroup.create(ids);
    for (const [place, terms] of FIGURE_7.entries()) {
      const { storage } = group.member(place + 1);
      storage.append(terms.map((term, at) => entry(term, at + 2)));
      storage.hardState = { term: 7, vote: raftId(0), commit: 1 };
      group.member(place + 1).restart();
    }
    group.node(1).campaign();
    group.settle();
    expect(group.node(1).status()).toMatchObject({ role: 'leader', term: 8 });
    for (const id of ids) expect(group.log(id)).toEqual(group.log(1));
    expect(group.node(7).status()).toMatchObject({ committed: 12, lastIndex: 12 });
  });
});

describe('Raft 5.4: safety', () => {
  test.each([
    { last: { term: 2, index: 3 }, isGranted: true },
    { last: { term: 2, index: 4 }, isGranted: true },
    { last: { term: 3, index: 2 }, isGranted: true },
    { last: { term: 2, index: 2 }, isGranted: false },
    { last: { term: 1, index: 9 }, isGranted: false },
  ])(
    '5.4.1: a log that ends with $last is voted for by one that ends with 3 of term 2: $isGranted',
    ({ last, isGranted }) => {
      const group = TestGroup.create(THREE);
      group.node(1).step(append(2, { term: 1, index: 1 }, [entry(2, 2), entry(2, 3)]));
      group.work(1);
      group.node(1).step(voteRequest(5, last, 3));
      expect(answers(group, 1)).toMatchObject([{ to: 3, isGranted }]);
    },
  );

  test('5.4.2: entries of earlier terms are committed by one of the own, not by counting', () => {
    const group = led([1, 2, 3, 4, 5]);
    for (const id of [3, 4, 5]) group.isolated.add(raftId(id));
    group.propose(1, 'old');
    group.settle();
    group.member(1).restart();
    for (const id of [3, 4, 5]) group.isolated.delete(raftId(id));
    group.node(1).campaign();
    group.work(1);
    for (const message of group.inFlight.splice(0)) group.deliver(message);
    for (const id of [2, 3]) group.work(id);
    for (const message of group.inFlight.splice(0)) group.deliver(message);
    expect(group.node(1).status()).toMatchObject({ role: 'leader', term: 3, committed: 2, lastIndex: 4 });
    const acknowledge = (from: number, index: number): void => {
      const term = 3;
      group.node(1).step({ kind: 'append-response', from: raftId(from), to: raftId(1), term, index, rejection: null });
    };
    group.work(1);
    for (const id of [2, 3, 4]) acknowledge(id, 3);
    expect(group.node(1).status().committed).toBe(2);
    for (const id of [2, 3]) acknowledge(id, 4);
    expect(group.node(1).status().committed).toBe(4);
  });
});

describe('Raft 5.5: crashes', () => {
  test('a member that was down gets what it missed', () => {
    const group = led();
    group.isolated.add(raftId(3));
    for (const text of ['a', 'b']) group.propose(1, text);
    group.settle();
    group.member(3).restart();
    group.isolated.clear();
    group.tick(1);
    group.settle();
    expect(group.member(3).state).toEqual(group.member(1).state);
  });

  test('a request that comes twice does no harm', () => {
    const group = led();
    group.propose(1, 'x');
    const { messages } = group.member(1).take();
    for (let times = 0; times < 2; times++) for (const message of messages) group.deliver(message);
    group.settle();
    expect(group.log(3)).toEqual(['2:', '2:x']);
    expect(group.member(3).state).toEqual(group.member(2).state);
  });

  test('what was not durable is lost, and nobody was told of it', () => {
    const group = TestGroup.create(THREE);
    group.node(1).step(append(2, { term: 1, index: 1 }, [entry(2, 2)]));
    expect(group.member(1).take().messages).toEqual([]);
    group.member(1).restart();
    expect(group.node(1).status()).toMatchObject({ term: 1, lastIndex: 1 });
  });

  test('a state of later than the written commit index is one of committed entries', () => {
    const group = led();
    group.propose(1, 'x');
    group.settle();
    const member = group.member(2);
    member.compact(1);
    member.storage.hardState = { ...member.storage.hardState, commit: 2 };
    member.restart();
    expect(member.node.status()).toMatchObject({ committed: 3, applied: 3 });
  });
});

describe('Raft 7: log compaction', () => {
  test('a snapshot replaces a log that does not have its last entry', () => {
    const group = TestGroup.create(THREE);
    const snapshot = { id: { term: 3, index: 9 }, membership: membershipOf([1, 2, 4]), data: bytesOfByteText('5') };
    group.node(1).step({ kind: 'snapshot-request', ...between, term: 3, snapshot });
    expect(answers(group, 1)).toMatchObject([{ index: 9, rejection: null }]);
    expect(group.node(1).status()).toMatchObject({
      firstIndex: 10,
      committed: 9,
      applied: 9,
      membership: membershipOf([1, 2, 4]),
    });
    expect(group.member(1).state.digest).toBe(5);
  });

  test('a log that has its last entry is kept, and committed up to there', () => {
    const group = TestGroup.create(THREE);
    group.node(1).step(append(2, { term: 1, index: 1 }, [entry(2, 2), entry(2, 3)]));
    group.work(1);
    const snapshot = { id: { term: 2, index: 2 }, membership: membershipOf(THREE), data: bytesOfByteText('5') };
    group.node(1).step({ kind: 'snapshot-request', ...between, term: 2, snapshot });
    expect(group.node(1).status()).toMatchObject({ firstIndex: 2, lastIndex: 3, committed: 2 });
  });

  test.each([
    { reason: 'it is of before what is committed', index: 1, voters: THREE },
    { reason: 'the member is not in its membership', index: 9, voters: [1, 3] },
  ])('a snapshot is passed over if $reason', ({ index, voters }) => {
    const group = led();
    const before = group.node(2).status();
    const snapshot = { id: { term: 2, index }, membership: membershipOf(voters), data: bytesOfByteText('5') };
    group.node(2).step({ kind: 'snapshot-request', from: raftId(1), to: raftId(2), term: 2, snapshot });
    expect(answers(group, 2)).toMatchObject([{ index: 2, rejection: null }]);
    expect(group.node(2).status()).toEqual(before);
  });

  test('a member that is being filled does not stand', () => {
    const group = TestGroup.create(THREE);
    const snapshot = { id: { term: 3, index: 9 }, membership: membershipOf(THREE), data: bytesOfByteText('5') };
    group.node(1).step({ kind: 'snapshot-request', ...between, term: 3, snapshot });
    group.tick(1, 50);
    expect(group.node(1).status().role).toBe('follower');
    group.work(1);
    group.tick(1, 10);
    expect(group.node(1).status().role).toBe('candidate');
  });

  test('a snapshot goes only to who is in it, and was heard of lately', () => {
    const group = led();
    const { storage } = group.member(1);
    for (const message of group.inFlight.splice(0)) group.deliver(message);
    group.propose(1, 'x');
    group.settle();
    const old = { id: { term: 2, index: 2 }, membership: membershipOf(THREE), data: bytesOfByteText('0') };
    group.members.set(raftId(4), new TestMember(4, membershipOf([]), {}));
    group.member(1).compact();
    storage.latest = () => old;
    group.node(1).propose([{ kind: 'membership', change: change({ kind: 'add-learner', id: raftId(4) }) }]);
    group.settle();
    group.tick(1);
    group.settle();
    expect(group.node(4).status().lastIndex).toBe(0);
    storage.latest = () => ({ ...old, id: { term: 2, index: 4 }, membership: membershipOf(THREE, [4]) });
    group.tick(1);
    group.settle();
    expect(group.node(4).status()).toMatchObject({ firstIndex: 5, lastIndex: 4 });
  });
});
