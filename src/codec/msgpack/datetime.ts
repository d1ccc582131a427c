/**
 * Points in time: extension 4 (Tarantool 2.10). The payload is the seconds since 1970 as a little-endian int64, followed,
 * if one of them is not zero, by nanoseconds (int32), the zone's offset in minutes (int16) and its index (int16).
 * Datetimes order by seconds and nanoseconds; the zone is only how they are shown.
 */
import type { ByteWriter } from '../../base/index.ts';
import { writeExtensionHeader } from './numbers.ts';
import { payloadLength, payloadStart } from './skip.ts';

const DATETIME_TYPE = 4;
const SHORT_BYTES = 8;
const LONG_BYTES = 16;
const NANOSECONDS_PER_SECOND = 1_000_000_000;
/** Minutes; the zones of the world lie between -12:00 and +14:00. */
const OFFSET_MIN = -12 * 60;
const OFFSET_MAX = 14 * 60;
/** Years -5879610 to 5879611, as Tarantool limits them. */
const SECONDS_MAX = 185_604_722_870_400;

export class Datetime {
  /** Seconds since 1970-01-01T00:00:00Z, whole. */
  readonly seconds: number;
  /** 0 to 999999999. */
  readonly nanoseconds: number;
  readonly offsetMinutes: number;
  /** Place in Tarantool's table of zone names, 0 for none. */
  readonly zoneIndex: number;

  constructor(seconds: number, nanoseconds = 0, offsetMinutes = 0, zoneIndex = 0) {
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
    this.offsetMinutes = offsetMinutes;
    this.zoneIndex = zoneIndex;
  }

  compare(other: Datetime): number {
    return this.seconds - other.seconds || this.nanoseconds - other.nanoseconds;
  }
}

function int32At(bytes: Uint8Array, position: number): number {
  return bytes[position]! | (bytes[position + 1]! << 8) | (bytes[position + 2]! << 16) | (bytes[position + 3]! << 24);
}

function int16At(bytes: Uint8Array, position: number): number {
  return ((bytes[position]! | (bytes[position + 1]! << 8)) << 16) >> 16;
}

function secondsAt(bytes: Uint8Array, start: number): number {
  return int32At(bytes, start + 4) * 0x100000000 + (int32At(bytes, start) >>> 0);
}

/** Whether `length` bytes at `start` are a well-formed datetime. */
export function isDatetimePayload(bytes: Uint8Array, start: number, length: number): boolean {
  if (length !== SHORT_BYTES && length !== LONG_BYTES) return false;
  if (Math.abs(secondsAt(bytes, start)) > SECONDS_MAX) return false;
  if (length === SHORT_BYTES) return true;
  const nanoseconds = int32At(bytes, start + 8);
  const offset = int16At(bytes, start + 12);
  return (
    nanoseconds >= 0 &&
    nanoseconds < NANOSECONDS_PER_SECOND &&
    offset >= OFFSET_MIN &&
    offset <= OFFSET_MAX &&
    int16At(bytes, start + 14) >= 0
  );
}

/** Reads a payload that `isDatetimePayload` accepts. */
export function readDatetime(bytes: Uint8Array, start: number, length: number): Datetime {
  const seconds = secondsAt(bytes, start);
  if (length === SHORT_BYTES) return new Datetime(seconds);
  return new Datetime(seconds, int32At(bytes, start + 8), int16At(bytes, start + 12), int16At(bytes, start + 14));
}

/** Appends a datetime as an extension, header and all. */
export function writeDatetime(writer: ByteWriter, value: Datetime): void {
  const isShort = value.nanoseconds === 0 && value.offsetMinutes === 0 && value.zoneIndex === 0;
  const length = isShort ? SHORT_BYTES : LONG_BYTES;
  writeExtensionHeader(writer, DATETIME_TYPE, length);
  writer.ensure(length);
  const { view, position } = writer;
  view.setBigInt64(position, BigInt(value.seconds), true);
  if (!isShort) {
    view.setInt32(position + 8, value.nanoseconds, true);
    view.setInt16(position + 12, value.offsetMinutes, true);
    view.setInt16(position + 14, value.zoneIndex, true);
  }
  writer.position += length;
}

/** Compares the datetimes at two positions without decoding them. */
export function compareDatetimes(aBytes: Uint8Array, a: number, bBytes: Uint8Array, b: number): number {
  const aStart = payloadStart(aBytes, a);
  const bStart = payloadStart(bBytes, b);
  const difference = secondsAt(aBytes, aStart) - secondsAt(bBytes, bStart);
  if (difference !== 0) return difference;
  const aNanoseconds = payloadLength(aBytes, a) === LONG_BYTES ? int32At(aBytes, aStart + 8) : 0;
  const bNanoseconds = payloadLength(bBytes, b) === LONG_BYTES ? int32At(bBytes, bStart + 8) : 0;
  return aNanoseconds - bNanoseconds;
}

/** The seconds of the datetime at `position`, which grow with it. */
export function datetimeHint(bytes: Uint8Array, position: number): number {
  return secondsAt(bytes, payloadStart(bytes, position));
}
