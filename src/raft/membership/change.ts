/**
 * From one configuration to the next (Ongaro's thesis, 4.3).
 *
 * Invariants of every configuration: (1) there is a voter; (2) nobody is voter and learner; (3) who is to become a learner is
 * an outgoing voter; (4) what is only of joint configurations is empty in others.
 * A change that would break one is refused and leaves all as it was, so that all members refuse it alike.
 */
import { assert, unreachable } from '../../base/index.ts';
import type { RaftId } from '../raft-id.ts';
import type { MemberChange, MembershipChange, MembershipState } from './types.ts';

export type ChangeOutcome =
  Readonly<{ kind: 'changed'; membership: MembershipState }> | Readonly<{ kind: 'refused'; reason: string }>;

export function isJoint(membership: MembershipState): boolean {
  return membership.outgoing.length > 0;
}

/** An empty change leaves a joint configuration. */
export function leavesJoint({ transition, changes }: MembershipChange): boolean {
  return transition === 'auto' && changes.length === 0;
}

export function changeMembership(membership: MembershipState, change: MembershipChange): ChangeOutcome {
  if (leavesJoint(change)) return leaveJoint(membership);
  const { transition, changes } = change;
  const [single] = changes;
  if (transition === 'auto' && single !== undefined && changes.length === 1) return changeAtOnce(membership, single);
  return enterJoint(membership, changes, transition !== 'explicit');
}

/** Everybody that a configuration names, in ascending order. */
export function membersOf({ voters, learners, outgoing, nextLearners }: MembershipState): readonly RaftId[] {
  return sorted(new Set([...voters, ...learners, ...outgoing, ...nextLearners]));
}

/** Asserts the invariants; for what comes from disk or from others. */
export function checkMembership({ voters, learners, outgoing, nextLearners, leavesByItself }: MembershipState): void {
  const voting = new Set([...voters, ...outgoing]);
  for (const id of learners) assert(!voting.has(id), `member ${id} is voter and learner`);
  for (const id of nextLearners)
    assert(outgoing.includes(id), `member ${id} is to be a learner and is no outgoing voter`);
  if (outgoing.length > 0) return;
  assert(nextLearners.length === 0, 'a configuration that is not joint has future learners');
  assert(!leavesByItself, 'a configuration that is not joint cannot be left');
}

/** A configuration under change. */
class Draft {
  readonly voters: Set<RaftId>;
  readonly learners: Set<RaftId>;
  readonly outgoing: Set<RaftId>;
  readonly nextLearners: Set<RaftId>;

  constructor({ voters, learners, outgoing, nextLearners }: MembershipState) {
    this.voters = new Set(voters);
    this.learners = new Set(learners);
    this.outgoing = new Set(outgoing);
    this.nextLearners = new Set(nextLearners);
  }

  apply({ kind, id }: MemberChange): void {
    switch (kind) {
      case 'add-voter':
        this.#forget(id);
        this.voters.add(id);
        return;
      case 'add-learner':
        this.#forget(id);
        // Who still votes in the outgoing configuration becomes a learner when it is left.
        (this.outgoing.has(id) ? this.nextLearners : this.learners).add(id);
        return;
      case 'remove':
        this.#forget(id);
        return;
      default:
        unreachable(kind);
    }
  }

  result(leavesByItself: boolean): ChangeOutcome {
    if (this.voters.size === 0) return refused('no voter would be left');
    const membership: MembershipState = {
      voters: sorted(this.voters),
      learners: sorted(this.learners),
      outgoing: sorted(this.outgoing),
      nextLearners: sorted(this.nextLearners),
      leavesByItself,
    };
    checkMembership(membership);
    return { kind: 'changed', membership };
  }

  #forget(id: RaftId): void {
    this.voters.delete(id);
    this.learners.delete(id);
    this.nextLearners.delete(id);
  }
}

/** One voter more or less: any majority of before and any of after have a member in common. */
function changeAtOnce(membership: MembershipState, change: MemberChange): ChangeOutcome {
  if (isJoint(membership)) return refused('the configuration is joint and has to be left first');
  const draft = new Draft(membership);
  draft.apply(change);
  return draft.result(false);
}

function enterJoint(
  membership: MembershipState,
  changes: readonly MemberChange[],
  leavesByItself: boolean,
): ChangeOutcome {
  if (isJoint(membership)) return refused('the configuration is joint already');
  if (membership.voters.length === 0) return refused('a configuration without voters cannot become joint');
  const draft = new Draft(membership);
  for (const id of membership.voters) draft.outgoing.add(id);
  for (const change of changes) draft.apply(change);
  return draft.result(leavesByItself);
}

function leaveJoint(membership: MembershipState): ChangeOutcome {
  if (!isJoint(membership)) return refused('the configuration is not joint');
  const draft = new Draft(membership);
  for (const id of draft.nextLearners) draft.learners.add(id);
  draft.nextLearners.clear();
  draft.outgoing.clear();
  return draft.result(false);
}

function refused(reason: string): ChangeOutcome {
  return { kind: 'refused', reason };
}

function sorted(ids: ReadonlySet<RaftId>): readonly RaftId[] {
  return [...ids].sort((left, right) => left - right);
}
