/**
 * The few messages of etcd's gRPC interface that the benchmark needs, encoded and decoded by hand after etcd's public
 * `rpc.proto` and Protocol Buffers' wire format: a field is a varint `number << 3 | type`, then a varint (type 0) or a
 * length and bytes (type 2). In gRPC over HTTP/2 a message has five bytes in front: 0 for "not compressed", and its length.
 */
import type { MemberStatus } from './group.ts';

export const PATH = {
  put: '/etcdserverpb.KV/Put',
  status: '/etcdserverpb.Maintenance/Status',
  moveLeader: '/etcdserverpb.Maintenance/MoveLeader',
} as const;

const PREFIX_BYTES = 5;
const VARINT = 0;
const BYTES = 2;

function varint(value: bigint): number[] {
  const bytes = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 0x80n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}

function tag(field: number, type: number): number[] {
  return varint(BigInt((field << 3) | type));
}

function bytesField(field: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([...tag(field, BYTES), ...varint(BigInt(bytes.length))]), bytes]);
}

/** Puts the prefix of gRPC in front of a message. */
function frame(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** `PutRequest { key = 1; value = 2 }`. */
export function putRequest(key: string, value: string): Buffer {
  return frame(Buffer.concat([bytesField(1, key), bytesField(2, value)]));
}

/** `StatusRequest {}`. */
export function statusRequest(): Buffer {
  return frame(Buffer.alloc(0));
}

/** `MoveLeaderRequest { targetID = 1 }`; the id is in decimal. */
export function moveLeaderRequest(targetId: string): Buffer {
  return frame(Buffer.from([...tag(1, VARINT), ...varint(BigInt(targetId))]));
}

/** The fields of a message, the last of each number; throws on types that etcd's answers do not have. */
function fieldsOf(message: Buffer): Map<number, bigint | Buffer> {
  const fields = new Map<number, bigint | Buffer>();
  let position = 0;
  const next = (): bigint => {
    for (let value = 0n, shift = 0n; ; shift += 7n) {
      const byte = message[position++];
      if (byte === undefined) throw new Error('a message of protobuf that was cut');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (position < message.length) {
    const head = Number(next());
    const type = head & 7;
    if (type !== VARINT && type !== BYTES) throw new Error(`a field of protobuf of type ${type}`);
    const value = next();
    if (type === VARINT) {
      fields.set(head >> 3, value);
      continue;
    }
    const end = position + Number(value);
    if (end > message.length) throw new Error('a message of protobuf that was cut');
    fields.set(head >> 3, message.subarray(position, end));
    position = end;
  }
  return fields;
}

/** `StatusResponse { header = 1 { member_id = 2 }; leader = 4; raftTerm = 6; raftAppliedIndex = 7 }`, with its prefix. */
export function readStatus(framed: Buffer): MemberStatus {
  if (framed[0] !== 0 || framed.length !== PREFIX_BYTES + framed.readUInt32BE(1)) {
    throw new Error('not one uncompressed message of gRPC');
  }
  const fields = fieldsOf(framed.subarray(PREFIX_BYTES));
  const header = fields.get(1);
  const id = header instanceof Buffer ? fieldsOf(header).get(2) : undefined;
  if (typeof id !== 'bigint') throw new Error('a status without an id');
  const number = (field: number): bigint => {
    const value = fields.get(field) ?? 0n;
    if (typeof value !== 'bigint') throw new Error(`field ${field} of a status is no number`);
    return value;
  };
  const leader = number(4);
  return {
    id: String(id),
    leaderId: leader === 0n ? null : String(leader),
    term: Number(number(6)),
    appliedIndex: Number(number(7)),
  };
}
