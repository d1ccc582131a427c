/** The library `http.client`: requests whose answers are tables, also where there was none. */
import { type FileSystem, type HttpClient, type HttpResponse, NetworkError } from '../../../env/index.ts';
import { textOf } from '../box/byte-strings.ts';
import { waitForPromise } from '../fibers/fiber.ts';
import { typeError } from '../runtime/arguments.ts';

import { LuaTable, tableOf } from '../runtime/table.ts';
import { toNumber, typeOf } from '../runtime/types.ts';
import {
  type LuaExecution,
  type LuaFunction,
  type LuaValue,
  plainFunction,
  suspendableFunction,
} from '../runtime/values.ts';
import { addFunctions, bytesOf, isTruthy, stringOf, usageError } from '../system/module.ts';

export type HttpHost = Readonly<{ http: HttpClient; fileSystem: FileSystem }>;

const TIMEOUT_MAX_MS = 365 * 86_400_000;
const HEADER_BYTES_MAX = 64 * 1024;
const HEADER_NAME_MAX = 32;
/** What the library says where no server has answered. */
const NO_ANSWER: Readonly<Record<string, readonly [status: number, reason: string]>> = {
  ETIMEDOUT: [408, 'Timeout was reached'],
  ENOTFOUND: [595, "Couldn't resolve host name"],
  EAI_AGAIN: [595, "Couldn't resolve host name"],
};
const NOT_CONNECTED = [595, "Couldn't connect to server"] as const;
const BROKEN = [595, 'Failure when receiving data from the peer'] as const;
const BROKEN_CODES: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_CONSTANT']);

/** Methods with a function of their own, and whether they come with a body. */
const METHODS: readonly (readonly [name: string, hasBody: boolean])[] = [
  ['get', false],
  ['head', false],
  ['delete', false],
  ['options', false],
  ['trace', false],
  ['connect', false],
  ['post', true],
  ['put', true],
  ['patch', true],
];

type Statistics = Record<
  | 'active_requests'
  | 'sockets_added'
  | 'sockets_deleted'
  | 'total_requests'
  | 'http_200_responses'
  | 'http_other_responses'
  | 'failed_requests',
  number
>;

function newStatistics(): Statistics {
  return {
    active_requests: 0,
    sockets_added: 0,
    sockets_deleted: 0,
    total_requests: 0,
    http_200_responses: 0,
    http_other_responses: 0,
    failed_requests: 0,
  };
}

/** A client as Lua has it. */
class ClientTable extends LuaTable {
  readonly statistics = newStatistics();

  constructor(metatable: LuaTable) {
    super();
    this.metatable = metatable;
  }
}

export function createHttpClientLibrary(host: HttpHost): LuaTable {
  const metatable = tableOf({ __index: clientMethods(host) });
  const shared = new ClientTable(metatable);
  const library = new LuaTable();
  for (const [name, hasBody] of METHODS) {
    library.setString(
      name,
      suspendableFunction((...values) => send(host, shared, ownRequest(name, hasBody, values))),
    );
  }
  return addFunctions(library, {
    request: suspendableFunction((...values) => send(host, shared, values)),
    new: plainFunction((options) => {
      if (options !== undefined && !(options instanceof LuaTable)) {
        throw usageError(`builtin/http.client.lua:53: attempt to index local 'opts' (a ${typeOf(options)} value)`);
      }
      return new ClientTable(metatable);
    }),
  });
}

function clientMethods(host: HttpHost): LuaTable {
  const clientOf = (name: string, [value]: readonly LuaValue[]): ClientTable => {
    if (value instanceof ClientTable) return value;
    throw usageError(`builtin/http.client.lua:334: Use client:${name}(...) instead of client.${name}(...):`);
  };
  const methods: Record<string, LuaFunction> = {
    request: suspendableFunction((...values) => send(host, clientOf('request', values), values.slice(1))),
    stat: plainFunction((...values) => tableOf(clientOf('stat', values).statistics)),
  };
  for (const [name, hasBody] of METHODS) {
    methods[name] = suspendableFunction((...values) =>
      send(host, clientOf(name, values), ownRequest(name, hasBody, values.slice(1))),
    );
  }
  return addFunctions(new LuaTable(), methods);
}

/** `get(url, options)` and `post(url, body, options)` as `request(method, url, body, options)`. */
function ownRequest(name: string, hasBody: boolean, [url, ...rest]: readonly LuaValue[]): readonly LuaValue[] {
  const method = name.toUpperCase();
  return hasBody ? [method, url, ...rest] : [method, url, undefined, ...rest];
}

function* send(host: HttpHost, client: ClientTable, values: readonly LuaValue[]): LuaExecution {
  const [method, url, body, given] = values;
  checkArguments(values);
  const options = given instanceof LuaTable ? given : new LuaTable();
  const get = (name: string): LuaValue => options.getString(name);
  const { statistics } = client;
  const timeout = get('timeout');
  const socketPath = get('unix_socket');
  const followsRedirects = get('follow_location') ?? true;
  statistics.total_requests++;
  statistics.active_requests++;
  statistics.sockets_added++;
  try {
    const response = yield* waitForPromise(
      host.http.request({
        method: String(method),
        url: textOf(String(url)),
        headers: headersOf(String(method), options, body !== undefined),
        body: typeof body === 'string' ? bytesOf(body) : null,
        timeoutMs: typeof timeout === 'number' ? timeout * 1000 : TIMEOUT_MAX_MS,
        socketPath: typeof socketPath === 'string' ? textOf(socketPath) : null,
        followsRedirects: isTruthy(followsRedirects),
        maxHeaderBytes: HEADER_BYTES_MAX,
        tls: {
          verifiesPeer: get('verify_peer') !== false && get('verify_host') !== false,
          authorities: fileOf(host, get('ca_file')),
          certificate: fileOf(host, get('ssl_cert')),
          privateKey: fileOf(host, get('ssl_key')),
        },
      }),
    );
    if (response.status === 200) statistics.http_200_responses++;
    else statistics.http_other_responses++;
    return responseTable(response, toNumber(get('max_header_name_length')) ?? HEADER_NAME_MAX);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    statistics.failed_requests++;
    return failureTable(error);
  } finally {
    statistics.active_requests--;
    statistics.sockets_deleted++;
  }
}

function checkArguments([method, url, body, options]: readonly LuaValue[]): void {
  if (method === undefined || url === undefined) {
    throw usageError('builtin/http.client.lua:318: request(method, url[, body, [options]])');
  }
  if (typeof url !== 'string') {
    throw usageError(
      `builtin/http.client.lua:320: bad argument #2 to 'request' (${typeError(url, 2, 'string').problem})`,
    );
  }
  if (body !== undefined && typeof body !== 'string') {
    throw usageError('builtin/http.client.lua:320: fourth argument must be a string');
  }
  if (options !== undefined && !(options instanceof LuaTable)) {
    throw usageError('builtin/http.client.lua:320: fifth argument must be a table');
  }
}

/** What is sent, with what the library adds where the program says nothing. */
function headersOf(method: string, options: LuaTable, hasBody: boolean): (readonly [string, string])[] {
  const given = options.getString('headers');
  if (given !== undefined && !(given instanceof LuaTable)) {
    throw usageError('builtin/http.client.lua:320: opts.headers should be a table');
  }
  const headers: (readonly [string, string])[] = [];
  const known = new Set<string>();
  const add = (name: string, value: string): void => {
    headers.push([name, value]);
    known.add(name.toLowerCase());
  };
  const addDefault = (name: string, value: string): void => {
    if (!known.has(name.toLowerCase())) add(name, value);
  };
  if (given !== undefined) {
    for (let place = given.hashEntryFrom(0); place >= 0; place = given.hashEntryFrom(place + 1)) {
      const value = given.hashValueAt(place);
      if (typeof value !== 'string') {
        throw usageError('builtin/http.client.lua:320: opts.headers values should be strings');
      }
      add(String(given.hashKeyAt(place)), value);
    }
  }
  addDefault('Accept', '*/*');
  const idle = toNumber(options.getString('keepalive_idle'));
  const isKept = idle !== undefined && toNumber(options.getString('keepalive_interval')) !== undefined;
  addDefault('Connection', isKept ? 'Keep-Alive' : 'close');
  if (isKept) addDefault('Keep-Alive', `timeout=${idle}`);
  if (method !== 'GET' && method !== 'HEAD') {
    addDefault('Content-Type', 'application/x-www-form-urlencoded');
    if (!hasBody) addDefault('Content-Length', '0');
  }
  return headers;
}

function fileOf({ fileSystem }: HttpHost, path: LuaValue): Uint8Array | null {
  if (typeof path !== 'string') return null;
  const file = fileSystem.open(textOf(path), 0, 0);
  try {
    const bytes = new Uint8Array(file.status().sizeBytes);
    file.read(bytes, 0);
    return bytes;
  } finally {
    file.close();
  }
}

function failureTable({ code }: NetworkError): LuaTable {
  if (code === 'EINVAL') throw usageError('curl: URL using bad/illegal format or missing URL');
  const [status, reason] = NO_ANSWER[code] ?? (BROKEN_CODES.has(code) ? BROKEN : NOT_CONNECTED);
  return tableOf({ status, reason });
}

const OK_END = 400;

function responseTable({ status, protocol, headers, body }: HttpResponse, nameLength: number): LuaTable {
  const headerTable = new LuaTable();
  const cookies = new LuaTable();
  for (const [fullName, value] of headers) {
    const name = fullName.toLowerCase().slice(0, nameLength);
    const before = headerTable.getString(name);
    headerTable.setString(name, before === undefined ? value : `${String(before)},${value}`);
    if (name === 'set-cookie') addCookie(cookies, value);
  }
  const [major = 1, minor = 1] = protocol.replace('HTTP/', '').split('.').map(Number);
  return tableOf({
    status,
    reason: status < OK_END ? 'Ok' : 'Unknown',
    proto: new LuaTable([major, minor]),
    headers: headerTable,
    body: body.length === 0 ? undefined : stringOf(body),
    cookies: cookies.next(undefined) === null ? undefined : cookies,
  });
}

/** `name=value; option; option` as `cookies[name] = {value, {options}}`. */
function addCookie(cookies: LuaTable, text: string): void {
  const [pair = '', ...options] = text.split(/;\s*/);
  const at = pair.indexOf('=');
  if (at <= 0) return;
  cookies.setString(pair.slice(0, at), new LuaTable([pair.slice(at + 1), new LuaTable(options)]));
}
