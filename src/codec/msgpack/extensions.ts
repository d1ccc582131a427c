/**
 * Extension types of MessagePack that Tarantool defines, as values. Each type has a file of its own; here a type's number
 * leads to it. A payload that its type does not allow is an error (20), never a wrong value.
 */
import { boxError, ByteWriter } from '../../base/index.ts';
import { Datetime, isDatetimePayload, readDatetime, writeDatetime } from './datetime.ts';
import { Decimal, isDecimalPayload, writeDecimal } from './decimal.ts';
import { ErrorStack, readErrorStackMap, writeErrorStack } from './error.ts';
import { Interval, isIntervalPayload, readInterval, writeInterval } from './interval.ts';
import { writeExtensionHeader } from './numbers.ts';
import { checkValue, extensionType, payloadLength, payloadStart } from './skip.ts';
import { isUuidPayload, Uuid, writeUuid } from './uuid.ts';

export const EXTENSION_TYPE = {
  decimal: 1,
  uuid: 2,
  error: 3,
  datetime: 4,
  compression: 5,
  interval: 6,
  tuple: 7,
} as const;

/** An extension of a type that has no value class here: kept byte for byte. */
export class ExtensionValue {
  readonly type: number;
  readonly payload: Uint8Array;
  constructor(type: number, payload: Uint8Array) {
    this.type = type;
    this.payload = payload;
  }
}

export type ExtensionTypes = ExtensionValue | Decimal | Uuid | Datetime | Interval | ErrorStack;

/** Whether the extension at `position` has a payload that its type allows; unknown types allow any. */
export function isValidExtension(bytes: Uint8Array, position: number): boolean {
  const start = payloadStart(bytes, position);
  const length = payloadLength(bytes, position);
  switch (extensionType(bytes, position)) {
    case EXTENSION_TYPE.decimal:
      return isDecimalPayload(bytes, start, length);
    case EXTENSION_TYPE.uuid:
      return isUuidPayload(length);
    case EXTENSION_TYPE.datetime:
      return isDatetimePayload(bytes, start, length);
    case EXTENSION_TYPE.interval:
      return isIntervalPayload(bytes, start, length);
    default:
      return true;
  }
}

/** Decodes the extension at `position`. Throws INVALID_MSGPACK for a payload that its type does not allow. */
export function decodeExtension(bytes: Uint8Array, position: number): ExtensionTypes {
  const start = payloadStart(bytes, position);
  const length = payloadLength(bytes, position);
  const type = extensionType(bytes, position);
  if (!isValidExtension(bytes, position)) throw boxError('INVALID_MSGPACK', 'invalid extension payload');
  switch (type) {
    case EXTENSION_TYPE.decimal:
      return Decimal.fromPayload(bytes, start, length);
    case EXTENSION_TYPE.uuid:
      return Uuid.fromBytes(bytes, start);
    case EXTENSION_TYPE.error:
      return decodeErrorStack(bytes, start, length);
    case EXTENSION_TYPE.datetime:
      return readDatetime(bytes, start, length);
    case EXTENSION_TYPE.interval:
      return readInterval(bytes, start, length)!;
    default:
      return new ExtensionValue(type, Uint8Array.from(bytes.subarray(start, start + length)));
  }
}

function decodeErrorStack(bytes: Uint8Array, start: number, length: number): ErrorStack {
  const stack = checkValue(bytes, start, start + length) === start + length ? readErrorStackMap(bytes, start) : null;
  if (stack === null) throw boxError('INVALID_MSGPACK', 'Missing mandatory error fields');
  return stack;
}

/** Appends a value as an extension, header and all. */
export function encodeExtension(writer: ByteWriter, value: ExtensionTypes): void {
  if (value instanceof Decimal) return writeDecimal(writer, value);
  if (value instanceof Uuid) return writeUuid(writer, value);
  if (value instanceof Datetime) return writeDatetime(writer, value);
  if (value instanceof Interval) return writeInterval(writer, value, new ByteWriter(64));
  if (value instanceof ErrorStack) return writeErrorStack(writer, value, new ByteWriter(256));
  writeExtensionHeader(writer, value.type, value.payload.length);
  writer.writeBytes(value.payload, 0, value.payload.length);
}

const VALUE_CLASSES = [ExtensionValue, Decimal, Uuid, Datetime, Interval, ErrorStack] as const;

encodeExtension.handles = (value: object): boolean => VALUE_CLASSES.some((valueClass) => value instanceof valueClass);
