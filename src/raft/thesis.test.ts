/** What goes beyond the paper, section by section: Ongaro's thesis, "Consensus: Bridging Theory and Practice" (2014). */
import { describe, expect, test } from 'vitest';
import { entryText, membershipOf, TestGroup, TestMember } from './group-fixture.ts';
import { type MembershipChange, raftId, type RaftNode } from './index.ts';
import { answers, change, kinds, led, THREE, voteRequest } from './paper-fixture.ts';

describe('Thesis 3.10: leadership transfer', () => {
  test('to a member that has everything, at once', () => {
    const group = led();
    group.node(1).transferLeadership(raftId(2));
    expect(kinds(answers(group, 1))).toEqual(['timeout-now 2']);
    for (const message of group.inFlight) group.deliver(message);
    group.settle();
    expect(group.node(2).status()).toMatchObject({ role: 'leader', term: 3 });
  });

  test('a member that is behind is brought up first, and nothing new is taken meanwhile', () => {
    const group = led();
    group.isolated.add(raftId(2));
    group.propose(1, 'x');
    group.settle();
    group.isolated.clear();
    group.node(1).transferLeadership(raftId(2));
    expect(group.propose(1, 'y')).toBe('dropped');
    group.tick(1);
    group.settle();
    expect(group.node(2).status()).toMatchObject({ role: 'leader', term: 3 });
    expect(group.log(2)).toEqual(['2:', '2:x', '3:']);
  });

  test('it does not wait for leases, and goes without pre-vote', () => {
    const group = led(THREE, { checksQuorum: true, hasPreVote: true });
    group.node(1).transferLeadership(raftId(3));
    group.settle();
    expect(group.node(3).status()).toMatchObject({ role: 'leader', term: 3 });
  });

  test('it is given up after an election time', () => {
    const group = led();
    group.isolated.add(raftId(2));
    group.node(1).transferLeadership(raftId(2));
    group.tick(1, 9);
    expect(group.propose(1, 'x')).toBe('dropped');
    group.tick(1);
    expect(group.propose(1, 'x')).toBe('done');
  });

  test('another target takes the place of the first one; learners, strangers and the leader are none', () => {
    const group = TestGroup.create(THREE, {}, [4]);
    group.node(1).campaign();
    group.settle();
    for (const id of [4, 9, 1]) {
      group.node(1).transferLeadership(raftId(id));
      expect(group.node(1).status().transferee).toBe(0);
    }
    group.isolated.add(raftId(2));
    group.node(1).transferLeadership(raftId(2));
    group.node(1).transferLeadership(raftId(3));
    group.settle();
    expect(group.node(3).status().role).toBe('leader');
  });

  test('a transferee that is removed gets nothing', () => {
    const group = led();
    group.node(1).propose([{ kind: 'membership', change: change({ kind: 'remove', id: raftId(3) }) }]);
    group.isolated.add(raftId(3));
    group.node(1).transferLeadership(raftId(3));
    group.settle();
    expect(group.node(1).status().transferee).toBe(0);
    expect(group.propose(1, 'x')).toBe('done');
  });
});

describe('Thesis 4.1: one change at a time', () => {
  test('a second change is an empty entry while the first is not applied', () => {
    const group = led();
    const first = change({ kind: 'add-voter', id: raftId(4) });
    const second = change({ kind: 'add-voter', id: raftId(5) });
    expect(group.node(1).changeRefusal(first)).toBeNull();
    group.node(1).propose([
      { kind: 'membership', change: first },
      { kind: 'membership', change: second },
    ]);
    expect(group.node(1).changeRefusal(second)).toBe('a change at index 3 may not be applied yet (applied: 2)');
    expect(group.log(1)).toEqual(['2:', '2:auto add-voter 4', '2:']);
  });

  test('a new leader waits until everything of before is applied', () => {
    const group = led();
    group.propose(1, 'x');
    group.settle();
    group.node(2).campaign();
    group.work(2);
    for (const message of group.inFlight.splice(0)) group.deliver(message);
    group.work(3);
    for (const message of group.inFlight.splice(0)) group.deliver(message);
    const { node } = group.member(2);
    expect(node.status().role).toBe('leader');
    expect(node.changeRefusal(change({ kind: 'remove', id: raftId(3) }))).toBeNull();
    group.settle();
    group.isolated.add(raftId(2));
    group.propose(2, 'lost');
    group.work(2);
    group.member(2).restart();
    group.node(2).campaign();
    group.isolated.clear();
    group.work(2);
    expect(group.node(2).status().role).toBe('candidate');
  });

  test('who does not know the last change yet does not stand', () => {
    const group = led();
    group.node(1).propose([{ kind: 'membership', change: change({ kind: 'remove', id: raftId(3) }) }]);
    group.settle();
    const member = group.member(2);
    member.restart();
    member.node.campaign();
    expect(member.node.status().role).toBe('follower');
    group.work(2);
    member.node.campaign();
    expect(member.node.status().role).toBe('candidate');
  });
});

describe('Thesis 4.2: learners, and leaders that leave', () => {
  test('4.2.1: a learner gets everything and counts for nothing', () => {
    const group = TestGroup.create([1, 2], {}, [3]);
    group.node(1).campaign();
    group.settle();
    group.isolated.add(raftId(2));
    group.propose(1, 'x');
    group.settle();
    expect(group.node(1).status().committed).toBe(2);
    expect(group.node(3).status().lastIndex).toBe(3);
    group.tick(3, 100);
    expect(group.node(3).status().role).toBe('follower');
    group.node(3).campaign();
    expect(group.node(3).status().role).toBe('follower');
  });

  test('a learner votes, for the candidate may know that it became a voter before it does', () => {
    const group = TestGroup.create([1, 2], {}, [3]);
    group.node(3).step({ ...voteRequest(2, { term: 1, index: 1 }, 1), to: raftId(3) });
    expect(answers(group, 3)).toMatchObject([{ to: 1, isGranted: true }]);
  });

  test.each([true, false])(
    '4.2.2: a leader that is removed steps down when that is applied: %s',
    (stepsDownOnRemoval) => {
      const group = led(THREE, { stepsDownOnRemoval });
      group.node(1).propose([{ kind: 'membership', change: change({ kind: 'remove', id: raftId(1) }) }]);
      group.settle();
      expect(group.node(1).status().role).toBe(stepsDownOnRemoval ? 'follower' : 'leader');
      expect(group.propose(1, 'x')).toBe('dropped');
      group.tick(1, 50);
      expect(group.node(1).status().term).toBe(2);
    },
  );

  test('4.2.3: who hears from a leader does not help to replace it', () => {
    const group = led(THREE, { checksQuorum: true, random: { below: () => 5 } });
    group.tick(2, 9);
    group.node(2).step({ ...voteRequest(9, { term: 2, index: 9 }, 3), to: raftId(2) });
    expect(group.node(2).status()).toMatchObject({ term: 2, leader: 1 });
    expect(answers(group, 2)).toEqual([]);
    group.tick(2);
    group.node(2).step({ ...voteRequest(9, { term: 2, index: 9 }, 3), to: raftId(2) });
    expect(answers(group, 2)).toMatchObject([{ to: 3, isGranted: true }]);
  });
});

describe('Thesis 4.3: joint consensus', () => {
  const joint: MembershipChange = {
    transition: 'explicit',
    changes: [
      { kind: 'add-voter', id: raftId(4) },
      { kind: 'remove', id: raftId(2) },
      { kind: 'remove', id: raftId(3) },
    ],
    context: new Uint8Array(0),
  };

  function jointGroup(): TestGroup {
    const group = led();
    group.members.set(raftId(4), new TestMember(4, membershipOf([]), {}));
    group.node(1).propose([{ kind: 'membership', change: joint }]);
    group.settle();
    expect(group.node(4).status().membership).toMatchObject({ voters: [1, 4], outgoing: [1, 2, 3] });
    return group;
  }

  test.each([
    { silent: [2], isCommitted: true },
    { silent: [4], isCommitted: false },
    { silent: [2, 3], isCommitted: false },
  ])('what is committed needs both majorities: without $silent, $isCommitted', ({ silent, isCommitted }) => {
    const group = jointGroup();
    const { committed } = group.node(1).status();
    for (const id of silent) group.isolated.add(raftId(id));
    group.propose(1, 'x');
    group.settle();
    expect(group.node(1).status().committed).toBe(isCommitted ? committed + 1 : committed);
  });

  test.each([
    { silent: [2], role: 'leader' },
    { silent: [4], role: 'candidate' },
    { silent: [2, 3], role: 'candidate' },
  ])('so does an election: without $silent, $role', ({ silent, role }) => {
    const group = jointGroup();
    group.member(1).restart();
    group.work(1);
    for (const id of silent) group.isolated.add(raftId(id));
    group.node(1).campaign();
    group.settle();
    expect(group.node(1).status().role).toBe(role);
  });

  test('and so does staying leader', () => {
    const group = led(THREE, { checksQuorum: true });
    group.members.set(raftId(4), new TestMember(4, membershipOf([]), { checksQuorum: true }));
    group.node(1).propose([{ kind: 'membership', change: joint }]);
    group.settle();
    group.isolated.add(raftId(4));
    for (let round = 0; round < 40; round++) {
      group.tick(1);
      group.settle();
    }
    expect(group.node(1).status().role).not.toBe('leader');
  });

  test('it is left by itself, also when it began while leadership was to be handed to somebody who does not answer', () => {
    const group = led();
    group.isolated.add(raftId(2));
    group.node(1).propose([{ kind: 'membership', change: { ...joint, transition: 'auto' } }]);
    group.node(1).transferLeadership(raftId(2));
    group.members.set(raftId(4), new TestMember(4, membershipOf([]), {}));
    group.settle();
    expect(group.node(1).status().membership).toMatchObject({ voters: [1, 4], outgoing: [1, 2, 3] });
    for (let ticks = 0; ticks < 20; ticks++) {
      group.tick(1);
      group.settle();
    }
    expect(group.node(1).status().membership).toMatchObject({ voters: [1, 4], outgoing: [] });
  });

  test('one entry leaves it, though the state goes on before it has that', () => {
    const group = led([1]);
    const member = group.member(1);
    const changes = [4, 5].map((id) => ({ kind: 'add-learner', id: raftId(id) }) as const);
    group.node(1).propose([{ kind: 'membership', change: { ...joint, transition: 'implicit', changes } }]);
    group.propose(1, 'x');
    member.take();
    member.finishWrite();
    member.take();
    member.applyNext(1);
    member.applyNext(1);
    expect(member.take().append?.entries.map(entryText)).toEqual(['2:auto']);
  });
});

describe('Thesis 6.2: a leader that hears from no quorum steps down', () => {
  test.each([
    { silent: [2, 3], role: 'follower' },
    { silent: [2], role: 'leader' },
  ])('without $silent: $role', ({ silent, role }) => {
    const group = led(THREE, { checksQuorum: true });
    for (const id of silent) group.isolated.add(raftId(id));
    for (let ticks = 0; ticks < 20; ticks++) {
      group.tick(1);
      group.settle();
    }
    expect(group.node(1).status().role).toBe(role);
  });

  test('one that came back with a higher term brings the leader up to it', () => {
    const group = led(THREE, { checksQuorum: true });
    group.isolated.add(raftId(3));
    group.node(3).campaign();
    group.node(3).campaign();
    group.isolated.clear();
    group.tick(1);
    group.settle();
    expect(group.node(1).status()).toMatchObject({ role: 'follower', term: 4 });
  });
});

describe('Thesis 6.4: reads without entries', () => {
  function reads(node: RaftNode): readonly number[] {
    return node.ready().reads.map(({ requestId }) => requestId);
  }

  test('a read waits for a quorum, also of a message that is of later than it', () => {
    const group = led();
    const { node } = group.member(1);
    const respond = (from: number, readPosition: number): void => {
      node.step({ kind: 'heartbeat-response', from: raftId(from), to: raftId(1), term: 2, readPosition });
    };
    node.readIndex(7);
    node.readIndex(8);
    expect(reads(node)).toEqual([]);
    respond(2, 1);
    expect(reads(node)).toEqual([7]);
    respond(3, 1);
    respond(3, 0);
    expect(reads(node)).toEqual([]);
    node.readIndex(9);
    respond(3, 3);
    expect(reads(node)).toEqual([8, 9]);
    node.readIndex(10);
    respond(2, 2);
    respond(3, 2);
    expect(reads(node)).toEqual([]);
    respond(2, 4);
    expect(reads(node)).toEqual([10]);
  });

  test('a new leader does not know what is committed before it has committed something', () => {
    const member = TestGroup.create([1]).member(1);
    member.node.campaign();
    member.take();
    member.finishWrite();
    expect(member.node.status().role).toBe('leader');
    member.node.readIndex(7);
    member.take();
    expect(member.reads).toEqual([]);
    member.finishWrite();
    member.take();
    expect(member.reads).toEqual([{ requestId: 7, index: 2 }]);
  });

  test('the only voter needs nobody; a leader that is none needs it', () => {
    const group = led([1, 2]);
    group.node(1).propose([{ kind: 'membership', change: change({ kind: 'remove', id: raftId(1) }) }]);
    group.settle();
    group.node(1).readIndex(7);
    expect(reads(group.node(1))).toEqual([]);
    const alone = led([1]);
    alone.node(1).readIndex(8);
    expect(reads(alone.node(1))).toEqual([8]);
  });

  test('a follower asks the leader', () => {
    const group = led();
    expect(group.node(3).readIndex(7)).toBe('done');
    group.settle();
    expect(group.member(3).reads).toEqual([{ index: 2, requestId: 7 }]);
    expect(TestGroup.create(THREE).node(1).readIndex(7)).toBe('dropped');
  });

  test('6.4.1: in a lease the leader answers at once, but not after a transfer began', () => {
    const group = led(THREE, { checksQuorum: true, readMode: 'lease' });
    const { node } = group.member(1);
    node.readIndex(7);
    expect(reads(node)).toEqual([7]);
    node.transferLeadership(raftId(2));
    node.readIndex(8);
    expect(reads(node)).toEqual([]);
    node.step({ kind: 'heartbeat-response', from: raftId(3), to: raftId(1), term: 2, readPosition: 1 });
    expect(reads(node)).toEqual([8]);
  });

  test('6.4.1: in a lease a leader counts on not being forgotten', () => {
    const group = led(THREE, { checksQuorum: true, readMode: 'lease' });
    group.node(2).forgetLeader();
    expect(group.node(2).status().leader).toBe(1);
    const other = led();
    other.node(2).forgetLeader();
    expect(other.node(2).status().leader).toBe(0);
    other.node(1).forgetLeader();
    expect(other.node(1).status().leader).toBe(1);
  });
});

describe('Thesis 9.6: pre-vote', () => {
  test('who asks changes neither its term nor that of others', () => {
    const group = led(THREE, { hasPreVote: true });
    group.isolated.add(raftId(3));
    group.tick(3, 100);
    expect(group.node(3).status()).toMatchObject({ role: 'pre-candidate', term: 2 });
    group.isolated.clear();
    group.tick(1);
    group.settle();
    expect(group.node(1).status()).toMatchObject({ role: 'leader', term: 2 });
    expect(group.node(3).status()).toMatchObject({ role: 'follower', term: 2, leader: 1 });
  });

  test.each([
    { last: { term: 2, index: 2 }, isGranted: true, answered: 3 },
    { last: { term: 1, index: 9 }, isGranted: false, answered: 2 },
  ])('a log that ends with $last: $isGranted', ({ last, isGranted, answered }) => {
    const group = led(THREE, { hasPreVote: true });
    group.node(2).step({ ...voteRequest(3, last, 3), kind: 'pre-vote-request', to: raftId(2) });
    expect(answers(group, 2)).toMatchObject([{ kind: 'pre-vote-response', isGranted, term: answered }]);
    expect(group.node(2).status()).toMatchObject({ term: 2, vote: 1 });
  });

  test('several may be told yes', () => {
    const group = TestGroup.create(THREE, { hasPreVote: true });
    for (const from of [2, 3]) {
      group.node(1).step({ ...voteRequest(2, { term: 1, index: 1 }, from), kind: 'pre-vote-request' });
    }
    expect(answers(group, 1)).toMatchObject([
      { to: 2, isGranted: true },
      { to: 3, isGranted: true },
    ]);
  });
});
