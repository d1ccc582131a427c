export { Consensus, type ConsensusNeeds, type Patience } from './consensus.ts';
export type { MembershipRequest } from './membership-request.ts';
export type { GlobalOperation } from './operations.ts';
export {
  checkConsensusOptions,
  type ConsensusOptions,
  DEFAULT_CONSENSUS_OPTIONS,
  type MemberAddress,
} from './options.ts';
export type { CasPredicate, KeyBound, KeyRange } from './predicate.ts';
export { isRaftSpace } from './spaces.ts';
export { StartConflict } from './start-conflict.ts';
export type { Credentials } from './transport.ts';
export type { ConsensusStatus } from './status.ts';
