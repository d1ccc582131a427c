/**
 * Errors as values: extension 3, a map {0: [error, ...]}, the first being the top one and each next its cause. An error is
 * a map with, in this order, 0 type, 2 line, 1 file, 3 message, 4 errno, 5 code and, for some types, 6 fields.
 * The same map is the body of an error response under the key 0x52.
 */
import { BoxError, type BoxErrorType, type ByteWriter } from '../../base/index.ts';
import { readUnsigned, writeArrayHeader, writeExtensionHeader, writeMapHeader, writeUnsigned } from './numbers.ts';
import { arrayLength, containerHeaderSize, KIND, kindAt, mapLength, skipValue } from './skip.ts';
import { readString, writeString } from './strings.ts';

const ERROR_TYPE = 3;
const STACK_KEY = 0;
const KEY = { type: 0, file: 1, line: 2, message: 3, errno: 4, code: 5, fields: 6 } as const;
const BASIC_KEYS = 6;

export type ErrorRecord = Readonly<{
  type: string;
  file: string;
  line: number;
  message: string;
  errno: number;
  code: number;
  /** What some types carry beside; only text survives reading. */
  fields: Readonly<Record<string, string>> | null;
}>;

/** An error with its causes, the top one first. */
export class ErrorStack {
  readonly errors: readonly ErrorRecord[];

  constructor(errors: readonly ErrorRecord[]) {
    this.errors = errors;
  }

  /** The stack of an error and its causes. `file` and `line` say where it was raised, for all of them. */
  static of(error: BoxError, file: string, line: number): ErrorStack {
    const errors: ErrorRecord[] = [];
    for (let at: BoxError | null = error; at !== null; at = at.previous) {
      const { type, message, errno, code, fields } = at;
      errors.push({ type, file, line, message, errno, code, fields });
    }
    return new ErrorStack(errors);
  }

  /** The error to throw for it; null if the stack is empty. */
  toBoxError(): BoxError | null {
    return this.errors.reduceRight<BoxError | null>((cause, record) => {
      const { type, errno, fields } = record;
      return new BoxError(record.code, record.message, {
        type: type as BoxErrorType,
        errno,
        ...(fields === null ? {} : { fields }),
        ...(cause === null ? {} : { cause }),
      });
    }, null);
  }
}

/** Appends the map of a stack. */
export function writeErrorStackMap(writer: ByteWriter, stack: ErrorStack): void {
  writeMapHeader(writer, 1);
  writeUnsigned(writer, STACK_KEY);
  writeArrayHeader(writer, stack.errors.length);
  for (const record of stack.errors) writeErrorRecord(writer, record);
}

function writeErrorRecord(writer: ByteWriter, record: ErrorRecord): void {
  writeMapHeader(writer, record.fields === null ? BASIC_KEYS : BASIC_KEYS + 1);
  writeUnsigned(writer, KEY.type);
  writeString(writer, record.type);
  writeUnsigned(writer, KEY.line);
  writeUnsigned(writer, record.line);
  writeUnsigned(writer, KEY.file);
  writeString(writer, record.file);
  writeUnsigned(writer, KEY.message);
  writeString(writer, record.message);
  writeUnsigned(writer, KEY.errno);
  writeUnsigned(writer, record.errno);
  writeUnsigned(writer, KEY.code);
  writeUnsigned(writer, record.code);
  if (record.fields === null) return;
  const entries = Object.entries(record.fields);
  writeUnsigned(writer, KEY.fields);
  writeMapHeader(writer, entries.length);
  for (const [name, value] of entries) {
    writeString(writer, name);
    writeString(writer, value);
  }
}

/** Appends a stack as an extension, header and all. */
export function writeErrorStack(writer: ByteWriter, stack: ErrorStack, scratch: ByteWriter): void {
  scratch.reset();
  writeErrorStackMap(scratch, stack);
  writeExtensionHeader(writer, ERROR_TYPE, scratch.position);
  writer.writeBytes(scratch.bytes, 0, scratch.position);
}

/** Reads the map of a stack at `position`, which has to be valid MessagePack; null if it says something else. */
export function readErrorStackMap(bytes: Uint8Array, position: number): ErrorStack | null {
  const pairs = mapLength(bytes, position);
  if (pairs < 0) return null;
  let next = position + containerHeaderSize(bytes, position);
  let errors: ErrorRecord[] | null = null;
  for (let pair = 0; pair < pairs; pair++) {
    const value = skipValue(bytes, next);
    if (readUnsigned(bytes, next) === STACK_KEY) errors = readErrorRecords(bytes, value);
    next = skipValue(bytes, value);
  }
  return errors === null ? null : new ErrorStack(errors);
}

function readErrorRecords(bytes: Uint8Array, position: number): ErrorRecord[] | null {
  const count = arrayLength(bytes, position);
  if (count < 0) return null;
  const records: ErrorRecord[] = [];
  let next = position + containerHeaderSize(bytes, position);
  for (let index = 0; index < count; index++) {
    const record = readErrorRecord(bytes, next);
    if (record === null) return null;
    records.push(record);
    next = skipValue(bytes, next);
  }
  return records;
}

function textAt(bytes: Uint8Array, position: number): string | null {
  return kindAt(bytes, position) === KIND.string ? readString(bytes, position) : null;
}

function readErrorRecord(bytes: Uint8Array, position: number): ErrorRecord | null {
  const pairs = mapLength(bytes, position);
  if (pairs < 0) return null;
  const texts = new Map<number, string | null>();
  const numbers = new Map<number, number>();
  let fields: Record<string, string> | null = null;
  let next = position + containerHeaderSize(bytes, position);
  for (let pair = 0; pair < pairs; pair++) {
    const value = skipValue(bytes, next);
    const key = readUnsigned(bytes, next);
    if (key === KEY.fields) fields = readErrorFields(bytes, value);
    else if (key === KEY.type || key === KEY.file || key === KEY.message) texts.set(key, textAt(bytes, value));
    else if (key >= 0) numbers.set(key, readUnsigned(bytes, value));
    next = skipValue(bytes, value);
  }
  const type = texts.get(KEY.type) ?? null;
  const file = texts.get(KEY.file) ?? null;
  const message = texts.get(KEY.message) ?? null;
  const line = numbers.get(KEY.line) ?? 0;
  const errno = numbers.get(KEY.errno) ?? 0;
  const code = numbers.get(KEY.code) ?? 0;
  if (type === null || file === null || message === null || Math.min(line, errno, code) < 0) return null;
  return { type, file, line, message, errno, code, fields };
}

function readErrorFields(bytes: Uint8Array, position: number): Record<string, string> {
  const fields: Record<string, string> = {};
  const pairs = mapLength(bytes, position);
  let next = position + containerHeaderSize(bytes, position);
  for (let pair = 0; pair < pairs; pair++) {
    const value = skipValue(bytes, next);
    const name = textAt(bytes, next);
    const text = textAt(bytes, value);
    if (name !== null && text !== null) fields[name] = text;
    next = skipValue(bytes, value);
  }
  return fields;
}
