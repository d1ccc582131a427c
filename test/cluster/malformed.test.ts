/**
 * What no replica would say, to masters of both kinds: the same answers, and nothing has happened. A real Tarantool hears
 * the same bytes.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NIL_UUID } from '../../src/base/index.ts';
import { RawValue, type Value } from '../../src/codec/msgpack/index.ts';
import {
  encodeEntries,
  errorMessage,
  framePacket,
  login,
  RawConnection,
  readResponse,
  REQUEST,
  requestPacket,
} from '../support/raw-iproto.ts';
import { hasBothKinds, type Kind, type Server, Servers } from './servers.ts';

const TYPE = { join: 65, subscribe: 66, fetchSnapshot: 69, register: 70 } as const;
const KEY = { instanceUuid: 0x24, replicasetUuid: 0x25, vclock: 0x26, version: 0x06, anonymous: 0x50, filter: 0x51 };
const VERSION = 132608;
const MEMBER = '00000000-0000-4000-8000-000000000002';
const STRANGER = '00000000-0000-4000-8000-000000000003';
/** Heartbeats and answers come in this time. */
const SILENCE_MS = 2000;
/** A connection that is closed behind an error is closed in this time. */
const CLOSE_MS = 300;
const PACKETS_MAX = 3000;

type Body = readonly (readonly [Value, Value])[];

/** What a server is, as far as packets name it. */
type Facts = Readonly<{ uuid: string; replicasetUuid: string; lsn: number }>;

type Outcome = Readonly<{
  /** Of the first packet that is an error. */
  error: readonly [code: number, message: string] | null;
  /** Packets that are none. */
  hasAnswer: boolean;
  isClosed: boolean;
}>;

type Saying = readonly [name: string, packets: (facts: Facts) => readonly Uint8Array[]];

const vclock = (entries: Body): RawValue => new RawValue(encodeEntries(entries));
const request = (type: number, body: Body | null): Uint8Array => requestPacket(type, 0, body);

function subscribe(
  { replicasetUuid, lsn }: Facts,
  changes: Readonly<Record<number, Value | undefined>> = {},
): Uint8Array {
  const fields: Record<number, Value | undefined> = {
    [KEY.replicasetUuid]: replicasetUuid,
    [KEY.instanceUuid]: MEMBER,
    [KEY.vclock]: vclock([[1, lsn]]),
    [KEY.version]: VERSION,
    [KEY.anonymous]: false,
    ...changes,
  };
  const body = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [[Number(key), value] as const],
  );
  return request(TYPE.subscribe, body);
}

const join = (body: Body | null): Saying[1] => {
  return () => [request(TYPE.join, body)];
};
const subscribed = (changes: Readonly<Record<number, Value | undefined>>): Saying[1] => {
  return (facts) => [subscribe(facts, changes)];
};
/** Behind a subscription. */
const said = (...packets: readonly Uint8Array[]): Saying[1] => {
  return (facts) => [subscribe(facts), ...packets];
};
const ack = (value: Value): Uint8Array => framePacket(encodeEntries([[0, 0]]), encodeEntries([[KEY.vclock, value]]));
const row = (type: number, replicaId: number, lsn: number, tuple: Value): Uint8Array =>
  framePacket(
    encodeEntries([
      [0, type],
      [2, replicaId],
      [3, lsn],
      [4, 1.5],
    ]),
    encodeEntries([
      [0x10, 512],
      [0x21, tuple],
    ]),
  );

const SAYINGS: readonly Saying[] = [
  ['JOIN without a body', join(null)],
  ['JOIN without a uuid', join([])],
  ['JOIN with the nil uuid', join([[KEY.instanceUuid, NIL_UUID]])],
  ['JOIN with a text that is no uuid', join([[KEY.instanceUuid, 'not a uuid']])],
  ['JOIN with a number', join([[KEY.instanceUuid, 1]])],
  ["JOIN with the master's uuid", ({ uuid }) => [request(TYPE.join, [[KEY.instanceUuid, uuid]])]],
  ['SUBSCRIBE without a body', () => [request(TYPE.subscribe, null)]],
  ['SUBSCRIBE without a replica set', subscribed({ [KEY.replicasetUuid]: undefined })],
  ['SUBSCRIBE with another replica set', subscribed({ [KEY.replicasetUuid]: STRANGER })],
  ['SUBSCRIBE with a replica set that is none', subscribed({ [KEY.replicasetUuid]: 'x' })],
  ['SUBSCRIBE without a uuid', subscribed({ [KEY.instanceUuid]: undefined })],
  ["SUBSCRIBE with the master's uuid", (facts) => [subscribe(facts, { [KEY.instanceUuid]: facts.uuid })]],
  ['SUBSCRIBE with a text that is no uuid', subscribed({ [KEY.instanceUuid]: 'not a uuid' })],
  ['SUBSCRIBE of a stranger', subscribed({ [KEY.instanceUuid]: STRANGER })],
  ['SUBSCRIBE with a vclock that is no map', subscribed({ [KEY.vclock]: 5 })],
  ['SUBSCRIBE with a vclock of texts', subscribed({ [KEY.vclock]: vclock([['a', 'b']]) })],
  ['SUBSCRIBE with id 32 in the vclock', subscribed({ [KEY.vclock]: vclock([[32, 1]]) })],
  ['SUBSCRIBE with a negative LSN', subscribed({ [KEY.vclock]: vclock([[1, -1]]) })],
  ['SUBSCRIBE ahead of the master', (facts) => [subscribe(facts, { [KEY.vclock]: vclock([[1, facts.lsn + 1000]]) })]],
  ['SUBSCRIBE with a version that is no number', subscribed({ [KEY.version]: 'x' })],
  ['SUBSCRIBE with a flag that is none', subscribed({ [KEY.anonymous]: 1 })],
  ['SUBSCRIBE with a filter that is no array', subscribed({ [KEY.filter]: 1 })],
  ['SUBSCRIBE with id 77 in the filter', subscribed({ [KEY.filter]: [77] })],
  [
    'REGISTER of a member',
    () => [
      request(TYPE.register, [
        [KEY.instanceUuid, MEMBER],
        [KEY.vclock, vclock([])],
      ]),
    ],
  ],
  [
    "REGISTER with the master's uuid",
    ({ uuid }) => [
      request(TYPE.register, [
        [KEY.instanceUuid, uuid],
        [KEY.vclock, vclock([])],
      ]),
    ],
  ],
  [
    'REGISTER with a text that is no uuid',
    () => [
      request(TYPE.register, [
        [KEY.instanceUuid, 'x'],
        [KEY.vclock, vclock([])],
      ]),
    ],
  ],
  [
    'REGISTER with a vclock that is no map',
    () => [
      request(TYPE.register, [
        [KEY.instanceUuid, STRANGER],
        [KEY.vclock, 1],
      ]),
    ],
  ],
  ['FETCH_SNAPSHOT with a body', () => [request(TYPE.fetchSnapshot, [[KEY.instanceUuid, STRANGER]])]],
  [
    'FETCH_SNAPSHOT with a body that is no map',
    () => [framePacket(encodeEntries([[0, TYPE.fetchSnapshot]]), Uint8Array.of(0x91, 1))],
  ],
  ['an acknowledgement without a map', said(ack(7))],
  ['an acknowledgement of id 32', said(ack(vclock([[32, 1]])))],
  ['an acknowledgement of texts', said(ack(vclock([['a', 1]])))],
  ['an acknowledgement without a vclock', said(framePacket(encodeEntries([[0, 0]])))],
  ['a row behind a subscription', said(row(2, 2, 1, [900, 'forged']))],
  ["a row of the master's own", (facts) => [subscribe(facts), row(2, 1, facts.lsn + 1, [901, 'forged'])]],
  ['a request behind a subscription', said(request(REQUEST.ping, null))],
  ['bytes that are no packet behind a subscription', said(Uint8Array.of(0xc1, 0xc1, 0xc1, 0xc1, 0xc1, 0xc1))],
  ['a header that is none behind a subscription', said(framePacket(Uint8Array.of(0x91, 1)))],
];

/** Hears what comes until the connection ends, or nothing more is to be waited for; `names` stand for what differs. */
async function outcomeOf(
  connection: RawConnection,
  packets: readonly Uint8Array[],
  names: Readonly<Record<string, string>>,
): Promise<Outcome> {
  connection.send(Buffer.concat(packets));
  let error: Outcome['error'] = null;
  let hasAnswer = false;
  for (let count = 0; count < PACKETS_MAX; count++) {
    const reply = await connection.next(error === null ? SILENCE_MS : CLOSE_MS);
    if (reply.kind !== 'frame') return { error, hasAnswer, isClosed: reply.kind === 'closed' };
    const { status } = responseOf(reply.bytes);
    if (status < 0x8000) hasAnswer = true;
    else error ??= [status - 0x8000, named(errorMessage(readResponse(reply.bytes)) ?? '', names)];
  }
  return { error, hasAnswer, isClosed: false };
}

function named(message: string, names: Readonly<Record<string, string>>): string {
  return Object.entries(names).reduce((text, [value, name]) => text.replaceAll(value, name), message);
}

function refusal(code: number, message: string, isClosed: boolean): Outcome {
  return { error: [code, message], hasAnswer: false, isClosed };
}

/** Of what comes behind a subscription. */
function behind(what: string): Outcome {
  return { error: [20, `Invalid MsgPack - ${what}`], hasAnswer: true, isClosed: true };
}

const NIL_REFUSED = refusal(264, "Nil UUID is reserved and can't be used in replication", false);
const NIL_REFUSED_LATE: Outcome = { error: [64, `Invalid UUID: ${NIL_UUID}`], hasAnswer: true, isClosed: false };
const BAD_VCLOCK = refusal(20, 'Invalid MsgPack - invalid VCLOCK', true);
const NO_ACKNOWLEDGEMENT = behind('an acknowledgement was expected');
/** It follows, and is not heard of again. */
const SILENT: Outcome = { error: [115, 'timed out'], hasAnswer: true, isClosed: true };

function responseOf(frame: Uint8Array): Readonly<{ status: number }> {
  // A row's header has a time, which readResponse does not read.
  return { status: frame[7] === 0xce ? new DataView(frame.buffer, frame.byteOffset).getUint32(8) : 0 };
}

let servers: Servers;
beforeEach(async () => {
  servers = await Servers.open();
});
afterEach(() => servers.close());

async function withConnection<Result>(
  server: Server,
  user: readonly [string, string] | null,
  use: (connection: RawConnection) => Promise<Result>,
): Promise<Result> {
  const connection = await RawConnection.open(server.socket);
  try {
    if (user !== null) await login(connection, ...user);
    return await use(connection);
  } finally {
    connection.close();
  }
}

const REPLICATOR = ['replicator', 'replicating'] as const;

async function factsOf(server: Server): Promise<Facts> {
  const [uuid, replicasetUuid, lsn] = (await server.json('{box.info.uuid, box.info.cluster.uuid, box.info.lsn}')) as [
    string,
    string,
    number,
  ];
  return { uuid, replicasetUuid, lsn };
}

/** Where 2.6.0 is more patient, or says it later or otherwise. */
const OTHERWISE: Readonly<Record<string, readonly [own: Outcome, theirs: Outcome]>> = {
  'JOIN without a uuid': [NIL_REFUSED, NIL_REFUSED_LATE],
  'JOIN with the nil uuid': [NIL_REFUSED, NIL_REFUSED_LATE],
  'SUBSCRIBE without a uuid': [
    { ...NIL_REFUSED, isClosed: true },
    refusal(62, `Replica ${NIL_UUID} is not registered with replica set REPLICASET`, true),
  ],
  'SUBSCRIBE with a replica set that is none': [refusal(20, 'Invalid MsgPack - UUID', true), SILENT],
  'SUBSCRIBE with id 32 in the vclock': [BAD_VCLOCK, SILENT],
  'FETCH_SNAPSHOT with a body that is no map': [
    refusal(20, 'Invalid MsgPack - packet body', false),
    { error: null, hasAnswer: true, isClosed: false },
  ],
  'an acknowledgement without a map': [behind('invalid VCLOCK'), SILENT],
  'an acknowledgement of id 32': [behind('invalid VCLOCK'), SILENT],
  'an acknowledgement of texts': [behind('invalid VCLOCK'), SILENT],
  'an acknowledgement without a vclock': [NO_ACKNOWLEDGEMENT, SILENT],
  'a row behind a subscription': [NO_ACKNOWLEDGEMENT, SILENT],
  "a row of the master's own": [NO_ACKNOWLEDGEMENT, SILENT],
  'a request behind a subscription': [NO_ACKNOWLEDGEMENT, SILENT],
  'bytes that are no packet behind a subscription': [behind('packet length'), SILENT],
  'a header that is none behind a subscription': [NO_ACKNOWLEDGEMENT, SILENT],
};

/** What is the same on both, checked against what this project does. */
const ALIKE: Readonly<Record<string, Outcome>> = {
  'SUBSCRIBE of a stranger': refusal(62, `Replica ${STRANGER} is not registered with replica set REPLICASET`, true),
  'SUBSCRIBE with a vclock that is no map': BAD_VCLOCK,
  'SUBSCRIBE ahead of the master': SILENT,
  "JOIN with the master's uuid": refusal(117, 'Connection to self', false),
  'REGISTER of a member': refusal(207, `Replica '${MEMBER}' is not anonymous and cannot register.`, false),
};

async function startMaster(kind: Kind): Promise<Readonly<{ server: Server; facts: Facts; rows: unknown }>> {
  const server = await servers.master(kind, kind);
  const joining = request(TYPE.join, [[KEY.instanceUuid, MEMBER]]);
  await withConnection(server, REPLICATOR, (connection) => outcomeOf(connection, [joining], {}));
  return { server, facts: await factsOf(server), rows: await server.json('global_rows(0)') };
}

describe.runIf(hasBothKinds)('a master', () => {
  it('answers what no replica would say as a Tarantool does, or sooner, and nothing has happened', async () => {
    const seenBy = async (kind: Kind): Promise<Readonly<Record<string, Outcome>>> => {
      const { server, facts, rows } = await startMaster(kind);
      const outcomes: Record<string, Outcome> = {};
      for (const [name, packets] of SAYINGS) {
        outcomes[name] = await withConnection(server, REPLICATOR, (connection) =>
          outcomeOf(connection, packets(facts), { [facts.replicasetUuid]: 'REPLICASET' }),
        );
      }
      expect([await factsOf(server), await server.json('global_rows(0)')]).toEqual([facts, rows]);
      return outcomes;
    };
    const [own, theirs] = await Promise.all([seenBy('picodata'), seenBy('tarantool')]);
    for (const [name, outcomes] of Object.entries(OTHERWISE)) {
      expect([name, own[name], theirs[name]]).toEqual([name, ...outcomes]);
    }
    const alike = SAYINGS.map(([name]) => name).filter((name) => !(name in OTHERWISE));
    for (const name of alike) expect([name, own[name]]).toEqual([name, theirs[name]]);
    expect(own).toMatchObject(ALIKE);
  });

  it('serves nothing that comes behind JOIN or SUBSCRIBE in one piece', async () => {
    const { server, facts } = await startMaster('picodata');
    const insert = requestPacket(REQUEST.insert, 9, [
      [0x10, 320],
      [0x21, [9, STRANGER]],
    ]);
    const outcomes: Outcome[] = [];
    for (const first of [request(TYPE.join, [[KEY.instanceUuid, MEMBER]]), subscribe(facts)]) {
      outcomes.push(
        await withConnection(server, REPLICATOR, (connection) => outcomeOf(connection, [first, insert, insert], {})),
      );
    }
    expect(outcomes).toEqual([
      { ...refusal(104, 'a request while a replica joins', true), hasAnswer: expect.any(Boolean) as boolean },
      NO_ACKNOWLEDGEMENT,
    ]);
    expect(await factsOf(server)).toEqual(facts);
  });

  it('lets in nobody without rights, and says which one is lacking', async () => {
    const seenBy = async (kind: Kind): Promise<readonly Outcome[]> => {
      const { server, facts } = await startMaster(kind);
      await server.eval(`box.schema.user.create('reader', { password = 'reading' })`);
      await server.eval(`box.schema.user.grant('reader', 'read', 'universe')`);
      const requests = [
        request(TYPE.join, [[KEY.instanceUuid, STRANGER]]),
        request(TYPE.register, [
          [KEY.instanceUuid, STRANGER],
          [KEY.vclock, vclock([])],
        ]),
        request(TYPE.fetchSnapshot, null),
        subscribe(facts),
      ];
      const outcomes: Outcome[] = [];
      for (const user of [null, ['reader', 'reading'] as const]) {
        for (const packet of user === null ? requests : requests.slice(0, 2)) {
          outcomes.push(await withConnection(server, user, (connection) => outcomeOf(connection, [packet], {})));
        }
      }
      expect(await server.json('box.space._cluster:len()')).toBe(2);
      return outcomes;
    };
    const [own, theirs] = await Promise.all([seenBy('picodata'), seenBy('tarantool')]);
    const universe = "Read access to universe '' is denied for user 'guest'";
    const cluster = "Write access to space '_cluster' is denied for user 'reader'";
    expect(own).toEqual([
      ...Array.from({ length: 3 }, () => refusal(42, universe, false)),
      refusal(42, universe, true),
      refusal(42, cluster, false),
      refusal(42, cluster, false),
    ]);
    expect(own).toEqual(theirs);
  });
});
