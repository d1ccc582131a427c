/** What rights need to know of the schema: the part of the catalog that they ask. */
import { encodeToBytes } from '../../codec/msgpack/index.ts';
import { NO_ADDRESS } from '../arena/index.ts';
import type { Catalog } from '../catalog/index.ts';
import { ITERATOR } from '../indexes/index.ts';

export type SchemaLookup = Pick<Catalog, 'space' | 'function' | 'functionByName' | 'sequence'>;

/** Whether a system space has a row whose key in the index begins with the number. */
export function hasRow(schema: SchemaLookup, spaceId: number, indexId: number, firstPart: number): boolean {
  const index = schema.space(spaceId)?.indexes[indexId] ?? null;
  return index !== null && index.select(ITERATOR.EQ, encodeToBytes([firstPart]), 1, 1).next() !== NO_ADDRESS;
}
