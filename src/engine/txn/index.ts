export * from './commit-batch.ts';
export * from './commit-gate.ts';
export * from './journal.ts';
export * from './redo-log.ts';
export * from './transaction-manager.ts';
export type { SchemaChange } from './undo-log.ts';
