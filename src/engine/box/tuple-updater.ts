/** New tuples from old ones: UPDATE, UPSERT, and generated values. The buffers are reused for every statement. */
import { ByteWriter } from '../../base/index.ts';
import { applyUpdate, applyUpsert, checkOperations, writeKeyParts } from '../../tuple/index.ts';
import { type Address, NO_ADDRESS, tuplePosition, tupleSlab } from '../arena/index.ts';
import type { Credentials } from '../access/index.ts';
import type { Catalog } from '../catalog/index.ts';
import type { SpaceIndex } from '../indexes/index.ts';
import type { Space } from '../memtx/index.ts';

const BUFFER_BYTES = 4096;

export class TupleUpdater {
  readonly #tuple = new ByteWriter(BUFFER_BYTES);
  readonly #key = new ByteWriter(256);
  readonly #request: { bytes: Uint8Array; position: number; indexBase: number } = {
    bytes: new Uint8Array(0),
    position: 0,
    indexBase: 0,
  };

  /** Stores the tuple that the operations make of `old`. */
  update(space: Space, old: Address, bytes: Uint8Array, operationsPosition: number, indexBase: number): Address {
    const writer = this.#tuple;
    writer.reset();
    const request = this.#requestFor(bytes, operationsPosition, indexBase);
    applyUpdate(writer, space.format, tupleSlab(space.arena, old), tuplePosition(old), request);
    return space.newTuple(writer.bytes, 0, writer.position);
  }

  /**
   * The same for an upsert: operations that fail are skipped, and a result with another primary key counts for nothing,
   * then NO_ADDRESS is returned.
   */
  upsert(space: Space, old: Address, bytes: Uint8Array, operationsPosition: number, indexBase: number): Address {
    const writer = this.#tuple;
    writer.reset();
    const request = this.#requestFor(bytes, operationsPosition, indexBase);
    applyUpsert(writer, space.format, tupleSlab(space.arena, old), tuplePosition(old), request, () => undefined);
    if (this.#findByKeyOf(space.index(0), writer.bytes, 0) !== old) return NO_ADDRESS;
    return space.newTuple(writer.bytes, 0, writer.position);
  }

  /** Checks the form of operations before it is known whether they will be applied. */
  checkUpsert(space: Space, bytes: Uint8Array, operationsPosition: number, indexBase: number): void {
    checkOperations(space.format, this.#requestFor(bytes, operationsPosition, indexBase));
  }

  /** The tuple with the primary key of `tuple`, or NO_ADDRESS. */
  findSame(space: Space, primary: SpaceIndex, tuple: Address): Address {
    return this.#findByKeyOf(primary, tupleSlab(space.arena, tuple), tuplePosition(tuple));
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

  #findByKeyOf(primary: SpaceIndex, bytes: Uint8Array, position: number): Address {
    const { keyDef } = primary.definition;
    this.#key.reset();
    writeKeyParts(this.#key, keyDef, bytes, position);
    return primary.find(this.#key.bytes, 0, keyDef.parts.length);
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
