/** What may be wrong with the stream of a master, and what a replica is to say to it. */
import { type ErrorName, boxError, type SeededRandom } from '../../src/base/index.ts';
import { ERROR_RESPONSE, REQUEST_TYPE } from '../../src/codec/iproto/index.ts';
import type { Value } from '../../src/codec/msgpack/index.ts';
import { type History, PLAIN_SPACE } from './history.ts';
import { drawWrongValue, field, framed, packetOf, rowPacket, type RowParts, tupleBody, vclockOf } from './packets.ts';

/** Packets that come between good ones. `codes`: that of the error by which the replica stops; none: it goes on. */
export type Defect = Readonly<{
  name: string;
  packets: readonly Uint8Array[];
  codes: readonly number[];
  /** Nothing more comes, and the connection ends. */
  isEnd?: boolean;
  /** The connection is lost with it: what had come just before may be lost too. */
  isLoss?: boolean;
  /** The master gives no words for it. */
  isWordless?: boolean;
}>;

const codesOf = (...names: readonly ErrorName[]): readonly number[] => names.map((name) => boxError(name).code);

const NO_SPACE = 9999;
const OWN_ID = 2;

type Maker = (random: SeededRandom, history: History) => Omit<Defect, 'name'>;

/** A row of the first origin behind all others; nobody else will have its LSN. */
function row(history: History, parts: Partial<RowParts>, ahead = 1): Uint8Array {
  const lsn = history.lsnOf(1) + ahead;
  return rowPacket({ type: REQUEST_TYPE.replace, replicaId: 1, lsn, body: tupleBody(PLAIN_SPACE, [1, 'x']), ...parts });
}

const alone = (codes: readonly number[], parts: (random: SeededRandom) => Partial<RowParts>): Maker => {
  return (random, history) => ({ packets: [row(history, parts(random))], codes });
};

/** Rows that no master would write, each the only one of its transaction. */
const ROWS: Readonly<Record<string, Maker>> = {
  'unknown space': alone(codesOf('NO_SUCH_SPACE'), () => ({ body: tupleBody(NO_SPACE, [1]) })),
  'unknown type': alone(codesOf('UNKNOWN_REQUEST_TYPE'), (random) => ({
    type: random.pick([1, 6, 8, 10, 11, 13, 14, 15, 16, 64, 66, 99, 255, 0x7fff]),
  })),
  'no tuple': alone(codesOf('MISSING_REQUEST_FIELD'), () => ({ body: [field(0x10, PLAIN_SPACE)] })),
  'no body': alone(codesOf('MISSING_REQUEST_FIELD', 'INVALID_MSGPACK'), () => ({ body: null })),
  'wrong key': alone(codesOf('FIELD_TYPE'), () => ({ body: tupleBody(PLAIN_SPACE, ['text', 'x']) })),
  'no array': alone(codesOf('INVALID_MSGPACK', 'TUPLE_NOT_ARRAY'), () => ({
    body: tupleBody(PLAIN_SPACE, new Map([['a', 1]])),
  })),
  'no key': alone(codesOf('FIELD_MISSING', 'TUPLE_NOT_ARRAY', 'FIELD_TYPE'), () => ({
    body: tupleBody(PLAIN_SPACE, []),
  })),
  'no origin': alone(codesOf('PROTOCOL'), () => ({ replicaId: 0 })),
  'origin 32': alone(codesOf('INVALID_MSGPACK'), (random) => ({
    replicaId: random.pick([32, 33, 255, 2 ** 31, 2 ** 40]),
  })),
  'own origin': alone(codesOf('PROTOCOL'), () => ({ replicaId: OWN_ID, lsn: 1_000_000 })),
  'LSN beyond measure': alone(codesOf('PROTOCOL', 'INVALID_MSGPACK'), (random) => ({
    lsn: random.pick([2 ** 50, Number.MAX_SAFE_INTEGER]),
  })),
  'wrong definition': alone(
    codesOf('FIELD_TYPE', 'CREATE_SPACE', 'FIELD_MISSING', 'WRONG_SPACE_OPTIONS', 'NO_SUCH_ENGINE', 'NO_SUCH_USER'),
    (random) => ({
      body: tupleBody(
        280,
        random.pick<Value>([[], [700], [700, 1, 'x', 'none', 0, new Map(), []], ['x', 1, 'x', 'memtx', 0, [], []]]),
      ),
    }),
  ),
  'confirmation without a body': alone(codesOf('INVALID_MSGPACK'), () => ({
    type: REQUEST_TYPE.confirm,
    body: [[2, Uint8Array.of(0xc0)]],
  })),
};

/** Transactions whose rows do not fit together. */
const TRANSACTIONS: Readonly<Record<string, Maker>> = {
  'two transactions in each other': (_, history) => {
    const lsn = history.lsnOf(1) + 1;
    return {
      packets: [row(history, { isLast: false, tsn: lsn }), row(history, { lsn: lsn + 1, tsn: lsn + 1, isLast: true })],
      codes: codesOf('UNSUPPORTED'),
    };
  },
  'rows of two origins': (_, history) => {
    const lsn = history.lsnOf(1) + 1;
    return {
      packets: [row(history, { isLast: false, tsn: lsn }), row(history, { replicaId: 3, lsn: lsn + 1, tsn: lsn })],
      codes: codesOf('UNSUPPORTED'),
    };
  },
  'a transaction without its beginning': (random, history) => {
    const lsn = history.lsnOf(1) + 2;
    const tsn = random.pick([lsn - 1, lsn + 5]);
    return { packets: [row(history, { lsn, tsn, isLast: random.chance(0.5) })], codes: codesOf('PROTOCOL') };
  },
  'LSNs that go back': (_, history) => {
    const tsn = history.lsnOf(1) + 1;
    const packets = [0, 1, 1].map((ahead, at) => row(history, { lsn: tsn + ahead, tsn, isLast: at === 2 }));
    return { packets, codes: codesOf('PROTOCOL') };
  },
  'a last row that does not fit': (_, history) => {
    const tsn = history.lsnOf(1) + 1;
    return {
      packets: [
        row(history, { tsn, isLast: false }),
        row(history, { lsn: tsn + 1, tsn, body: tupleBody(NO_SPACE, [1]) }),
      ],
      codes: codesOf('NO_SUCH_SPACE'),
    };
  },
  'half a transaction': (_, history) => ({
    packets: [row(history, { tsn: history.lsnOf(1) + 1, isLast: false })],
    codes: codesOf('NO_CONNECTION'),
    isEnd: true,
    isLoss: true,
  }),
  'a transaction once more': (_, history) => ({ packets: [row(history, {}, 0)], codes: [] }),
  'a gap': (random, history) => {
    history.skipTo(1, history.lsnOf(1) + 1 + random.below(100));
    return { packets: history.next(1).packets, codes: [] };
  },
  'an origin that is no member': (_, history) => ({ packets: history.next(17).packets, codes: [] }),
};

/** Bytes that are no packets, and packets that are no rows. */
const PACKETS: Readonly<Record<string, Maker>> = {
  'a length beyond measure': (random) => ({
    packets: [random.pick([Uint8Array.of(0xce, 0xff, 0xff, 0xff, 0xff), Uint8Array.of(0xcf, 0, 1, 0, 0, 0, 0, 0, 0)])],
    codes: codesOf('INVALID_MSGPACK'),
    isLoss: true,
  }),
  'a length that is none': (random) => ({
    packets: [Uint8Array.of(random.pick([0x00, 0xc0, 0xa0, 0x93, 0xd0, 0xff]), 1, 2, 3)],
    codes: codesOf('INVALID_MSGPACK'),
    isLoss: true,
  }),
  'half a packet': (random, history) => {
    const packet = row(history, {});
    return {
      packets: [packet.slice(0, 1 + random.below(packet.length - 1))],
      codes: codesOf('NO_CONNECTION'),
      isEnd: true,
      isLoss: true,
    };
  },
  'a packet that is shorter than it says': () => ({
    packets: [Uint8Array.of(0xce, 6, 0, 0, 0, 0x80)],
    codes: codesOf('NO_CONNECTION'),
    isEnd: true,
    isLoss: true,
  }),
  'no header': (random) => ({
    packets: [
      framed(random.pick([Uint8Array.of(0x90), Uint8Array.of(0xc1), Uint8Array.of(0x81, 0x00), Uint8Array.of(0x01)])),
    ],
    codes: codesOf('INVALID_MSGPACK'),
  }),
  'a header of other kinds': (random, history) => ({
    packets: [
      packetOf(
        [
          field(0x00, 3),
          random.pick([field(0x02, 'x'), field(0x02, -1), field(0x03, [1]), field(0x09, 'x'), field(0x04, 'x')]),
          field(0x03, history.lsnOf(1) + 1),
        ],
        tupleBody(PLAIN_SPACE, [1, 'x']),
      ),
    ],
    codes: codesOf('INVALID_MSGPACK'),
  }),
  'no body map': (_, history) => ({
    packets: [
      framed(Uint8Array.of(0x83, 0x00, 0x03, 0x02, 0x01, 0x03, 0xce, ...word(history.lsnOf(1) + 1), 0x91, 0x01)),
    ],
    codes: codesOf('INVALID_MSGPACK'),
  }),
  'an error': (random) => {
    const code = random.pick([7, 20, 32, 36, 42, 62, 104, 115, 116, 217]);
    return { packets: [packetOf([field(0x00, ERROR_RESPONSE | code)], [field(0x31, 'no')])], codes: [code] };
  },
  'an error without words': (random) => ({
    packets: [
      random.pick([
        packetOf([field(0x00, ERROR_RESPONSE | 36)], null),
        packetOf([field(0x00, ERROR_RESPONSE | 36)], [field(0x31, 5)]),
        packetOf([field(0x00, ERROR_RESPONSE | 36)], [[0x52, drawWrongValue(random)]]),
      ]),
    ],
    isWordless: true,
    codes: [36, ...codesOf('INVALID_MSGPACK')],
  }),
  'a message of elections that is none': (random) => ({
    packets: [
      packetOf(
        [field(0x00, REQUEST_TYPE.raft)],
        random.pick([
          [field(0, 'x')],
          [field(0, 3), field(1, -1)],
          [field(0, 3), field(3, [])],
          [field(0, 3), field(3, vclockOf({ 32: 1 }))],
          [field(0, 3), field(5, 1)],
        ]),
      ),
    ],
    codes: codesOf('INVALID_MSGPACK'),
  }),
  'an acknowledgement': (_, history) => ({
    packets: [packetOf([field(0x00, 0)], [field(0x26, vclockOf({ 1: history.lsnOf(1) + 100 }))])],
    codes: [],
  }),
};

function word(value: number): readonly number[] {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
}

const MAKERS = Object.entries({ ...ROWS, ...TRANSACTIONS, ...PACKETS });
export const DEFECT_COUNT = MAKERS.length;

export function drawDefect(random: SeededRandom, history: History): Defect {
  const [name, make] = random.pick(MAKERS);
  return { name, ...make(random, history) };
}
