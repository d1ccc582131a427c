export { Box, type InstanceControl } from './box.ts';
export { type BroadcastListener, Broadcasts } from './broadcasts.ts';
export { InteractiveTransaction, type RequestRunner } from './interactive-transaction.ts';
export { asBoxError, type ProcedureBody, type ProcedureResult, Procedures } from './procedures.ts';
export { executeChange, executeSelect, mandatoryKeys, writeChangeResult } from './request-executor.ts';
export { BoxRowApplier } from './row-applier.ts';
export { Session, type SessionKind } from './session.ts';
export { Sessions, type SessionTrigger } from './sessions.ts';
export { resultBytes, Statements } from './statements.ts';
