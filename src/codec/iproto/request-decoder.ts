/**
 * Decodes the requests that a server gets, in place: one decoder is reused for every request of a connection and
 * gives positions into the packet, no objects.
 * Invariants: after `decodeHeader` and `decodeBody` returned, every position points to a value of the key's type that
 * lies whole inside the packet; a field that was not sent has its default, or position -1.
 * Limits and texts follow Tarantool 2.6.0 (docs/formats/iproto.md, "Requests").
 */
import { type BoxError, boxError } from '../../base/index.ts';
import { checkValue, containerHeaderSize, KIND, kindAt, mapLength, readNumber, readUnsigned, skipValue } from '../msgpack/index.ts';
import { BODY_KEY, HEADER_KEY, HEADER_KEY_MAX } from './constants.ts';

const KEY_LIMIT = 128;
const ANY_KIND = 255;
/** By body key: the kind that its value must have. */
const BODY_KIND = new Uint8Array(KEY_LIMIT).fill(ANY_KIND);
for (const key of [
  BODY_KEY.spaceId,
  BODY_KEY.indexId,
  BODY_KEY.limit,
  BODY_KEY.offset,
  BODY_KEY.iterator,
  BODY_KEY.indexBase,
  BODY_KEY.statementId,
  BODY_KEY.version,
  BODY_KEY.transactionIsolation,
]) {
  BODY_KIND[key] = KIND.unsigned;
}
for (const key of [BODY_KEY.key, BODY_KEY.tuple, BODY_KEY.operations, BODY_KEY.sqlBind, BODY_KEY.features]) {
  BODY_KIND[key] = KIND.array;
}
for (const key of [
  BODY_KEY.functionName,
  BODY_KEY.userName,
  BODY_KEY.expression,
  BODY_KEY.sqlText,
  BODY_KEY.eventKey,
  BODY_KEY.authType,
]) {
  BODY_KIND[key] = KIND.string;
}

/** Names of mandatory fields as errors print them. */
const FIELD_NAMES: Readonly<Record<number, string>> = {
  [BODY_KEY.spaceId]: 'space id',
  [BODY_KEY.limit]: 'limit',
  [BODY_KEY.key]: 'key',
  [BODY_KEY.tuple]: 'tuple',
  [BODY_KEY.functionName]: 'function name',
  [BODY_KEY.userName]: 'user name',
  [BODY_KEY.expression]: 'expression',
  [BODY_KEY.operations]: 'operations',
  [BODY_KEY.sqlText]: 'SQL text or stmt id',
  [BODY_KEY.eventKey]: 'event key',
};

export class RequestDecoder {
  bytes: Uint8Array = new Uint8Array(0);
  /** The type as sent; 2.6.0 looks at its lowest 8 bits. */
  type = 0;
  syncHigh = 0;
  syncLow = 0;
  schemaVersion = 0;
  streamId = 0;
  bodyPosition = -1;
  end = 0;

  spaceId = 0;
  indexId = 0;
  limit = 0;
  offset = 0;
  iterator = 0;
  indexBase = 0;
  keyPosition = -1;
  tuplePosition = -1;
  tupleEnd = -1;
  operationsPosition = -1;
  operationsEnd = -1;
  functionNamePosition = -1;
  userNamePosition = -1;
  expressionPosition = -1;
  sqlTextPosition = -1;
  statementIdPosition = -1;
  eventKeyPosition = -1;
  timeoutSeconds = 0;
  featuresPosition = -1;
  versionPosition = -1;
  isolation = 0;

  /** Decodes the header of the packet `bytes[start, end)`. Returns null, or the error to answer with. */
  decodeHeader(bytes: Uint8Array, start: number, end: number): BoxError | null {
    this.bytes = bytes;
    this.end = end;
    this.type = 0;
    this.syncHigh = 0;
    this.syncLow = 0;
    this.schemaVersion = 0;
    this.streamId = 0;
    this.bodyPosition = -1;
    if (start >= end || kindAt(bytes, start) !== KIND.map) return malformed('packet header');
    let position = this.#headerFields(bytes, start, end);
    if (position < 0) return malformed('packet header');
    if (position < end) {
      this.bodyPosition = position;
      position = checkValue(bytes, position, end);
      if (position < 0) return malformed('packet body');
      if (position !== end) return malformed('packet end');
    }
    return null;
  }

  /** Position after the header map, -1 if it is malformed. */
  #headerFields(bytes: Uint8Array, start: number, end: number): number {
    // The commonest headers have fixint keys and small values; `checkValue` once makes the rest safe to walk.
    const headerEnd = checkValue(bytes, start, end);
    if (headerEnd < 0) return -1;
    const length = mapLength(bytes, start);
    let position = start + containerHeaderSize(bytes, start);
    for (let index = 0; index < length; index++) {
      if (kindAt(bytes, position) !== KIND.unsigned) return -1;
      const key = readUnsigned(bytes, position);
      position = skipValue(bytes, position);
      if (key > HEADER_KEY_MAX) return -1;
      if (!this.#headerField(bytes, key, position)) return -1;
      position = skipValue(bytes, position);
    }
    return headerEnd;
  }

  #headerField(bytes: Uint8Array, key: number, position: number): boolean {
    const kind = kindAt(bytes, position);
    if (key === HEADER_KEY.timestamp) return kind === KIND.double;
    if (key > HEADER_KEY.threadId) return true;
    if (kind !== KIND.unsigned) return false;
    switch (key) {
      case HEADER_KEY.requestType:
        this.type = readUnsigned(bytes, position);
        return true;
      case HEADER_KEY.sync:
        this.#readSync(bytes, position);
        return true;
      case HEADER_KEY.schemaVersion:
        this.schemaVersion = readUnsigned(bytes, position);
        return true;
      case HEADER_KEY.streamId:
        this.streamId = readUnsigned(bytes, position);
        return true;
      default:
        return true;
    }
  }

  #readSync(bytes: Uint8Array, position: number): void {
    if (bytes[position] !== 0xcf) {
      this.syncHigh = 0;
      this.syncLow = readUnsigned(bytes, position);
      return;
    }
    this.syncHigh = wordAt(bytes, position + 1);
    this.syncLow = wordAt(bytes, position + 5);
  }

  /**
   * Decodes the body. `mandatory` lists the keys that must be there, lowest first. Returns null, or the error to
   * answer with.
   */
  decodeBody(mandatory: readonly number[]): BoxError | null {
    this.#resetBody();
    const { bytes } = this;
    if (this.bodyPosition < 0) return mandatory.length === 0 ? null : malformed('missing request body');
    if (kindAt(bytes, this.bodyPosition) !== KIND.map) return malformed('packet body');
    const length = mapLength(bytes, this.bodyPosition);
    let position = this.bodyPosition + containerHeaderSize(bytes, this.bodyPosition);
    for (let index = 0; index < length; index++) {
      const key = bytes[position]!;
      if (key < KEY_LIMIT) {
        position++;
      } else {
        if (kindAt(bytes, position) !== KIND.unsigned) return malformed('packet body');
        position = skipValue(bytes, skipValue(bytes, position));
        continue;
      }
      const expected = BODY_KIND[key]!;
      if (expected !== ANY_KIND && kindAt(bytes, position) !== expected) return malformed('packet body');
      const next = skipValue(bytes, position);
      this.#bodyField(bytes, key, position, next);
      position = next;
    }
    for (let index = 0; index < mandatory.length; index++) {
      const key = mandatory[index]!;
      if (!this.#has(key)) return boxError('MISSING_REQUEST_FIELD', FIELD_NAMES[key] ?? String(key));
    }
    return null;
  }

  #bodyField(bytes: Uint8Array, key: number, position: number, end: number): void {
    switch (key) {
      case BODY_KEY.spaceId:
        this.spaceId = readUnsigned(bytes, position);
        break;
      case BODY_KEY.indexId:
        this.indexId = readUnsigned(bytes, position);
        break;
      case BODY_KEY.limit:
        this.limit = readUnsigned(bytes, position);
        break;
      case BODY_KEY.offset:
        this.offset = readUnsigned(bytes, position);
        break;
      case BODY_KEY.iterator:
        this.iterator = readUnsigned(bytes, position);
        break;
      case BODY_KEY.indexBase:
        this.indexBase = readUnsigned(bytes, position);
        break;
      case BODY_KEY.key:
        this.keyPosition = position;
        break;
      case BODY_KEY.tuple:
        this.tuplePosition = position;
        this.tupleEnd = end;
        break;
      case BODY_KEY.operations:
        this.operationsPosition = position;
        this.operationsEnd = end;
        break;
      default:
        this.#rareBodyField(bytes, key, position);
    }
  }

  #rareBodyField(bytes: Uint8Array, key: number, position: number): void {
    switch (key) {
      case BODY_KEY.functionName:
        this.functionNamePosition = position;
        break;
      case BODY_KEY.userName:
        this.userNamePosition = position;
        break;
      case BODY_KEY.expression:
        this.expressionPosition = position;
        break;
      case BODY_KEY.sqlText:
        this.sqlTextPosition = position;
        break;
      case BODY_KEY.statementId:
        this.statementIdPosition = position;
        break;
      case BODY_KEY.eventKey:
        this.eventKeyPosition = position;
        break;
      case BODY_KEY.timeout:
        this.timeoutSeconds = readNumber(bytes, position);
        break;
      case BODY_KEY.features:
        this.featuresPosition = position;
        break;
      case BODY_KEY.version:
        this.versionPosition = position;
        break;
      case BODY_KEY.transactionIsolation:
        this.isolation = readUnsigned(bytes, position);
        break;
      default:
    }
  }

  #has(key: number): boolean {
    switch (key) {
      case BODY_KEY.spaceId:
        return this.spaceId >= 0;
      case BODY_KEY.limit:
        return this.limit >= 0;
      case BODY_KEY.key:
        return this.keyPosition >= 0;
      case BODY_KEY.tuple:
        return this.tuplePosition >= 0;
      case BODY_KEY.operations:
        return this.operationsPosition >= 0;
      case BODY_KEY.functionName:
        return this.functionNamePosition >= 0;
      case BODY_KEY.userName:
        return this.userNamePosition >= 0;
      case BODY_KEY.expression:
        return this.expressionPosition >= 0;
      case BODY_KEY.sqlText:
        return this.sqlTextPosition >= 0 || this.statementIdPosition >= 0;
      case BODY_KEY.eventKey:
        return this.eventKeyPosition >= 0;
      default:
        return true;
    }
  }

  #resetBody(): void {
    this.spaceId = -1;
    this.indexId = 0;
    this.limit = -1;
    this.offset = 0;
    this.iterator = 0;
    this.indexBase = 0;
    this.keyPosition = -1;
    this.tuplePosition = -1;
    this.tupleEnd = -1;
    this.operationsPosition = -1;
    this.operationsEnd = -1;
    this.functionNamePosition = -1;
    this.userNamePosition = -1;
    this.expressionPosition = -1;
    this.sqlTextPosition = -1;
    this.statementIdPosition = -1;
    this.eventKeyPosition = -1;
    this.timeoutSeconds = 0;
    this.featuresPosition = -1;
    this.versionPosition = -1;
    this.isolation = 0;
  }
}

function wordAt(bytes: Uint8Array, position: number): number {
  return (
    ((bytes[position]! << 24) | (bytes[position + 1]! << 16) | (bytes[position + 2]! << 8) | bytes[position + 3]!) >>> 0
  );
}

function malformed(what: string): BoxError {
  return boxError('INVALID_MSGPACK', what);
}
