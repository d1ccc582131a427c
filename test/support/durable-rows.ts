/** A space of numbered rows, written until the server refuses, for tests of what a directory keeps. */
import { randomBytes } from 'node:crypto';
import { BoxError } from '../../src/base/index.ts';
import type { Connection } from '../../src/client/index.ts';

export const ROWS_SPACE = 512;
const SPACE_SPACE = 280;
const INDEX_SPACE = 288;
const PIPELINE = 64;

/** Makes the space `rows`: an unsigned key and whatever follows. */
export async function createRows(connection: Connection): Promise<void> {
  await connection.insert(SPACE_SPACE, [ROWS_SPACE, 1, 'rows', 'memtx', 0, {}, []]);
  await connection.insert(INDEX_SPACE, [ROWS_SPACE, 0, 'pk', 'tree', { unique: true }, [[0, 'unsigned']]]);
}

/** Inserts rows `[from, to)`, all of which must succeed. */
export async function insertRows(
  connection: Connection,
  from: number,
  to: number,
  payload: () => string = () => '',
): Promise<void> {
  for (let start = from; start < to; start += PIPELINE) {
    const keys = Array.from({ length: Math.min(PIPELINE, to - start) }, (_, at) => start + at);
    await Promise.all(keys.map((key) => connection.insert(ROWS_SPACE, [key, payload()])));
  }
}

/** A payload that does not compress. */
export function noise(sizeBytes: number): string {
  return randomBytes(sizeBytes)
    .toString('latin1')
    .replaceAll(/[^ -~]/g, (char) => String.fromCharCode(33 + (char.charCodeAt(0) % 90)));
}

export async function keysOf(connection: Connection): Promise<number[]> {
  return (await connection.select(ROWS_SPACE, [])).map(([key]) => Number(key));
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}

/** The error that a request is refused with; throws if it is not refused, or not by an answer of the server. */
export async function refusal(request: Promise<unknown>): Promise<BoxError> {
  const outcome = await request.then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome instanceof BoxError) return outcome;
  throw outcome ?? new Error('the request was not refused');
}
