export type { RunOptions } from '../common/members/stage.ts';
export { emptyCounts, OPTIONAL_COUNTS, type RunCounts } from './counts.ts';
export { runReplicaset } from './run.ts';
