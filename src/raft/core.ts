/**
 * The consensus core of one member: Raft (Ongaro and Ousterhout, 2014; Ongaro's thesis) as a state machine without clock,
 * disk or network. Time is ticks, randomness an argument; what it wants done is gathered until `RaftNode.ready` takes it.
 *
 * Invariants: (1) a term has at most one leader; (2) a leader never replaces entries of its log; (3) two logs that have an
 * entry of the same index and term are equal up to there; (4) an entry that was committed is in the log of every later leader;
 * (5) members apply the same entry at the same index. They rest on these: (6) votes and acknowledgements of appends leave
 * only when everything that they follow from is durable; (7) a term that was seen never falls, and the vote in it never
 * changes; (8) only entries of the own term are committed by counting; (9) one membership change at a time is in the log
 * and not applied.
 * States: follower -> pre-candidate -> candidate -> leader; any -> follower when a higher term is seen.
 *
 * Where it goes beyond the paper: docs/raft.md.
 */
import { assert, unreachable } from '../base/index.ts';
import { stepCandidate } from './candidate.ts';
import { payloadsBytes } from './entry.ts';
import { stepFollower } from './follower.ts';
import { broadcastAppends, broadcastHeartbeats, checkQuorum, sendAppend, stepLeader, tryToCommit } from './leader.ts';
import { RaftLog } from './log/raft-log.ts';
import { changeMembership, checkMembership, membersOf } from './membership/change.ts';
import type { MembershipChange, MembershipState } from './membership/types.ts';
import { checkOptions, type RaftOptions } from './options.ts';
import { Tracker } from './progress/tracker.ts';
import { ReadQueue } from './read-queue.ts';
import {
  type AppendResponse,
  type Entry,
  type HardState,
  type Message,
  NO_ONE,
  type Payload,
  type RaftId,
  type ReadIndexRequest,
  type ReadState,
  type Role,
  type Snapshot,
  type VoteRequest,
  type VoteResponse,
} from './types.ts';

/** `dropped`: the proposal is in no log; try again later or elsewhere. */
export type StepResult = 'done' | 'dropped';
/** A transfer is an election that the leader has asked for: nobody has to wait for it to fall silent. */
export type CampaignKind = 'pre-vote' | 'vote' | 'transfer';

export class RaftCore {
  readonly options: RaftOptions;
  readonly id: RaftId;
  readonly log: RaftLog;
  readonly tracker: Tracker;
  term: number;
  vote: RaftId;
  role: Role = 'follower';
  leader: RaftId = NO_ONE;
  /** To whom leadership is being handed over. */
  transferee: RaftId = NO_ONE;
  /** No membership change is in the log behind this index. */
  lastChangeIndex = 0;
  reads = new ReadQueue();
  /** They came before this leader had committed anything in its term, so it does not know yet what is committed. */
  earlyReads: ReadIndexRequest[] = [];

  /** Ticks since an election began, since the leader was heard of, or, on a leader, since it looked at its quorum. */
  electionElapsedTicks = 0;
  heartbeatElapsedTicks = 0;
  /** From `electionTicks` to twice that, anew with each change of role. */
  electionTimeoutTicks: number;

  /** What waits to be taken by `ready`. */
  outgoing: Message[] = [];
  afterAppend: Message[] = [];
  own: (VoteResponse | AppendResponse)[] = [];
  readStates: ReadState[] = [];

  #uncommittedBytes = 0;

  constructor(options: RaftOptions) {
    checkOptions(options);
    this.options = options;
    this.id = options.id;
    this.log = new RaftLog(options.storage, options.applyingBytesMax, options.appliesUnstable);
    this.tracker = new Tracker({ countMax: options.inFlightCountMax, bytesMax: options.inFlightBytesMax });
    const { hardState, membership } = options.storage.initialState();
    checkMembership(membership);
    this.tracker.reconfigure(membership, this.log.lastIndex());
    this.term = hardState.term;
    this.vote = hardState.vote;
    this.log.commitTo(hardState.commit);
    if (options.appliedIndex > 0) this.log.appliedTo(options.appliedIndex);
    this.electionTimeoutTicks = options.electionTicks;
    this.becomeFollower(this.term, NO_ONE);
  }

  get hardState(): HardState {
    return { term: this.term, vote: this.vote, commit: this.log.committed };
  }

  /** A learner, a member that was removed, and one that is being filled cannot lead. */
  get isPromotable(): boolean {
    const progress = this.tracker.progress(this.id);
    return progress !== undefined && !progress.isLearner && this.log.unstable.snapshot === null;
  }

  /** So only a leader knows what is committed (thesis, 6.4). */
  get hasCommittedInTerm(): boolean {
    return this.log.term(this.log.committed) === this.term;
  }

  tick(): void {
    this.electionElapsedTicks++;
    if (this.role === 'leader') this.#tickLeader();
    else if (this.isPromotable && this.electionElapsedTicks >= this.electionTimeoutTicks) {
      this.electionElapsedTicks = 0;
      this.campaign();
    }
  }

  step(message: Message): StepResult {
    if ('term' in message) {
      if (message.term > this.term && !this.#enterTerm(message)) return 'done';
      if (message.term < this.term) {
        this.#answerOldTerm(message);
        return 'done';
      }
    }
    if (message.kind === 'vote-request' || message.kind === 'pre-vote-request') {
      this.#answerVoteRequest(message);
      return 'done';
    }
    switch (this.role) {
      case 'leader':
        return stepLeader(this, message);
      case 'follower':
        return stepFollower(this, message);
      case 'candidate':
      case 'pre-candidate':
        return stepCandidate(this, message);
      default:
        return unreachable(this.role);
    }
  }

  /** Stands for election, if it may. */
  campaign(kind: CampaignKind = this.options.hasPreVote ? 'pre-vote' : 'vote'): void {
    if (this.role === 'leader' || !this.isPromotable || this.#hasUnappliedChange()) return;
    this.runFor(kind);
  }

  /** Asks everybody for a vote; the own one counts when it is durable. */
  runFor(kind: CampaignKind): void {
    if (kind === 'pre-vote') this.#becomePreCandidate();
    else this.#becomeCandidate();
    const isPreVote = kind === 'pre-vote';
    const term = isPreVote ? this.term + 1 : this.term;
    const last = this.log.last();
    for (const to of this.tracker.voters()) {
      if (to === this.id) {
        this.own.push({
          kind: isPreVote ? 'pre-vote-response' : 'vote-response',
          from: this.id,
          to,
          term,
          isGranted: true,
        });
      } else {
        const request = isPreVote ? 'pre-vote-request' : 'vote-request';
        this.send({ kind: request, from: this.id, to, term, last, isTransfer: kind === 'transfer' });
      }
    }
  }

  becomeFollower(term: number, leader: RaftId): void {
    this.#reset(term);
    this.role = 'follower';
    this.leader = leader;
  }

  becomeLeader(): void {
    assert(this.role !== 'follower', 'a follower cannot become leader');
    this.#reset(this.term);
    this.role = 'leader';
    this.leader = this.id;
    const progress = this.tracker.progress(this.id);
    if (progress !== undefined) {
      progress.becomeReplicate();
      progress.isRecentlyActive = true;
    }
    // Whatever is in the log may be a membership change; to wait for all of it is cheaper than to read it.
    this.lastChangeIndex = this.log.lastIndex();
    // Without an entry of its own term it could never commit those of before.
    const isAppended = this.appendPayloads([{ kind: 'data', data: new Uint8Array(0) }]);
    assert(isAppended, 'the first entry of a term was refused');
  }

  /** A leader's own entries; false: too much waits already. */
  appendPayloads(payloads: readonly Payload[]): boolean {
    const lastIndex = this.log.lastIndex();
    const entries: Entry[] = payloads.map((payload, place) => ({
      term: this.term,
      index: lastIndex + 1 + place,
      payload,
    }));
    const bytes = payloadsBytes(entries);
    const isTooMuch = this.#uncommittedBytes + bytes > this.options.uncommittedBytesMax;
    if (this.#uncommittedBytes > 0 && bytes > 0 && isTooMuch) return false;
    this.#uncommittedBytes += bytes;
    this.log.append(entries);
    this.respond({ ...this.inTerm(this.id), kind: 'append-response', index: this.log.lastIndex(), rejection: null });
    return true;
  }

  /** The state has everything up to `index`. */
  applied(index: number): void {
    const released = this.log.appliedTo(Math.max(index, this.log.applied));
    this.#uncommittedBytes = Math.max(0, this.#uncommittedBytes - released);
    const { membership } = this.tracker;
    if (membership.leavesByItself && this.role === 'leader' && this.log.applied >= this.lastChangeIndex) {
      // Dropped while leadership is handed over; then the next leader does it.
      const change: MembershipChange = { transition: 'auto', changes: [], context: new Uint8Array(0) };
      const payloads: readonly Payload[] = [{ kind: 'membership', change }];
      this.step({ kind: 'proposal-request', from: this.id, to: this.id, payloads });
    }
  }

  snapshotApplied(index: number): void {
    this.log.unstable.snapshotStable(index);
    this.applied(index);
  }

  /** A committed change takes effect. One that cannot be made changes nothing, on any member. */
  applyMembership(change: MembershipChange): MembershipState {
    const outcome = changeMembership(this.tracker.membership, change);
    if (outcome.kind === 'changed') this.#switchTo(outcome.membership);
    return this.tracker.membership;
  }

  /** False: it tells nothing new, or cannot be for this member. */
  restore(snapshot: Snapshot): boolean {
    if (snapshot.id.index <= this.log.committed || this.role !== 'follower') return false;
    if (!membersOf(snapshot.membership).includes(this.id)) return false;
    if (this.log.matches(snapshot.id)) {
      this.log.commitTo(snapshot.id.index);
      return false;
    }
    checkMembership(snapshot.membership);
    this.log.restore(snapshot);
    this.tracker.reconfigure(snapshot.membership, this.log.lastIndex());
    return true;
  }

  /** Leaves at once. */
  send(message: Message): void {
    assert(message.to !== this.id, 'a message to oneself');
    this.outgoing.push(message);
  }

  /** Leaves when all that is unstable now is durable; an own one counts then. */
  respond(message: VoteResponse | AppendResponse): void {
    if (message.to === this.id) this.own.push(message);
    else this.afterAppend.push(message);
  }

  inTerm(to: RaftId): Readonly<{ from: RaftId; to: RaftId; term: number }> {
    return { from: this.id, to, term: this.term };
  }

  /** The answer to a read: to the own user, or to the member that has sent it on. */
  answerRead(from: RaftId, requestId: number, index: number): void {
    if (from === this.id) this.readStates.push({ index, requestId });
    else this.send({ ...this.inTerm(from), kind: 'read-index-response', index, requestId });
  }

  #tickLeader(): void {
    this.heartbeatElapsedTicks++;
    if (this.electionElapsedTicks >= this.options.electionTicks) {
      this.electionElapsedTicks = 0;
      if (this.options.checksQuorum) checkQuorum(this);
      // Who could not be handed leadership within this time does not get it.
      this.transferee = NO_ONE;
    }
    if (this.role !== 'leader' || this.heartbeatElapsedTicks < this.options.heartbeatTicks) return;
    this.heartbeatElapsedTicks = 0;
    broadcastHeartbeats(this);
  }

  /** A message of a later term; false: it is not looked at. */
  #enterTerm(message: Message & Readonly<{ term: number }>): boolean {
    switch (message.kind) {
      case 'vote-request':
      case 'pre-vote-request': {
        // Who hears from a leader does not help to replace it, but if that leader asks for it.
        const isLed = this.leader !== NO_ONE && this.electionElapsedTicks < this.options.electionTicks;
        if (this.options.checksQuorum && isLed && !message.isTransfer) return false;
        if (message.kind === 'vote-request') this.becomeFollower(message.term, NO_ONE);
        return true;
      }
      case 'pre-vote-response':
        // A granted one bears the term that was asked for, which is not there yet.
        if (!message.isGranted) this.becomeFollower(message.term, NO_ONE);
        return true;
      case 'append-request':
      case 'heartbeat-request':
      case 'snapshot-request':
        this.becomeFollower(message.term, message.from);
        return true;
      default:
        this.becomeFollower(message.term, NO_ONE);
        return true;
    }
  }

  #answerOldTerm(message: Message): void {
    const { checksQuorum, hasPreVote } = this.options;
    if (message.kind === 'pre-vote-request') {
      // Else a candidate with a shorter log and a lower term would ask for ever.
      this.respond({ ...this.inTerm(message.from), kind: 'pre-vote-response', isGranted: false });
    } else if (message.kind === 'append-request' || message.kind === 'heartbeat-request') {
      // A leader that is behind learns so. Without this, a member that came back with a higher term would be stuck: it is not
      // voted for, and what the leader sends is too old for it.
      if (!checksQuorum && !hasPreVote) return;
      this.respond({ ...this.inTerm(message.from), kind: 'append-response', index: 0, rejection: null });
    }
  }

  #answerVoteRequest(request: VoteRequest): void {
    const isPreVote = request.kind === 'pre-vote-request';
    const mayVote =
      this.vote === request.from ||
      (this.vote === NO_ONE && this.leader === NO_ONE) ||
      (isPreVote && request.term > this.term);
    // A learner votes too: the candidate may know that it became a voter before it does.
    const isGranted = mayVote && this.log.isUpToDate(request.last);
    if (isGranted && !isPreVote) {
      this.electionElapsedTicks = 0;
      this.vote = request.from;
    }
    this.respond({
      ...this.inTerm(request.from),
      kind: isPreVote ? 'pre-vote-response' : 'vote-response',
      // The term that was asked for, which may be higher than the own one: else it would be too old to be looked at.
      term: isGranted ? request.term : this.term,
      isGranted,
    });
  }

  #becomePreCandidate(): void {
    assert(this.role !== 'leader', 'a leader cannot become candidate');
    this.tracker.resetVotes();
    this.role = 'pre-candidate';
    this.leader = NO_ONE;
  }

  #becomeCandidate(): void {
    assert(this.role !== 'leader', 'a leader cannot become candidate');
    this.#reset(this.term + 1);
    this.role = 'candidate';
    this.vote = this.id;
  }

  #reset(term: number): void {
    if (this.term !== term) {
      this.term = term;
      this.vote = NO_ONE;
    }
    this.leader = NO_ONE;
    this.transferee = NO_ONE;
    this.electionElapsedTicks = 0;
    this.heartbeatElapsedTicks = 0;
    const { electionTicks, random } = this.options;
    this.electionTimeoutTicks = electionTicks + random.below(electionTicks);
    this.tracker.resetVotes();
    const lastIndex = this.log.lastIndex();
    for (const [id, progress] of this.tracker.members) progress.reset(lastIndex + 1, id === this.id ? lastIndex : 0);
    this.lastChangeIndex = 0;
    this.#uncommittedBytes = 0;
    this.reads = new ReadQueue();
    this.earlyReads = [];
  }

  #switchTo(membership: MembershipState): void {
    this.tracker.reconfigure(membership, this.log.lastIndex());
    if (this.role !== 'leader') return;
    const own = this.tracker.progress(this.id);
    if (own === undefined || own.isLearner) {
      if (this.options.stepsDownOnRemoval) this.becomeFollower(this.term, NO_ONE);
      return;
    }
    if (tryToCommit(this)) broadcastAppends(this);
    // Who is new is tried at once, and need not wait for the next heartbeat.
    else for (const id of this.tracker.members.keys()) if (id !== this.id) sendAppend(this, id, 'with-entries');
    if (this.transferee !== NO_ONE && !this.tracker.isVoter(this.transferee)) this.transferee = NO_ONE;
  }

  /** Until it is applied, it does not know who has to vote. */
  #hasUnappliedChange(): boolean {
    const { applied, committed } = this.log;
    for (let low = applied + 1; low <= committed;) {
      const entries = this.log.slice(low, committed + 1, this.options.applyingBytesMax);
      assert(entries !== null && entries.length > 0, 'entries that are not applied were compacted');
      if (entries.some(({ payload }) => payload.kind === 'membership')) return true;
      low += entries.length;
    }
    return false;
  }
}
