/**
 * The frame of every request: `ce` and four bytes of length, a header map, then what the caller writes as the body.
 * Header fields that are zero are left out, as Tarantool leaves them out.
 */
import type { ByteWriter } from '../../base/index.ts';
import { writeMapHeader, writeUnsigned } from '../msgpack/index.ts';
import { HEADER_KEY, type RequestType } from './constants.ts';

export type RequestHeader = Readonly<{
  /** Echoed by the answer; 0 for none. */
  sync: number;
  /** 0 or absent: outside of any stream. */
  streamId?: number;
  /** The server refuses the request (WRONG_SCHEMA_VERSION) if its schema has another; 0 or absent: no check. */
  schemaVersion?: number;
}>;

const LENGTH_FIELD_BYTES = 5;

/** Writes the header and returns what `endPacket` needs. */
export function beginPacket(writer: ByteWriter, type: RequestType, header: RequestHeader): number {
  const start = writer.position;
  writer.ensure(LENGTH_FIELD_BYTES);
  writer.position += LENGTH_FIELD_BYTES;
  const streamId = header.streamId ?? 0;
  const schemaVersion = header.schemaVersion ?? 0;
  writeMapHeader(writer, 1 + (header.sync === 0 ? 0 : 1) + (streamId === 0 ? 0 : 1) + (schemaVersion === 0 ? 0 : 1));
  writer.writeByte(HEADER_KEY.requestType);
  writeUnsigned(writer, type);
  if (header.sync !== 0) {
    writer.writeByte(HEADER_KEY.sync);
    writeUnsigned(writer, header.sync);
  }
  if (schemaVersion !== 0) {
    writer.writeByte(HEADER_KEY.schemaVersion);
    writeUnsigned(writer, schemaVersion);
  }
  if (streamId !== 0) {
    writer.writeByte(HEADER_KEY.streamId);
    writeUnsigned(writer, streamId);
  }
  return start;
}

/** Fills in the length of the packet begun at `start`. */
export function endPacket(writer: ByteWriter, start: number): void {
  writer.bytes[start] = 0xce;
  writer.view.setUint32(start + 1, writer.position - start - LENGTH_FIELD_BYTES);
}
