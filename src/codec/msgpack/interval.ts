/**
 * Spans of calendar time: extension 6 (Tarantool 2.10). The payload is a count of fields, then for each the field's
 * number and its value as a MessagePack integer; fields of value zero are left out.
 */
import type { ByteWriter } from '../../base/index.ts';
import { readBigInt, writeBigInt, writeExtensionHeader } from './numbers.ts';
import { KIND, kindAt, skipValue } from './skip.ts';

const INTERVAL_TYPE = 6;

/** In the order of their numbers. */
const FIELDS = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second', 'nanosecond', 'adjust'] as const;
type IntervalField = (typeof FIELDS)[number];
/** Fields that are held as int32; the others as int64. */
const NARROW_FIELDS: ReadonlySet<IntervalField> = new Set(['year', 'month', 'week', 'nanosecond']);
const ADJUST_MAX = 2n;

/** What adding months does past a month's end: count over (0), stop at it (1), keep to last days (2). */
export type IntervalAdjust = 0 | 1 | 2;

export type IntervalFields = Partial<Readonly<Record<Exclude<IntervalField, 'adjust'>, number>>> &
  Readonly<{ adjust?: IntervalAdjust }>;

export class Interval {
  readonly fields: Readonly<Record<IntervalField, number>>;

  constructor(fields: IntervalFields) {
    this.fields = Object.fromEntries(FIELDS.map((field) => [field, fields[field] ?? 0])) as Record<
      IntervalField,
      number
    >;
  }
}

/** Reads `length` bytes at `start`, null if they are no interval. */
export function readInterval(bytes: Uint8Array, start: number, length: number): Interval | null {
  const end = start + length;
  if (length < 1) return null;
  const fields: Partial<Record<IntervalField, number>> = {};
  let position = start + 1;
  for (let left = bytes[start]!; left > 0; left--) {
    if (end - position < 2) return null;
    const field = FIELDS[bytes[position]!];
    const kind = kindAt(bytes, position + 1);
    if (field === undefined || (kind !== KIND.unsigned && kind !== KIND.signed)) return null;
    const next = skipValue(bytes, position + 1);
    if (next > end) return null;
    const value = readBigInt(bytes, position + 1);
    if (value !== BigInt.asIntN(NARROW_FIELDS.has(field) ? 32 : 64, value)) return null;
    if (field === 'adjust' && (value < 0n || value > ADJUST_MAX)) return null;
    fields[field] = Number(value);
    position = next;
  }
  return position === end ? new Interval(fields as IntervalFields) : null;
}

/** Whether `length` bytes at `start` are a well-formed interval. */
export function isIntervalPayload(bytes: Uint8Array, start: number, length: number): boolean {
  return readInterval(bytes, start, length) !== null;
}

/** Appends an interval as an extension, header and all. Its fields are whole numbers. */
export function writeInterval(writer: ByteWriter, value: Interval, scratch: ByteWriter): void {
  scratch.reset();
  scratch.writeByte(FIELDS.filter((field) => value.fields[field] !== 0).length);
  FIELDS.forEach((field, number) => {
    if (value.fields[field] === 0) return;
    scratch.writeByte(number);
    writeBigInt(scratch, BigInt(value.fields[field]));
  });
  writeExtensionHeader(writer, INTERVAL_TYPE, scratch.position);
  writer.writeBytes(scratch.bytes, 0, scratch.position);
}
