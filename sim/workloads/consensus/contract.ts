/** What the workload uses of an instance's consensus. */
import type { Value } from '../../../src/codec/msgpack/index.ts';

export type ConsensusRole = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

export type ConsensusStatus = Readonly<{
  id: number;
  term: number;
  /** 0: nobody leads, as far as it knows. */
  leaderId: number;
  role: ConsensusRole;
  commit: number;
  applied: number;
  firstIndex: number;
  lastIndex: number;
  voters: readonly number[];
  learners: readonly number[];
}>;

export type EntryId = Readonly<{ term: number; index: number }>;

export type GlobalOperation =
  | Readonly<{ kind: 'nop' }>
  | Readonly<{ kind: 'insert' | 'replace'; space: string; tuple: readonly Value[] }>
  | Readonly<{ kind: 'update'; space: string; key: readonly Value[]; operations: readonly (readonly Value[])[] }>
  | Readonly<{ kind: 'delete'; space: string; key: readonly Value[] }>
  | Readonly<{ kind: 'batch'; operations: readonly GlobalOperation[] }>;

type KeyBound = Readonly<{ kind: 'included' | 'excluded'; key: readonly Value[] }>;

export type CasPredicate = Readonly<{
  index?: number;
  term?: number;
  ranges?: readonly Readonly<{ space: string; keyMin?: KeyBound; keyMax?: KeyBound }>[];
}>;

export type MembershipRequest = Readonly<{
  transition?: 'auto' | 'implicit' | 'explicit';
  changes: readonly Readonly<{ kind: 'add-voter' | 'add-learner' | 'remove'; id: number; address?: string }>[];
}>;

type Patience = Readonly<{ timeoutMs?: number }>;

export interface Consensus {
  status(): ConsensusStatus;
  propose(operation: GlobalOperation, options?: Patience): Promise<EntryId>;
  compareAndSwap(operation: GlobalOperation, predicate?: CasPredicate, options?: Patience): Promise<EntryId>;
  readIndex(options?: Patience): Promise<number>;
  transferLeadership(to: number): Promise<void>;
  changeMembership(change: MembershipRequest, options?: Patience): Promise<EntryId>;
  compact(upToIndex?: number): Promise<number>;
}

/** What an instance is told of its group at its start. */
export type ConsensusOptions = Readonly<{
  id: number;
  members: readonly Readonly<{ id: number; address: string }>[];
  tickMs: number;
  heartbeatTicks: number;
  electionTicks: number;
  snapshotChunkBytes: number;
  logEntriesMax: number;
  logBytesMax: number;
}>;

/** Global, the same on every member: `[key, value]`. */
export const PROPERTY = { id: 516, name: '_pico_property' } as const;
/** Local: `[kind, index, term, data, context]`. */
export const RAFT_LOG_ID = 518;
/** Local: `[key, value]`. */
export const RAFT_STATE_ID = 519;

/** Refusals: what was asked for has not happened and never will. */
export const REFUSED = {
  notALeader: 10_001,
  termMismatch: 10_003,
  raftLogCompacted: 10_005,
  casNoSuchRaftIndex: 10_006,
  casConflictFound: 10_007,
  casEntryTermMismatch: 10_008,
  leaderUnknown: 10_018,
  raftProposalDropped: 10_027,
} as const;
