/**
 * Rows of system spaces for Lua's schema functions: read and written with the rights of the running fiber, in Lua's
 * values, and all rows of one change in one transaction.
 */
import { boxError } from '../../../../base/index.ts';
import type { Catalog } from '../../../../engine/catalog/index.ts';
import { LuaTable } from '../../runtime/table.ts';
import type { LuaValue } from '../../runtime/values.ts';
import type { BoxContext } from '../context.ts';
import type { DataStatements } from '../spaces/data-statements.ts';
import type { SpaceTable, SpaceTables } from '../spaces/space-tables.ts';
import { LuaTuple } from '../tuple/lua-tuple.ts';

const PRIMARY = 0;

export class SchemaRows {
  readonly context: BoxContext;
  readonly tables: SpaceTables;
  readonly #data: DataStatements;

  constructor(context: BoxContext, data: DataStatements, tables: SpaceTables) {
    this.context = context;
    this.#data = data;
    this.tables = tables;
  }

  get catalog(): Catalog {
    return this.context.box.catalog;
  }

  /** Id of the user whom new objects belong to. */
  get userId(): number {
    return this.context.session.effectiveUser.userId;
  }

  get(spaceId: number, key: readonly LuaValue[], indexId = PRIMARY): LuaTuple | undefined {
    return this.#data.get(spaceId, indexId, new LuaTable([...key]));
  }

  select(spaceId: number, key: readonly LuaValue[], indexId = PRIMARY, options?: LuaTable): readonly LuaTuple[] {
    const tuples = this.#data.select(spaceId, indexId, new LuaTable([...key]), options).array;
    return tuples.filter((tuple) => tuple instanceof LuaTuple);
  }

  /** The largest value of the first field, 0 without rows. */
  largestId(spaceId: number): number {
    return Number(this.#data.extreme(spaceId, PRIMARY, undefined, true)?.field(0) ?? 0);
  }

  insert(spaceId: number, row: readonly LuaValue[]): void {
    this.#data.put('INSERT', spaceId, new LuaTable([...row]));
  }

  replace(spaceId: number, row: readonly LuaValue[]): void {
    this.#data.put('REPLACE', spaceId, new LuaTable([...row]));
  }

  update(spaceId: number, key: LuaValue, operations: readonly (readonly LuaValue[])[]): LuaTuple | undefined {
    return this.#data.update(spaceId, PRIMARY, key, operationTable(operations));
  }

  upsert(spaceId: number, row: readonly LuaValue[], operations: readonly (readonly LuaValue[])[]): void {
    this.#data.upsert(spaceId, new LuaTable([...row]), operationTable(operations));
  }

  delete(spaceId: number, key: readonly LuaValue[]): LuaTuple | undefined {
    return this.#data.delete(spaceId, PRIMARY, new LuaTable([...key]));
  }

  /** A map, which is one also when it is empty. */
  map(entries: Readonly<Record<string, LuaValue>> = {}): LuaTable {
    const table = new LuaTable();
    for (const [name, value] of Object.entries(entries)) table.setString(name, value);
    table.metatable = this.context.codec.serializer.mapMetatable;
    return table;
  }

  /** Runs the body as one transaction, or as part of the one that is open. */
  atomic<Result>(body: () => Result): Result {
    this.context.transactions.enter();
    const { transactions } = this.context.box;
    if (transactions.isActive) return body();
    transactions.begin();
    let result: Result;
    try {
      result = body();
    } catch (error) {
      if (transactions.isActive) transactions.rollback();
      this.tables.refresh();
      throw error;
    }
    transactions.commit();
    return result;
  }

  /** The table of a space. Throws NO_SUCH_SPACE (36) with the id. */
  existingTable(spaceId: number): SpaceTable {
    const table = this.tables.find(spaceId);
    if (table === undefined) throw boxError('NO_SUCH_SPACE', `#${spaceId}`);
    return table;
  }
}

function operationTable(operations: readonly (readonly LuaValue[])[]): LuaTable {
  return new LuaTable(operations.map((operation) => new LuaTable([...operation])));
}

/** A function that changes the schema: waits, unless a transaction is open, until the change is durable. */
export function* durably<Result>(context: BoxContext, change: () => Result): Generator<object, Result, unknown> {
  const result = change();
  yield* context.durable();
  return result;
}
