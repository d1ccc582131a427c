/**
 * What is compared of a reply: every byte, except what two instances cannot share. The schema version is replaced by
 * its distance from the case's start, file and line of an error by nothing, and uuids where a step asks for it.
 */
import { ByteWriter } from '../../src/base/index.ts';
import {
  arrayLength,
  checkValue,
  containerHeaderSize,
  KIND,
  kindAt,
  mapLength,
  readUnsigned,
  skipValue,
} from '../../src/codec/msgpack/index.ts';
import { framePacket, KEY, type Reply, readResponse } from '../support/raw-iproto.ts';
import type { Way } from './compare.ts';
import { describeValue, hex } from './describe.ts';
import { withSortedMaps } from './sorted-maps.ts';

const ERROR_LINE_KEY = 2;
const ERROR_FILE_KEY = 1;
const ERROR_STATUS = 0x8000;
/** The message of error 109 carries the server's schema version itself. */
const WRONG_SCHEMA_VERSION_STATUS = ERROR_STATUS | 109;
const UUID_PATTERN = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** An error body whose stack has one ordinary entry of the same message: the message says it all. */
const USUAL_STACK = /^\{49: (".*"), 82: \{0: \[\{0: "ClientError", 2: nil, 1: nil, 3: \1, 4: 0, 5: \d+\}\]\}\}$/;
const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/** A reply ready to be compared: equal texts of `bytes` mean equal replies. */
export type Comparable = Readonly<{ bytes: string; text: string }>;

/** `way` lua: the order of maps does not count. */
export function comparable(
  reply: Reply,
  schemaVersionBase: number,
  maskUuids: boolean,
  way: Way = 'plain',
): Comparable {
  if (reply.kind === 'silence') return { bytes: 'silence', text: 'no answer' };
  if (reply.kind === 'closed') return { bytes: `closed ${hex(reply.rest)}`, text: `closed ${hex(reply.rest)}` };
  const frame = maskUuids ? withoutUuids(reply.bytes) : reply.bytes;
  if (!isWellFormed(frame)) return { bytes: hex(frame), text: `malformed packet ${hex(frame)}` };
  const response = readResponse(frame);
  if (response.status === WRONG_SCHEMA_VERSION_STATUS) {
    const text = describeResponse(response.status, response.sync, 0, withoutSource(response.body));
    const relative = text.replace(
      /in request: (\d+)/g,
      (_, version) => `in request: +${Number(version) - schemaVersionBase}`,
    );
    return { bytes: relative, text: relative };
  }
  const header = relativeHeader(frame, schemaVersionBase);
  const own = response.status >= ERROR_STATUS ? withoutSource(response.body) : response.body;
  const body = way === 'lua' ? withSortedMaps(own) : own;
  return {
    bytes: hex(framePacket(header, body)),
    text: describeResponse(response.status, response.sync, response.schemaVersion - schemaVersionBase, body),
  };
}

/** The greeting with the version's digits, the uuid and the salt blanked. */
export function comparableGreeting(greeting: Uint8Array): Comparable {
  const text = Buffer.from(greeting)
    .toString('latin1')
    .replace(/\d+\.\d+\.\d+/, 'x.y.z')
    .replace(UUID_PATTERN, NIL_UUID)
    .replace(/\n[A-Za-z0-9+/]{43}= {19}\n$/, '\nsalt\n')
    .replace(/ +\n/g, (spaces, offset) => (offset < 64 ? ' \n' : spaces));
  return { bytes: text, text: JSON.stringify(text) };
}

function isWellFormed(frame: Uint8Array): boolean {
  const header = skipValue(frame, 0);
  if (header >= frame.length || kindAt(frame, header) !== KIND.map || mapLength(frame, header) > 15) return false;
  const body = checkValue(frame, header, frame.length);
  return body === frame.length || (body > 0 && checkValue(frame, body, frame.length) === frame.length);
}

function relativeHeader(frame: Uint8Array, base: number): Uint8Array {
  const writer = new ByteWriter(64);
  const start = skipValue(frame, 0);
  let next = start + containerHeaderSize(frame, start);
  writer.writeBytes(frame, start, next);
  for (let index = 0; index < mapLength(frame, start); index++) {
    const value = skipValue(frame, next);
    const end = skipValue(frame, value);
    if (readUnsigned(frame, next) === KEY.schemaVersion && frame[value] === 0xce) {
      writer.writeBytes(frame, next, value + 1);
      const distance = readUnsigned(frame, value) - base;
      for (const shift of [24, 16, 8, 0]) writer.writeByte((distance >> shift) & 0xff);
    } else {
      writer.writeBytes(frame, next, end);
    }
    next = end;
  }
  return writer.toBytes();
}

/** An error body whose stack names neither file nor line. */
function withoutSource(body: Uint8Array): Uint8Array {
  const writer = new ByteWriter(body.length);
  if (kindAt(body, 0) !== KIND.map) return body;
  copyMap(body, 0, writer, (key, value) => {
    if (key !== KEY.error || kindAt(body, value) !== KIND.map) return false;
    copyMap(body, value, writer, (_, stack) => {
      if (kindAt(body, stack) !== KIND.array) return false;
      copyStack(body, stack, writer);
      return true;
    });
    return true;
  });
  return writer.toBytes();
}

function copyStack(body: Uint8Array, stack: number, writer: ByteWriter): void {
  let next = stack + containerHeaderSize(body, stack);
  writer.writeBytes(body, stack, next);
  for (let index = 0; index < arrayLength(body, stack); index++) {
    if (kindAt(body, next) !== KIND.map) {
      writer.writeBytes(body, next, skipValue(body, next));
    } else {
      copyMap(body, next, writer, (key) => {
        if (key !== ERROR_FILE_KEY && key !== ERROR_LINE_KEY) return false;
        writer.writeByte(0xc0);
        return true;
      });
    }
    next = skipValue(body, next);
  }
}

/** Copies a map; `write` may write another value for a key, and says whether it did. */
function copyMap(
  bytes: Uint8Array,
  position: number,
  writer: ByteWriter,
  write: (key: number, value: number) => boolean,
): void {
  let next = position + containerHeaderSize(bytes, position);
  writer.writeBytes(bytes, position, next);
  for (let index = 0; index < mapLength(bytes, position); index++) {
    const value = skipValue(bytes, next);
    const end = skipValue(bytes, value);
    writer.writeBytes(bytes, next, value);
    if (!write(readUnsigned(bytes, next), value)) writer.writeBytes(bytes, value, end);
    next = end;
  }
}

function withoutUuids(frame: Uint8Array): Uint8Array {
  const text = Buffer.from(frame).toString('latin1').replace(UUID_PATTERN, NIL_UUID);
  return Buffer.from(text, 'latin1');
}

function describeResponse(status: number, sync: number, schemaDistance: number, body: Uint8Array): string {
  const version = schemaDistance === 0 ? '' : ` schema ${schemaDistance > 0 ? '+' : ''}${schemaDistance}`;
  const shown = body.length === 0 ? 'without body' : describeValue(body, 0).replace(USUAL_STACK, '$1');
  const outcome = status >= ERROR_STATUS ? `error ${status - ERROR_STATUS}` : `ok ${status === 0 ? '' : status}`.trim();
  return `${outcome} #${sync}${version} ${shown}`;
}
