/**
 * UPDATE and UPSERT operations on a tuple's bytes. The result is not checked against the format, nor that it keeps the
 * primary key: both are the caller's to do. The old bytes must stay unchanged until the call returns.
 */
import { BoxError, type ByteWriter } from '../base/index.ts';
import type { TupleFormat } from './format.ts';
import { applyOperation } from './update-apply.ts';
import { readOperations } from './update-operation.ts';
import { writeField } from './update-store.ts';
import { arrayState, rangeOf, UpdateField } from './update-tree.ts';

/** Where the operations of a request stand, and the number of a tuple's first field in them, 0 or 1. */
export type UpdateRequest = Readonly<{ bytes: Uint8Array; position: number; indexBase: number }>;

/**
 * Checks the form of operations that will not be applied. Throws as `applyUpdate` does for what is wrong whatever the
 * tuple.
 */
export function checkOperations(format: TupleFormat, request: UpdateRequest): void {
  readOperations(request.bytes, request.position, request.indexBase, format.fieldNumbers);
}

/**
 * Appends to `writer` the tuple at `position` as the operations change it. Throws, with the texts of 2.6.0: ILLEGAL_PARAMS
 * (1), UNKNOWN_UPDATE_OP (28), UPDATE_ARG_TYPE (26), UPDATE_SPLICE (25), UPDATE_FIELD (29), NO_SUCH_FIELD_NO (37),
 * NO_SUCH_FIELD_NAME (201), UPDATE_INTEGER_OVERFLOW (95), UPDATE_DECIMAL_OVERFLOW (160).
 */
export function applyUpdate(
  writer: ByteWriter,
  format: TupleFormat,
  bytes: Uint8Array,
  position: number,
  request: UpdateRequest,
): void {
  apply(writer, format, bytes, position, request, (error) => {
    throw error;
  });
}

/**
 * The same for the operations of an upsert that found its tuple: one that fails on the tuple is skipped and reported, the
 * others apply. Throws only for operations of a wrong form.
 */
export function applyUpsert(
  writer: ByteWriter,
  format: TupleFormat,
  bytes: Uint8Array,
  position: number,
  request: UpdateRequest,
  onSkipped: (error: BoxError) => void,
): void {
  apply(writer, format, bytes, position, request, onSkipped);
}

function apply(
  writer: ByteWriter,
  format: TupleFormat,
  bytes: Uint8Array,
  position: number,
  request: UpdateRequest,
  onError: (error: BoxError) => void,
): void {
  const operations = readOperations(request.bytes, request.position, request.indexBase, format.fieldNumbers);
  const source = rangeOf(bytes, position);
  const root = new UpdateField(source, arrayState(source));
  for (const operation of operations) {
    try {
      applyOperation(operation, root);
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      onError(error);
    }
  }
  writeField(writer, root, format.root);
}
