/**
 * The packets between a replica and its master, in both directions. docs/formats/iproto.md, "Replication".
 * Component 0 of a vclock, an instance's own local rows, never travels, but in the first answer to JOIN, where it does
 * no harm and is ignored.
 */
import type { ByteWriter } from '../../base/index.ts';
import {
  encodeValue,
  writeBoolean,
  writeDouble,
  writeMapHeader,
  writeString,
  writeUnsigned,
} from '../msgpack/index.ts';
import type { Vclock } from '../xlog/index.ts';
import { BALLOT_KEY, BODY_KEY, HEADER_KEY, REQUEST_TYPE, type RequestType } from './constants.ts';
import { beginPacket, endPacket, type RequestHeader } from './packet-writer.ts';

export type SubscribeRequest = Readonly<{
  replicasetUuid: string;
  instanceUuid: string;
  vclock: Vclock;
  /** major << 16 | minor << 8 | patch. */
  serverVersion: number;
  isAnonymous: boolean;
  /** Replica ids whose rows are not wanted; the key is left out if empty. */
  idFilter: readonly number[];
}>;

/** What a server answers to VOTE. Servers older than 2.10 tell only the first four; the others are null then. */
export type Ballot = Readonly<{
  isReadOnlyConfigured: boolean;
  /** It takes no writes now; of 2.6 the same as loading. */
  isReadOnly: boolean;
  vclock: Vclock;
  /** Older rows are not in the server's log any more. */
  gcVclock: Vclock;
  isAnonymous: boolean | null;
  isBooted: boolean | null;
  canLead: boolean | null;
}>;

/** A vclock as a map in ascending order, without component 0 and without zeros. */
export function writeVclock(writer: ByteWriter, vclock: Vclock): void {
  const sent = vclock.filter((lsn, replicaId) => replicaId > 0 && lsn > 0).length;
  writeMapHeader(writer, sent);
  for (let replicaId = 1; replicaId < vclock.length; replicaId++) {
    const lsn = vclock[replicaId]!;
    if (lsn === 0) continue;
    writeUnsigned(writer, replicaId);
    writeUnsigned(writer, lsn);
  }
}

export function encodeVote(writer: ByteWriter, header: RequestHeader): void {
  endPacket(writer, beginPacket(writer, REQUEST_TYPE.vote, header));
}

/** With a version the master tells about elections too; servers of 2.6 pass over it. 0: none is named. */
export function encodeJoin(writer: ByteWriter, header: RequestHeader, instanceUuid: string, serverVersion = 0): void {
  const start = beginPacket(writer, REQUEST_TYPE.join, header);
  writeMapHeader(writer, serverVersion === 0 ? 1 : 2);
  writer.writeByte(BODY_KEY.instanceUuid);
  writeString(writer, instanceUuid);
  writeVersion(writer, serverVersion);
  endPacket(writer, start);
}

export function encodeFetchSnapshot(writer: ByteWriter, header: RequestHeader, serverVersion = 0): void {
  const start = beginPacket(writer, REQUEST_TYPE.fetchSnapshot, header);
  if (serverVersion !== 0) {
    writeMapHeader(writer, 1);
    writeVersion(writer, serverVersion);
  }
  endPacket(writer, start);
}

function writeVersion(writer: ByteWriter, serverVersion: number): void {
  if (serverVersion === 0) return;
  writer.writeByte(HEADER_KEY.serverVersion);
  writeUnsigned(writer, serverVersion);
}

/** A row of a join that is no tuple, or one of the marks around them, which have no body. */
export function encodeJoinRow(
  writer: ByteWriter,
  row: Readonly<{ type: RequestType; replicaId: number; sync: number; body: Uint8Array }>,
): void {
  const start = beginStreamPacket(writer, { ...row, timestampSeconds: 0 });
  writer.writeBytes(row.body, 0, row.body.length);
  endPacket(writer, start);
}

export function encodeRegister(writer: ByteWriter, header: RequestHeader, instanceUuid: string, vclock: Vclock): void {
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

/** OK with a vclock: what frames the stages of a join. */
export function encodeVclockAnswer(writer: ByteWriter, header: RequestHeader, vclock: Vclock): void {
  const start = beginPacket(writer, REQUEST_TYPE.ok, header);
  writeMapHeader(writer, 1);
  writer.writeByte(BODY_KEY.vclock);
  writeVclock(writer, vclock);
  endPacket(writer, start);
}

/**
 * What a replica has written to its log. `timestampSeconds` is that of the last row it applied, by which the master
 * sees how far behind it is; 0 before the first. `term` is that of elections, 0 if there were none. Servers before 2.10
 * pass over both.
 */
export function encodeAck(writer: ByteWriter, vclock: Vclock, timestampSeconds: number, term = 0): void {
  const start = beginStreamPacket(writer, { replicaId: 0, sync: 0, timestampSeconds });
  writeMapHeader(writer, term === 0 ? 1 : 2);
  writer.writeByte(BODY_KEY.vclock);
  writeVclock(writer, vclock);
  if (term !== 0) {
    writer.writeByte(BODY_KEY.term);
    writeUnsigned(writer, term);
  }
  endPacket(writer, start);
}

/** The first packet of a subscription: who the master is and how far. */
export function encodeSubscribeAnswer(
  writer: ByteWriter,
  stream: Readonly<{ replicaId: number; sync: number }>,
  vclock: Vclock,
  replicasetUuid: string,
): void {
  const start = beginStreamPacket(writer, { ...stream, timestampSeconds: 0 });
  writeMapHeader(writer, 2);
  writer.writeByte(BODY_KEY.vclock);
  writeVclock(writer, vclock);
  writer.writeByte(BODY_KEY.replicasetUuid);
  writeString(writer, replicasetUuid);
  endPacket(writer, start);
}

/** What keeps a subscription alive when there are no rows. */
export function encodeHeartbeat(
  writer: ByteWriter,
  stream: Readonly<{ replicaId: number; sync: number; timestampSeconds: number }>,
): void {
  endPacket(writer, beginStreamPacket(writer, stream));
}

/** The body of the answer to VOTE, in the order of 2.6.0, what later versions added behind. */
export function writeBallot(writer: ByteWriter, ballot: Ballot): void {
  const later = [
    [BALLOT_KEY.isAnonymous, ballot.isAnonymous],
    [BALLOT_KEY.isBooted, ballot.isBooted],
    [BALLOT_KEY.canLead, ballot.canLead],
  ] as const;
  writeMapHeader(writer, 1);
  writer.writeByte(BODY_KEY.ballot);
  writeMapHeader(writer, 4 + later.filter(([, value]) => value !== null).length);
  writer.writeByte(BALLOT_KEY.isReadOnlyConfigured);
  writeBoolean(writer, ballot.isReadOnlyConfigured);
  writer.writeByte(BALLOT_KEY.isReadOnly);
  writeBoolean(writer, ballot.isReadOnly);
  writer.writeByte(BALLOT_KEY.vclock);
  writeVclock(writer, ballot.vclock);
  writer.writeByte(BALLOT_KEY.gcVclock);
  writeVclock(writer, ballot.gcVclock);
  for (const [key, value] of later) {
    if (value === null) continue;
    writer.writeByte(key);
    writeBoolean(writer, value);
  }
}

/** A packet, of type OK unless another is named, whose header names the sender's id and time, as far as they are not 0. */
function beginStreamPacket(
  writer: ByteWriter,
  header: Readonly<{ replicaId: number; sync: number; timestampSeconds: number; type?: RequestType }>,
): number {
  const { replicaId, sync, timestampSeconds, type = REQUEST_TYPE.ok } = header;
  const start = writer.position;
  writer.ensure(5);
  writer.position += 5;
  writeMapHeader(writer, [replicaId, sync, timestampSeconds].filter((field) => field !== 0).length + 1);
  writer.writeByte(HEADER_KEY.requestType);
  writeUnsigned(writer, type);
  if (replicaId !== 0) {
    writer.writeByte(HEADER_KEY.replicaId);
    writeUnsigned(writer, replicaId);
  }
  if (sync !== 0) {
    writer.writeByte(HEADER_KEY.sync);
    writeUnsigned(writer, sync);
  }
  if (timestampSeconds !== 0) {
    writer.writeByte(HEADER_KEY.timestamp);
    writeDouble(writer, timestampSeconds);
  }
  return start;
}
