/**
 * Nominal ids: a number of one kind cannot be passed where another kind is meant.
 * Raw numbers become ids in codecs and in the catalogue, by the constructors below, which check the range.
 */
import { assert } from './assert.ts';

declare const brandKey: unique symbol;
export type Brand<Value, Name extends string> = Value & { readonly [brandKey]: Name };

export type SpaceId = Brand<number, 'SpaceId'>;
export type IndexId = Brand<number, 'IndexId'>;
export type UserId = Brand<number, 'UserId'>;
export type FunctionId = Brand<number, 'FunctionId'>;
export type SequenceId = Brand<number, 'SequenceId'>;
export type CollationId = Brand<number, 'CollationId'>;
export type SessionId = Brand<number, 'SessionId'>;
/** Log sequence number of one origin; a safe integer. */
export type Lsn = Brand<number, 'Lsn'>;
/** 0 for local rows and anonymous replicas, else 1..31. */
export type ReplicaId = Brand<number, 'ReplicaId'>;
/** Grows by one with each change of the schema. */
export type SchemaVersion = Brand<number, 'SchemaVersion'>;

export const SPACE_ID_MAX = 2147483647;
export const INDEX_ID_MAX = 127;
export const REPLICA_ID_MAX = 31;
/** No origin counts so far; the sum over all of them, which names the files, stays exact. */
export const LSN_MAX = 2 ** 48 - 1;

function natural<Id extends number>(value: number, max: number, name: string): Id {
  assert(Number.isSafeInteger(value) && value >= 0 && value <= max, `${name} out of range: ${value}`);
  return value as Id;
}

export const spaceId = (value: number): SpaceId => natural(value, SPACE_ID_MAX, 'space id');
export const indexId = (value: number): IndexId => natural(value, INDEX_ID_MAX, 'index id');
export const userId = (value: number): UserId => natural(value, 0xffffffff, 'user id');
export const functionId = (value: number): FunctionId => natural(value, 0xffffffff, 'function id');
export const sequenceId = (value: number): SequenceId => natural(value, 0xffffffff, 'sequence id');
export const collationId = (value: number): CollationId => natural(value, 0xffffffff, 'collation id');
export const sessionId = (value: number): SessionId => natural(value, Number.MAX_SAFE_INTEGER, 'session id');
export const lsn = (value: number): Lsn => natural(value, Number.MAX_SAFE_INTEGER, 'LSN');
export const replicaId = (value: number): ReplicaId => natural(value, REPLICA_ID_MAX, 'replica id');
export const schemaVersion = (value: number): SchemaVersion => natural(value, 0xffffffff, 'schema version');
