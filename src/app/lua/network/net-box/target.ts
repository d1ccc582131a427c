/** Where `net.box.connect` is to connect to, and as whom. */
import type { Address } from '../../../../env/index.ts';
import { textOf } from '../../box/byte-strings.ts';
import { LuaError } from '../../runtime/errors.ts';
import { captureFrames } from '../../runtime/stack.ts';
import { LuaTable } from '../../runtime/table.ts';
import type { LuaValue } from '../../runtime/values.ts';

export type Target = Readonly<{
  address: Address;
  /** As the connection shows them. */
  host: LuaValue;
  port: LuaValue;
  user: string | null;
  password: string;
  options: LuaTable;
}>;

const USAGE = 'usage: connect(uri[, opts] | host, port[, opts])';
const DEFAULT_HOST = 'localhost';
const URI = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:([^:@/]+)(?::([^@]*))?@)?(?:(?:\[([^\]]+)\]|([^:/]+))?:)?(\d+)$/i;

/** Throws LuaError for what is no address. */
export function parseTarget(values: readonly LuaValue[]): Target {
  const [first, second, third] = values;
  const hasPort = typeof second === 'number' || typeof second === 'string';
  const given = hasPort ? third : second;
  if (given !== undefined && !(given instanceof LuaTable)) throw usageError();
  const options = given ?? new LuaTable();
  const place = hasPort ? hostAndPort(first, second) : uriPlace(first);
  const user = textOption(options, 'user') ?? place.user;
  const password = textOption(options, 'password') ?? place.password;
  if (user === null && password !== null) throw new LuaError('net.box: user is not defined', captureFrames());
  const { address, host, port } = place;
  return { address, host, port, user, password: password ?? '', options };
}

type Place = Readonly<{
  address: Address;
  host: LuaValue;
  port: LuaValue;
  user: string | null;
  password: string | null;
}>;

function hostAndPort(host: LuaValue, port: string | number): Place {
  const nobody = { user: null, password: null };
  if (host === 'unix/') return { address: { kind: 'unix', path: textOf(String(port)) }, host, port, ...nobody };
  const number = Number(port);
  const name = host === undefined ? DEFAULT_HOST : host;
  if (typeof name !== 'string' || !Number.isInteger(number)) throw usageError();
  return { address: { kind: 'tcp', host: textOf(name), port: number }, host, port, ...nobody };
}

function uriPlace(value: LuaValue): Place {
  if (typeof value === 'number') return hostAndPort(undefined, String(value));
  if (typeof value !== 'string') throw usageError();
  const unix = /^(?:([^:@/]+)(?::([^@]*))?@)?(?:unix\/:)?((?:\.?\/).*)$/.exec(value);
  if (unix !== null) {
    const [, user, password, path = ''] = unix;
    const address = { kind: 'unix', path: textOf(path) } as const;
    return { address, host: 'unix/', port: path, user: user ?? null, password: password ?? null };
  }
  const match = URI.exec(value);
  if (match === null) throw usageError();
  const [, user, password, address6, name, port = ''] = match;
  const host = address6 ?? name;
  return {
    address: { kind: 'tcp', host: textOf(host ?? DEFAULT_HOST), port: Number(port) },
    host,
    port,
    user: user === undefined ? null : textOf(user),
    password: password === undefined ? null : textOf(password),
  };
}

function textOption(options: LuaTable, name: string): string | null {
  const value = options.getString(name);
  return typeof value === 'string' ? textOf(value) : null;
}

function usageError(): LuaError {
  return new LuaError(USAGE, captureFrames());
}
