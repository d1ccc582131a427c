/** Greeting, packets and headers: what the server does with bytes that no well-behaved client sends. */
import { REQUEST } from '../../support/raw-iproto.ts';
import { spaceWithPrimary } from '../schema-steps.ts';
import { type Area, as, type Case, disconnect, greeting, ping, rawBytes, rawPacket, request } from '../steps.ts';

const SPACE = 512;

/** A packet that is refused, and a ping that shows that the connection has stayed open. */
function refused(name: string, ...parts: readonly string[]): Case {
  return { name, steps: [rawPacket(...parts), ping()] };
}

/** A packet after which the server closes the connection; a new one works. */
function closing(name: string, bytes: string, frames: number): Case {
  return { name, steps: [as('victim', rawBytes(bytes, frames), disconnect('victim'), ping())] };
}

const LENGTH_FORMS: readonly Case[] = [
  ['fixint', '05 82 00 40 01 07'],
  ['uint8', 'cc05 82 00 40 01 07'],
  ['uint16', 'cd0005 82 00 40 01 07'],
  ['uint32', 'ce00000005 82 00 40 01 07'],
  ['uint64', 'cf0000000000000005 82 00 40 01 07'],
].map(([name, bytes]) => ({ name: `length as ${name}`, steps: [rawBytes(bytes!, 1), ping()] }));

const HEADERS: readonly Case[] = [
  refused('header without type', '81 01 05'),
  refused('header without sync', '81 00 40'),
  refused('empty header', '80'),
  refused('type as uint32', '82 00 ce00000040 01 09'),
  refused('type as uint64', '82 00 cf0000000000000040 01 09'),
  refused('sync as uint64', '82 00 40 01 cf ffffffffffffffff'),
  refused('sync before type', '82 01 09 00 40'),
  refused('repeated sync: the last counts', '83 00 40 01 05 01 06'),
  refused('repeated type: the last counts', '83 00 01 00 40 01 06'),
  refused('negative sync', '82 00 40 01 ff'),
  refused('string sync', '82 00 40 01 a131'),
  refused('nil sync', '82 00 40 01 c0'),
  refused('negative type', '82 00 ff 01 05'),
  refused('string type', '82 00 a178 01 05'),
  refused('string key', '82 a178 40 01 05'),
  refused('negative key', '82 ff 40 01 05'),
  refused('nil key', '82 c0 40 01 05'),
  refused('key above the known ones', '83 00 40 01 05 30 05'),
  refused('largest accepted key', '83 00 40 01 05 2b 05'),
  refused('key of streams', '83 00 40 01 05 0a 01'),
  refused('key of streams with a wrong type', '83 00 40 01 05 0a a131'),
  refused('timestamp as integer', '83 00 40 01 05 04 01'),
  refused('timestamp as float', '83 00 40 01 05 04 ca3f800000'),
  refused('timestamp as double', '83 00 40 01 05 04 cb3ff0000000000000'),
  refused('schema version of zero', '83 00 40 01 05 05 00'),
  refused('schema version of a wrong type', '83 00 40 01 05 05 a131'),
  refused('header is an array', '92 00 40'),
  refused('header is a number', '05'),
  refused('header is nil', 'c0'),
  refused('header cut in a key', '82 00 40 01'),
  refused('header cut in a value', '82 00 40 01 cd00'),
  refused('header with invalid byte', '82 00 c1 01 05'),
  refused('header as map16', 'de0002 00 40 01 05'),
  refused('header as map32', 'df00000002 00 40 01 05'),
  refused('header map that lies about its size', 'dfffffffff 00 40'),
];

const BODIES: readonly Case[] = [
  refused('ping with a body', '82 00 40 01 05', '81 10 05'),
  refused('ping with an array as body', '82 00 40 01 05', '91 05'),
  refused('ping with two bodies', '82 00 40 01 05', '80 80'),
  refused('ping with a cut body', '82 00 40 01 05', '81 10'),
  {
    ...refused('ping with an invalid body', '82 00 40 01 05', 'c1'),
    differs: 'the byte c1, which MessagePack reserves, is refused everywhere; 2.6.0 takes it for a value of one byte',
  },
  refused('select without body', '82 00 01 01 05'),
  refused('select with an array as body', '82 00 01 01 05', '91 05'),
  refused('select with a nil as body', '82 00 01 01 05', 'c0'),
  refused('select with a string as body', '82 00 01 01 05', 'a161'),
  refused('select with a cut body', '82 00 01 01 05', '82 10 cd0200 20'),
  refused('select with two bodies', '82 00 01 01 05', '83 10 cd0200 12 05 20 90', '80'),
  refused('select with an invalid body', '82 00 01 01 05', '83 10 cd0200 12 05 20 c1'),
  refused('select with a wrong type of space id', '82 00 01 01 05', '83 10 a131 12 05 20 90'),
  refused('select with a negative space id', '82 00 01 01 05', '83 10 ff 12 05 20 90'),
  refused('select with a wrong type of key', '82 00 01 01 05', '83 10 cd0200 12 05 20 05'),
  refused('select with a wrong type of limit', '82 00 01 01 05', '83 10 cd0200 12 a131 20 90'),
  refused('select with a wrong type of index id', '82 00 01 01 05', '84 10 cd0200 11 c0 12 05 20 90'),
  refused('select with a wrong type of iterator', '82 00 01 01 05', '84 10 cd0200 14 c0 12 05 20 90'),
  refused('select with a string as body key', '82 00 01 01 05', '84 a178 01 10 cd0200 12 05 20 90'),
  refused('select with a nil as body key', '82 00 01 01 05', '84 c0 01 10 cd0200 12 05 20 90'),
  refused('select with an unknown body key', '82 00 01 01 05', '84 10 cd0200 12 05 20 90 7f 01'),
  refused('select with a large body key', '82 00 01 01 05', '84 10 cd0200 12 05 20 90 cd1234 01'),
  refused('select with a negative body key', '82 00 01 01 05', '84 10 cd0200 12 05 20 90 ff 01'),
  refused('select with keys of pagination', '82 00 01 01 05', '86 10 cd0118 12 01 20 90 1f c3 2e a130 2f 90'),
  refused('select with a wrong type of a foreign key', '82 00 01 01 05', '84 10 cd0118 12 01 20 90 40 05'),
  refused('insert with a wrong type of tuple', '82 00 02 01 05', '82 10 cd0200 21 80'),
  refused('insert with a nil tuple', '82 00 02 01 05', '82 10 cd0200 21 c0'),
  refused('update with a wrong type of operations', '82 00 04 01 05', '83 10 cd0200 20 9101 21 80'),
  refused('upsert with a wrong type of operations', '82 00 09 01 05', '83 10 cd0200 21 9101 28 80'),
  refused('call with a wrong type of name', '82 00 0a 01 05', '82 22 05 21 90'),
  refused('call with a wrong type of arguments', '82 00 0a 01 05', '82 22 a161 21 80'),
  refused('eval with a wrong type of expression', '82 00 08 01 05', '82 27 05 21 90'),
  refused('auth with a wrong type of name', '82 00 07 01 05', '82 23 05 21 90'),
  refused('auth with a wrong type of tuple', '82 00 07 01 05', '82 23 a161 21 80'),
];

const MISSING_FIELDS: readonly Case[] = [
  ['select', REQUEST.select],
  ['insert', REQUEST.insert],
  ['replace', REQUEST.replace],
  ['update', REQUEST.update],
  ['delete', REQUEST.delete],
  ['upsert', REQUEST.upsert],
  ['call', REQUEST.call],
  ['call_16', REQUEST.call16],
  ['eval', REQUEST.eval],
  ['auth', REQUEST.auth],
  ['execute', REQUEST.execute],
  ['prepare', REQUEST.prepare],
].map(([name, type]) => ({
  name: `missing fields of ${name}`,
  steps: [
    request(type as number, null),
    request(type as number, []),
    request(type as number, [[0x10, SPACE]]),
    request(type as number, [[0x20, [1]]]),
    request(type as number, [[0x21, [1]]]),
    request(type as number, [
      [0x10, SPACE],
      [0x20, [1]],
    ]),
    request(type as number, [
      [0x10, SPACE],
      [0x12, 1],
    ]),
    request(type as number, [
      [0x28, []],
      [0x21, [1]],
    ]),
    request(type as number, [[0x11, 1]]),
  ],
}));

function typesCase(name: string, types: readonly number[]): Case {
  return { name, steps: types.map((type) => [request(type, null), request(type, [[0x10, SPACE]])]) };
}

const UNKNOWN_TYPES: readonly Case[] = [
  typesCase('unknown request types', [
    0,
    12,
    17,
    18,
    19,
    20,
    30,
    31,
    32,
    40,
    41,
    63,
    67 + 5,
    76,
    78,
    100,
    101,
    102,
    127,
    128,
    129,
    255,
  ]),
  {
    ...typesCase('request types of later versions', [14, 15, 16, 73, 74, 75, 77]),
    differs: 'BEGIN, COMMIT, ROLLBACK, ID, WATCH, UNWATCH and WATCH_ONCE of Tarantool 2.10 and 3.0 are known',
  },
];

const CLOSING: readonly Case[] = [
  closing('a length that is a string', 'a161 82 00 40 01 05', 2),
  closing('a length that is negative', 'ff 82 00 40 01 05', 2),
  closing('a length that is a map', '82 00 40 01 05', 2),
  closing('a length that is an invalid byte', 'c1', 2),
  closing('a length that is nil', 'c0', 2),
  closing('a length that is a float', 'ca3f800000', 2),
  {
    ...closing('a length of four gigabytes', 'ceffffffff', 0),
    differs: 'a packet above the limit is refused at its length; 2.6.0 waits for four gigabytes',
  },
  {
    ...closing('a length above four gigabytes', 'cf7fffffffffffffff', 2),
    differs: 'a packet above the limit is refused at its length; 2.6.0 tries to allocate memory for it',
  },
  {
    name: 'a length of zero',
    steps: [as('victim', rawBytes('00', 0), rawBytes('05 82 00 40 01 05', 0), disconnect('victim'), ping())],
    differs: 'an empty packet is refused and the next one answered; 2.6.0 never reads from that connection again',
  },
];

const PIPELINES: readonly Case[] = [
  {
    name: 'several packets in one write',
    steps: [rawBytes('05 82 00 40 01 01 05 82 00 40 01 02 05 82 00 40 01 03', 3)],
  },
  {
    name: 'a refused packet between two good ones',
    steps: [rawBytes('05 82 00 40 01 01 05 82 00 40 01 ff 05 82 00 40 01 03', 3)],
  },
  {
    name: 'a ping whose type has more than eight bits',
    steps: [rawPacket('82 00 cd0140 01 05')],
    differs:
      'it is a ping; 2.6.0 cuts the type for finding the request, but not for answering it, and sends its ballot',
  },
  {
    name: 'a request type is cut to eight bits',
    steps: [
      spaceWithPrimary(SPACE, 'cut'),
      rawPacket('82 00 cd0101 01 05', '83 10 cd0200 12 05 20 90'),
      rawPacket('82 00 cd01ff 01 05'),
    ],
  },
];

export const FRAMING: Area = {
  name: 'framing',
  trust: 'open',
  cases: [
    { name: 'greeting', steps: [greeting()] },
    ...LENGTH_FORMS,
    ...HEADERS,
    ...BODIES,
    ...MISSING_FIELDS,
    ...UNKNOWN_TYPES,
    ...CLOSING,
    ...PIPELINES,
  ],
};
