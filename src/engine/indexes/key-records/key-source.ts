/**
 * Where the keys of a tuple come from when it has several: the elements of an array in it (`[*]` in a JSON path), or a
 * function of the user.
 */
import { type ByteWriter, defined } from '../../../base/index.ts';
import { arrayLength, containerHeaderSize, skipValue } from '../../../codec/msgpack/index.ts';
import {
  elementPosition,
  fieldTypeMask,
  type JsonPath,
  type KeyDef,
  keyDef,
  lookupTokens,
  maskAccepts,
  writeKeyParts,
} from '../../../tuple/index.ts';

/**
 * The function of a functional index: from a tuple, a view that must not be kept, to its keys, each a MessagePack array
 * that `functionalKeyFault` has passed. It may throw, which forbids the change; for a tuple that it once gave keys for
 * it must give the same again, as rolling back asks for them.
 */
export type KeyFunction = (tuple: Uint8Array) => readonly Uint8Array[];

export interface KeySource {
  /** Takes a tuple up; returns how many keys it has. The bytes stay valid while they are written. */
  begin(bytes: Uint8Array, position: number, size: number): number;
  /** Appends the values of all parts that order the index, of key `index` of the tuple taken up. */
  write(writer: ByteWriter, index: number): void;
}

/** Keys of a definition with one `[*]`: an element of the array each. A tuple without the array has none. */
export class MultikeySource implements KeySource {
  readonly #definition: KeyDef;
  readonly #fieldNo: number;
  readonly #path: JsonPath;
  #bytes: Uint8Array = new Uint8Array(0);
  #position = 0;

  /** `orderKeyDef` has the index's parts and then what of the primary key's is needed. */
  constructor(orderKeyDef: KeyDef) {
    this.#definition = orderKeyDef;
    const part = defined(
      orderKeyDef.parts.find(({ path }) => path !== null && path.anyTokenAt >= 0),
      'part with [*]',
    );
    this.#fieldNo = part.fieldNo;
    this.#path = defined(part.path, 'path');
  }

  begin(bytes: Uint8Array, position: number): number {
    this.#bytes = bytes;
    this.#position = position;
    const field = elementPosition(bytes, position, this.#fieldNo);
    if (field < 0) return 0;
    const array = lookupTokens(bytes, field, this.#path.tokens, 0, this.#path.anyTokenAt, 0);
    return array < 0 ? 0 : Math.max(0, arrayLength(bytes, array));
  }

  write(writer: ByteWriter, index: number): void {
    writeKeyParts(writer, this.#definition, this.#bytes, this.#position, index);
  }
}

/** Keys that a function gives, followed by the primary key's parts of the tuple. */
export class FunctionSource implements KeySource {
  readonly #keyFunction: KeyFunction;
  readonly #partCount: number;
  readonly #rest: KeyDef;
  #keys: readonly Uint8Array[] = [];
  #bytes: Uint8Array = new Uint8Array(0);
  #position = 0;

  constructor(keyFunction: KeyFunction, own: KeyDef, orderKeyDef: KeyDef) {
    this.#keyFunction = keyFunction;
    this.#partCount = own.parts.length;
    this.#rest = keyDef(orderKeyDef.parts.slice(own.parts.length));
  }

  begin(bytes: Uint8Array, position: number, size: number): number {
    this.#bytes = bytes;
    this.#position = position;
    this.#keys = this.#keyFunction(bytes.subarray(position, position + size));
    return this.#keys.length;
  }

  write(writer: ByteWriter, index: number): void {
    const key = this.#keys[index]!;
    const start = containerHeaderSize(key, 0);
    let end = start;
    for (let part = 0; part < this.#partCount; part++) end = skipValue(key, end);
    writer.writeBytes(key, start, end);
    writeKeyParts(writer, this.#rest, this.#bytes, this.#position);
  }
}

/**
 * The order of a functional index: its parts describe the function's keys and so have nothing to do with the fields of
 * the tuple, where all of the primary key's parts are taken from.
 */
export function functionalOrderKeyDef(own: KeyDef, primary: KeyDef, isUnique: boolean): KeyDef {
  if (isUnique && !own.parts.some(({ isNullable }) => isNullable)) return own;
  const parts = [...own.parts, ...primary.parts];
  return keyDef(parts, isUnique ? own.parts.length : parts.length);
}

/** What is wrong with a key that a function gave, in the words that error 199 ends with; null if it fits. */
export function functionalKeyFault(own: KeyDef, key: Uint8Array): string | null {
  const count = arrayLength(key, 0);
  if (count < 0) return 'supplied key type is invalid: expected array';
  if (count !== own.parts.length) {
    return `Invalid key part count in an exact match (expected ${own.parts.length}, got ${count})`;
  }
  let position = containerHeaderSize(key, 0);
  for (const part of own.parts) {
    if (!maskAccepts(fieldTypeMask(part.type, part.isNullable), key, position)) {
      return 'key does not follow functional index definition';
    }
    position = skipValue(key, position);
  }
  return null;
}
