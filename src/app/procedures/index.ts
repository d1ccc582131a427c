export {
  defineProcedure,
  isProcedureDefinition,
  type ProcedureDefinition,
  type ProcedureFunction,
  type ProcedureResults,
  registerProcedure,
  results,
} from './define-procedure.ts';
export { createLocalApi, type LocalApi } from './local-api.ts';
export type { CreateIndexOptions, CreateSpaceOptions, LocalFieldFormat, LocalSchema } from './local-schema.ts';
export type { LocalIndexOptions, LocalKey, LocalSelectOptions, LocalSpace } from './local-space.ts';
export type { LocalTypedSpace } from './local-typed-space.ts';
export { whenDurable } from './when-durable.ts';
