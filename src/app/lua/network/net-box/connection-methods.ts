/** Methods of connections: requests, states and triggers. */
import { BODY_KEY, REQUEST_TYPE, type RequestType } from '../../../../codec/iproto/index.ts';
import { BoxError } from '../../../../base/index.ts';
import { waitForPromise } from '../../fibers/fiber.ts';
import { LuaError } from '../../runtime/errors.ts';
import { captureFrames } from '../../runtime/stack.ts';
import { LuaTable } from '../../runtime/table.ts';
import { rawToText, typeOf } from '../../runtime/types.ts';
import {
  type LuaExecution,
  LuaFunction,
  type LuaResult,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../../runtime/values.ts';
import { TriggerList } from '../../box/trigger-list.ts';
import { isTruthy, usageError } from '../../system/module.ts';
import { decodePreparedSql, decodeSql, decodeTrue, decodeValues, tuplesDecoder } from './answers.ts';
import { encodeBody, putText, putValue } from './body-writer.ts';
import type { NetBoxHost } from './host.ts';
import type { RemoteConnection, RemoteState } from './remote-connection.ts';
import { performRequest, type RequestForm, type RequestOptions, requestOptions } from './request.ts';

/** A connection as Lua has it: its fields say how it is. */
export class ConnectionTable extends LuaTable {
  /** Set once, right after the table is made. */
  remote: RemoteConnection | null = null;
  readonly onConnect = new TriggerList();
  readonly onDisconnect = new TriggerList();
  readonly onSchemaReload = new TriggerList();
  /** Deadlines of `timeout`, each for the next request of a fiber. */
  readonly deadlines = new Map<unknown, number>();
}

type Connected = Readonly<{ table: ConnectionTable; remote: RemoteConnection }>;

/** The connection that a method was called on. */
function connectionOf(name: string, [value]: readonly LuaValue[]): Connected {
  if (value instanceof ConnectionTable && value.remote !== null) return { table: value, remote: value.remote };
  throw new LuaError(`Use remote:${name}(...) instead of remote.${name}(...):`, captureFrames());
}

export class ConnectionMethods {
  readonly #host: NetBoxHost;

  constructor(host: NetBoxHost) {
    this.#host = host;
  }

  all(): Record<string, LuaFunction> {
    return { ...this.#requests(), ...this.#states(), ...triggerMethods() };
  }

  /** Sends a request with options as programs give them. */
  send(table: ConnectionTable, form: RequestForm, options: LuaValue): LuaExecution {
    const { remote } = table;
    if (remote === null) throw usageError('the connection is not there yet');
    return performRequest(this.#host, remote, form, this.#options(table, options));
  }

  /** CALL with the arguments of a table. */
  callFunction(table: ConnectionTable, name: string, values: LuaTable, options: LuaValue): LuaExecution {
    return this.send(table, this.#call(REQUEST_TYPE.call, name, values), options);
  }

  #options(table: ConnectionTable, value: LuaValue): RequestOptions {
    const { scheduler, clock } = this.#host.fibers;
    const deadlineMs = table.deadlines.get(scheduler.current);
    table.deadlines.delete(scheduler.current);
    return requestOptions(value, deadlineMs === undefined ? Infinity : Math.max(0, deadlineMs - clock.monotonicMs()));
  }

  #call(type: RequestType, name: LuaValue, values: LuaTable): RequestForm {
    const body = encodeBody(2, (writer) => {
      if (type === REQUEST_TYPE.eval) putText(writer, BODY_KEY.expression, rawToText(name));
      else putText(writer, BODY_KEY.functionName, rawToText(name));
      putValue(writer, this.#host.codec, BODY_KEY.tuple, values);
    });
    const isOld = type === REQUEST_TYPE.call16;
    return { type, body, decode: isOld ? tuplesDecoder(null) : decodeValues, isList: !isOld };
  }

  #requests(): Record<string, LuaFunction> {
    const withTable = (name: string, type: RequestType, usage: string): LuaFunction =>
      suspendableFunction((...values) => {
        const { table } = connectionOf(name, values);
        const [, target, args, options] = values;
        if (args !== undefined && !(args instanceof LuaTable)) throw usageError(usage);
        return this.send(table, this.#call(type, target, args ?? new LuaTable()), options);
      });
    const withList = (name: string, type: RequestType): LuaFunction =>
      suspendableFunction((...values) => {
        const { table } = connectionOf(name, values);
        return this.send(table, this.#call(type, values[1], new LuaTable(values.slice(2))), undefined);
      });
    return {
      call: withTable('call', REQUEST_TYPE.call, callUsage(1115, 'call', 'func_name')),
      eval: withTable('eval', REQUEST_TYPE.eval, callUsage(1122, 'eval', 'expression')),
      call_16: withList('call_16', REQUEST_TYPE.call16),
      eval_16: withList('eval_16', REQUEST_TYPE.eval),
      ping: suspendableFunction((...values) => this.#ping(values)),
      ...this.#sqlRequests(),
    };
  }

  *#ping(values: readonly LuaValue[]): LuaExecution {
    const { table } = connectionOf('ping', values);
    const form = { type: REQUEST_TYPE.ping, body: EMPTY_BODY, decode: decodeTrue, isList: false };
    try {
      return yield* this.send(table, form, values[1]);
    } catch (error) {
      if (error instanceof BoxError && error.type !== 'FiberIsCancelled') return false;
      throw error;
    }
  }

  #sqlRequests(): Record<string, LuaFunction> {
    const { codec } = this.#host;
    const statement = (value: LuaValue, bind: LuaValue): Uint8Array => {
      const isId = typeof value === 'number';
      return encodeBody(3, (writer) => {
        if (isId) putValue(writer, codec, BODY_KEY.statementId, value);
        else putText(writer, BODY_KEY.sqlText, rawToText(value));
        putValue(writer, codec, BODY_KEY.sqlBind, bind ?? new LuaTable());
        putValue(writer, codec, BODY_KEY.options, new LuaTable());
      });
    };
    const refuseOptions = (name: string, options: LuaValue): void => {
      if (options !== undefined) throw new LuaError(`${name} does not support options`, captureFrames());
    };
    const { execute, prepare } = REQUEST_TYPE;
    return {
      execute: suspendableFunction((...values) => {
        const { table } = connectionOf('execute', values);
        const [, query, bind, sqlOptions, options] = values;
        refuseOptions('execute', sqlOptions);
        return this.send(
          table,
          { type: execute, body: statement(query, bind), decode: decodeSql, isList: false },
          options,
        );
      }),
      prepare: suspendableFunction((...values) => {
        const { table } = connectionOf('prepare', values);
        const [, query, , sqlOptions, options] = values;
        if (typeof query !== 'string') {
          throw new LuaError('prepare expects string as SQL statement', captureFrames());
        }
        refuseOptions('prepare', sqlOptions);
        const body = encodeBody(1, (writer) => putText(writer, BODY_KEY.sqlText, query));
        return this.send(table, { type: prepare, body, decode: decodePreparedSql, isList: false }, options);
      }),
      unprepare: suspendableFunction((...values) => {
        const { table } = connectionOf('unprepare', values);
        const [, id, , sqlOptions, options] = values;
        if (typeof id !== 'number') {
          throw new LuaError('"unprepare" expects numeric statement id', captureFrames());
        }
        refuseOptions('unprepare', sqlOptions);
        const body = encodeBody(1, (writer) => putValue(writer, codec, BODY_KEY.statementId, id));
        return this.send(table, { type: prepare, body, decode: () => undefined, isList: false }, options);
      }),
    };
  }

  #states(): Record<string, LuaFunction> {
    const { clock, scheduler } = this.#host.fibers;
    return {
      is_connected: plainFunction((...values) => connectionOf('is_connected', values).remote.isConnected),
      close: plainFunction((...values) => {
        connectionOf('close', values).remote.close();
        return NO_VALUES;
      }),
      wait_connected: suspendableFunction((...values) => {
        const { remote } = connectionOf('wait_connected', values);
        const timeoutMs = timeoutOf(values[1], "464: attempt to perform arithmetic on upvalue 'TIMEOUT_INFINITY'");
        return remote.waitState((state) => state === 'active', timeoutMs);
      }),
      wait_state: suspendableFunction((...values) => {
        const { remote } = connectionOf('wait_state', values);
        const states = stateSet(values[1]);
        return remote.waitState((state) => states.has(state), timeoutOf(values[2], '464: bad timeout'));
      }),
      reload_schema: suspendableFunction(function* (...values) {
        const { remote } = connectionOf('reload_schema', values);
        yield* waitForPromise(remote.reloadSchema());
        return NO_VALUES;
      }),
      timeout: plainFunction((...values) => {
        const { table } = connectionOf('timeout', values);
        const timeoutMs = timeoutOf(values[1], "1310: attempt to perform arithmetic on local 'timeout'");
        table.deadlines.set(scheduler.current, clock.monotonicMs() + timeoutMs);
        return table;
      }),
    };
  }
}

const EMPTY_BODY = new Uint8Array(0);

function callUsage(line: number, name: string, target: string): string {
  return (
    `builtin/box/net_box.lua:${line}: Use remote:${name}(${target}, {arg1, arg2, ...}, opts) ` +
    `instead of remote:${name}(${target}, arg1, arg2, ...)`
  );
}

/** Seconds as milliseconds, Infinity if absent. */
function timeoutOf(value: LuaValue, complaint: string): number {
  if (value === undefined) return Infinity;
  if (typeof value === 'number') return value * 1000;
  throw usageError(`builtin/box/net_box.lua:${complaint} (a ${typeOf(value)} value)`);
}

/** States as one name, or a map of names to true. */
function stateSet(value: LuaValue): ReadonlySet<RemoteState | LuaValue> {
  if (typeof value === 'string') return new Set([value]);
  if (!(value instanceof LuaTable)) {
    throw usageError(`builtin/box/net_box.lua:465: attempt to index local 'target_state' (a ${typeOf(value)} value)`);
  }
  const states = new Set<LuaValue>();
  for (let place = value.hashEntryFrom(0); place >= 0; place = value.hashEntryFrom(place + 1)) {
    if (isTruthy(value.hashValueAt(place))) states.add(value.hashKeyAt(place));
  }
  return states;
}

function triggerMethods(): Record<string, LuaFunction> {
  const method = (name: string, list: (table: ConnectionTable) => TriggerList): LuaFunction =>
    plainFunction((...values): LuaResult => {
      const { table } = connectionOf(name, values);
      if (values.slice(1).some((value) => value !== undefined && !(value instanceof LuaFunction))) {
        throw usageError(`builtin/internal.trigger.lua:23: Usage: ${name}(callable)`);
      }
      return list(table).change(values[1], values[2]);
    });
  return {
    on_connect: method('on_connect', (table) => table.onConnect),
    on_disconnect: method('on_disconnect', (table) => table.onDisconnect),
    on_schema_reload: method('on_schema_reload', (table) => table.onSchemaReload),
  };
}
