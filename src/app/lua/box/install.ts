/**
 * The global `box`: before there is an engine a table that says so, afterwards all of it. Everything else that the
 * product does with Lua inside the engine (CALL, EVAL, stored functions) begins with what is made here.
 */
import { boxError } from '../../../base/index.ts';
import type { Box } from '../../../engine/box/index.ts';
import { NULL } from '../ffi/null.ts';
import type { LuaMachine } from '../lua-machine.ts';
import { installNetBox } from '../network/net-box/install.ts';
import { installOrdering } from '../ordering/install.ts';
import { LuaTable } from '../runtime/table.ts';
import { type LuaFunction, type LuaValue, plainFunction } from '../runtime/values.ts';
import { dateOfDays } from '../values/calendar.ts';
import { builtinError } from './builtin-error.ts';
import { BoxContext } from './context.ts';
import {
  createBackupLibrary,
  createControlLibrary,
  createEarlyControlLibrary,
  onceFunction,
  snapshotFunction,
  triggerFunction,
  watchFunctions,
} from './control-library.ts';
import { BoxFoundation } from './foundation.ts';
import { LuaCalls } from './functions/calls.ts';
import { createFunctionDirectory, createSequenceDirectory, sequenceById } from './functions/directories.ts';
import { StoredFunctions } from './functions/stored-functions.ts';
import {
  createInformation,
  createRuntimeLibrary,
  createSlabLibrary,
  createStatistics,
  type InstanceFacts,
} from './information-library.ts';
import { createInternalLibrary } from './internal-library.ts';
import { createIndexConstants, createPrivilegeConstants } from './schema/constants.ts';
import { createSchemaLibrary } from './schema/schema-library.ts';
import { SchemaRows } from './schema/schema-rows.ts';
import { fillSessionLibrary } from './session-library.ts';
import { DataStatements } from './spaces/data-statements.ts';
import { addIndexMethods, addSpaceMethods } from './spaces/methods.ts';
import { SpaceTables } from './spaces/space-tables.ts';
import { SpaceTriggers } from './spaces/space-triggers.ts';
import { transactionFunctions } from './transaction-library.ts';
import { TriggerList } from './trigger-list.ts';
import { createTriggerModule } from './trigger-module.ts';

const SECONDS_PER_DAY = 86_400;

/** What `box` needs beside the engine. */
export type BoxNeeds = Readonly<{
  /** `box.cfg`. */
  configuration: LuaValue;
  /** False with `wal_mode` none: then nobody waits for the log. */
  waitsForLog: boolean;
  facts: InstanceFacts;
}>;

/** A configured `box`. */
export type InstalledBox = Readonly<{ table: LuaTable; context: BoxContext; calls: LuaCalls }>;

/** One Lua state's `box`, from its beginning on. */
export class LuaBox {
  readonly foundation: BoxFoundation;
  /** The bodies of `_func`: for the catalog, before it reads its data. */
  readonly functions: StoredFunctions;
  /** `box.ctl.on_schema_init`: called when the spaces of the schema are there and nothing else. */
  readonly onSchemaInit = new TriggerList();
  readonly #machine: LuaMachine;
  /** `box.session`; programs may take it before there is a database. */
  readonly #session = new LuaTable();
  #box: Box | null = null;

  constructor(machine: LuaMachine) {
    this.#machine = machine;
    this.foundation = new BoxFoundation(machine);
    this.functions = new StoredFunctions(this.foundation);
    installNetBox(this.foundation);
    installOrdering(this.foundation, () => this.#box?.catalog ?? null);
    machine.state.loaded.setString('internal.trigger', createTriggerModule(machine.state.runtime));
  }

  /** Puts the table in place that knows `box.cfg` and what needs no engine. */
  installUnconfigured(configure: LuaFunction): LuaTable {
    const { errorLibrary, tupleLibrary } = this.foundation;
    const table = new LuaTable();
    const control = createEarlyControlLibrary(this.#machine, () => this.#box);
    control.setString('on_schema_init', triggerFunction(this.onSchemaInit));
    const parts: Readonly<Record<string, LuaValue>> = {
      NULL,
      cfg: configure,
      ctl: control,
      error: errorLibrary,
      execute: unconfiguredFunction(),
      index: createIndexConstants(),
      internal: this.#internalBefore(),
      runtime: createRuntimeLibrary(() => this.#machine.env.process.memoryUsage()),
      session: this.#session,
      tuple: tupleLibrary,
    };
    for (const [name, value] of Object.entries(parts)) table.setString(name, value);
    table.metatable = new LuaTable();
    table.metatable.setString('__index', unconfiguredFunction());
    this.#machine.state.addLibrary('box', table);
    return table;
  }

  /** Modules take the function before there is a database, and call it afterwards. */
  #internalBefore(): LuaTable {
    const internal = new LuaTable();
    internal.setString(
      'schema_version',
      plainFunction(() => this.#box?.catalog.schemaVersion ?? 0),
    );
    return internal;
  }

  /** Puts the whole `box` in place; a table that is there already is filled. */
  install(box: Box, needs: BoxNeeds): InstalledBox {
    this.#box = box;
    const context = new BoxContext(this.foundation, box, needs.waitsForLog);
    const known = this.#machine.state.loaded.getString('box');
    const table = known instanceof LuaTable ? known : new LuaTable();
    table.metatable = null;
    const calls = new LuaCalls(context, this.functions);
    const parts = this.#parts(context, calls, needs);
    for (const [name, value] of Object.entries(parts)) table.setString(name, value);
    this.#machine.state.addLibrary('box', table);
    return { table, context, calls };
  }

  #parts(context: BoxContext, calls: LuaCalls, needs: BoxNeeds): Readonly<Record<string, LuaValue>> {
    const { box, factory, machine } = context;
    const refresh = (): void => tables.refresh();
    const data = new DataStatements(context, factory, refresh);
    const triggers = new SpaceTriggers(context, factory, () => data.operation);
    const tables = new SpaceTables(box.catalog, {
      onReplace: triggers.method('on_replace'),
      beforeReplace: triggers.method('before_replace'),
    });
    const methodNeeds = { context, data, factory, makeIterator: context.makeIterator, triggers };
    addSpaceMethods(tables.spaceKind.methods, methodNeeds);
    addIndexMethods(tables.memtxIndexKind.methods, methodNeeds);
    const rows = new SchemaRows(context, data, tables);
    const sequences = createSequenceDirectory(context, rows);
    const schema = createSchemaLibrary({
      context,
      rows,
      tables,
      sequenceObject: (id) => sequenceById(context, sequences, id),
      callFunction: (name, values) => calls.callNamed(name, values),
      now: () => dateTimeText(machine.env.clock.realtimeSeconds()),
    });
    fillSessionLibrary(this.#session, context, rows);
    return {
      NULL,
      cfg: needs.configuration,
      space: tables.directory,
      schema,
      tuple: this.foundation.tupleLibrary,
      error: this.foundation.errorLibrary,
      session: this.#session,
      ctl: createControlLibrary(context, this.onSchemaInit),
      info: createInformation(context, rows, needs.facts),
      stat: createStatistics(box),
      slab: createSlabLibrary(context),
      runtime: createRuntimeLibrary(() => machine.env.process.memoryUsage()),
      backup: createBackupLibrary(context),
      index: createIndexConstants(),
      priv: createPrivilegeConstants(),
      func: createFunctionDirectory(context, rows, calls),
      sequence: sequences,
      internal: createInternalLibrary({ context, rows, tables, calls }),
      once: onceFunction(context, rows),
      snapshot: snapshotFunction(context),
      feedback: new LuaTable(),
      ...transactionFunctions(context, factory),
      ...watchFunctions(context),
      ...sqlFunctions(),
    };
  }
}

/** `2026-01-31 23:59:59`, in UTC. */
function dateTimeText(seconds: number): string {
  const days = Math.floor(seconds / SECONDS_PER_DAY);
  const second = Math.floor(seconds - days * SECONDS_PER_DAY);
  const { year, month, day } = dateOfDays(days);
  const twoDigits = (value: number): string => String(value).padStart(2, '0');
  const date = [year, twoDigits(month), twoDigits(day)].join('-');
  const time = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60].map(twoDigits).join(':');
  return `${date} ${time}`;
}

/** What `box` says to who comes too early. */
function unconfiguredFunction(): LuaFunction {
  return plainFunction(() => {
    throw builtinError('box/load_cfg.lua', 599, 'Please call box.cfg{} first');
  });
}

/** There is no SQL yet. */
function sqlFunctions(): Record<string, LuaFunction> {
  const refuse = plainFunction(() => {
    throw boxError('UNSUPPORTED', 'This instance', 'SQL');
  });
  return { execute: refuse, prepare: refuse, unprepare: refuse };
}
