/**
 * The bodies of the rows by which a replicaset agrees: RAFT (elections) and CONFIRM, ROLLBACK, PROMOTE, DEMOTE (the
 * queue of synchronous transactions). docs/formats/iproto.md, "Rows of elections and of the synchronous queue".
 *
 * Encoders leave out what is zero where Tarantool does. Decoders check that the body is one whole map, pass over unknown
 * keys and leave fields that were not sent at zero; a known key with another type is INVALID_MSGPACK. What the values
 * mean is not judged here: a term of 0 is read like any other.
 */
import { type BoxError, boxError, type ByteWriter } from '../../base/index.ts';
import {
  checkValue,
  containerHeaderSize,
  KIND,
  kindAt,
  mapLength,
  readUnsigned,
  skipValue,
  writeBoolean,
  writeMapHeader,
  writeUnsigned,
} from '../msgpack/index.ts';
import type { Vclock } from '../xlog/index.ts';
import { BODY_KEY, HEADER_KEY, RAFT_KEY, REPLICATION_GROUP, REQUEST_TYPE } from './constants.ts';
import { endPacket } from './packet-writer.ts';
import { readVclock } from './replication-decoder.ts';
import { writeVclock } from './replication-encoder.ts';

/** What an instance says of itself in an election; a local row of it, with term and vote only, is what it remembers. */
export type RaftMessage = Readonly<{
  term: number;
  /** Whom the sender gave its vote in this term; 0: nobody. */
  vote: number;
  /** A number of ELECTION_STATE, or 0 if it was not sent; not checked. */
  state: number;
  /** Candidates send theirs. */
  vclock: Vclock | null;
  /** 0: the sender knows none. */
  leaderId: number;
  /** The sender hears the leader of this term. */
  isLeaderSeen: boolean;
}>;

type QueueRange = Readonly<{
  /** Owner of the queue that the row speaks of. */
  ownerId: number;
  /** CONFIRM: the last transaction confirmed; ROLLBACK: the first one undone. */
  lsn: number;
}>;

type QueueTransfer = Readonly<{
  /** Who owned the queue until now; 0: nobody. */
  ownerId: number;
  /** The owner's last confirmed transaction; what is behind it is undone. */
  lsn: number;
  term: number;
  /** By owner: the last transaction ever confirmed. Only in snapshots and joins. */
  confirmedVclock: Vclock | null;
}>;

/** A row that changes the queue of synchronous transactions. Who wrote it stands in its header. */
export type SynchroRow =
  | (QueueRange & Readonly<{ kind: 'confirm' | 'rollback' }>)
  /** `promote`: the writer of the row is the new owner; `demote`: nobody is. */
  | (QueueTransfer & Readonly<{ kind: 'promote' | 'demote' }>);

export const SYNCHRO_ROW_TYPE = {
  confirm: REQUEST_TYPE.confirm,
  rollback: REQUEST_TYPE.rollbackSync,
  promote: REQUEST_TYPE.raftPromote,
  demote: REQUEST_TYPE.raftDemote,
} as const satisfies Record<SynchroRow['kind'], number>;

/** The kind of row that a request type stands for; null if it does not touch the queue. */
export function synchroRowKind(requestType: number): SynchroRow['kind'] | null {
  switch (requestType) {
    case SYNCHRO_ROW_TYPE.confirm:
      return 'confirm';
    case SYNCHRO_ROW_TYPE.rollback:
      return 'rollback';
    case SYNCHRO_ROW_TYPE.promote:
      return 'promote';
    case SYNCHRO_ROW_TYPE.demote:
      return 'demote';
    default:
      return null;
  }
}

/** Fields that are zero or false are left out, the term never. */
export function writeRaftBody(writer: ByteWriter, message: RaftMessage): void {
  const { term, vote, state, leaderId, isLeaderSeen, vclock } = message;
  const count = [vote, state, leaderId].filter((field) => field !== 0).length;
  writeMapHeader(writer, 1 + count + (isLeaderSeen ? 1 : 0) + (vclock === null ? 0 : 1));
  writeField(writer, RAFT_KEY.term, term);
  if (vote !== 0) writeField(writer, RAFT_KEY.vote, vote);
  if (state !== 0) writeField(writer, RAFT_KEY.state, state);
  if (leaderId !== 0) writeField(writer, RAFT_KEY.leaderId, leaderId);
  if (isLeaderSeen) {
    writer.writeByte(RAFT_KEY.isLeaderSeen);
    writeBoolean(writer, true);
  }
  if (vclock !== null) {
    writer.writeByte(RAFT_KEY.vclock);
    writeVclock(writer, vclock);
  }
}

/** The packet that tells a replica about elections; servers up to 2.11.5 and 3.2.1 want it marked as a local row. */
export function encodeRaft(
  writer: ByteWriter,
  header: Readonly<{ replicaId: number; isLocal: boolean }>,
  message: RaftMessage,
): void {
  const start = writer.position;
  writer.ensure(PACKET_LENGTH_BYTES);
  writer.position += PACKET_LENGTH_BYTES;
  writeMapHeader(writer, header.isLocal ? 3 : 2);
  writeField(writer, HEADER_KEY.requestType, REQUEST_TYPE.raft);
  writeField(writer, HEADER_KEY.replicaId, header.replicaId);
  if (header.isLocal) writeField(writer, HEADER_KEY.groupId, REPLICATION_GROUP.local);
  writeRaftBody(writer, message);
  endPacket(writer, start);
}

/** Reads the body `bytes[body, end)`. A field that stands twice counts the last time. */
export function decodeRaftBody(bytes: Uint8Array, body: number, end: number): RaftMessage {
  const malformed = (): BoxError => boxError('INVALID_MSGPACK', 'raft body');
  const count = mapCount(bytes, body, end);
  if (count < 0) throw malformed();
  const fields = { term: 0, vote: 0, state: 0, leaderId: 0 };
  let vclock: Vclock | null = null;
  let isLeaderSeen = false;
  let position = body + containerHeaderSize(bytes, body);
  for (let index = 0; index < count; index++) {
    const key = readUnsigned(bytes, position);
    if (key < 0) throw malformed();
    const value = skipValue(bytes, position);
    switch (key) {
      case RAFT_KEY.term:
        fields.term = unsignedAt(bytes, value, malformed);
        break;
      case RAFT_KEY.vote:
        fields.vote = unsignedAt(bytes, value, malformed);
        break;
      case RAFT_KEY.state:
        fields.state = unsignedAt(bytes, value, malformed);
        break;
      case RAFT_KEY.leaderId:
        fields.leaderId = unsignedAt(bytes, value, malformed);
        break;
      case RAFT_KEY.isLeaderSeen:
        if (kindAt(bytes, value) !== KIND.boolean) throw malformed();
        isLeaderSeen = bytes[value] === TRUE;
        break;
      case RAFT_KEY.vclock:
        vclock = vclockAt(bytes, value, malformed);
        break;
      default:
    }
    position = skipValue(bytes, value);
  }
  return { ...fields, vclock, isLeaderSeen };
}

/** The body of a row of type SYNCHRO_ROW_TYPE[row.kind]. Its fields are written even if they are zero. */
export function writeSynchroBody(writer: ByteWriter, row: SynchroRow): void {
  const isTransfer = row.kind === 'promote' || row.kind === 'demote';
  writeMapHeader(writer, isTransfer ? (row.confirmedVclock === null ? 3 : 4) : 2);
  writeField(writer, HEADER_KEY.replicaId, row.ownerId);
  writeField(writer, HEADER_KEY.lsn, row.lsn);
  if (!isTransfer) return;
  writeField(writer, BODY_KEY.term, row.term);
  if (row.confirmedVclock === null) return;
  writer.writeByte(BODY_KEY.vclock);
  writeVclock(writer, row.confirmedVclock);
}

/** Reads the body `bytes[body, end)` of a row of this kind. Keys that are no unsigned integers are passed over. */
export function decodeSynchroBody(kind: SynchroRow['kind'], bytes: Uint8Array, body: number, end: number): SynchroRow {
  const malformed = (): BoxError => boxError('INVALID_MSGPACK', 'request body');
  const count = mapCount(bytes, body, end);
  if (count < 0) throw malformed();
  const isTransfer = kind === 'promote' || kind === 'demote';
  const range = { ownerId: 0, lsn: 0 };
  let term = 0;
  let confirmedVclock: Vclock | null = null;
  let position = body + containerHeaderSize(bytes, body);
  for (let index = 0; index < count; index++) {
    const key = readUnsigned(bytes, position);
    const value = skipValue(bytes, position);
    if (key === HEADER_KEY.replicaId) range.ownerId = unsignedAt(bytes, value, malformed);
    else if (key === HEADER_KEY.lsn) range.lsn = unsignedAt(bytes, value, malformed);
    else if (key === BODY_KEY.term) term = unsignedAt(bytes, value, malformed);
    else if (isTransfer && key === BODY_KEY.vclock) confirmedVclock = vclockAt(bytes, value, malformed);
    position = skipValue(bytes, value);
  }
  return isTransfer ? { kind, ...range, term, confirmedVclock } : { kind, ...range };
}

const TRUE = 0xc3;
const PACKET_LENGTH_BYTES = 5;

function writeField(writer: ByteWriter, key: number, value: number): void {
  writer.writeByte(key);
  writeUnsigned(writer, value);
}

/** Pairs in the one map that `bytes[body, end)` must be, else -1. */
function mapCount(bytes: Uint8Array, body: number, end: number): number {
  return body >= 0 && checkValue(bytes, body, end) === end ? mapLength(bytes, body) : -1;
}

function unsignedAt(bytes: Uint8Array, position: number, malformed: () => BoxError): number {
  const value = readUnsigned(bytes, position);
  if (value < 0 || !Number.isSafeInteger(value)) throw malformed();
  return value;
}

function vclockAt(bytes: Uint8Array, position: number, malformed: () => BoxError): Vclock {
  if (kindAt(bytes, position) !== KIND.map) throw malformed();
  return readVclock(bytes, position);
}
