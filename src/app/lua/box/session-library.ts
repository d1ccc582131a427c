/** `box.session`: who the running fiber works for. */
import { boxError } from '../../../base/index.ts';
import type { Session } from '../../../engine/box/index.ts';
import { SYSTEM_SPACE } from '../../../engine/catalog/index.ts';
import { Integer64, luaInteger } from '../ffi/numbers.ts';
import { checkFunction } from '../runtime/arguments.ts';
import { LuaError, runtimeError } from '../runtime/errors.ts';
import { captureFrames } from '../runtime/stack.ts';
import { LuaTable } from '../runtime/table.ts';
import { rawToText } from '../runtime/types.ts';
import {
  type LuaFunction,
  type LuaResult,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../runtime/values.ts';
import { byteStringOf, textOf } from './byte-strings.ts';
import type { BoxContext } from './context.ts';
import { resolveUser } from './schema/privileges.ts';
import type { SchemaRows } from './schema/schema-rows.ts';
import { TriggerList } from './trigger-list.ts';

/** Fills the table, which programs may have taken before there was a database. */
export function fillSessionLibrary(library: LuaTable, context: BoxContext, rows: SchemaRows): void {
  const plain = (name: string, code: (...values: LuaValue[]) => LuaResult): void =>
    library.setString(name, plainFunction(code));
  plain('id', () => context.session.id);
  plain('uid', () => context.session.user.userId);
  plain('user', () => byteStringOf(context.session.user.userName));
  plain('euid', () => context.session.effectiveUser.userId);
  plain('effective_user', () => byteStringOf(context.session.effectiveUser.userName));
  plain('type', () => context.session.kind);
  plain('sync', () => {
    const sync = BigInt(context.door?.sync ?? 0);
    return luaInteger(Number(sync), () => sync, true);
  });
  plain('exists', (...values) => sessionById(context, values) !== null);
  plain('peer', (...values) => {
    const session = values.length === 0 ? context.session : sessionById(context, values);
    if (session === null) throw runtimeError('session.peer(): session does not exist');
    return session.peer === '' ? undefined : session.peer;
  });
  plain('fd', (...values) => {
    const session = values.length === 0 ? context.session : sessionById(context, values);
    if (session === null) throw runtimeError('session.fd(): session does not exist');
    return session.descriptor;
  });
  plain('push', (...values) => push(context, values));
  library.setString('su', switchUser(context, rows));
  library.setString('settings', createSettings(rows));
  addTriggers(library, context);
  library.metatable = storageMetatable(context);
}

/** The session of an id, that of the fiber without one; null if there is none. */
function sessionById({ box, session }: BoxContext, values: readonly LuaValue[]): Session | null {
  if (values.length === 0) return session;
  const [id] = values;
  if (typeof id !== 'number' && !(id instanceof Integer64))
    throw new LuaError('expected int64_t as -1 argument', captureFrames());
  const wanted = typeof id === 'number' ? Math.trunc(id) : Number(id.value);
  for (const each of box.sessions) if (each.id === wanted) return each;
  return null;
}

function push(context: BoxContext, values: readonly LuaValue[]): LuaResult {
  if (values.length !== 1) throw runtimeError('Usage: box.session.push(data)');
  const { door, session } = context;
  try {
    if (door === null) throw boxError('UNSUPPORTED', `Session '${session.kind}'`, 'push()');
    door.push({
      write(output) {
        context.codec.write(output, values[0]);
        return 1;
      },
    });
    return true;
  } catch (error) {
    return [undefined, context.runtime.errorValue(error)];
  }
}

/** `su(user)` for the rest of the session, `su(user, function, ...)` for the call. */
function switchUser(context: BoxContext, rows: SchemaRows): LuaFunction {
  return suspendableFunction(function* (...values) {
    if (values.length === 0) throw runtimeError('session.su(): bad arguments');
    const { session } = context;
    const [user] = values;
    const credentials = credentialsOf(context, rows, user);
    if (values.length === 1) {
      session.login(credentials);
      return NO_VALUES;
    }
    const code = checkFunction(values, 2);
    context.session = session.actingAs(credentials);
    try {
      return yield* context.runtime.call(code, values.slice(2));
    } finally {
      context.session = session;
    }
  });
}

function credentialsOf({ box }: BoxContext, rows: SchemaRows, user: LuaValue): Session['user'] {
  if (typeof user === 'string') return box.access.credentialsByName(textOf(user));
  const id = resolveUser(rows, user);
  const known = box.access.users.find(id);
  if (known === undefined) throw boxError('NO_SUCH_USER', textOf(rawToText(user)));
  return known;
}

function addTriggers(library: LuaTable, context: BoxContext): void {
  const { box } = context;
  const call = (code: LuaFunction, values: LuaValue[]): void => {
    try {
      context.runNow(code, values);
    } catch (error) {
      box.onTriggerFailure(error);
    }
  };
  // They may wait, as for the log, and nobody waits for them. As in Tarantool they have admin's rights.
  const start = (name: string, session: Session, code: LuaFunction): void => {
    const actor = session.actingAs(box.adminSession.user);
    context.machine.run(name, actor, code, [], Infinity).catch((error: unknown) => box.onTriggerFailure(error));
  };
  const connections = (name: string, triggers: ((session: Session) => void)[]): TriggerList =>
    keptList(triggers, (code) => (session) => start(name, session, code));
  const denied = new TriggerList();
  box.access.users.onAccessDenied.push((privilege, objectType, objectName) => {
    for (const code of denied.functions.toReversed()) call(code, [privilege, objectType, byteStringOf(objectName)]);
  });
  const lists: Readonly<Record<string, TriggerList>> = {
    on_connect: connections('on_connect', box.sessions.onConnect),
    on_disconnect: connections('on_disconnect', box.sessions.onDisconnect),
    on_auth: keptList(box.sessions.onAuthentication, (code) => (session, userName, isAuthenticated) => {
      const actor = session.actingAs(box.adminSession.user);
      context.runNow(code, [byteStringOf(userName), isAuthenticated], actor);
    }),
    on_access_denied: denied,
  };
  for (const [name, list] of Object.entries(lists)) {
    library.setString(
      name,
      plainFunction((replacement, former) => list.change(replacement, former)),
    );
  }
}

/** A list whose triggers stand in `triggers` too, the newest first. */
function keptList<Trigger>(triggers: Trigger[], made: (code: LuaFunction) => Trigger): TriggerList {
  const registered = new Map<LuaFunction, Trigger>();
  return new TriggerList({
    add: (code) => {
      const trigger = made(code);
      registered.set(code, trigger);
      triggers.unshift(trigger);
    },
    remove: (code) => {
      const trigger = registered.get(code);
      const at = trigger === undefined ? -1 : triggers.indexOf(trigger);
      if (at >= 0) triggers.splice(at, 1);
    },
  });
}

/** `box.session.storage`: a table for each session. */
function storageMetatable(context: BoxContext): LuaTable {
  const storages = new WeakMap<object, LuaTable>();
  const metatable = new LuaTable();
  metatable.setString(
    '__index',
    plainFunction((_library, key) => {
      if (key !== 'storage') return undefined;
      // Views of a session share it.
      const { storage } = context.session;
      const table = storages.get(storage) ?? new LuaTable();
      storages.set(storage, table);
      return table;
    }),
  );
  return metatable;
}

/** `box.session.settings`: rows of `_session_settings` as fields. */
function createSettings(rows: SchemaRows): LuaTable {
  const settings = new LuaTable();
  const metatable = new LuaTable();
  metatable.setString(
    '__index',
    plainFunction((_settings, name) => {
      const row = rows.get(SYSTEM_SPACE.sessionSettings, [name]);
      if (row !== undefined) return row.field(1);
      throw boxError('PROC_LUA', `Session setting ${rawToText(name)} doesn't exist`);
    }),
  );
  metatable.setString(
    '__newindex',
    plainFunction((_settings, name, value) => {
      const row = rows.update(SYSTEM_SPACE.sessionSettings, name, [['=', 2, value]]);
      if (row === undefined) throw boxError('NO_SUCH_SESSION_SETTING', textOf(rawToText(name)));
      return NO_VALUES;
    }),
  );
  metatable.setString(
    '__serialize',
    plainFunction(() => {
      const table = new LuaTable();
      for (const row of rows.select(SYSTEM_SPACE.sessionSettings, [])) {
        table.setString(rawToText(row.field(0)), row.field(1));
      }
      return table;
    }),
  );
  settings.metatable = metatable;
  return settings;
}
