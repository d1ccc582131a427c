export { emptyCounts, OPTIONAL_COUNTS, type RunCounts } from './counts.ts';
export { runSynchronous, type SynchronousRunOptions } from './run.ts';
