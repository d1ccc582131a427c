/**
 * Writes a server's answers. Answers to clients have a header of fixed width, so that length and type can be filled in
 * when the body is there: `ce LLLLLLLL 83 00 ce TTTTTTTT 01 cf SSSSSSSSSSSSSSSS 05 ce VVVVVVVV`.
 */
import type { BoxError, ByteWriter } from '../../base/index.ts';
import { writeArrayHeader, writeInteger, writeMapHeader, writeString, writeUnsigned } from '../msgpack/index.ts';
import { BODY_KEY, ERROR_KEY, ERROR_RESPONSE, ERROR_STACK_KEY, HEADER_KEY } from './constants.ts';

export const RESPONSE_HEADER_BYTES = 28;
/** Bytes of `81 30 dd NNNNNNNN`, which opens a body of data. */
export const DATA_HEADER_BYTES = 7;

/** Leaves room for a header and returns where it begins. */
export function beginResponse(writer: ByteWriter): number {
  const start = writer.position;
  writer.ensure(RESPONSE_HEADER_BYTES + DATA_HEADER_BYTES);
  writer.position = start + RESPONSE_HEADER_BYTES;
  return start;
}

/** Leaves room for a header and the opening of a body of data. */
export function beginDataResponse(writer: ByteWriter): number {
  const start = writer.position;
  writer.ensure(RESPONSE_HEADER_BYTES + DATA_HEADER_BYTES);
  writer.position = start + RESPONSE_HEADER_BYTES + DATA_HEADER_BYTES;
  return start;
}

/** Fills the header in; the body ends at the writer's position. */
export function endResponse(
  writer: ByteWriter,
  start: number,
  type: number,
  syncHigh: number,
  syncLow: number,
  schemaVersion: number,
): void {
  const { bytes } = writer;
  bytes[start] = 0xce;
  putWord(bytes, start + 1, writer.position - start - 5);
  bytes[start + 5] = 0x83;
  bytes[start + 6] = HEADER_KEY.requestType;
  bytes[start + 7] = 0xce;
  putWord(bytes, start + 8, type);
  bytes[start + 12] = HEADER_KEY.sync;
  bytes[start + 13] = 0xcf;
  putWord(bytes, start + 14, syncHigh);
  putWord(bytes, start + 18, syncLow);
  bytes[start + 22] = HEADER_KEY.schemaVersion;
  bytes[start + 23] = 0xce;
  putWord(bytes, start + 24, schemaVersion);
}

/** Fills header and opening in for `count` items of data. */
export function endDataResponse(
  writer: ByteWriter,
  start: number,
  count: number,
  syncHigh: number,
  syncLow: number,
  schemaVersion: number,
  type = 0,
): void {
  const { bytes } = writer;
  const body = start + RESPONSE_HEADER_BYTES;
  bytes[body] = 0x81;
  bytes[body + 1] = BODY_KEY.data;
  bytes[body + 2] = 0xdd;
  putWord(bytes, body + 3, count);
  endResponse(writer, start, type, syncHigh, syncLow, schemaVersion);
}

/** An answer with an empty map as its body. */
export function writeOkResponse(writer: ByteWriter, syncHigh: number, syncLow: number, schemaVersion: number): void {
  const start = beginResponse(writer);
  writer.writeByte(0x80);
  endResponse(writer, start, 0, syncHigh, syncLow, schemaVersion);
}

export function writeErrorResponse(
  writer: ByteWriter,
  error: BoxError,
  syncHigh: number,
  syncLow: number,
  schemaVersion: number,
): void {
  const start = beginResponse(writer);
  writeMapHeader(writer, 2);
  writer.writeByte(BODY_KEY.errorMessage);
  writeString(writer, error.message);
  writer.writeByte(BODY_KEY.error);
  writeErrorStack(writer, error);
  endResponse(writer, start, ERROR_RESPONSE | error.code, syncHigh, syncLow, schemaVersion);
}

/** The map of an error and its causes, as answers and the extension type 3 carry it. */
export function writeErrorStack(writer: ByteWriter, error: BoxError): void {
  const stack: BoxError[] = [];
  for (let at: BoxError | null = error; at !== null; at = at.previous) stack.push(at);
  writeMapHeader(writer, 1);
  writer.writeByte(ERROR_STACK_KEY);
  writeArrayHeader(writer, stack.length);
  for (const entry of stack) writeErrorEntry(writer, entry);
}

/** Tarantool names the C source that raised an error; this is the part of us that answers. */
const ERROR_SOURCE = { file: 'box', line: 1 } as const;

function writeErrorEntry(writer: ByteWriter, error: BoxError): void {
  writeMapHeader(writer, error.fields === null ? 6 : 7);
  writer.writeByte(ERROR_KEY.type);
  writeString(writer, error.type);
  writer.writeByte(ERROR_KEY.line);
  writeUnsigned(writer, ERROR_SOURCE.line);
  writer.writeByte(ERROR_KEY.file);
  writeString(writer, ERROR_SOURCE.file);
  writer.writeByte(ERROR_KEY.message);
  writeString(writer, error.message);
  writer.writeByte(ERROR_KEY.errno);
  writeInteger(writer, error.errno);
  writer.writeByte(ERROR_KEY.code);
  writeUnsigned(writer, error.code);
  if (error.fields === null) return;
  writer.writeByte(ERROR_KEY.fields);
  const fields = Object.entries(error.fields);
  writeMapHeader(writer, fields.length);
  for (const [name, value] of fields) {
    writeString(writer, name);
    writeString(writer, value);
  }
}

function putWord(bytes: Uint8Array, position: number, value: number): void {
  bytes[position] = value >>> 24;
  bytes[position + 1] = (value >>> 16) & 0xff;
  bytes[position + 2] = (value >>> 8) & 0xff;
  bytes[position + 3] = value & 0xff;
}
