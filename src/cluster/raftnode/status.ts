/** What a member says of itself and of the group. */
import { NO_ONE, type RaftStatus, type Role } from '../../raft/index.ts';
import type { Driver } from './driver.ts';
import type { RaftStore } from './store.ts';

export type ConsensusStatus = Readonly<{
  id: number;
  term: number;
  /** 0: nobody leads, as far as this member knows. */
  leaderId: number;
  role: Role;
  commit: number;
  applied: number;
  firstIndex: number;
  lastIndex: number;
  voters: readonly number[];
  learners: readonly number[];
  /** The configuration is between two. */
  isJoint: boolean;
}>;

/** `driver`: null while the member does not take part. */
export function statusOf(id: number, store: RaftStore, driver: Driver | null): ConsensusStatus {
  const { term, role, leader, committed, lastIndex, membership } = driver?.status ?? atRest(store);
  return {
    id,
    term,
    leaderId: leader,
    role,
    commit: committed,
    applied: store.applied,
    firstIndex: store.firstIndex(),
    lastIndex,
    voters: membership.voters,
    learners: membership.learners,
    isJoint: membership.outgoing.length > 0,
  };
}

function atRest(
  store: RaftStore,
): Pick<RaftStatus, 'term' | 'role' | 'leader' | 'committed' | 'lastIndex' | 'membership'> {
  const { hardState, membership } = store.initialState();
  const { term } = hardState;
  return { term, role: 'follower', leader: NO_ONE, committed: store.applied, lastIndex: store.lastIndex(), membership };
}
