export { type CheckpointResult, Checkpointer, type CheckpointOptions, type CheckpointSource } from './checkpointer.ts';
export { runCheckpointWorker } from './checkpoint-worker.ts';
export { runReadingWorker } from './reading-worker.ts';
export { type CollectorOptions, FileCollector } from './file-collector.ts';
export {
  hasState,
  recover,
  type RecoveredState,
  type RecoveryOptions,
  type RecoveryProgress,
  type RowApplier,
} from './recovery.ts';
export type { ExtraRows } from './snapshot-source.ts';
