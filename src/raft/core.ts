/**
 * The consensus core of one member: Raft (Ongaro and Ousterhout, 2014; Ongaro's thesis) as a state machine without clock,
 * disk or network. Time is ticks, randomness an argument; what it wants done is gathered until `RaftNode.ready` takes it.
 * Here are its state and its changes of role; `step.ts` has what leads to them.
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
import { assert } from '../base/index.ts';
import { payloadsBytes } from './entry.ts';
import { RaftLog } from './log/raft-log.ts';
import { checkMembership, membersOf } from './membership/change.ts';
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
  type VoteResponse,
} from './types.ts';

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
  /** In this term somebody was told to stand, who need not wait for the lease of this leader to end. */
  hasHandedOver = false;
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
    // The state may be of later than the last commit index that was written: nobody waits for that.
    this.log.commitTo(Math.max(hardState.commit, options.appliedIndex));
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
    this.acknowledge(this.id, this.log.lastIndex());
    return true;
  }

  /** So much payload of what a leader has appended is applied. */
  release(bytes: number): void {
    this.#uncommittedBytes = Math.max(0, this.#uncommittedBytes - bytes);
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

  /** This log matches that of the leader up to `index`. */
  acknowledge(to: RaftId, index: number): void {
    this.respond({ kind: 'append-response', from: this.id, to, term: this.term, index, rejection: null });
  }

  /** The answer to a read: to the own user, or to the member that has sent it on. */
  answerRead(from: RaftId, requestId: number, index: number): void {
    if (from === this.id) this.readStates.push({ index, requestId });
    else this.send({ kind: 'read-index-response', from: this.id, to: from, term: this.term, index, requestId });
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
    this.hasHandedOver = false;
    this.electionElapsedTicks = 0;
    this.heartbeatElapsedTicks = 0;
    const { electionTicks, random } = this.options;
    this.electionTimeoutTicks = electionTicks + random.below(electionTicks);
    this.tracker.resetVotes();
    const lastIndex = this.log.lastIndex();
    for (const [id, progress] of this.tracker.members) progress.reset(lastIndex + 1, id === this.id ? lastIndex : 0);
    this.#uncommittedBytes = 0;
    this.reads = new ReadQueue();
    this.earlyReads = [];
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
