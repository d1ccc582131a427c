/**
 * Answers as a client reads them. docs/formats/iproto.md, "Answers" and "Errors".
 * `ResponseHeader.read` checks that the whole packet is valid MessagePack, so that what comes after it may trust the
 * bytes; a body of an unexpected shape is INVALID_MSGPACK.
 */
import { BoxError, boxError, type BoxErrorType } from '../../base/index.ts';
import {
  arrayLength,
  checkValue,
  containerHeaderSize,
  decodeArray,
  decodeValue,
  KIND,
  kindAt,
  mapLength,
  readString,
  readUnsigned,
  skipValue,
  type Value,
} from '../msgpack/index.ts';
import {
  BODY_KEY,
  ERROR_KEY,
  ERROR_RESPONSE,
  ERROR_STACK_KEY,
  HEADER_KEY,
  METADATA_KEY,
  SQL_INFO_KEY,
  type BodyKey,
} from './constants.ts';

/** One object serves all packets of a connection: `read` fills it anew. */
export class ResponseHeader {
  /** OK, CHUNK, EVENT, a row type, or `ERROR_RESPONSE | code`. */
  type = 0;
  sync = 0;
  /** 0 if the packet names none. */
  schemaVersion = 0;
  /** Where the body's map begins; equal to the packet's end if there is none. */
  body = 0;

  /** Throws INVALID_MSGPACK. */
  read(bytes: Uint8Array, start: number, end: number): void {
    const headerEnd = checkValue(bytes, start, end);
    const count = headerEnd < 0 ? -1 : mapLength(bytes, start);
    if (count < 0) throw boxError('INVALID_MSGPACK', 'packet header');
    if (headerEnd < end && (checkValue(bytes, headerEnd, end) !== end || mapLength(bytes, headerEnd) < 0)) {
      throw boxError('INVALID_MSGPACK', 'packet body');
    }
    this.type = 0;
    this.sync = 0;
    this.schemaVersion = 0;
    this.body = headerEnd;
    let position = start + containerHeaderSize(bytes, start);
    for (let index = 0; index < count; index++) {
      const key = readUnsigned(bytes, position);
      position = skipValue(bytes, position);
      if (key === HEADER_KEY.requestType) this.type = headerUnsigned(bytes, position);
      else if (key === HEADER_KEY.sync) this.sync = headerUnsigned(bytes, position);
      else if (key === HEADER_KEY.schemaVersion) this.schemaVersion = headerUnsigned(bytes, position);
      position = skipValue(bytes, position);
    }
  }

  get isError(): boolean {
    return (this.type & ERROR_RESPONSE) !== 0;
  }
}

function headerUnsigned(bytes: Uint8Array, position: number): number {
  const value = readUnsigned(bytes, position);
  if (value < 0) throw boxError('INVALID_MSGPACK', 'packet header');
  return value;
}

function invalidBody(): BoxError {
  return boxError('INVALID_MSGPACK', 'packet body');
}

/** Where the value of `wanted` begins in the map at `map`; -1 if the key is absent or `map` is the packet's end. */
export function findKey(bytes: Uint8Array, map: number, end: number, wanted: number): number {
  if (map >= end) return -1;
  const count = mapLength(bytes, map);
  if (count < 0) throw invalidBody();
  let position = map + containerHeaderSize(bytes, map);
  for (let index = 0; index < count; index++) {
    const key = readUnsigned(bytes, position);
    position = skipValue(bytes, position);
    if (key === wanted) return position;
    position = skipValue(bytes, position);
  }
  return -1;
}

/** Where the array of results begins; -1 if the body has none. */
export function findData(bytes: Uint8Array, body: number, end: number): number {
  const position = findKey(bytes, body, end, BODY_KEY.data);
  if (position >= 0 && arrayLength(bytes, position) < 0) throw invalidBody();
  return position;
}

/** The results: tuples, or what a function returned. Empty if the body has none. */
export function decodeData(bytes: Uint8Array, body: number, end: number): Value[] {
  const position = findData(bytes, body, end);
  return position < 0 ? [] : decodeArray(bytes, position);
}

const BOX_ERROR_TYPES: Readonly<Record<BoxErrorType, true>> = {
  ClientError: true,
  AccessDeniedError: true,
  CustomError: true,
  LuajitError: true,
  SystemError: true,
  SocketError: true,
  OutOfMemory: true,
  TimedOut: true,
  IllegalParams: true,
  XlogError: true,
  XlogGapError: true,
  FiberIsCancelled: true,
};

function isBoxErrorType(type: string): type is BoxErrorType {
  return Object.hasOwn(BOX_ERROR_TYPES, type);
}

/** The error of an answer of type `responseType`, with its chain of causes; a bare message of old servers will do. */
export function decodeError(bytes: Uint8Array, body: number, end: number, responseType: number): BoxError {
  const code = responseType & (ERROR_RESPONSE - 1);
  const stack = findKey(bytes, body, end, BODY_KEY.error);
  const error = stack < 0 ? null : decodeErrorStack(bytes, stack);
  if (error !== null) return error;
  return new BoxError(code, textAt(bytes, findKey(bytes, body, end, BODY_KEY.errorMessage)));
}

/** The errors of the map at `position`, linked top to cause; null if the stack is empty. Types unknown here are ClientError. */
export function decodeErrorStack(bytes: Uint8Array, position: number): BoxError | null {
  const stack = findKey(bytes, position, Infinity, ERROR_STACK_KEY);
  const count = stack < 0 ? -1 : arrayLength(bytes, stack);
  if (count < 0) throw invalidBody();
  const positions: number[] = [];
  let next = stack + containerHeaderSize(bytes, stack);
  for (let index = 0; index < count; index++) {
    positions.push(next);
    next = skipValue(bytes, next);
  }
  return positions.reduceRight<BoxError | null>((cause, error) => decodeOneError(bytes, error, cause), null);
}

function decodeOneError(bytes: Uint8Array, map: number, cause: BoxError | null): BoxError {
  const find = (key: number): number => findKey(bytes, map, Infinity, key);
  const type = textAt(bytes, find(ERROR_KEY.type));
  const fields = decodeFields(bytes, find(ERROR_KEY.fields));
  return new BoxError(unsignedAt(bytes, find(ERROR_KEY.code)), textAt(bytes, find(ERROR_KEY.message)), {
    type: isBoxErrorType(type) ? type : 'ClientError',
    errno: unsignedAt(bytes, find(ERROR_KEY.errno)),
    ...(fields === null ? {} : { fields }),
    ...(cause === null ? {} : { cause }),
  });
}

function decodeFields(bytes: Uint8Array, position: number): Record<string, string> | null {
  const count = position < 0 ? -1 : mapLength(bytes, position);
  if (count < 0) return null;
  const entries: [string, string][] = [];
  let next = position + containerHeaderSize(bytes, position);
  for (let index = 0; index < count; index++) {
    const name = textAt(bytes, next);
    next = skipValue(bytes, next);
    const value = decodeValue(bytes, next);
    if (typeof value !== 'object') entries.push([name, String(value)]);
    next = skipValue(bytes, next);
  }
  return Object.fromEntries(entries);
}

function textAt(bytes: Uint8Array, position: number): string {
  if (position < 0) return '';
  if (kindAt(bytes, position) !== KIND.string) throw invalidBody();
  return readString(bytes, position);
}

function unsignedAt(bytes: Uint8Array, position: number): number {
  if (position < 0) return 0;
  const value = readUnsigned(bytes, position);
  if (value < 0) throw invalidBody();
  return value;
}

/** A column of an SQL result; what stands after `type` only if the session asks for full metadata. */
export type SqlColumn = Readonly<{
  name: string;
  type: string;
  collation: string | null;
  isNullable: boolean | null;
  isAutoincrement: boolean;
  /** The source text, null if it equals the name. */
  span: string | null;
}>;

/** Either rows with their columns, or the count of rows changed. */
export type SqlResult =
  | Readonly<{ kind: 'rows'; columns: readonly SqlColumn[]; rows: readonly (readonly Value[])[] }>
  | Readonly<{ kind: 'changes'; rowCount: number; autoincrementIds: readonly Value[] }>;

export type PreparedStatement = Readonly<{
  id: number;
  parameterCount: number;
  columns: readonly SqlColumn[];
}>;

/** The answer to EXECUTE. */
export function decodeSqlResult(bytes: Uint8Array, body: number, end: number): SqlResult {
  const metadata = findKey(bytes, body, end, BODY_KEY.metadata);
  if (metadata >= 0) {
    const rows = decodeData(bytes, body, end).map((row) => {
      if (!Array.isArray(row)) throw invalidBody();
      return row as readonly Value[];
    });
    return { kind: 'rows', columns: decodeColumns(bytes, metadata), rows };
  }
  const info = findKey(bytes, body, end, BODY_KEY.sqlInfo);
  if (info < 0) return { kind: 'changes', rowCount: 0, autoincrementIds: [] };
  const ids = findKey(bytes, info, end, SQL_INFO_KEY.autoincrementIds);
  return {
    kind: 'changes',
    rowCount: unsignedAt(bytes, findKey(bytes, info, end, SQL_INFO_KEY.rowCount)),
    autoincrementIds: ids >= 0 && arrayLength(bytes, ids) >= 0 ? decodeArray(bytes, ids) : [],
  };
}

/** The answer to PREPARE of a text. */
export function decodePrepared(bytes: Uint8Array, body: number, end: number): PreparedStatement {
  const id = findKey(bytes, body, end, BODY_KEY.statementId);
  if (id < 0) throw invalidBody();
  const metadata = findKey(bytes, body, end, BODY_KEY.metadata);
  return {
    id: unsignedAt(bytes, id),
    parameterCount: unsignedAt(bytes, findKey(bytes, body, end, BODY_KEY.bindCount)),
    columns: metadata < 0 ? [] : decodeColumns(bytes, metadata),
  };
}

function decodeColumns(bytes: Uint8Array, position: number): SqlColumn[] {
  const count = arrayLength(bytes, position);
  if (count < 0) throw invalidBody();
  const columns: SqlColumn[] = [];
  let map = position + containerHeaderSize(bytes, position);
  for (let index = 0; index < count; index++) {
    const find = (key: number): Value | undefined => {
      const found = findKey(bytes, map, Infinity, key);
      return found < 0 ? undefined : decodeValue(bytes, found);
    };
    columns.push({
      name: String(find(METADATA_KEY.name) ?? ''),
      type: String(find(METADATA_KEY.type) ?? ''),
      collation: textOrNull(find(METADATA_KEY.collation)),
      isNullable: booleanOrNull(find(METADATA_KEY.isNullable)),
      isAutoincrement: find(METADATA_KEY.isAutoincrement) === true,
      span: textOrNull(find(METADATA_KEY.span)),
    });
    map = skipValue(bytes, map);
  }
  return columns;
}

const textOrNull = (value: Value | undefined): string | null => (typeof value === 'string' ? value : null);
const booleanOrNull = (value: Value | undefined): boolean | null => (typeof value === 'boolean' ? value : null);

export type IdAnswer = Readonly<{ version: number; features: ReadonlySet<number> }>;

/** The answer to ID. */
export function decodeIdAnswer(bytes: Uint8Array, body: number, end: number): IdAnswer {
  const features = findKey(bytes, body, end, BODY_KEY.features);
  const listed = features >= 0 && arrayLength(bytes, features) >= 0 ? decodeArray(bytes, features) : [];
  return {
    version: unsignedAt(bytes, findKey(bytes, body, end, BODY_KEY.version)),
    features: new Set(listed.filter((feature) => typeof feature === 'number')),
  };
}

/** The body of EVENT. A key without a value has `value` undefined. */
export function decodeEvent(bytes: Uint8Array, body: number, end: number): Readonly<{ key: string; value: Value }> {
  const key = findKey(bytes, body, end, BODY_KEY.eventKey);
  if (key < 0) throw invalidBody();
  const value = findKey(bytes, body, end, BODY_KEY.eventData);
  return { key: textAt(bytes, key), value: value < 0 ? undefined : decodeValue(bytes, value) };
}

/** The value of an unsigned body field, or null. */
export function decodeUnsignedField(bytes: Uint8Array, body: number, end: number, key: BodyKey): number | null {
  const position = findKey(bytes, body, end, key);
  return position < 0 ? null : unsignedAt(bytes, position);
}
