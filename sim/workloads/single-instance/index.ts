export { emptyCounts, OPTIONAL_COUNTS, type RunCounts } from './counts.ts';
export { runSingleInstance, type RunOptions, type RunResult } from './run.ts';
