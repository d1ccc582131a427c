/**
 * Update operations as requests carry them: `[[code, field, argument...], ...]`. Reading them checks their form, so that
 * what can be wrong without knowing a tuple is reported before one is looked at. Codes and texts are 2.6.0's.
 */
import { boxError, type BoxError } from '../base/index.ts';
import {
  arrayLength,
  containerHeaderSize,
  KIND,
  kindAt,
  payloadLength,
  payloadStart,
  readBigInt,
  readNumber,
  readString,
  skipValue,
} from '../codec/msgpack/index.ts';
import { scanJsonPath, type JsonToken } from './json-path.ts';
import { readArithmetic, type Arithmetic } from './update-arithmetic.ts';

export const UPDATE_OPERATIONS_MAX = 4000;
const INT32_MAX = 0x7fffffff;

/** Bytes of one value, or of several in a row. */
export type ByteRange = Readonly<{ bytes: Uint8Array; start: number; end: number }>;

export type SpliceArgument = Readonly<{ offset: number; cutLength: number; paste: ByteRange }>;

/** How an operation works, whatever its code; each has the argument that it needs. */
export type UpdateAction =
  | Readonly<{ kind: 'set' | 'insert'; value: ByteRange }>
  | Readonly<{ kind: 'delete'; count: number }>
  | Readonly<{ kind: 'arithmetic'; operand: Arithmetic }>
  | Readonly<{ kind: 'bits'; operand: bigint }>
  | Readonly<{ kind: 'splice'; argument: SpliceArgument }>;

/** What a scalar operation made of the old value; the format may still decide how it is written. */
export type UpdateResult =
  | Readonly<{ kind: 'value'; value: ByteRange }>
  | Readonly<{ kind: 'arithmetic'; value: Arithmetic }>
  | Readonly<{ kind: 'unsigned'; value: bigint }>
  | Readonly<{ kind: 'text'; pieces: readonly ByteRange[] }>;

/** An operation on its way through the tuple: it consumes the tokens of its path as it descends. */
export class UpdateOperation {
  readonly code: string;
  readonly action: UpdateAction;
  /** The path as given; null if the field was given by number. */
  readonly path: string | null;
  readonly #tokens: readonly JsonToken[];
  readonly #ends: readonly number[];
  readonly #errorPosition: number;
  #next: number;
  #uncounted = 0;
  /** Where it applies in the container at hand. Index tokens count from 0; a negative one counts from the end. */
  token: JsonToken;
  /** Whether `token` has been used up by an outer container. */
  isTokenConsumed = false;

  constructor(code: string, action: UpdateAction, target: UpdateTarget) {
    this.code = code;
    this.action = action;
    this.path = target.path;
    this.#tokens = target.tokens;
    this.#ends = target.ends;
    this.#errorPosition = target.errorPosition;
    this.#next = target.next;
    this.token = { kind: 'index', index: target.fieldNo };
  }

  /** Whether `token` is the last of the path. */
  isTerminal(): boolean {
    return this.#next >= this.#tokens.length && this.#errorPosition === 0;
  }

  /** The next token of the path, null at its end. Throws UPDATE_FIELD where the path is malformed. */
  nextToken(): JsonToken | null {
    if (this.#next < this.#tokens.length) return this.#tokens[this.#next++]!;
    if (this.#errorPosition > 0) throw this.badPath(this.#errorPosition);
    return null;
  }

  /** Steps to the next token of the path as the one to apply at. */
  advance(): void {
    const token = this.nextToken();
    if (token === null) throw this.noSuchField();
    this.applyAt(token);
  }

  applyAt(token: JsonToken): void {
    this.token = token;
    this.isTokenConsumed = false;
  }

  /** The well-formed tokens not consumed yet. */
  remainingTokens(): readonly JsonToken[] {
    return this.#tokens.slice(this.#next);
  }

  /** Passes over tokens that are known to be the same as another operation's. 2.6.0 does not count their characters. */
  skipTokens(count: number): void {
    const before = this.#next > 0 ? this.#ends[this.#next - 1]! : 0;
    this.#next += count;
    this.#uncounted += this.#ends[this.#next - 1]! - before;
  }

  /** How messages name the field. */
  fieldText(): string {
    if (this.path !== null) return `'${this.path}'`;
    return String(this.#fieldNumber());
  }

  #fieldNumber(): number {
    const index = this.token.kind === 'index' ? this.token.index : 0;
    // 32 bits, as in 2.6.0.
    return index >= 0 ? (index + 1) | 0 : index;
  }

  fieldError(reason: string): BoxError {
    return boxError('UPDATE_FIELD', this.fieldText(), reason);
  }

  doubleUpdate(): BoxError {
    return this.fieldError('double update of the same field');
  }

  badPath(position: number): BoxError {
    return this.fieldError(`invalid JSON in position ${position - this.#uncounted}`);
  }

  /** For a `[*]` that has just been consumed. */
  anyTokenError(): BoxError {
    return this.badPath(this.#ends[this.#next - 1]! - 1);
  }

  argumentError(expected: string): BoxError {
    return boxError('UPDATE_ARG_TYPE', this.code, this.fieldText(), expected);
  }

  noSuchField(): BoxError {
    if (this.path === null) return boxError('NO_SUCH_FIELD_NO', this.#fieldNumber());
    return boxError('NO_SUCH_FIELD_NAME', this.fieldText());
  }
}

/** Which field an operation names, as far as can be said without a tuple. */
type UpdateTarget = Readonly<{
  fieldNo: number;
  path: string | null;
  tokens: readonly JsonToken[];
  ends: readonly number[];
  errorPosition: number;
  /** Of `tokens`, the first below the field. */
  next: number;
}>;

/** Words of the argument checks that need the name of the field, before there is an operation. */
type ArgumentContext = Readonly<{ code: string; fieldText: string; indexBase: number }>;

function illegal(reason: string): BoxError {
  return boxError('ILLEGAL_PARAMS', reason);
}

/**
 * Reads the operations at `position`. `indexBase` is the number of the first field, 0 or 1; `fieldNumbers` are the
 * format's names. Throws ILLEGAL_PARAMS (1), UNKNOWN_UPDATE_OP (28), UPDATE_FIELD (29), UPDATE_ARG_TYPE (26),
 * UPDATE_SPLICE (25), NO_SUCH_FIELD_NO (37) or NO_SUCH_FIELD_NAME (201).
 */
export function readOperations(
  bytes: Uint8Array,
  position: number,
  indexBase: number,
  fieldNumbers: ReadonlyMap<string, number>,
): UpdateOperation[] {
  const count = arrayLength(bytes, position);
  if (count < 0) throw illegal('update operations must be an array {{op,..}, {op,..}}');
  if (count > UPDATE_OPERATIONS_MAX) throw illegal('too many operations for update');
  const operations: UpdateOperation[] = [];
  let next = position + containerHeaderSize(bytes, position);
  for (let index = 0; index < count; index++) {
    operations.push(readOperation(bytes, next, index + 1, indexBase, fieldNumbers));
    next = skipValue(bytes, next);
  }
  return operations;
}

const ARGUMENT_COUNTS: Readonly<Record<string, number>> = {
  '=': 3,
  '!': 3,
  '#': 3,
  '+': 3,
  '-': 3,
  '&': 3,
  '|': 3,
  '^': 3,
  ':': 5,
};

function readOperation(
  bytes: Uint8Array,
  position: number,
  number: number,
  indexBase: number,
  fieldNumbers: ReadonlyMap<string, number>,
): UpdateOperation {
  const count = arrayLength(bytes, position);
  if (count < 0) throw illegal('update operation must be an array {op,..}');
  if (count === 0) throw illegal('update operation must be an array {op,..}, got empty array');
  const codeAt = position + containerHeaderSize(bytes, position);
  if (kindAt(bytes, codeAt) !== KIND.string) throw illegal('update operation name must be a string');
  const code = readString(bytes, codeAt);
  const expected = ARGUMENT_COUNTS[code];
  if (expected === undefined) throw boxError('UNKNOWN_UPDATE_OP', number, `"${code}"`);
  if (count !== expected) {
    throw boxError('UNKNOWN_UPDATE_OP', number, `wrong number of arguments, expected ${expected}, got ${count}`);
  }
  const fieldAt = skipValue(bytes, codeAt);
  const target = readTarget(bytes, fieldAt, code, indexBase, fieldNumbers);
  const fieldText =
    target.path !== null ? `'${target.path}'` : String(target.fieldNo >= 0 ? target.fieldNo + 1 : target.fieldNo);
  const action = readAction(bytes, skipValue(bytes, fieldAt), { code, fieldText, indexBase });
  return new UpdateOperation(code, action, target);
}

function readTarget(
  bytes: Uint8Array,
  position: number,
  code: string,
  indexBase: number,
  fieldNumbers: ReadonlyMap<string, number>,
): UpdateTarget {
  const kind = kindAt(bytes, position);
  if (kind === KIND.unsigned || kind === KIND.signed) {
    const given = readInt32(bytes, position);
    if (given === null) throw boxError('UPDATE_ARG_TYPE', code, 1, 'an integer');
    if (given >= 0 && given < indexBase) throw boxError('NO_SUCH_FIELD_NO', given);
    const fieldNo = given < 0 ? given : given - indexBase;
    return { fieldNo, path: null, tokens: [], ends: [], errorPosition: 0, next: 0 };
  }
  if (kind !== KIND.string) throw illegal('field id must be a number or a string');
  return readPathTarget(readString(bytes, position), fieldNumbers);
}

function readPathTarget(path: string, fieldNumbers: ReadonlyMap<string, number>): UpdateTarget {
  const named = fieldNumbers.get(path);
  if (named !== undefined) return { fieldNo: named, path, tokens: [], ends: [], errorPosition: 0, next: 0 };
  const scanned = scanJsonPath(path);
  const first = scanned.tokens[0];
  if (first === undefined && scanned.errorPosition > 0) {
    throw boxError('UPDATE_FIELD', `'${path}'`, `invalid JSON in position ${scanned.errorPosition}`);
  }
  let fieldNo: number | undefined;
  if (first?.kind === 'index') fieldNo = first.index;
  if (first?.kind === 'name') fieldNo = fieldNumbers.get(first.name);
  if (fieldNo === undefined) throw boxError('NO_SUCH_FIELD_NAME', path);
  return { fieldNo, path, ...scanned, next: 1 };
}

/** The integer at `position`, null if it is none or beyond 32 bits. */
function readInt32(bytes: Uint8Array, position: number): number | null {
  const kind = kindAt(bytes, position);
  if (kind !== KIND.unsigned && kind !== KIND.signed) return null;
  const value = readNumber(bytes, position);
  return value <= INT32_MAX && value >= -INT32_MAX - 1 ? value : null;
}

function readAction(bytes: Uint8Array, position: number, context: ArgumentContext): UpdateAction {
  switch (context.code) {
    case '=':
    case '!':
      return {
        kind: context.code === '=' ? 'set' : 'insert',
        value: { bytes, start: position, end: skipValue(bytes, position) },
      };
    case '#':
      return { kind: 'delete', count: readDeleteCount(bytes, position, context) };
    case '+':
    case '-': {
      const operand = readArithmetic(bytes, position);
      if (operand === null) throw argumentError(context, 'a number');
      return { kind: 'arithmetic', operand };
    }
    case ':':
      return { kind: 'splice', argument: readSplice(bytes, position, context) };
    default: {
      const operand = readUnsigned64(bytes, position);
      if (operand === null) throw argumentError(context, 'a positive integer');
      return { kind: 'bits', operand };
    }
  }
}

function argumentError(context: ArgumentContext, expected: string): BoxError {
  return boxError('UPDATE_ARG_TYPE', context.code, context.fieldText, expected);
}

export function readUnsigned64(bytes: Uint8Array, position: number): bigint | null {
  return kindAt(bytes, position) === KIND.unsigned ? readBigInt(bytes, position) : null;
}

/** The count is taken modulo 2^32, as 2.6.0 stores it. */
function readDeleteCount(bytes: Uint8Array, position: number, context: ArgumentContext): number {
  const given = readUnsigned64(bytes, position);
  if (given === null) throw argumentError(context, 'a positive integer');
  const count = Number(BigInt.asUintN(32, given));
  if (count === 0) throw boxError('UPDATE_FIELD', context.fieldText, 'cannot delete 0 fields');
  return count;
}

function readSplice(bytes: Uint8Array, position: number, context: ArgumentContext): SpliceArgument {
  let offset = readInt32(bytes, position);
  if (offset === null) throw argumentError(context, 'an integer');
  if (offset >= 0) {
    if (offset < context.indexBase) throw boxError('UPDATE_SPLICE', context.fieldText, 'offset is out of bound');
    offset -= context.indexBase;
  }
  const cutAt = skipValue(bytes, position);
  const cutLength = readInt32(bytes, cutAt);
  if (cutLength === null) throw argumentError(context, 'an integer');
  const pasteAt = skipValue(bytes, cutAt);
  if (kindAt(bytes, pasteAt) !== KIND.string) throw argumentError(context, 'a string');
  const start = payloadStart(bytes, pasteAt);
  return { offset, cutLength, paste: { bytes, start, end: start + payloadLength(bytes, pasteAt) } };
}
