/**
 * Fields that a sequence fills: nil becomes the next value, and a value that somebody chose moves the sequence on.
 * Values taken stay taken, whatever becomes of the statement; nothing of this is logged but the tuple itself, so that
 * reading the log does the same again.
 */
import type { ByteWriter } from '../../base/index.ts';
import {
  arrayLength,
  containerHeaderSize,
  KIND,
  kindAt,
  readBigInt,
  writeArrayHeader,
  writeBigInt,
} from '../../codec/msgpack/index.ts';
import { elementPosition, lookupPath } from '../../tuple/index.ts';
import type { SequenceAttachment } from './schema.ts';
import type { Sequence } from './sequence.ts';

const INT64_MAX = 9223372036854775807n;

/**
 * Looks at the tuple `bytes[position, end)` before it is inserted. True if the field was nil: then the tuple with the
 * value that `take` gives has been appended to `writer`. Throws what `take` throws.
 */
export function fillSequenceField(
  { sequence, fieldNo, path }: SequenceAttachment,
  bytes: Uint8Array,
  position: number,
  end: number,
  writer: ByteWriter,
  take: (sequence: Sequence) => bigint,
): boolean {
  let field = elementPosition(bytes, position, fieldNo);
  if (field >= 0 && path !== null) field = lookupPath(bytes, field, path, 0);
  if (field < 0) return false;
  const kind = kindAt(bytes, field);
  if (kind === KIND.nil) {
    const value = take(sequence);
    writeArrayHeader(writer, arrayLength(bytes, position));
    writer.writeBytes(bytes, position + containerHeaderSize(bytes, position), field);
    writeBigInt(writer, value);
    writer.writeBytes(bytes, field + 1, end);
    return true;
  }
  if (kind === KIND.unsigned || kind === KIND.signed) {
    const value = readBigInt(bytes, field);
    if (value <= INT64_MAX) sequence.advanceTo(value);
  }
  return false;
}
