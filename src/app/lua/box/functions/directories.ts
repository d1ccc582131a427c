/** `box.func` and `box.sequence`: an object for each function and sequence, looked up in the present schema. */
import { runtimeError } from '../../runtime/errors.ts';
import { LuaTable } from '../../runtime/table.ts';
import {
  type LuaFunction,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../../runtime/values.ts';
import type { FunctionDefinition, Sequence } from '../../../../engine/catalog/index.ts';
import { byteStringOf, textOf } from '../byte-strings.ts';
import type { BoxContext } from '../context.ts';
import { dropFunctionById } from '../schema/functions.ts';
import { durably, type SchemaRows } from '../schema/schema-rows.ts';
import { alterSequence, describeSequence, dropSequence, SequenceValues } from '../schema/sequences.ts';
import { boxError } from '../../../../base/index.ts';
import { builtinError } from '../builtin-error.ts';
import type { LuaCalls } from './calls.ts';

/** A table whose entries are looked up when they are asked for. */
class DirectoryTable extends LuaTable {
  readonly #refresh: () => void;

  constructor(refresh: (table: LuaTable) => void) {
    super();
    let isRefreshing = false;
    this.#refresh = () => {
      if (isRefreshing) return;
      isRefreshing = true;
      refresh(this);
      isRefreshing = false;
    };
  }

  override get(key: LuaValue): LuaValue {
    this.#refresh();
    return super.get(key);
  }

  override getString(key: string): LuaValue {
    this.#refresh();
    return super.getString(key);
  }

  override hashEntryFrom(place: number): number {
    if (place === 0) this.#refresh();
    return super.hashEntryFrom(place);
  }
}

/** Keeps a directory like the objects of the catalog, each under its name. */
function directoryOf<Item extends object>(
  context: BoxContext,
  items: () => Iterable<Item>,
  nameOf: (item: Item) => string,
  describe: (table: LuaTable, item: Item) => void,
): LuaTable {
  let revision = -1;
  let names = new Set<string>();
  const tables = new WeakMap<Item, LuaTable>();
  return new DirectoryTable((directory) => {
    const { catalog } = context.box;
    if (catalog.revision === revision) return;
    revision = catalog.revision;
    const present = new Set<string>();
    for (const item of items()) {
      const name = byteStringOf(nameOf(item));
      const table = tables.get(item) ?? new LuaTable();
      tables.set(item, table);
      describe(table, item);
      directory.setString(name, table);
      present.add(name);
    }
    for (const name of names) if (!present.has(name)) directory.setString(name, undefined);
    names = present;
  });
}

export function createFunctionDirectory(context: BoxContext, rows: SchemaRows, calls: LuaCalls): LuaTable {
  const methods = new LuaTable();
  const metatable = new LuaTable();
  metatable.setString('__index', methods);
  const idOf = (self: LuaValue, method: string): LuaValue => {
    const id = self instanceof LuaTable ? self.get('id') : undefined;
    if (id !== undefined) return id;
    throw builtinError('box/schema.lua', 2217, `Use func:${method}(...) instead of func.${method}(...)`);
  };
  methods.setString(
    'call',
    suspendableFunction(function* (self, args) {
      const id = idOf(self, 'call');
      if (args !== undefined && !(args instanceof LuaTable)) {
        throw builtinError('box/schema.lua', 2232, 'Use func:call(table)');
      }
      const definition = typeof id === 'number' ? context.box.catalog.function(id) : undefined;
      if (definition === undefined) throw boxError('NO_SUCH_FUNCTION', String(id as number));
      context.box.access.checkFunction(context.session.effectiveUser, definition);
      const values = args instanceof LuaTable ? [...args.array] : [];
      try {
        return yield* calls.callDefinition(definition, values);
      } catch (error) {
        throw context.foundation.boxErrorOf(error) ?? error;
      }
    }),
  );
  methods.setString(
    'drop',
    suspendableFunction(function* (self) {
      const id = idOf(self, 'drop');
      yield* durably(context, () => rows.atomic(() => dropFunctionById(rows, id)));
      return NO_VALUES;
    }),
  );
  const { catalog } = context.box;
  return directoryOf(
    context,
    () => [...catalog.functions()].filter(({ language }) => language !== 'SQL_BUILTIN'),
    ({ name }) => name,
    (table, definition) => describeFunction(table, definition, metatable),
  );
}

function describeFunction(table: LuaTable, definition: FunctionDefinition, metatable: LuaTable): void {
  table.setString('id', definition.id);
  table.setString('name', byteStringOf(definition.name));
  table.setString('setuid', definition.isSetuid);
  table.setString('language', definition.language);
  table.setString('returns', definition.returns);
  table.setString('is_deterministic', definition.isDeterministic);
  table.setString('is_multikey', definition.isMultikey);
  if (definition.body !== null) {
    table.setString('body', byteStringOf(definition.body));
    table.setString('is_sandboxed', definition.isSandboxed);
  }
  if (definition.comment !== null) table.setString('comment', byteStringOf(definition.comment));
  const exports = new LuaTable();
  exports.setString('lua', definition.exports.includes('LUA'));
  exports.setString('sql', definition.exports.includes('SQL'));
  table.setString('exports', exports);
  table.setString('aggregate', definition.aggregate);
  table.metatable = metatable;
}

export function createSequenceDirectory(context: BoxContext, rows: SchemaRows): LuaTable {
  const values = new SequenceValues(rows);
  const methods = new LuaTable();
  const metatable = new LuaTable();
  metatable.setString('__index', methods);
  const nameOf = (self: LuaValue): string => {
    const name = self instanceof LuaTable ? self.get('name') : undefined;
    if (typeof name === 'string') return name;
    throw builtinError('box/schema.lua', 1817, "attempt to index local 'self' (a nil value)");
  };
  const writing = (name: string, run: (self: string, value: LuaValue) => LuaValue): void => {
    const code: LuaFunction = suspendableFunction(function* (self, value) {
      const result = run(nameOf(self), value);
      yield* context.durable();
      return result ?? NO_VALUES;
    });
    methods.setString(name, code);
  };
  writing('next', (name) => values.next(name));
  writing('set', (name, value) => {
    values.set(name, value);
    return undefined;
  });
  writing('reset', (name) => {
    values.reset(name);
    return undefined;
  });
  writing('alter', (name, options) => {
    alterSequence(rows, name, options);
    return undefined;
  });
  writing('drop', (name) => {
    dropSequence(rows, name, undefined);
    return undefined;
  });
  methods.setString(
    'current',
    plainFunction((self) => values.current(nameOf(self))),
  );
  return directoryOf(
    context,
    () => context.box.catalog.sequences(),
    ({ definition }: Sequence) => definition.name,
    (table, sequence) => {
      table.metatable = metatable;
      describeSequence(table, sequence);
    },
  );
}

/** The sequence of an id in its directory. */
export function sequenceById(context: BoxContext, directory: LuaTable, id: LuaValue): LuaValue {
  const sequence = typeof id === 'number' ? context.box.catalog.sequence(id) : undefined;
  if (sequence === undefined) throw runtimeError(`Sequence '${textOf(String(id as number))}' does not exist`);
  return directory.getString(byteStringOf(sequence.definition.name));
}
