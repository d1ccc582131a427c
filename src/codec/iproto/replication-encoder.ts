/** The requests that a replica sends to its master. docs/formats/iproto.md, "Replication requests". */
import type { ByteWriter } from '../../base/index.ts';
import { encodeValue, writeBoolean, writeMapHeader, writeString, writeUnsigned } from '../msgpack/index.ts';
import { BODY_KEY, HEADER_KEY, REQUEST_TYPE } from './constants.ts';
import { beginPacket, endPacket, type RequestHeader } from './packet-writer.ts';

/** Log sequence number by replica id. */
export type VclockComponents = ReadonlyMap<number, number>;

export type SubscribeRequest = Readonly<{
  replicasetUuid: string;
  instanceUuid: string;
  vclock: VclockComponents;
  /** major << 16 | minor << 8 | patch. */
  serverVersion: number;
  isAnonymous: boolean;
  /** Replica ids whose rows are not wanted; the key is left out if empty. */
  idFilter: readonly number[];
}>;

/** A vclock as a map in ascending order, without component 0 and without zeros. */
export function writeVclock(writer: ByteWriter, vclock: VclockComponents): void {
  const components = [...vclock].filter(([id, lsn]) => id !== 0 && lsn !== 0).sort(([left], [right]) => left - right);
  writeMapHeader(writer, components.length);
  for (const [id, lsn] of components) {
    writeUnsigned(writer, id);
    writeUnsigned(writer, lsn);
  }
}

export function encodeJoin(writer: ByteWriter, header: RequestHeader, instanceUuid: string): void {
  const start = beginPacket(writer, REQUEST_TYPE.join, header);
  writeMapHeader(writer, 1);
  writer.writeByte(BODY_KEY.instanceUuid);
  writeString(writer, instanceUuid);
  endPacket(writer, start);
}

export function encodeRegister(
  writer: ByteWriter,
  header: RequestHeader,
  instanceUuid: string,
  vclock: VclockComponents,
): void {
  const start = beginPacket(writer, REQUEST_TYPE.register, header);
  writeMapHeader(writer, 2);
  writer.writeByte(BODY_KEY.instanceUuid);
  writeString(writer, instanceUuid);
  writer.writeByte(BODY_KEY.vclock);
  writeVclock(writer, vclock);
  endPacket(writer, start);
}

export function encodeSubscribe(writer: ByteWriter, header: RequestHeader, request: SubscribeRequest): void {
  const start = beginPacket(writer, REQUEST_TYPE.subscribe, header);
  writeMapHeader(writer, request.idFilter.length === 0 ? 5 : 6);
  writer.writeByte(BODY_KEY.replicasetUuid);
  writeString(writer, request.replicasetUuid);
  writer.writeByte(BODY_KEY.instanceUuid);
  writeString(writer, request.instanceUuid);
  writer.writeByte(BODY_KEY.vclock);
  writeVclock(writer, request.vclock);
  writer.writeByte(HEADER_KEY.serverVersion);
  writeUnsigned(writer, request.serverVersion);
  writer.writeByte(BODY_KEY.replicaAnonymous);
  writeBoolean(writer, request.isAnonymous);
  if (request.idFilter.length > 0) {
    writer.writeByte(BODY_KEY.idFilter);
    encodeValue(writer, request.idFilter);
  }
  endPacket(writer, start);
}
