export { addCounts, emptyCounts, missingCounts, type RunCounts } from './counts.ts';
export { ViolationError } from './history.ts';
export { runSingleInstance, type RunOptions, type RunResult } from './run.ts';
