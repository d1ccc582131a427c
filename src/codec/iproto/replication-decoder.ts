/**
 * The bodies of packets between a replica and its master, read. docs/formats/iproto.md, "Replication".
 * The bytes must be valid MessagePack (ResponseHeader, RowReader and RequestDecoder see to that); a body of another
 * shape throws INVALID_MSGPACK. Unknown keys are passed over: later versions have more of them.
 */
import { boxError, LSN_MAX, NIL_UUID, REPLICA_ID_MAX } from '../../base/index.ts';
import {
  arrayLength,
  containerHeaderSize,
  KIND,
  kindAt,
  mapLength,
  readString,
  readUnsigned,
  skipValue,
} from '../msgpack/index.ts';
import type { Vclock } from '../xlog/index.ts';
import { BALLOT_KEY, BODY_KEY, HEADER_KEY } from './constants.ts';
import type { Ballot, SubscribeRequest } from './replication-encoder.ts';
import { findKey } from './response-decoder.ts';

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
const TRUE = 0xc3;

/** A vclock; component 0 is passed over. */
export function readVclock(bytes: Uint8Array, position: number): Vclock {
  const count = mapLength(bytes, position);
  if (count < 0) throw boxError('INVALID_MSGPACK', 'invalid VCLOCK');
  const vclock: number[] = [];
  let at = position + containerHeaderSize(bytes, position);
  for (let index = 0; index < count; index++) {
    const replicaId = readUnsigned(bytes, at);
    at = skipValue(bytes, at);
    const lsn = readUnsigned(bytes, at);
    at = skipValue(bytes, at);
    if (replicaId < 0 || replicaId > REPLICA_ID_MAX || lsn < 0 || lsn > LSN_MAX) {
      throw boxError('INVALID_MSGPACK', 'invalid VCLOCK');
    }
    if (replicaId === 0) continue;
    while (vclock.length <= replicaId) vclock.push(0);
    vclock[replicaId] = lsn;
  }
  return vclock;
}

export type JoinRequest = Readonly<{ instanceUuid: string; serverVersion: number }>;

export function decodeJoin(bytes: Uint8Array, body: number, end: number): JoinRequest {
  return { instanceUuid: uuidAt(bytes, body, end, BODY_KEY.instanceUuid), serverVersion: versionAt(bytes, body, end) };
}

/** FETCH_SNAPSHOT may have no body at all. */
export function decodeFetchSnapshot(bytes: Uint8Array, body: number, end: number): JoinRequest {
  return {
    instanceUuid: body < 0 || body >= end ? NIL_UUID : uuidAt(bytes, body, end, BODY_KEY.instanceUuid),
    serverVersion: body < 0 ? 0 : versionAt(bytes, body, end),
  };
}

export function decodeRegister(
  bytes: Uint8Array,
  body: number,
  end: number,
): Readonly<{ instanceUuid: string; vclock: Vclock }> {
  return {
    instanceUuid: uuidAt(bytes, body, end, BODY_KEY.instanceUuid),
    vclock: vclockAt(bytes, body, end, BODY_KEY.vclock) ?? [],
  };
}

export function decodeSubscribe(bytes: Uint8Array, body: number, end: number): SubscribeRequest {
  const anonymous = findKey(bytes, body, end, BODY_KEY.replicaAnonymous);
  return {
    replicasetUuid: uuidAt(bytes, body, end, BODY_KEY.replicasetUuid),
    instanceUuid: uuidAt(bytes, body, end, BODY_KEY.instanceUuid),
    vclock: vclockAt(bytes, body, end, BODY_KEY.vclock) ?? [],
    serverVersion: versionAt(bytes, body, end),
    isAnonymous: anonymous >= 0 && booleanAt(bytes, anonymous, 'invalid REPLICA_ANON flag'),
    idFilter: idsAt(bytes, findKey(bytes, body, end, BODY_KEY.idFilter)),
  };
}

/** An ack, or an answer that frames a stage; null if it has no vclock. */
export function decodeVclockAnswer(bytes: Uint8Array, body: number, end: number): Vclock | null {
  return vclockAt(bytes, body, end, BODY_KEY.vclock);
}

/** The answer to SUBSCRIBE. Servers before 1.7.7 do not tell their replicaset. */
export function decodeSubscribeAnswer(
  bytes: Uint8Array,
  body: number,
  end: number,
): Readonly<{ vclock: Vclock; replicasetUuid: string | null }> {
  const position = findKey(bytes, body, end, BODY_KEY.replicasetUuid);
  return {
    vclock: vclockAt(bytes, body, end, BODY_KEY.vclock) ?? [],
    replicasetUuid: position < 0 ? null : uuidAt(bytes, body, end, BODY_KEY.replicasetUuid),
  };
}

/** The answer to VOTE. */
export function decodeBallot(bytes: Uint8Array, body: number, end: number): Ballot {
  const map = findKey(bytes, body, end, BODY_KEY.ballot);
  if (map < 0) throw boxError('INVALID_MSGPACK', 'missing ballot');
  const flag = (key: number): boolean | null => {
    const position = findKey(bytes, map, end, key);
    return position < 0 ? null : booleanAt(bytes, position, 'invalid ballot');
  };
  return {
    isReadOnlyConfigured: flag(BALLOT_KEY.isReadOnlyConfigured) ?? false,
    isReadOnly: flag(BALLOT_KEY.isReadOnly) ?? false,
    vclock: vclockAt(bytes, map, end, BALLOT_KEY.vclock) ?? [],
    gcVclock: vclockAt(bytes, map, end, BALLOT_KEY.gcVclock) ?? [],
    isAnonymous: flag(BALLOT_KEY.isAnonymous),
    isBooted: flag(BALLOT_KEY.isBooted),
    canLead: flag(BALLOT_KEY.canLead),
  };
}

function vclockAt(bytes: Uint8Array, map: number, end: number, key: number): Vclock | null {
  const position = findKey(bytes, map, end, key);
  return position < 0 ? null : readVclock(bytes, position);
}

/** The nil uuid if the key is absent. */
function uuidAt(bytes: Uint8Array, map: number, end: number, key: number): string {
  const position = map < 0 ? -1 : findKey(bytes, map, end, key);
  if (position < 0) return NIL_UUID;
  const text = kindAt(bytes, position) === KIND.string ? readString(bytes, position) : '';
  if (!UUID.test(text)) throw boxError('INVALID_MSGPACK', 'UUID');
  return text.toLowerCase();
}

function versionAt(bytes: Uint8Array, map: number, end: number): number {
  const position = findKey(bytes, map, end, HEADER_KEY.serverVersion);
  if (position < 0) return 0;
  const version = readUnsigned(bytes, position);
  if (version < 0) throw boxError('INVALID_MSGPACK', 'invalid VERSION');
  return version;
}

function booleanAt(bytes: Uint8Array, position: number, what: string): boolean {
  if (kindAt(bytes, position) !== KIND.boolean) throw boxError('INVALID_MSGPACK', what);
  return bytes[position] === TRUE;
}

function idsAt(bytes: Uint8Array, position: number): readonly number[] {
  if (position < 0) return [];
  const count = arrayLength(bytes, position);
  if (count < 0) throw boxError('INVALID_MSGPACK', 'invalid ID_FILTER');
  const ids: number[] = [];
  let at = position + containerHeaderSize(bytes, position);
  for (let index = 0; index < count; index++) {
    const id = readUnsigned(bytes, at);
    if (id < 0 || id > REPLICA_ID_MAX) throw boxError('INVALID_MSGPACK', 'invalid ID_FILTER');
    ids.push(id);
    at = skipValue(bytes, at);
  }
  return ids;
}
