/** Reading MessagePack field by field, and the forms of entries and memberships that disk and wire share (docs/formats/raft.md). */
import { boxError, type ByteWriter, ByteWriter as Writer } from '../../base/index.ts';
import {
  arrayLength,
  containerHeaderSize,
  decodeValue,
  KIND,
  type Kind,
  kindAt,
  payloadLength,
  payloadStart,
  readUnsigned,
  skipValue,
  writeArrayHeader,
  writeBinaryHeader,
  writeBoolean,
  writeUnsigned,
} from '../../codec/msgpack/index.ts';
import type { MemberChange, MembershipChange, MembershipState, Payload, RaftId, Transition } from '../../raft/index.ts';

/** Walks over one value after the other. What it reads is whole MessagePack; a field of another type throws
 * ER_INVALID_MSGPACK. */
export class FieldReader {
  readonly bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  array(): number {
    this.#expect(KIND.array);
    const length = arrayLength(this.bytes, this.position);
    this.position += containerHeaderSize(this.bytes, this.position);
    return length;
  }

  unsigned(): number {
    this.#expect(KIND.unsigned);
    const value = readUnsigned(this.bytes, this.position);
    if (!Number.isSafeInteger(value)) throw boxError('INVALID_MSGPACK', 'a number beyond 2^53');
    this.position = skipValue(this.bytes, this.position);
    return value;
  }

  boolean(): boolean {
    this.#expect(KIND.boolean);
    return this.bytes[this.position++] === 0xc3;
  }

  /** A view of the bytes. */
  binary(): Uint8Array {
    this.#expect(KIND.binary);
    const start = payloadStart(this.bytes, this.position);
    const end = start + payloadLength(this.bytes, this.position);
    this.position = end;
    return this.bytes.subarray(start, end);
  }

  string(): string {
    this.#expect(KIND.string);
    const value = decodeValue(this.bytes, this.position);
    this.skip();
    return String(value);
  }

  isNil(): boolean {
    return kindAt(this.bytes, this.position) === KIND.nil;
  }

  skip(): void {
    this.position = skipValue(this.bytes, this.position);
  }

  #expect(kind: Kind): void {
    if (kindAt(this.bytes, this.position) !== kind) throw boxError('INVALID_MSGPACK', 'a field of another type');
  }
}

export function writeBinary(writer: ByteWriter, bytes: Uint8Array): void {
  writeBinaryHeader(writer, bytes.length);
  writer.writeBytes(bytes, 0, bytes.length);
}

/** Kinds of entries, as Raft's protocols number them: 1 is a change of the older form, which is not written. */
export const ENTRY_TYPE = { data: 0, membership: 2 } as const;

const TRANSITIONS: readonly Transition[] = ['auto', 'implicit', 'explicit'];
const CHANGES: readonly MemberChange['kind'][] = ['add-voter', 'remove', 'add-learner'];

export function entryTypeOf({ kind }: Payload): number {
  return ENTRY_TYPE[kind];
}

export function entryData(payload: Payload): Uint8Array {
  return payload.kind === 'data' ? payload.data : encodeChange(payload.change);
}

/** `entry_type, data` of an entry. */
export function writePayload(writer: ByteWriter, payload: Payload): void {
  writeUnsigned(writer, entryTypeOf(payload));
  writeBinary(writer, entryData(payload));
}

export function readPayload(reader: FieldReader): Payload {
  return payloadOf(reader.unsigned(), reader.binary());
}

export function payloadOf(entryType: number, data: Uint8Array): Payload {
  switch (entryType) {
    case ENTRY_TYPE.data:
      return { kind: 'data', data };
    case ENTRY_TYPE.membership:
      return { kind: 'membership', change: decodeChange(data) };
    default:
      throw boxError('INVALID_MSGPACK', `an entry of type ${entryType}`);
  }
}

function encodeChange({ transition, changes, context }: MembershipChange): Uint8Array {
  const writer = new Writer(64);
  writeArrayHeader(writer, 3);
  writeUnsigned(writer, TRANSITIONS.indexOf(transition));
  writeArrayHeader(writer, changes.length);
  for (const { kind, id } of changes) {
    writeArrayHeader(writer, 2);
    writeUnsigned(writer, CHANGES.indexOf(kind));
    writeUnsigned(writer, id);
  }
  writeBinary(writer, context);
  return writer.toBytes();
}

function decodeChange(bytes: Uint8Array): MembershipChange {
  const reader = new FieldReader(bytes);
  reader.array();
  const transition = TRANSITIONS[reader.unsigned()];
  const changes: MemberChange[] = [];
  for (let left = reader.array(); left > 0; left--) {
    reader.array();
    const kind = CHANGES[reader.unsigned()];
    const id = reader.unsigned() as RaftId;
    if (kind === undefined || id === 0) throw boxError('INVALID_MSGPACK', 'a change of membership');
    changes.push({ kind, id });
  }
  if (transition === undefined) throw boxError('INVALID_MSGPACK', 'a change of membership');
  return { transition, changes, context: reader.binary() };
}

export function writeMembership(writer: ByteWriter, membership: MembershipState): void {
  writeArrayHeader(writer, 5);
  writeIds(writer, membership.voters);
  writeIds(writer, membership.learners);
  writeIds(writer, membership.outgoing);
  writeIds(writer, membership.nextLearners);
  writeBoolean(writer, membership.leavesByItself);
}

export function readMembership(reader: FieldReader): MembershipState {
  reader.array();
  return {
    voters: readIds(reader),
    learners: readIds(reader),
    outgoing: readIds(reader),
    nextLearners: readIds(reader),
    leavesByItself: reader.boolean(),
  };
}

export function writeIds(writer: ByteWriter, ids: readonly RaftId[]): void {
  writeArrayHeader(writer, ids.length);
  for (const id of ids) writeUnsigned(writer, id);
}

export function readIds(reader: FieldReader): readonly RaftId[] {
  return Array.from({ length: reader.array() }, () => reader.unsigned() as RaftId);
}
