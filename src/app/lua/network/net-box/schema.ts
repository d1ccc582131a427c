/** The names of a server, read from the rows of its system spaces: `connection.space`. */
import { BODY_KEY, findKey } from '../../../../codec/iproto/index.ts';
import { createTupleFormat, type TupleFormat } from '../../../../tuple/index.ts';
import type { TupleCodec } from '../../box/tuple/tuple-codec.ts';
import { textOf } from '../../box/byte-strings.ts';
import { LuaTable, tableOf } from '../../runtime/table.ts';
import type { LuaValue } from '../../runtime/values.ts';
import { isTruthy } from '../../system/module.ts';
import type { SchemaRows } from './remote-connection.ts';

/** A space of the server as a table; its format is that of the tuples that come from it. */
export class RemoteSpaceTable extends LuaTable {
  readonly id: number;
  readonly format: TupleFormat | null;

  constructor(id: number, format: TupleFormat | null) {
    super();
    this.id = id;
    this.format = format;
  }
}

export class RemoteIndexTable extends LuaTable {
  readonly id: number;
  readonly space: RemoteSpaceTable;

  constructor(id: number, space: RemoteSpaceTable) {
    super();
    this.id = id;
    this.space = space;
  }
}

export type SchemaTables = Readonly<{ connection: LuaTable; spaceMetatable: LuaTable; indexMetatable: LuaTable }>;

/** Spaces by name and by number, each with its indexes alike. */
export function readSchemaTables(codec: TupleCodec, rows: SchemaRows, tables: SchemaTables): LuaTable {
  const collations = new Map<LuaValue, LuaValue>();
  for (const row of rowsOf(codec, rows.collations)) collations.set(row.get(1), row.get(2));
  const result = new LuaTable();
  const spaces = new Map<number, RemoteSpaceTable>();
  for (const row of rowsOf(codec, rows.spaces)) {
    const space = readSpace(row, tables);
    spaces.set(space.id, space);
    result.set(space.id, space);
    result.set(row.get(3), space);
  }
  for (const row of rowsOf(codec, rows.indexes)) {
    const space = spaces.get(Number(row.get(1)));
    if (space !== undefined) addIndex(space, row, collations, tables);
  }
  return result;
}

function rowsOf(codec: TupleCodec, body: Uint8Array | null): readonly LuaTable[] {
  if (body === null) return [];
  const position = findKey(body, 0, body.length, BODY_KEY.data);
  const rows = position < 0 ? undefined : codec.read(body, position);
  return rows instanceof LuaTable ? rows.array.filter((row) => row instanceof LuaTable) : [];
}

function readSpace(row: LuaTable, { connection, spaceMetatable }: SchemaTables): RemoteSpaceTable {
  const fields = row.get(7);
  const format = fields instanceof LuaTable ? fields : new LuaTable();
  const flags = row.get(6);
  const hasFlag = (name: string): boolean => flags instanceof LuaTable && isTruthy(flags.getString(name));
  const space = new RemoteSpaceTable(Number(row.get(1)), formatOf(format));
  const values: Readonly<Record<string, LuaValue>> = {
    id: space.id,
    name: row.get(3),
    engine: row.get(4),
    field_count: row.get(5),
    enabled: false,
    index: new LuaTable(),
    temporary: hasFlag('temporary'),
    is_sync: hasFlag('is_sync'),
    connection,
    _format: format,
  };
  for (const [name, value] of Object.entries(values)) space.setString(name, value);
  space.metatable = spaceMetatable;
  return space;
}

/** Names are all that tuples of other servers need; null where there are none, or two alike. */
function formatOf(fields: LuaTable): TupleFormat | null {
  const names = fields.array.map((field) => (field instanceof LuaTable ? field.getString('name') : undefined));
  if (names.length === 0 || new Set(names).size < names.length) return null;
  return createTupleFormat({
    fields: names.map((name) => ({
      name: textOf(String(name)),
      type: 'any',
      isNullable: true,
      nullableAction: 'none',
    })),
    keyDefs: [],
  });
}

function addIndex(
  space: RemoteSpaceTable,
  row: LuaTable,
  collations: ReadonlyMap<LuaValue, LuaValue>,
  { indexMetatable }: SchemaTables,
): void {
  const options = row.get(5);
  const parts = row.get(6);
  const type = row.get(4);
  const index = new RemoteIndexTable(Number(row.get(2)), space);
  const values: Readonly<Record<string, LuaValue>> = {
    space,
    id: index.id,
    name: row.get(3),
    type: typeof type === 'string' ? type.toUpperCase() : type,
    unique: options instanceof LuaTable ? isTruthy(options.getString('unique')) : true,
    parts: new LuaTable(parts instanceof LuaTable ? parts.array.map((part) => partTable(part, collations)) : []),
  };
  for (const [name, value] of Object.entries(values)) index.setString(name, value);
  index.metatable = indexMetatable;
  space.setString('enabled', true);
  const indexes = space.getString('index');
  if (!(indexes instanceof LuaTable)) return;
  indexes.set(index.id, index);
  indexes.set(row.get(3), index);
}

/** A part, which the row has as a pair or as a map. */
function partTable(part: LuaValue, collations: ReadonlyMap<LuaValue, LuaValue>): LuaTable {
  if (!(part instanceof LuaTable)) return new LuaTable();
  const isPair = part.length() > 0;
  const get = (name: string): LuaValue => part.getString(name);
  const collation = collations.get(get('collation'));
  return tableOf({
    fieldno: Number(isPair ? part.get(1) : get('field')) + 1,
    type: isPair ? part.get(2) : get('type'),
    ...(isPair ? {} : { is_nullable: isTruthy(get('is_nullable')), path: get('path'), collation }),
  });
}
