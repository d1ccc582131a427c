/** The data methods of spaces and indexes. What changes data waits for the log; what reads never waits. */
import { BoxError, boxError, type ByteWriter } from '../../../../base/index.ts';
import { validateTuple } from '../../../../tuple/index.ts';
import { NULL } from '../../ffi/null.ts';
import { Integer64 } from '../../ffi/numbers.ts';
import { checkTable } from '../../runtime/arguments.ts';
import { runtimeError } from '../../runtime/errors.ts';
import { LuaTable } from '../../runtime/table.ts';
import { rawToText, typeOf } from '../../runtime/types.ts';
import {
  LuaCdata,
  type LuaExecution,
  type LuaFunction,
  type LuaResult,
  type LuaValue,
  NO_VALUES,
  type PlainCode,
  plainFunction,
  suspendableFunction,
} from '../../runtime/values.ts';
import { byteStringOf, textOf } from '../byte-strings.ts';
import type { BoxContext } from '../context.ts';
import { LuaTuple, type TupleFactory } from '../tuple/lua-tuple.ts';
import { builtinError } from '../builtin-error.ts';
import { type IteratorMaker } from '../tuple/tuple-methods.ts';
import { indexOf, primaryOf, readableSpaceId, spaceIdOf, unsignedArgument } from './arguments.ts';
import type { DataStatements } from './data-statements.ts';
import { FormattedSelect } from './formatted-select.ts';
import { EMPTY_STEP, Iteration } from './iteration.ts';
import type { SpaceTriggers } from './space-triggers.ts';

export type MethodNeeds = Readonly<{
  context: BoxContext;
  data: DataStatements;
  factory: TupleFactory;
  makeIterator: IteratorMaker;
  triggers: SpaceTriggers;
}>;

const PRIMARY = 0;

function addPlain(methods: LuaTable, functions: Readonly<Record<string, PlainCode>>): void {
  for (const [name, code] of Object.entries(functions)) methods.setString(name, plainFunction(code));
}

/** A method that makes a change and waits until it is durable. */
function change(needs: MethodNeeds, run: (...values: LuaValue[]) => LuaValue): LuaFunction {
  const { context, data } = needs;
  return suspendableFunction(function* (...values): LuaExecution {
    const result = run(...values);
    const { batch } = data;
    if (batch !== null) yield* context.settled(batch);
    return result ?? NO_VALUES;
  });
}

/** Adds the data methods of spaces. */
export function addSpaceMethods(methods: LuaTable, needs: MethodNeeds): void {
  const { context, data, factory, makeIterator } = needs;
  const iteration = new Iteration(context, factory, makeIterator);
  const formatted = new FormattedSelect(context, data);
  addPlain(methods, {
    get: (self, key) => data.get(readableSpaceId(self, 'get'), PRIMARY, key) ?? NO_VALUES,
    select: (self, key, options) => data.select(readableSpaceId(self, 'select'), PRIMARY, key, options),
    fselect: (self, key, options, fselectOptions) =>
      formatted.run(readableSpaceId(self, 'fselect'), PRIMARY, key, options, fselectOptions),
    count: (self, key, options) => {
      const id = spaceIdOf(self, 'count');
      return primaryOf(self) === undefined ? 0 : data.count(id, PRIMARY, key, options);
    },
    len: (self) => {
      const id = spaceIdOf(self, 'len');
      return primaryOf(self) === undefined ? 0 : data.size(id, PRIMARY);
    },
    bsize: (self) => bytesOf(context, spaceIdOf(self, 'bsize')),
    pairs: (self, key, options) => {
      const id = spaceIdOf(self, 'pairs');
      if (primaryOf(self) === undefined) return makeIterator(EMPTY_STEP, undefined, undefined);
      return iteration.open(id, PRIMARY, key, options);
    },
    frommap: (self, map, options) => fromMap(needs, self, map, options),
    run_triggers: (self, isRunning) => runTriggers(needs, self, isRunning),
  });
  const put = (name: 'insert' | 'replace' | 'put'): LuaFunction =>
    change(needs, (self, tuple) => {
      return data.put(name === 'insert' ? 'INSERT' : 'REPLACE', spaceIdOf(self, name), tuple);
    });
  methods.setString('insert', put('insert'));
  methods.setString('replace', put('replace'));
  methods.setString('put', put('put'));
  methods.setString(
    'update',
    change(needs, (self, key, operations) => {
      return data.update(readableSpaceId(self, 'update'), PRIMARY, key, checkOperations(key, operations));
    }),
  );
  methods.setString(
    'upsert',
    change(needs, (self, tuple, operations) => {
      const id = spaceIdOf(self, 'upsert');
      const isTuple = tuple instanceof LuaTable || tuple instanceof LuaTuple;
      if (!isTuple || !(operations instanceof LuaTable)) throw runtimeError('Usage space:upsert(tuple_key, ops)');
      data.upsert(id, tuple, operations);
      return undefined;
    }),
  );
  methods.setString(
    'delete',
    change(needs, (self, key) => data.delete(readableSpaceId(self, 'delete'), PRIMARY, key)),
  );
  methods.setString('auto_increment', autoIncrement(needs));
}

/** Adds the data methods of indexes. */
export function addIndexMethods(methods: LuaTable, needs: MethodNeeds): void {
  const { context, data, factory, makeIterator } = needs;
  const iteration = new Iteration(context, factory, makeIterator);
  const formatted = new FormattedSelect(context, data);
  const reading: Readonly<Record<string, (space: number, index: number, ...values: LuaValue[]) => LuaResult>> = {
    get: (space, index, key) => data.get(space, index, key) ?? NO_VALUES,
    select: (space, index, key, options) => data.select(space, index, key, options),
    fselect: (space, index, ...values) => formatted.run(space, index, values[0], values[1], values[2]),
    count: (space, index, key, options) => data.count(space, index, key, options),
    min: (space, index, key) => data.extreme(space, index, key, false) ?? NO_VALUES,
    max: (space, index, key) => data.extreme(space, index, key, true) ?? NO_VALUES,
    random: (space, index, seed) => data.random(space, index, unsignedArgument(seed, 0, 3, 'box_index_random', 1441)),
    len: (space, index) => data.size(space, index),
    bsize: (space, index) => data.readable(space, index).byteSize,
    pairs: (space, index, key, options) => iteration.open(space, index, key, options),
    stat: () => new LuaTable(),
    compact: () => NO_VALUES,
  };
  for (const [name, run] of Object.entries(reading)) {
    methods.setString(
      name,
      plainFunction((self, ...values) => {
        const { spaceId, indexId } = indexOf(self, name);
        return run(spaceId, indexId, ...values);
      }),
    );
  }
  methods.setString('__len', methods.getString('len'));
  methods.setString(
    'update',
    change(needs, (self, key, operations) => {
      const { spaceId, indexId } = indexOf(self, 'update');
      return data.update(spaceId, indexId, key, checkOperations(key, operations));
    }),
  );
  methods.setString(
    'delete',
    change(needs, (self, key) => {
      const { spaceId, indexId } = indexOf(self, 'delete');
      return data.delete(spaceId, indexId, key);
    }),
  );
}

function checkOperations(key: LuaValue, operations: LuaValue): LuaTable {
  const isKey = key !== undefined && !(key instanceof LuaCdata && key.isNull);
  if (isKey && operations instanceof LuaTable) return operations;
  throw runtimeError('Usage index:update(key, ops)');
}

/** Bytes of the tuples, as a C size. */
function bytesOf({ box }: BoxContext, spaceId: number): LuaValue {
  const space = box.catalog.space(spaceId);
  if (space === undefined) throw boxError('NO_SUCH_SPACE', String(spaceId));
  return new Integer64(BigInt(box.observe(() => space.byteSize)), true);
}

function runTriggers({ context, triggers }: MethodNeeds, self: LuaValue, isRunning: LuaValue): LuaResult {
  const spaceId = spaceIdOf(self, 'run_triggers');
  if (typeof isRunning !== 'boolean') {
    const problem = `cannot convert '${typeOf(isRunning)}' to 'bool'`;
    throw builtinError('box/schema.lua', 1732, `bad argument #2 to 'space_run_triggers' (${problem})`);
  }
  const space = context.box.catalog.space(spaceId);
  if (space === undefined) throw boxError('NO_SUCH_SPACE', String(spaceId));
  triggers.setRunning(space, isRunning);
  return NO_VALUES;
}

/** `space:auto_increment`: the tuple behind a key that is one more than the largest. */
function autoIncrement(needs: MethodNeeds): LuaFunction {
  const { data } = needs;
  return change(needs, (...values) => {
    const [self, rest] = values;
    const id = readableSpaceId(self, 'auto_increment');
    const last = data.extreme(id, PRIMARY, undefined, true)?.field(0);
    if (!(rest instanceof LuaTable)) {
      const problem = `bad argument #1 to 'insert' (table expected, got ${typeOf(rest)})`;
      throw builtinError('box/schema.lua', 1679, problem);
    }
    const table = checkTable(values, 2);
    const next = last instanceof Integer64 ? new Integer64(last.value + 1n, true) : Number(last ?? 0) + 1;
    table.array.unshift(next);
    return data.put('INSERT', id, table);
  });
}

/** `space:frommap`: a tuple, or a table, from fields by name; nil and a reason if the map does not fit the format. */
function fromMap({ context, factory }: MethodNeeds, self: LuaValue, map: LuaValue, options: LuaValue): LuaResult {
  const isTable = options instanceof LuaTable ? options.getString('table') : undefined;
  const isUsable =
    map instanceof LuaTable &&
    (options === undefined || options instanceof LuaTable) &&
    (isTable === undefined || typeof isTable === 'boolean');
  if (!isUsable) throw runtimeError('Usage: space:frommap(map, opts)');
  const space = context.box.catalog.space(spaceIdOf(self, 'frommap'));
  if (space === undefined) throw runtimeError('Space does not exist');
  const { fieldNumbers, fields } = space.format;
  const values: LuaValue[] = fields.map(() => undefined);
  for (let entry = map.next(undefined); entry !== null && entry !== undefined; entry = map.next(entry[0])) {
    const [key, value] = entry;
    const fieldNo = typeof key === 'string' ? fieldNumbers.get(textOf(key)) : undefined;
    if (fieldNo === undefined) return [undefined, `Unknown field '${rawToText(key)}'`];
    values[fieldNo] = value;
  }
  let length = values.length;
  while (length > 0 && values[length - 1] === undefined) length--;
  return validated(context, isTable === true ? null : factory, values, length, (bytes, end) =>
    validateTuple(space.format, bytes, 0, end),
  );
}

/** As a tuple, or without a factory as a table. */
function validated(
  context: BoxContext,
  factory: TupleFactory | null,
  values: readonly LuaValue[],
  length: number,
  validate: (bytes: Uint8Array, end: number) => void,
): LuaResult {
  const writer: ByteWriter = context.borrow();
  try {
    const table = new LuaTable(values.slice(0, length).map((value) => value ?? NULL));
    context.codec.write(writer, table);
    try {
      validate(writer.bytes, writer.position);
    } catch (error) {
      context.errors.valueOf(error);
      return [undefined, error instanceof BoxError ? byteStringOf(error.message) : ''];
    }
    return factory === null ? table : factory.copy(writer.bytes, 0, writer.position, null);
  } finally {
    context.giveBack(writer);
  }
}
