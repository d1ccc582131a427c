/** What an operation on one value makes of it, and how that is written. */
import { assert, boxError, type ByteWriter } from '../base/index.ts';
import { KIND, kindAt, payloadLength, payloadStart, writeBigInt, writeStringHeader } from '../codec/msgpack/index.ts';
import { computeArithmetic, readArithmetic, writeArithmetic, type Arithmetic } from './update-arithmetic.ts';
import { readUnsigned64, type SpliceArgument, type UpdateOperation, type UpdateResult } from './update-operation.ts';

/**
 * Applies an operation that takes one value and gives one to the value at `position`. Throws UPDATE_ARG_TYPE (26),
 * UPDATE_SPLICE (25), UPDATE_INTEGER_OVERFLOW (95) or UPDATE_DECIMAL_OVERFLOW (160).
 */
export function computeResult(operation: UpdateOperation, bytes: Uint8Array, position: number): UpdateResult {
  const { action } = operation;
  switch (action.kind) {
    case 'set':
      return { kind: 'value', value: action.value };
    case 'arithmetic':
      return { kind: 'arithmetic', value: computeNumber(operation, action.operand, bytes, position) };
    case 'bits':
      return { kind: 'unsigned', value: computeBits(operation, action.operand, bytes, position) };
    case 'splice':
      return computeSplice(operation, action.argument, bytes, position);
    default:
      assert(false, `${action.kind} changes a container, not a value`);
  }
}

function computeNumber(
  operation: UpdateOperation,
  operand: Arithmetic,
  bytes: Uint8Array,
  position: number,
): Arithmetic {
  const old = readArithmetic(bytes, position);
  if (old === null) throw operation.argumentError('a number');
  const result = computeArithmetic(operation.code === '+' ? '+' : '-', old, operand);
  switch (result) {
    case 'integer overflow':
      throw boxError('UPDATE_INTEGER_OVERFLOW', operation.code, operation.fieldText());
    case 'decimal overflow':
      throw boxError('UPDATE_DECIMAL_OVERFLOW', operation.code, operation.fieldText());
    case 'not convertible':
      throw operation.argumentError('a number convertible to decimal');
    default:
      return result;
  }
}

function computeBits(operation: UpdateOperation, operand: bigint, bytes: Uint8Array, position: number): bigint {
  const old = readUnsigned64(bytes, position);
  if (old === null) throw operation.argumentError('a positive integer');
  if (operation.code === '&') return old & operand;
  return operation.code === '|' ? old | operand : old ^ operand;
}

function computeSplice(
  operation: UpdateOperation,
  argument: SpliceArgument,
  bytes: Uint8Array,
  position: number,
): UpdateResult {
  if (kindAt(bytes, position) !== KIND.string) throw operation.argumentError('a string');
  const length = payloadLength(bytes, position);
  const start = payloadStart(bytes, position);
  let { offset, cutLength } = argument;
  if (offset < 0) {
    if (-offset > length + 1) throw boxError('UPDATE_SPLICE', operation.fieldText(), 'offset is out of bound');
    offset += length + 1;
  } else if (offset > length) {
    offset = length;
  }
  const rest = length - offset;
  if (cutLength < 0) cutLength = -cutLength > rest ? 0 : cutLength + rest;
  else if (cutLength > rest) cutLength = rest;
  return {
    kind: 'text',
    pieces: [
      { bytes, start, end: start + offset },
      argument.paste,
      { bytes, start: start + offset + cutLength, end: start + length },
    ],
  };
}

/** Appends a result; a float as a double where the format asks for one. */
export function writeResult(writer: ByteWriter, result: UpdateResult, asDouble: boolean): void {
  switch (result.kind) {
    case 'value':
      return writer.writeBytes(result.value.bytes, result.value.start, result.value.end);
    case 'arithmetic':
      return writeArithmetic(writer, result.value, asDouble);
    case 'unsigned':
      return writeBigInt(writer, result.value);
    case 'text':
      writeStringHeader(
        writer,
        result.pieces.reduce((length, piece) => length + piece.end - piece.start, 0),
      );
      for (const piece of result.pieces) writer.writeBytes(piece.bytes, piece.start, piece.end);
  }
}
