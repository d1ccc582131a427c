/** The library `net.box`: connections to other instances, and `self`, which is this one. */
import { boxError, type BoxError } from '../../../../base/index.ts';
import { textOf } from '../../box/byte-strings.ts';
import { LuaError } from '../../runtime/errors.ts';
import { captureFrames } from '../../runtime/stack.ts';
import { LuaTable, tableOf } from '../../runtime/table.ts';
import { rawToText } from '../../runtime/types.ts';
import {
  allOf,
  firstOf,
  type LuaExecution,
  LuaFunction,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../../runtime/values.ts';
import { addFunctions } from '../../system/module.ts';
import { ConnectionMethods, ConnectionTable } from './connection-methods.ts';
import type { NetBoxHost } from './host.ts';
import { RemoteConnection, type SchemaRows } from './remote-connection.ts';
import { createFutureMetatable } from './request.ts';
import { readSchemaTables, type RemoteSpaceTable } from './schema.ts';
import { createIndexMethods, createSpaceMethods } from './space-methods.ts';
import { parseTarget, type Target } from './target.ts';

const CONNECT_TIMEOUT_MS = 10_000;

export function createNetBoxLibrary(needs: Omit<NetBoxHost, 'futureMetatable'>): LuaTable {
  const host: NetBoxHost = { ...needs, futureMetatable: createFutureMetatable(needs) };
  const connector = new Connector(host);
  const connect = suspendableFunction((...values) => connector.connect(values));
  return tableOf({ connect, new: connect, self: createSelf(host) });
}

class Connector {
  readonly #host: NetBoxHost;
  readonly #metatable: LuaTable;
  readonly #spaceMetatable: LuaTable;
  readonly #indexMetatable: LuaTable;

  constructor(host: NetBoxHost) {
    this.#host = host;
    const methods = new ConnectionMethods(host);
    const tableOfSpace = (space: RemoteSpaceTable): ConnectionTable => space.getString('connection') as ConnectionTable;
    const send = (space: RemoteSpaceTable, ...rest: SendRest): LuaExecution =>
      methods.send(tableOfSpace(space), ...rest);
    const call = (space: RemoteSpaceTable, ...rest: CallRest): LuaExecution =>
      methods.callFunction(tableOfSpace(space), ...rest);
    this.#spaceMetatable = tableOf({ __index: createSpaceMethods(host.codec, send), __metatable: false });
    this.#indexMetatable = tableOf({ __index: createIndexMethods(host.codec, send, call), __metatable: false });
    this.#metatable = tableOf({
      __index: addFunctions(new LuaTable(), methods.all()),
      __metatable: false,
      __serialize: plainFunction((table) => (table instanceof LuaTable ? summary(table) : undefined)),
    });
  }

  /** `connect(uri, options)` or `connect(host, port, options)`. */
  *connect(values: readonly LuaValue[]): LuaExecution {
    const target = parseTarget(values);
    const get = (name: string): LuaValue => target.options.getString(name);
    const table = new ConnectionTable();
    table.metatable = this.#metatable;
    const remote = this.#open(table, target);
    const wanted = get('wait_connected');
    if (wanted === false) return table;
    const timeoutMs = typeof wanted === 'number' ? wanted * 1000 : Infinity;
    yield* remote.waitState((state) => state === 'active', timeoutMs);
    return table;
  }

  #open(table: ConnectionTable, { address, host, port, user, password, options }: Target): RemoteConnection {
    const seconds = (name: string): number | null => {
      const value = options.getString(name);
      return typeof value === 'number' ? value * 1000 : null;
    };
    const remote = new RemoteConnection(
      this.#host.env,
      this.#host.fibers,
      {
        address,
        user,
        password,
        reconnectAfterMs: seconds('reconnect_after'),
        connectTimeoutMs: seconds('connect_timeout') ?? CONNECT_TIMEOUT_MS,
      },
      {
        onState: () => this.#show(table),
        onSchema: (rows) => this.#takeSchema(table, rows),
      },
    );
    table.remote = remote;
    table.setString('host', host);
    table.setString('port', port);
    table.setString('opts', options);
    table.setString('state', remote.state);
    remote.open();
    return remote;
  }

  /** Puts what the connection says of itself into its table, and runs the triggers. */
  #show(table: ConnectionTable): void {
    const { remote } = table;
    if (remote === null) return;
    const wasConnected = table.getString('_is_connected') === true;
    const { greeting, state, error } = remote;
    if (greeting !== null) {
      table.setString('protocol', 'Binary');
      table.setString('peer_uuid', greeting.instanceUuid);
      table.setString('peer_version_id', versionId(greeting.version));
    }
    // Triggers still find the state before.
    if (state === 'active' && !wasConnected) {
      table.setString('_is_connected', true);
      this.#run(table, table.onConnect.functions);
    } else if (wasConnected && !remote.isConnected) {
      table.setString('_is_connected', false);
      this.#run(table, table.onDisconnect.functions);
    }
    const text = error === null ? undefined : this.#text(error);
    table.setString('state', state);
    table.setString('error', text);
    if (text !== undefined && (state === 'error' || state === 'error_reconnect')) {
      const place = [table.getString('host') ?? '', table.getString('port')].map(rawToText).join(':');
      this.#host.warn(`${place}: ${text}`);
    }
  }

  #takeSchema(table: ConnectionTable, rows: SchemaRows): void {
    const spaces = readSchemaTables(this.#host.codec, rows, {
      connection: table,
      spaceMetatable: this.#spaceMetatable,
      indexMetatable: this.#indexMetatable,
    });
    table.setString('space', spaces);
    table.setString('schema_version', table.remote?.schemaVersion);
    this.#run(table, table.onSchemaReload.functions);
  }

  #text(error: BoxError): string {
    const value = this.#host.runtime.hostErrorValue(error);
    return rawToText(value);
  }

  /** Each trigger in a fiber of its own; the newest first. */
  #run(table: ConnectionTable, triggers: readonly LuaFunction[]): void {
    const { runtime, fibers } = this.#host;
    for (const trigger of [...triggers].reverse()) {
      const execution = runtime.call(trigger, [table]);
      fibers.scheduler.start(fibers.scheduler.create('net.box', null, execution, Infinity));
    }
  }
}

type SendRest = Parameters<ConnectionMethods['send']> extends [unknown, ...infer Rest] ? Rest : never;
type CallRest = Parameters<ConnectionMethods['callFunction']> extends [unknown, ...infer Rest] ? Rest : never;

const SUMMARY = [
  'host',
  'port',
  'opts',
  'state',
  'error',
  'protocol',
  'schema_version',
  'peer_uuid',
  'peer_version_id',
];

function summary(table: LuaTable): LuaTable {
  const result = new LuaTable();
  for (const name of SUMMARY) {
    const value = table.getString(name);
    const isEmpty = value instanceof LuaTable && value.next(undefined) === null;
    if (value !== undefined && !isEmpty) result.setString(name, value);
  }
  return result;
}

/** `2.6.0` as one number, a byte for each part. */
function versionId(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  return (major << 16) | (minor << 8) | patch;
}

/** This instance, as if it were another one: no connection, the same methods. */
function createSelf(host: NetBoxHost): LuaTable {
  const { runtime, globals } = host;
  const box = (name: string): LuaValue => {
    const table = globals.getString('box');
    return table instanceof LuaTable ? table.getString(name) : undefined;
  };
  const methods: Record<string, LuaFunction> = {
    ping: plainFunction(() => true),
    is_connected: plainFunction(() => true),
    wait_connected: plainFunction(() => true),
    close: plainFunction(() => NO_VALUES),
    reload_schema: plainFunction(() => NO_VALUES),
    timeout: plainFunction((self) => self),
    call: suspendableFunction(function* (_self, name, values) {
      const code = yield* functionByName(host, rawToText(name));
      const args = values instanceof LuaTable ? values.array : [];
      return yield* runtime.call(code.callee, code.self === undefined ? args : [code.self, ...args]);
    }),
    eval: suspendableFunction(function* (_self, text, values) {
      const loadString = globals.getString('loadstring');
      const [code, problem] = allOf(yield* runtime.call(loadString, [text, '=eval']));
      if (code === undefined) throw new LuaError(problem, captureFrames());
      return yield* runtime.call(code, values instanceof LuaTable ? values.array : []);
    }),
  };
  const self = addFunctions(new LuaTable(), methods);
  self.metatable = tableOf({ __index: plainFunction((_self, key) => (key === 'space' ? box('space') : undefined)) });
  return self;
}

/** A function by a path such as `box.space.test:get`. Throws NO_SUCH_PROC. */
function* functionByName(
  { runtime, globals }: NetBoxHost,
  path: string,
): Generator<object, Readonly<{ callee: LuaValue; self: LuaValue }>, unknown> {
  const [objectPath = '', method] = path.split(':');
  let value: LuaValue = globals;
  for (const name of objectPath.split('.')) {
    if (!(value instanceof LuaTable)) throw boxError('NO_SUCH_PROC', textOf(path));
    value = firstOf(yield* runtime.index(value, name, ''));
  }
  const self = method === undefined ? undefined : value;
  const callee = method === undefined ? value : firstOf(yield* runtime.index(value, method, ''));
  if (!(callee instanceof LuaFunction)) throw boxError('NO_SUCH_PROC', textOf(path));
  return { callee, self };
}
