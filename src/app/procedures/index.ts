export {
  compileKeyFunction,
  defineKeyFunction,
  type FunctionalKey,
  isKeyFunctionDefinition,
  type KeyFunctionBody,
  type KeyFunctionDefinition,
} from './define-key-function.ts';
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
export type { IndexPart, IndexPartOption } from './index-parts.ts';
export type {
  CreateFunctionOptions,
  CreateIndexOptions,
  CreateSequenceOptions,
  CreateSpaceOptions,
  CreateUserOptions,
  LocalFieldFormat,
  LocalSchema,
} from './local-schema.ts';
export type { GrantedObject, PrivilegeName } from './local-users.ts';
export type { LocalIndexOptions, LocalKey, LocalSelectOptions } from './local-keys.ts';
export type { LocalBeforeTrigger, LocalSpace } from './local-space.ts';
export type { LocalChange, LocalSavepoint, LocalTransaction, LocalTransactionTrigger } from './local-transaction.ts';
export type { LocalTypedSpace } from './local-typed-space.ts';
