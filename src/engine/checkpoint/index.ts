export { type CheckpointResult, Checkpointer, type CheckpointOptions } from './checkpointer.ts';
export { runCheckpointWorker } from './checkpoint-worker.ts';
export { runReadingWorker } from './reading-worker.ts';
export { type CollectorOptions, FileCollector } from './file-collector.ts';
export {
  hasState,
  ownerOf,
  recover,
  type RecoveredState,
  type RecoveryOptions,
  type RecoveryProgress,
  type RowApplier,
} from './recovery.ts';
export type { ControlRow, ExtraRows, RowForm, SnapshotSource } from './snapshot-source.ts';
export { type CheckpointSource, openStateView, type StateView } from './state-view.ts';
