/** The instance's id in `_cluster`, looked up once for every state of that space. */
import { readString } from '../codec/msgpack/index.ts';
import { NO_ADDRESS, tuplePosition, tupleSlab } from '../engine/arena/index.ts';
import type { Catalog } from '../engine/catalog/index.ts';
import { containerHeaderSize, readUnsigned, skipValue } from '../codec/msgpack/index.ts';
import { ITERATOR } from '../engine/indexes/index.ts';

const CLUSTER_SPACE_ID = 320;
const EMPTY_KEY = Uint8Array.of(0x90);

/** A function that gives the id of the instance with this uuid, 0 while `_cluster` does not have it. */
export function ownReplicaId(catalog: Catalog, instanceUuid: string): () => number {
  let known = 0;
  let knownAtVersion = -1;
  return () => {
    const space = catalog.space(CLUSTER_SPACE_ID);
    if (space === undefined || space.primary === null) return 0;
    if (known !== 0 && knownAtVersion === space.primary.size) return known;
    known = 0;
    knownAtVersion = space.primary.size;
    const cursor = space.primary.select(ITERATOR.ALL, EMPTY_KEY, 1, 0);
    for (let tuple = cursor.next(); tuple !== NO_ADDRESS; tuple = cursor.next()) {
      const bytes = tupleSlab(space.arena, tuple);
      const id = tuplePosition(tuple) + containerHeaderSize(bytes, tuplePosition(tuple));
      if (readString(bytes, skipValue(bytes, id)) === instanceUuid) known = readUnsigned(bytes, id);
    }
    return known;
  };
}
