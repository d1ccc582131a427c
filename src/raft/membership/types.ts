/** Who belongs to the group, and how that changes. */
import type { RaftId } from '../raft-id.ts';

export type MemberChange = Readonly<{ kind: 'add-voter' | 'add-learner' | 'remove'; id: RaftId }>;

/**
 * How a change takes effect. `auto`: at once if it is a single change, else through a joint configuration that is left
 * by itself. `implicit`: joint, left by itself. `explicit`: joint, left by an empty change.
 */
export type Transition = 'auto' | 'implicit' | 'explicit';

/** Several changes at once (the V2 form); none: leave the joint configuration. `context` is the user's. */
export type MembershipChange = Readonly<{
  transition: Transition;
  changes: readonly MemberChange[];
  context: Uint8Array;
}>;

/** A configuration as it is kept on disk; ids ascending. */
export type MembershipState = Readonly<{
  voters: readonly RaftId[];
  learners: readonly RaftId[];
  /** Voters of the configuration that is being left; empty: not joint. */
  outgoing: readonly RaftId[];
  /** Outgoing voters that become learners when the joint configuration is left. */
  nextLearners: readonly RaftId[];
  /** The leader leaves the joint configuration by itself. */
  leavesByItself: boolean;
}>;
export const EMPTY_MEMBERSHIP: MembershipState = {
  voters: [],
  learners: [],
  outgoing: [],
  nextLearners: [],
  leavesByItself: false,
};
