/** `box.internal`: what other products of Tarantool's world look at although nobody promised it to them. */
import { boxError } from '../../../base/index.ts';
import { LuaTable } from '../runtime/table.ts';
import { rawToText } from '../runtime/types.ts';
import { type LuaValue, NO_VALUES, type PlainCode, plainFunction, suspendableFunction } from '../runtime/values.ts';
import { checkString } from '../runtime/arguments.ts';
import type { BoxContext } from './context.ts';
import type { LuaCalls } from './functions/calls.ts';
import { resolveFunction } from './functions/calls.ts';
import { collationIdByName, createCollation, dropCollation } from './schema/collations.ts';
import { durably, type SchemaRows } from './schema/schema-rows.ts';
import { iteratorOf, primaryOf } from './spaces/arguments.ts';
import type { SpaceTables } from './spaces/space-tables.ts';
import { builtinError } from './builtin-error.ts';

export type InternalNeeds = Readonly<{
  context: BoxContext;
  rows: SchemaRows;
  tables: SpaceTables;
  calls: LuaCalls;
}>;

export function createInternalLibrary({ context, rows, tables, calls }: InternalNeeds): LuaTable {
  const library = new LuaTable();
  const functions: Readonly<Record<string, PlainCode>> = {
    schema_version: () => context.box.catalog.schemaVersion,
    check_space_arg: (space, method) => {
      if (space instanceof LuaTable) return NO_VALUES;
      const name = rawToText(method);
      throw builtinError('box/schema.lua', 1291, `Use space:${name}(...) instead of space.${name}(...)`);
    },
    check_index_arg: (index, method) => {
      if (index instanceof LuaTable) return NO_VALUES;
      const name = rawToText(method);
      throw builtinError('box/schema.lua', 1310, `Use index:${name}(...) instead of index.${name}(...)`);
    },
    check_primary_index: (space) => {
      const index = primaryOf(space);
      if (index !== undefined) return index;
      const name = space instanceof LuaTable ? space.getString('name') : undefined;
      throw boxError('NO_SUCH_INDEX_ID', 0, rawToText(name));
    },
    check_iterator_type: (options, isKeyNil) => iteratorOf(options, isKeyNil === true ? undefined : 0),
  };
  for (const [name, code] of Object.entries(functions)) library.setString(name, plainFunction(code));
  library.setString('call_loadproc', loadProcedure(context));
  library.setString(
    'func_call',
    suspendableFunction((...values) => calls.callNamed(checkString(values, 1), values.slice(1))),
  );
  library.setString('collation', collationLibrary(context, rows));
  const space = new LuaTable();
  space.setString('frommap', tables.spaceKind.methods.getString('frommap'));
  library.setString('space', space);
  return library;
}

/** The function of a name, and the object of a method. */
function loadProcedure(context: BoxContext): LuaValue {
  return suspendableFunction(function* (...values) {
    const { code, self, isMethod } = yield* resolveFunction(context, checkString(values, 1));
    return isMethod ? [code, self] : code;
  });
}

function collationLibrary(context: BoxContext, rows: SchemaRows): LuaTable {
  const library = new LuaTable();
  library.setString(
    'create',
    suspendableFunction(function* (name, type, locale, options) {
      yield* durably(context, () => createCollation(rows, name, type, locale, options));
      return NO_VALUES;
    }),
  );
  library.setString(
    'drop',
    suspendableFunction(function* (name) {
      yield* durably(context, () => dropCollation(rows, name));
      return NO_VALUES;
    }),
  );
  library.setString(
    'exists',
    plainFunction((name) => collationIdByName(rows, name) !== null),
  );
  library.setString(
    'id_by_name',
    plainFunction((name) => {
      const id = collationIdByName(rows, name);
      if (id === null) throw builtinError('box/schema.lua', 2305, "attempt to index local 'coll' (a nil value)");
      return id;
    }),
  );
  return library;
}
