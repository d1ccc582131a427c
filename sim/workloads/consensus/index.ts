export { emptyCounts, OPTIONAL_COUNTS, type RunCounts } from './counts.ts';
export { runConsensus, type RunOptions } from './run.ts';
