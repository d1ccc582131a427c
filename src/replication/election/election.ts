/**
 * Election of a leader inside a replicaset, as one instance sees it: the modes, the quorum of connections, fencing and
 * promotions around RaftCore.
 *
 * Invariants:
 * - if every instance's quorum is a majority, a term has at most one leader, whatever is lost, repeated or reordered, and
 *   whoever restarts;
 * - the leader has all rows that a majority had written when it was elected;
 * - nothing is told to others before it is on disk;
 * - the same inputs give the same effects.
 */
import { assert, type BoxError, boxError, REPLICA_ID_MAX, unreachable } from '../../base/index.ts';
import { ELECTION_STATE, type ElectionState, type RaftMessage } from '../../codec/iproto/index.ts';
import type {
  ElectionEffect,
  ElectionInput,
  ElectionOptions,
  PersistedState,
  StepContext,
  StepDownReason,
} from './messages.ts';
import { RaftCore } from './raft-core.ts';

/** A peer silent for so many replication timeouts is dead; a strict leader gives up after half of it. */
const DEATH_FACTOR = 4;
const STRICT_LEADER_FACTOR = 2;

/** The term before any election. */
export const INITIAL_STATE: PersistedState = { term: 1, vote: 0 };

/** What the caller has been told. */
type Reported = Readonly<{ term: number; leaderId: number; isLeader: boolean; isReadOnly: boolean }>;

export class Election {
  readonly #selfId: number;
  readonly #raft: RaftCore;
  #options: ElectionOptions;
  #isStarted = false;
  #canLead = true;
  #quorum = 1;
  #replicaCount = 1;
  #connected: ReadonlySet<number> = new Set();
  /** Since the quorum grew it has not been there yet: a leader that is being joined must not resign. */
  #isFencingPaused = false;
  /** The term for which `promote` stands. */
  #promotedTerm: number | null = null;
  #reported: Reported;
  #effects: ElectionEffect[] = [];

  /** `persisted` is what the log of the last run says, INITIAL_STATE if nothing. */
  constructor(selfId: number, options: ElectionOptions, persisted: PersistedState) {
    this.#selfId = selfId;
    this.#options = options;
    const { electionTimeoutMs, replicationTimeoutMs } = options;
    this.#raft = new RaftCore(selfId, persisted, electionTimeoutMs, DEATH_FACTOR * replicationTimeoutMs);
    this.#reported = this.#current();
  }

  get state(): ElectionState {
    return this.#raft.state;
  }

  /** The greatest term known; what is on disk may be less. */
  get term(): number {
    return this.#raft.term;
  }

  get persisted(): PersistedState {
    return this.#raft.persisted;
  }

  get leaderId(): number {
    return this.#raft.leaderId;
  }

  /** Elections are on and it does not lead. */
  get isReadOnly(): boolean {
    return this.#raft.isEnabled && !this.#raft.isLeader;
  }

  /** What a peer that connects now is told. */
  get message(): RaftMessage {
    return this.#raft.message;
  }

  /** A connection that was silent for longer is to be closed. */
  get peerTimeoutMs(): number {
    const isStrict = this.#options.fencing === 'strict' && this.#raft.isLeader;
    return (isStrict ? STRICT_LEADER_FACTOR : DEATH_FACTOR) * this.#options.replicationTimeoutMs;
  }

  /** Effects are to be carried out in their order. */
  step(input: ElectionInput, context: StepContext): readonly ElectionEffect[] {
    this.#effects = [];
    this.#raft.begin(context);
    this.#take(input);
    const promotion = this.#promotionOutcome();
    if (promotion !== null) this.#promotedTerm = null;
    if (promotion !== null && promotion.error !== null) this.#raft.endPromotion();
    this.#reportChanges(this.#raft.end());
    if (promotion !== null) this.#effects.push({ kind: 'promoteDone', error: promotion.error });
    return this.#effects;
  }

  #take(input: ElectionInput): void {
    switch (input.kind) {
      case 'start':
        assert(!this.#isStarted, 'started twice');
        this.#isStarted = true;
        return this.#updateMode();
      case 'configure':
        return this.#configure(input.options);
      case 'message':
        return this.#receive(input.from, input.message);
      case 'persisted':
        return this.#raft.persistDone();
      case 'timerFired':
        return this.#raft.timerFired();
      case 'heard':
        return this.#raft.heard(input.from);
      case 'vclockChanged':
        return this.#raft.setVclock(input.vclock);
      case 'peersChanged':
        return this.#peersChanged(new Set(input.connectedIds));
      case 'quorumChanged':
        return this.#quorumChanged(input.quorum, input.replicaCount);
      case 'readinessChanged':
        this.#canLead = input.canLead;
        if (!input.canLead && this.#raft.isLeader) this.#raft.resign('not ready');
        return this.#updateCandidacy();
      case 'promote':
        return this.#promote();
      case 'resign':
        return this.#resign();
      case 'raiseTerm':
        return this.#raft.raiseTerm();
      default:
        unreachable(input);
    }
  }

  #configure(options: ElectionOptions): void {
    this.#options = options;
    this.#raft.setTimeouts(options.electionTimeoutMs, DEATH_FACTOR * options.replicationTimeoutMs);
    this.#updateMode();
  }

  #updateMode(): void {
    this.#updateQuorum();
    const isOn = this.#isStarted && this.#options.mode !== 'off';
    if (isOn && !this.#raft.isEnabled) this.#raft.enable(this.#isEligible);
    else if (!isOn && this.#raft.isEnabled) this.#raft.disable();
    this.#updateCandidacy();
  }

  /** Takes the mode and the connections for what they allow now. */
  #updateCandidacy(): void {
    if (!this.#raft.isEnabled) return;
    const { mode } = this.#options;
    switch (mode) {
      case 'off':
      case 'voter':
        return this.#raft.setConfiguredCandidate(false);
      case 'manual':
        // Who leads already may go on, and connections do not matter to promotions.
        if (!this.#isHealthy) this.#fence();
        return this.#raft.setConfiguredCandidate(false, true);
      case 'candidate': {
        const isStanding = this.#raft.state !== ELECTION_STATE.follower;
        if (!this.#isHealthy) this.#fence();
        return this.#raft.setConfiguredCandidate(this.#isEligible, isStanding && !this.#isEligible);
      }
      default:
        unreachable(mode);
    }
  }

  /** It would stand by itself. */
  get #isEligible(): boolean {
    return this.#options.mode === 'candidate' && this.#canLead && this.#isHealthy;
  }

  /** Enough instances are connected to win an election. */
  get #isHealthy(): boolean {
    return this.#connected.size + 1 >= this.#electionQuorum;
  }

  /** While not all are registered, those that are can elect. */
  get #electionQuorum(): number {
    return Math.min(this.#quorum, Math.max(this.#replicaCount, 1));
  }

  #fence(): void {
    if (this.#options.fencing !== 'off' && this.#raft.isLeader && !this.#isFencingPaused) this.#raft.resign('fenced');
  }

  #peersChanged(connected: ReadonlySet<number>): void {
    const lost = [...this.#connected].filter((peerId) => !connected.has(peerId));
    this.#connected = connected;
    if (this.#isHealthy) this.#isFencingPaused = false;
    this.#updateCandidacy();
    for (const peerId of lost) this.#raft.forgetWitness(peerId);
  }

  #quorumChanged(quorum: number, replicaCount: number): void {
    const before = this.#electionQuorum;
    this.#quorum = quorum;
    this.#replicaCount = replicaCount;
    this.#isFencingPaused = !this.#isHealthy && (this.#isFencingPaused || this.#electionQuorum > before);
    this.#updateQuorum();
    this.#updateCandidacy();
  }

  #updateQuorum(): void {
    this.#raft.setQuorum(this.#electionQuorum, Math.max(this.#replicaCount, 1));
  }

  #receive(from: number, message: RaftMessage): void {
    const reason = whyInvalid(from, message);
    if (reason !== null) {
      this.#effects.push({ kind: 'messageRefused', from, error: boxError('PROTOCOL', reason) });
      return;
    }
    // Anonymous replicas take no part.
    if (from !== 0 && from !== this.#selfId) this.#raft.receive(from, message);
  }

  #promote(): void {
    const error = this.#whyNotPromoted();
    if (error !== null || this.#raft.isLeader) {
      this.#effects.push({ kind: 'promoteDone', error });
      return;
    }
    this.#raft.promote();
    this.#promotedTerm = this.#raft.term;
  }

  #whyNotPromoted(): BoxError | null {
    const { mode } = this.#options;
    if (this.#promotedTerm !== null) return boxError('IN_ANOTHER_PROMOTE');
    if (mode === 'voter') return boxError('UNSUPPORTED', "election_mode='voter'", 'manual elections');
    if (!this.#raft.isEnabled) return boxError('ELECTION_DISABLED');
    return this.#isHealthy ? null : this.#tooFewConnected();
  }

  #tooFewConnected(): BoxError {
    return boxError('NO_ELECTION_QUORUM', this.#connected.size + 1, this.#electionQuorum);
  }

  /** What became of the promotion; null while that is open, or if there is none. */
  #promotionOutcome(): Readonly<{ error: BoxError | null }> | null {
    const { term, leaderId, isLeader, isCandidate } = this.#raft;
    if (this.#promotedTerm === null) return null;
    if (isLeader && term === this.#promotedTerm) return { error: null };
    if (!this.#isHealthy) return { error: this.#tooFewConnected() };
    if (leaderId !== 0) return { error: boxError('INTERFERING_PROMOTE', leaderId) };
    if (term > this.#promotedTerm) return { error: boxError('OLD_TERM', this.#promotedTerm, term) };
    if (isCandidate) return null;
    return { error: boxError(this.#options.mode === 'manual' ? 'TIMEOUT' : 'ELECTION_DISABLED') };
  }

  #resign(): void {
    if (!this.#raft.isLeader) return;
    this.#raft.resign('resigned');
    this.#updateCandidacy();
  }

  #current(): Reported {
    const { term, leaderId, isLeader } = this.#raft;
    return { term, leaderId, isLeader, isReadOnly: this.isReadOnly };
  }

  /** What is lost is told before the messages, what is gained behind them. */
  #reportChanges(effects: readonly ElectionEffect[]): void {
    const before = this.#reported;
    const now = this.#current();
    this.#reported = now;
    if (before.isLeader && !now.isLeader) {
      const reason: StepDownReason = this.#raft.stepDownReason;
      this.#effects.push({ kind: 'steppedDown', term: before.term, reason });
    }
    // Behind what ended in the term before: whoever is told of both must not take the new term for the one that is over.
    if (now.term !== before.term) this.#effects.push({ kind: 'termBegan', term: now.term });
    if (now.isReadOnly !== before.isReadOnly) {
      this.#effects.push({ kind: 'readOnlyChanged', isReadOnly: now.isReadOnly });
    }
    if (now.leaderId !== before.leaderId) this.#effects.push({ kind: 'leaderChanged', leaderId: now.leaderId });
    this.#effects.push(...effects);
    if (now.isLeader && !before.isLeader) this.#effects.push({ kind: 'becameLeader', term: now.term });
  }
}

/** What makes a message malformed; null if nothing does. */
function whyInvalid(from: number, message: RaftMessage): string | null {
  const { term, vote, state, vclock } = message;
  if (term === 0 || state < ELECTION_STATE.follower || state > ELECTION_STATE.leader) return 'Invalid term or state';
  if (vote > REPLICA_ID_MAX) return 'Invalid vote';
  if (state === ELECTION_STATE.candidate && (vote !== from || vclock === null)) {
    return 'Candidate should always vote for self and provide its vclock';
  }
  return null;
}
