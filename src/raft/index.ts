export { entriesBytes, entriesWithin, payloadBytes } from './entry.ts';
export { MemoryStorage } from './log/memory-storage.ts';
export type { LogReader } from './log/storage.ts';
export { isJoint, membersOf } from './membership/change.ts';
export {
  EMPTY_MEMBERSHIP,
  type MemberChange,
  type MembershipChange,
  type MembershipState,
  type Transition,
} from './membership/types.ts';
export type { RaftOptions, RandomNumbers, ReadMode } from './options.ts';
export { type MemberProgress, RaftNode, type RaftStatus } from './raft-node.ts';
export * from './types.ts';
