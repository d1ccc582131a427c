export { Box } from './box.ts';
export { asBoxError, type ProcedureBody, type ProcedureResult, Procedures } from './procedures.ts';
export { BoxRowApplier } from './row-applier.ts';
export { Session, type SessionKind } from './session.ts';
export { Sessions, type SessionTrigger } from './sessions.ts';
export { resultBytes, Statements } from './statements.ts';
