/** What must hold of an engine between requests, whatever they were. */
import { defined } from '../src/base/index.ts';
import { encodeToBytes } from '../src/codec/msgpack/index.ts';
import { type Address, NO_ADDRESS, tuplePosition, tupleSize, tupleSlab } from '../src/engine/arena/index.ts';
import type { Box } from '../src/engine/box/index.ts';
import { ITERATOR, type SpaceIndex } from '../src/engine/indexes/index.ts';
import type { Space } from '../src/engine/memtx/index.ts';
import { checkValue, decodeValue } from '../src/codec/msgpack/index.ts';
import { require } from './target.ts';

const FIRST_USER_SPACE_ID = 512;
const INDEX_SPACE = 288;
const SPACE_SPACE = 280;
const TRUNCATE_SPACE = 330;

/** Every index leads to the tuples of the primary key and to no others, and counts add up. */
export function checkEngine(box: Box): void {
  require(!box.transactions.isActive, 'a transaction is open between turns');
  for (const space of box.catalog.spaces()) {
    if (space.definition.engine === 'memtx' && space.primary !== null) checkSpace(space);
  }
}

function checkSpace(space: Space): void {
  const primary = defined(space.primary, 'primary index');
  const tuples = new Set(entriesOf(primary));
  require(tuples.size === primary.size, `${space.name}: ${tuples.size} tuples, counted ${primary.size}`);
  let byteSize = 0;
  for (const tuple of tuples) {
    const size = tupleSize(space.arena, tuple);
    const start = tuplePosition(tuple);
    byteSize += size;
    const end = checkValue(tupleSlab(space.arena, tuple), start, start + size);
    require(end === start + size, `${space.name}: a tuple of ${size} bytes is broken`);
  }
  require(byteSize === space.byteSize, `${space.name}: ${byteSize} bytes of data, counted ${space.byteSize}`);
  for (const index of space.indexList) if (index !== primary) checkIndex(space, index, tuples);
}

function checkIndex(space: Space, index: SpaceIndex, tuples: ReadonlySet<Address>): void {
  const { name, functionId } = index.definition;
  // An index without its function, and a kind that has no order, has nothing to go through.
  if (functionId !== null || !index.supports(ITERATOR.ALL, 0)) return;
  const entries = entriesOf(index);
  const what = `${space.name}.${name}`;
  require(entries.length === index.size, `${what}: ${entries.length} entries, counted ${index.size}`);
  for (const tuple of entries) require(tuples.has(tuple), `${what} leads to a tuple that the primary key has not`);
  if (index.definition.keyDef.parts.some((part) => part.path?.tokens.some((token) => token.kind === 'any') === true))
    return;
  if (index.definition.type === 'rtree' || index.definition.type === 'bitset') return;
  require(new Set(entries).size === tuples.size, `${what}: ${entries.length} entries for ${tuples.size} tuples`);
}

function entriesOf(index: SpaceIndex): readonly Address[] {
  const cursor = index.openCursor(ITERATOR.ALL, new Uint8Array(1), 0, 0);
  const entries: Address[] = [];
  for (let tuple = cursor.next(); tuple !== NO_ADDRESS; tuple = cursor.next()) entries.push(tuple);
  return entries;
}

/** Bytes that user spaces use. */
export function usedBytes(box: Box): number {
  return defined(box.control, 'control of a started instance').memory().usedBytes;
}

/** Drops all user spaces, as an administrator would. */
export function dropUserSpaces(box: Box): void {
  const { statements, adminSession } = box;
  const remove = (spaceId: number, key: readonly number[]): void => {
    statements.delete(adminSession, spaceId, 0, encodeToBytes(key), 0);
  };
  for (const space of [...box.catalog.spaces()]) {
    if (space.id < FIRST_USER_SPACE_ID) continue;
    for (const row of rowsOf(box, 340)) if (row[0] === space.id) remove(340, [space.id]);
    for (const index of [...space.indexList].reverse()) remove(INDEX_SPACE, [space.id, index.definition.id]);
    remove(TRUNCATE_SPACE, [space.id]);
    remove(SPACE_SPACE, [space.id]);
  }
}

/** All rows of a space, by its primary key. */
export function rowsOf(box: Box, spaceId: number): readonly (readonly unknown[])[] {
  const space = defined(box.catalog.space(spaceId), 'system space');
  return entriesOf(defined(space.primary, 'primary index')).map(
    (tuple) => decodeValue(tupleSlab(space.arena, tuple), tuplePosition(tuple)) as readonly unknown[],
  );
}
