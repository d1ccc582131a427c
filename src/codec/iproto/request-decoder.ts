/**
 * Decodes the requests that a server gets, in place: one decoder is reused for every request of a connection and
 * gives positions into the packet, no objects.
 * Invariants: after `decodeHeader` and `decodeBody` returned null, every position points to a value of the key's type that
 * lies whole inside the packet; a field that was not sent has its default, or position -1.
 * Limits and texts follow Tarantool 2.6.0 (docs/formats/iproto.md, "Requests").
 */
import { type BoxError, boxError } from '../../base/index.ts';
import {
  checkValue,
  containerHeaderSize,
  KIND,
  kindAt,
  mapLength,
  readNumber,
  readUnsigned,
  skipValue,
} from '../msgpack/index.ts';
import { BODY_KEY, HEADER_KEY } from './constants.ts';

const KEY_LIMIT = 128;
/** The key means nothing here: its value is passed over. */
const PASSED_OVER = 254;
const ANY_KIND = 255;

/** A table by key. */
function kindTable(
  otherwise: number,
  ...rows: readonly (readonly [kind: number, keys: readonly number[]])[]
): Uint8Array {
  const table = new Uint8Array(KEY_LIMIT).fill(otherwise);
  for (const [kind, keys] of rows) for (const key of keys) table[key] = kind;
  return table;
}

function keyRange(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** The kind that a value in a header must have: whatever key stands there, as in 2.6.0. No kind for other keys. */
const HEADER_KIND = kindTable(
  PASSED_OVER,
  [KIND.unsigned, keyRange(0x00, 0x1f)],
  [KIND.double, [HEADER_KEY.timestamp]],
  [KIND.array, [BODY_KEY.key, BODY_KEY.tuple, BODY_KEY.operations]],
  [KIND.string, keyRange(BODY_KEY.functionName, BODY_KEY.replicasetUuid)],
  [KIND.string, [BODY_KEY.expression]],
  [KIND.map, [BODY_KEY.vclock, BODY_KEY.ballot, BODY_KEY.tupleMeta, BODY_KEY.options]],
  [KIND.nil, keyRange(0x2c, 0x52)],
);

/** By body key of a data request: the kind that its value must have. */
const DATA_KIND = kindTable(
  PASSED_OVER,
  [KIND.unsigned, keyRange(BODY_KEY.spaceId, BODY_KEY.indexBase)],
  [KIND.array, [BODY_KEY.key, BODY_KEY.tuple, BODY_KEY.operations]],
  [KIND.map, [BODY_KEY.tupleMeta]],
);

/** The same for all other requests. */
const OTHER_KIND = kindTable(
  PASSED_OVER,
  [KIND.array, [BODY_KEY.tuple, BODY_KEY.features, BODY_KEY.sqlBind]],
  [KIND.string, [BODY_KEY.functionName, BODY_KEY.userName, BODY_KEY.expression, BODY_KEY.sqlText, BODY_KEY.eventKey]],
  [KIND.unsigned, [BODY_KEY.statementId, BODY_KEY.version, BODY_KEY.transactionIsolation]],
  [ANY_KIND, [BODY_KEY.timeout]],
);

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
  /** Where the packet's header begins; kept for who needs the packet as a whole. */
  packetStart = 0;

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

  #isBodyDecoded = false;
  #bodyError: BoxError | null = null;

  /** Takes a body without header, as rows of logs have them. */
  takeBody(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.bodyPosition = start;
    this.end = end;
    this.#isBodyDecoded = false;
  }

  /**
   * Decodes the header of the packet `bytes[start, end)`. Returns null, or the error to answer with. The body is checked
   * by `decodeBody` or, for requests that have none to decode, by `checkBody`.
   */
  decodeHeader(bytes: Uint8Array, start: number, end: number): BoxError | null {
    this.bytes = bytes;
    this.end = end;
    this.type = 0;
    this.syncHigh = 0;
    this.syncLow = 0;
    this.schemaVersion = 0;
    this.streamId = 0;
    this.bodyPosition = -1;
    this.#isBodyDecoded = false;
    if (start >= end || (bytes[start]! & 0xf0) !== 0x80) return this.#unusualHeader(bytes, start, end);
    let position = start + 1;
    for (let left = bytes[start]! & 0x0f; left > 0; left--) {
      if (position + 1 >= end) return malformed('packet header');
      const key = bytes[position++]!;
      const first = bytes[position]!;
      const size = first < 0x80 ? 1 : UNSIGNED_SIZE[first]!;
      // Anything but a small key with an unsigned value that lies whole in the packet is left to the careful path.
      if (key > HEADER_KEY.streamId || key === HEADER_KEY.timestamp || size === 0 || position + size > end) {
        return this.#unusualHeader(bytes, start, end);
      }
      this.#headerField(bytes, key, position);
      position += size;
    }
    if (position < end) this.bodyPosition = position;
    return null;
  }

  /** The error of a body that is not one whole value, or null. */
  checkBody(): BoxError | null {
    if (this.bodyPosition < 0) return null;
    return checkValue(this.bytes, this.bodyPosition, this.end) === this.end ? null : malformed('packet body');
  }

  #unusualHeader(bytes: Uint8Array, start: number, end: number): BoxError | null {
    this.type = 0;
    this.syncHigh = 0;
    this.syncLow = 0;
    const headerEnd = start < end && kindAt(bytes, start) === KIND.map ? checkValue(bytes, start, end) : -1;
    if (headerEnd < 0) return malformed('packet header');
    const length = mapLength(bytes, start);
    let position = start + containerHeaderSize(bytes, start);
    for (let index = 0; index < length; index++) {
      if (kindAt(bytes, position) !== KIND.unsigned) return malformed('packet header');
      const key = readUnsigned(bytes, position);
      position = skipValue(bytes, position);
      if (key >= KEY_LIMIT || HEADER_KIND[key] !== kindAt(bytes, position)) return malformed('packet header');
      if (key !== HEADER_KEY.timestamp && key <= HEADER_KEY.threadId) this.#headerField(bytes, key, position);
      position = skipValue(bytes, position);
    }
    if (position < end) this.bodyPosition = position;
    return null;
  }

  #headerField(bytes: Uint8Array, key: number, position: number): void {
    switch (key) {
      case HEADER_KEY.requestType:
        this.type = readUnsigned(bytes, position);
        break;
      case HEADER_KEY.sync:
        this.#readSync(bytes, position);
        break;
      case HEADER_KEY.schemaVersion:
        this.schemaVersion = readUnsigned(bytes, position);
        break;
      case HEADER_KEY.streamId:
        this.streamId = readUnsigned(bytes, position);
        break;
      default:
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
   * Checks and decodes the body in one walk, once for each request. `mandatory` lists the keys that must be there, lowest
   * first (the same at each call for a request); a list that begins with the space id is that of a data request. Returns null, or the error to answer with.
   */
  decodeBody(mandatory: readonly number[]): BoxError | null {
    if (!this.#isBodyDecoded) {
      this.#isBodyDecoded = true;
      this.#bodyError = this.#decodeFields(mandatory);
    }
    return this.#bodyError;
  }

  #decodeFields(mandatory: readonly number[]): BoxError | null {
    this.#resetBody();
    const { bytes, end } = this;
    const isData = mandatory[0] === BODY_KEY.spaceId;
    let position = this.bodyPosition;
    if (position < 0) {
      return isData || mandatory.length === 0 ? this.#missingField(mandatory) : malformed('missing request body');
    }
    const first = bytes[position]!;
    const isFixmap = (first & 0xf0) === 0x80;
    if (!isFixmap && (this.checkBody() !== null || kindAt(bytes, position) !== KIND.map))
      return malformed('packet body');
    const kinds = isData ? DATA_KIND : OTHER_KIND;
    const length = isFixmap ? first & 0x0f : mapLength(bytes, position);
    position += isFixmap ? 1 : containerHeaderSize(bytes, position);
    for (let index = 0; index < length; index++) {
      if (position + 1 >= end) return malformed('packet body');
      const key = bytes[position]!;
      const expected = key < KEY_LIMIT ? kinds[key]! : PASSED_OVER;
      if (expected === PASSED_OVER) {
        position = checkValue(bytes, position, end);
        if (position >= 0) position = checkValue(bytes, position, end);
        if (position < 0) return malformed('packet body');
        continue;
      }
      position++;
      if (expected !== ANY_KIND && kindAt(bytes, position) !== expected) return malformed('packet body');
      const next = checkValue(bytes, position, end);
      if (next < 0) return malformed('packet body');
      this.#bodyField(bytes, key, position, next);
      position = next;
    }
    return position === end ? this.#missingField(mandatory) : malformed('packet body');
  }

  /** Whether the body, which has been decoded, has a field of a data request. */
  get hasDataField(): boolean {
    return this.spaceId >= 0 || this.limit >= 0 || this.keyPosition >= 0 || this.tuplePosition >= 0;
  }

  #missingField(mandatory: readonly number[]): BoxError | null {
    for (let index = 0; index < mandatory.length; index++) {
      const key = mandatory[index]!;
      if (!this.#has(key)) return boxError('MISSING_REQUEST_FIELD', FIELD_NAMES[key] ?? String(key));
    }
    return null;
  }

  #bodyField(bytes: Uint8Array, key: number, position: number, end: number): void {
    switch (key) {
      case BODY_KEY.spaceId:
        this.spaceId = lowestWord(bytes, position);
        break;
      case BODY_KEY.indexId:
        this.indexId = lowestWord(bytes, position);
        break;
      case BODY_KEY.limit:
        this.limit = lowestWord(bytes, position);
        break;
      case BODY_KEY.offset:
        this.offset = lowestWord(bytes, position);
        break;
      case BODY_KEY.iterator:
        this.iterator = lowestWord(bytes, position);
        break;
      case BODY_KEY.indexBase:
        this.indexBase = lowestWord(bytes, position);
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

/** Bytes of an unsigned integer by its first byte, 0 for other values. */
const UNSIGNED_SIZE = new Uint8Array(256);
UNSIGNED_SIZE.fill(1, 0, 0x80);
[2, 3, 5, 9].forEach((size, index) => {
  UNSIGNED_SIZE[0xcc + index] = size;
});

/** The lowest 32 bits of the unsigned integer, as 2.6.0 keeps them. */
function lowestWord(bytes: Uint8Array, position: number): number {
  const first = bytes[position]!;
  if (first < 0x80) return first;
  return first === 0xcf ? wordAt(bytes, position + 5) : readUnsigned(bytes, position);
}

function wordAt(bytes: Uint8Array, position: number): number {
  return (
    ((bytes[position]! << 24) | (bytes[position + 1]! << 16) | (bytes[position + 2]! << 8) | bytes[position + 3]!) >>> 0
  );
}

function malformed(what: string): BoxError {
  return boxError('INVALID_MSGPACK', what);
}
