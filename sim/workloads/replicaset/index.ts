export { emptyCounts, OPTIONAL_COUNTS, type RunCounts } from './counts.ts';
export { runReplicaset, type RunOptions, type RunResult } from './run.ts';
