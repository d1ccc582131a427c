/**
 * One instance's part in Tarantool's Raft: terms, votes, and who leads. Modes, quorums of connections and fencing are
 * decided above, in election.ts.
 *
 * Invariants:
 * - others are told of a term or a vote only after it is on disk, so a restart cannot vote twice in a term; until then
 *   the instance is a follower and its timer stands still;
 * - a vote goes to a candidate that has all rows that this instance has, at the time of the request and again when the
 *   vote is about to be written;
 * - a leader or candidate has its own vote in its term on disk.
 */
import { assert } from '../../base/index.ts';
import { ELECTION_STATE, type ElectionState, type RaftMessage } from '../../codec/iproto/index.ts';
import type { Vclock } from '../../codec/xlog/index.ts';
import { coversRows, DurableVote } from './durable-vote.ts';
import { ElectionTimer } from './election-timer.ts';
import type { ElectionEffect, PersistedState, StepContext, StepDownReason } from './messages.ts';
import { VoteTally } from './vote-tally.ts';

const { follower: FOLLOWER, candidate: CANDIDATE, leader: LEADER } = ELECTION_STATE;

export class RaftCore {
  readonly #selfId: number;
  readonly #timer: ElectionTimer;
  readonly #durable: DurableVote;
  readonly #votes = new VoteTally();
  /** Who hears the leader of this term: as long as somebody does, it is not to be unseated. */
  readonly #witnesses = new Set<number>();
  #vclock: Vclock = [];
  #state: ElectionState = FOLLOWER;
  #leaderId = 0;
  #isEnabled = false;
  #isCandidate = false;
  /** What the instance is when no promotion makes it more. */
  #isConfiguredCandidate = false;
  /** Something is not on disk yet, or was not until this step looks at it. */
  #isWriting = false;
  #needsBroadcast = false;
  #quorum = 1;
  #replicaCount = 1;
  #stepDownReason: StepDownReason = 'new term';
  #effects: ElectionEffect[] = [];

  constructor(selfId: number, persisted: PersistedState, electionTimeoutMs: number, deathTimeoutMs: number) {
    this.#selfId = selfId;
    this.#timer = new ElectionTimer(electionTimeoutMs, deathTimeoutMs);
    this.#durable = new DurableVote(selfId, persisted);
    if (persisted.vote !== 0) this.#votes.add(selfId, persisted.vote);
  }

  /** The greatest term known, maybe not on disk yet. */
  get term(): number {
    return this.#durable.term;
  }

  get persisted(): PersistedState {
    return this.#durable.persisted;
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

  /** Why it led no more when it did last. */
  get stepDownReason(): StepDownReason {
    return this.#stepDownReason;
  }

  /** What others may know. */
  get message(): RaftMessage {
    const { term, vote } = this.persisted;
    // A leader of a term that is not on disk yet must not pass for one of the term that is.
    const isSettled = this.term === term;
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
    this.#timer.begin(context);
    this.#effects = [];
  }

  end(): readonly ElectionEffect[] {
    this.#writeNext();
    const timer = this.#timer.report();
    if (timer !== null) this.#emit(timer);
    if (!this.#isWriting) this.#flushBroadcast();
    return this.#effects;
  }

  // What it is told

  enable(isConfiguredCandidate: boolean): void {
    assert(!this.#isEnabled, 'enabled twice');
    this.#isEnabled = true;
    this.#isConfiguredCandidate = isConfiguredCandidate;
    this.#isCandidate = isConfiguredCandidate;
    // After a restart there may well be a leader: it gets the time to be heard.
    const waits = this.#isLeaderSeen || (this.#isCandidate && this.#witnesses.size === 0);
    if (waits && !this.#isWriting) this.#timer.waitForLeader();
    this.#needsBroadcast = true;
  }

  disable(): void {
    this.#isEnabled = false;
    this.#isConfiguredCandidate = false;
    this.#isCandidate = false;
    if (this.isLeader) this.#loseLeadership('elections off');
    this.#state = FOLLOWER;
    this.#timer.clear();
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

  setTimeouts(electionTimeoutMs: number, deathTimeoutMs: number): void {
    this.#timer.configure(electionTimeoutMs, deathTimeoutMs);
  }

  receive(from: number, message: RaftMessage): void {
    if (message.term < this.term) return;
    if (message.term > this.term) this.#beginTerm(message.term);
    this.#noteWitness(from, message.isLeaderSeen);
    // The last witness may be gone by it, and a new term begun: the message is of an older one then.
    if (message.term !== this.term) return;
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
    this.#timer.waitForLeader();
  }

  timerFired(): void {
    if (!this.#timer.fired()) return;
    this.#timer.clear();
    this.#witnesses.delete(this.#selfId);
    this.#restoreCandidacy();
    this.#needsBroadcast = true;
    this.#tryElection();
  }

  persistDone(): void {
    this.#durable.writeDone();
    this.#needsBroadcast = true;
    if (this.#durable.isOnDisk) this.#settle();
    // More is to be written: others learn now what is on disk already.
    if (this.#isWriting) this.#flushBroadcast();
  }

  /** Stands for election in a new term, for this term if it is no candidate otherwise. */
  promote(): void {
    this.#beginTerm(this.term + 1);
    this.#startCandidate();
    this.#giveVote(this.#selfId, this.#vclock);
  }

  /** The promotion has failed: the instance is again what it is configured to be. */
  endPromotion(): void {
    this.#restoreCandidacy();
  }

  resign(reason: StepDownReason): void {
    assert(this.isLeader, 'only a leader resigns');
    this.#stopCandidate(reason);
  }

  raiseTerm(): void {
    this.#beginTerm(this.term + 1);
  }

  // Candidacy

  #restoreCandidacy(): void {
    if (this.#isConfiguredCandidate && this.#isEnabled) this.#startCandidate();
    else this.#stopCandidate('not a candidate');
  }

  #startCandidate(): void {
    if (this.#isCandidate) return;
    this.#isCandidate = true;
    if (!this.#isWriting && this.#witnesses.size === 0) this.#timer.waitForLeader();
  }

  #stopCandidate(reason: StepDownReason): void {
    if (!this.#isCandidate) return;
    this.#isCandidate = false;
    if (this.isLeader) this.#loseLeadership(reason);
    else if (!this.#isLeaderSeen) this.#timer.clear();
    this.#state = FOLLOWER;
    this.#needsBroadcast = true;
  }

  #loseLeadership(reason: StepDownReason): void {
    this.#leaderId = 0;
    this.#stepDownReason = reason;
  }

  // Elections

  #tryElection(): void {
    if (this.#isEnabled && this.#isConfiguredCandidate && this.#witnesses.size === 0) this.#startElection();
  }

  #startElection(): void {
    this.#beginTerm(this.term + 1);
    this.#giveVote(this.#selfId, this.#vclock);
  }

  #beginTerm(term: number): void {
    this.#durable.beginTerm(term);
    this.#votes.clear();
    this.#witnesses.clear();
    if (this.isLeader) this.#stepDownReason = 'new term';
    this.#leaderId = 0;
    this.#state = FOLLOWER;
    // A promotion was for the term before.
    this.#restoreCandidacy();
    this.#pauseAndWrite();
    this.#needsBroadcast = true;
  }

  #giveVote(candidateId: number, vclock: Vclock): void {
    assert(this.#leaderId === 0, 'no vote while there is a leader');
    this.#durable.give(candidateId, vclock);
    this.#votes.add(this.#selfId, candidateId);
    this.#pauseAndWrite();
  }

  #countVote(from: number, message: RaftMessage): void {
    const isNew = this.#votes.add(from, message.vote);
    if (this.#state === CANDIDATE) {
      if (message.vote === this.#selfId && this.#hasWon) return this.#becomeLeader();
    } else if (message.state === CANDIDATE && this.#mayVote && coversRows(message.vclock ?? [], this.#vclock)) {
      return this.#giveVote(message.vote, message.vclock ?? []);
    }
    if (isNew) this.#checkSplitVote();
  }

  get #mayVote(): boolean {
    return this.#isEnabled && this.#leaderId === 0 && this.#durable.vote === 0;
  }

  get #hasWon(): boolean {
    return this.#votes.countFor(this.#selfId) >= this.#quorum;
  }

  #becomeLeader(): void {
    const isSure = this.#durable.isOnDisk && this.#durable.vote === this.#selfId;
    assert(isSure, 'a leader has its vote on disk');
    this.#state = LEADER;
    this.#leaderId = this.#selfId;
    this.#timer.clear();
    this.#needsBroadcast = true;
  }

  #follow(leaderId: number): void {
    assert(!this.isLeader, 'a leader follows nobody in its term');
    this.#state = FOLLOWER;
    this.#leaderId = leaderId;
    this.#seeLeader();
    if (!this.#isWriting && this.#isEnabled) this.#timer.waitForLeader();
    this.#needsBroadcast = true;
  }

  #leaderResigned(): void {
    this.#leaderId = 0;
    this.#witnesses.delete(this.#selfId);
    this.#timer.clear();
    this.#needsBroadcast = true;
    // It said so itself: others need not be asked.
    if (this.#isEnabled && this.#isConfiguredCandidate) this.#startElection();
  }

  /** With nobody left who can win, the next term need not wait for the timeout. */
  #checkSplitVote(): void {
    if (this.#leaderId !== 0 || !this.#isCandidate || this.#isWriting) return;
    if (this.#votes.isSplit(this.#quorum, this.#replicaCount)) this.#timer.speedUp();
  }

  // Who hears the leader

  get #isLeaderSeen(): boolean {
    return this.#witnesses.has(this.#selfId);
  }

  #seeLeader(): void {
    if (this.#isLeaderSeen) return;
    this.#witnesses.add(this.#selfId);
    this.#needsBroadcast = true;
  }

  #noteWitness(peerId: number, isLeaderSeen: boolean): void {
    if (this.isLeader) return;
    if (isLeaderSeen) this.#witnesses.add(peerId);
    else if (this.#witnesses.delete(peerId)) this.#tryElection();
  }

  // Writing

  #pauseAndWrite(): void {
    assert(this.#state === FOLLOWER, 'who writes is a follower');
    this.#timer.clear();
    this.#isWriting = true;
  }

  #writeNext(): void {
    while (this.#isWriting && !this.#durable.isInFlight) {
      if (this.#durable.revokeIfBehind(this.#vclock)) this.#votes.revoke(this.#selfId);
      if (this.#durable.isOnDisk) this.#settle();
      else this.#emit({ kind: 'persist', ...this.#durable.startWrite() });
    }
  }

  /** All is on disk: what is the instance now? */
  #settle(): void {
    this.#isWriting = false;
    const { vote } = this.#durable;
    if (this.#isLeaderSeen && this.#isEnabled) {
      this.#timer.waitForLeader();
    } else if (!this.#isCandidate) {
      return;
    } else if (vote === 0) {
      this.#giveVote(this.#selfId, this.#vclock);
    } else if (vote === this.#selfId && this.#hasWon) {
      this.#becomeLeader();
    } else {
      if (vote === this.#selfId) this.#state = CANDIDATE;
      this.#needsBroadcast = true;
      this.#timer.waitForVotes();
      this.#checkSplitVote();
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
