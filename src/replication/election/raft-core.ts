/**
 * One instance's part in Tarantool's Raft: terms, votes, and who leads. Modes, quorums of connections and fencing are
 * decided above, in election.ts.
 *
 * Invariants:
 * - others are told of a term or a vote only after it is on disk, so a restart cannot vote twice in a term; until then
 *   the instance is a follower and its timer stands still;
 * - a vote goes to a candidate that has all rows that this instance has (component 0 is its own affair), at the time of
 *   the request and again when the vote is about to be written;
 * - a leader or candidate has its own vote in its term on disk.
 */
import { assert } from '../../base/index.ts';
import { ELECTION_STATE, type ElectionState, type RaftMessage } from '../../codec/iproto/index.ts';
import { type Vclock, vclockComponent } from '../../codec/xlog/index.ts';
import { Deadline } from './deadline.ts';
import type { ElectionEffect, PersistedState, StepContext, StepDownReason } from './messages.ts';
import { VoteTally } from './vote-tally.ts';

const { follower: FOLLOWER, candidate: CANDIDATE, leader: LEADER } = ELECTION_STATE;
/** How much of the election timeout may be added at random. */
const SHIFT_MAX = 0.1;

export class RaftCore {
  readonly selfId: number;
  readonly #deadline = new Deadline();
  readonly #votes = new VoteTally();
  /** Who hears the leader of this term; others must not unseat it. */
  readonly #witnesses = new Set<number>();
  #persisted: PersistedState;
  #term: number;
  #vote: number;
  #candidateVclock: Vclock = [];
  #vclock: Vclock = [];
  #state: ElectionState = FOLLOWER;
  #leaderId = 0;
  #isEnabled = false;
  #isCandidate = false;
  /** What the instance is when no promotion makes it more. */
  #isConfiguredCandidate = false;
  #isWriting = false;
  #inFlight: PersistedState | null = null;
  #isSpedUp = false;
  #needsBroadcast = false;
  #electionTimeoutMs: number;
  #deathTimeoutMs: number;
  #quorum = 1;
  #replicaCount = 1;
  #context: StepContext = { nowMs: 0, fraction: 0 };
  #stepDownReason: StepDownReason = 'new term';
  #effects: ElectionEffect[] = [];

  constructor(selfId: number, persisted: PersistedState, electionTimeoutMs: number, deathTimeoutMs: number) {
    this.selfId = selfId;
    this.#persisted = persisted;
    this.#term = persisted.term;
    this.#vote = persisted.vote;
    this.#electionTimeoutMs = electionTimeoutMs;
    this.#deathTimeoutMs = deathTimeoutMs;
    if (persisted.vote !== 0) this.#votes.add(selfId, persisted.vote);
  }

  /** The greatest term known, maybe not on disk yet. */
  get term(): number {
    return this.#term;
  }

  /** What is on disk. */
  get persisted(): PersistedState {
    return this.#persisted;
  }

  get state(): ElectionState {
    return this.#state;
  }

  get leaderId(): number {
    return this.#leaderId;
  }

  get isEnabled(): boolean {
    return this.#isEnabled;
  }

  get isCandidate(): boolean {
    return this.#isCandidate;
  }

  get isLeader(): boolean {
    return this.#state === LEADER;
  }

  /** What others may know. */
  get message(): RaftMessage {
    const { term, vote } = this.#persisted;
    // A leader of a term that is not on disk yet must not pass for one of the term that is.
    const isSettled = this.#term === term;
    return {
      term,
      vote,
      state: this.#state,
      vclock: this.#state === CANDIDATE ? this.#vclock : null,
      leaderId: isSettled ? this.#leaderId : 0,
      isLeaderSeen: isSettled && this.#isEnabled && this.#isLeaderSeen,
    };
  }

  begin(context: StepContext): void {
    this.#context = context;
    this.#effects = [];
  }

  /** What the step has come to. Before anything is written, others may know what was on disk before. */
  end(): readonly ElectionEffect[] {
    if (this.#inFlight === null) this.#flushBroadcast();
    this.#writeNext();
    const timer = this.#deadline.report(this.#context.nowMs);
    if (timer !== null) this.#emit(timer);
    if (this.#inFlight === null) this.#flushBroadcast();
    return this.#effects;
  }

  // What is told

  enable(isConfiguredCandidate: boolean): void {
    assert(!this.#isEnabled, 'enabled twice');
    this.#isEnabled = true;
    this.#isConfiguredCandidate = isConfiguredCandidate;
    this.#isCandidate = isConfiguredCandidate;
    // After a restart there may well be a leader: it gets the time to be heard.
    if (!this.#isWriting) {
      if (this.#isLeaderSeen || (this.#isCandidate && this.#witnesses.size === 0)) this.#waitForLeader();
    }
    this.#needsBroadcast = true;
  }

  disable(): void {
    this.#isEnabled = false;
    this.#isConfiguredCandidate = false;
    this.#isCandidate = false;
    if (this.isLeader) this.#loseLeadership('elections off');
    this.#state = FOLLOWER;
    this.#deadline.clear();
    this.#needsBroadcast = true;
  }

  /** `isLater`: a candidate or leader stays one in its term. */
  setConfiguredCandidate(isCandidate: boolean, isLater = false): void {
    this.#isConfiguredCandidate = isCandidate;
    if (!isLater) this.#restoreCandidacy();
  }

  setQuorum(quorum: number, replicaCount: number): void {
    this.#quorum = quorum;
    this.#replicaCount = replicaCount;
    if (this.#state === CANDIDATE && this.#hasWon) this.#becomeLeader();
    else this.#checkSplitVote();
  }

  setVclock(vclock: Vclock): void {
    this.#vclock = vclock;
  }

  /** Waits that have begun become longer or shorter by the difference. */
  setTimeouts(electionTimeoutMs: number, deathTimeoutMs: number): void {
    const isElecting = this.#leaderId === 0 && this.#persisted.vote !== 0;
    const change = isElecting ? electionTimeoutMs - this.#electionTimeoutMs : deathTimeoutMs - this.#deathTimeoutMs;
    this.#electionTimeoutMs = electionTimeoutMs;
    this.#deathTimeoutMs = deathTimeoutMs;
    const { nowMs } = this.#context;
    if (change !== 0 && this.#deadline.isSet) this.#deadline.set(nowMs, this.#deadline.remainingMs(nowMs) + change);
  }

  receive(from: number, message: RaftMessage): void {
    if (message.term < this.#term) return;
    if (message.term > this.#term) this.#beginTerm(message.term);
    this.#noteWitness(from, message.isLeaderSeen);
    // The last witness may have been gone, and a new term begun: the message is of an older one now.
    if (message.term !== this.#term) return;
    if (message.vote !== 0) this.#countVote(from, message);
    if (message.state !== LEADER) {
      if (from === this.#leaderId) this.#leaderResigned();
    } else if (this.#leaderId === 0) {
      this.#follow(from);
    } else if (from !== this.#leaderId) {
      this.#emit({ kind: 'conflictingLeader', knownId: this.#leaderId, otherId: from });
    }
  }

  /** The connection to the peer is lost: whom it hears is not known any more. */
  forgetWitness(peerId: number): void {
    this.#noteWitness(peerId, false);
  }

  heard(from: number): void {
    if (!this.#isEnabled || this.isLeader || from !== this.#leaderId || this.#isWriting) return;
    this.#seeLeader();
    this.#waitForLeader();
  }

  timerFired(): void {
    if (!this.#deadline.hasPassed(this.#context.nowMs)) return;
    this.#deadline.clear();
    this.#witnesses.delete(this.selfId);
    this.#restoreCandidacy();
    this.#needsBroadcast = true;
    this.#tryElection();
  }

  persistDone(): void {
    assert(this.#inFlight !== null, 'nothing is being written');
    this.#persisted = this.#inFlight;
    this.#inFlight = null;
    this.#needsBroadcast = true;
    if (!this.#isOnDisk) return;
    this.#isWriting = false;
    this.#settle();
  }

  /** Stands for election in a new term. */
  promote(): void {
    this.#beginTerm(this.#term + 1);
    this.#startCandidate();
    this.#giveVote(this.selfId, this.#vclock);
  }

  resign(reason: StepDownReason): void {
    assert(this.isLeader, 'only a leader resigns');
    this.#stopCandidate(reason);
  }

  raiseTerm(): void {
    this.#beginTerm(this.#term + 1);
  }

  // Candidacy

  #restoreCandidacy(): void {
    if (this.#isConfiguredCandidate && this.#isEnabled) this.#startCandidate();
    else this.#stopCandidate('not a candidate');
  }

  #startCandidate(): void {
    if (this.#isCandidate) return;
    this.#isCandidate = true;
    if (!this.#isWriting && this.#witnesses.size === 0) this.#waitForLeader();
  }

  #stopCandidate(reason: StepDownReason): void {
    if (!this.#isCandidate) return;
    this.#isCandidate = false;
    if (this.isLeader) this.#loseLeadership(reason);
    else if (!this.#isLeaderSeen) this.#deadline.clear();
    this.#state = FOLLOWER;
    this.#needsBroadcast = true;
  }

  #loseLeadership(reason: StepDownReason): void {
    this.#leaderId = 0;
    this.#stepDownReason = reason;
  }

  /** Why it led no more, if it did; told once. */
  takeStepDownReason(): StepDownReason {
    const reason = this.#stepDownReason;
    this.#stepDownReason = 'new term';
    return reason;
  }

  // Elections

  #tryElection(): void {
    if (!this.#isEnabled || !this.#isConfiguredCandidate || this.#witnesses.size > 0) return;
    this.#startElection();
  }

  #startElection(): void {
    this.#beginTerm(this.#term + 1);
    this.#giveVote(this.selfId, this.#vclock);
  }

  #beginTerm(term: number): void {
    assert(term > this.#term, 'terms grow');
    this.#term = term;
    this.#vote = 0;
    this.#candidateVclock = [];
    this.#leaderId = 0;
    this.#state = FOLLOWER;
    this.#votes.clear();
    this.#witnesses.clear();
    // A promotion was for the term before.
    this.#restoreCandidacy();
    this.#pauseAndWrite();
    this.#needsBroadcast = true;
  }

  #giveVote(candidateId: number, vclock: Vclock): void {
    assert(this.#vote === 0 && this.#leaderId === 0, 'a vote is given once, and to nobody while there is a leader');
    this.#vote = candidateId;
    this.#candidateVclock = vclock;
    this.#votes.add(this.selfId, candidateId);
    this.#pauseAndWrite();
  }

  #countVote(from: number, message: RaftMessage): void {
    const isNew = this.#votes.add(from, message.vote);
    if (this.#state === CANDIDATE) {
      if (message.vote === this.selfId && this.#hasWon) return this.#becomeLeader();
    } else if (
      message.state === CANDIDATE &&
      this.#isEnabled &&
      this.#leaderId === 0 &&
      this.#vote === 0 &&
      message.vclock !== null &&
      this.#isCovered(message.vclock)
    ) {
      return this.#giveVote(message.vote, message.vclock);
    }
    if (isNew) this.#checkSplitVote();
  }

  get #hasWon(): boolean {
    return this.#votes.countFor(this.selfId) >= this.#quorum;
  }

  #becomeLeader(): void {
    assert(this.#persisted.vote === this.selfId && this.#isOnDisk, 'a leader has its vote on disk');
    this.#state = LEADER;
    this.#leaderId = this.selfId;
    this.#deadline.clear();
    this.#needsBroadcast = true;
  }

  #becomeCandidate(): void {
    this.#state = CANDIDATE;
    this.#waitForVotes();
    this.#needsBroadcast = true;
  }

  #follow(leaderId: number): void {
    assert(!this.isLeader, 'a leader follows nobody in its term');
    this.#state = FOLLOWER;
    this.#leaderId = leaderId;
    this.#seeLeader();
    if (!this.#isWriting && this.#isEnabled) this.#waitForLeader();
    this.#needsBroadcast = true;
  }

  #leaderResigned(): void {
    this.#leaderId = 0;
    this.#witnesses.delete(this.selfId);
    this.#deadline.clear();
    this.#needsBroadcast = true;
    // It said so itself: others need not be asked.
    if (this.#isEnabled && this.#isConfiguredCandidate) this.#startElection();
  }

  // Who hears the leader

  get #isLeaderSeen(): boolean {
    return this.#witnesses.has(this.selfId);
  }

  #seeLeader(): void {
    if (this.#isLeaderSeen) return;
    this.#witnesses.add(this.selfId);
    this.#needsBroadcast = true;
  }

  #noteWitness(peerId: number, isLeaderSeen: boolean): void {
    if (this.isLeader) return;
    if (isLeaderSeen) this.#witnesses.add(peerId);
    else if (this.#witnesses.delete(peerId)) this.#tryElection();
  }

  /** All rows that are here are there; local rows do not count. */
  #isCovered(vclock: Vclock): boolean {
    return this.#vclock.every((lsn, replicaId) => replicaId === 0 || vclockComponent(vclock, replicaId) >= lsn);
  }

  // Waiting

  #waitForLeader(): void {
    this.#deadline.set(this.#context.nowMs, this.#deathTimeoutMs);
  }

  #waitForVotes(): void {
    this.#isSpedUp = false;
    this.#deadline.set(this.#context.nowMs, this.#electionTimeoutMs + this.#randomShiftMs);
    this.#checkSplitVote();
  }

  /** With nobody left who can win, the next term need not wait for the timeout. */
  #checkSplitVote(): void {
    const isWaiting = this.#leaderId === 0 && this.#isCandidate && !this.#isWriting && this.#deadline.isSet;
    if (!isWaiting || this.#isSpedUp || !this.#votes.isSplit(this.#quorum, this.#replicaCount)) return;
    this.#isSpedUp = true;
    const { nowMs } = this.#context;
    this.#deadline.set(nowMs, Math.min(this.#randomShiftMs, this.#deadline.remainingMs(nowMs)));
  }

  get #randomShiftMs(): number {
    return Math.floor(this.#electionTimeoutMs * SHIFT_MAX * this.#context.fraction);
  }

  // Writing

  get #isOnDisk(): boolean {
    return this.#term === this.#persisted.term && this.#vote === this.#persisted.vote;
  }

  #pauseAndWrite(): void {
    assert(this.#state === FOLLOWER, 'who writes is a follower');
    this.#deadline.clear();
    this.#isWriting = true;
  }

  /**
   * A vote for another is written after its term: what was on its way to the log when the vote was given is in it then,
   * and may be more than the candidate has.
   */
  #writeNext(): void {
    while (this.#isWriting && this.#inFlight === null) {
      const isForAnother = this.#vote !== 0 && this.#vote !== this.selfId;
      if (isForAnother && this.#term === this.#persisted.term && !this.#isCovered(this.#candidateVclock)) {
        this.#votes.revoke(this.selfId);
        this.#vote = 0;
      }
      if (this.#isOnDisk) {
        this.#isWriting = false;
        this.#settle();
        continue;
      }
      const isTermFirst = isForAnother && this.#term > this.#persisted.term;
      this.#inFlight = { term: this.#term, vote: isTermFirst ? 0 : this.#vote };
      this.#emit({ kind: 'persist', ...this.#inFlight });
    }
  }

  /** All is on disk: what is the instance now? */
  #settle(): void {
    if (this.#isLeaderSeen && this.#isEnabled) return this.#waitForLeader();
    if (!this.#isCandidate) return;
    if (this.#vote === this.selfId) {
      if (this.#hasWon) this.#becomeLeader();
      else this.#becomeCandidate();
    } else if (this.#vote !== 0) {
      this.#waitForVotes();
    } else {
      this.#giveVote(this.selfId, this.#vclock);
    }
  }

  #flushBroadcast(): void {
    if (!this.#needsBroadcast) return;
    this.#needsBroadcast = false;
    this.#emit({ kind: 'broadcast', message: this.message });
  }

  #emit(effect: ElectionEffect): void {
    this.#effects.push(effect);
  }
}
