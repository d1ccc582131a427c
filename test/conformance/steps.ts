/**
 * The language of the cases: a step is one packet to send on a named connection and the number of packets that answer
 * it. Steps are data that both servers get alike; what depends on a server (its salt) is filled in when a step runs.
 */
import { DoubleValue, encodeToBytes, RawValue, type Value } from '../../src/codec/msgpack/index.ts';
import { framePacket, KEY, loginPacket, type RawConnection, REQUEST, requestPacket } from '../support/raw-iproto.ts';
import { describeValue, hex } from './describe.ts';

export const MAIN = 'main';
const LIMIT_MAX = 0xffffffff;

export type Send = Readonly<{
  kind: 'send';
  /** Name of the connection; `main` is the administrator's, any other one starts as guest. */
  on: string;
  text: string;
  packet: (connection: RawConnection, sync: number) => Uint8Array;
  /** Packets that answer; 0 means that the server must stay silent for a moment. */
  frames: number;
  /** Replace uuids in the reply, which differ between any two instances. */
  maskUuids: boolean;
  /** What the packet asks for, where it is a plain request: type, body, and no header of its own; else null. */
  asks: Readonly<{ type: number; body: Entries }> | null;
}>;

/** Closes a connection, so that its next use opens a new one as guest. */
export type Disconnect = Readonly<{ kind: 'disconnect'; on: string; text: string }>;
/** Compares the greeting of a fresh connection. */
export type Greeting = Readonly<{ kind: 'greeting'; on: string; text: string }>;
export type Step = Send | Disconnect | Greeting;
export type Steps = Step | readonly Steps[];

export type Case = Readonly<{
  name: string;
  steps: readonly Steps[];
  /** Why our replies are other than the real server's. Such a case must not match: the list stays true. */
  differs?: string;
}>;

export type Area = Readonly<{
  name: string;
  /** In which trust mode the servers run: `closed` where rights matter. */
  trust: 'open' | 'closed';
  cases: readonly Case[];
}>;

export type Entries = readonly (readonly [Value, Value])[];

function describeEntries(entries: Entries): string {
  const parts = entries.map(([key, value]) => `${describe(key)}: ${describe(value)}`);
  return `{${parts.join(', ')}}`;
}

function describe(value: Value): string {
  if (value instanceof RawValue) {
    try {
      return describeValue(value.bytes, 0);
    } catch {
      return `raw(${hex(value.bytes)})`;
    }
  }
  const bytes = encodeToBytes(value);
  return bytes.length > 300 ? `(${bytes.length} bytes)` : describeValue(bytes, 0);
}

function send(text: string, packet: Send['packet'], frames = 1): Send {
  return { kind: 'send', on: MAIN, text, packet, frames, maskUuids: false, asks: null };
}

/** Any request: a type and the body's entries in order, null for no body at all. */
export function request(type: number, body: Entries | null, header: Entries = []): Send {
  const shownHeader = header.length === 0 ? '' : ` header ${describeEntries(header)}`;
  const shownBody = body === null ? 'without body' : describeEntries(body);
  const sent = send(`request ${type} ${shownBody}${shownHeader}`, (_, sync) => requestPacket(type, sync, body, header));
  return header.length > 0 || body === null ? sent : { ...sent, asks: { type, body } };
}

/** A packet from hex texts: each is a part between which nothing is added; the length is put in front. */
export function rawPacket(...parts: readonly string[]): Send {
  const bytes = Buffer.from(parts.join('').replaceAll(' ', ''), 'hex');
  return send(`packet ${hex(bytes)}`, () => framePacket(bytes));
}

/** Bytes as they are, with no length added, answered by `frames` packets. */
export function rawBytes(text: string, frames: number): Send {
  const bytes = Buffer.from(text.replaceAll(' ', ''), 'hex');
  return send(`bytes ${hex(bytes)}`, () => bytes, frames);
}

export function insert(space: number, tuple: Value): Send {
  return named('insert', request(REQUEST.insert, [...onSpace(space), [KEY.tuple, tuple]]), [space, tuple]);
}

export function replace(space: number, tuple: Value): Send {
  return named('replace', request(REQUEST.replace, [...onSpace(space), [KEY.tuple, tuple]]), [space, tuple]);
}

type IndexOptions = Readonly<{ index?: number; base?: number }>;

export function update(space: number, key: Value, operations: Value, options: IndexOptions = {}): Send {
  const body: Entries = [
    ...onSpace(space),
    ...optional(KEY.indexId, options.index),
    ...optional(KEY.indexBase, options.base),
    [KEY.tuple, operations],
    [KEY.key, key],
  ];
  return named('update', request(REQUEST.update, body), [
    space,
    key,
    operations,
    options.index ?? 0,
    options.base ?? 0,
  ]);
}

export function upsert(space: number, tuple: Value, operations: Value, base?: number): Send {
  const body: Entries = [
    ...onSpace(space),
    ...optional(KEY.indexBase, base),
    [KEY.operations, operations],
    [KEY.tuple, tuple],
  ];
  return named('upsert', request(REQUEST.upsert, body), [space, tuple, operations, base ?? 0]);
}

export function remove(space: number, key: Value, index?: number): Send {
  const body: Entries = [...onSpace(space), ...optional(KEY.indexId, index), [KEY.key, key]];
  return named('delete', request(REQUEST.delete, body), [space, key, index ?? 0]);
}

/** Iterator numbers. */
export const ITERATOR = {
  eq: 0,
  req: 1,
  all: 2,
  lt: 3,
  le: 4,
  ge: 5,
  gt: 6,
  bitsAllSet: 7,
  bitsAnySet: 8,
  bitsAllNotSet: 9,
  overlaps: 10,
  neighbor: 11,
} as const;
export type IteratorName = keyof typeof ITERATOR;

type SelectOptions = Readonly<{ limit?: number; offset?: number }>;

export function select(
  space: number,
  index: number,
  iterator: IteratorName | number,
  key: Value,
  options: SelectOptions = {},
): Send {
  const number = typeof iterator === 'string' ? ITERATOR[iterator] : iterator;
  const body: Entries = [
    ...onSpace(space),
    [KEY.indexId, index],
    [KEY.limit, options.limit ?? LIMIT_MAX],
    [KEY.offset, options.offset ?? 0],
    [KEY.iterator, number],
    [KEY.key, key],
  ];
  return named(`select ${iterator}`, request(REQUEST.select, body), [space, index, key, { ...options }]);
}

/** The whole of an index, in ascending order. */
export function selectAll(space: number, index = 0): Send {
  return select(space, index, 'all', []);
}

export function call(name: string, args: Value = []): Send {
  return named(
    'call',
    request(REQUEST.call, [
      [KEY.functionName, name],
      [KEY.tuple, args],
    ]),
    [name, args],
  );
}

export function evaluate(expression: string, args: Value = []): Send {
  return named(
    'eval',
    request(REQUEST.eval, [
      [KEY.expression, expression],
      [KEY.tuple, args],
    ]),
    [expression, args],
  );
}

export function ping(): Send {
  return named('ping', request(REQUEST.ping, null), []);
}

export function login(user: string, password: string): Send {
  return send(`login ${user} ${password}`, (connection, sync) => loginPacket(connection, sync, user, password));
}

export function disconnect(connection: string): Disconnect {
  return { kind: 'disconnect', on: connection, text: 'disconnect' };
}

export function greeting(): Greeting {
  return { kind: 'greeting', on: 'greeting', text: 'greeting' };
}

/** The same steps on another connection. */
export function as(connection: string, ...steps: readonly Steps[]): Steps {
  return flatten(steps).map((step) => ({ ...step, on: connection }));
}

export function withMaskedUuids(step: Send): Send {
  return { ...step, maskUuids: true };
}

export function flatten(steps: readonly Steps[]): readonly Step[] {
  return steps.flatMap((step) => (isList(step) ? flatten(step) : [step]));
}

function isList(steps: Steps): steps is readonly Steps[] {
  return Array.isArray(steps);
}

function onSpace(space: number): Entries {
  return [[KEY.spaceId, space]];
}

function optional(key: number, value: number | undefined): Entries {
  return value === undefined ? [] : [[key, value]];
}

function named(name: string, step: Send, shown: readonly Value[]): Send {
  return { ...step, text: [name, ...shown.map(describe)].join(' ') };
}

/** Values that JavaScript has no literal for. */
export const raw = (text: string): RawValue => new RawValue(Buffer.from(text.replaceAll(' ', ''), 'hex'));
export const double = (value: number): DoubleValue => new DoubleValue(value);
export const binary = (text: string): Uint8Array => Buffer.from(text, 'hex');
export const float32 = (value: number): RawValue => {
  const bytes = Buffer.alloc(5);
  bytes[0] = 0xca;
  bytes.writeFloatBE(value, 1);
  return new RawValue(bytes);
};
/** An extension of up to 255 payload bytes in the form that Tarantool writes. */
export const extension = (type: number, payload: string): RawValue => {
  const bytes = Buffer.from(payload.replaceAll(' ', ''), 'hex');
  const fixed = [1, 2, 4, 8, 16].indexOf(bytes.length);
  const header = fixed >= 0 ? [0xd4 + fixed, type] : [0xc7, bytes.length, type];
  return new RawValue(Uint8Array.of(...header, ...bytes));
};
export const decimal = (payload: string): RawValue => extension(1, payload);
export const uuid = (payload: string): RawValue => extension(2, payload);
