/** Answers as Lua values: one decoder for each kind of request. */
import { BODY_KEY, findKey } from '../../../../codec/iproto/index.ts';
import { arrayLength, containerHeaderSize, skipValue } from '../../../../codec/msgpack/index.ts';
import type { TupleFormat } from '../../../../tuple/index.ts';
import type { LuaTuple, TupleFactory } from '../../box/tuple/lua-tuple.ts';
import type { TupleCodec } from '../../box/tuple/tuple-codec.ts';
import { LuaTable, tableOf } from '../../runtime/table.ts';
import { LuaCdata, type LuaValue } from '../../runtime/values.ts';

export type AnswerContext = Readonly<{ codec: TupleCodec; factory: TupleFactory }>;

/** The value of an answer's body `bytes[start, end)`. */
export type AnswerDecoder = (context: AnswerContext, bytes: Uint8Array, start: number, end: number) => LuaValue;

export const decodeNothing: AnswerDecoder = () => undefined;
export const decodeTrue: AnswerDecoder = () => true;

/** What a function returned, as a table. */
export const decodeValues: AnswerDecoder = ({ codec }, bytes, start, end) => {
  const position = findKey(bytes, start, end, BODY_KEY.data);
  return position < 0 ? new LuaTable() : codec.read(bytes, position);
};

/** A table of tuples. */
export function tuplesDecoder(format: TupleFormat | null): AnswerDecoder {
  return (context, bytes, start, end) => new LuaTable(readTuples(context, bytes, start, end, format));
}

/** The first tuple; nil if there is none. */
export function tupleDecoder(format: TupleFormat | null): AnswerDecoder {
  return (context, bytes, start, end) => readTuples(context, bytes, start, end, format)[0];
}

function readTuples(
  { factory }: AnswerContext,
  bytes: Uint8Array,
  start: number,
  end: number,
  format: TupleFormat | null,
): LuaTuple[] {
  const data = findKey(bytes, start, end, BODY_KEY.data);
  if (data < 0) return [];
  const tuples: LuaTuple[] = [];
  let position = data + containerHeaderSize(bytes, data);
  for (let left = arrayLength(bytes, data); left > 0; left--) {
    const next = skipValue(bytes, position);
    if (arrayLength(bytes, position) >= 0) tuples.push(factory.copy(bytes, position, next, format));
    position = next;
  }
  return tuples;
}

const COLUMN_KEYS = ['name', 'type', 'collation', 'is_nullable', 'is_autoincrement', 'span'] as const;

/** `{metadata, rows}` or `{row_count, autoincrement_ids}`. */
export const decodeSql: AnswerDecoder = (context, bytes, start, end) => {
  const information = findKey(bytes, start, end, BODY_KEY.sqlInfo);
  if (information >= 0) {
    const map = context.codec.read(bytes, information);
    const result = new LuaTable();
    if (map instanceof LuaTable) {
      result.setString('row_count', map.get(0));
      result.setString('autoincrement_ids', map.get(1));
    }
    return result;
  }
  return tableOf({
    metadata: columns(context, bytes, start, end, BODY_KEY.metadata),
    rows: new LuaTable(readTuples(context, bytes, start, end, null)),
  });
};

export const decodePreparedSql: AnswerDecoder = (context, bytes, start, end) => {
  const number = (key: typeof BODY_KEY.statementId | typeof BODY_KEY.bindCount): LuaValue => {
    const position = findKey(bytes, start, end, key);
    return position < 0 ? undefined : context.codec.read(bytes, position);
  };
  return tableOf({
    stmt_id: number(BODY_KEY.statementId),
    param_count: number(BODY_KEY.bindCount),
    params: columns(context, bytes, start, end, BODY_KEY.bindMetadata),
    metadata: columns(context, bytes, start, end, BODY_KEY.metadata),
  });
};

function columns(
  { codec }: AnswerContext,
  bytes: Uint8Array,
  start: number,
  end: number,
  key: typeof BODY_KEY.metadata | typeof BODY_KEY.bindMetadata,
): LuaValue {
  const position = findKey(bytes, start, end, key);
  const rows = position < 0 ? undefined : codec.read(bytes, position);
  if (!(rows instanceof LuaTable)) return undefined;
  return new LuaTable(
    rows.array.map((row) => {
      const column = new LuaTable();
      COLUMN_KEYS.forEach((name, number) => {
        const value = row instanceof LuaTable ? row.get(number) : undefined;
        if (value !== undefined && !(value instanceof LuaCdata && value.isNull)) column.setString(name, value);
      });
      return column;
    }),
  );
}
