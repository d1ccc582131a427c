/**
 * Changes of `_space` and `_index` that have to read a large space: which row a request would write, so that the
 * catalog can begin to build what that row needs before the statement runs.
 */
import { BoxError, ByteWriter } from '../../base/index.ts';
import { REQUEST_TYPE, type RequestDecoder } from '../../codec/iproto/index.ts';
import { applyUpdate, applyUpsert, validateTuple, writeKeyParts } from '../../tuple/index.ts';
import { type AccessControl, PRIVILEGE } from '../access/index.ts';
import { type Address, NO_ADDRESS, tuplePosition, tupleSize, tupleSlab } from '../arena/index.ts';
import { type Catalog, type SpaceBuild, SYSTEM_SPACE } from '../catalog/index.ts';
import type { Space } from '../memtx/index.ts';
import type { TransactionManager } from '../txn/index.ts';
import { findExact } from './selection.ts';
import type { Session } from './session.ts';

/** Whether a change of the space may need a build. */
export function mayNeedBuild(spaceId: number): boolean {
  return spaceId === SYSTEM_SPACE.index || spaceId === SYSTEM_SPACE.space;
}

export class SchemaPreparation {
  readonly #catalog: Catalog;
  readonly #transactions: TransactionManager;
  readonly #access: AccessControl;

  constructor(catalog: Catalog, transactions: TransactionManager, access: AccessControl) {
    this.#catalog = catalog;
    this.#transactions = transactions;
    this.#access = access;
  }

  /**
   * Begins what the change in the decoder needs to be built; null if it needs nothing, or will fail. The caller calls
   * `advance` of the result in slices, sets it as `prepared` of the statements, executes the request, and abandons it.
   */
  begin(session: Session, request: RequestDecoder, type: number): SpaceBuild | null {
    if (this.#transactions.isActive) return null;
    const space = this.#catalog.space(request.spaceId);
    if (space === undefined || space.primary === null) return null;
    try {
      this.#access.checkSpace(session.effectiveUser, space, PRIVILEGE.write);
      const rows = this.#rows(space, request, type);
      if (rows === null) return null;
      const context = { user: session.effectiveUser, transactions: this.#transactions };
      return this.#catalog.prepareChange(space, rows.old, rows.next, context);
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      // The statement itself will say what is wrong.
      return null;
    }
  }

  #rows(
    space: Space,
    request: RequestDecoder,
    type: number,
  ): Readonly<{ old: Uint8Array | null; next: Uint8Array }> | null {
    const { bytes, keyPosition, tuplePosition: start, tupleEnd: end } = request;
    const next = new ByteWriter(1024);
    switch (type) {
      case REQUEST_TYPE.insert:
      case REQUEST_TYPE.replace: {
        validateTuple(space.format, bytes, start, end);
        const old = this.#sameKey(space, bytes, start);
        if (old !== NO_ADDRESS && type === REQUEST_TYPE.insert) return null;
        return { old: copyOf(space, old), next: bytes.slice(start, end) };
      }
      case REQUEST_TYPE.update: {
        const old = findExact(space.index(request.indexId), bytes, keyPosition);
        if (old === NO_ADDRESS) return null;
        const operations = { bytes, position: start, indexBase: request.indexBase };
        applyUpdate(next, space.format, tupleSlab(space.arena, old), tuplePosition(old), operations);
        validateTuple(space.format, next.bytes, 0, next.position);
        return { old: copyOf(space, old), next: next.toBytes() };
      }
      case REQUEST_TYPE.upsert: {
        validateTuple(space.format, bytes, start, end);
        const old = this.#sameKey(space, bytes, start);
        if (old === NO_ADDRESS) return { old: null, next: bytes.slice(start, end) };
        const operations = { bytes, position: request.operationsPosition, indexBase: request.indexBase };
        applyUpsert(next, space.format, tupleSlab(space.arena, old), tuplePosition(old), operations, () => undefined);
        validateTuple(space.format, next.bytes, 0, next.position);
        return { old: copyOf(space, old), next: next.toBytes() };
      }
      default:
        return null;
    }
  }

  #sameKey(space: Space, bytes: Uint8Array, position: number): Address {
    const primary = space.index(0);
    const { keyDef } = primary.definition;
    const key = new ByteWriter(64);
    writeKeyParts(key, keyDef, bytes, position);
    return primary.find(key.bytes, 0, keyDef.parts.length);
  }
}

function copyOf(space: Space, tuple: Address): Uint8Array | null {
  if (tuple === NO_ADDRESS) return null;
  const start = tuplePosition(tuple);
  return tupleSlab(space.arena, tuple).slice(start, start + tupleSize(space.arena, tuple));
}
