/**
 * The common update requests without an allocation: a few operations `= + - & | ^` on different top-level fields, or one
 * `!` or `#`. The operations stay where the request has them; the old tuple is walked once, unchanged runs are copied.
 *
 * Invariants: (1) what is accepted gives the bytes that `applyUpdate` and `applyUpsert` give; (2) whatever is an error,
 * or merely unusual (paths, decimals, integers beyond 53 bits, a field named twice), is declined, and then nothing has
 * been written: the caller takes the general path, which also has the texts of the errors.
 */
import type { ByteWriter } from '../base/index.ts';
import {
  arrayLength,
  containerHeaderSize,
  KIND,
  kindAt,
  payloadLength,
  payloadStart,
  readNumber,
  readUnsigned,
  skipValue,
  writeArrayHeader,
  writeInteger,
  writeUnsigned,
} from '../codec/msgpack/index.ts';
import type { TupleFormat } from './format.ts';
import { fieldBit, fieldBitsFrom } from './key-fields.ts';
import { fitsFloat, writeFloating } from './update-arithmetic.ts';

/** As many as a fixarray holds: a longer list is no common request. */
const OPERATIONS_MAX = 15;
/** First bytes of an operation `[code, field, argument]` with a code of one character. */
const ARRAY_OF_THREE = 0x93;
const STRING_OF_ONE = 0xa1;
const INT32_MAX = 0x7fffffff;
const UINT32_MAX = 0xffffffff;
const UINT32_VALUES = 0x100000000;
const UNKNOWN_FIELD = -INT32_MAX - 1;

/** Codes as their characters' bytes. */
const CODE = { assign: 0x3d, add: 0x2b, subtract: 0x2d, and: 0x26, or: 0x7c, xor: 0x5e, insert: 0x21, delete: 0x23 };

export class FastUpdate {
  /** Bits (see key-fields.ts) of the fields that the last `apply` wrote or moved. */
  touchedFields = 0;

  #request: Uint8Array = new Uint8Array(0);
  #count = 0;
  /** By operation, in the request's order. Field numbers count from 0; negative ones count from the end. */
  readonly #codes = new Uint8Array(OPERATIONS_MAX);
  readonly #fieldNos = new Int32Array(OPERATIONS_MAX);
  readonly #arguments = new Int32Array(OPERATIONS_MAX);
  readonly #argumentEnds = new Int32Array(OPERATIONS_MAX);
  /** In the order of the fields: the field's number, and which operation is for it. */
  readonly #targets = new Int32Array(OPERATIONS_MAX);
  readonly #operations = new Uint8Array(OPERATIONS_MAX);

  /**
   * Reads the operations at `position`, valid MessagePack. True if they are of the common kind; their form is then
   * right, and they stay at hand for `apply` as long as the bytes do.
   */
  read(format: TupleFormat, bytes: Uint8Array, position: number, indexBase: number): boolean {
    const first = bytes[position]!;
    if ((first & 0xf0) !== 0x90) return false;
    const count = first & 0x0f;
    let next = position + 1;
    for (let index = 0; index < count; index++) {
      if (bytes[next] !== ARRAY_OF_THREE || bytes[next + 1] !== STRING_OF_ONE) return false;
      const code = bytes[next + 2]!;
      const fieldNo = readFieldNo(format, bytes, next + 3, indexBase);
      if (fieldNo === UNKNOWN_FIELD) return false;
      const argument = skipValue(bytes, next + 3);
      if (!acceptsArgument(code, bytes, argument, count)) return false;
      next = skipValue(bytes, argument);
      this.#codes[index] = code;
      this.#fieldNos[index] = fieldNo;
      this.#arguments[index] = argument;
      this.#argumentEnds[index] = next;
    }
    this.#request = bytes;
    this.#count = count;
    return true;
  }

  /** Appends the tuple `bytes[position, end)` as the operations change it; false if it had better be done in general. */
  apply(writer: ByteWriter, format: TupleFormat, bytes: Uint8Array, position: number, end: number): boolean {
    const code = this.#codes[0]!;
    if (this.#count === 1 && (code === CODE.insert || code === CODE.delete)) {
      return this.#resize(writer, bytes, position, end);
    }
    const oldSize = arrayLength(bytes, position);
    const size = this.#sortByField(oldSize);
    if (size < 0) return false;
    const writerStart = writer.position;
    writeArrayHeader(writer, size);
    let copied = position + containerHeaderSize(bytes, position);
    let fieldNo = 0;
    for (let index = 0; index < this.#count; index++) {
      const target = this.#targets[index]!;
      if (target >= oldSize) {
        writer.writeBytes(bytes, copied, end);
        copied = end;
        this.#writeArgument(writer, this.#operations[index]!);
        continue;
      }
      let field = copied;
      for (; fieldNo < target; fieldNo++) field = skipValue(bytes, field);
      writer.writeBytes(bytes, copied, field);
      if (!this.#writeResult(writer, format, bytes, field, target, this.#operations[index]!)) {
        writer.position = writerStart;
        return false;
      }
      copied = skipValue(bytes, field);
      fieldNo = target + 1;
    }
    writer.writeBytes(bytes, copied, end);
    return true;
  }

  /** Finds each operation's field in a tuple of `oldSize` ones; returns the new number of fields, or -1 to decline. */
  #sortByField(oldSize: number): number {
    const targets = this.#targets;
    const operations = this.#operations;
    let size = oldSize;
    let touched = 0;
    for (let index = 0; index < this.#count; index++) {
      const given = this.#fieldNos[index]!;
      const target = given < 0 ? given + size : given;
      if (target === size && this.#codes[index] === CODE.assign) size++;
      else if (target < 0 || target >= size) return -1;
      let place = index;
      while (place > 0 && targets[place - 1]! > target) {
        targets[place] = targets[place - 1]!;
        operations[place] = operations[place - 1]!;
        place--;
      }
      if (place > 0 && targets[place - 1] === target) return -1;
      targets[place] = target;
      operations[place] = index;
      touched |= fieldBit(target);
    }
    this.touchedFields = touched;
    return size;
  }

  #writeArgument(writer: ByteWriter, operation: number): void {
    writer.writeBytes(this.#request, this.#arguments[operation]!, this.#argumentEnds[operation]!);
  }

  /** Appends what the operation makes of the value at `field`; false to decline. */
  #writeResult(
    writer: ByteWriter,
    format: TupleFormat,
    bytes: Uint8Array,
    field: number,
    fieldNo: number,
    operation: number,
  ): boolean {
    const code = this.#codes[operation]!;
    if (code === CODE.assign) {
      this.#writeArgument(writer, operation);
      return true;
    }
    const argument = this.#arguments[operation]!;
    if (code !== CODE.add && code !== CODE.subtract) {
      return writeBits(writer, code, safeUnsignedAt(bytes, field), safeUnsignedAt(this.#request, argument));
    }
    const left = numberAt(bytes, field);
    const operand = numberAt(this.#request, argument);
    // `numberAt` gives NaN for what it declines; a NaN of the data is rare enough to go the same way.
    if (left !== left || operand !== operand) return false;
    const value = code === CODE.add ? left + operand : left - operand;
    if (isIntegerAt(bytes, field) && isIntegerAt(this.#request, argument)) {
      if (!Number.isSafeInteger(value)) return false;
      writeInteger(writer, value);
    } else {
      const isDouble = format.checked[fieldNo]?.node.type === 'double';
      writeFloating(writer, value, !isDouble && fitsFloat(value));
    }
    return true;
  }

  /** A single insertion or deletion. */
  #resize(writer: ByteWriter, bytes: Uint8Array, position: number, end: number): boolean {
    const size = arrayLength(bytes, position);
    const isInsertion = this.#codes[0] === CODE.insert;
    const given = this.#fieldNos[0]!;
    const places = isInsertion ? size + 1 : size;
    const target = given < 0 ? given + places : given;
    if (target < 0 || target >= places) return false;
    const start = position + containerHeaderSize(bytes, position);
    let field = start;
    for (let fieldNo = 0; fieldNo < target; fieldNo++) field = skipValue(bytes, field);
    this.touchedFields = fieldBitsFrom(target);
    if (isInsertion) {
      writeArrayHeader(writer, size + 1);
      writer.writeBytes(bytes, start, field);
      this.#writeArgument(writer, 0);
      writer.writeBytes(bytes, field, end);
      return true;
    }
    const wanted = readUnsigned(this.#request, this.#arguments[0]!);
    const count = wanted < size - target ? wanted : size - target;
    let after = field;
    for (let left = count; left > 0; left--) after = skipValue(bytes, after);
    writeArrayHeader(writer, size - count);
    writer.writeBytes(bytes, start, field);
    writer.writeBytes(bytes, after, end);
    return true;
  }
}

/** The field that an operation names, from 0 or negative; UNKNOWN_FIELD to decline. */
function readFieldNo(format: TupleFormat, bytes: Uint8Array, position: number, indexBase: number): number {
  const kind = kindAt(bytes, position);
  if (kind === KIND.string) return fieldOfName(format, bytes, position);
  if (kind !== KIND.unsigned && kind !== KIND.signed) return UNKNOWN_FIELD;
  const given = readNumber(bytes, position);
  if (given < 0) return given > UNKNOWN_FIELD ? given : UNKNOWN_FIELD;
  return given >= indexBase && given <= INT32_MAX ? given - indexBase : UNKNOWN_FIELD;
}

/** A name of the format is the whole text, whatever it would mean as a path. Names beyond ASCII are declined. */
function fieldOfName(format: TupleFormat, bytes: Uint8Array, position: number): number {
  const { fields } = format;
  const start = payloadStart(bytes, position);
  const length = payloadLength(bytes, position);
  for (let fieldNo = 0; fieldNo < fields.length; fieldNo++) {
    const { name } = fields[fieldNo]!;
    if (name.length !== length) continue;
    let same = 0;
    while (same < length && bytes[start + same]! < 0x80 && name.charCodeAt(same) === bytes[start + same]) same++;
    if (same === length) return fieldNo;
  }
  return UNKNOWN_FIELD;
}

/** Whether the code is a common one, among `count` operations, and its argument of the right and the usual kind. */
function acceptsArgument(code: number, bytes: Uint8Array, position: number, count: number): boolean {
  switch (code) {
    case CODE.assign:
      return true;
    case CODE.add:
    case CODE.subtract: {
      const kind = kindAt(bytes, position);
      return kind >= KIND.unsigned && kind <= KIND.double;
    }
    case CODE.and:
    case CODE.or:
    case CODE.xor:
      return kindAt(bytes, position) === KIND.unsigned;
    case CODE.insert:
      return count === 1;
    case CODE.delete: {
      if (count !== 1 || kindAt(bytes, position) !== KIND.unsigned) return false;
      const wanted = readUnsigned(bytes, position);
      return wanted > 0 && wanted <= UINT32_MAX;
    }
    default:
      return false;
  }
}

function isIntegerAt(bytes: Uint8Array, position: number): boolean {
  const kind = kindAt(bytes, position);
  return kind === KIND.unsigned || kind === KIND.signed;
}

/** The number at `position`, NaN if it is none or an integer that is not exact. */
function numberAt(bytes: Uint8Array, position: number): number {
  const value = readNumber(bytes, position);
  return isIntegerAt(bytes, position) && !Number.isSafeInteger(value) ? NaN : value;
}

/** The unsigned integer at `position`, -1 if it is none or not exact. */
function safeUnsignedAt(bytes: Uint8Array, position: number): number {
  const value = readUnsigned(bytes, position);
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}

function writeBits(writer: ByteWriter, code: number, left: number, operand: number): boolean {
  if (left < 0 || operand < 0) return false;
  const low = combineBits(code, left >>> 0, operand >>> 0);
  const isWide = left > UINT32_MAX || operand > UINT32_MAX;
  const high = isWide ? combineBits(code, Math.floor(left / UINT32_VALUES), Math.floor(operand / UINT32_VALUES)) : 0;
  writeUnsigned(writer, high * UINT32_VALUES + low);
  return true;
}

/** On 32 bits. */
function combineBits(code: number, left: number, operand: number): number {
  if (code === CODE.and) return (left & operand) >>> 0;
  return code === CODE.or ? (left | operand) >>> 0 : (left ^ operand) >>> 0;
}
