/** The library `merger`: sorted sources of tuples as one; names, results and errors are those of 2.6.0. */
import { ByteWriter } from '../../../base/index.ts';
import type { BoxFoundation } from '../box/foundation.ts';
import type { LuaTuple } from '../box/tuple/lua-tuple.ts';
import { LuaTable, tableOf } from '../runtime/table.ts';
import {
  LuaCdata,
  LuaFunction,
  type LuaResult,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../runtime/values.ts';
import { IbufObject } from '../values/buffer.ts';
import { placelessError } from '../values/builtin-error.ts';
import { KeyDefinition } from './key-definition.ts';
import {
  BufferSource,
  MergeSource,
  onlyPortion,
  portionsOf,
  type Steps,
  TableSource,
  TupleSource,
  ValueIterator,
} from './merge-source.ts';
import { Merger } from './merger.ts';
import { illegalParams } from './tuples.ts';

const NEW_FORM = 'use: merger.new(key_def, {source, source, ...}[, {reverse = <boolean> or <nil>}])';
const SELECT_FORM = 'use: merge_source:select([{buffer = <cdata<struct ibuf>> or <nil>, limit = <number> or <nil>}])';
const LIMIT_MAX = 0xffffffff;
const ARRAY_32 = 0xdd;
const ARRAY_32_BYTES = 5;
/** Arguments in front of the sources, as errors count them. */
const ARGUMENTS_BEFORE = 3;

type Methods = ReadonlyMap<string, LuaFunction>;

export function createMergerLibrary(foundation: BoxFoundation): LuaTable {
  const methods = createMethods(foundation);
  const internal = tableOf({ select: methods.get('select'), ipairs: methods.get('ipairs') });
  return tableOf({
    new: plainFunction((...values) => newMerger(methods, values)),
    internal,
    ...sourceFunctions(foundation, methods),
  });
}

function newMerger(methods: Methods, values: readonly LuaValue[]): Merger {
  const [key, given, options] = values;
  const isUsable =
    key instanceof KeyDefinition &&
    given instanceof LuaTable &&
    values.length <= 3 &&
    (options === undefined || options instanceof LuaTable);
  if (!isUsable) throw placelessError(`Bad params, ${NEW_FORM}`);
  const reverse = options?.getString('reverse');
  if (reverse !== undefined && typeof reverse !== 'boolean') throw placelessError(`Bad param "reverse", ${NEW_FORM}`);
  const sources = given.array.map((source, at) => {
    if (source instanceof MergeSource) return source;
    if (!(source instanceof LuaCdata)) throw placelessError(`expected cdata as ${at + ARGUMENTS_BEFORE} argument`);
    throw illegalParams(`Unknown source type at index ${at + 1}`);
  });
  return new Merger(methods, key, sources, reverse === true);
}

function sourceFunctions(foundation: BoxFoundation, methods: Methods): Record<string, LuaFunction> {
  const iterator = (name: string, expected: string, values: readonly LuaValue[]): ValueIterator => {
    const [step, parameter, state] = values;
    if (isCallable(foundation, step) && values.length <= 3) {
      return new ValueIterator(foundation, [step, parameter, state], expected);
    }
    throw placelessError(`Usage: merger.${name}(gen, param, state)`);
  };
  return {
    new_tuple_source: plainFunction((...values) => {
      return new TupleSource(methods, foundation, iterator('new_tuple_source', 'tuple', values));
    }),
    new_table_source: plainFunction((...values) => {
      const tables = iterator('new_table_source', 'table', values);
      return new TableSource(methods, foundation, portionsOf(tables, LuaTable, 'table'));
    }),
    new_buffer_source: plainFunction((...values) => {
      const buffers = iterator('new_buffer_source', 'buffer', values);
      return new BufferSource(methods, foundation, portionsOf(buffers, IbufObject, 'buffer'));
    }),
    new_source_fromtable: plainFunction((table) => {
      if (table instanceof LuaTable) {
        return new TableSource(methods, foundation, onlyPortion(table));
      }
      throw placelessError('Usage: merger.new_source_fromtable(<table>)');
    }),
    new_source_frombuffer: plainFunction((buffer) => {
      if (buffer instanceof IbufObject) {
        return new BufferSource(methods, foundation, onlyPortion(buffer));
      }
      throw placelessError('Usage: merger.new_source_frombuffer(<cdata<struct ibuf>>)');
    }),
  };
}

/** Iterators of the library `fun` are tables. */
function isCallable({ runtime }: BoxFoundation, value: LuaValue): boolean {
  return value instanceof LuaFunction || runtime.metamethod(value, '__call') instanceof LuaFunction;
}

function createMethods(foundation: BoxFoundation): Methods {
  const step = suspendableFunction(function* (_parameter, source) {
    const tuple = source instanceof MergeSource ? yield* source.next() : undefined;
    return tuple === undefined ? undefined : [source, tuple];
  });
  const pairs = plainFunction((...values) => {
    const [source] = values;
    if (values.length !== 1) throw placelessError('Usage: merge_source:ipairs()');
    if (!(source instanceof LuaCdata)) throw placelessError('expected cdata as 1 argument');
    if (!(source instanceof MergeSource)) throw placelessError('Usage: merge_source:ipairs()');
    return foundation.makeIterator(step, undefined, source);
  });
  const select = suspendableFunction(function* (...values): Steps<LuaResult> {
    const { source, buffer, limit } = selectArguments(values);
    return buffer === null ? yield* selectTable(source, limit) : yield* selectIntoBuffer(source, buffer, limit);
  });
  return new Map([
    ['select', select],
    ['pairs', pairs],
    ['ipairs', pairs],
  ]);
}

type Selection = Readonly<{ source: MergeSource; buffer: IbufObject | null; limit: number }>;

function selectArguments(values: readonly LuaValue[]): Selection {
  const [source, options] = values;
  if (values.length > 0 && !(source instanceof LuaCdata)) throw placelessError('expected cdata as 1 argument');
  const isUsable =
    source instanceof MergeSource && values.length <= 2 && (options === undefined || options instanceof LuaTable);
  if (!isUsable) throw placelessError(`Bad params, ${SELECT_FORM}`);
  const buffer = options?.getString('buffer');
  const limit = options?.getString('limit');
  if (buffer !== undefined && !(buffer instanceof IbufObject))
    throw placelessError(`Bad param "buffer", ${SELECT_FORM}`);
  if (limit !== undefined && typeof limit !== 'number') throw placelessError(`Bad param "limit", ${SELECT_FORM}`);
  return { source, buffer: buffer ?? null, limit: limit === undefined ? LIMIT_MAX : Math.trunc(limit) >>> 0 };
}

function* tuplesOf(source: MergeSource, limit: number): Steps<readonly LuaTuple[]> {
  const tuples: LuaTuple[] = [];
  while (tuples.length < limit) {
    const tuple = yield* source.next();
    if (tuple === undefined) break;
    tuples.push(tuple);
  }
  return tuples;
}

function* selectTable(source: MergeSource, limit: number): Steps<LuaResult> {
  return new LuaTable([...(yield* tuplesOf(source, limit))]);
}

/** An array whose header has always the same length. */
function* selectIntoBuffer(source: MergeSource, buffer: IbufObject, limit: number): Steps<LuaResult> {
  const tuples = yield* tuplesOf(source, limit);
  const writer = new ByteWriter();
  writer.ensure(ARRAY_32_BYTES);
  writer.bytes[0] = ARRAY_32;
  new DataView(writer.bytes.buffer, writer.bytes.byteOffset).setUint32(1, tuples.length);
  writer.position = ARRAY_32_BYTES;
  for (const { bytes, start, size } of tuples) writer.writeBytes(bytes, start, start + size);
  buffer.appendBytes(writer.bytes, 0, writer.position);
  return NO_VALUES;
}
