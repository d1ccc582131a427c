export { Box, type GarbageInformation, type InstanceControl, type ShutdownHook } from './box.ts';
export { type BroadcastListener, Broadcasts } from './broadcasts.ts';
export { CodeWatch } from './code-watch.ts';
export type {
  FunctionOutcome,
  FunctionResults,
  FunctionCaller,
  FunctionSettled,
  RequestDoor,
} from './function-caller.ts';
export { InteractiveTransaction, type RequestRunner } from './interactive-transaction.ts';
export { asBoxError, type ProcedureBody, type ProcedureResult, Procedures } from './procedures.ts';
export { type LargeSelection, type SelectionBound } from './large-selection.ts';
export {
  executeChange,
  executeSelect,
  mandatoryKeys,
  openLargeSelection,
  TOO_LARGE,
  writeChangeResult,
} from './request-executor.ts';
export { mayNeedBuild, SchemaPreparation } from './schema-preparation.ts';
export { BoxRowApplier, type ControlRowHandler } from './row-applier.ts';
export { Session, type SessionKind } from './session.ts';
export { Sessions, type SessionTrigger } from './sessions.ts';
export { resultBytes } from './selection.ts';
export { Statements } from './statements.ts';
export { RowExecutor } from './row-executor.ts';
export type {
  DownstreamInformation,
  ElectionInformation,
  LogConsumer,
  ReplicaInformation,
  ReplicationInformation,
  SynchroInformation,
  UpstreamInformation,
} from './replication-control.ts';
export { COUNTED_REQUESTS, type NetworkCounters, RequestCounters } from './request-counters.ts';
