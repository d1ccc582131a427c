/**
 * The tables of `box.space`: one for each space, with one for each index, kept up with the schema.
 *
 * Invariants: (1) a space keeps its table as long as it lives, under both of its keys, as does an index; (2) whoever looks
 * something up in `box.space` sees the schema of that moment, whoever changed it.
 */
import type { Catalog } from '../../../../engine/catalog/index.ts';
import type { SpaceIndex } from '../../../../engine/indexes/index.ts';
import type { Space } from '../../../../engine/memtx/index.ts';
import { LuaTable } from '../../runtime/table.ts';
import { type LuaFunction, type LuaValue, plainFunction } from '../../runtime/values.ts';
import { byteStringOf } from '../byte-strings.ts';

/** A table whose methods are found without the detour over its metatable, which is there for programs that look. */
class MethodTable extends LuaTable {
  readonly #kind: TableKind;

  constructor(kind: TableKind) {
    super();
    this.#kind = kind;
    this.metatable = kind.metatable;
  }

  override getString(key: string): LuaValue {
    const value = super.getString(key);
    if (value !== undefined || this.metatable !== this.#kind.metatable) return value;
    return this.#kind.methods.getString(key);
  }
}

/** The methods of spaces, or of indexes: tables that programs can see and add to (`box.schema.space_mt`). */
export type TableKind = Readonly<{ methods: LuaTable; metatable: LuaTable }>;

export function createTableKind(): TableKind {
  const methods = new LuaTable();
  const metatable = new LuaTable();
  metatable.setString('__index', methods);
  return { methods, metatable };
}

export class SpaceTable extends MethodTable {
  readonly spaceId: number;
  readonly index: LuaTable;
  /** `space:run_triggers(false)` was called. */
  areTriggersOff = false;

  constructor(kind: TableKind, spaceId: number) {
    super(kind);
    this.spaceId = spaceId;
    this.index = new LuaTable();
  }
}

export class IndexTable extends MethodTable {
  readonly spaceId: number;
  indexId: number;

  constructor(kind: TableKind, spaceId: number, indexId: number) {
    super(kind);
    this.spaceId = spaceId;
    this.indexId = indexId;
  }
}

/** `box.space`: looks at the schema before it answers. */
class SpaceDirectory extends LuaTable {
  refresh: () => void = () => undefined;

  override get(key: LuaValue): LuaValue {
    this.refresh();
    return super.get(key);
  }

  override getString(key: string): LuaValue {
    this.refresh();
    return super.getString(key);
  }

  override next(key: LuaValue): readonly [LuaValue, LuaValue] | null | undefined {
    if (key === undefined) this.refresh();
    return super.next(key);
  }

  override hashEntryFrom(place: number): number {
    if (place === 0) this.refresh();
    return super.hashEntryFrom(place);
  }
}

type Known = {
  table: SpaceTable;
  space: Space;
  definition: Space['definition'];
  indexes: Space['indexes'];
  state: string;
};

export class SpaceTables {
  readonly directory = new SpaceDirectory();
  readonly spaceKind = createTableKind();
  readonly memtxIndexKind = createTableKind();
  readonly #catalog: Catalog;
  readonly #known = new Map<number, Known>();
  readonly #triggers: Readonly<{ onReplace: LuaFunction; beforeReplace: LuaFunction }>;
  #revision = -1;
  #isRefreshing = false;

  constructor(catalog: Catalog, triggers: Readonly<{ onReplace: LuaFunction; beforeReplace: LuaFunction }>) {
    this.#catalog = catalog;
    this.#triggers = triggers;
    this.directory.refresh = () => this.refresh();
    this.directory.metatable = new LuaTable();
    this.directory.metatable.setString(
      '__serialize',
      plainFunction(() => this.#summary()),
    );
  }

  /** Brings the tables up to the present schema. */
  refresh(): void {
    const catalog = this.#catalog;
    if (catalog.revision === this.#revision || this.#isRefreshing) return;
    this.#isRefreshing = true;
    this.#revision = catalog.revision;
    for (const [id, known] of this.#known) {
      if (catalog.space(id) !== known.space) this.#forget(id, known);
    }
    for (const space of catalog.spaces()) this.#update(space);
    this.#isRefreshing = false;
  }

  /** The table of a space; undefined if there is none. */
  find(spaceId: number): SpaceTable | undefined {
    this.refresh();
    return this.#known.get(spaceId)?.table;
  }

  #forget(id: number, { table, definition }: Known): void {
    this.#known.delete(id);
    this.directory.set(id, undefined);
    const name = byteStringOf(definition.name);
    if (this.directory.getString(name) === table) this.directory.setString(name, undefined);
    table.setString('enabled', false);
    clear(table.index);
  }

  #update(space: Space): void {
    const { definition, indexes } = space;
    const state = this.#stateOf(space);
    const known = this.#known.get(space.id);
    if (known !== undefined && known.definition === definition && known.indexes === indexes && known.state === state)
      return;
    const table = known?.table ?? new SpaceTable(this.spaceKind, space.id);
    const name = byteStringOf(definition.name);
    if (known !== undefined && known.definition.name !== definition.name) {
      const formerName = byteStringOf(known.definition.name);
      if (this.directory.getString(formerName) === table) this.directory.setString(formerName, undefined);
    }
    this.#known.set(space.id, { table, space, definition, indexes, state });
    this.directory.set(space.id, table);
    this.directory.setString(name, table);
    this.#describe(table, space);
    this.#updateIndexes(table.index, space);
  }

  /** What a table shows of a space beside its definition and its indexes' parts. */
  #stateOf(space: Space): string {
    const checks = [...this.#catalog.details(space).checks.values()];
    const { sequence } = space;
    const names = space.indexList.map(({ definition }) => definition.name);
    return JSON.stringify([names, checks, sequence?.sequenceId, sequence?.fieldNo, sequence?.path]);
  }

  #describe(table: SpaceTable, space: Space): void {
    const { definition } = space;
    table.setString('id', space.id);
    table.setString('name', byteStringOf(definition.name));
    table.setString('engine', definition.engine);
    table.setString('field_count', definition.fieldCount);
    table.setString('temporary', definition.isTemporary);
    table.setString('is_local', definition.isLocal);
    table.setString('is_sync', definition.isSync);
    table.setString('enabled', space.primary !== null);
    table.setString('index', table.index);
    table.setString('on_replace', this.#triggers.onReplace);
    table.setString('before_replace', this.#triggers.beforeReplace);
    const checks = new LuaTable();
    for (const { name, code, isEnabled } of this.#catalog.details(space).checks.values()) {
      const check = new LuaTable();
      check.setString('space_id', space.id);
      check.setString('name', byteStringOf(name));
      check.setString('expr', byteStringOf(code));
      check.setString('is_enabled', isEnabled);
      checks.setString(byteStringOf(name), check);
    }
    table.setString('ck_constraint', checks);
  }

  #updateIndexes(tables: LuaTable, space: Space): void {
    const kept = new Map<number, IndexTable>();
    for (let id = 0; id <= INDEX_ID_MAX; id++) {
      const table = tables.get(id);
      if (table instanceof IndexTable) kept.set(id, table);
    }
    clear(tables);
    for (const index of space.indexList) {
      const { id, name } = index.definition;
      const table = kept.get(id) ?? new IndexTable(this.memtxIndexKind, space.id, id);
      this.#describeIndex(table, space, index);
      tables.set(id, table);
      tables.setString(byteStringOf(name), table);
    }
  }

  #describeIndex(table: IndexTable, space: Space, { definition }: SpaceIndex): void {
    const { type } = definition;
    table.setString('id', definition.id);
    table.setString('name', byteStringOf(definition.name));
    table.setString('space_id', space.id);
    table.setString('type', type.toUpperCase());
    const isKeyed = type === 'tree' || type === 'hash';
    table.setString('unique', isKeyed ? definition.isUnique : undefined);
    table.setString('dimension', type === 'rtree' ? definition.dimension : undefined);
    table.setString('parts', this.#parts(definition));
    table.setString('func', definition.functionId === null ? undefined : this.#functionOf(definition.functionId));
    const sequence = definition.id === 0 ? space.sequence : null;
    table.setString('sequence_id', sequence?.sequenceId);
    table.setString('sequence_fieldno', sequence === null ? undefined : sequence.fieldNo + 1);
    const path = sequence?.path ?? '';
    table.setString('sequence_path', path === '' ? undefined : byteStringOf(path));
  }

  #parts({ keyDef }: SpaceIndex['definition']): LuaTable {
    return new LuaTable(
      keyDef.parts.map((part) => {
        const table = new LuaTable();
        table.setString('fieldno', part.fieldNo + 1);
        table.setString('type', part.type);
        table.setString('is_nullable', part.isNullable);
        if (part.collation !== null) table.setString('collation', this.#collationName(part.collation.id));
        if (part.path !== null) table.setString('path', byteStringOf(part.path.text));
        return table;
      }),
    );
  }

  #collationName(id: number): string {
    return byteStringOf(this.#catalog.collation(id)?.definition.name ?? '');
  }

  #functionOf(id: number): LuaTable {
    const table = new LuaTable();
    table.setString('fid', id);
    const definition = this.#catalog.function(id);
    if (definition !== undefined) {
      table.setString('name', byteStringOf(definition.name));
      if (definition.isMultikey) table.setString('is_multikey', true);
    }
    return table;
  }

  /** What the console shows of `box.space`. */
  #summary(): LuaTable {
    this.refresh();
    const summary = new LuaTable();
    for (const { table, definition } of this.#known.values()) {
      if (definition.name.startsWith('_')) continue;
      const entry = new LuaTable();
      for (const name of ['engine', 'is_local', 'temporary', 'is_sync']) entry.setString(name, table.getString(name));
      summary.setString(byteStringOf(definition.name), entry);
    }
    return summary;
  }
}

const INDEX_ID_MAX = 127;

function clear(table: LuaTable): void {
  const keys: LuaValue[] = [];
  for (let entry = table.next(undefined); entry !== null && entry !== undefined; entry = table.next(entry[0])) {
    keys.push(entry[0]);
  }
  for (const key of keys) table.set(key, undefined);
}
