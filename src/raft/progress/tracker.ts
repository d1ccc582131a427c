/** All members as a leader sees them, and the votes that a candidate has got. Members are visited in ascending order. */
import { defined } from '../../base/index.ts';
import { isJoint, membersOf } from '../membership/change.ts';
import { jointReached, jointVote, type VoteResult } from '../membership/quorum.ts';
import { EMPTY_MEMBERSHIP, type MembershipState } from '../membership/types.ts';
import type { RaftId } from '../types.ts';
import { type FlowLimits, Progress } from './progress.ts';

export class Tracker {
  readonly #limits: FlowLimits;
  #membership: MembershipState = EMPTY_MEMBERSHIP;
  #members = new Map<RaftId, Progress>();
  readonly #votes = new Map<RaftId, boolean>();

  constructor(limits: FlowLimits) {
    this.#limits = limits;
  }

  get membership(): MembershipState {
    return this.#membership;
  }

  get members(): ReadonlyMap<RaftId, Progress> {
    return this.#members;
  }

  /** Who stays keeps what is known about it; who is new is tried with what comes after `lastIndex`, by probing back. */
  reconfigure(membership: MembershipState, lastIndex: number): void {
    const learners = new Set(membership.learners);
    const members = new Map<RaftId, Progress>();
    for (const id of membersOf(membership)) {
      const progress = this.#members.get(id) ?? new Progress(Math.max(lastIndex, 1), false, this.#limits);
      progress.isLearner = learners.has(id);
      members.set(id, progress);
    }
    this.#membership = membership;
    this.#members = members;
  }

  progress(id: RaftId): Progress | undefined {
    return this.#members.get(id);
  }

  /** Who needs nobody's answer. */
  isOnlyVoter(id: RaftId): boolean {
    const { voters } = this.#membership;
    return voters.length === 1 && voters[0] === id && !isJoint(this.#membership);
  }

  isVoter(id: RaftId): boolean {
    return this.#membership.voters.includes(id) || this.#membership.outgoing.includes(id);
  }

  /** Ascending, also those that are leaving. */
  voters(): readonly RaftId[] {
    return isJoint(this.#membership)
      ? [...this.#members.keys()].filter((id) => this.isVoter(id))
      : this.#membership.voters;
  }

  /** What a quorum has. */
  committed(): number {
    return jointReached(this.#membership, (id) => this.#members.get(id)?.match ?? 0);
  }

  /** `reached` by a quorum, of any number that members acknowledge. */
  reached(reached: (id: RaftId) => number): number {
    return jointReached(this.#membership, reached);
  }

  isQuorumActive(): boolean {
    return jointVote(this.#membership, (id) => defined(this.#members.get(id), 'voter').isRecentlyActive) === 'won';
  }

  resetVotes(): void {
    this.#votes.clear();
  }

  /** The first answer of each counts. */
  recordVote(id: RaftId, isGranted: boolean): VoteResult {
    if (!this.#votes.has(id)) this.#votes.set(id, isGranted);
    return jointVote(this.#membership, (voter) => this.#votes.get(voter));
  }
}
