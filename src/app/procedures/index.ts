export {
  defineProcedure,
  isProcedureDefinition,
  type ProcedureDefinition,
  type ProcedureFunction,
  type ProcedureResults,
  registerProcedure,
  results,
} from './define-procedure.ts';
export { createLocalApi, type LocalApi, type LocalBackup } from './local-api.ts';
export type { LocalIndex } from './local-index.ts';
export type { LocalSequence } from './local-sequence.ts';
export type { CreateIndexOptions, CreateSpaceOptions, LocalFieldFormat, LocalSchema } from './local-schema.ts';
export type { LocalBeforeTrigger, LocalIndexOptions, LocalKey, LocalSelectOptions, LocalSpace } from './local-space.ts';
export type { LocalChange, LocalSavepoint, LocalTransaction, LocalTransactionTrigger } from './local-transaction.ts';
export type { LocalTypedSpace } from './local-typed-space.ts';
export { whenDurable } from './when-durable.ts';
