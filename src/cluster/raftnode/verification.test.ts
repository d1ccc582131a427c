import { describe, expect, it } from 'vitest';
import { NO_ENTRY, NO_ONE, type RaftId, raftId } from '../../raft/index.ts';
import {
  contradictionOfAll,
  decodeTestimony,
  encodeTestimony,
  HeardMembers,
  type OwnLog,
  type Testimony,
  type VoterLog,
} from './verification.ts';

const NOTHING: Testimony = {
  isOutdated: false,
  isAlive: false,
  isKnown: true,
  acknowledged: NO_ENTRY,
  answeredTerm: 0,
  votedTerm: 0,
  forgottenTerm: 0,
  ledTerm: 0,
  last: { term: 3, index: 10 },
  changeIndex: 1,
  term: 3,
  leader: NO_ONE,
  vote: NO_ONE,
};
const OWN: OwnLog = {
  id: raftId(1),
  last: { term: 3, index: 10 },
  changesKnownTo: 10,
  hardState: { term: 4, vote: raftId(2), commit: 10 },
};

function judge(own: Partial<OwnLog>, ...testimonies: readonly Partial<Testimony>[]): string | null {
  const all = testimonies.map((testimony, place): [RaftId, Testimony] => {
    return [raftId(place + 2), { ...NOTHING, ...testimony }];
  });
  return contradictionOfAll(new Map(all), { ...OWN, ...own });
}

describe('a directory that was moved', () => {
  it('is trusted if it has all that the others have had from it, even behind them', () => {
    const last = { term: 4, index: 90 };
    expect(judge({}, { acknowledged: { term: 3, index: 10 }, votedTerm: 4, last }, { last })).toBeNull();
  });

  it.each<[string, Partial<Testimony>, RegExp]>([
    ['an entry', { acknowledged: { term: 3, index: 11 } }, /may have acknowledged entry 11/],
    ['an entry of a later term', { acknowledged: { term: 4, index: 2 } }, /may have acknowledged entry 2 of term 4/],
    ['a vote in its term', { votedTerm: 4 }, /may have voted for member 3 in term 4/],
    ['a vote in a later term', { votedTerm: 5 }, /may have voted for member 3 in term 5/],
    ['an answer in a later term', { answeredTerm: 5 }, /has answered member 3 in term 5/],
    ['another directory', { isOutdated: true }, /another directory/],
    ['a change of the group', { changeIndex: 11 }, /has changed with entry 11/],
  ])('is not if one of them has had more: %s', (_, testimony, reason) => {
    expect(judge({}, {}, testimony)).toMatch(reason);
  });

  it('is not behind anybody if one of them cannot tell what it has had', () => {
    const ahead = { last: { term: 3, index: 11 } };
    expect(judge({}, { forgottenTerm: 3 }, ahead)).toMatch(/is behind member 3/);
    expect(judge({}, { forgottenTerm: 3 }, {})).toBeNull();
    // Whoever led in term 3 had all that was committed in term 2.
    expect(judge({}, { forgottenTerm: 2 }, ahead)).toBeNull();
  });

  it('is not behind anybody if it may have led, and nobody else is known to have', () => {
    const ahead = { last: { term: 3, index: 11 } };
    expect(judge({}, { ledTerm: 3 }, ahead)).toMatch(/is behind member 3/);
    expect(judge({}, { ledTerm: 3 }, { ...ahead, term: 3, leader: raftId(3) })).toBeNull();
    expect(judge({}, { ledTerm: 3 }, { ...ahead, term: 3, leader: raftId(1) })).toMatch(/is behind member 3/);
    expect(judge({}, { ledTerm: 2 }, ahead)).toBeNull();
  });

  it('need not know of changes if it was empty', () => {
    expect(judge({ changesKnownTo: Infinity }, { changeIndex: 11 })).toBeNull();
  });
});

describe('a voter', () => {
  const member = raftId(1);
  const self = raftId(2);
  const directoryUuid = new Uint8Array(16);
  const sender = { id: member, directoryUuid, formerUuids: [], startCount: 2, startNonce: 7 };
  const log: VoterLog = { last: { term: 3, index: 10 }, changeIndex: 1, term: 3, leader: NO_ONE, vote: NO_ONE };
  const directory = (isSeen: boolean): Parameters<HeardMembers['testify']>[2] => {
    return { judge: () => 'newer', hasHeardOf: () => isSeen };
  };
  const accepted = { kind: 'append-response', from: member, to: self, term: 3, index: 9, rejection: null } as const;

  it('says what it has heard', () => {
    const heard = new HeardMembers(self, { term: 2, vote: self, commit: 0 }, []);
    heard.hear(accepted, 100, () => 2);
    heard.hear({ kind: 'vote-response', from: member, to: self, term: 3, isGranted: true }, 100, () => null);
    heard.hear({ ...accepted, index: 30, rejection: { term: 1, index: 3 } }, 100, () => 3);
    const testimony = heard.testify(member, sender, directory(true), log, 101);
    expect(testimony).toEqual({
      ...NOTHING,
      acknowledged: { term: 2, index: 9 },
      answeredTerm: 3,
      votedTerm: 3,
      forgottenTerm: 0,
    });
    expect(decodeTestimony(encodeTestimony(testimony))).toEqual(testimony);
  });

  it('does not know it if no life of it was noted', () => {
    const heard = new HeardMembers(self, { term: 2, vote: self, commit: 0 }, []);
    expect(heard.testify(member, sender, directory(false), log, 101)).toMatchObject({ isKnown: false, votedTerm: 0 });
  });

  it('may have led up to its term before it was started, if it has voted for itself', () => {
    const forgotten = (vote: RaftId): Testimony =>
      new HeardMembers(self, { term: 5, vote, commit: 0 }, [member]).testify(member, sender, directory(true), log, 101);
    expect(forgotten(self)).toMatchObject({ forgottenTerm: 5, votedTerm: 5 });
    expect(forgotten(NO_ONE)).toMatchObject({ forgottenTerm: 4, votedTerm: 0 });
    expect(forgotten(raftId(3))).toMatchObject({ forgottenTerm: 4, votedTerm: 0 });
  });

  it('tells in which terms it may have led', () => {
    const heard = new HeardMembers(self, { term: 2, vote: NO_ONE, commit: 0 }, []);
    const ledTerm = (vote: RaftId): number =>
      heard.testify(member, sender, directory(true), { ...log, vote }, 101).ledTerm;
    expect([ledTerm(NO_ONE), ledTerm(raftId(3)), ledTerm(member)]).toEqual([0, 0, 3]);
    heard.hear(
      { kind: 'heartbeat-request', from: member, to: self, term: 2, commit: 0, readPosition: 0 },
      100,
      () => null,
    );
    expect(ledTerm(NO_ONE)).toBe(2);
    const restarted = new HeardMembers(self, { term: 5, vote: NO_ONE, commit: 0 }, [member]);
    expect(restarted.testify(member, sender, directory(true), log, 101).ledTerm).toBe(5);
  });

  it('hears who was there just now', () => {
    const heard = new HeardMembers(self, { term: 2, vote: NO_ONE, commit: 0 }, []);
    heard.hear(accepted, 100, () => 2);
    const isAlive = (sinceMs: number): boolean => heard.testify(member, sender, directory(true), log, sinceMs).isAlive;
    expect([isAlive(100), isAlive(101)]).toEqual([true, false]);
  });
});
