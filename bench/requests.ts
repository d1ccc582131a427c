/**
 * Requests of the load, encoded ahead as one buffer per connection. All requests of a workload have the same length, so
 * that any run of them is one slice and sending costs the client nothing per request. Keys and groups begin at
 * FIRST_KEY, where the shortest encoding of a number is `ce` and four bytes: Tarantool 2.6.0 takes the same number in
 * another encoding for another key.
 */
import { SeededRandom } from '../src/base/index.ts';
import { KEY, REQUEST } from '../test/support/raw-iproto.ts';

export const STRING_BYTES = 100;
export const RANGE_TUPLES = 100;
export const FIRST_KEY = 1_000_000;
/** The secondary index over the third field. */
export const GROUP_INDEX = 1;

const ITERATOR_EQ = 0;
const ITERATOR_GE = 5;

export type Operation =
  | 'load'
  /** Like `load`, in the order of the keys. */
  | 'append'
  | 'select'
  | 'replace'
  | 'update'
  | 'upsert'
  /** A DELETE and an INSERT of the same tuple: two requests. */
  | 'delete-insert'
  | 'range'
  | 'call'
  | 'eval'
  | 'call-lua';

export type Workload = Readonly<{
  operation: Operation;
  spaceId: number;
  /** 2: `[key, string]`; 3: `[key, string, group]`, group being a permutation of the keys. */
  fields: 2 | 3;
  rows: number;
}>;

/** `bytes` holds `units` pieces of `unitBytes` bytes, each of `requestsPerUnit` requests. */
export type RequestRing = Readonly<{ bytes: Buffer; units: number; unitBytes: number; requestsPerUnit: number }>;

const STEP = 7919;

/** A permutation of 0 to `count` - 1 that puts neighbours far apart (unless `count` is a multiple of the step). */
function permute(number: number, count: number): number {
  return (number * STEP) % count;
}

/** One unit with gaps for numbers. */
class Template {
  readonly bytes: number[] = [];
  readonly keys: number[] = [];
  readonly groups: number[] = [];

  push(...bytes: readonly number[]): this {
    this.bytes.push(...bytes);
    return this;
  }

  key(): this {
    this.push(0xce);
    this.keys.push(this.bytes.length);
    return this.push(0, 0, 0, 0);
  }

  group(): this {
    this.push(0xce);
    this.groups.push(this.bytes.length);
    return this.push(0, 0, 0, 0);
  }

  text(): this {
    this.push(0xd9, STRING_BYTES);
    for (let index = 0; index < STRING_BYTES; index++) this.push(0x61 + (index % 26));
    return this;
  }

  tuple(fields: 2 | 3): this {
    this.push(0x90 | fields)
      .key()
      .text();
    return fields === 3 ? this.group() : this;
  }

  request(type: number, body: (template: this) => void): this {
    this.push(0xce, 0, 0, 0, 0);
    const start = this.bytes.length;
    this.push(0x82, KEY.requestType, type, KEY.sync, 1);
    body(this);
    const length = this.bytes.length - start;
    this.bytes[start - 2] = length >>> 8;
    this.bytes[start - 1] = length & 0xff;
    return this;
  }

  select(spaceId: number, indexId: number, iterator: number, limit: number, key: (template: this) => void): this {
    return this.request(REQUEST.select, (template) => {
      template.push(0x85, KEY.spaceId, ...unsigned16(spaceId), KEY.indexId, indexId);
      template.push(KEY.limit, limit, KEY.iterator, iterator, KEY.key, 0x91);
      key(template);
    });
  }
}

function unsigned16(value: number): number[] {
  return [0xcd, value >>> 8, value & 0xff];
}

function assignText(template: Template): void {
  template.push(0x91, 0x93, 0xa1, '='.charCodeAt(0), 1).text();
}

/** The name of the procedure that both servers define: it returns one tuple of the space by its key. */
export const READ_ONE = 'read_one';

/** The function in Lua that both servers define: it reads and updates one tuple. */
export const TOUCH_ONE = 'touch_one';
export const TOUCH_ONE_TEXT = `function ${TOUCH_ONE}(space_id, key)
    local space = box.space[space_id]
    return space:update(key, {{'=', 2, space:get(key)[2]}})
end`;
const EVALUATED = 'return 1';

function templateOf({ operation, spaceId, fields }: Workload): Template {
  const template = new Template();
  const space = unsigned16(spaceId);
  switch (operation) {
    case 'load':
    case 'append':
      return template.request(REQUEST.insert, (t) => t.push(0x82, KEY.spaceId, ...space, KEY.tuple).tuple(fields));
    case 'replace':
      return template.request(REQUEST.replace, (t) => t.push(0x82, KEY.spaceId, ...space, KEY.tuple).tuple(fields));
    case 'select':
      return template.select(spaceId, 0, ITERATOR_EQ, 1, (t) => t.key());
    case 'range':
      return template.select(spaceId, GROUP_INDEX, ITERATOR_GE, RANGE_TUPLES, (t) => t.group());
    case 'update':
      return template.request(REQUEST.update, (t) => {
        t.push(0x83, KEY.spaceId, ...space, KEY.key, 0x91)
          .key()
          .push(KEY.tuple);
        assignText(t);
      });
    case 'upsert':
      return template.request(REQUEST.upsert, (t) => {
        t.push(0x83, KEY.spaceId, ...space, KEY.tuple)
          .tuple(fields)
          .push(KEY.operations);
        assignText(t);
      });
    case 'delete-insert':
      return template
        .request(REQUEST.delete, (t) => t.push(0x82, KEY.spaceId, ...space, KEY.key, 0x91).key())
        .request(REQUEST.insert, (t) => t.push(0x82, KEY.spaceId, ...space, KEY.tuple).tuple(fields));
    case 'call':
      return template.request(REQUEST.call, (t) => {
        t.push(0x82, KEY.functionName, 0xa0 | READ_ONE.length, ...Buffer.from(READ_ONE), KEY.tuple);
        t.push(0x92, ...space).key();
      });
    case 'call-lua':
      return template.request(REQUEST.call, (t) => {
        t.push(0x82, KEY.functionName, 0xa0 | TOUCH_ONE.length, ...Buffer.from(TOUCH_ONE), KEY.tuple);
        t.push(0x92, ...space).key();
      });
    case 'eval':
      return template.request(REQUEST.eval, (t) => {
        t.push(0x82, KEY.expression, 0xa0 | EVALUATED.length, ...Buffer.from(EVALUATED), KEY.tuple, 0x90);
      });
  }
}

function ownNumber(operation: Operation, number: number, ownKeys: number, random: SeededRandom): number {
  if (operation === 'append') return number;
  return operation === 'load' ? permute(number, ownKeys) : random.below(ownKeys);
}

/**
 * The requests of connection `index` of `count`. Keys are random and those of different connections differ, so that
 * pipelined deletes and inserts never meet; a `load` has each of its keys once, in an order that is not the index's, and
 * so has an `append`, in the index's order.
 */
export function encodeRing(workload: Workload, index: number, count: number, units: number): RequestRing {
  const { operation, rows } = workload;
  const template = templateOf(workload);
  const unit = Buffer.from(template.bytes);
  const ownKeys = Math.floor(rows / count) + (index < rows % count ? 1 : 0);
  const total = operation === 'load' || operation === 'append' ? ownKeys : units;
  const bytes = Buffer.allocUnsafe(unit.length * total);
  const random = new SeededRandom(index + 1);
  for (let number = 0; number < total; number++) {
    const own = ownNumber(operation, number, ownKeys, random);
    const key = own * count + index;
    const group = operation === 'range' ? random.below(Math.max(1, rows - RANGE_TUPLES)) : permute(key, rows);
    const start = number * unit.length;
    unit.copy(bytes, start);
    for (const offset of template.keys) bytes.writeUInt32BE(FIRST_KEY + key, start + offset);
    for (const offset of template.groups) bytes.writeUInt32BE(FIRST_KEY + group, start + offset);
  }
  const requestsPerUnit = operation === 'delete-insert' ? 2 : 1;
  return { bytes, units: total, unitBytes: unit.length, requestsPerUnit };
}
