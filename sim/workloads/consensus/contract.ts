/** What the workload takes for granted of consensus: what it asks of a member, the spaces it looks into, and refusals. */
import { CLUSTER_ERROR_TABLE } from '../../../src/base/index.ts';
import type { Consensus } from '../../../src/cluster/raftnode/index.ts';

/** What clients and the operator ask of a member. */
export type MemberConsensus = Pick<
  Consensus,
  'propose' | 'compareAndSwap' | 'readIndex' | 'transferLeadership' | 'changeMembership' | 'compact'
>;

/** Global, the same on every member: `[key, value]`. */
export const PROPERTY = { id: 516, name: '_pico_property' } as const;
/** Local: `[kind, index, term, data, context]`. */
export const RAFT_LOG_ID = 518;

/** Refusals: what was asked for has not happened and never will. */
export const REFUSED = {
  notALeader: CLUSTER_ERROR_TABLE.NOT_A_LEADER.code,
  termMismatch: CLUSTER_ERROR_TABLE.TERM_MISMATCH.code,
  raftLogCompacted: CLUSTER_ERROR_TABLE.RAFT_LOG_COMPACTED.code,
  casNoSuchRaftIndex: CLUSTER_ERROR_TABLE.CAS_NO_SUCH_RAFT_INDEX.code,
  casConflictFound: CLUSTER_ERROR_TABLE.CAS_CONFLICT_FOUND.code,
  casEntryTermMismatch: CLUSTER_ERROR_TABLE.CAS_ENTRY_TERM_MISMATCH.code,
  casInvalidOperation: CLUSTER_ERROR_TABLE.CAS_INVALID_OP_KIND.code,
  leaderUnknown: CLUSTER_ERROR_TABLE.LEADER_UNKNOWN.code,
  uninitialized: CLUSTER_ERROR_TABLE.UNINITIALIZED.code,
  raftProposalDropped: CLUSTER_ERROR_TABLE.RAFT_PROPOSAL_DROPPED.code,
} as const;

/** A member learns by this that its directory is of an older time than what the others have had from it. */
export const EXPELLED = CLUSTER_ERROR_TABLE.INSTANCE_EXPELLED.code;
