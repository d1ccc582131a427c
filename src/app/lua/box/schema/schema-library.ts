/** The library `box.schema`, and the methods of spaces and indexes that change the schema. */
import { boxError } from '../../../../base/index.ts';
import { runtimeError } from '../../runtime/errors.ts';
import { LuaTable } from '../../runtime/table.ts';
import {
  type LuaExecution,
  type LuaFunction,
  type LuaResult,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../../runtime/values.ts';
import { checkString } from '../../runtime/arguments.ts';
import { textOf } from '../byte-strings.ts';
import type { BoxContext } from '../context.ts';
import { indexOf, spaceIdOf } from '../spaces/arguments.ts';
import type { SpaceTables } from '../spaces/space-tables.ts';
import { addSchemaConstants } from './constants.ts';
import { createFunction, dropFunction, functionExists } from './functions.ts';
import { alterIndex, createIndex, dropIndex, renameIndex } from './indexes.ts';
import { checkNumberArgument } from './option-checks.ts';
import { findUser, grant, revoke } from './privileges.ts';
import { durably, type SchemaRows } from './schema-rows.ts';
import { alterSequence, createSequence, dropSequence } from './sequences.ts';
import { createSpace, dropSpace, formatSpace, renameSpace, truncateSpace } from './spaces.ts';
import {
  changeRoleGrants,
  changeUserGrants,
  createRole,
  createUser,
  describeRole,
  describeUser,
  dropRole,
  dropUser,
  enableUser,
  passwordHash,
  setPassword,
} from './users.ts';

export type SchemaNeeds = Readonly<{
  context: BoxContext;
  rows: SchemaRows;
  tables: SpaceTables;
  /** The object of `box.sequence`. */
  sequenceObject: (id: LuaValue) => LuaValue;
  /** Calls a function of `_func`, or a global one, by name. */
  callFunction: (name: string, values: readonly LuaValue[]) => LuaExecution;
  /** The time as rows of `_func` have it. */
  now: () => string;
}>;

/** A change of the schema; what it gives back is shown when it is durable. */
type Change = (...values: LuaValue[]) => unknown;

function changes(context: BoxContext, functions: Readonly<Record<string, Change>>): LuaTable {
  const table = new LuaTable();
  for (const [name, change] of Object.entries(functions)) table.setString(name, changeFunction(context, change));
  return table;
}

function changeFunction(context: BoxContext, change: Change): LuaFunction {
  return suspendableFunction(function* (...values) {
    const result = yield* durably(context, () => change(...values));
    return result === undefined ? NO_VALUES : (result as LuaResult);
  });
}

export function createSchemaLibrary(needs: SchemaNeeds): LuaTable {
  const { context, rows, tables } = needs;
  const schema = new LuaTable();
  addSchemaConstants(schema);
  const space = changes(context, {
    create: (name, options) => createSpace(rows, name, options),
    drop: (id, name, options) => dropSpace(rows, id, name, options),
    rename: (id, name) => renameSpace(rows, id, name),
    format: (id, format) => formatSpace(rows, id, format),
    bless: () => undefined,
  });
  schema.setString('space', space);
  schema.setString('create_space', space.getString('create'));
  schema.setString(
    'index',
    changes(context, {
      create: (id, name, options) => createIndex(rows, id, name, options),
      drop: (id, index) => dropIndex(rows, id, index),
      rename: (id, index, name) => renameIndex(rows, id, index, name),
      alter: (id, index, options) =>
        alterIndex(rows, checkNumberArgument(id, 'space_id'), checkNumberArgument(index, 'index_id'), options),
    }),
  );
  schema.setString('user', userLibrary(needs));
  schema.setString('role', roleLibrary(needs));
  schema.setString('func', functionLibrary(needs));
  schema.setString(
    'sequence',
    changes(context, {
      create: (name, options) => needs.sequenceObject(createSequence(rows, name, options)),
      alter: (name, options) => alterSequence(rows, name, options),
      drop: (name, options) => dropSequence(rows, name, options),
      bless: () => undefined,
    }),
  );
  schema.setString('space_mt', tables.spaceKind.methods);
  schema.setString('index_mt', tables.memtxIndexKind.methods);
  schema.setString('memtx_index_mt', tables.memtxIndexKind.methods);
  schema.setString('vinyl_index_mt', tables.memtxIndexKind.methods);
  schema.setString(
    'upgrade',
    plainFunction(() => NO_VALUES),
  );
  addSpaceMethods(needs);
  addIndexMethods(needs);
  return schema;
}

function userLibrary({ context, rows }: SchemaNeeds): LuaTable {
  const library = changes(context, {
    create: (name, options) => createUser(rows, name, options),
    drop: (name, options) => dropUser(rows, name, options),
    grant: (...values) => changeUserGrants(rows, grant, values),
    revoke: (...values) => changeUserGrants(rows, revoke, values),
    passwd: (first, second) => setPassword(rows, first, second),
    enable: (name) => enableUser(rows, name, true),
    disable: (name) => enableUser(rows, name, false),
  });
  library.setString(
    'password',
    plainFunction((password) => passwordHash(rows, password)),
  );
  library.setString(
    'info',
    plainFunction((name) => describeUser(rows, name)),
  );
  library.setString(
    'exists',
    plainFunction((name) => findUser(rows, name, 'user') !== null),
  );
  return library;
}

function roleLibrary({ context, rows }: SchemaNeeds): LuaTable {
  const library = changes(context, {
    create: (name, options) => createRole(rows, name, options),
    drop: (name, options) => dropRole(rows, name, options),
    grant: (...values) => changeRoleGrants(rows, grant, values),
    revoke: (...values) => changeRoleGrants(rows, revoke, values),
  });
  library.setString(
    'info',
    plainFunction((name) => describeRole(rows, name)),
  );
  library.setString(
    'exists',
    plainFunction((name) => findUser(rows, name, 'role') !== null),
  );
  return library;
}

function functionLibrary({ context, rows, callFunction, now }: SchemaNeeds): LuaTable {
  const library = changes(context, {
    create: (name, options) => createFunction(rows, name, options, now()),
    drop: (name, options) => dropFunction(rows, name, options),
    bless: () => undefined,
  });
  library.setString(
    'exists',
    plainFunction((name) => functionExists(rows, name)),
  );
  library.setString(
    'call',
    suspendableFunction((...values) => callFunction(checkString(values, 1), values.slice(1))),
  );
  library.setString(
    'reload',
    plainFunction((...values) => {
      throw boxError('NO_SUCH_MODULE', textOf(checkString(values, 1)));
    }),
  );
  return library;
}

function addSpaceMethods({ context, rows, tables }: SchemaNeeds): void {
  const { methods } = tables.spaceKind;
  const functions: Readonly<Record<string, Change>> = {
    create_index: (self, name, options) => createIndex(rows, spaceIdOf(self, 'create_index'), name, options),
    drop: (self, options) => {
      const id = spaceIdOf(self, 'drop');
      dropSpace(rows, id, self instanceof LuaTable ? self.getString('name') : undefined, options);
    },
    rename: (self, name) => renameSpace(rows, spaceIdOf(self, 'rename'), name),
    format: (self, format) => formatSpace(rows, spaceIdOf(self, 'format'), format),
    truncate: (self) => truncateSpace(rows, spaceIdOf(self, 'truncate')),
    alter: () => undefined,
    create_check_constraint: (self) => createCheckConstraint(rows, spaceIdOf(self, 'create_check_constraint')),
  };
  for (const [name, change] of Object.entries(functions)) methods.setString(name, changeFunction(context, change));
}

/** Rules in SQL cannot be enforced as long as there is no SQL. */
function createCheckConstraint(rows: SchemaRows, spaceId: number): never {
  const fields = rows.catalog.space(spaceId)?.format.fields ?? [];
  if (fields.length === 0) throw boxError('UNSUPPORTED', 'Tarantool', 'CK constraint for space without format');
  throw boxError('UNSUPPORTED', 'This instance', 'CHECK constraints');
}

function addIndexMethods({ context, rows, tables }: SchemaNeeds): void {
  const { methods } = tables.memtxIndexKind;
  const functions: Readonly<Record<string, Change>> = {
    drop: (self) => {
      const { spaceId, indexId } = indexOf(self, 'drop');
      dropIndex(rows, spaceId, indexId);
    },
    rename: (self, name) => {
      const { spaceId, indexId } = indexOf(self, 'rename');
      renameIndex(rows, spaceId, indexId, name);
    },
    alter: (self, options) => {
      const { spaceId, indexId } = indexOf(self, 'alter');
      if (!(options instanceof LuaTable) && options !== undefined) throw runtimeError('Usage: index:alter{opts}');
      alterIndex(rows, spaceId, indexId, options);
    },
  };
  for (const [name, change] of Object.entries(functions)) methods.setString(name, changeFunction(context, change));
}
