/** Typed access to the fields of a row of a system space, with the errors that Tarantool gives for fields that do not fit. */
import { boxError } from '../../base/index.ts';
import {
  arrayLength,
  KIND,
  kindAt,
  payloadLength,
  readBigInt,
  readExactString,
  skipValue,
} from '../../codec/msgpack/index.ts';
import { elementPosition } from '../../tuple/index.ts';

const INT64_MAX = 9223372036854775807n;

/** The lowest 32 bits of the unsigned integer at `position`. */
export function lowestBits(bytes: Uint8Array, position: number): number {
  return Number(BigInt.asUintN(32, readBigInt(bytes, position)));
}

export class TupleReader {
  readonly bytes: Uint8Array;
  /** Where the tuple, an array, begins. */
  readonly position: number;
  readonly fieldCount: number;

  constructor(bytes: Uint8Array, position: number) {
    this.bytes = bytes;
    this.position = position;
    this.fieldCount = arrayLength(bytes, position);
  }

  /** Position of a field, counted from 0; -1 if there is none. */
  fieldPosition(fieldNo: number): number {
    return elementPosition(this.bytes, this.position, fieldNo);
  }

  /** A copy of the tuple's bytes. */
  copy(): Uint8Array {
    return this.bytes.slice(this.position, skipValue(this.bytes, this.position));
  }

  /**
   * The lowest 32 bits of an unsigned field: Tarantool leaves out the others. Throws NO_SUCH_FIELD_NO or FIELD_TYPE, as
   * all of these do.
   */
  unsigned(fieldNo: number): number {
    const at = this.#typed(fieldNo, KIND.unsigned, 'unsigned');
    return lowestBits(this.bytes, at);
  }

  string(fieldNo: number): string {
    return readExactString(this.bytes, this.#typed(fieldNo, KIND.string, 'string'));
  }

  /** Bytes of the string field. */
  stringLength(fieldNo: number): number {
    return payloadLength(this.bytes, this.#typed(fieldNo, KIND.string, 'string'));
  }

  boolean(fieldNo: number): boolean {
    return this.bytes[this.#typed(fieldNo, KIND.boolean, 'boolean')] === 0xc3;
  }

  /** A field of -2^63 .. 2^63 - 1. */
  integer(fieldNo: number): bigint {
    const at = this.fieldPosition(fieldNo);
    if (at < 0) throw boxError('NO_SUCH_FIELD_NO', fieldNo);
    const kind = kindAt(this.bytes, at);
    const value = kind === KIND.unsigned || kind === KIND.signed ? readBigInt(this.bytes, at) : null;
    if (value === null || value > INT64_MAX) throw boxError('FIELD_TYPE', fieldNo + 1, 'integer');
    return value;
  }

  mapPosition(fieldNo: number): number {
    return this.#typed(fieldNo, KIND.map, 'map');
  }

  arrayPosition(fieldNo: number): number {
    return this.#typed(fieldNo, KIND.array, 'array');
  }

  #typed(fieldNo: number, kind: number, typeName: string): number {
    const at = this.fieldPosition(fieldNo);
    if (at < 0) throw boxError('NO_SUCH_FIELD_NO', fieldNo + 1);
    if (kindAt(this.bytes, at) !== kind) throw boxError('FIELD_TYPE', fieldNo + 1, typeName);
    return at;
  }
}
