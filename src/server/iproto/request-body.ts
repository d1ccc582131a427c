/**
 * What all requests have in common before they are executed: the body is decoded, and then the version of the schema
 * that the client counts on is compared, in Tarantool's order.
 */
import { boxError } from '../../base/index.ts';
import type { IprotoConnection } from './connection.ts';

/** Throws INVALID_MSGPACK (20), MISSING_REQUEST_FIELD (69) or WRONG_SCHEMA_VERSION (109). */
export function decodeBody(connection: IprotoConnection, mandatory: readonly number[]): void {
  const error = connection.request.decodeBody(mandatory);
  if (error !== null) throw error;
  checkSchemaVersion(connection);
}

/** For requests whose body is not decoded: it must be a value all the same. */
export function requireWholeBody(connection: IprotoConnection): void {
  const error = connection.request.checkBody();
  if (error !== null) throw error;
}

export function checkSchemaVersion(connection: IprotoConnection): void {
  const expected = connection.request.schemaVersion;
  if (expected === 0 || expected === connection.schemaVersion) return;
  // 2.6.0 prints the two numbers in this order, as signed ones.
  throw boxError('WRONG_SCHEMA_VERSION', expected | 0, connection.schemaVersion | 0);
}
