/**
 * New tuples from old ones: UPDATE, UPSERT, and generated values. The buffers are reused for every statement.
 * The fast path of updates is tried first; what it declines is done in general, with the same result.
 */
import { ByteWriter } from '../../base/index.ts';
import {
  applyUpdate,
  applyUpsert,
  checkOperations,
  elementPosition,
  FastUpdate,
  writeKeyParts,
} from '../../tuple/index.ts';
import { type Address, NO_ADDRESS, tuplePosition, tupleSize, tupleSlab } from '../arena/index.ts';
import type { Credentials } from '../access/index.ts';
import type { Catalog } from '../catalog/index.ts';
import type { SpaceIndex } from '../indexes/index.ts';
import type { Space } from '../memtx/index.ts';

const BUFFER_BYTES = 4096;
const ALL_FIELDS = -1;

export class TupleUpdater {
  readonly #tuple = new ByteWriter(BUFFER_BYTES);
  readonly #key = new ByteWriter(256);
  readonly #fast = new FastUpdate();
  readonly #request: { bytes: Uint8Array; position: number; indexBase: number } = {
    bytes: new Uint8Array(0),
    position: 0,
    indexBase: 0,
  };

  /** Stores the tuple that the operations make of `old`. */
  update(space: Space, old: Address, bytes: Uint8Array, operationsPosition: number, indexBase: number): Address {
    const writer = this.#tuple;
    writer.reset();
    const isFast = this.#fast.read(space.format, bytes, operationsPosition, indexBase);
    if (!isFast || !this.#applyFast(space, old)) {
      const request = this.#requestFor(bytes, operationsPosition, indexBase);
      applyUpdate(writer, space.format, tupleSlab(space.arena, old), tuplePosition(old), request);
    }
    return space.newTuple(writer.bytes, 0, writer.position);
  }

  /**
   * The same for an upsert: operations that fail are skipped, and a result with another primary key counts for nothing,
   * then NO_ADDRESS is returned.
   */
  upsert(space: Space, old: Address, bytes: Uint8Array, operationsPosition: number, indexBase: number): Address {
    const writer = this.#tuple;
    writer.reset();
    let touched = ALL_FIELDS;
    const isFast = this.#fast.read(space.format, bytes, operationsPosition, indexBase);
    if (isFast && this.#applyFast(space, old)) {
      touched = this.#fast.touchedFields;
    } else {
      const request = this.#requestFor(bytes, operationsPosition, indexBase);
      applyUpsert(writer, space.format, tupleSlab(space.arena, old), tuplePosition(old), request, () => undefined);
    }
    const updated = space.newTuple(writer.bytes, 0, writer.position);
    if ((touched & space.primaryFields.fields) === 0) return updated;
    if (this.findSame(space, space.index(0), writer.bytes, 0) === old) return updated;
    space.freeTuple(updated);
    return NO_ADDRESS;
  }

  /** Checks the form of operations that will not be applied, because there is no tuple. */
  checkUpsert(space: Space, bytes: Uint8Array, operationsPosition: number, indexBase: number): void {
    if (this.#fast.read(space.format, bytes, operationsPosition, indexBase)) return;
    checkOperations(space.format, this.#requestFor(bytes, operationsPosition, indexBase));
  }

  /** The stored tuple with the primary key of the valid tuple at `position`, or NO_ADDRESS. */
  findSame(space: Space, primary: SpaceIndex, bytes: Uint8Array, position: number): Address {
    const { keyDef } = primary.definition;
    const { firstFieldNo } = space.primaryFields;
    if (firstFieldNo >= 0) {
      return primary.find(bytes, elementPosition(bytes, position, firstFieldNo), keyDef.parts.length);
    }
    this.#key.reset();
    writeKeyParts(this.#key, keyDef, bytes, position);
    return primary.find(this.#key.bytes, 0, keyDef.parts.length);
  }

  /** Stores the tuple with its generated field filled in. */
  withGeneratedField(
    catalog: Catalog,
    user: Credentials,
    space: Space,
    bytes: Uint8Array,
    position: number,
    end: number,
  ): Address {
    const writer = this.#tuple;
    writer.reset();
    if (!catalog.fillGeneratedField(space, bytes, position, end, writer, user))
      return space.newTuple(bytes, position, end);
    return space.newTuple(writer.bytes, 0, writer.position);
  }

  /** Applies the operations that the fast path has read; false, with nothing written, if it declines. */
  #applyFast(space: Space, old: Address): boolean {
    const position = tuplePosition(old);
    const end = position + tupleSize(space.arena, old);
    return this.#fast.apply(this.#tuple, space.format, tupleSlab(space.arena, old), position, end);
  }

  #requestFor(
    bytes: Uint8Array,
    position: number,
    indexBase: number,
  ): { bytes: Uint8Array; position: number; indexBase: number } {
    const request = this.#request;
    request.bytes = bytes;
    request.position = position;
    request.indexBase = indexBase;
    return request;
  }
}
