/**
 * The same steps as statements of Lua: a data request becomes an EVAL of a call on `box.space`, with its values as
 * arguments, so that the cases are written once. What is no data request of the administrator, or none that Lua could
 * express (headers, broken bodies), stays as it is.
 */
import {
  arrayLength,
  containerHeaderSize,
  encodeToBytes,
  extensionType,
  KIND,
  kindAt,
  mapLength,
  skipValue,
  type Value,
} from '../../src/codec/msgpack/index.ts';
import { KEY, REQUEST } from '../support/raw-iproto.ts';
import { type Entries, evaluate, MAIN, type Send, type Step } from './steps.ts';

/** A statement's text, and the keys of the body whose values are its arguments, in order, with their defaults. */
type Statement = Readonly<{ text: string; keys: readonly (readonly [key: number, absent: Value | undefined])[] }>;

/** Errors; the ones before are decimals and uuids. */
const LUA_EXTENSION_MAX = 3;
const SPACE = [KEY.spaceId, undefined] as const;
const INDEX = [KEY.indexId, 0] as const;
const NAMES =
  '{[0]="EQ","REQ","ALL","LT","LE","GE","GT","BITS_ALL_SET","BITS_ANY_SET","BITS_ALL_NOT_SET","OVERLAPS","NEIGHBOR"}';

const STATEMENTS: ReadonlyMap<number, Statement> = new Map<number, Statement>([
  [REQUEST.insert, { text: 'local s, t = ... return box.space[s]:insert(t)', keys: [SPACE, [KEY.tuple, undefined]] }],
  [REQUEST.replace, { text: 'local s, t = ... return box.space[s]:replace(t)', keys: [SPACE, [KEY.tuple, undefined]] }],
  [
    REQUEST.delete,
    { text: 'local s, i, k = ... return box.space[s].index[i]:delete(k)', keys: [SPACE, INDEX, [KEY.key, undefined]] },
  ],
  [
    REQUEST.update,
    {
      text: 'local s, i, k, o = ... return box.space[s].index[i]:update(k, o)',
      keys: [SPACE, INDEX, [KEY.key, undefined], [KEY.tuple, undefined]],
    },
  ],
  [
    REQUEST.upsert,
    {
      text: 'local s, t, o = ... return box.space[s]:upsert(t, o)',
      keys: [SPACE, [KEY.tuple, undefined], [KEY.operations, undefined]],
    },
  ],
  [
    REQUEST.select,
    {
      text: `local s, i, k, t, l, o = ... t = (${NAMES})[t] or t
return box.space[s].index[i]:select(k, {iterator = t, limit = l, offset = o})`,
      keys: [SPACE, INDEX, [KEY.key, undefined], [KEY.iterator, 0], [KEY.limit, 0xffffffff], [KEY.offset, 0]],
    },
  ],
]);

/** The step through Lua; null if it stays as it is. */
export function throughLua(step: Step): Send | null {
  if (step.kind !== 'send' || step.on !== MAIN || step.asks === null || step.frames !== 1) return null;
  const statement = STATEMENTS.get(step.asks.type);
  if (statement === undefined) return null;
  const args = argumentsOf(statement, step.asks.body);
  if (args === null) return null;
  return { ...evaluate(statement.text, args), text: `lua ${step.text}`, maskUuids: step.maskUuids };
}

/** Null for a body that lacks a key, has one twice, or has one that the statement does not know. */
function argumentsOf({ keys }: Statement, body: Entries): Value[] | null {
  const given = new Map<Value, Value>(body);
  if (given.size !== body.length) return null;
  const args: Value[] = [];
  for (const [key, absent] of keys) {
    const value = given.has(key) ? given.get(key) : absent;
    if (value === undefined) return null;
    given.delete(key);
    args.push(value);
  }
  return given.size === 0 && !hasLaterExtension(encodeToBytes(args)) ? args : null;
}

/** Whether there is an extension in it that Lua of 2.6.0 cannot read, as a datetime. */
function hasLaterExtension(bytes: Uint8Array, position = 0): boolean {
  const kind = kindAt(bytes, position);
  if (kind === KIND.extension) return extensionType(bytes, position) > LUA_EXTENSION_MAX;
  if (kind !== KIND.array && kind !== KIND.map) return false;
  let left = kind === KIND.array ? arrayLength(bytes, position) : 2 * mapLength(bytes, position);
  for (let next = position + containerHeaderSize(bytes, position); left > 0; left--) {
    if (hasLaterExtension(bytes, next)) return true;
    next = skipValue(bytes, next);
  }
  return false;
}
