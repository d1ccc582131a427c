import { expect, test } from 'vitest';
import { ByteWriter } from '../../base/index.ts';
import { encodeToBytes } from '../msgpack/index.ts';
import { RowReader } from '../xlog/index.ts';
import {
  decodeBallot,
  decodeJoin,
  decodeRegister,
  decodeSubscribe,
  decodeSubscribeAnswer,
  decodeVclockAnswer,
  readVclock,
} from './replication-decoder.ts';
import {
  type Ballot,
  encodeAck,
  encodeHeartbeat,
  encodeJoin,
  encodeRegister,
  encodeSubscribe,
  encodeSubscribeAnswer,
  encodeVclockAnswer,
  encodeVote,
  writeBallot,
} from './replication-encoder.ts';
import { ResponseHeader } from './response-decoder.ts';

const UUID = '550e8400-e29b-41d4-a716-446655440000';
const OTHER_UUID = '650e8400-e29b-41d4-a716-446655440000';

function encoded(encode: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  encode(writer);
  return writer.toBytes();
}

/** The packet's header, read, and its bytes without the length. */
function packet(encode: (writer: ByteWriter) => void): { header: ResponseHeader; bytes: Uint8Array } {
  const bytes = encoded(encode).subarray(5);
  const header = new ResponseHeader();
  header.read(bytes, 0, bytes.length);
  return { header, bytes };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('bytes of the answers that frame a join, and of VOTE', () => {
  expect(hex(encoded((writer) => encodeVclockAnswer(writer, { sync: 77 }, [0, 98])))).toBe(
    'ce0000000a' + '8200' + '00014d' + '81268101' + '62',
  );
  expect(hex(encoded((writer) => encodeVote(writer, { sync: 0 })))).toBe('ce00000003810044');
});

test('what a replica sends is read as it was meant', () => {
  const join = packet((writer) => encodeJoin(writer, { sync: 0 }, UUID));
  expect(decodeJoin(join.bytes, join.header.body, join.bytes.length)).toEqual({ instanceUuid: UUID, serverVersion: 0 });
  const register = packet((writer) => encodeRegister(writer, { sync: 0 }, UUID, [5, 0, 7]));
  expect(decodeRegister(register.bytes, register.header.body, register.bytes.length)).toEqual({
    instanceUuid: UUID,
    vclock: [0, 0, 7],
  });
  const request = {
    replicasetUuid: OTHER_UUID,
    instanceUuid: UUID,
    vclock: [0, 3, 0, 9],
    serverVersion: 132608,
    isAnonymous: true,
    idFilter: [0, 3],
  };
  const subscribe = packet((writer) => encodeSubscribe(writer, { sync: 0 }, request));
  expect(decodeSubscribe(subscribe.bytes, subscribe.header.body, subscribe.bytes.length)).toEqual(request);
});

test('what a master sends is read as it was meant', () => {
  const answer = packet((writer) => encodeSubscribeAnswer(writer, { replicaId: 1, sync: 0 }, [4, 6], UUID));
  expect(decodeSubscribeAnswer(answer.bytes, answer.header.body, answer.bytes.length)).toEqual({
    vclock: [0, 6],
    replicasetUuid: UUID,
  });
  const row = new RowReader();
  row.reset(encoded((writer) => encodeHeartbeat(writer, { replicaId: 3, sync: 0, timestampSeconds: 1.5 })).subarray(5));
  expect(row.next()).toBe('row');
  expect(row.header()).toMatchObject({ type: 0, replicaId: 3, timestampSeconds: 1.5, lsn: 0 });
  row.reset(encoded((writer) => encodeAck(writer, [0, 6], 2.5)).subarray(5));
  expect(row.next()).toBe('row');
  expect(row.header()).toMatchObject({ type: 0, replicaId: 0, timestampSeconds: 2.5 });
  expect(decodeVclockAnswer(row.bytes, row.bodyStart, row.bodyEnd)).toEqual([0, 6]);
});

test('ballots of servers before and after 2.10', () => {
  const old: Ballot = {
    isReadOnlyConfigured: true,
    isReadOnly: false,
    vclock: [0, 5],
    gcVclock: [],
    isAnonymous: null,
    isBooted: null,
    canLead: null,
  };
  for (const ballot of [old, { ...old, isAnonymous: false, isBooted: true, canLead: false }]) {
    const body = encoded((writer) => writeBallot(writer, ballot));
    expect(decodeBallot(body, 0, body.length)).toEqual(ballot);
  }
  expect(hex(encoded((writer) => writeBallot(writer, old)))).toBe(
    '8129' + '84' + '01c3' + '04c2' + '02810105' + '0380',
  );
});

test.each([
  ['an id beyond 31', new Map([[32, 1]])],
  ['a negative LSN', new Map([[1, -1]])],
  ['no map', [1, 2]],
  ['an LSN that no number holds', new Map([[1, 2n ** 60n]])],
  ['an LSN with which sums would not be exact', new Map([[1, 2 ** 48]])],
])('a vclock with %s is refused', (_name, value) => {
  expect(() => readVclock(encodeToBytes(value), 0)).toThrow('invalid VCLOCK');
});

test('malformed requests are refused by what is wrong in them', () => {
  const wrong = (fields: [number, unknown][]): Uint8Array => encodeToBytes(new Map(fields) as never);
  const subscribe = (fields: [number, unknown][]): unknown => {
    const bytes = wrong(fields);
    return decodeSubscribe(bytes, 0, bytes.length);
  };
  expect(() => subscribe([[0x24, 'not a uuid']])).toThrow('Invalid MsgPack - UUID');
  expect(() => subscribe([[0x26, 1]])).toThrow('Invalid MsgPack - invalid VCLOCK');
  expect(() => subscribe([[0x50, 1]])).toThrow('Invalid MsgPack - invalid REPLICA_ANON flag');
  expect(() => subscribe([[0x51, [77]]])).toThrow('Invalid MsgPack - invalid ID_FILTER');
});
