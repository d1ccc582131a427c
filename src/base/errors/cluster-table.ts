/**
 * Errors of the cluster, behind Tarantool's numbers: Picodata's codes, which its clients tell apart. The texts are ours.
 */
export const CLUSTER_ERROR_TABLE = {
  OTHER: { code: 10000, template: '%s' },
  NOT_A_LEADER: { code: 10001, template: 'not a leader' },
  STORAGE_CORRUPTED: { code: 10002, template: 'the state of consensus is damaged: %s' },
  TERM_MISMATCH: { code: 10003, template: 'the operation was asked for in term %s, the current term is %s' },
  RAFT_LOG_UNAVAILABLE: { code: 10004, template: 'entry %s is not in the log yet' },
  RAFT_LOG_COMPACTED: { code: 10005, template: 'entry %s is not in the log any more: it was compacted' },
  CAS_NO_SUCH_RAFT_INDEX: { code: 10006, template: 'there is no entry %s: the last one is %s' },
  CAS_CONFLICT_FOUND: {
    code: 10007,
    template: 'the operation conflicts with entry %s, which came later than entry %s',
  },
  CAS_ENTRY_TERM_MISMATCH: { code: 10008, template: 'entry %s is of term %s, and was expected to be of term %s' },
  CAS_TABLE_NOT_ALLOWED: { code: 10009, template: "space '%s' cannot be changed through consensus" },
  CAS_INVALID_OP_KIND: { code: 10010, template: 'this is no operation: %s' },
  LEADER_UNKNOWN: { code: 10018, template: 'nobody leads at the moment' },
  INSTANCE_EXPELLED: { code: 10020, template: 'this instance does not belong to the group: %s' },
  UNINITIALIZED: { code: 10024, template: 'consensus does not run here: %s' },
  RAFT_PROPOSAL_DROPPED: { code: 10027, template: 'the proposal was dropped: %s' },
  RAFT_SNAPSHOT_READ_VIEW_NOT_AVAILABLE: { code: 10029, template: 'the view of snapshot %s is gone' },
} as const satisfies Record<string, { readonly code: number; readonly template: string }>;

export type ClusterErrorName = keyof typeof CLUSTER_ERROR_TABLE;
