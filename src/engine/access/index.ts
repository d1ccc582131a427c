export * from './access-control.ts';
export * from './contract.ts';
export { Rights, type ObjectClass, type RightsTarget, WHOLE_CLASS } from './rights.ts';
export { SchemaAccess } from './schema-access.ts';
export type { SchemaLookup } from './schema-lookup.ts';
export { type AccessDeniedTrigger, type User, UserRegistry } from './user-registry.ts';
export { EMPTY_PASSWORD_HASH, type UserDefinition, type UserType } from './user-row.ts';
