/** What tuples can do in Lua: `tuple:totable()`, `tuple:update()` and so on, and the library `box.tuple`. */
import { arrayLength, skipValue, writeArrayHeader } from '../../../../codec/msgpack/index.ts';
import { NO_ADDRESS } from '../../../../engine/arena/index.ts';
import { ANY_TUPLE_FORMAT, applyUpdate, applyUpsert } from '../../../../tuple/index.ts';
import { runtimeError } from '../../runtime/errors.ts';
import { equalsPrimitive } from '../../runtime/runtime.ts';
import { LuaTable, tableOf } from '../../runtime/table.ts';
import { typeOf } from '../../runtime/types.ts';
import {
  firstOf,
  type LuaFunction,
  type LuaResult,
  type LuaValue,
  type PlainCode,
  plainFunction,
} from '../../runtime/values.ts';
import { assert, boxError, type ByteWriter } from '../../../../base/index.ts';
import { byteStringOf } from '../byte-strings.ts';
import type { LuaMachine } from '../../lua-machine.ts';
import { preloaded } from '../../lua-sources/install.ts';
import { builtinError } from '../builtin-error.ts';
import type { TupleCodec } from './tuple-codec.ts';
import { LuaTuple, type TupleFactory } from './lua-tuple.ts';

/** Field numbers of operations count from 1 in Lua. */
export const INDEX_BASE = 1;

/** What tuples need of their state. */
export type TupleHost = Readonly<{
  machine: LuaMachine;
  codec: TupleCodec;
  borrow: () => ByteWriter;
  giveBack: (buffer: ByteWriter) => void;
}>;

/** Makes iterators of the library `fun` of what `for` takes. */
export type IteratorMaker = (step: LuaFunction, state: LuaValue, control: LuaValue) => LuaResult;

/** Installs the methods; returns the library `box.tuple`. */
export function createTupleLibrary(host: TupleHost, factory: TupleFactory, makeIterator: IteratorMaker): LuaTable {
  const library = new LuaTable();
  const methods: Record<string, PlainCode> = {
    ...readingMethods(makeIterator),
    ...changingMethods(host, factory),
  };
  for (const [name, code] of Object.entries(methods)) {
    const method = plainFunction(code);
    factory.methods.set(name, method);
    library.setString(name, method);
  }
  library.setString(
    'new',
    plainFunction((...values) => newTuple(host, factory, values)),
  );
  library.setString(
    'is',
    plainFunction((value) => value instanceof LuaTuple),
  );
  return library;
}

/** `box.tuple.new`: a table or a tuple as it is, everything else as fields. */
function newTuple(host: TupleHost, factory: TupleFactory, values: readonly LuaValue[]): LuaTuple {
  const [first] = values;
  if (values.length === 1 && first instanceof LuaTuple) return first;
  const writer = host.borrow();
  try {
    if (values.length === 1 && first instanceof LuaTable) {
      host.codec.write(writer, first);
      if (arrayLength(writer.bytes, 0) < 0) throw boxError('TUPLE_NOT_ARRAY');
    } else {
      writeArrayHeader(writer, values.length);
      for (const value of values) host.codec.write(writer, value);
    }
    return factory.copy(writer.bytes, 0, writer.position, null);
  } finally {
    host.giveBack(writer);
  }
}

function checkTuple(value: LuaValue, usage: string): LuaTuple {
  if (value instanceof LuaTuple) return value;
  throw builtinError('box/tuple.lua', 106, `Usage: ${usage}`);
}

function readingMethods(makeIterator: IteratorMaker): Record<string, PlainCode> {
  const step = plainFunction((tuple, control) => nextField(checkTuple(tuple, 'tuple:next()'), control));
  return {
    next: (tuple, control) => nextField(checkTuple(tuple, 'tuple:next()'), control),
    pairs: (tuple, control) => makeIterator(step, checkTuple(tuple, 'tuple:pairs(tuple)'), control),
    ipairs: (tuple, control) => makeIterator(step, checkTuple(tuple, 'tuple:pairs(tuple)'), control),
    bsize: (tuple) => checkTuple(tuple, 'tuple:bsize()').size,
    totable: (tuple, from, to) => {
      return new LuaTable(range(checkTuple(tuple, 'tuple:totable([from[, to]])'), from, to));
    },
    unpack: (tuple, from, to) => range(checkTuple(tuple, 'tuple:unpack([from[, to]])'), from, to),
    tomap: (tuple, options) => toMap(checkTuple(tuple, 'tuple:tomap()'), options),
    find: (tuple, ...values) => {
      const found = findAll(checkTuple(tuple, 'tuple:find([from, ]value)'), values, 1);
      return found[0];
    },
    findall: (tuple, ...values) => {
      return new LuaTable(findAll(checkTuple(tuple, 'tuple:findall([from, ]value)'), values, Infinity));
    },
    slice: (tuple, from, to) => slice(checkTuple(tuple, 'tuple:slice()'), from, to),
  };
}

function nextField(tuple: LuaTuple, control: LuaValue): LuaResult {
  if (control !== undefined && typeof control !== 'number') {
    const problem = `bad argument #2 to 'box_tuple_field' (cannot convert '${typeOf(control)}' to 'unsigned int')`;
    throw builtinError('box/tuple.lua', 157, problem);
  }
  const fieldNo = control ?? 0;
  if (fieldNo >= tuple.fieldCount) return undefined;
  return [fieldNo + 1, tuple.field(fieldNo)];
}

function range(tuple: LuaTuple, from: LuaValue, to: LuaValue): LuaValue[] {
  const first = limitOf(from, 1, 177);
  if (first < 1) throw builtinError('box/tuple.lua', 178, 'tuple.totable: invalid second argument');
  const last = limitOf(to, tuple.fieldCount, 186);
  if (to !== undefined && last < 1) throw builtinError('box/tuple.lua', 187, 'tuple.totable: invalid third argument');
  return tuple.fields(first - 1, Math.max(0, last - first + 1));
}

function limitOf(value: LuaValue, otherwise: number, line: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === 'number') return Math.trunc(value);
  throw builtinError('box/tuple.lua', line, `attempt to compare ${typeOf(value)} with number`);
}

function toMap(tuple: LuaTuple, options: LuaValue): LuaTable {
  if (options !== undefined && !(options instanceof LuaTable)) throw runtimeError('Usage: tuple:tomap(opts)');
  const namesOnly = options?.getString('names_only') === true;
  const values = tuple.fields();
  const table = new LuaTable(namesOnly ? [] : [...values]);
  const fields = tuple.format?.fields ?? [];
  for (let at = 0; at < Math.min(values.length, fields.length); at++) {
    table.setString(byteStringOf(fields[at]!.name), values[at]);
  }
  return table;
}

function findAll(tuple: LuaTuple, values: readonly LuaValue[], countMax: number): number[] {
  const from = values.length > 1 ? Math.trunc(Number(values[0])) : 0;
  const wanted = values[values.length - 1];
  const found: number[] = [];
  const fields = tuple.fields();
  for (let at = from; at < fields.length && found.length < countMax; at++) {
    const field = fields[at];
    if (field === wanted || equalsPrimitive(field, wanted)) found.push(at + 1);
  }
  return found;
}

function slice(tuple: LuaTuple, from: LuaValue, to: LuaValue): LuaValue[] {
  const count = tuple.fieldCount;
  if (typeof from !== 'number') throw runtimeError('tuple.slice(): bad arguments');
  const start = from < 0 ? from + count : from;
  if (start >= count || start < 0) throw runtimeError('tuple.slice(): start >= field count');
  const given = typeof to === 'number' ? to : count;
  const end = given < 0 ? given + count : given;
  if (end > count) throw runtimeError('tuple.slice(): end > field count');
  if (end <= start) throw runtimeError('tuple.slice(): start must be less than end');
  return tuple.fields(start, end - start);
}

function changingMethods(host: TupleHost, factory: TupleFactory): Record<string, PlainCode> {
  const update = (name: 'update' | 'upsert', tuple: LuaTuple, operations: LuaValue): LuaTuple => {
    if (!(operations instanceof LuaTable)) {
      const line = name === 'update' ? 230 : 238;
      throw builtinError('box/tuple.lua', line, `Usage: tuple:${name}({ { op, field, arg}+ })`);
    }
    const given = host.borrow();
    const result = host.borrow();
    try {
      host.codec.write(given, operations);
      if (arrayLength(given.bytes, 0) < 0) throw boxError('ILLEGAL_PARAMS', 'update operations must be an array');
      const format = tuple.format ?? ANY_TUPLE_FORMAT;
      const request = { bytes: given.bytes, position: 0, indexBase: INDEX_BASE };
      if (name === 'update') applyUpdate(result, format, tuple.bytes, tuple.start, request);
      else applyUpsert(result, format, tuple.bytes, tuple.start, request, () => undefined);
      return factory.copy(result.bytes, 0, result.position, tuple.format, NO_ADDRESS);
    } finally {
      host.giveBack(given);
      host.giveBack(result);
    }
  };
  return {
    update: (tuple, operations) =>
      update('update', checkTuple(tuple, 'tuple:update({ { op, field, arg}+ })'), operations),
    upsert: (tuple, operations) =>
      update('upsert', checkTuple(tuple, 'tuple:upsert({ { op, field, arg}+ })'), operations),
    transform: (tuple, ...values) => transform(host, factory, checkTuple(tuple, 'tuple:transform()'), values),
  };
}

/** Takes `count` fields out from `offset` on and puts the values in their place. */
function transform(
  host: TupleHost,
  factory: TupleFactory,
  tuple: LuaTuple,
  [offset, count, ...values]: readonly LuaValue[],
): LuaTuple {
  if (typeof offset !== 'number' || typeof count !== 'number') throw runtimeError('tuple.transform(): bad arguments');
  const { fieldCount } = tuple;
  let at = offset > 0 ? offset - 1 : offset + fieldCount;
  if (offset === 0 || at < 0) throw runtimeError('tuple.transform(): offset is out of bound');
  at = Math.min(at, fieldCount);
  if (count < 0) throw runtimeError('tuple.transform(): len is negative');
  const removed = Math.min(count, fieldCount - at);
  const writer = host.borrow();
  try {
    writeArrayHeader(writer, fieldCount - removed + values.length);
    writeFields(writer, tuple, 0, at);
    for (const value of values) host.codec.write(writer, value);
    writeFields(writer, tuple, at + removed, fieldCount);
    return factory.copy(writer.bytes, 0, writer.position, null);
  } finally {
    host.giveBack(writer);
  }
}

function writeFields(writer: ByteWriter, tuple: LuaTuple, from: number, to: number): void {
  if (from >= to) return;
  const start = tuple.fieldPosition(from);
  let end = start;
  for (let left = to - from; left > 0; left--) end = skipValue(tuple.bytes, end);
  writer.writeBytes(tuple.bytes, start, end);
}

/** `pairs` of objects in the form that `for` takes: an iterator of the library `fun`, which is loaded for the first one. */
export function iteratorMaker({ machine }: TupleHost): IteratorMaker {
  let metatable: LuaTable | null = null;
  return (step, state, control) => {
    metatable ??= iteratorMetatable(machine);
    const iterator = tableOf({ gen: step, param: state, state: control });
    iterator.metatable = metatable;
    return [iterator, state, control];
  };
}

/** Of the iterators that the library `fun` makes. */
function iteratorMetatable({ state }: LuaMachine): LuaTable | null {
  const { loaded, runtime } = state;
  const atOnce = (code: LuaValue, value: LuaValue): LuaValue => {
    const step = runtime.call(code, [value]).next();
    assert(step.done === true, 'the library fun waits for nothing');
    return firstOf(step.value);
  };
  if (loaded.getString('fun') === undefined) loaded.setString('fun', atOnce(preloaded(state, 'fun'), 'fun'));
  const fun = loaded.getString('fun');
  const iterator = fun instanceof LuaTable ? atOnce(fun.getString('wrap'), undefined) : undefined;
  return iterator instanceof LuaTable ? iterator.metatable : null;
}
