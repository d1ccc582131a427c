/**
 * Batches of messages between members (docs/formats/raft.md): who sends and where that is, for which life of the receiver, and
 * the messages, each `[kind, to, ...]`. What cannot be read is refused as a whole.
 */
import { BoxError, boxError, type ByteWriter, unreachable } from '../../base/index.ts';
import {
  checkValue,
  writeArrayHeader,
  writeBoolean,
  writeNil,
  writeString,
  writeUnsigned,
} from '../../codec/msgpack/index.ts';
import type { Entry, EntryId, Message, MessageKind, RaftId } from '../../raft/index.ts';
import { FieldReader, readMembership, readPayload, writeBinary, writeMembership, writePayload } from './encoding.ts';

/** A start of a member in a directory. */
export type Life = Readonly<{
  /** Of the place that it lives in. */
  directoryUuid: Uint8Array;
  /** How often it was started, there and before. */
  startCount: number;
  /** A random number of this start. */
  startNonce: number;
}>;
/** Who has sent a batch. */
export type Sender = Life &
  Readonly<{
    id: RaftId;
    /** Uuids of places that it was taken from, as a copy or restored, the newest first. */
    formerUuids: readonly Uint8Array[];
  }>;
/** `address` is where the sender is reached; empty: it does not know. */
export type Origin = Readonly<{ sender: Sender; address: string }>;
/** `recipient` is the life of the receiver that the sender believes; null: it has heard of none. */
export type Batch = Origin & Readonly<{ recipient: Life | null; messages: readonly Message[] }>;

const KINDS: readonly MessageKind[] = [
  'vote-request',
  'pre-vote-request',
  'vote-response',
  'pre-vote-response',
  'append-request',
  'append-response',
  'heartbeat-request',
  'heartbeat-response',
  'snapshot-request',
  'timeout-now',
  'proposal-request',
  'read-index-request',
  'read-index-response',
  'transfer-request',
];
const KIND_NUMBERS: ReadonlyMap<MessageKind, number> = new Map(KINDS.map((kind, number) => [kind, number]));
/** Of the uuid of a directory. */
export const UUID_BYTES = 16;

export function writeBatch(writer: ByteWriter, { sender, address, recipient, messages }: Batch): void {
  writeArrayHeader(writer, 8);
  writeUnsigned(writer, sender.id);
  writeBinary(writer, sender.directoryUuid);
  writeArrayHeader(writer, sender.formerUuids.length);
  for (const uuid of sender.formerUuids) writeBinary(writer, uuid);
  writeUnsigned(writer, sender.startCount);
  writeUnsigned(writer, sender.startNonce);
  writeString(writer, address);
  writeRecipient(writer, recipient);
  writeArrayHeader(writer, messages.length);
  for (const message of messages) writeMessage(writer, message);
}

/** Entries are views of `bytes`. Throws ER_INVALID_MSGPACK for anything else than a batch. */
export function readBatch(bytes: Uint8Array): Batch {
  try {
    if (checkValue(bytes, 0, bytes.length) !== bytes.length) throw malformed();
    const reader = new FieldReader(bytes);
    if (reader.array() !== 8) throw malformed();
    const id = reader.unsigned() as RaftId;
    const directoryUuid = reader.binary();
    const formerUuids = Array.from({ length: reader.array() }, () => reader.binary());
    if (id === 0 || [directoryUuid, ...formerUuids].some(({ length }) => length !== UUID_BYTES)) throw malformed();
    const startCount = reader.unsigned();
    const startNonce = reader.unsigned();
    const address = reader.string();
    const recipient = readRecipient(reader);
    const messages = Array.from({ length: reader.array() }, () => readMessage(reader, id));
    return { sender: { id, directoryUuid, formerUuids, startCount, startNonce }, address, recipient, messages };
  } catch (error) {
    throw error instanceof BoxError ? error : malformed();
  }
}

function malformed(): BoxError {
  return boxError('INVALID_MSGPACK', 'a batch of consensus messages');
}

function writeRecipient(writer: ByteWriter, recipient: Life | null): void {
  if (recipient === null) return writeNil(writer);
  writeArrayHeader(writer, 3);
  writeBinary(writer, recipient.directoryUuid);
  writeUnsigned(writer, recipient.startCount);
  writeUnsigned(writer, recipient.startNonce);
}

function readRecipient(reader: FieldReader): Life | null {
  if (reader.isNil()) {
    reader.skip();
    return null;
  }
  if (reader.array() !== 3) throw malformed();
  const directoryUuid = reader.binary();
  if (directoryUuid.length !== UUID_BYTES) throw malformed();
  return { directoryUuid, startCount: reader.unsigned(), startNonce: reader.unsigned() };
}

function writeMessage(writer: ByteWriter, message: Message): void {
  writeArrayHeader(writer, 3);
  writeUnsigned(writer, KIND_NUMBERS.get(message.kind)!);
  writeUnsigned(writer, message.to);
  writeContent(writer, message);
}

function writeContent(writer: ByteWriter, message: Message): void {
  switch (message.kind) {
    case 'vote-request':
    case 'pre-vote-request':
      writeArrayHeader(writer, 4);
      writeUnsigned(writer, message.term);
      writeEntryId(writer, message.last);
      writeBoolean(writer, message.isTransfer);
      return;
    case 'vote-response':
    case 'pre-vote-response':
      writeArrayHeader(writer, 2);
      writeUnsigned(writer, message.term);
      writeBoolean(writer, message.isGranted);
      return;
    case 'append-request':
      writeArrayHeader(writer, 5);
      writeUnsigned(writer, message.term);
      writeEntryId(writer, message.previous);
      writeUnsigned(writer, message.commit);
      writeEntries(writer, message.entries);
      return;
    case 'append-response':
      writeArrayHeader(writer, message.rejection === null ? 3 : 4);
      writeUnsigned(writer, message.term);
      writeUnsigned(writer, message.index);
      if (message.rejection === null) writeNil(writer);
      else writeEntryId(writer, message.rejection);
      return;
    case 'heartbeat-request':
      writeArrayHeader(writer, 3);
      writeUnsigned(writer, message.term);
      writeUnsigned(writer, message.commit);
      writeUnsigned(writer, message.readPosition);
      return;
    case 'heartbeat-response':
      writeArrayHeader(writer, 2);
      writeUnsigned(writer, message.term);
      writeUnsigned(writer, message.readPosition);
      return;
    case 'snapshot-request':
      writeArrayHeader(writer, 5);
      writeUnsigned(writer, message.term);
      writeEntryId(writer, message.snapshot.id);
      writeMembership(writer, message.snapshot.membership);
      writeBinary(writer, message.snapshot.data);
      return;
    case 'timeout-now':
      return writeUnsigned(writer, message.term);
    case 'proposal-request':
      writeArrayHeader(writer, message.payloads.length * 2);
      for (const payload of message.payloads) writePayload(writer, payload);
      return;
    case 'read-index-request':
      return writeUnsigned(writer, message.requestId);
    case 'read-index-response':
      writeArrayHeader(writer, 3);
      writeUnsigned(writer, message.term);
      writeUnsigned(writer, message.index);
      writeUnsigned(writer, message.requestId);
      return;
    case 'transfer-request':
      return writeUnsigned(writer, message.transferee);
    default:
      unreachable(message);
  }
}

/** Takes two fields. */
function writeEntryId(writer: ByteWriter, { term, index }: EntryId): void {
  writeUnsigned(writer, term);
  writeUnsigned(writer, index);
}

/** Their indexes follow from where they stand. */
function writeEntries(writer: ByteWriter, entries: readonly Entry[]): void {
  writeArrayHeader(writer, entries.length * 3);
  for (const { term, payload } of entries) {
    writeUnsigned(writer, term);
    writePayload(writer, payload);
  }
}

function readMessage(reader: FieldReader, from: RaftId): Message {
  reader.array();
  const kind = KINDS[reader.unsigned()];
  const to = reader.unsigned() as RaftId;
  if (kind === undefined) throw malformed();
  return readContent(reader, kind, { from, to });
}

function readContent(reader: FieldReader, kind: MessageKind, between: Readonly<{ from: RaftId; to: RaftId }>): Message {
  switch (kind) {
    case 'vote-request':
    case 'pre-vote-request':
      reader.array();
      return { ...between, kind, term: reader.unsigned(), last: readEntryId(reader), isTransfer: reader.boolean() };
    case 'vote-response':
    case 'pre-vote-response':
      reader.array();
      return { ...between, kind, term: reader.unsigned(), isGranted: reader.boolean() };
    case 'append-request': {
      reader.array();
      const term = reader.unsigned();
      const previous = readEntryId(reader);
      const commit = reader.unsigned();
      return { ...between, kind, term, previous, commit, entries: readEntries(reader, previous.index) };
    }
    case 'append-response': {
      reader.array();
      const term = reader.unsigned();
      const index = reader.unsigned();
      if (!reader.isNil()) return { ...between, kind, term, index, rejection: readEntryId(reader) };
      reader.skip();
      return { ...between, kind, term, index, rejection: null };
    }
    case 'heartbeat-request':
      reader.array();
      return {
        ...between,
        kind,
        term: reader.unsigned(),
        commit: reader.unsigned(),
        readPosition: reader.unsigned(),
      };
    case 'heartbeat-response':
      reader.array();
      return { ...between, kind, term: reader.unsigned(), readPosition: reader.unsigned() };
    case 'snapshot-request': {
      reader.array();
      const term = reader.unsigned();
      const snapshot = { id: readEntryId(reader), membership: readMembership(reader), data: reader.binary() };
      return { ...between, kind, term, snapshot };
    }
    case 'timeout-now':
      return { ...between, kind, term: reader.unsigned() };
    case 'proposal-request':
      return {
        ...between,
        kind,
        payloads: Array.from({ length: reader.array() / 2 }, () => readPayload(reader)),
      };
    case 'read-index-request':
      return { ...between, kind, requestId: reader.unsigned() };
    case 'read-index-response':
      reader.array();
      return { ...between, kind, term: reader.unsigned(), index: reader.unsigned(), requestId: reader.unsigned() };
    case 'transfer-request':
      return { ...between, kind, transferee: reader.unsigned() as RaftId };
    default:
      return unreachable(kind);
  }
}

function readEntryId(reader: FieldReader): EntryId {
  return { term: reader.unsigned(), index: reader.unsigned() };
}

function readEntries(reader: FieldReader, previousIndex: number): readonly Entry[] {
  const count = reader.array() / 3;
  return Array.from({ length: count }, (_, place) => ({
    term: reader.unsigned(),
    index: previousIndex + 1 + place,
    payload: readPayload(reader),
  }));
}
