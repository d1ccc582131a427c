/**
 * Requests that arrived together tell each other's future: before the first of them is executed, the index pages and
 * tuples that all of them will read are brought into the cache together (see indexes/tree/lookahead.ts).
 * Only a help for the commonest requests, by one-part keys of numbers or strings; it changes nothing and checks only
 * what it needs for its own safety.
 */
import { ITERATOR, REQUEST_TYPE, type RequestDecoder } from '../../codec/iproto/index.ts';
import { arrayLength, containerHeaderSize, KIND, kindAt } from '../../codec/msgpack/index.ts';
import type { Catalog } from '../catalog/index.ts';
import type { SpaceIndex } from '../indexes/index.ts';

export class Lookahead {
  readonly #catalog: Catalog;
  readonly #touched: SpaceIndex[] = [];

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Notes what the decoded request will search for. */
  expect(request: RequestDecoder, type: number): void {
    const space = this.#catalog.space(request.spaceId);
    if (space === undefined) return;
    switch (type) {
      case REQUEST_TYPE.select:
        if (request.iterator === ITERATOR.EQ) this.#expectKey(space.indexes[request.indexId], request);
        return;
      case REQUEST_TYPE.update:
      case REQUEST_TYPE.delete:
        this.#expectKey(space.indexes[request.indexId], request);
        return;
      case REQUEST_TYPE.insert:
      case REQUEST_TYPE.replace:
      case REQUEST_TYPE.upsert:
        this.#expectTuple(space.primary, request);
        return;
      default:
    }
  }

  /** Brings in what the noted requests will read. */
  fetch(): void {
    for (let at = 0; at < this.#touched.length; at++) this.#touched[at]!.fetchExpected?.();
    this.#touched.length = 0;
  }

  #expectKey(index: SpaceIndex | null | undefined, request: RequestDecoder): void {
    if (index === undefined || index === null || index.expectKey === undefined) return;
    const { bytes, keyPosition } = request;
    if (arrayLength(bytes, keyPosition) !== 1) return;
    const part = keyPosition + containerHeaderSize(bytes, keyPosition);
    if (!isPlainKey(index, bytes, part)) return;
    index.expectKey(bytes, part, 1);
    this.#touch(index);
  }

  #expectTuple(index: SpaceIndex | null, request: RequestDecoder): void {
    if (index === null || index.expectTuple === undefined) return;
    const { bytes, tuplePosition } = request;
    if (arrayLength(bytes, tuplePosition) < 1 || index.definition.keyDef.parts[0]!.fieldNo !== 0) return;
    if (!isPlainKey(index, bytes, tuplePosition + containerHeaderSize(bytes, tuplePosition))) return;
    index.expectTuple(bytes, tuplePosition);
    this.#touch(index);
  }

  #touch(index: SpaceIndex): void {
    if (!this.#touched.includes(index)) this.#touched.push(index);
  }
}

/** Whether the index has one plain part, and the value is one of its type. */
function isPlainKey(index: SpaceIndex, bytes: Uint8Array, position: number): boolean {
  const { parts } = index.definition.keyDef;
  const part = parts[0]!;
  if (parts.length !== 1 || part.path !== null || part.collation !== null) return false;
  const kind = kindAt(bytes, position);
  switch (part.type) {
    case 'unsigned':
      return kind === KIND.unsigned;
    case 'integer':
      return kind === KIND.unsigned || kind === KIND.signed;
    case 'string':
      return kind === KIND.string;
    default:
      return false;
  }
}
